"""A term of one pair as the scheduler sees it: which lessons still fit, where each could go, the smallest change.

Pure but for school files, which are read when they are first needed: call it in a thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal

from scheduler import (
    Anchor,
    Change,
    Interval,
    Query,
    SeriesError,
    SeriesPlan,
    change_following,
    place,
    repair,
    resolve,
    review,
    to_local,
)
from server.errors import ErrorCode, InvalidInput
from server.lessons.clock_notice import PLANNED
from server.lessons.facts import SideKey
from server.lessons.hours import ClassHours, hours_of
from server.lessons.lesson import Lesson
from server.lessons.local_time import wall_time
from server.lessons.series import Series

# Nobody is asked to meet this afternoon.
_NOT_BEFORE = timedelta(hours=24)
# Beyond the last lesson there must be room for what has to move.
_AFTER_LAST = timedelta(weeks=4)
# The scheduler's longest question is 60 weeks.
_LONGEST = timedelta(weeks=58)

Scope = Literal["one", "following", "all"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TermPlan:
    """`plan`: the lessons still to come, by their numbers, each with its slot and, where it does not fit, its problem
    and replacements. `smallest`: what to do about those, moving nothing else. `taken`: hours that no lesson may move
    to, `agreed` those of them that are lessons of others."""

    plan: SeriesPlan
    smallest: Change
    taken: tuple[Interval, ...]
    agreed: tuple[Interval, ...] = ()


def numbered(lessons: Sequence[Lesson]) -> list[tuple[int, Lesson]]:
    return list(enumerate(lessons, start=1))


def coming(lessons: Sequence[Lesson], now: datetime) -> dict[int, Lesson]:
    """Planned lessons that can still be moved, by number."""
    return {
        number: one
        for number, one in numbered(lessons)
        if one.state in PLANNED and now < one.starts_at < now + _LONGEST
    }


def plan_term(
    series: Series, lessons: Sequence[Lesson], a: ClassHours, b: ClassHours, taken: Sequence[Lesson], now: datetime
) -> TermPlan | None:
    """None when nothing is still to come. `taken`: agreed lessons of others with these classes or leads."""
    left = coming(lessons, now)
    if not left:
        return None
    query = _query(a, b, list(left.values()), now)
    mine = {lesson.id for lesson in lessons}
    agreed = tuple(Interval(one.starts_at, one.ends_at) for one in taken if one.id not in mine)
    hours = (*agreed, Interval(now - timedelta(days=2), now + _NOT_BEFORE))
    starts = [(number, one.starts_at) for number, one in sorted(left.items())]
    plan = review(
        query, starts, anchor=Anchor(series.anchor), every_weeks=series.every_weeks, taken=hours, agreed=agreed
    )
    return TermPlan(plan=plan, smallest=repair(plan, query, hours, agreed), taken=hours, agreed=agreed)


def _query(a: ClassHours, b: ClassHours, left: Sequence[Lesson], now: datetime) -> Query:
    party_a, party_b = hours_of(a).party, hours_of(b).party
    from_on = to_local(now, party_a.school.zone).date()
    until = to_local(max(one.starts_at for one in left) + _AFTER_LAST, party_a.school.zone).date()
    return Query(
        a=party_a,
        b=party_b,
        from_on=from_on,
        weeks=-(-(until - from_on).days // 7),
        minutes=max(one.minutes for one in left),
    )


def change_term(term: TermPlan, number: int, start_at: datetime, *, is_following: bool) -> Change:
    """What it would become; lessons that cannot follow are exceptions that say why. Raises InvalidInput."""
    try:
        if is_following:
            return change_following(term.plan, number, start_at, term.taken, term.agreed)
        return place(term.plan, {number: start_at}, term.taken, term.agreed)
    except SeriesError as error:
        raise InvalidInput(ErrorCode.LESSON_TIME_INVALID, str(error)) from error


def start_on(lesson: Lesson, own: SideKey, weekday: int | None, start: time) -> datetime:
    """That hour on the own wall, in the week in which the lesson is. `weekday`: None leaves the day."""
    zone = lesson.side(own).zone
    on = wall_time(lesson.starts_at, zone).date
    if weekday is not None:
        on += timedelta(days=weekday - on.weekday())
    return resolve(datetime.combine(on, start), zone).at


def change_scope(term: TermPlan, left: Mapping[int, Lesson], number: int, start_at: datetime, scope: Scope) -> Change:
    """As `change_term`; of all lessons in `left` the first takes the same step as the one that was chosen."""
    if scope == "all":
        number, start_at = _from_the_first(term, left, number, start_at)
    return change_term(term, number, start_at, is_following=scope != "one")


def _from_the_first(
    term: TermPlan, left: Mapping[int, Lesson], chosen: int, start_at: datetime
) -> tuple[int, datetime]:
    """The same step from the first lesson that is still to come, on the anchor's wall."""
    first = min(left, key=lambda number: left[number].starts_at)
    zone = term.plan.anchor_zone
    old, new = wall_time(left[chosen].starts_at, zone), wall_time(start_at, zone)
    on = wall_time(left[first].starts_at, zone).date
    monday = on - timedelta(days=on.weekday())
    weeks = (new.date - timedelta(days=new.weekday)) - (old.date - timedelta(days=old.weekday))
    return first, resolve(datetime.combine(monday + weeks + timedelta(days=new.weekday), new.time), zone).at


def place_term(term: TermPlan, starts: Mapping[int, datetime]) -> Change:
    """Those lessons at those starts, all others untouched."""
    return place(term.plan, starts, term.taken, term.agreed)


def seen_of(lessons: Sequence[Lesson]) -> str:
    """Names the state of all lessons that a page showed, so that nobody changes what they have not seen."""
    return "-".join(str(lesson.version) for lesson in lessons)


def anchor_wall(lesson: Lesson, anchor: SideKey, start_at: datetime) -> datetime:
    """Naive: what the anchor's wall says then."""
    return to_local(start_at, lesson.side(anchor).zone).replace(tzinfo=None)
