"""Calendars kept elsewhere, in SQL: their secret addresses, what was taken of them, and when to read them again.

An address opens a whole private calendar to whoever knows it, so it is sealed before it is stored (ADR 0509).
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Row,
    String,
    Table,
    Text,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler import Interval
from server.availability.outside_calendar import LeftOut, OutsideCalendar, OutsideTime, Taken
from server.availability.owner import Owner, OwnerKind
from server.ids import AccountId
from server.sealing import MARK, NotOurs, Seal
from server.storage import Database, UtcDateTime, metadata

# Longer than a reading takes, redirects and all.
CLAIM = timedelta(minutes=5)

calendar_table = Table(
    "outside_calendar",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("owner_kind", String(16), nullable=False),
    Column("owner_id", String(64), nullable=False),
    Column("name", String(80), nullable=False),
    # sealed, bound to the id; "" is an uploaded file
    Column("address", Text, nullable=False),
    Column("host", String(255), nullable=False),
    Column("zone", String(64), nullable=False),
    Column("etag", String(200), nullable=False),
    Column("last_modified", String(100), nullable=False),
    Column("is_kept", Boolean, nullable=False),
    Column("added_by", String(64), nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    Column("read_at", UtcDateTime, nullable=False),
    Column("covers_until", Date, nullable=False),
    Column("next_read_at", UtcDateTime, nullable=False),
    Column("claimed_until", UtcDateTime),
    Column("failures", Integer, nullable=False),
    Column("error", String(64), nullable=False),
    Column("left_out", Text, nullable=False),
    Index("ix_outside_calendar_owner", "owner_kind", "owner_id"),
    Index("ix_outside_calendar_next_read_at", "next_read_at"),
)
time_table = Table(
    "outside_time",
    metadata,
    Column("calendar_id", ForeignKey("outside_calendar.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("start_at", UtcDateTime, nullable=False),
    Column("end_at", UtcDateTime, nullable=False),
    Column("is_all_day", Boolean, nullable=False),
    Column("first_on", Date, nullable=False),
    Column("last_on", Date, nullable=False),
    Column("summary", String(80), nullable=False),
)
_c, _t = calendar_table.c, time_table.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where it comes from. Never shown, and not in any text of this value."""

    address: str = field(repr=False)
    etag: str = ""
    last_modified: str = ""


