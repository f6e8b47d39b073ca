"""Puts the demo into the database: people once, lessons once per week (or day), so that there is always one soon.

Safe to call at every start: what is there stays, what visitors did to it stays, what is long past goes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random

import structlog

from server.clock import Clock
from server.demo_data.hours import demo_series, demo_series_change, scheduled_start
from server.demo_data.lessons import DEMO_PLANS, DEMO_SERIES, TAIWAN, DemoLessonPlan, Stage, local_start
from server.demo_data.people import account_id, demo_people, student_id
from server.demo_data.schools import DEMO_SCHOOLS, DemoSchool, demo_school
from server.ids import ClassGroupId, LessonId, SchoolId
from server.lessons import (
    Lesson,
    LessonSide,
    LessonState,
    Notice,
    NoticeKind,
    SeedLesson,
    SeedPresence,
    Series,
    SideKey,
    SqlLessonRepository,
    add_presences,
    add_series,
    adult_person,
    lessons_with_prefix,
    load_zones,
    pupil_person,
    remove_lessons,
)
from server.people import seed_people
from server.storage import Database

log = structlog.get_logger("tongchuang.demo")

PREFIX = "le_demo_"
# A visitor who looks at yesterday's lesson still finds it; last month's clutter the lists.
KEPT_FOR = timedelta(days=30)
# Longer than any of ours lasts.
UNTOUCHED_FOR = timedelta(hours=2)
_PLANNED = frozenset({LessonState.PROPOSED, LessonState.CONFIRMED, LessonState.CONSENT_CHECKED})
# The one that never answers (guide: a pairing that went silent) was asked so long ago.
SILENT_FOR = timedelta(days=9)

_STATES = {
    Stage.PROPOSED_BY_TAIWAN: LessonState.PROPOSED,
    Stage.PROPOSED_BY_US: LessonState.PROPOSED,
    Stage.CONFIRMED: LessonState.CONFIRMED,
    Stage.CONSENT_CHECKED: LessonState.CONSENT_CHECKED,
    Stage.ENDED: LessonState.ENDED,
    Stage.REPORTED: LessonState.REPORTED,
    Stage.CANCELLED: LessonState.CANCELLED,
}


async def write_demo_data(database: Database, clock: Clock) -> None:
    """Two reads when nothing has to be done."""
    now = clock.now()
    # In a thread: zones are read from files.
    await asyncio.to_thread(load_zones, {school.zone for school in DEMO_SCHOOLS})
    await seed_people(database, demo_people(now), now)
    there = await lessons_with_prefix(database, PREFIX)
    # In a thread: the scheduler reads school files, and thinks for a second or two when there is a new week to fill.
    series = await asyncio.to_thread(missing_series, there, now)
    of_series = series[1] if series is not None else []
    missing = await asyncio.to_thread(missing_lessons, there, now, of_series)
    if not missing and series is None:
        return
    repository = SqlLessonRepository(database)
    for lesson in (*missing, *of_series):
        await repository.add(lesson, _notices(lesson, now))
    if series is not None:
        await add_series(database, series[0])
    missing += of_series
    await add_presences(database, [one for lesson in missing for one in _presences(lesson)])
    if old := [lesson_id for lesson_id, seed in there.items() if _is_old(lesson_id, seed, now)]:
        await remove_lessons(database, old)
    log.info("demo_lessons_written", written=len(missing), removed=len(old))


def missing_lessons(
    there: Mapping[LessonId, SeedLesson], now: datetime, of_series: Sequence[Lesson] = ()
) -> list[Lesson]:
    """Those of this week that are not there yet, at hours that the scheduler finds; `of_series` come beside them."""
    missing = []
    dates = {lesson_id: seed.on for lesson_id, seed in there.items()} | {one.id: one.date for one in of_series}
    for plan in DEMO_PLANS:
        if plan.at is None:
            lesson = demo_lesson_of(plan, now, frozenset(there))
        elif _is_there(plan, dates, now):
            continue
        else:
            taken = {on for lesson_id, on in dates.items() if not lesson_id.startswith(f"{plan.id}_")}
            lesson = demo_lesson_of(plan, now, start=scheduled_start(plan, now, taken))
        if lesson.id not in there:
            missing.append(lesson)
            dates[lesson.id] = lesson.date
    return missing


def _is_there(plan: DemoLessonPlan, dates: Mapping[LessonId, date], now: datetime) -> bool:
    """Whether a lesson of that plan stands in its week, or behind it because of a break."""
    assert plan.at is not None
    wanted, today = local_start(plan, now).date(), now.astimezone(TAIWAN).date()
    monday = wanted - timedelta(days=wanted.weekday())
    own = [on for lesson_id, on in dates.items() if lesson_id.startswith(f"{plan.id}_")]
    return any(monday <= on and (plan.at.week >= 0 or on < today) for on in own)


def missing_series(there: Mapping[LessonId, SeedLesson], now: datetime) -> tuple[Series, list[Lesson]] | None:
    """The series across the next clock change, unless it is there. What of it is over was held."""
    plan = DEMO_SERIES
    changes_at = demo_series_change(demo_school(plan.united_states).zone, now)
    own = [seed.on for lesson_id, seed in there.items() if lesson_id.startswith(f"{plan.id}_")]
    if any(on >= changes_at.date() for on in own):
        return None
    found = demo_series(plan.taiwan, plan.united_states, plan.minutes, changes_at)
    lessons = []
    for start in found.starts:
        is_over = start + timedelta(minutes=plan.minutes) < now
        stage = Stage.ENDED if is_over else plan.stage
        lessons.append(demo_lesson_of(replace(plan, stage=stage), now, start=start.astimezone(TAIWAN)))
    series = Series(
        id=f"se_demo_letters_{changes_at:%Y%m%d}",
        anchor="a",
        every_weeks=1,
        created_by=lessons[0].created_by,
        created_at=lessons[0].created_at,
        lessons=tuple(lesson.id for lesson in lessons),
    )
    return series, lessons


def demo_lesson_of(
    plan: DemoLessonPlan, now: datetime, there: frozenset[LessonId] = frozenset(), start: datetime | None = None
) -> Lesson:
    """The id carries the day, so that another week brings another lesson. `start`: on the Taiwan side's wall.

    Why `there`: the one that begins soon stays the same as long as it lasts, whatever restarts meanwhile.
    """
    is_given, start = start is not None, start or local_start(plan, now)
    if plan.at is None and not is_given:
        for lesson_id in there:
            begun = _start_in(lesson_id) if lesson_id.startswith(f"{plan.id}_") else None
            if begun is not None and now < begun + timedelta(minutes=plan.minutes) and begun < start:
                start = begun.astimezone(TAIWAN)
    taiwan, united_states = demo_school(plan.taiwan), demo_school(plan.united_states)
    is_us_first = plan.stage is Stage.PROPOSED_BY_US
    schools = (united_states, taiwan) if is_us_first else (taiwan, united_states)
    asked_at = now - (SILENT_FOR if plan.stage is Stage.PROPOSED_BY_TAIWAN else timedelta(days=2))
    asked_at = min(asked_at, start.astimezone(UTC) - timedelta(days=6))
    # A quarter past nine in Taiwan; the answer comes 20 hours later, which is the afternoon in the United States.
    asked_at = datetime.combine(asked_at.astimezone(TAIWAN).date(), time(9, 15), TAIWAN).astimezone(UTC)
    lesson = Lesson(
        id=LessonId(f"{plan.id}_{start.astimezone(UTC):%Y%m%d%H%M}"),
        title=plan.title,
        state=_STATES[plan.stage],
        version=1,
        sides=(_side("a", schools[0], plan, asked_at), _side("b", schools[1], plan, asked_at)),
        anchor="b" if is_us_first else "a",
        date=start.date(),
        start=start.time().replace(tzinfo=None),
        zone="Asia/Taipei",
        minutes=plan.minutes,
        adults_needed=1,
        created_by=account_id(schools[0].lead.key),
        created_at=asked_at,
        closing_note=plan.reason,
    )
    return _held(lesson, plan)


def _side(key: SideKey, school: DemoSchool, plan: DemoLessonPlan, asked_at: datetime) -> LessonSide:
    is_open = plan.stage in (Stage.PROPOSED_BY_TAIWAN, Stage.PROPOSED_BY_US)
    lead = account_id(school.lead.key)
    has_answered = key == "a" or not is_open
    return LessonSide(
        key=key,
        school_id=SchoolId(school.id),
        class_group_id=ClassGroupId(school.group_id),
        zone=school.zone,
        lead=lead,
        confirmed_by=lead if has_answered else None,
        confirmed_at=asked_at + timedelta(hours=0 if key == "a" else 20) if has_answered else None,
    )


def _held(lesson: Lesson, plan: DemoLessonPlan) -> Lesson:
    """One that took place: it began two minutes late and was signed by one side, or by both and reported."""
    if plan.stage not in (Stage.ENDED, Stage.REPORTED):
        return lesson
    ended_at = lesson.ends_at + timedelta(seconds=20)
    lesson = replace(lesson, started_at=lesson.starts_at + timedelta(minutes=2), ended_at=ended_at)
    signing = lesson.sides if plan.stage is Stage.REPORTED else lesson.sides[1:]
    for side in signing:
        signed_at = ended_at + timedelta(minutes=30)
        lesson = lesson.with_side(replace(side, attendance_signed_by=side.lead, attendance_signed_at=signed_at))
    return replace(lesson, report=REPORT) if plan.stage is Stage.REPORTED else lesson


REPORT = (
    "兩班互相介紹了自己的港口，分組討論用了十五分鐘。下次想比較兩地的漁船。\n"
    "Both classes showed their harbour; fifteen minutes in mixed groups. Next time we compare fishing boats."
)


def _notices(lesson: Lesson, now: datetime) -> list[Notice]:
    """To the one who is asked; told as long ago as it was asked."""
    if lesson.state is not LessonState.PROPOSED:
        return []
    asked = lesson.sides[1].lead
    return [
        Notice(
            account_id=asked, lesson_id=lesson.id, kind=NoticeKind.PROPOSED, at=lesson.created_at, by=lesson.created_by
        )
    ]


def _presences(lesson: Lesson) -> Iterator[SeedPresence]:
    """Nearly everybody: one absent in ten, one in twelve away for a while. The same whenever it is made."""
    if lesson.started_at is None or lesson.ended_at is None:
        return
    chance = Random(lesson.title.en)  # noqa: S311  # nothing secret hangs on it
    for side in lesson.sides:
        yield SeedPresence(
            lesson_id=lesson.id,
            person=adult_person(side.lead),
            joined_at=lesson.starts_at - timedelta(minutes=8),
            left_at=lesson.ended_at,
        )
        for number in range(1, demo_school(side.school_id).size + 1):
            person = pupil_person(student_id(side.class_group_id, number))
            came = lesson.started_at + timedelta(seconds=chance.randrange(5, 200))
            if chance.random() < 0.1:
                continue
            if chance.random() < 0.08:
                gone = came + timedelta(minutes=chance.randrange(6, 20))
                yield SeedPresence(lesson_id=lesson.id, person=person, joined_at=came, left_at=gone)
                came = gone + timedelta(seconds=chance.randrange(20, 150))
            yield SeedPresence(lesson_id=lesson.id, person=person, joined_at=came, left_at=lesson.ended_at)


def _start_in(lesson_id: LessonId) -> datetime | None:
    """The start that an id of ours carries."""
    try:
        return datetime.strptime(lesson_id.rsplit("_", 1)[-1], "%Y%m%d%H%M").replace(tzinfo=UTC)
    except ValueError:
        return None


def _is_old(lesson_id: LessonId, seed: SeedLesson, now: datetime) -> bool:
    """Long past, or past and never held: nobody touched it. A series stays whole as long as it is remembered."""
    start = _start_in(lesson_id)
    is_alone = not lesson_id.startswith(f"{DEMO_SERIES.id}_")
    kept = UNTOUCHED_FOR if is_alone and seed.state in _PLANNED else KEPT_FOR
    return start is not None and start < now - kept
