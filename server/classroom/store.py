"""The events of all rooms in SQL: one command is one transaction, and what was acknowledged was committed.

Two processes may write to one lesson: each reads what the other added before it decides, and the primary key
(lesson, seq) lets only one of two simultaneous commands have a place; the other decides again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, TypeAdapter
from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.classroom import tables as t
from server.classroom.apply import fold
from server.classroom.events import Event, LessonChanged, Recorded
from server.classroom.model import State
from server.errors import ErrorCode, Unavailable
from server.ids import LessonId, PersonId
from server.storage import Database

# Each attempt fails only because another one got through: far more than processes write to one lesson at once.
_ATTEMPTS = 50

# `kind` tells which of them it is.
_EVENT: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="kind")])

Decide = Callable[[State], tuple[Event, ...]]
# More to be written in the same transaction, with what was just recorded.
Also = Callable[[AsyncConnection, State, Sequence[Recorded]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Written:
    """`missed`: what others had added before; `added`: by this command. The states after each."""

    missed: tuple[Recorded, ...]
    added: tuple[Recorded, ...]
    state: State


class EventStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, lesson_id: LessonId, after_seq: int) -> tuple[Recorded, ...]:
        async with self._database.read() as connection:
            return await _read(connection, lesson_id, after_seq)

    async def write(
        self,
        lesson_id: LessonId,
        known: State,
        decide: Decide,
        *,
        by: PersonId | None,
        at: datetime,
        also: Also | None = None,
    ) -> Written:
        """Whatever `decide` raises goes on to the caller, and nothing is written then."""
        for _ in range(_ATTEMPTS):
            try:
                async with self._database.write() as connection:
                    missed = await _read(connection, lesson_id, known.seq)
                    before = fold(known, missed)
                    added = tuple(
                        Recorded(seq=before.seq + number, at=at, by=by, event=event)
                        for number, event in enumerate(decide(before), start=1)
                    )
                    if added:
                        await _add(connection, lesson_id, added)
                        if also is not None:
                            await also(connection, before, added)
            except IntegrityError:
                continue
            return Written(missed, added, fold(before, added))
        raise Unavailable(ErrorCode.DATABASE_UNUSABLE, f"lesson {lesson_id}: no place for an event")

    async def newest(self, lesson_ids: Iterable[LessonId]) -> dict[LessonId, int]:
        """The last seq of each; what has no events is not in the answer."""
        newest = (
            select(t.event.c.lesson_id, func.max(t.event.c.seq))
            .where(t.event.c.lesson_id.in_(list(lesson_ids)))
            .group_by(t.event.c.lesson_id)
        )
        async with self._database.read() as connection:
            return {LessonId(lesson_id): seq for lesson_id, seq in (await connection.execute(newest)).all()}

    async def open_lessons(self) -> tuple[LessonId, ...]:
        async with self._database.read() as connection:
            found = await connection.execute(select(t.classroom.c.lesson_id).where(t.classroom.c.is_open))
            return tuple(LessonId(lesson_id) for lesson_id in found.scalars())

    async def close(self, lesson_id: LessonId) -> None:
        """Nobody has to look after it any more: the lesson itself is not there."""
        async with self._database.write() as connection:
            closed = update(t.classroom).where(t.classroom.c.lesson_id == lesson_id).values(is_open=False)
            await connection.execute(closed)

    # -- app processes

    async def beat(self, instance: str, now: datetime, dead_before: datetime) -> None:
        """This process is alive; those not heard of since `dead_before` are forgotten."""
        async with self._database.write() as connection:
            await connection.execute(
                delete(t.instance).where((t.instance.c.id == instance) | (t.instance.c.seen_at < dead_before))
            )
            await connection.execute(insert(t.instance), {"id": instance, "seen_at": now})

    async def instances(self) -> frozenset[str]:
        async with self._database.read() as connection:
            return frozenset((await connection.execute(select(t.instance.c.id))).scalars())

    async def forget(self, instance: str) -> None:
        async with self._database.write() as connection:
            await connection.execute(delete(t.instance).where(t.instance.c.id == instance))


async def _read(connection: AsyncConnection, lesson_id: LessonId, after_seq: int) -> tuple[Recorded, ...]:
    rows = select(t.event).where(t.event.c.lesson_id == lesson_id, t.event.c.seq > after_seq).order_by(t.event.c.seq)
    return tuple(_recorded(row) for row in (await connection.execute(rows)).all())


async def _add(connection: AsyncConnection, lesson_id: LessonId, added: Sequence[Recorded]) -> None:
    await connection.execute(insert(t.event), [_values(lesson_id, recorded) for recorded in added])
    for recorded in added:
        if isinstance(recorded.event, LessonChanged):
            lesson = recorded.event.lesson
            await connection.execute(delete(t.classroom).where(t.classroom.c.lesson_id == lesson_id))
            is_open = lesson.is_open or lesson.is_early
            await connection.execute(insert(t.classroom), {"lesson_id": lesson_id, "is_open": is_open})


def _values(lesson_id: LessonId, recorded: Recorded) -> dict[str, Any]:
    payload = _EVENT.dump_python(recorded.event, mode="json")
    del payload["kind"]
    return {
        "lesson_id": lesson_id,
        "seq": recorded.seq,
        "at": recorded.at,
        "kind": recorded.event.kind,
        "actor": recorded.by,
        "payload": payload,
    }


def _recorded(row: Row[Any]) -> Recorded:
    event = _EVENT.validate_python({**row.payload, "kind": row.kind})
    return Recorded(seq=row.seq, at=row.at, by=None if row.actor is None else PersonId(row.actor), event=event)
