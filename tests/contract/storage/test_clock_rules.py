"""A new release of the time-zone database: who is told of which lesson, once, on every engine."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import select, update

from scheduler import Existence
from server.lessons import (
    LessonChanges,
    LessonMails,
    LessonState,
    NoticeKind,
    SqlLessonRepository,
)
from server.lessons.clock_rules import ClockRules
from server.lessons.tables import lesson_table
from server.outbox import Letter, OutboxRepository
from server.people import AuditFilter, AuditLog
from server.storage import Database
from tests.contract.storage.conftest import ENGINES
from tests.fakes.clock import FakeClock
from tests.fakes.directory import FakeDirectory
from tests.fakes.lessons import LIN, ORTEGA, make_lesson

NOW = datetime(2026, 10, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
TOLD = datetime(2026, 10, 20, 0, 40, tzinfo=UTC)


@pytest.fixture(params=ENGINES)
def engine_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Store:
    """Lessons of a platform that is started with one release after another."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = FakeClock(NOW)
        self.audit = AuditLog(database, self.clock)
        self.lessons = SqlLessonRepository(database, self.audit)
        directory = FakeDirectory()
        mails = LessonMails(directory, "https://class.example", organizer="class@school.example")
        self.changes = LessonChanges(lessons=self.lessons, directory=directory, clock=self.clock, mails=mails)

    def rules(self, release: str) -> ClockRules:
        return ClockRules(self.database, self.changes, self.clock, release=release)

    async def told(self, lesson_id: str, at: datetime | None) -> None:
        """As if an earlier release had read its wall time so."""
        async with self.database.write() as connection:
            await connection.execute(update(lesson_table).where(lesson_table.c.id == lesson_id).values(told_at=at))

    async def told_now(self, lesson_id: str) -> datetime | None:
        async with self.database.read() as connection:
            query = select(lesson_table.c.told_at).where(lesson_table.c.id == lesson_id)
            found: datetime | None = (await connection.execute(query)).scalar_one()
        return found

    async def letters(self) -> Sequence[Letter]:
        return [one.letter for one in await OutboxRepository(self.database).page()]


@pytest.fixture
def store(database: Database) -> Store:
    return Store(database)


async def test_the_first_start_remembers_the_release_and_tells_nobody(store: Store) -> None:
    await store.lessons.add(make_lesson())
    await store.told("le_one", None)
    assert await store.rules("2026e").followed() is None
    assert await store.rules("2026e").follow() == []
    assert await store.rules("2026e").followed() == "2026e"
    assert await store.told_now("le_one") == TOLD, "lessons of before are filled in"
    assert await store.letters() == []


async def test_a_release_that_moves_a_lesson_tells_both_leads_once(store: Store) -> None:
    await store.lessons.add(make_lesson(state=LessonState.CONFIRMED))
    await store.lessons.add(make_lesson("le_same", date=date(2026, 10, 27)))
    await store.rules("2026e").follow()
    await store.told("le_one", TOLD + HOUR)
    (moved,) = await store.rules("2026f").follow()
    assert (moved.lesson.id, moved.lesson.start_at, moved.start_at) == ("le_one", TOLD + HOUR, TOLD)
    lesson = await store.changes.get(make_lesson().id)
    assert (lesson.version, lesson.state) == (2, LessonState.CONFIRMED), "the same agreement, a new SEQUENCE"
    assert await store.told_now("le_one") == TOLD
    letters = await store.letters()
    assert {one.to for one in letters} == {"ac_lin@example.edu", "ac_ortega@example.edu"}
    assert all(one.calendar is not None and "SEQUENCE:1\r\n" in one.calendar.content for one in letters)
    for reader in (LIN, ORTEGA):
        assert [one.kind for one in await store.lessons.notices_of(reader)] == [NoticeKind.CLOCK_RULES]
    entries = (await store.audit.read(AuditFilter())).entries
    assert [one.action for one in entries] == ["lesson.follow_clock_rules"]
    assert await store.rules("2026f").follow() == []
    assert len(await store.letters()) == 2


async def test_looking_tells_nobody(store: Store) -> None:
    await store.lessons.add(make_lesson())
    await store.told("le_one", TOLD - HOUR)
    assert [one.lesson.id for one in await store.rules("2026f").moved()] == ["le_one"]
    assert await store.letters() == []
    assert await store.rules("2026f").followed() is None


async def test_the_past_and_the_cancelled_are_left_alone(store: Store) -> None:
    past = make_lesson("le_past", state=LessonState.REPORTED, date=date(2026, 9, 1))
    await store.lessons.add(past)
    await store.lessons.add(make_lesson("le_gone", state=LessonState.CANCELLED))
    for lesson_id in ("le_past", "le_gone"):
        await store.told(lesson_id, TOLD + HOUR)
    assert await store.rules("2026f").follow() == []


async def test_a_wall_time_that_now_occurs_twice_is_told_too(store: Store) -> None:
    night = make_lesson(anchor="b", zone="America/Los_Angeles", date=date(2026, 11, 1), start=time(1, 30))
    await store.lessons.add(night)
    (moved,) = await store.rules("2026f").follow()
    assert moved.existence is Existence.FOLD


async def test_two_processes_at_once_tell_once(store: Store) -> None:
    await store.lessons.add(make_lesson(state=LessonState.CONFIRMED))
    await store.told("le_one", TOLD + HOUR)
    await asyncio.gather(*(store.rules("2026f").follow() for _ in range(2)))
    assert (await store.changes.get(make_lesson().id)).version == 2
    assert len(await store.letters()) == 2
