"""Lessons as two schools make them: who may stand for whom, what the other side is told, and who was faster."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from server.errors import ErrorCode, NotFound
from server.ids import AccountId, ClassGroupId, LessonId
from server.lessons import (
    Lesson,
    LessonMails,
    LessonService,
    LessonState,
    Mode,
    Notice,
    NoticeKind,
    bell_of,
)
from server.pair import LocalizedText
from tests.fakes.lesson_house import LessonHouse as House
from tests.fakes.lessons import (
    BROWN,
    CHEN,
    DIAZ,
    LIN,
    ORTEGA,
    TAIPEI,
    TAIPEI_CLASS,
    TUCSON,
    TUCSON_CLASS,
    WANG,
    make_lesson,
)
from tests.unit.lessons.proposing import STRANGER, a_proposal, refusal

S = LessonState


# -- agreeing


async def test_each_side_speaks_for_itself(house: House) -> None:
    lesson = await house.put()
    for by in (STRANGER, AccountId("ac_nobody")):
        assert await refusal(house.lessons.confirm(lesson.id, by=by)) is ErrorCode.LESSON_OTHER_SIDE
    assert await refusal(house.lessons.confirm(lesson.id, by=LIN)) is ErrorCode.LESSON_STATE
    assert await refusal(house.lessons.confirm(lesson.id, by=LIN, side="b")) is ErrorCode.LESSON_OTHER_SIDE
    confirmed = await house.lessons.confirm(lesson.id, by=ORTEGA)
    assert confirmed.state is S.CONFIRMED
    assert await house.told(LIN) == [NoticeKind.CONFIRMED]


async def test_a_declined_lesson_says_why(house: House) -> None:
    lesson = await house.put()
    declined = await house.lessons.decline(lesson.id, "Exam week", by=BROWN)
    assert (declined.state, declined.closing_note) == (S.CANCELLED, "Exam week")
    [notice] = await house.lessons.notices_of(LIN)
    assert (notice.kind, notice.note, notice.by) == (NoticeKind.DECLINED, "Exam week", BROWN)


async def test_moving_asks_the_other_side_again(house: House) -> None:
    await house.put(S.CONSENT_CHECKED)
    moved = await house.lessons.move(LessonId("le_one"), date=date(2026, 10, 23), start=time(9, 30), by=ORTEGA)
    assert moved.state is S.PROPOSED
    assert (moved.side("a").is_confirmed, moved.side("b").is_confirmed) == (False, True)
    assert await house.told(LIN) == [NoticeKind.MOVED]
    assert await refusal(house.lessons.confirm(moved.id, by=ORTEGA)) is ErrorCode.LESSON_STATE
    assert (await house.lessons.confirm(moved.id, by=LIN)).state is S.CONFIRMED


async def test_what_one_lead_may_do_the_other_may_too(house: House) -> None:
    steps: tuple[Callable[[LessonService, AccountId], Awaitable[Lesson]], ...] = (
        lambda lessons, by: lessons.check_consent(LessonId("le_one"), by=by),
        lambda lessons, by: lessons.set_adults_needed(LessonId("le_one"), 2, by=by),
        lambda lessons, by: lessons.set_mode(LessonId("le_one"), "b", Mode.CLASS_TO_CLASS, by=by),
        lambda lessons, by: lessons.open_lobby(LessonId("le_one"), by=by),
        lambda lessons, by: lessons.start(LessonId("le_one"), by=by),
        lambda lessons, by: lessons.end(LessonId("le_one"), by=by),
        lambda lessons, by: lessons.sign_attendance(LessonId("le_one"), by=by),
    )
    for by in (LIN, ORTEGA):
        each = House()
        each.clock.advance(seconds=40 * 60)
        await each.put(S.CONFIRMED)
        for step in steps:
            await step(each.lessons, by)
        assert (await each.lessons.get(LessonId("le_one"))).state is S.ENDED


async def test_without_authorisation_of_both_classes_no_lobby_opens(house: House) -> None:
    lesson = await house.put(S.CONFIRMED)
    house.directory.authorised = {TAIPEI_CLASS}
    assert await house.lessons.missing_consent(lesson.id) == ("b",)
    assert await refusal(house.lessons.check_consent(lesson.id, by=LIN)) is ErrorCode.CONSENT_MISSING
    house.directory.authorised = {TAIPEI_CLASS, TUCSON_CLASS}
    await house.lessons.check_consent(lesson.id, by=LIN)
    house.clock.advance(seconds=40 * 60)
    house.directory.authorised = set()
    assert await refusal(house.lessons.open_lobby(lesson.id, by=LIN)) is ErrorCode.CONSENT_MISSING
    assert (await house.lessons.get(lesson.id)).state is S.CONSENT_CHECKED


# -- adults


async def test_a_substitute_can_be_named_while_the_lesson_is_live(house: House) -> None:
    lesson = await house.put(S.LIVE)
    named = await house.lessons.name_substitute(lesson.id, BROWN, by=ORTEGA)
    assert named.side("b").substitute == BROWN
    assert await house.told(BROWN) == [NoticeKind.ADULTS_CHANGED]
    await house.lessons.hand_over_lead(lesson.id, BROWN, by=ORTEGA)
    taken = await house.lessons.get(lesson.id)
    assert (taken.side("b").lead, taken.side("b").co_teachers) == (BROWN, (ORTEGA,))


@pytest.mark.parametrize(
    ("account", "code"),
    [
        (WANG, ErrorCode.ADULT_NOT_VERIFIED),
        (BROWN, ErrorCode.LESSON_SIDES),
        (STRANGER, ErrorCode.LESSON_SIDES),
        (AccountId("ac_nobody"), ErrorCode.LESSON_SIDES),
        (LIN, ErrorCode.LESSON_ADULTS),
    ],
)
async def test_only_verified_adults_of_the_own_school_are_named(
    house: House, account: AccountId, code: ErrorCode
) -> None:
    lesson = await house.put(S.LIVE)
    assert await refusal(house.lessons.name_substitute(lesson.id, account, by=LIN)) is code
    assert await refusal(house.lessons.add_co_teacher(lesson.id, account, by=LIN)) is code


async def test_a_disabled_adult_leads_no_more(house: House) -> None:
    lesson = await house.put()
    house.directory.people[CHEN] = replace(house.directory.people[CHEN], disabled_at=house.clock.now())
    assert await refusal(house.lessons.add_co_teacher(lesson.id, CHEN, by=LIN)) is ErrorCode.ADULT_NOT_VERIFIED


async def test_who_was_taken_out_is_told(house: House) -> None:
    lesson = await house.put()
    await house.lessons.add_co_teacher(lesson.id, CHEN, by=LIN)
    await house.lessons.remove_co_teacher(lesson.id, CHEN, by=LIN)
    assert await house.told(CHEN) == [NoticeKind.ADULTS_CHANGED, NoticeKind.ADULTS_CHANGED]


# -- at the same time


async def test_a_stale_form_is_refused(house: House) -> None:
    lesson = await house.put()
    await house.lessons.confirm(lesson.id, by=ORTEGA, version=lesson.version)
    assert (
        await refusal(house.lessons.cancel(lesson.id, "late", by=LIN, version=lesson.version))
        is ErrorCode.LESSON_CHANGED
    )
    assert (await house.lessons.get(lesson.id)).state is S.CONFIRMED


async def test_a_command_without_a_version_goes_on_the_newest(house: House) -> None:
    """Another change lands between its loading and its saving."""
    lesson = await house.put(S.CONFIRMED)
    real = house.directory.is_authorised
    others = [lambda: house.lessons.set_adults_needed(lesson.id, 2, by=ORTEGA)]

    async def slow(class_group_id: ClassGroupId) -> bool:
        if others:
            await others.pop()()
        return await real(class_group_id)

    house.directory.is_authorised = slow  # type: ignore[method-assign]  # another change in the middle of this one
    checked = await house.lessons.check_consent(lesson.id, by=LIN)
    assert (checked.state, checked.adults_needed, checked.version) == (S.CONSENT_CHECKED, 2, 3)


async def test_a_class_cannot_be_in_two_agreed_lessons(house: House) -> None:
    await house.put(S.CONFIRMED, date=date(2026, 10, 22))
    overlapping = a_proposal(start=time(9, 19))
    assert await refusal(house.lessons.propose(overlapping, by=LIN)) is ErrorCode.LESSON_DOUBLE_BOOKED
    assert (await house.lessons.propose(a_proposal(start=time(9, 20)), by=LIN)).state is S.PROPOSED


async def test_of_two_proposals_for_one_hour_the_first_confirmed_has_it(house: House) -> None:
    first = await house.lessons.propose(a_proposal(), by=LIN)
    second = await house.lessons.propose(a_proposal(start=time(9, 0)), by=LIN)
    await house.lessons.confirm(first.id, by=ORTEGA)
    assert await refusal(house.lessons.confirm(second.id, by=ORTEGA)) is ErrorCode.LESSON_DOUBLE_BOOKED


# -- asking


async def test_a_card_leads_to_the_open_room_first_then_to_the_next_of_the_day(house: House) -> None:
    around = house.clock.now()
    other = replace(make_lesson().sides[1], class_group_id=ClassGroupId("cg_other"))
    sides = (make_lesson().sides[0], other)
    await house.store.add(make_lesson("le_tomorrow", S.CONSENT_CHECKED, date=date(2026, 10, 21)))
    assert await house.lessons.for_class_group(TAIPEI_CLASS, around) is None
    await house.store.add(make_lesson("le_proposed"))
    assert await house.lessons.for_class_group(TAIPEI_CLASS, around) is None
    await house.store.add(make_lesson("le_later", S.CONFIRMED, start=time(13, 0)))
    await house.store.add(make_lesson("le_sooner", S.CONSENT_CHECKED, start=time(10, 0), sides=sides))
    assert await _found(house, TAIPEI_CLASS, around) == "le_sooner"
    assert await _found(house, TUCSON_CLASS, around) == "le_later"
    await house.store.add(make_lesson("le_over", S.CONFIRMED, start=time(7, 0)))
    assert await _found(house, TUCSON_CLASS, around) == "le_later"
    await house.store.add(make_lesson("le_lobby", S.LOBBY, start=time(13, 30)))
    assert await _found(house, TAIPEI_CLASS, around) == "le_lobby"
    assert await _found(house, TAIPEI_CLASS, around + timedelta(hours=9)) == "le_lobby"
    assert await _found(house, ClassGroupId("cg_none"), around) is None


async def _found(house: House, class_group_id: ClassGroupId, around: datetime) -> str | None:
    lesson = await house.lessons.for_class_group(class_group_id, around)
    return lesson.id if lesson else None


async def test_what_is_not_there(house: House) -> None:
    assert await house.lessons.find(LessonId("le_x")) is None
    assert await house.lessons.facts(LessonId("le_x")) is None
    with pytest.raises(NotFound):
        await house.lessons.start(LessonId("le_x"), by=LIN)


async def test_facts_say_who_leads_and_nothing_else(house: House) -> None:
    a, b = make_lesson().sides
    lesson = await house.put(S.LIVE, sides=(replace(a, co_teachers=(CHEN,)), replace(b, substitute=DIAZ)))
    facts = await house.lessons.facts(lesson.id)
    assert facts is not None
    assert facts.adults == {LIN, CHEN, ORTEGA, DIAZ}
    assert facts.schools == {TAIPEI, TUCSON}
    assert facts.state is S.LIVE
    side = facts.side_of_adult(DIAZ)
    assert side is not None
    assert side.key == "b"


async def test_notices_are_read_once(house: House) -> None:
    lesson = await house.put()
    await house.lessons.confirm(lesson.id, by=ORTEGA)
    [notice] = await house.lessons.notices_of(LIN)
    await house.lessons.mark_read(LIN, [notice.id])
    assert await house.lessons.notices_of(LIN) == []
    assert await house.lessons.notices_of(LIN, unread_only=False) == [replace(notice, read_at=house.clock.now())]


# -- telling


async def test_a_listener_that_fails_undoes_nothing(house: House) -> None:
    heard: list[tuple[str | None, str, str]] = []

    def fail(before: Lesson | None, after: Lesson, name: str) -> None:
        raise RuntimeError("a fault in another part")

    house.lessons.on_change(fail)
    house.lessons.on_change(
        lambda before, after, name: heard.append((before.state if before else None, after.state, name))
    )
    lesson = await house.put()
    await house.lessons.confirm(lesson.id, by=ORTEGA)
    await house.lessons.propose(a_proposal(), by=LIN)
    assert heard == [("proposed", "confirmed", "confirm"), (None, "proposed", "propose")]


async def test_a_refused_command_tells_nobody(house: House) -> None:
    heard: list[str] = []
    house.lessons.on_change(lambda before, after, name: heard.append(name))
    lesson = await house.put()
    assert await refusal(house.lessons.start(lesson.id, by=LIN)) is ErrorCode.LESSON_STATE
    assert heard == []
    assert house.store.done == []


@pytest.mark.parametrize("kind", list(NoticeKind))
async def test_every_notice_can_be_mailed_in_both_languages(house: House, kind: NoticeKind) -> None:
    lesson = make_lesson(title=LocalizedText("A\r\nBcc: x@example.org", "甲"))
    notices = [
        Notice(account_id=to, lesson_id=lesson.id, kind=kind, at=house.clock.now(), by=None) for to in (LIN, ORTEGA)
    ]
    chinese, english = await LessonMails(house.directory).letters(lesson, notices)
    assert "甲" in chinese.subject
    assert "\n" not in english.subject
    assert "http" not in english.text
    assert chinese.key != english.key


async def test_a_disabled_account_gets_no_mail(house: House) -> None:
    house.directory.people[ORTEGA] = replace(house.directory.people[ORTEGA], disabled_at=house.clock.now())
    lesson = await house.put()
    await house.lessons.cancel(lesson.id, "typhoon", by=LIN)
    assert [letter.to for letter in house.store.letters] == ["ac_lin@example.edu"]
    house.directory.people[LIN] = replace(house.directory.people[LIN], disabled_at=house.clock.now())
    moved = await house.put(lesson_id="le_two")
    await house.lessons.cancel(moved.id, "typhoon", by=LIN)
    assert len(house.store.letters) == 1


# -- the bell


@pytest.mark.parametrize(
    ("state", "minutes", "warns", "is_overrun", "is_early"),
    [
        (S.LOBBY, -10, False, False, False),
        (S.LIVE, -10, False, False, True),
        (S.LIVE, 0, False, False, False),
        (S.LIVE, 34, False, False, False),
        (S.LIVE, 35, True, False, False),
        (S.LIVE, 40, True, False, False),
        (S.LIVE, 41, True, True, False),
        (S.ENDED, 41, False, False, False),
    ],
)
def test_the_bell_warns_five_minutes_before(
    state: LessonState, minutes: int, warns: bool, is_overrun: bool, is_early: bool
) -> None:
    lesson = make_lesson(state=state)
    bell = bell_of(lesson, lesson.starts_at + timedelta(minutes=minutes))
    assert (bell.warns, bell.is_overrun, bell.is_early) == (warns, is_overrun, is_early)
    assert (bell.starts_in_s, bell.rings_in_s) == (-60 * minutes, 60 * (40 - minutes))
    assert bell.rings_at == lesson.ends_at
