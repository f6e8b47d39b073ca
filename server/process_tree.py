"""The processes of `serve`: media workers and app processes as children of one parent that holds the listening sockets.

Neither knows the other's parentage: when an app process dies, media goes on, and connections wait in the listeners
until its replacement accepts them.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from server.app_launch import APP_PATIENCE_S, Briefing, app_launches, brief, internal_url
from server.clock import Clock
from server.errors import TongchuangError, Unavailable
from server.media_launch import worker_launches
from server.settings import Settings
from server.supervisor import Supervisor
from server.worker_directory import SlotState

# Where the media server of this machine reports what happens (server.lessons adds the route).
WEBHOOK_PATH = "/webhooks/livekit"
# Also an app process that waited long for its workers gets to close its database.
_LEAST_PATIENCE_S = 1.0
_T = TypeVar("_T")


class ProcessesGone(Unavailable):
    """App processes ended for a change, and none came back: there is no server any more."""


class ProcessTree:
    """Start once; `restart_apps` as often as needed; close last. Both listeners stay open until then."""

    def __init__(
        self,
        settings: Settings,
        keys: Mapping[str, str],
        *,
        listener: socket.socket,
        internal: socket.socket,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._keys = keys
        self._listener = listener
        self._internal = internal
        self._clock = clock
        self._may_begin = False
        self._may_end = False
        self._workers = self._new_workers()
        self._apps = self._new_apps()

    def _new_workers(self) -> Supervisor:
        own = [internal_url(self._internal) + WEBHOOK_PATH]
        launches = [] if self._settings.livekit_url else worker_launches(self._settings, self._keys, own)
        return Supervisor(
            launches,
            kind="worker",
            tick_timeout_s=self._settings.worker_tick_timeout_s,
            clock=self._clock,
            on_change=self._on_change,
        )

    def _new_apps(self) -> Supervisor:
        return Supervisor(
            app_launches(
                self._settings,
                self._keys,
                workers=len(self._workers.states),
                listener=self._listener,
                internal=self._internal,
            ),
            kind="app",
            tick_timeout_s=self._settings.worker_tick_timeout_s,
            clock=self._clock,
            on_change=self._on_change,
            briefing=self._briefing,
            keeps_spare=self._settings.app_spare,
        )

    def _briefing(self) -> object:
        return brief(
            Briefing(
                may_begin=self._may_begin,
                may_end=self._may_end,
                workers=self._workers.states,
                apps=self._apps.states,
            )
        )

    def _on_change(self, _: Sequence[SlotState]) -> None:
        self._apps.brief()

    @property
    def notes(self) -> list[str]:
        """What the first app process has to say to who started it, after the ready line."""
        return [str(note) for note in self._apps.ready_values(0).get("notes", [])]

    async def start(self, prepare: Callable[[], None]) -> None:
        """Everything ready, or the reason of the first that cannot be. `prepare` (it brings the database to its newest
        form) runs in a thread while the children load."""

        async def begin() -> None:
            await asyncio.to_thread(prepare)
            self._may_begin = True
            self._apps.brief()

        try:
            async with asyncio.TaskGroup() as group:
                for work in (begin(), self._workers.start(), self._apps.start()):
                    group.create_task(work)
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None

    async def replace_data(self, change: Callable[[], _T], read_keys: Callable[[], Mapping[str, str]]) -> _T:
        """Run `change` while no app process is there; connections wait, and media goes on unless the keys are others.

        Raises what `change` raises, with the app processes back as they were; ProcessesGone when they are not.
        """
        self._may_end = True
        self._apps.brief()
        await self._apps.close()
        self._may_end = False
        # Why gather: a failure must not keep the app processes away, and a cancellation must go through.
        (outcome,) = await asyncio.gather(asyncio.to_thread(change), return_exceptions=True)
        try:
            await self._begin_again(await asyncio.to_thread(read_keys))
        except TongchuangError as error:
            raise ProcessesGone(error.code, error.detail) from error
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    async def _begin_again(self, keys: Mapping[str, str]) -> None:
        if keys != self._keys:
            self._keys = keys
            await self._workers.close()
            self._workers = self._new_workers()
            await self._workers.start()
        self._apps = self._new_apps()
        await self._apps.start()

    async def close(self) -> None:
        """In the order of docs/closures.md. Idempotent; nothing of ours runs afterwards."""
        clock_us = self._clock.monotonic_us()
        self._listener.close()
        self._apps.stop_soon()
        self._workers.stop_soon()
        await self._workers.close()
        self._may_end = True
        self._apps.brief()
        spent_s = (self._clock.monotonic_us() - clock_us) / 1_000_000
        await self._apps.close(max(APP_PATIENCE_S - spent_s, _LEAST_PATIENCE_S))
        self._internal.close()
