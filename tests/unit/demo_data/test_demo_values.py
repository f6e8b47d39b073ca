"""The demo's values: the scheduler's schools, uneven classes, a lesson that begins soon, school days on both sides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduler import demo_schools
from server.demo_data.lessons import DEMO_PLANS, Stage
from server.demo_data.people import WITHOUT_AUTHORISATION, demo_people
from server.demo_data.schools import DEMO_SCHOOLS, demo_school
from server.demo_data.writing import demo_lesson_of
from server.ids import LessonId
from server.lessons import LessonState
from server.people import Role

NOW = datetime(2026, 11, 22, 19, 7, tzinfo=UTC)


def test_the_schools_are_those_of_the_scheduler() -> None:
    theirs = {
        school.id: (school.name.en, school.name.zh, school.zone, group.id, group.name.en, group.name.zh, group.size)
        for school in demo_schools()
        for group in school.class_groups
    }
    ours = {
        school.id: (
            school.name.en, school.name.zh, school.zone, school.group_id, school.group_name.en, school.group_name.zh,
            school.size,
        )
        for school in DEMO_SCHOOLS
    }  # fmt: skip
    assert ours == theirs


def test_rosters_hold_given_names_only_and_none_twice() -> None:
    for school in DEMO_SCHOOLS:
        names = school.pupils()
        assert len(set(names)) == len(names) == school.size
        assert not any(character.isspace() or character.isdigit() for name in names for character in name)
    assert (28, 17) in [(demo_school(plan.taiwan).size, demo_school(plan.united_states).size) for plan in DEMO_PLANS]


def test_everybody_is_verified_fictional_and_without_a_password() -> None:
    seed = demo_people(NOW)
    assert len(seed.schools) == len(seed.class_groups) == 24
    assert all(school.is_demo for school in seed.schools)
    assert all(one.is_verified and not one.has_password for one in seed.accounts)
    assert all(one.email.endswith(".example") for one in seed.accounts)
    assert len({one.email for one in seed.accounts}) == len(seed.accounts)
    roles = frozenset[Role]().union(*(one.roles for one in seed.accounts))
    assert roles == {Role.TEACHER, Role.COORDINATOR, Role.IT_ADMINISTRATOR}
    assert WITHOUT_AUTHORISATION not in {one.school_id for one in seed.authorisations}


@pytest.mark.parametrize("day", range(0, 366, 5))
def test_lessons_fall_on_school_days_of_both_sides_on_any_day_of_the_year(day: int) -> None:
    now = NOW + timedelta(days=day, hours=day % 24)
    lessons = [demo_lesson_of(plan, now) for plan in DEMO_PLANS]
    assert len({lesson.id for lesson in lessons}) == len(DEMO_PLANS)
    for plan, lesson in zip(DEMO_PLANS, lessons, strict=True):
        if plan.at is None:
            assert timedelta(minutes=9) < lesson.starts_at - now < timedelta(minutes=16)
            assert lesson.lobby_opens_at < now
            continue
        for side in lesson.sides:
            assert lesson.starts_at.astimezone(ZoneInfo(side.zone)).weekday() < 5
        is_over = plan.stage in (Stage.ENDED, Stage.REPORTED)
        assert (lesson.ends_at < now) is is_over


def test_the_lesson_that_begins_soon_stays_while_it_lasts() -> None:
    plan = next(plan for plan in DEMO_PLANS if plan.at is None)
    first = demo_lesson_of(plan, NOW)
    there = frozenset({first.id, LessonId("le_demo_typhoon_nonsense")})
    assert demo_lesson_of(plan, NOW + timedelta(minutes=30), there).id == first.id
    later = first.ends_at + timedelta(minutes=1)
    assert demo_lesson_of(plan, later, there).starts_at > later


def test_every_state_has_its_lesson() -> None:
    states = {demo_lesson_of(plan, NOW).state for plan in DEMO_PLANS}
    assert states == {
        LessonState.PROPOSED, LessonState.CONFIRMED, LessonState.CONSENT_CHECKED, LessonState.ENDED,
        LessonState.REPORTED, LessonState.CANCELLED,
    }  # fmt: skip
    assert len({(plan.taiwan, plan.united_states) for plan in DEMO_PLANS}) == 6
