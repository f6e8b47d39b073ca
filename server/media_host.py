"""The embedded media server as one thing to start, ask and close: workers, their front, their figures."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from server.addresses import choose_addresses
from server.clock import Clock
from server.errors import TongchuangError
from server.front import Front
from server.metrics import Metrics
from server.rooms.access_token import peek_room
from server.settings import Settings
from server.supervisor import Supervisor
from server.version import VERSION
from server.worker_process import WorkerLaunch


def worker_count(asked: int) -> int:
    """0 means one less than the cores that we may use (the app has the other one), at least 1."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    return asked or max(1, cores - 1)


def worker_launches(settings: Settings, keys: Mapping[str, str]) -> list[WorkerLaunch]:
    """One per slot; slot n has the ports base + n, and any port where the base is 0."""
    addresses = choose_addresses(settings.host, settings.node_ip)
    return [
        WorkerLaunch(order=_order(settings, keys, index, addresses.bind_hosts, addresses.announced))
        for index in range(worker_count(settings.workers))
    ]


def _order(
    settings: Settings, keys: Mapping[str, str], index: int, bind_hosts: tuple[str, ...], announced: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "log_level": settings.log_level,
        "log_as_json": settings.log_format == "json",
        "log_personal_data": settings.log_personal_data,
        "media": {
            "keys": dict(keys),
            "udp_port": settings.media_udp_port + index if settings.media_udp_port else 0,
            "tcp_port": settings.media_tcp_port + index if settings.media_tcp_port else 0,
            "bind_hosts": list(bind_hosts),
            "announced": dict(announced),
            "worker_index": index,
            "webhook_urls": list(settings.webhook_urls),
            "version": VERSION,
        },
    }


class MediaHost:
    """Start first, `add_to` an application, close last (docs/closures.md)."""

    def __init__(self, settings: Settings, keys: Mapping[str, str], clock: Clock) -> None:
        self.supervisor = Supervisor(
            worker_launches(settings, keys), tick_timeout_s=settings.worker_tick_timeout_s, clock=clock
        )
        self._front = Front(self.supervisor, peek_room)

    async def start(self) -> None:
        await self.supervisor.start()

    def add_to(self, app: web.Application) -> None:
        self._front.add_to(app)

    async def answers(self) -> bool:
        """For /readyz: every worker is there and says so itself."""

        async def alive(index: int) -> bool:
            try:
                return await self._front.is_alive(index)
            except TongchuangError:
                return False

        return all(await asyncio.gather(*(alive(index) for index in range(self.supervisor.slots))))

    def ports(self) -> dict[str, list[int]]:
        """What a firewall must let through."""
        states = self.supervisor.states
        return {
            "udp": [state.udp_port for state in states if state.udp_port],
            "tcp": [state.tcp_port for state in states if state.tcp_port],
        }

    async def render_metrics(self, metrics: Metrics) -> bytes:
        metrics.signal_connections.set(self._front.connections)
        for state in self.supervisor.states:
            metrics.worker_ready.labels(str(state.index)).set(int(state.is_ready))
            metrics.worker_restarts.labels(str(state.index)).set(state.restarts)
        # In a thread: it reads /proc and formats thousands of lines.
        return await asyncio.to_thread(metrics.render, await self._front.metrics_texts())

    def stop_soon(self) -> None:
        """Participants are told, and nothing new is taken; `close` ends it."""
        self.supervisor.stop_soon()

    async def close(self) -> None:
        await self.supervisor.close()
