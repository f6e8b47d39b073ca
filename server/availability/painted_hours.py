"""Painted hours in SQL: dated entries of a class group or an adult, changed by one at a time.

There is no column for a weekday, and there must not be one: see `painting`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    Integer,
    String,
    Table,
    and_,
    bindparam,
    delete,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from server.availability.owner import Owner, OwnerKind
from server.availability.painting import Painted, PaintState
from server.clock import Clock
from server.errors import Conflict, ErrorCode
from server.ids import AccountId
from server.storage import Database, UtcDateTime, is_among, metadata

# One row an owner: which version of all their hours this is, and who changed it last.
painting_table = Table(
    "painting",
    metadata,
    Column("owner_kind", String(16), primary_key=True),
    Column("owner_id", String(64), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("changed_by", String(64)),
    Column("changed_at", UtcDateTime, nullable=False),
)

painted_hour_table = Table(
    "painted_hour",
    metadata,
    Column("owner_kind", String(16), primary_key=True),
    Column("owner_id", String(64), primary_key=True),
    Column("on_date", Date, primary_key=True),
    Column("start_minute", Integer, primary_key=True),
    Column("end_minute", Integer, nullable=False),
    Column(
        "state",
        String(16),
        CheckConstraint("state IN ('cannot', 'reluctantly', 'gladly')", name="state"),
        nullable=False,
    ),
    CheckConstraint("start_minute >= 0 AND start_minute < end_minute AND end_minute <= 1440", name="minutes"),
)
_p, _h = painting_table.c, painted_hour_table.c
_OF_MANY = (
    select(painted_hour_table)
    .where(
        or_(*(and_(_h.owner_kind == str(kind), is_among(_h.owner_id, str(kind))) for kind in OwnerKind)),
        _h.on_date.between(bindparam("first"), bindparam("last")),
    )
    .order_by(_h.on_date, _h.start_minute)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Painting:
    """What was painted on some dates. `version` 0: this owner never painted anything."""

    version: int
    hours: tuple[Painted, ...]


class PaintedHours:
    """On any engine of `server.storage`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def find(self, owner: Owner, first: date, last: date) -> Painting:
        """Of the dates from `first` to `last`, both included."""
        its = and_(_p.owner_kind == str(owner.kind), _p.owner_id == owner.id)
        async with self._database.read() as connection:
            version = (await connection.execute(select(_p.version).where(its))).scalar_one_or_none()
        hours = (await self.of_many([owner], first, last)).get(owner, ())
        return Painting(version=version or 0, hours=hours)

    async def of_many(self, owners: Collection[Owner], first: date, last: date) -> dict[Owner, tuple[Painted, ...]]:
        """One query; owners who painted nothing there are left out."""
        if not owners:
            return {}
        values: dict[str, object] = {str(kind): [one.id for one in owners if one.kind is kind] for kind in OwnerKind}
        async with self._database.read() as connection:
            rows = (await connection.execute(_OF_MANY, {**values, "first": first, "last": last})).all()
        found: dict[Owner, list[Painted]] = {}
        for row in rows:
            found.setdefault(Owner(OwnerKind(row.owner_kind), row.owner_id), []).append(
                Painted(
                    on=row.on_date,
                    start_minute=row.start_minute,
                    end_minute=row.end_minute,
                    state=PaintState(row.state),
                )
            )
        return {owner: tuple(hours) for owner, hours in found.items()}

    async def put(
        self, owner: Owner, hours: Iterable[Painted], dates: Collection[date], *, version: int, by: AccountId | None
    ) -> None:
        """`hours` are all that is painted on `dates` from now on; other dates stay as they are.

        `version`: the one that was changed. Raises Conflict when another change came between.
        """
        rows = [_row(owner, one) for one in hours]
        if any(row["on_date"] not in dates for row in rows):
            raise ValueError("an hour of a date that is not changed")
        values = {"version": version + 1, "changed_by": by, "changed_at": self._clock.now()}
        key = {"owner_kind": str(owner.kind), "owner_id": owner.id}
        its = and_(_p.owner_kind == str(owner.kind), _p.owner_id == owner.id, _p.version == version)
        theirs = and_(_h.owner_kind == str(owner.kind), _h.owner_id == owner.id)
        try:
            async with self._database.write() as connection:
                if version == 0:
                    await connection.execute(insert(painting_table), {**key, **values})
                elif (await connection.execute(update(painting_table).where(its).values(**values))).rowcount != 1:
                    raise Conflict(ErrorCode.CONFLICT, f"painted hours of {owner.id}")
                await connection.execute(delete(painted_hour_table).where(theirs, _h.on_date.in_(sorted(dates))))
                if rows:
                    await connection.execute(insert(painted_hour_table), rows)
        except IntegrityError as error:
            raise Conflict(ErrorCode.CONFLICT, f"painted hours of {owner.id}") from error


def _row(owner: Owner, one: Painted) -> dict[str, object]:
    return {
        "owner_kind": str(owner.kind),
        "owner_id": owner.id,
        "on_date": one.on,
        "start_minute": one.start_minute,
        "end_minute": one.end_minute,
        "state": str(one.state),
    }
