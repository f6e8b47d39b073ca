"""`/healthz`: the process lives. `/readyz`: what it needs answers, else 503 with a list of what does not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

# `database`, `media` … → does it answer
HealthCheck = Callable[[], Awaitable[bool]]


def add_health(app: web.Application, checks: Mapping[str, HealthCheck]) -> None:
    async def healthz(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def readyz(_: web.Request) -> web.Response:
        failing = [name for name, answers in checks.items() if not await answers()]
        if failing:
            return web.json_response({"status": "not ready", "failing": failing}, status=503)
        return web.json_response({"status": "ready"})

    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
