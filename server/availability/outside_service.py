"""Reading calendars that are kept elsewhere: looked at first, then kept and read again, with the last error shown.

The address is a secret: it is stored, sealed, to read it again, and stands in no page, log or error.
"""

from __future__ import annotations

import asyncio
import secrets
from datetime import date, datetime, timedelta

import structlog
from yarl import URL

from scheduler import NotACalendar, read_feed
from server.availability.outside_calendar import (
    AHEAD,
    MAX_NAME,
    MOST_CALENDARS,
    PREVIEW_LASTS,
    READ_EVERY,
    OutsideCalendar,
    OutsideTime,
    Taken,
    needs_whole,
    take,
    wait_after,
)
from server.availability.outside_store import OutsideStore, Source
from server.availability.owner import Owner, OwnerKind
from server.clock import Clock
from server.errors import Conflict, ErrorCode, InvalidInput, NotFound, TongchuangError, Unavailable
from server.http.fetching import Fetcher
from server.ids import AccountId

# At once, so that a slow school does not hold up the others; few, because we are a guest there.
_AT_ONCE = 4
_A_ROUND = 40
_BACK = timedelta(days=2)

log = structlog.get_logger("tongchuang.calendars")


class OutsideCalendars:
    def __init__(self, store: OutsideStore, fetcher: Fetcher, clock: Clock) -> None:
        self.store = store
        self._fetcher = fetcher
        self._clock = clock

    async def look(
        self, owner: Owner, *, zone: str, by: AccountId, name: str = "", address: str = "", file: bytes | None = None
    ) -> OutsideCalendar:
        """Reads it once and holds it as a preview, which counts nowhere until it is kept.

        Raises InvalidInput for an address that we do not ask or what is no calendar, Unavailable for one that does not
        answer, Conflict when there are too many.
        """
        if await self.store.count(owner) >= MOST_CALENDARS:
            raise Conflict(ErrorCode.CALENDAR_TOO_MANY, owner.kind)
        now = self._clock.now()
        source = Source(address="")
        if file is None:
            address = address.strip()
            fetched = await self._fetcher.fetch(address)
            source = Source(address=address, etag=fetched.etag, last_modified=fetched.last_modified)
            file = fetched.body or b""
        taken = await self._take(file, zone, owner.kind, now)
        host = (URL(source.address).host or "") if source.address else ""
        calendar = OutsideCalendar(
            id=f"oc_{secrets.token_hex(10)}",
            owner=owner,
            name=" ".join(name.split())[:MAX_NAME] or host[:MAX_NAME],
            host=host[:255],
            zone=zone,
            is_kept=False,
            added_by=by,
            added_at=now,
            read_at=now,
            covers_until=_until(now),
            failures=0,
            error="",
            left_out=taken.left_out,
        )
        await self.store.add(calendar, source, taken, now + READ_EVERY)
        return calendar

    async def of_owner(self, owner: Owner) -> tuple[OutsideCalendar, ...]:
        return await self.store.of_owner(owner)

    async def find(self, owner: Owner, calendar_id: str) -> tuple[OutsideCalendar, tuple[OutsideTime, ...]]:
        """Raises NotFound for another owner's too."""
        found = next((one for one in await self.store.of_owner(owner) if one.id == calendar_id), None)
        if found is None:
            raise NotFound(ErrorCode.NOT_FOUND, "calendar")
        return found, await self.store.times(found.id)

    async def keep(self, owner: Owner, calendar_id: str) -> None:
        """From now on it counts. Raises NotFound, Conflict when there are too many."""
        if await self.store.count(owner) >= MOST_CALENDARS:
            raise Conflict(ErrorCode.CALENDAR_TOO_MANY, owner.kind)
        if not await self.store.keep(owner, calendar_id):
            raise NotFound(ErrorCode.NOT_FOUND, "calendar")

    async def remove(self, owner: Owner, calendar_id: str) -> None:
        """It and all that was taken of it are gone. Raises NotFound."""
        if not await self.store.remove(owner, calendar_id):
            raise NotFound(ErrorCode.NOT_FOUND, "calendar")

    async def refresh(self) -> int:
        """Reads what is due; how many that were. For a job, in any number of processes."""
        now = self._clock.now()
        if sealed := await self.store.seal_plain():
            log.info("calendar_addresses_sealed", count=sealed)
        await self.store.forget_previews(now - PREVIEW_LASTS)
        due = await self.store.claim(now, _A_ROUND)
        turn = asyncio.Semaphore(_AT_ONCE)

        async def read(calendar: OutsideCalendar, source: Source) -> None:
            async with turn:
                await self._read_again(calendar, source)

        async with asyncio.TaskGroup() as group:
            for calendar, source in due:
                group.create_task(read(calendar, source))
        return len(due)

    async def _read_again(self, calendar: OutsideCalendar, source: Source) -> None:
        now = self._clock.now()
        is_whole = needs_whole(calendar.covers_until, now.date())
        try:
            if not source.address:
                raise Unavailable(ErrorCode.CALENDAR_ADDRESS_LOST, calendar.id)
            fetched = await self._fetcher.fetch(
                source.address,
                etag="" if is_whole else source.etag,
                last_modified="" if is_whole else source.last_modified,
            )
            if fetched.body is None:
                await self.store.was_read(calendar.id, now, now + READ_EVERY)
                return
            taken = await self._take(fetched.body, calendar.zone, calendar.owner.kind, now)
        except TongchuangError as error:
            # Only the code: what went wrong in detail may name the address.
            log.warning("calendar_not_read", calendar=calendar.id, code=error.code, failures=calendar.failures + 1)
            await self.store.failed(calendar.id, error.code, now + wait_after(calendar.failures + 1))
            return
        fresh = Source(address=source.address, etag=fetched.etag, last_modified=fetched.last_modified)
        await self.store.was_read(
            calendar.id, now, now + READ_EVERY, source=fresh, taken=taken, covers_until=_until(now)
        )

    async def _take(self, raw: bytes, zone: str, kind: OwnerKind, now: datetime) -> Taken:
        """In a thread: a large feed takes seconds."""
        try:
            feed = await asyncio.to_thread(read_feed, raw, now - _BACK, now + AHEAD, zone)
        except NotACalendar as error:
            raise InvalidInput(ErrorCode.CALENDAR_UNREADABLE, type(error).__name__) from None
        return take(feed, kind)


def _until(now: datetime) -> date:
    return (now + AHEAD).date()
