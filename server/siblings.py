"""What the other app processes of this server count: asked for when one of them is asked for all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import aiohttp
from aiohttp import web

from server.worker_directory import SlotState

# A process that is busy for longer is left out this time; its absence is a metric of its own.
_TIMEOUT = aiohttp.ClientTimeout(total=2)


def own_figures(render: Callable[[], bytes]) -> web.Application:
    """The application on a process's private unix socket."""

    async def figures(_: web.Request) -> web.Response:
        return web.Response(body=await asyncio.to_thread(render))

    app = web.Application()
    app.router.add_get("/", figures)
    return app


async def collect_figures(states: Sequence[SlotState]) -> dict[int, str]:
    """The own text of each process that answers."""
    texts = await asyncio.gather(*(_ask(state.socket) for state in states if state.socket is not None))
    ready = [state.index for state in states if state.socket is not None]
    return {index: text for index, text in zip(ready, texts, strict=True) if text is not None}


async def _ask(socket: str) -> str | None:
    try:
        async with (
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(socket), timeout=_TIMEOUT) as session,
            session.get("http://app/") as answer,
        ):
            return await answer.text() if answer.status == 200 else None
    except (aiohttp.ClientError, TimeoutError):
        return None
