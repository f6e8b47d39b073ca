"""The demo in a database: written once, found again at every start, cleared of what nobody held."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduler import Query, all_slots
from server.demo_data import write_demo_data
from server.demo_data.hours import SERIES_LESSONS
from server.ids import AccountId, ClassGroupId, LessonId
from server.lessons import (
    ClassHours,
    Lesson,
    LessonState,
    SqlLessonRepository,
    build_lessons,
    hours_of,
    wall_time,
)
from server.people import build_people
from server.storage import Database, database_url_for, migrate
from tests.fakes.clock import FakeClock
from tests.fakes.quick_hasher import QuickHasher

NOW = datetime(2026, 11, 22, 19, 7, tzinfo=UTC)
S = LessonState


@pytest.fixture
def url(tmp_path: Path) -> Path:
    migrate(database_url_for(tmp_path, ""))
    return tmp_path


@pytest.fixture
async def database(url: Path) -> AsyncIterator[Database]:
    database = Database(database_url_for(url, ""))
    yield database
    await database.close()


async def test_a_second_start_changes_nothing(database: Database) -> None:
    clock = FakeClock(NOW)
    await write_demo_data(database, clock)
    repository = SqlLessonRepository(database)
    first = await repository.in_states(list(S))
    assert len(first) == 8 + SERIES_LESSONS
    clock.advance(seconds=20 * 60)
    await write_demo_data(database, clock)
    assert await repository.in_states(list(S)) == first


async def test_there_is_always_one_that_begins_soon_and_the_untouched_one_goes(database: Database) -> None:
    clock = FakeClock(NOW)
    people = build_people(database, clock, is_demo=True, hasher=QuickHasher())
    lessons = build_lessons(database, people, clock).lessons
    await write_demo_data(database, clock)
    clock.advance(seconds=3 * 3600)
    await write_demo_data(database, clock)
    soon = [one for one in await lessons.of_account(AccountId("ac_demo_lin")) if one.id.startswith("le_demo_typhoon_")]
    assert len(soon) == 1
    held = soon[0]
    assert timedelta() < held.starts_at - clock.now() < timedelta(minutes=16)
    await lessons.open_lobby(held.id, by=None)
    await lessons.start(held.id, by=None)
    await lessons.end(held.id, by=None)
    clock.advance(seconds=3 * 3600)
    await write_demo_data(database, clock)
    soon = [one for one in await lessons.of_account(AccountId("ac_demo_lin")) if one.id.startswith("le_demo_typhoon_")]
    assert [one.state for one in soon] == [S.ENDED, S.CONSENT_CHECKED], "what somebody held stays"
    clock.advance(seconds=31 * 24 * 3600)
    await write_demo_data(database, clock)
    planned = await lessons.in_states([S.PROPOSED, S.CONFIRMED, S.CONSENT_CHECKED])
    assert len([one for one in planned if not one.id.startswith("le_demo_letters_")]) == 5
    alone = [one for one in planned if not one.id.startswith("le_demo_letters_")]
    assert all(one.starts_at > clock.now() for one in alone)
    assert all(one.starts_at > clock.now() - timedelta(days=30) for one in await lessons.in_states(list(S)))
    await people.close()


async def test_sign_in_needs_no_password_for_the_demo_and_only_for_it(database: Database) -> None:
    clock = FakeClock(NOW)
    await write_demo_data(database, clock)
    people = build_people(database, clock, is_demo=True, hasher=QuickHasher())
    keys = {account.id for account in await people.accounts.demo_accounts()}
    assert {"ac_demo_lin", "ac_demo_ortega", "ac_demo_chiu", "ac_demo_it"} <= keys
    real = build_people(database, clock, is_demo=False, hasher=QuickHasher())
    assert await real.accounts.demo_accounts() == ()
    assert not await real.accounts.has_administrator(), "who tried the demo first can still set up a school"
    await people.close()
    await real.close()


def not_offered(lessons: list[Lesson], classes: Mapping[ClassGroupId, ClassHours]) -> list[LessonId]:
    """By the search itself."""
    wrong = []
    for lesson in lessons:
        a, b = (hours_of(classes[side.class_group_id]).party for side in lesson.sides)
        on = wall_time(lesson.starts_at, a.school.zone).date
        slots = all_slots(Query(a=a, b=b, from_on=on, weeks=1, minutes=lesson.minutes))
        if not any(slot.first_start_at <= lesson.starts_at <= slot.last_start_at for slot in slots):
            wrong.append(lesson.id)
    return wrong


@pytest.mark.parametrize("now", [NOW, datetime(2027, 2, 1, 5, tzinfo=UTC), datetime(2027, 7, 20, 5, tzinfo=UTC)])
async def test_the_lessons_of_the_pairs_come_from_the_scheduler(database: Database, now: datetime) -> None:
    """In term and in the breaks: each stands at an hour that both classes offer, on a school day of both."""
    clock = FakeClock(now)
    people = build_people(database, clock, is_demo=True, hasher=QuickHasher())
    house = build_lessons(database, people, clock)
    await write_demo_data(database, clock)
    lessons = [one for one in await house.lessons.in_states(list(S)) if not one.id.startswith("le_demo_typhoon_")]
    groups = {side.class_group_id for one in lessons for side in one.sides}
    classes = await house.classes.hours(groups, with_agreed=False)
    wrong = await asyncio.to_thread(not_offered, lessons, classes)
    assert all(one.startswith("le_demo_letters_") for one in wrong)
    assert len(wrong) == 1, "the series has one exception to be seen"
    await people.close()


@pytest.mark.parametrize("days_before", [12, 40])
async def test_the_series_crosses_a_clock_change_and_shows_banner_and_exception(
    database: Database, days_before: int
) -> None:
    changes_at = datetime(2027, 3, 14, 10, tzinfo=UTC)
    clock = FakeClock(changes_at - timedelta(days=days_before))
    people = build_people(database, clock, is_demo=True, hasher=QuickHasher())
    house = build_lessons(database, people, clock)
    await write_demo_data(database, clock)
    view = await house.series.view("se_demo_letters_20270314")
    assert len(view.lessons) == SERIES_LESSONS
    (notice,) = house.terms.notices(view)
    assert (notice.changes_at, notice.side, notice.stays) == (changes_at, "b", "a")
    assert notice.is_due(clock.now()) is (days_before == 12)
    # Those before today were held, with an attendance; the others can be entered when their time comes.
    for lesson in view.lessons:
        assert lesson.state is (S.ENDED if lesson.ends_at < clock.now() else S.CONFIRMED)
    term = await house.terms.plan(view)
    assert term is not None
    (broken,) = [lesson for lesson in term.plan.lessons if lesson.problem]
    assert broken.replacements
    assert [move.number for move in term.smallest.moves] == [broken.number]
    await people.close()


async def test_a_confirmed_lesson_of_the_demo_opens_in_the_classroom(database: Database) -> None:
    clock = FakeClock(NOW)
    people = build_people(database, clock, is_demo=True, hasher=QuickHasher())
    service = build_lessons(database, people, clock).lessons
    await write_demo_data(database, clock)
    lesson = next(one for one in await service.in_states([S.CONFIRMED]) if one.id.startswith("le_demo_breakfast_"))
    clock.advance(seconds=(lesson.starts_at - clock.now()).total_seconds() - 600)
    await service.check_consent(lesson.id, by=lesson.sides[0].lead)
    await service.open_lobby(lesson.id, by=lesson.sides[1].lead)
    assert (await service.start(lesson.id, by=lesson.sides[0].lead)).state is S.LIVE
    await people.close()
