"""What a proxy between a client and a media worker keeps: path, headers, messages both ways, close codes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import aiohttp
from aiohttp import WSMsgType, web
from yarl import URL

# Closing codes 1001, 1012 (RFC 6455 §7.4.1, IANA registry): going away; the service restarts, come back.
SERVICE_RESTART = 1012
# What belongs to one hop only (RFC 9110 §7.6.1), to the WebSocket handshake, or is set anew by the next client.
_HOP_HEADERS = frozenset(
    {
        "connection",
        "content-length",
        "host",
        "keep-alive",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "sec-websocket-accept",
        "sec-websocket-extensions",
        "sec-websocket-key",
        "sec-websocket-version",
        "content-encoding",
        "accept-encoding",
        "date",
        "server",
    }
)


async def pump_both(client: web.WebSocketResponse, upstream: aiohttp.ClientWebSocketResponse) -> None:
    """Both ways until one side ends; then the other is closed with the same code. No queue: each side waits."""
    up = asyncio.create_task(_pump(client, upstream))
    down = asyncio.create_task(_pump(upstream, client))
    try:
        await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (up, down):
            task.cancel()
        await asyncio.gather(up, down, return_exceptions=True)
        await client.close(code=_onward_code(upstream.close_code))
        await upstream.close(code=_onward_code(client.close_code))


_Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


async def _pump(source: _Socket, target: _Socket) -> None:
    while True:
        message = await source.receive()
        try:
            if message.type is WSMsgType.BINARY:
                await target.send_bytes(message.data)
            elif message.type is WSMsgType.TEXT:
                await target.send_str(message.data)
            elif message.type is WSMsgType.PING:
                await target.ping(message.data)
            elif message.type is WSMsgType.PONG:
                await target.pong(message.data)
            else:
                return
        except (ConnectionError, aiohttp.ClientError):
            return


def _onward_code(code: int | None) -> int:
    """Codes that may stand in a frame (RFC 6455 §7.4.1); an end without one is a worker or client that vanished."""
    if code is not None and (code in (1000, 1001, 1003, 1007, 1008, 1009, 1011) or 3000 <= code <= 4999):
        return code
    return SERVICE_RESTART


def target_of(request: web.Request, path: str | None = None) -> URL:
    """On the worker's socket; as it was encoded by the client, because a token or a join request must not change."""
    query = request.rel_url.raw_query_string
    return URL(f"http://worker{path or request.rel_url.raw_path}" + (f"?{query}" if query else ""), encoded=True)


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in _HOP_HEADERS}


def onward_headers(request: web.Request) -> dict[str, str]:
    return {**kept_headers(request.headers), "X-Forwarded-For": request.remote or ""}
