"""Sends what is due, tries again what failed, and lets go of what nobody wants any more.

A letter is marked as sent after the mail server took it. When the process dies just between the two, it goes out once
more with the same Message-ID, by which mail programs know it as the same; the other order would lose letters.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

import structlog

from server.clock import Clock
from server.outbox.letter import Letter, StoredLetter, message_id, next_try_at
from server.outbox.repository import OutboxRepository
from server.tasks import TaskOwner

# Between two looks when nothing wakes the worker: another process may have put something in.
LOOK_EVERY_S = 20.0
# Why a letter did not go, as it is kept with it.
TIME_PASSED: Final = "its time has passed"
NOT_WANTED: Final = "not wanted any more"
NOT_TAKEN: Final = "the mail server did not take it"
_AT_ONCE = 20

log = structlog.get_logger("tongchuang.outbox")

# (letter, its message id, that of the letter which it follows or "") → whether the mail server took it
Deliver = Callable[[Letter, str, str], Awaitable[bool]]
# Asked just before sending: has what the letter tells about changed meanwhile?
StillWanted = Callable[[str], Awaitable[bool]]


async def _always(_: str) -> bool:
    return True


class Outbox:
    """`deliver` None: no mail server. Letters then wait and are shown to the administrator; nothing is lost.
    `domain`: of the address that they come from."""

    def __init__(
        self,
        letters: OutboxRepository,
        clock: Clock,
        *,
        deliver: Deliver | None,
        is_still_wanted: StillWanted = _always,
        domain: str = "localhost",
    ) -> None:
        self.letters = letters
        self._clock = clock
        self._deliver = deliver
        self._is_still_wanted = is_still_wanted
        self._domain = domain
        self._wake = asyncio.Event()
        self._tasks = TaskOwner("outbox")

    def start(self) -> None:
        if self._deliver is not None:
            self._tasks.start(self._run(), name="worker")

    def wake(self) -> None:
        """Something was put in that is due now."""
        self._wake.set()

    async def _run(self) -> None:
        while True:
            # Before the look, not after it: what is put in while the database answers is looked for once more.
            self._wake.clear()
            try:
                if await self.work() == _AT_ONCE:
                    continue
            except Exception:
                # The database may be away for a moment; the letters are safe in it.
                log.exception("outbox_failed")
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def work(self) -> int:
        """One round; how many letters it took up."""
        claimed = await self.letters.claim(self._clock.now(), _AT_ONCE)
        for stored in claimed:
            await self._send(stored, self._clock.now())
        return len(claimed)

    async def _send(self, stored: StoredLetter, now: datetime) -> None:
        letter = stored.letter
        if letter.not_after is not None and now > letter.not_after:
            await self.letters.failed(stored.id, TIME_PASSED, next_try_at=None, at=now)
            return
        if not await self._is_still_wanted(letter.key):
            await self.letters.failed(stored.id, NOT_WANTED, next_try_at=None, at=now)
            return
        assert self._deliver is not None
        own = message_id(letter.key, letter.to, self._domain)
        followed = message_id(letter.follows, letter.to, self._domain) if letter.follows else ""
        if await self._deliver(letter, own, followed):
            await self.letters.sent(stored.id, self._clock.now())
            return
        again = next_try_at(letter, stored.tries + 1, now)
        if again is None:
            log.error("letter_given_up", letter=stored.id, tries=stored.tries + 1)
        await self.letters.failed(stored.id, NOT_TAKEN, next_try_at=again, at=now)

    async def close(self) -> None:
        """Idempotent; what waits is sent after the next start."""
        await self._tasks.close()
