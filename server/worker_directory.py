"""Which media workers there are now, and waiting for the next one: what a front asks.

Filled by the supervisor itself, or, in an app process, by what the parent says about its supervisor.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from server.errors import ErrorCode, Unavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotState:
    """One place with its own ports, and the process that fills it now: for routing, /readyz and /metrics."""

    index: int
    # None while the process is being replaced.
    socket: str | None = None
    restarts: int = 0
    udp_port: int | None = None
    tcp_port: int | None = None

    @property
    def is_ready(self) -> bool:
        return self.socket is not None


class WorkerDirectory:
    """The newest states of all slots; whoever finds none at home can wait."""

    def __init__(self, slots: int) -> None:
        self.states: tuple[SlotState, ...] = tuple(SlotState(index=index) for index in range(slots))
        self._changed = asyncio.Event()
        self._is_closed = False

    @property
    def slots(self) -> int:
        return len(self.states)

    def update(self, states: Sequence[SlotState]) -> None:
        self.states = tuple(states)
        self._wake()

    def close(self) -> None:
        """Nobody comes back: who waits is told at once."""
        self._is_closed = True
        self._wake()

    def _wake(self) -> None:
        # Why a new event each time: one that is cleared again could be cleared before a sleeper has looked.
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def socket_of(self, index: int, timeout_s: float, *, dead: Path | None = None) -> Path:
        """The unix socket of the slot's worker; waits for a replacement (of the one with the socket `dead`).

        Raises Unavailable(MEDIA_UNAVAILABLE).
        """
        try:
            async with asyncio.timeout(timeout_s):
                while (socket := self.states[index].socket) is None or Path(socket) == dead:
                    if self._is_closed:
                        raise Unavailable(ErrorCode.MEDIA_UNAVAILABLE, "the server is stopping")
                    await self._changed.wait()
        except TimeoutError:
            raise Unavailable(ErrorCode.MEDIA_UNAVAILABLE, f"worker {index} is not ready") from None
        return Path(socket)
