"""Lessons in SQL: one transaction per change, guarded by the version."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.errors import Conflict, ErrorCode
from server.ids import AccountId, ClassGroupId, LessonId, SchoolId
from server.lessons.booking import dates_around, require_free
from server.lessons.facts import LessonState
from server.lessons.lesson import Lesson, LessonSide, Mode
from server.lessons.local_time import are_loaded, load_zones
from server.lessons.notice import Notice, NoticeKind
from server.lessons.ports import Done
from server.lessons.tables import adult_table, lesson_table, notice_table, side_table
from server.outbox import Letter, OutboxRepository
from server.pair import LocalizedText
from server.people import AuditLog
from server.storage import Database, is_among

# Any number that no other lock of this database has.
_HOURS_LOCK = 730_202


class SqlLessonRepository:
    """Implements `LessonRepository` on any engine of `server.storage`."""

    def __init__(self, database: Database, audit: AuditLog | None = None) -> None:
        self._database = database
        self._audit = audit
        self._letters = OutboxRepository(database)

    async def find(self, lesson_id: LessonId) -> Lesson | None:
        found = await self._where(lesson_table.c.id == lesson_id)
        return found[0] if found else None

    async def add(
        self, lesson: Lesson, notices: Sequence[Notice] = (), done: Done | None = None, letters: Sequence[Letter] = ()
    ) -> None:
        try:
            async with self._database.write() as connection:
                await connection.execute(insert(lesson_table), {"id": lesson.id, **_values(lesson)})
                await _insert_rows(connection, lesson, notices)
                await self._write_rest(connection, lesson.id, done, letters)
        except IntegrityError as error:
            raise Conflict(ErrorCode.CONFLICT, f"lesson {lesson.id}: {error.orig}") from error

    async def save(
        self,
        lesson: Lesson,
        notices: Sequence[Notice] = (),
        done: Done | None = None,
        letters: Sequence[Letter] = (),
        *,
        takes_hour: bool = False,
    ) -> None:
        before = and_(lesson_table.c.id == lesson.id, lesson_table.c.version == lesson.version - 1)
        async with self._database.write() as connection:
            if takes_hour:
                await self._require_free(connection, lesson)
            updated = await connection.execute(update(lesson_table).where(before).values(**_values(lesson)))
            if updated.rowcount != 1:
                raise Conflict(ErrorCode.LESSON_CHANGED, f"lesson {lesson.id} is no longer {lesson.version - 1}")
            # Why delete first: the same statements on every engine, and adults that left are gone as well.
            await connection.execute(delete(side_table).where(side_table.c.lesson_id == lesson.id))
            await connection.execute(delete(adult_table).where(adult_table.c.lesson_id == lesson.id))
            await _insert_rows(connection, lesson, notices)
            await self._write_rest(connection, lesson.id, done, letters)

    async def _require_free(self, connection: AsyncConnection, lesson: Lesson) -> None:
        """From here to the end of the transaction nobody else takes an hour. Raises Conflict(LESSON_DOUBLE_BOOKED)."""
        # SQLite has one writer at a time, from the beginning of its transaction.
        if connection.dialect.name == "postgresql":
            # Before any row is locked, so that two never wait for one another. Agreeing takes milliseconds.
            await connection.execute(select(func.pg_advisory_xact_lock(_HOURS_LOCK)))
        groups, leads = [side.class_group_id for side in lesson.sides], [side.lead for side in lesson.sides]
        require_free(lesson, await _touching(connection, groups, leads, *dates_around(lesson)))

    async def _write_rest(
        self, connection: AsyncConnection, lesson_id: LessonId, done: Done | None, letters: Sequence[Letter]
    ) -> None:
        await self._letters.put(letters, connection)
        if self._audit is not None and done is not None:
            await self._audit.write(
                done.action,
                lesson_id,
                by=done.by,
                school_id=done.school_id,
                lesson_id=lesson_id,
                detail=done.detail,
                connection=connection,
            )

    async def of_account(self, account_id: AccountId) -> list[Lesson]:
        return await self._where(lesson_table.c.id.in_(_led_by([account_id])))

    async def of_school(self, school_id: SchoolId) -> list[Lesson]:
        its = select(side_table.c.lesson_id).where(side_table.c.school_id == school_id)
        return await self._where(lesson_table.c.id.in_(its))

    async def of_class_group(self, class_group_id: ClassGroupId, first: date, last: date) -> list[Lesson]:
        return await self._where(
            and_(lesson_table.c.id.in_(_held_by([class_group_id])), lesson_table.c.date.between(first, last))
        )

    async def in_states(self, states: Collection[LessonState]) -> list[Lesson]:
        return await self._where(lesson_table.c.state.in_([str(state) for state in states]))

    async def touching(
        self, class_groups: Collection[ClassGroupId], accounts: Collection[AccountId], first: date, last: date
    ) -> list[Lesson]:
        async with self._database.read() as connection:
            return await _touching(connection, class_groups, accounts, first, last)

    async def notices_of(self, account_id: AccountId, *, unread_only: bool = True, limit: int = 50) -> list[Notice]:
        asked = select(notice_table).where(notice_table.c.account_id == account_id)
        if unread_only:
            asked = asked.where(notice_table.c.read_at.is_(None))
        async with self._database.read() as connection:
            rows = (await connection.execute(asked.order_by(notice_table.c.id.desc()).limit(limit))).all()
        return [_notice(row) for row in rows]

    async def mark_read(self, account_id: AccountId, notice_ids: Collection[int], at: datetime) -> None:
        its = and_(
            notice_table.c.account_id == account_id,
            notice_table.c.id.in_(notice_ids),
            notice_table.c.read_at.is_(None),
        )
        async with self._database.write() as connection:
            await connection.execute(update(notice_table).where(its).values(read_at=at))

    async def _where(self, condition: ColumnElement[bool]) -> list[Lesson]:
        async with self._database.read() as connection:
            return await _read(connection, select(lesson_table).where(condition))


_HELD = select(side_table.c.lesson_id).where(is_among(side_table.c.class_group_id, "class_groups"))
_LED = select(adult_table.c.lesson_id).where(is_among(adult_table.c.account_id, "accounts"))
_TOUCHING = select(lesson_table).where(
    lesson_table.c.date.between(bindparam("first"), bindparam("last")),
    lesson_table.c.state != str(LessonState.CANCELLED),
    or_(lesson_table.c.id.in_(_HELD), lesson_table.c.id.in_(_LED)),
)
_SIDES = select(side_table).where(is_among(side_table.c.lesson_id))
_ADULTS = select(adult_table).where(is_among(adult_table.c.lesson_id)).order_by(adult_table.c.position)


async def _read(
    connection: AsyncConnection, query: Select[Any], values: Mapping[str, object] | None = None
) -> list[Lesson]:
    """By start. `query`: of whole rows of lessons."""
    rows = (await connection.execute(query, values)).all()
    if not rows:
        return []
    ids = [row.id for row in rows]
    sides = (await connection.execute(_SIDES, {"ids": ids})).all()
    adults = (await connection.execute(_ADULTS, {"ids": ids})).all()
    zones = {row.zone for row in (*rows, *sides)}
    if not are_loaded(zones):
        await asyncio.to_thread(load_zones, zones)
    sides_of = _grouped(sides)
    adults_of = _grouped(adults)
    lessons = [_lesson(row, sides_of[row.id], adults_of[row.id]) for row in rows]
    return sorted(lessons, key=lambda lesson: (lesson.starts_at, lesson.id))


async def _touching(
    connection: AsyncConnection,
    class_groups: Collection[ClassGroupId],
    accounts: Collection[AccountId],
    first: date,
    last: date,
) -> list[Lesson]:
    values = {"class_groups": list(class_groups), "accounts": list(accounts), "first": first, "last": last}
    return await _read(connection, _TOUCHING, values)


def _grouped(rows: Sequence[Row[Any]]) -> dict[str, list[Row[Any]]]:
    groups: dict[str, list[Row[Any]]] = {}
    for row in rows:
        groups.setdefault(row.lesson_id, []).append(row)
    return groups


def _held_by(class_groups: Collection[ClassGroupId]) -> Any:
    return select(side_table.c.lesson_id).where(side_table.c.class_group_id.in_(class_groups))


def _led_by(accounts: Collection[AccountId]) -> Any:
    return select(adult_table.c.lesson_id).where(adult_table.c.account_id.in_(accounts))


async def _insert_rows(connection: AsyncConnection, lesson: Lesson, notices: Sequence[Notice]) -> None:
    await connection.execute(insert(side_table), [_side_values(lesson, side) for side in lesson.sides])
    await connection.execute(insert(adult_table), [row for side in lesson.sides for row in _adults(lesson, side)])
    if notices:
        await connection.execute(insert(notice_table), [_notice_values(notice) for notice in notices])


def _values(lesson: Lesson) -> dict[str, Any]:
    return {
        "title_en": lesson.title.en,
        "title_zh": lesson.title.zh,
        "state": str(lesson.state),
        "version": lesson.version,
        "anchor": lesson.anchor,
        "date": lesson.date,
        "start": lesson.start,
        "zone": lesson.zone,
        "minutes": lesson.minutes,
        "told_at": lesson.starts_at,
        "adults_needed": lesson.adults_needed,
        "created_by": lesson.created_by,
        "created_at": lesson.created_at,
        "started_at": lesson.started_at,
        "ended_at": lesson.ended_at,
        "closing_note": lesson.closing_note,
        "report": lesson.report,
    }


def _side_values(lesson: Lesson, side: LessonSide) -> dict[str, Any]:
    return {
        "lesson_id": lesson.id,
        "key": side.key,
        "school_id": side.school_id,
        "class_group_id": side.class_group_id,
        "zone": side.zone,
        "confirmed_by": side.confirmed_by,
        "confirmed_at": side.confirmed_at,
        "attendance_signed_by": side.attendance_signed_by,
        "attendance_signed_at": side.attendance_signed_at,
        "mode": str(side.mode),
    }


def _adults(lesson: Lesson, side: LessonSide) -> list[dict[str, Any]]:
    parts = [
        ("lead", side.lead),
        *(("co_teacher", account) for account in side.co_teachers),
        *([("substitute", side.substitute)] if side.substitute else []),
    ]
    return [
        {"lesson_id": lesson.id, "account_id": account, "key": side.key, "part": part, "position": position}
        for position, (part, account) in enumerate(parts)
    ]


def _notice_values(notice: Notice) -> dict[str, Any]:
    return {
        "account_id": notice.account_id,
        "lesson_id": notice.lesson_id,
        "kind": str(notice.kind),
        "at": notice.at,
        "by": notice.by,
        "note": notice.note,
        "read_at": notice.read_at,
    }


def _lesson(row: Row[Any], sides: list[Row[Any]], adults: list[Row[Any]]) -> Lesson:
    a, b = (_side(side, [one for one in adults if one.key == side.key]) for side in sorted(sides, key=lambda s: s.key))
    return Lesson(
        id=LessonId(row.id),
        title=LocalizedText(row.title_en, row.title_zh),
        state=LessonState(row.state),
        version=row.version,
        sides=(a, b),
        anchor=row.anchor,
        date=row.date,
        start=row.start,
        zone=row.zone,
        minutes=row.minutes,
        adults_needed=row.adults_needed,
        created_by=row.created_by,
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        closing_note=row.closing_note,
        report=row.report,
    )


def _side(row: Row[Any], adults: list[Row[Any]]) -> LessonSide:
    def with_part(part: str) -> tuple[AccountId, ...]:
        return tuple(AccountId(adult.account_id) for adult in adults if adult.part == part)

    return LessonSide(
        key=row.key,
        school_id=SchoolId(row.school_id),
        class_group_id=ClassGroupId(row.class_group_id),
        zone=row.zone,
        lead=with_part("lead")[0],
        co_teachers=with_part("co_teacher"),
        substitute=next(iter(with_part("substitute")), None),
        confirmed_by=row.confirmed_by,
        confirmed_at=row.confirmed_at,
        attendance_signed_by=row.attendance_signed_by,
        attendance_signed_at=row.attendance_signed_at,
        mode=Mode(row.mode),
    )


def _notice(row: Row[Any]) -> Notice:
    return Notice(
        id=row.id,
        account_id=AccountId(row.account_id),
        lesson_id=LessonId(row.lesson_id),
        kind=NoticeKind(row.kind),
        at=row.at,
        by=row.by,
        note=row.note,
        read_at=row.read_at,
    )
