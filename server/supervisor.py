"""Keeps the media workers running: starts them, replaces one that died or does not tick, and leaves no orphan.

A slot (0 … n-1) is a place with its own ports; a worker is the process that fills it now. Rooms belong to slots
(`server.room_routing`), so whoever looks for a room waits for its slot's next worker.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from server.clock import Clock
from server.errors import ErrorCode, Unavailable
from server.tasks import TaskOwner
from server.worker_process import WorkerLaunch, WorkerProcess, WorkerReady

log = structlog.get_logger("tongchuang.supervisor")

# Waits before the next try when workers die young; the first replacement comes at once, because classes are waiting.
BACKOFF_S = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0)
# A worker that lived for so long was healthy: its death starts the row of waits anew.
HEALTHY_AFTER_S = 30.0
_FOLDER_PREFIX = "tongchuang-workers-"


@dataclass(slots=True, eq=False)
class _Slot:
    launch: WorkerLaunch
    worker: WorkerProcess | None = None
    ready: WorkerReady | None = None
    launches: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotState:
    """For /readyz and /metrics."""

    index: int
    is_ready: bool
    restarts: int
    udp_port: int | None
    tcp_port: int | None


def make_socket_folder() -> Path:
    """A new one in the temporary folder; those of supervisors that were killed are swept away first."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_FOLDER_PREFIX}*-*"):
        pid = folder.name.removeprefix(_FOLDER_PREFIX).partition("-")[0]
        if pid.isdigit() and folder.stat().st_uid == os.geteuid() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(folder, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{_FOLDER_PREFIX}{os.getpid()}-"))


class Supervisor:
    """One slot per launch. The workers' sockets live in a private folder (mode 0700) that goes with us."""

    def __init__(self, launches: Sequence[WorkerLaunch], *, tick_timeout_s: float, clock: Clock) -> None:
        self._folder: Path | None = None
        self._slots = [_Slot(launch) for launch in launches]
        self._tick_timeout_s = tick_timeout_s
        self._clock = clock
        self._tasks = TaskOwner("supervisor")
        self._is_closed = False

    @property
    def slots(self) -> int:
        return len(self._slots)

    @property
    def states(self) -> tuple[SlotState, ...]:
        return tuple(
            SlotState(
                index=index,
                is_ready=slot.ready is not None,
                restarts=max(slot.launches - 1, 0),
                udp_port=slot.ready.udp_port if slot.ready else None,
                tcp_port=slot.ready.tcp_port if slot.ready else None,
            )
            for index, slot in enumerate(self._slots)
        )

    async def start(self) -> None:
        """All workers ready, or Unavailable with the reason of the first that cannot start."""
        self._folder = await asyncio.to_thread(make_socket_folder)
        try:
            async with asyncio.TaskGroup() as group:
                for slot in self._slots:
                    group.create_task(self._launch(slot))
        except ExceptionGroup as failures:
            await self.close()
            raise failures.exceptions[0] from None
        for index, slot in enumerate(self._slots):
            self._tasks.start(self._keep(index, slot), name=f"worker-{index}")

    async def socket_of(self, index: int, timeout_s: float, *, dead: Path | None = None) -> Path:
        """The unix socket of the slot's worker; waits for a replacement (of the one with the socket `dead`).

        Raises Unavailable(MEDIA_UNAVAILABLE).
        """
        slot = self._slots[index]
        try:
            async with asyncio.timeout(timeout_s):
                while slot.ready is None or slot.worker is None or slot.worker.socket == dead:
                    if self._is_closed:
                        raise Unavailable(ErrorCode.MEDIA_UNAVAILABLE, "the server is stopping")
                    slot.changed.clear()
                    await slot.changed.wait()
        except TimeoutError:
            raise Unavailable(ErrorCode.MEDIA_UNAVAILABLE, f"worker {index} is not ready") from None
        return slot.worker.socket

    async def _launch(self, slot: _Slot) -> None:
        # A socket of its own for each worker: the front must not mistake a new one for the old.
        slot.launches += 1
        assert self._folder is not None
        socket = self._folder / f"{self._slots.index(slot)}-{slot.launches}.sock"
        worker = WorkerProcess(slot.launch, socket, tick_timeout_s=self._tick_timeout_s)
        slot.worker = worker
        slot.ready = await worker.start()
        slot.changed.set()

    async def _keep(self, index: int, slot: _Slot) -> None:
        young_deaths = 0
        while slot.worker is not None:
            started_us = self._clock.monotonic_us()
            reason = await slot.worker.wait_until_gone()
            slot.ready = None
            lived_s = (self._clock.monotonic_us() - started_us) / 1_000_000
            young_deaths = 0 if lived_s >= HEALTHY_AFTER_S else young_deaths + 1
            log.error("worker_gone", worker=index, reason=reason, lived_s=round(lived_s, 1))
            while True:
                await asyncio.sleep(BACKOFF_S[min(max(young_deaths - 1, 0), len(BACKOFF_S) - 1)])
                try:
                    await self._launch(slot)
                except Unavailable as error:
                    young_deaths += 1
                    log.error("worker_start_failed", worker=index, error_code=str(error.code), detail=error.detail)
                    continue
                log.info("worker_replaced", worker=index)
                break

    def stop_soon(self) -> None:
        """Tell all workers to end, without waiting: the first step of closing."""
        self._is_closed = True
        for slot in self._slots:
            if slot.worker is not None:
                slot.worker.terminate()
            slot.changed.set()

    async def close(self) -> None:
        """Idempotent: no replacement from now on, every worker ended, its sockets gone."""
        await self._tasks.close()
        self.stop_soon()
        await asyncio.gather(*(slot.worker.close() for slot in self._slots if slot.worker is not None))
        for slot in self._slots:
            slot.ready = None
        if self._folder is not None:
            await asyncio.to_thread(shutil.rmtree, self._folder, True)
