"""Keeps child processes running: starts them, replaces one that died or does not tick, and leaves no orphan.

A slot (0 … n-1) is a place, for a media worker with ports of its own; a child is the process that fills it now. Rooms
belong to slots (`server.room_routing`), so whoever looks for a room waits for its slot's next worker.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import structlog

from server.child_process import STOP_TIMEOUT_S, ChildLaunch, ChildProcess, Spare
from server.clock import Clock
from server.errors import Unavailable
from server.tasks import TaskOwner
from server.worker_directory import SlotState

log = structlog.get_logger("tongchuang.supervisor")

# Waits before the next try when children die young; the first replacement comes at once, because classes are waiting.
BACKOFF_S = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0)
# A child that lived for so long was healthy: its death starts the row of waits anew.
HEALTHY_AFTER_S = 30.0
# Whoever was cut off comes back within three seconds; to load the next spare meanwhile would take a core from them.
SPARE_PAUSE_S = 4.0
_FOLDER_PREFIX = "tongchuang-workers-"


@dataclass(slots=True, eq=False)
class _Slot:
    launch: ChildLaunch
    child: ChildProcess | None = None
    # What it said when it became ready; None while there is no ready child.
    ready: dict[str, Any] | None = None
    launches: int = 0


def make_socket_folder() -> Path:
    """A new one in the temporary folder; those of supervisors that were killed are swept away first."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_FOLDER_PREFIX}*-*"):
        pid = folder.name.removeprefix(_FOLDER_PREFIX).partition("-")[0]
        # Another server may sweep at the same moment.
        with suppress(FileNotFoundError):
            if pid.isdigit() and folder.stat().st_uid == os.geteuid() and not Path(f"/proc/{pid}").exists():
                shutil.rmtree(folder, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{_FOLDER_PREFIX}{os.getpid()}-"))


class Supervisor:
    """One slot per launch. The children's sockets live in a private folder (mode 0700) that goes with us.

    With `keeps_spare` another child is loaded and waits, so that a replacement is there at once.
    `on_change` hears the states after each change. `briefing` is told to each child after its order, and again to all
    by `brief`.
    """

    def __init__(
        self,
        launches: Sequence[ChildLaunch],
        *,
        kind: str,
        tick_timeout_s: float,
        clock: Clock,
        on_change: Callable[[Sequence[SlotState]], None] = lambda _: None,
        briefing: Callable[[], object] | None = None,
        keeps_spare: bool = False,
        spare_pause_s: float = SPARE_PAUSE_S,
    ) -> None:
        self._folder: Path | None = None
        self._slots = [_Slot(launch) for launch in launches]
        self._kind = kind
        self._tick_timeout_s = tick_timeout_s
        self._clock = clock
        self._on_change = on_change
        self._briefing = briefing
        self._keeps_spare, self._spare_pause_s = keeps_spare, spare_pause_s
        self._spare: Spare | None = None
        self._tasks = TaskOwner("supervisor")
        self._is_stopping = False

    @property
    def states(self) -> tuple[SlotState, ...]:
        return tuple(_state(index, slot) for index, slot in enumerate(self._slots))

    def ready_values(self, index: int) -> Mapping[str, Any]:
        """What the slot's child said when it became ready; nothing while there is none."""
        return self._slots[index].ready or {}

    async def start(self) -> None:
        """All children ready, or Unavailable with the reason of the first that cannot start."""
        self._folder = await asyncio.to_thread(make_socket_folder)
        try:
            async with asyncio.TaskGroup() as group:
                for slot in self._slots:
                    group.create_task(self._launch(slot))
        except ExceptionGroup as failures:
            await self.close()
            raise failures.exceptions[0] from None
        for index, slot in enumerate(self._slots):
            self._tasks.start(self._keep(index, slot), name=f"{self._kind}-{index}")
        if self._keeps_spare:
            self._tasks.start(self._keep_spare(), name=f"{self._kind}-spare")

    def brief(self) -> None:
        """Tell all children anew what `briefing` says now."""
        if self._briefing is not None:
            words = self._briefing()
            for slot in self._slots:
                if slot.child is not None:
                    slot.child.tell(words)

    async def _keep_spare(self) -> None:
        while True:
            self._spare = Spare(self._slots[0].launch)
            if await self._spare.load():
                log.info("spare_loaded", kind=self._kind)
                await self._spare.wait_until_used_up()
                await asyncio.sleep(self._spare_pause_s)
            else:
                log.error("spare_failed", kind=self._kind)
                await self._spare.close()
                await asyncio.sleep(BACKOFF_S[-1])

    async def _launch(self, slot: _Slot) -> None:
        # A socket of its own for each child: the front must not mistake a new one for the old.
        slot.launches += 1
        assert self._folder is not None
        socket = self._folder / f"{self._kind}-{self._slots.index(slot)}-{slot.launches}.sock"
        slot.child = ChildProcess(
            replace(slot.launch, order={**slot.launch.order, "launch": slot.launches}),
            socket,
            tick_timeout_s=self._tick_timeout_s,
            briefing=self._briefing,
            spare=self._spare.take() if self._spare is not None else None,
        )
        slot.ready = await slot.child.start()
        self._on_change(self.states)

    async def _keep(self, index: int, slot: _Slot) -> None:
        young_deaths = 0
        while slot.child is not None:
            started_us = self._clock.monotonic_us()
            reason = await slot.child.wait_until_gone()
            slot.ready = None
            self._on_change(self.states)
            lived_s = (self._clock.monotonic_us() - started_us) / 1_000_000
            young_deaths = 0 if lived_s >= HEALTHY_AFTER_S else young_deaths + 1
            if self._is_stopping:
                return
            log.error("process_gone", kind=self._kind, index=index, reason=reason, lived_s=round(lived_s, 1))
            while True:
                await asyncio.sleep(BACKOFF_S[min(max(young_deaths - 1, 0), len(BACKOFF_S) - 1)])
                try:
                    await self._launch(slot)
                except Unavailable as error:
                    young_deaths += 1
                    code, detail = str(error.code), error.detail
                    log.error("process_start_failed", kind=self._kind, index=index, error_code=code, detail=detail)
                    continue
                log.info("process_replaced", kind=self._kind, index=index)
                break

    def stop_soon(self) -> None:
        """Tell all children to end, without waiting: the first step of closing. None is replaced from now on."""
        self._is_stopping = True
        for slot in self._slots:
            if slot.child is not None:
                slot.child.terminate()

    async def close(self, patience_s: float = STOP_TIMEOUT_S) -> None:
        """Idempotent: no replacement from now on, every child ended, its sockets gone."""
        await self._tasks.close()
        if self._spare is not None:
            await self._spare.close()
        self.stop_soon()
        await asyncio.gather(*(slot.child.close(patience_s) for slot in self._slots if slot.child is not None))
        for slot in self._slots:
            slot.ready = None
        self._on_change(self.states)
        if self._folder is not None:
            await asyncio.to_thread(shutil.rmtree, self._folder, True)


def _state(index: int, slot: _Slot) -> SlotState:
    ready = slot.ready or {}
    return SlotState(
        index=index,
        socket=str(slot.child.socket) if slot.child is not None and slot.ready is not None else None,
        restarts=max(slot.launches - 1, 0),
        udp_port=ready.get("udp_port"),
        tcp_port=ready.get("tcp_port"),
    )
