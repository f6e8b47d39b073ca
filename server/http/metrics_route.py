"""`/metrics`: with its own token, or without one for loopback only, and never through a proxy."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable

from aiohttp import web

from server.addresses import is_loopback_host
from server.errors import ErrorCode, Forbidden
from server.http.addresses import is_forwarded


def add_metrics(app: web.Application, *, token: str, render: Callable[[], Awaitable[bytes]]) -> None:
    async def metrics(request: web.Request) -> web.Response:
        if not _may_read(request, token):
            raise Forbidden(ErrorCode.FORBIDDEN, "metrics")
        return web.Response(body=await render(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    app.router.add_get("/metrics", metrics, allow_head=False)


def _may_read(request: web.Request, token: str) -> bool:
    if token:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), token.encode())
    return is_loopback_host(request.remote or "") and not is_forwarded(request)
