"""A whole product on a free port and a Chromium with fake camera and microphone: one of each for all browser tests.

Run this folder in a process of its own (Playwright's synchronous API and asyncio tests do not share one).
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.seat import WATCH_PEERS, Seat
from tests.e2e.tone import write_beeps

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = ROOT / "tests" / "artifacts"
READY = "Tongchuang is ready: "
READY_WITHIN_S = 180  # hang guard: the first start makes database and keys, maybe on a busy machine
STOP_WITHIN_S = 15
# A quarter of the real minute: unit tests hold the minute, browsers what happens at its end.
GRACE_S = 15
ENVIRONMENT = {"TONGCHUANG_ADULT_GRACE_S": str(GRACE_S)}
# Hang guards on a machine that runs other things too; what is there sooner passes sooner.
HANG_MS = 90_000
expect.set_options(timeout=45_000)

FLAGS = (
    "--headless=new",
    "--no-sandbox",  # tests may run as root in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
)


@dataclass(frozen=True)
class Product:
    """A running product; `process_id` and `data` are None when somebody else started it."""

    url: str
    process_id: int | None
    data: Path | None = None


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """`TONGCHUANG_E2E_URL` names a running product instead."""
    running = os.environ.get("TONGCHUANG_E2E_URL")
    if running:
        yield Product(running.rstrip("/"), None)
        return
    if not (ROOT / "web" / "dist" / ".vite" / "manifest.json").is_file():
        pytest.fail("web/dist is not built: run ./tongchuang test, or npm run build in web/")
    command = [
        sys.executable,
        "-m",
        "server.cli",
        "serve",
        "--port",
        "0",
        "--media-udp-port",
        "0",
        "--media-tcp-port",
        "0",
    ]
    data = tmp_path_factory.mktemp("data")
    command += ["--data", str(data)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, **ENVIRONMENT},
    )  # fmt: skip
    guard = threading.Timer(READY_WITHIN_S, process.kill)
    guard.start()
    assert process.stdout is not None
    line = next((line for line in process.stdout if line.startswith(READY)), "")
    guard.cancel()
    if not line:
        pytest.fail("serve ended without its ready line")
    try:
        yield Product(line.removeprefix(READY).strip(), process.pid, data)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_WITHIN_S)
        finally:
            process.kill()
            process.stdout.close()


@pytest.fixture(scope="session")
def base_url(product: Product) -> str:
    return product.url


@pytest.fixture(scope="session")
def tone_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "tone.wav"
    write_beeps(path)
    return path


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any], tone_file: Path) -> dict[str, Any]:
    """The system's Chromium; Playwright's own build is not needed."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.fail("chromium is missing: apt-get install chromium")
    flags = [*FLAGS, f"--use-file-for-fake-audio-capture={tone_file}"]
    return {**browser_type_launch_args, "executable_path": chromium, "args": flags}


@pytest.fixture
def open_page(browser: Browser, base_url: str) -> Iterator[Callable[..., Page]]:
    """Opens a page in a context of its own, which ends with the test."""
    with page_opener(browser, base_url) as open_one:
        yield open_one


@contextmanager
def page_opener(browser: Browser, base_url: str) -> Iterator[Callable[..., Page]]:
    """The same for as long as one likes."""
    contexts: list[BrowserContext] = []

    def open_one(path: str = "/", *, size: tuple[int, int] = (1366, 768), locale: str = "en", **options: Any) -> Page:
        width, height = size
        context = browser.new_context(
            viewport={"width": width, "height": height}, locale=locale, base_url=base_url, **options
        )
        contexts.append(context)
        context.set_default_timeout(HANG_MS)
        context.add_init_script(WATCH_PEERS)
        page = context.new_page()
        page.goto(path)
        return page

    try:
        yield open_one
    finally:
        for context in contexts:
            context.close()


@pytest.fixture
def take_seat(open_page: Callable[..., Page]) -> Callable[..., Seat]:
    """Opens a seat of the demo lesson and goes in."""

    def take(seat: str, *, language: str | None = None, query: str = "", **options: Any) -> Seat:
        query += f"&lang={language}" if language else ""
        taken = Seat(open_page(f"/demo/lesson?seat={seat}{query}", **options))
        taken.join()
        return taken

    return take
