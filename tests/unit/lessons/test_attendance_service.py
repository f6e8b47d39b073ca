"""The attendance of a lesson: who stands on the sheet, who may correct it, and what a signature is worth afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from livekit.protocol.models import ParticipantInfo

from server.errors import Conflict, ErrorCode, Forbidden, InvalidInput, TongchuangError
from server.ids import ClassGroupId, LessonId, PersonId, StudentId
from server.lessons import (
    Interval,
    LessonState,
    ListParticipants,
    NoticeKind,
    Row,
    adult_person,
    pupil_person,
)
from tests.fakes.lesson_house import LessonHouse
from tests.fakes.lessons import BROWN, CHEN, LIN, ORTEGA, make_lesson

ONE = LessonId("le_one")
START = datetime(2026, 10, 20, 0, 40, tzinfo=UTC)
MING, HUA, ANA, BEN = (pupil_person(StudentId(f"st_{number}")) for number in (1, 2, 3, 4))


class House(LessonHouse):
    """A lesson that was held and ended, after its 40 minutes."""

    def __init__(self) -> None:
        super().__init__(START + timedelta(minutes=45))

    async def was_there(self, person: PersonId, start: float, end: float | None, sid: str = "") -> None:
        """In minutes after the start; `end` None: still there."""
        sid = sid or f"PA_{person}"
        await self.attendance.joined(ONE, person, START + timedelta(minutes=start), sid=sid, room_sid="RM_1")
        if end is not None:
            await self.attendance.left(ONE, person, START + timedelta(minutes=end), sid=sid, room_sid="RM_1")

    async def row(self, person: PersonId) -> Row:
        return next(row for row in (await self.attendance.sheet(ONE)).rows if row.person == person)


@pytest.fixture
async def house() -> House:
    house = House()
    ended = make_lesson(state=LessonState.ENDED, started_at=START, ended_at=START + timedelta(minutes=41))
    await house.store.add(ended)
    return house


def spans(*minutes: tuple[float, float]) -> list[Interval]:
    return [
        Interval(start=START + timedelta(minutes=start), end=START + timedelta(minutes=end)) for start, end in minutes
    ]


async def test_everybody_who_belongs_to_it_stands_on_the_sheet(house: House) -> None:
    await house.was_there(adult_person(LIN), -5, 41)
    await house.was_there(ANA, 0, 40)
    sheet = await house.attendance.sheet(ONE)
    assert [(row.person, row.side, row.seconds) for row in sheet.rows] == [
        (adult_person(LIN), "a", 46 * 60),
        (MING, "a", 0),
        (HUA, "a", 0),
        (adult_person(ORTEGA), "b", 0),
        (ANA, "b", 2400),
        (BEN, "b", 0),
    ]
    assert [row.was_there for row in sheet.of_side("b")] == [False, True, False]
    assert sheet.rows[1].name.zh == "小明"


async def test_who_was_there_stays_on_the_sheet_when_they_no_longer_belong(house: House) -> None:
    await house.was_there(ANA, 0, 40)
    await house.was_there(adult_person(CHEN), 0, 40)
    house.directory.pupils[StudentId("st_3")] = replace(
        house.directory.pupils[StudentId("st_3")], removed_at=house.clock.now()
    )
    rows = {row.person: row for row in (await house.attendance.sheet(ONE)).rows}
    assert rows[ANA].seconds == 2400
    assert (rows[adult_person(CHEN)].seconds, rows[adult_person(CHEN)].side) == (2400, "a")


async def test_screens_and_unknown_identities_are_no_people(house: House) -> None:
    for person in ("screen-a", "pupil-st_of_nobody", "guest", "adult-ac_nobody"):
        await house.was_there(PersonId(person), 0, 40)
    assert {row.person for row in (await house.attendance.sheet(ONE)).rows if row.seconds} == set()


async def test_a_pupil_of_another_class_is_on_no_sheet(house: House) -> None:
    """A display name of a third class must not reach these two schools (C13)."""
    foreign = StudentId("st_x")
    house.directory.pupils[foreign] = replace(
        house.directory.pupils[StudentId("st_3")],
        id=foreign,
        display_name="NEEDLE",
        class_group_id=ClassGroupId("cg_third"),
    )
    await house.was_there(pupil_person(foreign), 0, 40)
    assert "NEEDLE" not in str(await house.attendance.sheet(ONE))


async def test_a_correction_stands_beside_what_was_recorded(house: House) -> None:
    await house.was_there(ANA, 0, 10)
    await house.attendance.correct(ONE, ANA, spans((0, 40)), by=ORTEGA, reason=" was on Ben's tablet ")
    row = await house.row(ANA)
    assert (row.seconds, row.recorded) == (2400, tuple(spans((0, 10))))
    assert row.correction is not None
    assert (row.correction.by, row.correction.reason) == (ORTEGA, "was on Ben's tablet")
    await house.attendance.correct(ONE, ANA, [], by=BROWN, reason="was ill")
    assert not (await house.row(ANA)).was_there
    [first, second] = house.kept.done
    assert (first.action, first.by) == ("attendance.correct", ORTEGA)
    assert dict(second.detail) == {"seconds_before": 2400, "seconds_after": 0}


async def test_each_school_corrects_its_own(house: House) -> None:
    with pytest.raises(Forbidden) as caught:
        await house.attendance.correct(ONE, ANA, spans((0, 40)), by=LIN, reason="x")
    assert caught.value.code is ErrorCode.LESSON_OTHER_SIDE
    assert not (await house.row(ANA)).was_there


@pytest.mark.parametrize(
    ("person", "minutes", "reason"),
    [
        (PersonId("pupil-st_of_nobody"), (0, 40), "x"),
        (PersonId("screen-b"), (0, 40), "x"),
        (ANA, (40, 0), "x"),
        (ANA, (0, 400), "x"),
        (ANA, (0, 40), "  "),
        (ANA, (0, 40), "x" * 501),
    ],
)
async def test_a_correction_that_cannot_be_changes_nothing(
    house: House, person: PersonId, minutes: tuple[float, float], reason: str
) -> None:
    with pytest.raises(InvalidInput):
        await house.attendance.correct(ONE, person, spans(minutes), by=ORTEGA, reason=reason)
    assert house.kept.done == []


async def test_a_correction_voids_the_signature_of_its_side_only(house: House) -> None:
    await house.attendance.sign(ONE, by=ORTEGA)
    signed = await house.attendance.sign(ONE, by=LIN)
    assert signed.state is LessonState.ATTENDANCE_SIGNED
    await house.attendance.correct(ONE, ANA, spans((0, 40)), by=ORTEGA, reason="late")
    lesson = await house.lessons.get(ONE)
    assert (lesson.state, lesson.side("a").is_attendance_signed) == (LessonState.ENDED, True)
    assert not lesson.side("b").is_attendance_signed
    assert (await house.lessons.notices_of(LIN))[0].kind is NoticeKind.ATTENDANCE_CORRECTED
    assert (await house.attendance.sign(ONE, by=ORTEGA)).state is LessonState.ATTENDANCE_SIGNED


@pytest.mark.parametrize("state", [LessonState.LIVE, LessonState.CONFIRMED, LessonState.REPORTED])
async def test_only_an_ended_lesson_is_corrected_and_signed(house: House, state: LessonState) -> None:
    lesson = await house.lessons.get(ONE)
    await house.store.save(replace(lesson, state=state, version=2))
    with pytest.raises(Conflict):
        await house.attendance.correct(ONE, ANA, spans((0, 40)), by=ORTEGA, reason="x")
    with pytest.raises(Conflict):
        await house.attendance.sign(ONE, by=ORTEGA)


async def test_present_is_who_is_there_now(house: House) -> None:
    await house.was_there(ANA, 0, None)
    await house.was_there(BEN, 0, 10)
    await house.was_there(PersonId("screen-a"), 0, None)
    assert await house.attendance.present(ONE) == {ANA, PersonId("screen-a")}


async def test_a_lost_joined_is_made_good_by_the_left(house: House) -> None:
    end = START + timedelta(minutes=40)
    await house.attendance.left(ONE, ANA, end, sid="PA_1", joined_at=START)
    assert (await house.row(ANA)).seconds == 2400


async def test_fractions_of_a_second_add_nothing(house: House) -> None:
    start = START + timedelta(seconds=1, milliseconds=900)
    await house.attendance.joined(ONE, ANA, start, sid="PA_1")
    await house.attendance.left(ONE, ANA, start + timedelta(seconds=59), sid="PA_1")
    row = await house.row(ANA)
    assert (row.seconds, row.first_at) == (59, START + timedelta(seconds=1))


async def test_the_file_is_of_the_same_people(house: House) -> None:
    await house.was_there(ANA, 0, 40)
    text = (await house.attendance.csv(ONE, "zh-Hant-TW")).decode("utf-8-sig")
    assert "仙人掌學校,Ana,學生,是,2026-10-19 17:40:00,2026-10-19 18:20:00,40.0,2400" in text
    assert "晨光國小,小明,學生,否" in text


async def test_looking_at_pupils_names_is_noted(house: House) -> None:
    await house.attendance.sheet(ONE, by=LIN)
    await house.attendance.csv(ONE, "en", by=ORTEGA)
    await house.attendance.sheet(ONE)
    assert [(done.action, done.by, dict(done.detail)) for done in house.kept.done] == [
        ("attendance.seen", LIN, {"pupils": 4}),
        ("attendance.downloaded", ORTEGA, {"pupils": 4}),
    ]


def info(identity: str, sid: str, joined_at: datetime) -> ParticipantInfo:
    active = ParticipantInfo.State.ACTIVE
    return ParticipantInfo(identity=identity, sid=sid, joined_at=int(joined_at.timestamp()), state=active)


async def test_after_a_restart_the_media_server_is_asked(house: House) -> None:
    lesson = await house.lessons.get(ONE)
    await house.store.save(replace(lesson, state=LessonState.LIVE, ended_at=None, version=2))
    await house.was_there(ANA, 0, None)
    await house.was_there(BEN, 0, None)
    missed = START + timedelta(minutes=30)
    asked: list[str] = []

    async def list_participants(room: str) -> Sequence[ParticipantInfo]:
        asked.append(room)
        joining = info(HUA, "PA_joining", missed)
        joining.state = ParticipantInfo.State.JOINED
        recorder = info("recorder", "PA_egress", missed)
        recorder.kind = ParticipantInfo.Kind.EGRESS
        return [info(ANA, f"PA_{ANA}", START), info(MING, "PA_new", missed), joining, recorder]

    await house.attendance.reconcile(list_participants)
    assert asked == ["lesson-le_one"]
    assert await house.attendance.present(ONE) == {ANA, MING}
    assert (await house.row(BEN)).seconds == 45 * 60
    # the media server's own word, late, is the better one
    await house.attendance.left(ONE, BEN, START + timedelta(minutes=20), sid=f"PA_{BEN}")
    assert (await house.row(BEN)).seconds == 20 * 60


@pytest.mark.parametrize("error", [OSError("no route"), TimeoutError(), TongchuangError(ErrorCode.MEDIA_UNAVAILABLE)])
async def test_a_media_server_that_does_not_answer_changes_nothing(house: House, error: Exception) -> None:
    await house.was_there(ANA, 0, None)

    async def list_participants(room: str) -> Sequence[ParticipantInfo]:
        raise error

    await house.attendance.reconcile(list_participants)
    assert await house.attendance.present(ONE) == {ANA}


async def test_a_lesson_that_nobody_is_in_is_not_asked_about(house: House) -> None:
    async def list_participants(room: str) -> Sequence[ParticipantInfo]:
        raise AssertionError(room)

    await house.attendance.reconcile(list_participants)


async def test_words_about_a_lesson_that_is_not_there_are_no_news(house: House) -> None:
    assert not await house.attendance.joined(LessonId("le_x"), ANA, START, sid="PA_1", event_id="EV_1")
    assert await house.attendance.joined(ONE, ANA, START, sid="PA_1", event_id="EV_1")
    assert not await house.attendance.joined(ONE, ANA, START, sid="PA_1", event_id="EV_1")


# -- what nobody presses a button for


async def put_in(house: House, state: LessonState) -> None:
    lesson = await house.lessons.get(ONE)
    await house.store.save(replace(lesson, state=state, ended_at=None, version=lesson.version + 1))


@pytest.mark.parametrize(
    ("state", "minutes", "expected"),
    [
        (LessonState.LIVE, 40 + 119, LessonState.LIVE),
        (LessonState.LIVE, 40 + 120, LessonState.ENDED),
        (LessonState.LOBBY, 40 + 119, LessonState.LOBBY),
        (LessonState.LOBBY, 40 + 120, LessonState.CANCELLED),
        (LessonState.CONFIRMED, 40 + 120, LessonState.CONFIRMED),
    ],
)
async def test_a_forgotten_lesson_is_closed(
    house: House, state: LessonState, minutes: int, expected: LessonState
) -> None:
    await put_in(house, state)
    house.clock.advance(seconds=(minutes - 45) * 60)
    await house.keeper.close_forgotten()
    assert (await house.lessons.get(ONE)).state is expected


async def test_nobody_is_sent_home_by_the_clock(house: House) -> None:
    await put_in(house, LessonState.LIVE)
    await house.was_there(ANA, 0, None)
    house.clock.advance(seconds=12 * 3600)
    await house.keeper.close_forgotten()
    assert (await house.lessons.get(ONE)).state is LessonState.LIVE
    await house.attendance.left(ONE, ANA, house.clock.now(), sid=f"PA_{ANA}")
    await house.keeper.close_forgotten()
    assert (await house.lessons.get(ONE)).state is LessonState.ENDED


async def test_who_closes_it_at_the_same_moment_was_faster(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await put_in(house, LessonState.LIVE)
    house.clock.advance(seconds=12 * 3600)
    present = house.attendance.present

    async def end_meanwhile(lesson_id: LessonId) -> frozenset[PersonId]:
        await house.lessons.end(lesson_id, by=LIN)
        return await present(lesson_id)

    monkeypatch.setattr(house.attendance, "present", end_meanwhile)
    await house.keeper.close_forgotten()
    lesson = await house.lessons.get(ONE)
    assert (lesson.state, lesson.version) == (LessonState.ENDED, 3)


async def test_a_look_that_fails_is_followed_by_the_next(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[str] = []
    second = asyncio.Event()

    async def fail(list_participants: ListParticipants) -> None:
        looks.append("look")
        if len(looks) == 2:
            second.set()
        raise OSError("the database is away")

    async def list_participants(room: str) -> Sequence[ParticipantInfo]:
        return []

    monkeypatch.setattr(house.attendance, "reconcile", fail)
    running = asyncio.create_task(house.keeper.run(list_participants, every_s=0))
    await asyncio.wait_for(second.wait(), 10)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert len(looks) >= 2
