"""A term of one pair as the scheduler sees it: which lessons still fit, where each could go, the smallest change.

Pure but for school files, which are read when they are first needed: call it in a thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

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
    review,
    to_local,
)
from server.errors import ErrorCode, InvalidInput
from server.lessons.clock_notice import PLANNED
from server.lessons.facts import SideKey
from server.lessons.hours import ClassHours, hours_of
from server.lessons.lesson import Lesson
from server.lessons.series import Series

# Nobody is asked to meet this afternoon.
_NOT_BEFORE = timedelta(hours=24)
# Beyond the last lesson there must be room for what has to move.
_AFTER_LAST = timedelta(weeks=4)
# The scheduler's longest question is 60 weeks.
_LONGEST = timedelta(weeks=58)


@dataclass(frozen=True, slots=True, kw_only=True)
class TermPlan:
    """`plan`: the lessons still to come, by their numbers, each with its slot and, where it does not fit, its problem
    and replacements. `smallest`: what to do about those, moving nothing else."""

    plan: SeriesPlan
    smallest: Change
    taken: tuple[Interval, ...]


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
    hours = [Interval(one.starts_at, one.ends_at) for one in taken if one.id not in mine]
    hours.append(Interval(now - timedelta(days=2), now + _NOT_BEFORE))
    starts = [(number, one.starts_at) for number, one in sorted(left.items())]
    plan = review(query, starts, anchor=Anchor(series.anchor), every_weeks=series.every_weeks, taken=hours)
    return TermPlan(plan=plan, smallest=repair(plan, query, hours), taken=tuple(hours))


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
            return change_following(term.plan, number, start_at, term.taken)
        return place(term.plan, {number: start_at}, term.taken)
    except SeriesError as error:
        raise InvalidInput(ErrorCode.LESSON_TIME_INVALID, str(error)) from error


def place_term(term: TermPlan, starts: Mapping[int, datetime]) -> Change:
    """Those lessons at those starts, all others untouched."""
    return place(term.plan, starts, term.taken)


def seen_of(lessons: Sequence[Lesson]) -> str:
    """Names the state of all lessons that a page showed, so that nobody changes what they have not seen."""
    return "-".join(str(lesson.version) for lesson in lessons)


def anchor_wall(lesson: Lesson, anchor: SideKey, start_at: datetime) -> datetime:
    """Naive: what the anchor's wall says then."""
    return to_local(start_at, lesson.side(anchor).zone).replace(tzinfo=None)
