"""Nobody is in two agreed lessons at once, whoever agrees in the same instant and through whichever process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import AsyncConnection

from server.errors import Conflict, ErrorCode, TongchuangError
from server.ids import AccountId, ClassGroupId
from server.lessons import (
    Lesson,
    LessonChanges,
    LessonMails,
    LessonService,
    LessonState,
    SqlLessonRepository,
)
from server.lessons.booking import AGREED
from server.lessons.series import Series, SeriesRepository, new_series_id
from server.lessons.series_service import SeriesService
from server.outbox import OutboxRepository
from server.storage import Database, database_url_for
from tests.contract.storage.conftest import ENGINES
from tests.fakes.clock import FakeClock
from tests.fakes.directory import FakeDirectory
from tests.fakes.lessons import CHEN, LIN, ORTEGA, TAIPEI_CLASS, make_lesson

# A hang guard; what is waited for takes milliseconds.
PATIENCE_S = 60.0
NOW = datetime(2026, 10, 5, 3, tzinfo=UTC)


class OneProcess(Database):
    """A process of its own, as far as a database can tell: `knocked` when it begins to write, `go` lets it commit."""

    def __init__(self, url: URL) -> None:
        super().__init__(url)
        self.knocked, self.is_done, self.go = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.go.set()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        self.knocked.set()
        async with super().write() as connection:
            yield connection
            self.is_done.set()
            await asyncio.wait_for(self.go.wait(), PATIENCE_S)


@pytest.fixture(params=ENGINES)
def engine_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def processes(database: Database, migrated_url: str, tmp_path: Path) -> AsyncIterator[list[OneProcess]]:
    """`database` empties what the two have written."""
    two = [OneProcess(database_url_for(tmp_path, migrated_url)) for _ in range(2)]
    yield two
    for one in two:
        await one.close()


def with_others(lesson_id: str, **changes: Any) -> Lesson:
    """At the time of `make_lesson`, with people and classes of its own."""
    a, b = make_lesson().sides
    sides = (
        replace(a, class_group_id=ClassGroupId("cg_other_a"), lead=AccountId("ac_other_a")),
        replace(b, class_group_id=ClassGroupId("cg_other_b"), lead=AccountId("ac_other_b")),
    )
    return make_lesson(lesson_id, **{"sides": sides, **changes})


def agreed(lesson: Lesson) -> Lesson:
    return replace(lesson, state=LessonState.CONFIRMED, version=lesson.version + 1)


async def result_of(work: asyncio.Task[None]) -> ErrorCode | None:
    try:
        await asyncio.wait_for(work, PATIENCE_S)
    except TongchuangError as error:
        return error.code
    return None


async def until_it_waits(database: Database, engine_name: str, second: OneProcess, work: asyncio.Task[None]) -> None:
    """Until the second stands before a lock; or has come through, which the caller then sees."""
    await asyncio.wait_for(second.knocked.wait(), PATIENCE_S)
    if engine_name == "sqlite":
        # It asks for the only write lock now, or is about to; which of them makes no difference to what it may see.
        return
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    async with asyncio.timeout(PATIENCE_S):
        while not work.done():
            async with database.read() as connection:
                if (await connection.execute(waiting)).scalar_one():
                    return
            await asyncio.sleep(0.01)


def what_they_share() -> Sequence[Lesson]:
    a, b = with_others("le_two").sides
    return (
        with_others("le_two", sides=(replace(a, class_group_id=TAIPEI_CLASS), b)),
        with_others("le_two", sides=(a, replace(b, lead=ORTEGA))),
        # The other way round, and only its last minute.
        with_others("le_two", sides=(replace(a, lead=LIN), b), start=time(8, 1)),
    )


@pytest.mark.parametrize("second_lesson", what_they_share(), ids=["class", "lead", "a-minute"])
async def test_of_two_agreed_in_the_same_instant_one_is_refused(
    database: Database, processes: list[OneProcess], engine_name: str, second_lesson: Lesson
) -> None:
    """The first has looked, and written, and is not committed when the second looks."""
    first, second = processes
    stores = [SqlLessonRepository(one) for one in processes]
    lessons = [make_lesson(), second_lesson]
    for lesson in lessons:
        await SqlLessonRepository(database).add(lesson)
    first.go.clear()
    works = [asyncio.create_task(stores[0].save(agreed(lessons[0]), takes_hour=True))]
    await asyncio.wait_for(first.is_done.wait(), PATIENCE_S)
    works.append(asyncio.create_task(stores[1].save(agreed(lessons[1]), takes_hour=True)))
    await until_it_waits(database, engine_name, second, works[1])
    first.go.set()
    assert [await result_of(work) for work in works] == [None, ErrorCode.LESSON_DOUBLE_BOOKED]
    stored = await SqlLessonRepository(database).find(second_lesson.id)
    assert stored == second_lesson


async def test_who_shares_nothing_is_agreed_after_a_short_wait(
    database: Database, processes: list[OneProcess], engine_name: str
) -> None:
    first, second = processes
    lessons = [make_lesson(), with_others("le_two")]
    for lesson in lessons:
        await SqlLessonRepository(database).add(lesson)
    first.go.clear()
    works = [asyncio.create_task(SqlLessonRepository(first).save(agreed(lessons[0]), takes_hour=True))]
    await asyncio.wait_for(first.is_done.wait(), PATIENCE_S)
    works.append(asyncio.create_task(SqlLessonRepository(second).save(agreed(lessons[1]), takes_hour=True)))
    await until_it_waits(database, engine_name, second, works[1])
    first.go.set()
    assert [await result_of(work) for work in works] == [None, None]


async def test_a_refusal_leaves_the_hour_to_the_next(processes: list[OneProcess]) -> None:
    """What was rolled back holds nothing."""
    store = SqlLessonRepository(processes[0])
    lesson = make_lesson()
    await store.add(lesson)
    with pytest.raises(Conflict):
        await store.save(replace(agreed(lesson), version=7), takes_hour=True)
    await SqlLessonRepository(processes[1]).save(agreed(lesson), takes_hour=True)


def services(database: Database) -> tuple[LessonService, SeriesService]:
    directory, clock, store = FakeDirectory(), FakeClock(NOW), SqlLessonRepository(database)
    mails = LessonMails(directory, "https://class.example")
    changes = LessonChanges(lessons=store, directory=directory, clock=clock, mails=mails)
    lessons = LessonService(lessons=store, directory=directory, clock=clock, changes=changes)
    series = SeriesService(
        lessons=lessons,
        series=SeriesRepository(database),
        letters=OutboxRepository(database),
        directory=directory,
        clock=clock,
        origin="https://class.example",
    )
    return lessons, series


def clashes(lessons: Sequence[Lesson]) -> list[tuple[str, str]]:
    """Written once more, in other words than the code under test: pairs of agreed lessons that share somebody."""
    kept = [lesson for lesson in lessons if lesson.state in AGREED]
    return [
        (one.id, other.id)
        for number, one in enumerate(kept)
        for other in kept[:number]
        if max(one.starts_at, other.starts_at) < min(one.ends_at, other.ends_at)
        and (
            {one.sides[0].class_group_id, one.sides[0].lead, one.sides[1].class_group_id, one.sides[1].lead}
            & {other.sides[0].class_group_id, other.sides[0].lead, other.sides[1].class_group_id, other.sides[1].lead}
        )
    ]


async def test_of_two_series_accepted_at_once_each_hour_goes_to_one(
    database: Database, processes: list[OneProcess]
) -> None:
    """Six weeks at the same hour, proposed by two teachers of one school; accepted through two processes."""
    store, ids = SqlLessonRepository(database), []
    for name, lead in (("one", LIN), ("two", CHEN)):
        lessons = []
        for week in range(6):
            base = make_lesson(f"le_{name}_{week}", date=date(2026, 10, 20) + timedelta(weeks=week))
            lessons.append(replace(base, sides=(replace(base.sides[0], lead=lead), base.sides[1])))
            await store.add(lessons[-1])
        series = Series(
            id=new_series_id(),
            anchor="a",
            every_weeks=1,
            created_by=lead,
            created_at=NOW,
            lessons=tuple(lesson.id for lesson in lessons),
        )
        await SeriesRepository(database).add(series)
        ids.append(series.id)
    accepting = [services(one)[1].confirm_all(its, by=ORTEGA) for one, its in zip(processes, ids, strict=True)]
    (done, failed), (others_done, others_failed) = await asyncio.wait_for(asyncio.gather(*accepting), PATIENCE_S)
    stored = await store.in_states(list(LessonState))
    assert clashes(stored) == []
    assert done + others_done == 6
    assert len(failed) + len(others_failed) == 6
    assert {one.error.code for one in (*failed, *others_failed)} == {ErrorCode.LESSON_DOUBLE_BOOKED}
    assert len([lesson for lesson in stored if lesson.state is LessonState.CONFIRMED]) == 6


async def test_a_lead_who_is_elsewhere_then_is_not_handed_an_agreed_lesson(processes: list[OneProcess]) -> None:
    store, (lessons, _) = SqlLessonRepository(processes[0]), services(processes[0])
    a, b = make_lesson().sides
    await store.add(make_lesson(state=LessonState.CONFIRMED, sides=(replace(a, co_teachers=(CHEN,)), b)))
    busy = with_others("le_two", state=LessonState.CONFIRMED)
    await store.add(replace(busy, sides=(replace(busy.sides[0], lead=CHEN), busy.sides[1])))
    with pytest.raises(Conflict) as caught:
        await lessons.hand_over_lead(make_lesson().id, CHEN, by=LIN)
    assert caught.value.code is ErrorCode.LESSON_DOUBLE_BOOKED
