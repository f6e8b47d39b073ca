"""Proposing a lesson: what must hold of people, classes and hours, and what the other side hears of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from server.errors import ErrorCode
from server.ids import AccountId, ClassGroupId
from server.lessons import (
    LessonState,
    NoticeKind,
)
from server.pair import LocalizedText
from tests.fakes.lesson_house import LessonHouse as House
from tests.fakes.lessons import (
    CHEN,
    LIN,
    ORTEGA,
    TAIPEI,
    TAIPEI_CLASS,
    TUCSON,
    TUCSON_CLASS,
    WANG,
)
from tests.unit.lessons.proposing import STRANGER, a_proposal, refusal

S = LessonState


# -- proposing


async def test_a_proposal_is_confirmed_by_its_own_side_and_told_to_the_other(house: House) -> None:
    lesson = await house.lessons.propose(a_proposal(co_teachers=((CHEN,), ())), by=LIN)
    assert lesson.state is S.PROPOSED
    assert lesson.side("a").confirmed_by == LIN
    assert not lesson.side("b").is_confirmed
    assert (lesson.zone, lesson.starts_at) == ("Asia/Taipei", datetime(2026, 10, 22, 0, 40, tzinfo=UTC))
    assert await house.lessons.get(lesson.id) == lesson
    assert await house.told(ORTEGA) == await house.told(CHEN) == [NoticeKind.PROPOSED]
    assert await house.told(LIN) == []
    assert house.store.done[0].action == "lesson.propose"
    assert house.store.done[0].by == LIN


async def test_the_mail_has_both_clocks_in_the_readers_language(house: House) -> None:
    lesson = await house.lessons.propose(a_proposal(), by=LIN)
    [letter] = house.store.letters
    text = letter.text
    assert letter.to == "ac_ortega@example.edu"
    assert letter.subject == "A lesson was proposed to you. Two mornings"
    assert "Sunrise School: 2026-10-22 Thu 08:40 (Asia/Taipei), 40 min" in text
    assert "Saguaro School: 2026-10-21 Wed 17:40 (America/Phoenix), 40 min" in text
    assert f"https://class.example/lessons/{lesson.id}" in text


async def test_the_anchor_may_be_the_other_school(house: House) -> None:
    lesson = await house.lessons.propose(a_proposal(anchor="b", start=time(17, 40)), by=LIN)
    assert (lesson.zone, lesson.starts_at) == ("America/Phoenix", datetime(2026, 10, 23, 0, 40, tzinfo=UTC))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"leads": (WANG, ORTEGA)}, ErrorCode.ADULT_NOT_VERIFIED),
        ({"leads": (LIN, CHEN)}, ErrorCode.LESSON_SIDES),
        ({"leads": (ORTEGA, LIN)}, ErrorCode.LESSON_SIDES),
        ({"leads": (LIN, STRANGER)}, ErrorCode.LESSON_SIDES),
        ({"leads": (LIN, AccountId("ac_nobody"))}, ErrorCode.LESSON_SIDES),
        ({"co_teachers": ((), (WANG,))}, ErrorCode.LESSON_SIDES),
        ({"co_teachers": ((WANG,), ())}, ErrorCode.ADULT_NOT_VERIFIED),
        ({"co_teachers": ((LIN,), ())}, ErrorCode.LESSON_ADULTS),
        ({"co_teachers": (tuple(AccountId(f"ac_{n}") for n in range(7)), ())}, ErrorCode.LESSON_ADULTS),
        ({"class_groups": (TAIPEI_CLASS, TAIPEI_CLASS)}, ErrorCode.LESSON_SIDES),
        ({"class_groups": (TAIPEI_CLASS, ClassGroupId("cg_none"))}, ErrorCode.LESSON_SIDES),
        ({"date": date(2026, 10, 19)}, ErrorCode.LESSON_IN_THE_PAST),
        ({"date": date(2029, 1, 1)}, ErrorCode.LESSON_TIME_INVALID),
        ({"start": time(8, 40, 30)}, ErrorCode.LESSON_TIME_INVALID),
        ({"minutes": 5}, ErrorCode.LESSON_MINUTES),
        ({"adults_needed": 0}, ErrorCode.LESSON_ADULTS),
        ({"title": LocalizedText(" ", "")}, ErrorCode.LESSON_TEXT),
        ({"title": LocalizedText("x" * 121, "")}, ErrorCode.LESSON_TEXT),
    ],
)
async def test_a_proposal_that_cannot_be_is_refused_and_leaves_nothing(
    house: House, changes: dict[str, Any], code: ErrorCode
) -> None:
    assert await refusal(house.lessons.propose(a_proposal(**changes), by=LIN)) is code
    assert await house.lessons.of_school(TAIPEI) == []
    assert house.store.letters == []


async def test_half_past_two_on_the_american_spring_night_is_refused(house: House) -> None:
    house.directory.its_schools[TUCSON] = replace(house.directory.its_schools[TUCSON], zone="America/Los_Angeles")
    for on, at, code in (
        (date(2027, 3, 14), time(2, 30), ErrorCode.LESSON_TIME_SKIPPED),
        (date(2026, 11, 1), time(1, 30), ErrorCode.LESSON_TIME_TWICE),
    ):
        proposal = a_proposal(anchor="b", date=on, start=at)
        assert await refusal(house.lessons.propose(proposal, by=LIN)) is code
    moved = await house.put()
    assert (
        await refusal(house.lessons.move(moved.id, date=date(2027, 3, 14), start=time(2, 30), anchor="b", by=LIN))
        is ErrorCode.LESSON_TIME_SKIPPED
    )


async def test_nobody_proposes_for_another_school(house: House) -> None:
    for by in (ORTEGA, STRANGER):
        assert await refusal(house.lessons.propose(a_proposal(), by=by)) is ErrorCode.LESSON_OTHER_SIDE
    assert await refusal(house.lessons.propose(a_proposal(), by=WANG)) is ErrorCode.ADULT_NOT_VERIFIED


async def test_an_archived_class_group_has_no_lesson(house: House) -> None:
    group = house.directory.groups[TUCSON_CLASS]
    house.directory.groups[TUCSON_CLASS] = replace(group, archived_at=house.clock.now())
    assert await refusal(house.lessons.propose(a_proposal(), by=LIN)) is ErrorCode.LESSON_SIDES


async def test_a_class_group_whose_school_is_gone_has_no_lesson(house: House) -> None:
    del house.directory.its_schools[TUCSON]
    assert await refusal(house.lessons.propose(a_proposal(), by=LIN)) is ErrorCode.LESSON_SIDES


async def test_the_system_names_the_side_that_it_means(house: House) -> None:
    lesson = await house.put()
    assert await refusal(house.lessons.confirm(lesson.id, by=None)) is ErrorCode.LESSON_OTHER_SIDE
    assert (await house.lessons.confirm(lesson.id, by=None, side="b")).state is S.CONFIRMED
    proposed = await house.lessons.propose(a_proposal(), by=None)
    assert (proposed.created_by, proposed.side("a").is_confirmed) == (None, True)


async def test_one_language_is_enough_for_a_title(house: House) -> None:
    lesson = await house.lessons.propose(a_proposal(title=LocalizedText("", " 晨光 ")), by=LIN)
    assert lesson.title == LocalizedText("晨光", "晨光")
