"""Join: from connect to the first decoded frame in Chromium over loopback, and the server's part of it.

A packet-level client times the server (socket open → join answer → DTLS connected → first packet →
first whole key frame); a Chromium page with livekit-client times what a person waits for. The page
is loaded before; a second page of the same browser publishes its fake camera.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web
from livekit.api import AccessToken, VideoGrants

from bench.client import AudioPlan, VideoPlan
from bench.crowd import Crowd
from bench.flood import Flood
from bench.measure import machine, quiet_generator, summary
from bench.target import ROOT, Target, add_arguments, chosen, place

CLIENT = ROOT / "web" / "node_modules" / "livekit-client" / "dist" / "livekit-client.umd.js"
PAGE_GUARD_S = 20.0
# Why: people do not join in the instant in which the one before got the picture; a server that limits how often it asks
# for a key frame would then be measured by its limiter.
PAUSE_S = 1.0

_PAGE = """<!doctype html><meta charset="utf-8"><title>join</title><script src="/livekit-client.js"></script><script>
async function publish(url, token) {
  window.room = new LivekitClient.Room();
  await room.connect(url, token);
  await room.localParticipant.enableCameraAndMicrophone();
  return true;
}
async function joinOnce(url, token, single) {
  const room = new LivekitClient.Room({ singlePeerConnection: single });
  const start = performance.now();
  const found = {};
  const seen = new Promise((resolve) => {
    room.on('trackSubscribed', (track) => {
      if (track.kind !== 'video') return;
      found.subscribed = performance.now() - start;
      const video = track.attach();
      video.muted = true;
      document.body.append(video);
      video.requestVideoFrameCallback(() => { found.frame = performance.now() - start; resolve(); });
    });
  });
  await room.connect(url, token);
  found.connected = performance.now() - start;
  await seen;
  await room.disconnect();
  document.body.replaceChildren();
  return found;
}
</script>"""


@contextlib.asynccontextmanager
async def page_server() -> AsyncIterator[str]:
    """The page and livekit-client on a free port of localhost (a secure context for the camera)."""
    app = web.Application()

    async def page(_: web.Request) -> web.Response:
        return web.Response(text=_PAGE, content_type="text/html")

    async def script(_: web.Request) -> web.FileResponse:
        return web.FileResponse(CLIENT)

    app.router.add_get("/", page)
    app.router.add_get("/livekit-client.js", script)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        yield f"http://127.0.0.1:{port}/"
    finally:
        await runner.cleanup()


def token(target: Target, room: str, identity: str) -> str:
    return (
        AccessToken(target.key, target.secret)
        .with_identity(identity)
        .with_grants(VideoGrants(room_join=True, room=room))
        .to_jwt()
    )


async def under_flood(target: Target, joins: int, per_second: int) -> None:
    """The same while so many joins with forged tokens come each second."""
    async with Flood(target, per_second) as flood:
        start = time.monotonic()
        await packet_level(target, joins)
        took = time.monotonic() - start
        answered = " · ".join(f"{count:,} × {status}" for status, count in sorted(flood.statuses.items()))
        print(f"  meanwhile {flood.sent / took:,.0f} bad joins a second were sent; answered: {answered}")


async def packet_level(target: Target, joins: int) -> None:
    """The server's part, by a client whose own work is small and known."""
    async with Crowd(target) as crowd:
        video = VideoPlan.single(1280, 720, 30, 2_500_000)
        await crowd.join(crowd.make(video=video, audio=AudioPlan(), sections=(0, 0)))
        steps: dict[str, list[float]] = {"join": [], "answer": [], "dtls": [], "first packet": [], "key frame": []}
        for _ in range(joins):
            await asyncio.sleep(PAUSE_S)
            one = crowd.make()
            await crowd.join(one)
            await crowd.media_everywhere()
            frame = min(one.receiver.first_frames_us.values())
            for name, at in zip(
                steps,
                (one.joined_us, one.answered_us, one.path.connected_at_us, one.receiver.first_packet_us, frame),
                strict=True,
            ):
                steps[name].append((at - one.open_us) / 1000)
            await one.close()
            crowd.people.remove(one)
    print(f"join: {target.name}, packet level, {joins} joins, ms from opening the socket")
    for name, values in steps.items():
        print(f"  {name:13} {summary(values)}")


async def in_chromium(target: Target, joins: int, chromium: str, *, single: bool) -> None:
    from playwright.async_api import async_playwright  # a heavy import that only this part needs

    room = f"join-{secrets.token_hex(4)}"
    async with page_server() as address, async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium,
            args=[
                "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", "--no-sandbox",
                "--autoplay-policy=no-user-gesture-required",
            ],
        )  # fmt: skip
        try:
            publisher, viewer = await browser.new_page(), await browser.new_page()
            for page in (publisher, viewer):
                await page.goto(address)
            await publisher.evaluate("([u, t]) => publish(u, t)", [target.url, token(target, room, "teacher")])
            found: list[dict[str, float]] = []
            for index in range(joins):
                await asyncio.sleep(PAUSE_S)
                async with asyncio.timeout(PAGE_GUARD_S):
                    arguments = [target.url, token(target, room, f"viewer-{index}"), single]
                    found.append(await viewer.evaluate("([u, t, s]) => joinOnce(u, t, s)", arguments))
        finally:
            await browser.close()
    mode = "one peer connection" if single else "two peer connections"
    print(f"join: {target.name}, Chromium {browser.version}, {mode}, {joins} joins, ms from connect()")
    for name in ("connected", "subscribed", "frame"):
        print(f"  {name:13} {summary([one[name] for one in found], digits=0)}")


async def run(options: argparse.Namespace) -> int:
    print(machine())
    async with contextlib.AsyncExitStack() as stack:
        targets = await chosen(options, stack)
        for target in targets:
            place(target)
            if options.browser:
                # Before this process pins itself: a browser started from here would inherit the one core.
                await in_chromium(target, options.joins, options.chromium, single=not options.two)
        quiet_generator()
        for target in targets:
            if options.flood:
                await under_flood(target, options.joins, options.flood)
            else:
                await packet_level(target, options.joins)
    return 0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="bench join", description=__doc__)
    made.add_argument("--joins", type=int, default=50)
    made.add_argument("--no-browser", dest="browser", action="store_false")
    made.add_argument("--two", action="store_true", help="two peer connections (/rtc) in the browser")
    made.add_argument("--flood", type=int, default=0, help="bad joins per second meanwhile (packet level only)")
    made.add_argument("--chromium", default="/usr/bin/chromium")
    add_arguments(made)
    return made


def missing() -> str | None:
    """Why the browser's part cannot run here."""
    return None if Path(CLIENT).exists() else f"{CLIENT} is missing: run npm ci in web/"
