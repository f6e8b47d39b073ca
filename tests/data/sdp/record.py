"""Records real SDP offers into this folder, so that tests read what clients send and not what we imagine.

Run by hand when a client's new version is worth having: ``python -m tests.data.sdp.record chromium firefox native``.
The native SDK puts its first offer into `join_request`; a one-route server here picks it out of the query.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gzip
import json
import sys
import tempfile
from pathlib import Path

from aiohttp import web
from livekit import api
from livekit import rtc as sdk
from livekit.protocol import rtc
from playwright.async_api import async_playwright

HERE = Path(__file__).parent
SCRIPT = HERE / "scenarios.js"
CHROMIUM = "/usr/bin/chromium"
FIREFOX = "/usr/bin/firefox-esr"
CHROMIUM_FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--autoplay-policy=no-user-gesture-required",
]
# Why: a browser that hangs must not hang the person who records.
BROWSER_TIMEOUT_S = 90.0


def save(client: str, offers: dict[str, str]) -> None:
    for name, sdp in sorted(offers.items()):
        if not sdp.startswith("v=0"):
            print(f"{client}: {name}: {sdp}", file=sys.stderr)
            continue
        path = HERE / f"{client}_{name}.sdp"
        path.write_bytes(sdp.encode())
        print(path.name, len(sdp))


async def record_chromium() -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        page = await browser.new_page()
        await page.goto("about:blank")
        await page.add_script_tag(path=SCRIPT)
        save("chromium", await page.evaluate("recordAll()"))
        await browser.close()


async def serve(app: web.Application) -> tuple[web.AppRunner, int]:
    runner = web.AppRunner(app, max_line_size=65536)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, int(runner.addresses[0][1])


async def record_firefox() -> None:
    done: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()

    async def page(_: web.Request) -> web.Response:
        body = "recordAll().then((all) => fetch('/done', {method: 'POST', body: JSON.stringify(all)}))"
        html = f"<!doctype html><meta charset=utf-8><script>{SCRIPT.read_text()}\n{body}</script>"
        return web.Response(text=html, content_type="text/html")

    async def finished(request: web.Request) -> web.Response:
        if not done.done():
            done.set_result(json.loads(await request.text()))
        return web.Response()

    app = web.Application()
    app.add_routes([web.get("/", page), web.post("/done", finished)])
    runner, port = await serve(app)
    with tempfile.TemporaryDirectory() as profile:
        process = await asyncio.create_subprocess_exec(
            FIREFOX, "--headless", "--no-remote", "--profile", profile, f"http://127.0.0.1:{port}/"
        )
        try:
            save("firefox", await asyncio.wait_for(done, BROWSER_TIMEOUT_S))
        finally:
            process.terminate()
            await process.wait()
            await runner.cleanup()


async def record_native() -> None:
    offers: dict[str, str] = {}

    async def pick(request: web.Request) -> web.Response:
        raw = request.query.get("join_request", "")
        if raw:
            wrapped = rtc.WrappedJoinRequest.FromString(base64.urlsafe_b64decode(raw))
            body = gzip.decompress(wrapped.join_request) if wrapped.compression else wrapped.join_request
            offers["single_initial"] = rtc.JoinRequest.FromString(body).publisher_offer.sdp
        return web.Response(status=401, text="recorded")

    app = web.Application()
    app.add_routes([web.get("/{path:.*}", pick)])
    runner, port = await serve(app)
    token = api.AccessToken("key", "secret" * 8).with_identity("recorder")
    token = token.with_grants(api.VideoGrants(room_join=True, room="recording"))
    with contextlib.suppress(sdk.ConnectError):
        await sdk.Room().connect(f"ws://127.0.0.1:{port}", token.to_jwt())
    await runner.cleanup()
    save("native", offers)


RECORDERS = {"chromium": record_chromium, "firefox": record_firefox, "native": record_native}

if __name__ == "__main__":
    for chosen in sys.argv[1:] or list(RECORDERS):
        asyncio.run(RECORDERS[chosen]())
