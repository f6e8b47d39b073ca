"""What every store of lessons does alike."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from server.errors import Conflict, ErrorCode
from server.ids import AccountId, LessonId
from server.lessons import Done, LessonRepository, LessonState, Mode, Notice, NoticeKind, SqlLessonRepository
from server.outbox import Letter, OutboxRepository
from server.pair import LocalizedText
from server.people import AuditFilter, AuditLog
from server.storage import Database
from tests.contract.storage.conftest import ENGINES
from tests.fakes.clock import FakeClock
from tests.fakes.lessons import (
    BROWN,
    CHEN,
    DIAZ,
    LIN,
    ORTEGA,
    PROPOSED_AT,
    TAIPEI,
    TAIPEI_CLASS,
    TUCSON,
    TUCSON_CLASS,
    MemoryLessonRepository,
    make_lesson,
)

AT = datetime(2026, 10, 19, 23, 40, 1, 250_000, tzinfo=UTC)


@pytest.fixture(params=["memory", *ENGINES])
def engine_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def lessons(engine_name: str, request: pytest.FixtureRequest) -> LessonRepository:
    if engine_name == "memory":
        return MemoryLessonRepository()
    return SqlLessonRepository(request.getfixturevalue("database"))


def notice_for(account_id: AccountId, note: str = "") -> Notice:
    return Notice(
        account_id=account_id, lesson_id=LessonId("le_one"), kind=NoticeKind.MOVED, at=AT, by=ORTEGA, note=note
    )


async def test_what_was_added_is_found_with_every_field(lessons: LessonRepository) -> None:
    a, b = make_lesson().sides
    whole = make_lesson(
        state=LessonState.REPORTED,
        sides=(
            replace(
                a,
                co_teachers=(CHEN, AccountId("ac_a"), AccountId("ac_0")),
                mode=Mode.CLASS_TO_CLASS,
                attendance_signed_by=LIN,
                attendance_signed_at=AT,
            ),
            replace(b, substitute=BROWN, confirmed_by=BROWN, confirmed_at=AT),
        ),
        started_at=AT,
        ended_at=AT + timedelta(minutes=41),
        adults_needed=2,
        closing_note="note",
        report="學生很投入 🌅",
        start=time(8, 5),
    )
    await lessons.add(whole)
    assert await lessons.find(whole.id) == whole


async def test_what_is_not_there_is_none(lessons: LessonRepository) -> None:
    assert await lessons.find(LessonId("le_none")) is None


async def test_an_id_is_given_once(lessons: LessonRepository) -> None:
    await lessons.add(make_lesson())
    with pytest.raises(Conflict):
        await lessons.add(make_lesson(minutes=50))
    assert await lessons.find(LessonId("le_one")) == make_lesson()


async def test_saving_replaces_the_whole(lessons: LessonRepository) -> None:
    await lessons.add(make_lesson())
    a, b = make_lesson().sides
    first = make_lesson(sides=(replace(a, co_teachers=(CHEN,), substitute=DIAZ), b), version=2)
    await lessons.save(first)
    second = make_lesson(sides=(a, replace(b, co_teachers=(BROWN,))), version=3, title=LocalizedText("New", "新"))
    await lessons.save(second)
    assert await lessons.find(second.id) == second


@pytest.mark.parametrize("version", [1, 3, 4])
async def test_a_change_of_another_version_is_refused_whole(lessons: LessonRepository, version: int) -> None:
    await lessons.add(make_lesson())
    with pytest.raises(Conflict) as caught:
        await lessons.save(make_lesson(version=version, minutes=50), [notice_for(LIN)])
    assert caught.value.code is ErrorCode.LESSON_CHANGED
    assert await lessons.find(LessonId("le_one")) == make_lesson()
    assert await lessons.notices_of(LIN) == []


async def test_a_lesson_that_is_not_there_cannot_be_saved(lessons: LessonRepository) -> None:
    with pytest.raises(Conflict):
        await lessons.save(make_lesson(version=2))


async def test_of_two_at_once_one_wins(lessons: LessonRepository) -> None:
    await lessons.add(make_lesson())
    tries = [lessons.save(make_lesson(version=2, minutes=minutes)) for minutes in (41, 42, 43, 44)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert len([result for result in results if result is None]) == 1
    assert all(isinstance(result, Conflict) for result in results if result is not None)
    stored = await lessons.find(LessonId("le_one"))
    assert stored is not None
    assert stored.minutes == (41, 42, 43, 44)[results.index(None)]


async def test_a_refused_add_leaves_no_notice(lessons: LessonRepository) -> None:
    await lessons.add(make_lesson())
    with pytest.raises(Conflict):
        await lessons.add(make_lesson(), [notice_for(LIN)])
    assert await lessons.notices_of(LIN) == []


async def test_lists_are_by_start_and_by_who_leads(lessons: LessonRepository) -> None:
    a, b = make_lesson().sides
    late = make_lesson("le_late", date=date(2026, 10, 27))
    early = make_lesson("le_early", date=date(2026, 10, 13), sides=(a, replace(b, substitute=BROWN)))
    other = make_lesson("le_other", sides=(replace(a, lead=CHEN), replace(b, lead=DIAZ)))
    for lesson in (late, early, other):
        await lessons.add(lesson)
    assert await lessons.of_account(LIN) == [early, late]
    assert await lessons.of_account(BROWN) == [early]
    assert await lessons.of_account(CHEN) == [other]
    assert await lessons.of_account(AccountId("ac_nobody")) == []
    assert await lessons.of_school(TUCSON) == await lessons.of_school(TAIPEI) == [early, other, late]


async def test_a_class_groups_lessons_between_two_dates(lessons: LessonRepository) -> None:
    for day in (13, 20, 27):
        await lessons.add(make_lesson(f"le_{day}", date=date(2026, 10, day)))
    found = await lessons.of_class_group(TAIPEI_CLASS, date(2026, 10, 13), date(2026, 10, 20))
    assert [lesson.id for lesson in found] == ["le_13", "le_20"]
    found = await lessons.of_class_group(TUCSON_CLASS, date(2026, 10, 21), date(2026, 10, 27))
    assert [lesson.id for lesson in found] == ["le_27"]


async def test_what_touches_a_class_or_an_adult(lessons: LessonRepository) -> None:
    day = date(2026, 10, 20)
    await lessons.add(make_lesson("le_one"))
    await lessons.add(make_lesson("le_off", state=LessonState.CANCELLED))
    assert [lesson.id for lesson in await lessons.touching([TAIPEI_CLASS], [], day, day)] == ["le_one"]
    assert [lesson.id for lesson in await lessons.touching([], [ORTEGA], day, day)] == ["le_one"]
    assert await lessons.touching([], [], day, day) == []
    assert await lessons.touching([TAIPEI_CLASS], [LIN], date(2026, 10, 21), date(2026, 10, 22)) == []


async def test_lessons_by_state(lessons: LessonRepository) -> None:
    await lessons.add(make_lesson("le_live", state=LessonState.LIVE))
    await lessons.add(make_lesson("le_lobby", state=LessonState.LOBBY))
    await lessons.add(make_lesson("le_ended", state=LessonState.ENDED))
    found = await lessons.in_states([LessonState.LIVE, LessonState.LOBBY])
    assert [lesson.id for lesson in found] == ["le_live", "le_lobby"]
    assert await lessons.in_states([]) == []


async def test_notices_are_read_by_their_own_reader_only(lessons: LessonRepository) -> None:
    await lessons.add(make_lesson(), [notice_for(LIN, "first"), notice_for(CHEN, "other")])
    await lessons.save(make_lesson(version=2), [notice_for(LIN, "second")])
    unread = await lessons.notices_of(LIN)
    assert [notice.note for notice in unread] == ["second", "first"]
    assert replace(unread[1], id=0) == notice_for(LIN, "first")
    await lessons.mark_read(CHEN, [notice.id for notice in unread], AT)
    assert await lessons.notices_of(LIN) == unread
    await lessons.mark_read(LIN, [unread[0].id], AT + timedelta(hours=1))
    assert [notice.note for notice in await lessons.notices_of(LIN)] == ["first"]
    everything = await lessons.notices_of(LIN, unread_only=False)
    assert [notice.read_at for notice in everything] == [AT + timedelta(hours=1), None]
    await lessons.mark_read(LIN, [unread[0].id], AT + timedelta(hours=2))
    assert (await lessons.notices_of(LIN, unread_only=False))[0].read_at == AT + timedelta(hours=1)
    assert len(await lessons.notices_of(LIN, unread_only=False, limit=1)) == 1


async def test_chinese_beyond_the_first_plane_survives(lessons: LessonRepository) -> None:
    rare = make_lesson(title=LocalizedText("'; DROP TABLE lesson; --", "𠮷野家 🌅"), created_at=PROPOSED_AT)
    await lessons.add(rare)
    assert await lessons.find(rare.id) == rare


@pytest.mark.parametrize("engine_name", ENGINES)
async def test_a_change_its_audit_entry_and_its_letters_are_one(database: Database) -> None:
    clock = FakeClock(AT)
    audit, letters = AuditLog(database, clock), OutboxRepository(database)
    lessons = SqlLessonRepository(database, audit)
    done = Done(action="lesson.propose", by=LIN, school_id=TAIPEI, detail={"version": 1})
    letter = Letter(key="notice:le_one:1:x", to="x@example.edu", subject="s", text="t", due_at=AT)
    await lessons.add(make_lesson(), [notice_for(ORTEGA)], done, [letter])
    [entry] = (await audit.read(AuditFilter(lesson_id=LessonId("le_one")))).entries
    assert (entry.action, entry.actor, entry.subject) == ("lesson.propose", LIN, "le_one")
    assert (entry.school_id, dict(entry.detail), entry.at) == (TAIPEI, {"version": 1}, AT)
    assert [one.letter.key for one in await letters.claim(AT, 10)] == [letter.key]
    with pytest.raises(Conflict):
        await lessons.save(make_lesson(version=7), [notice_for(ORTEGA)], done, [replace(letter, key="other")])
    assert len((await audit.read(AuditFilter(lesson_id=LessonId("le_one")))).entries) == 1
    assert await letters.claim(AT, 10) == []
    assert len(await lessons.notices_of(ORTEGA)) == 1