class OutsideStore:
    """On any engine of `server.storage`. `seal`: None where no address is stored or read, as in commands."""

    def __init__(self, database: Database, seal: Seal | None = None) -> None:
        self._database = database
        self._seal = seal

    async def add(self, calendar: OutsideCalendar, source: Source, taken: Taken, next_read_at: datetime) -> None:
        values = {
            "id": calendar.id,
            "owner_kind": str(calendar.owner.kind),
            "owner_id": calendar.owner.id,
            "name": calendar.name,
            "address": self._closed(source.address, calendar.id),
            "host": calendar.host,
            "zone": calendar.zone,
            "etag": source.etag,
            "last_modified": source.last_modified,
            "is_kept": calendar.is_kept,
            "added_by": calendar.added_by,
            "added_at": calendar.added_at,
            "read_at": calendar.read_at,
            "covers_until": calendar.covers_until,
            "next_read_at": next_read_at,
            "failures": 0,
            "error": "",
            "left_out": _text_of(taken.left_out),
        }
        async with self._database.write() as connection:
            await connection.execute(insert(calendar_table), values)
            await _insert_times(connection, calendar.id, taken.times)

    async def of_owner(self, owner: Owner) -> tuple[OutsideCalendar, ...]:
        """The previews too; by when they were added."""
        query = select(calendar_table).where(_is_of(owner)).order_by(_c.added_at, _c.id)
        async with self._database.read() as connection:
            return tuple(_calendar(row) for row in (await connection.execute(query)).all())

    async def times(self, calendar_id: str) -> tuple[OutsideTime, ...]:
        query = select(time_table).where(_t.calendar_id == calendar_id).order_by(_t.number)
        async with self._database.read() as connection:
            return tuple(_time(row) for row in (await connection.execute(query)).all())

    async def busy_of(
        self, accounts: Collection[AccountId], first: datetime, last: datetime
    ) -> dict[AccountId, tuple[Interval, ...]]:
        """Of the kept calendars of these adults, in one query."""
        if not accounts:
            return {}
        theirs = and_(_c.owner_kind == str(OwnerKind.ACCOUNT), _c.owner_id.in_(accounts), _c.is_kept.is_(True))
        query = (
            select(_c.owner_id, _t.start_at, _t.end_at)
            .join_from(time_table, calendar_table, _t.calendar_id == _c.id)
            .where(theirs, _t.start_at < last, _t.end_at > first)
        )
        found: dict[AccountId, list[Interval]] = {}
        async with self._database.read() as connection:
            for row in (await connection.execute(query)).all():
                found.setdefault(AccountId(row.owner_id), []).append(Interval(row.start_at, row.end_at))
        return {account: tuple(intervals) for account, intervals in found.items()}

    async def keep(self, owner: Owner, calendar_id: str) -> bool:
        its = and_(_is_of(owner), _c.id == calendar_id)
        async with self._database.write() as connection:
            return (await connection.execute(update(calendar_table).where(its).values(is_kept=True))).rowcount == 1

    async def remove(self, owner: Owner, calendar_id: str) -> bool:
        """With all that was taken of it."""
        async with self._database.write() as connection:
            its = select(_c.id).where(_is_of(owner), _c.id == calendar_id)
            await connection.execute(delete(time_table).where(_t.calendar_id.in_(its)))
            gone = await connection.execute(delete(calendar_table).where(_is_of(owner), _c.id == calendar_id))
        return gone.rowcount == 1

    async def forget_previews(self, before: datetime) -> None:
        stale = and_(_c.is_kept.is_(False), _c.added_at < before)
        async with self._database.write() as connection:
            await connection.execute(delete(time_table).where(_t.calendar_id.in_(select(_c.id).where(stale))))
            await connection.execute(delete(calendar_table).where(stale))

    async def seal_plain(self) -> int:
        """Addresses of before they were sealed; how many those were. Any number of processes may do it at once."""
        plain = select(_c.id, _c.address).where(_c.address != "", _c.address.not_like(f"{MARK}%"))
        async with self._database.read() as connection:
            rows = (await connection.execute(plain)).all()
        if not rows:
            return 0
        async with self._database.write() as connection:
            for row in rows:
                its = and_(_c.id == row.id, _c.address == row.address)
                sealed = self._closed(row.address, row.id)
                await connection.execute(update(calendar_table).where(its).values(address=sealed))
        return len(rows)

    def _closed(self, address: str, calendar_id: str) -> str:
        if not address:
            return ""
        assert self._seal is not None, "an address without a seal"
        return self._seal.close(address, calendar_id)

    def _source(self, row: Row[Any]) -> Source:
        """With an empty address when it does not open: it was sealed with a key that is not here."""
        assert self._seal is not None, "an address without a seal"
        try:
            address = self._seal.open(row.address, row.id)
        except NotOurs:
            address = ""
        return Source(address=address, etag=row.etag, last_modified=row.last_modified)

    async def claim(self, now: datetime, limit: int) -> list[tuple[OutsideCalendar, Source]]:
        """Kept ones with an address whose time has come, for this process alone; the longest due first."""
        is_due = and_(_c.is_kept.is_(True), _c.address != "", _c.next_read_at <= now)
        is_free = or_(_c.claimed_until.is_(None), _c.claimed_until <= now)
        query = select(calendar_table).where(is_due, is_free).order_by(_c.next_read_at, _c.id).limit(limit)
        async with self._database.write() as connection:
            rows = (await connection.execute(query.with_for_update(skip_locked=True))).all()
            if rows:
                claimed = update(calendar_table).where(_c.id.in_([row.id for row in rows]))
                await connection.execute(claimed.values(claimed_until=now + CLAIM))
        return [(_calendar(row), self._source(row)) for row in rows]

    async def was_read(
        self,
        calendar_id: str,
        at: datetime,
        next_read_at: datetime,
        *,
        source: Source | None = None,
        taken: Taken | None = None,
        covers_until: date | None = None,
    ) -> None:
        """`taken` None: it has not changed."""
        values: dict[str, object] = {
            "read_at": at,
            "next_read_at": next_read_at,
            "claimed_until": None,
            "failures": 0,
            "error": "",
        }
        if source is not None and taken is not None:
            values |= {
                "etag": source.etag,
                "last_modified": source.last_modified,
                "covers_until": covers_until,
                "left_out": _text_of(taken.left_out),
            }
        async with self._database.write() as connection:
            changed = await connection.execute(update(calendar_table).where(_c.id == calendar_id).values(**values))
            # Removed while it was read: then nothing of it may come back.
            if taken is not None and changed.rowcount == 1:
                await connection.execute(delete(time_table).where(_t.calendar_id == calendar_id))
                await _insert_times(connection, calendar_id, taken.times)

    async def failed(self, calendar_id: str, error: str, next_read_at: datetime) -> None:
        values = {"failures": _c.failures + 1, "error": error[:64], "next_read_at": next_read_at, "claimed_until": None}
        async with self._database.write() as connection:
            await connection.execute(update(calendar_table).where(_c.id == calendar_id).values(**values))

    async def count(self, owner: Owner) -> int:
        async with self._database.read() as connection:
            query = select(func.count()).select_from(calendar_table).where(_is_of(owner), _c.is_kept.is_(True))
            return int((await connection.execute(query)).scalar_one())


def _is_of(owner: Owner) -> Any:
    return and_(_c.owner_kind == str(owner.kind), _c.owner_id == owner.id)


async def _insert_times(connection: AsyncConnection, calendar_id: str, times: Collection[OutsideTime]) -> None:
    if times:
        await connection.execute(
            insert(time_table),
            [{"calendar_id": calendar_id, "number": number, **asdict(one)} for number, one in enumerate(times)],
        )


def _text_of(left_out: Collection[LeftOut]) -> str:
    return json.dumps([asdict(one) for one in left_out], ensure_ascii=False)


def _calendar(row: Row[Any]) -> OutsideCalendar:
    return OutsideCalendar(
        id=row.id,
        owner=Owner(OwnerKind(row.owner_kind), row.owner_id),
        name=row.name,
        host=row.host,
        zone=row.zone,
        is_kept=row.is_kept,
        added_by=AccountId(row.added_by),
        added_at=row.added_at,
        read_at=row.read_at,
        covers_until=row.covers_until,
        failures=row.failures,
        error=row.error,
        left_out=tuple(LeftOut(**one) for one in json.loads(row.left_out)),
    )


def _time(row: Row[Any]) -> OutsideTime:
    return OutsideTime(
        start_at=row.start_at,
        end_at=row.end_at,
        is_all_day=row.is_all_day,
        first_on=row.first_on,
        last_on=row.last_on,
        summary=row.summary,
    )
