"""A media worker without media: speaks the supervisor's protocol and answers what the front asks. Run as a script."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from typing import Any

from aiohttp import WSMsgType, web

from server.child import StatusPipe, tie_to_parent


async def join(request: web.Request) -> web.StreamResponse:
    """`refuse=STATUS` refuses the upgrade; otherwise says what arrived, then echoes. Text `close` closes with 4321."""
    if "refuse" in request.query:
        return web.Response(status=int(request.query["refuse"]), text="refused")
    socket = web.WebSocketResponse(autoping=False)
    await socket.prepare(request)
    await socket.send_str(json.dumps({"path": request.raw_path, "auth": request.headers.get("Authorization"), **WHO}))
    async for message in socket:
        if message.type is WSMsgType.BINARY:
            await socket.send_bytes(message.data)
        elif message.type is WSMsgType.PING:
            await socket.pong(message.data)
        elif message.data == "close":
            await socket.close(code=4321, message=b"as told")
        elif message.data == "vanish":
            os.kill(os.getpid(), signal.SIGKILL)
        elif message.data == "block":
            time.sleep(60)  # noqa: ASYNC251  # on purpose: it no longer ticks
    return socket


async def validate(request: web.Request) -> web.Response:
    if "refuse" in request.query:
        headers = {"Access-Control-Allow-Origin": "*"}
        return web.Response(status=int(request.query["refuse"]), text="why it was refused", headers=headers)
    return web.Response(text="success", headers={"Access-Control-Allow-Origin": "*"})


async def call(request: web.Request) -> web.Response:
    if request.match_info["method"] == "ListRooms":
        return web.json_response({"rooms": [{"name": f"room-of-{WHO['index']}"}]})
    body = (await request.read()).decode(errors="replace")
    return web.json_response({**WHO, "body": body, "type": request.content_type})


async def metrics(_: web.Request) -> web.Response:
    lines = ["# HELP stub_packets Packets.", "# TYPE stub_packets counter", f"stub_packets_total {WHO['index']}"]
    return web.Response(text="\n".join(lines) + "\n")


async def run(order: dict[str, Any], status: StatusPipe) -> None:
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    app = web.Application(handler_args={"max_line_size": 32768})
    app.router.add_get("/rtc", join)
    app.router.add_get("/rtc/v1", join)
    app.router.add_get("//rtc/v1", join)
    app.router.add_get("/rtc/validate", validate)
    app.router.add_get("/rtc/v1/validate", validate)
    app.router.add_post("/twirp/{service}/{method}", call)
    app.router.add_get("/metrics", metrics)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.UnixSite(runner, order["socket"]).start()
    status.say("ready", {"udp_port": 1000 + order["index"], "tcp_port": None})
    while not stopped.is_set():
        status.say("beat")
        try:
            await asyncio.wait_for(stopped.wait(), 0.05)
        except TimeoutError:
            continue
    if not order.get("deaf"):
        await runner.cleanup()
    else:
        time.sleep(60)  # noqa: ASYNC251  # on purpose: it hears nothing


if __name__ == "__main__":
    pipe = StatusPipe()
    pipe.say("loaded")
    order = json.loads(sys.stdin.buffer.readline())
    WHO = {"index": order["index"], "pid": os.getpid()}
    tie_to_parent(order["parent_pid"])
    if "fail" in order:
        pipe.say("error", order["fail"])
        sys.exit(1)
    if order.get("crash"):
        sys.exit(7)
    asyncio.run(run(order, pipe))
