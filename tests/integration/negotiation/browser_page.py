"""One page in a headless browser that runs what it is told: enough to negotiate with, the same for both browsers.

The page asks a small server of ours for expressions and posts their values; no driver protocol is needed.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from aiohttp import web

SCRIPT = Path(__file__).parents[2] / "data" / "sdp" / "scenarios.js"
BROWSERS = {
    "chromium": [
        "/usr/bin/chromium",
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--autoplay-policy=no-user-gesture-required",
        "--user-data-dir={profile}",
    ],
    "firefox": ["/usr/bin/firefox-esr", "--headless", "--no-remote", "--profile", "{profile}"],
}
# A hang guard; a browser on a busy machine needs some seconds to start.
GUARD_S = 60.0

_LOOP = """
(async () => {
  for (;;) {
    const { code } = await (await fetch("/next")).json();
    let reply;
    try {
      reply = { value: await (0, eval)(code) };
    } catch (error) {
      reply = { error: String(error) };
    }
    await fetch("/done", { method: "POST", body: JSON.stringify(reply) });
  }
})();
"""


class PageError(AssertionError):
    """The browser refused; its own words."""


class BrowserPage:
    """Evaluates one expression at a time, promises awaited."""

    def __init__(self) -> None:
        self._codes: asyncio.Queue[str] = asyncio.Queue()
        self._replies: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def call(self, function: str, *arguments: Any) -> Any:
        """Call a function of the page's script; raises PageError."""
        await self._codes.put(f"{function}({', '.join(map(json.dumps, arguments))})")
        reply = await asyncio.wait_for(self._replies.get(), GUARD_S)
        if "error" in reply:
            raise PageError(reply["error"])
        return reply.get("value")

    async def index(self, _: web.Request) -> web.Response:
        html = f"<!doctype html><meta charset=utf-8><script>{SCRIPT.read_text()}</script><script>{_LOOP}</script>"
        return web.Response(text=html, content_type="text/html")

    async def next(self, _: web.Request) -> web.Response:
        return web.json_response({"code": await self._codes.get()})

    async def done(self, request: web.Request) -> web.Response:
        await self._replies.put(json.loads(await request.text()))
        return web.Response()


@asynccontextmanager
async def open_page(browser: str) -> AsyncIterator[BrowserPage]:
    """A page in a fresh profile; the browser and its children end with it."""
    page = BrowserPage()
    app = web.Application()
    app.add_routes([web.get("/", page.index), web.get("/next", page.next), web.post("/done", page.done)])
    # Why: the page's open request for the next expression must not hold up the end (0 would mean for ever).
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [part.format(profile=profile) for part in BROWSERS[browser]]
        process = await asyncio.create_subprocess_exec(
            *command,
            url,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield page
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
            await runner.cleanup()
