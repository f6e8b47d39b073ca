"""The embedded media server as an application sees it: the front of its workers, their figures, their health.

The workers belong to whoever runs the supervisor: the same process in `media`, the parent in `serve`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiohttp import web

from server.clock import SystemClock
from server.errors import TongchuangError
from server.front import Front
from server.metrics import Metrics
from server.rooms.access_token import peek_room
from server.rooms.join_gate import JoinGate
from server.worker_directory import WorkerDirectory


class MediaHost:
    """What an application needs of its media workers. `directory` says where they are now, `keys` sign tokens."""

    def __init__(self, directory: WorkerDirectory, keys: Mapping[str, str]) -> None:
        self._directory = directory
        self._front = Front(directory, peek_room, JoinGate(keys, SystemClock()).check)

    def add_to(self, app: web.Application) -> None:
        """Signalling and server calls on the public origin; its sockets close with the application."""
        self._front.add_to(app)

    def add_calls_to(self, app: web.Application) -> None:
        """Server calls only, for the address that only this machine reaches."""
        self._front.add_calls_to(app)

    async def answers(self) -> bool:
        """For /readyz: every worker is there and says so itself."""

        async def alive(index: int) -> bool:
            try:
                return await self._front.is_alive(index)
            except TongchuangError:
                return False

        return all(await asyncio.gather(*(alive(index) for index in range(self._directory.slots))))

    def ports(self) -> dict[str, list[int]]:
        """What a firewall must let through."""
        states = self._directory.states
        return {
            "udp": [state.udp_port for state in states if state.udp_port],
            "tcp": [state.tcp_port for state in states if state.tcp_port],
        }

    async def collect(self, metrics: Metrics) -> dict[int, str]:
        """Sets what is known here, and returns each worker's own figures."""
        metrics.signal_connections.set(self._front.connections)
        for state in self._directory.states:
            metrics.worker_ready.labels(str(state.index)).set(int(state.is_ready))
            metrics.worker_restarts.labels(str(state.index)).set(state.restarts)
        return await self._front.metrics_texts()

    def count_connections(self, metrics: Metrics) -> None:
        """Only what this process knows itself."""
        metrics.signal_connections.set(self._front.connections)
