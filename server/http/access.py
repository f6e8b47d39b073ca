"""One log line and one measurement per request; neither ever holds a query, which is where tokens travel."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from server.http.shown_path import shown_path
from server.metrics import Metrics

log = structlog.get_logger("tongchuang.access")

# Asked every few seconds by machines: measured, but no news.
_QUIET = ("/healthz", "/readyz", "/metrics", "/static/")


def access_middleware(metrics: Metrics, client: Callable[[web.Request], str]) -> Middleware:
    """The outermost: it sees the final status of everything."""

    @web.middleware
    async def measure(request: web.Request, handler: Handler) -> web.StreamResponse:
        started = time.perf_counter()
        status = 499  # nginx's number for a client that went away before its answer
        try:
            response = await handler(request)
            status = response.status
            return response
        finally:
            seconds = time.perf_counter() - started
            route = request.match_info.route.resource
            pattern = route.canonical if route is not None else "none"
            metrics.requests.labels(request.method, pattern, str(status)).inc()
            if status != 101:
                metrics.request_seconds.labels(pattern).observe(seconds)
            say = log.debug if request.path.startswith(_QUIET) else log.info
            say(
                "request",
                method=request.method,
                path=shown_path(request),
                status=status,
                ms=round(seconds * 1000, 1),
                **{"pii.address": client(request)},
            )

    return measure
