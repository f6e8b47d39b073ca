"""Private calendars, answer links, series and school files do the same on every engine."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import icalendar
import pytest

from server.errors import Conflict, NotFound
from server.ids import AccountId, ClassGroupId, LessonId, SchoolId, StudentId
from server.lessons import LessonState, SqlLessonRepository
from server.lessons.answer_links import AnswerLinks, LinkState
from server.lessons.feed import CalendarFeeds
from server.lessons.school_file import SchoolFiles
from server.lessons.series import Series, SeriesRepository, new_series_id
from server.lessons.term_records import ClockChoice, TermNote, TermRecords
from server.pair import LocalizedText, Side
from server.people import Account, ClassGroup, School, Student
from server.storage import Database
from tests.contract.storage.conftest import ENGINES
from tests.fakes.clock import FakeClock
from tests.fakes.lessons import LIN, ORTEGA, TAIPEI, TUCSON, make_lesson

NOW = datetime(2026, 10, 5, 3, tzinfo=UTC)


@pytest.fixture(params=ENGINES)
def engine_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def lessons(database: Database) -> SqlLessonRepository:
    return SqlLessonRepository(database)


class Directory:
    """Lin of Taipei, who may be disabled by the test."""

    def __init__(self) -> None:
        self.lin = Account(
            id=LIN,
            school_id=TAIPEI,
            email="lin@example.org",
            name=LocalizedText("Ms. Lin", "林老師"),
            language="zh-Hant-TW",
            roles=frozenset(),
            has_password=True,
        )

    async def accounts(self, ids: Collection[AccountId]) -> Mapping[AccountId, Account]:
        return {LIN: self.lin} if LIN in ids else {}

    async def schools(self, ids: Collection[SchoolId]) -> Mapping[SchoolId, School]:
        taipei = School(
            id=TAIPEI,
            side=Side.TAIWAN,
            name=LocalizedText("T", "晨光國小"),
            place=LocalizedText("Taipei", "臺北"),
            zone="Asia/Taipei",
            language="zh-Hant-TW",
        )
        tucson = replace(taipei, id=TUCSON, place=LocalizedText("Tucson", "土桑"), zone="America/Phoenix")
        return {school.id: school for school in (taipei, tucson) if school.id in ids}

    async def class_groups(self, ids: Collection[ClassGroupId]) -> Mapping[ClassGroupId, ClassGroup]:
        return {}

    async def is_authorised(self, class_group_id: ClassGroupId) -> bool:
        return False

    async def students(self, class_group_id: ClassGroupId) -> tuple[Student, ...]:
        return ()

    async def find_student(self, student_id: StudentId) -> Student | None:
        return None


@pytest.fixture
def directory() -> Directory:
    return Directory()


@pytest.fixture
def feeds(database: Database, lessons: SqlLessonRepository, directory: Directory, clock: FakeClock) -> CalendarFeeds:
    return CalendarFeeds(database, lessons, directory, clock, origin="https://class.example.org")


async def test_a_private_address_shows_ones_own_lessons_with_both_clocks(
    feeds: CalendarFeeds, lessons: SqlLessonRepository
) -> None:
    await lessons.add(make_lesson())
    await lessons.add(make_lesson("le_other", sides=_led_by_others()))
    file = await feeds.file(await feeds.make(LIN))
    calendar = icalendar.Calendar.from_ical(file.content)
    (event,) = calendar.events
    assert event.start == datetime(2026, 10, 20, 0, 40, tzinfo=UTC)
    assert str(event["SUMMARY"]) == "兩地晨光"
    assert event["STATUS"] == "TENTATIVE"
    assert "臺北" in str(event["DESCRIPTION"])
    assert "土桑" in str(event["DESCRIPTION"])


def _led_by_others() -> object:
    a, b = make_lesson().sides
    return (replace(a, lead=AccountId("ac_else")), b)


async def test_an_unchanged_calendar_has_the_same_etag_and_a_changed_one_another(
    feeds: CalendarFeeds, lessons: SqlLessonRepository
) -> None:
    lesson = make_lesson()
    await lessons.add(lesson)
    token = await feeds.make(LIN)
    first = await feeds.file(token)
    assert (await feeds.file(token)).etag == first.etag
    await lessons.save(replace(lesson, version=2, state=LessonState.CANCELLED))
    after = await feeds.file(token)
    assert after.etag != first.etag
    (event,) = icalendar.Calendar.from_ical(after.content).events
    assert (event["STATUS"], event["SEQUENCE"]) == ("CANCELLED", 1)


async def test_a_new_address_ends_the_old_and_ending_it_ends_all(feeds: CalendarFeeds, directory: Directory) -> None:
    old = await feeds.make(LIN)
    new = await feeds.make(LIN)
    assert await feeds.made_at(LIN) == NOW
    await feeds.file(new)
    with pytest.raises(NotFound):
        await feeds.file(old)
    directory.lin = replace(directory.lin, disabled_at=NOW)
    with pytest.raises(NotFound):
        await feeds.file(new)
    directory.lin = replace(directory.lin, disabled_at=None)
    await feeds.end(LIN)
    await feeds.end(LIN)
    assert await feeds.made_at(LIN) is None
    with pytest.raises(NotFound):
        await feeds.file(new)


@pytest.fixture
def links(database: Database, lessons: SqlLessonRepository, clock: FakeClock) -> AnswerLinks:
    return AnswerLinks(database, lessons, clock)


def _token(path: str) -> str:
    return path.removeprefix("/answer/")


async def test_a_link_answers_once(links: AnswerLinks, lessons: SqlLessonRepository) -> None:
    lesson = make_lesson()
    await lessons.add(lesson)
    token = _token(await links.make(lesson, ORTEGA))
    found = [await links.find(token) for _ in range(3)]
    assert {one.state for one in found} == {LinkState.OPEN}
    assert (found[0].account_id, found[0].version) == (ORTEGA, 1)
    results = await asyncio.gather(*(links.use(token) for _ in range(4)), return_exceptions=True)
    assert sum(not isinstance(one, BaseException) for one in results) == 1
    assert all(isinstance(one, Conflict) for one in results if isinstance(one, BaseException))
    assert (await links.find(token)).state is LinkState.USED
    await links.give_back(token)
    assert (await links.find(token)).state is LinkState.OPEN


async def test_a_link_ends_with_its_time_its_version_and_its_proposal(
    links: AnswerLinks, lessons: SqlLessonRepository, clock: FakeClock
) -> None:
    lesson = make_lesson()
    await lessons.add(lesson)
    token = _token(await links.make(lesson, ORTEGA))
    await lessons.save(replace(lesson, version=2))
    assert (await links.find(token)).state is LinkState.OVERTAKEN
    with pytest.raises(Conflict):
        await links.use(token)
    fresh = _token(await links.make(replace(lesson, version=2), ORTEGA))
    clock.advance(seconds=timedelta(days=21).total_seconds())
    assert (await links.find(fresh)).state is LinkState.EXPIRED
    with pytest.raises(NotFound):
        await links.find("nothing")


async def test_a_link_never_outlives_the_start_of_its_lesson(
    links: AnswerLinks, lessons: SqlLessonRepository, clock: FakeClock
) -> None:
    lesson = make_lesson()
    await lessons.add(lesson)
    token = _token(await links.make(lesson, ORTEGA))
    clock.advance(seconds=(lesson.starts_at - NOW).total_seconds())
    assert (await links.find(token)).state is LinkState.EXPIRED


async def test_a_series_keeps_the_order_of_its_lessons(database: Database, lessons: SqlLessonRepository) -> None:
    repository = SeriesRepository(database)
    ids = [LessonId(f"le_{name}") for name in "zay"]
    for one in ids:
        await lessons.add(make_lesson(one))
    series = Series(id=new_series_id(), anchor="b", every_weeks=2, created_by=LIN, created_at=NOW, lessons=tuple(ids))
    await repository.add(series)
    assert await repository.find(series.id) == series
    assert await repository.find("nothing") is None
    of = await repository.of_lessons([*ids, LessonId("le_alone")])
    assert of == {lesson_id: (series.id, number) for number, lesson_id in enumerate(ids, start=1)}


async def test_a_school_file_is_changed_by_one_at_a_time(database: Database, clock: FakeClock) -> None:
    files = SchoolFiles(database, clock)
    assert await files.find(TAIPEI) is None
    await files.put(TAIPEI, "school: a", version=0, by=LIN)
    with pytest.raises(Conflict):
        await files.put(TAIPEI, "school: b", version=0, by=ORTEGA)
    await files.put(TAIPEI, "school: c", version=1, by=None)
    with pytest.raises(Conflict):
        await files.put(TAIPEI, "school: d", version=1, by=None)
    found = await files.find(TAIPEI)
    assert found is not None
    assert (found.text, found.version, found.changed_by, found.changed_at) == ("school: c", 2, None, NOW)


async def test_what_is_written_on_a_term_sheet_replaces_what_was_and_goes_with_its_series(
    database: Database, lessons: SqlLessonRepository, engine_name: str
) -> None:
    await lessons.add(make_lesson())
    series = Series(
        id=new_series_id(), anchor="a", every_weeks=1, created_by=LIN, created_at=NOW, lessons=(make_lesson().id,)
    )
    repository, records = SeriesRepository(database), TermRecords(database)
    await repository.add(series)
    monday, changes_at = date(2026, 11, 23), datetime(2026, 11, 1, 9, tzinfo=UTC)
    for text in ("互寄錄影 first", "second"):
        await records.put_note(series.id, TermNote(monday=monday, text=text, by=LIN, at=NOW))
    assert await records.notes(series.id) == {monday: TermNote(monday=monday, text="second", by=LIN, at=NOW)}
    await records.put_note(series.id, TermNote(monday=monday, text="", by=LIN, at=NOW))
    assert await records.notes(series.id) == {}
    first = ClockChoice(changes_at=changes_at, side="a", by=ORTEGA, at=NOW)
    choice = replace(first, side="b")
    for one in (first, choice):
        await records.put_choice(series.id, one)
    assert await records.choices([series.id, "se_other"]) == {(series.id, changes_at): choice}
    assert await records.choices([]) == {}
    await repository.set_anchor(series.id, "b")
    found = await repository.find(series.id)
    assert found is not None
    assert found.anchor == "b"
