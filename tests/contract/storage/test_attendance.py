"""What every store of attendance does alike."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from server.ids import LessonId, PersonId
from server.lessons import Correction, Done, Interval, LessonState, SqlLessonRepository
from server.lessons.attendance import LeftBy, Presence
from server.lessons.attendance_repository import AttendanceRepository, SqlAttendanceRepository
from server.lessons.presence_log import Joined, Left, RoomStarted
from server.people import AuditFilter, AuditLog
from server.storage import Database
from tests.contract.storage.conftest import ENGINES
from tests.fakes.attendance import MemoryAttendanceRepository
from tests.fakes.clock import FakeClock
from tests.fakes.lessons import LIN, make_lesson

AT = datetime(2026, 10, 20, 0, 40, tzinfo=UTC)
ONE, TWO = LessonId("le_one"), LessonId("le_two")
DONE = Done(action="attendance.correct", by=LIN)


@pytest.fixture(params=["memory", *ENGINES])
def engine_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def its_database(engine_name: str, request: pytest.FixtureRequest) -> Database | None:
    return None if engine_name == "memory" else request.getfixturevalue("database")


@pytest.fixture
async def attendance(its_database: Database | None) -> AttendanceRepository:
    if its_database is None:
        return MemoryAttendanceRepository([ONE, TWO])
    lessons = SqlLessonRepository(its_database)
    for lesson_id in (ONE, TWO):
        await lessons.add(make_lesson(lesson_id, LessonState.LIVE))
    return SqlAttendanceRepository(its_database)


def presence(sid: str, lesson_id: LessonId = ONE, left_at: datetime | None = None, minute: int = 0) -> Presence:
    return Presence(
        lesson_id=lesson_id,
        sid=sid,
        person=PersonId("pupil-st_1"),
        room_sid="RM_1",
        joined_at=AT + timedelta(minutes=minute),
        left_at=left_at,
        left_by=LeftBy.TOLD if left_at else None,
        is_interrupted=left_at is not None,
    )


async def test_a_word_is_taken_once(attendance: AttendanceRepository) -> None:
    assert await attendance.take(ONE, Joined(presence=presence("a")), event_id="EV_1", at=AT)
    assert not await attendance.take(ONE, Joined(presence=presence("b")), event_id="EV_1", at=AT)
    assert not await attendance.take(TWO, Joined(presence=presence("c", TWO)), event_id="EV_1", at=AT)
    assert await attendance.presences(ONE) == [presence("a")]
    assert await attendance.presences(TWO) == []


async def test_a_word_without_an_id_is_taken_each_time(attendance: AttendanceRepository) -> None:
    for sid in ("a", "b"):
        assert await attendance.take(ONE, Joined(presence=presence(sid)), event_id="", at=AT)
    assert len(await attendance.presences(ONE)) == 2


async def test_a_word_about_nobody_is_remembered_too(attendance: AttendanceRepository) -> None:
    assert await attendance.take(ONE, None, event_id="EV_1", at=AT)
    assert not await attendance.take(ONE, None, event_id="EV_1", at=AT)
    assert await attendance.presences(ONE) == []


async def test_of_one_word_to_many_processes_one_takes_it(attendance: AttendanceRepository) -> None:
    words = [attendance.take(ONE, Joined(presence=presence("a")), event_id="EV_1", at=AT) for _ in range(5)]
    assert sorted(await asyncio.gather(*words)) == [False, False, False, False, True]


async def test_joined_and_left_at_once_are_both_kept(attendance: AttendanceRepository) -> None:
    left = presence("a", left_at=AT + timedelta(minutes=40))
    words: list[Callable[[], Awaitable[bool]]] = [
        lambda: attendance.take(ONE, Left(presence=left), event_id="EV_2", at=AT),
        lambda: attendance.take(ONE, Joined(presence=presence("a")), event_id="EV_1", at=AT),
    ]
    assert await asyncio.gather(*(word() for word in words)) == [True, True]
    assert await attendance.presences(ONE) == [left]


async def test_an_unknown_lesson_has_no_attendance(attendance: AttendanceRepository) -> None:
    nowhere = LessonId("le_none")
    assert not await attendance.take(nowhere, Joined(presence=presence("a", nowhere)), event_id="EV_1", at=AT)
    assert await attendance.presences(nowhere) == []
    assert await attendance.take(ONE, None, event_id="EV_1", at=AT)


async def test_rows_come_back_whole_in_order_and_by_lesson(attendance: AttendanceRepository) -> None:
    rows = [presence("b"), presence("c", left_at=AT + timedelta(hours=1)), presence("a", minute=5)]
    for row in reversed(rows):
        await attendance.take(ONE, Joined(presence=row), event_id="", at=AT)
    await attendance.take(TWO, Joined(presence=presence("d", TWO)), event_id="", at=AT)
    assert await attendance.presences(ONE) == rows
    assert await attendance.presences(TWO) == [presence("d", TWO)]
    assert await attendance.with_open_presences() == [ONE, TWO]
    await attendance.take(ONE, RoomStarted(room_sid="RM_2", at=AT + timedelta(minutes=9)), event_id="", at=AT)
    assert await attendance.with_open_presences() == [TWO]
    ended = (await attendance.presences(ONE))[0]
    assert (ended.left_at, ended.left_by) == (AT + timedelta(minutes=9), LeftBy.GUESSED)


async def test_the_newest_correction_of_a_person_counts(attendance: AttendanceRepository) -> None:
    def correction(person: str, minutes: int) -> Correction:
        interval = Interval(start=AT, end=AT + timedelta(minutes=minutes))
        return Correction(person=PersonId(person), intervals=(interval,), by=LIN, at=AT, reason="平板沒電")

    for one in (correction("pupil-1", 10), correction("pupil-2", 20), correction("pupil-1", 30)):
        await attendance.correct(ONE, one, DONE)
    assert await attendance.corrections(ONE) == {
        "pupil-1": correction("pupil-1", 30),
        "pupil-2": correction("pupil-2", 20),
    }
    assert await attendance.corrections(TWO) == {}


async def test_old_words_are_forgotten(attendance: AttendanceRepository) -> None:
    await attendance.take(ONE, None, event_id="EV_old", at=AT)
    await attendance.take(ONE, None, event_id="EV_new", at=AT + timedelta(days=1))
    await attendance.forget_events(AT + timedelta(hours=1))
    assert await attendance.take(ONE, None, event_id="EV_old", at=AT)
    assert not await attendance.take(ONE, None, event_id="EV_new", at=AT)


@pytest.mark.parametrize("engine_name", ENGINES)
async def test_a_correction_is_in_the_audit_log(database: Database) -> None:
    await SqlLessonRepository(database).add(make_lesson(ONE, LessonState.ENDED))
    audit = AuditLog(database, FakeClock(AT))
    correction = Correction(person=PersonId("pupil-1"), intervals=(), by=LIN, at=AT, reason="was ill")
    done = Done(action="attendance.correct", by=LIN, detail={"seconds_before": 2400, "seconds_after": 0})
    await SqlAttendanceRepository(database, audit).correct(ONE, correction, done)
    seen = Done(action="attendance.seen", by=LIN, detail={"pupils": 4})
    await SqlAttendanceRepository(database, audit).note_seen(ONE, seen)
    looked, entry = (await audit.read(AuditFilter(lesson_id=ONE))).entries
    assert (looked.action, looked.subject, dict(looked.detail)) == ("attendance.seen", ONE, {"pupils": 4})
    assert (entry.action, entry.actor, entry.subject) == ("attendance.correct", LIN, "pupil-1")
    assert dict(entry.detail) == {"seconds_before": 2400, "seconds_after": 0}


async def test_who_of_the_adults_was_there_with_corrections(attendance: AttendanceRepository) -> None:
    lin, ortega = PersonId("adult-ac_lin"), PersonId("adult-ac_ortega")
    for number, (lesson_id, person) in enumerate(((ONE, lin), (ONE, PersonId("pupil-st_1")), (TWO, ortega))):
        came = replace(presence(f"PA_{number}", lesson_id), person=person)
        await attendance.take(lesson_id, Joined(presence=came), event_id="", at=AT)
    assert await attendance.adults_present([ONE, TWO]) == {ONE: {lin}, TWO: {ortega}}
    assert await attendance.adults_present([TWO]) == {TWO: {ortega}}
    assert await attendance.adults_present([]) == {}
    hour = (Interval(start=AT, end=AT + timedelta(minutes=40)),)
    for person, intervals in ((lin, ()), (ortega, hour)):
        said = Correction(person=person, intervals=intervals, by=LIN, at=AT, reason="seen")
        await attendance.correct(ONE, said, DONE)
    assert await attendance.adults_present([ONE]) == {ONE: {ortega}}
