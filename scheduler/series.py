"""A term's lessons from one slot, anchored to one side's wall clock and checked one by one before the term starts.

Exceptions come with their best replacements, and the seam where a clock change falls is shown (scheduling.md §1.4).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from scheduler import zone
from scheduler.expand import Party
from scheduler.explain import date_names
from scheduler.interval import Interval, cells_for, to_minute
from scheduler.model import Names
from scheduler.search import Query, Run, Sides, expand_sides, scan, search, slot_at, tier_at
from scheduler.slot import Reason, Slot

# Three are a choice that people can read; the first is the best.
_REPLACEMENTS_SHOWN = 3
# Causes that explain one missing date, the most concrete first.
_CAUSES = {
    "closure": Names(en="the school is closed", zh="學校停課"),
    "distance_teaching": Names(en="teaching is at a distance", zh="改為遠距教學"),
    "holiday": Names(en="a holiday", zh="放假日"),
    "break": Names(en="a school break", zh="學校放假"),
    "class_busy": Names(en="the class has something else, or cannot", zh="班級另有安排或無法上課"),
    "teacher_busy": Names(en="a teacher is busy", zh="老師另有課務"),
    "room_busy": Names(en="no room with video equipment is free", zh="沒有可用的視訊教室"),
    "not_offered": Names(en="the class does not offer this hour", zh="班級沒有開放這個時段"),
}


_AGREED = Names(
    en="a class, or who leads it, already has another lesson agreed for this hour",
    zh="班級或帶課老師在這個時段已有談定的課",
)


class SeriesError(ValueError):
    """A series that cannot be: too many lessons, an unknown number, a start that does not work."""


class Anchor(StrEnum):
    """The side whose wall clock stays when the other's shifts."""

    A = "a"
    B = "b"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedLesson:
    """`slot` is None for an exception until somebody takes one of its `replacements`."""

    number: int
    wanted_at: datetime
    slot: Slot | None
    problem: Reason | None = None
    replacements: tuple[Slot, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietWeek:
    """A week without any common slot: something to do apart from one another instead. `monday` is the anchor side's."""

    monday: date
    suggestion: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Seam:
    """Before lesson `number`, `side`'s clock moved against the anchor: its start goes from `before` to `after`."""

    number: int
    side: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesPlan:
    query: Query
    anchor: Anchor
    every_weeks: int
    lessons: tuple[PlannedLesson, ...]
    quiet_weeks: tuple[QuietWeek, ...] = ()

    @property
    def anchor_zone(self) -> str:
        return (self.query.a if self.anchor is Anchor.A else self.query.b).school.zone

    @property
    def is_complete(self) -> bool:
        return all(lesson.slot is not None for lesson in self.lessons)

    @property
    def exceptions(self) -> tuple[PlannedLesson, ...]:
        return tuple(lesson for lesson in self.lessons if lesson.slot is None)

    def lesson(self, number: int) -> PlannedLesson:
        for lesson in self.lessons:
            if lesson.number == number:
                return lesson
        raise SeriesError(f"lesson: 1 to {len(self.lessons)}, not {number}")

    @property
    def seams(self) -> tuple[Seam, ...]:
        """Where a weekly lesson's hour jumps on the side that is not the anchor."""
        found = []
        key_a, key_b = self.query.a.school.zone, self.query.b.school.zone
        other = "b" if self.anchor is Anchor.A else "a"
        for one, two in zip(self.lessons, self.lessons[1:], strict=False):
            ahead = [zone.offset_at(x.wanted_at, key_a) - zone.offset_at(x.wanted_at, key_b) for x in (one, two)]
            if ahead[0] != ahead[1]:
                key = key_b if other == "b" else key_a
                texts = [f"{zone.to_local(x.wanted_at, key):%H:%M}" for x in (one, two)]
                found.append(Seam(number=two.number, side=other, before=texts[0], after=texts[1]))
        return tuple(found)


def plan_series(
    query: Query,
    start_at: datetime,
    lessons: int,
    *,
    every_weeks: int = 1,
    anchor: Anchor = Anchor.A,
    sides: Sides | None = None,
    agreed: Sequence[Interval] = (),
) -> SeriesPlan:
    """`lessons` at `start_at`'s weekday and wall time on the anchor side, within the weeks of the query.

    `sides`: the query's calendars if they are expanded already. `agreed`: of the busy times those that are lessons
    already, so that it can be said. Raises SeriesError when the first start does not work for another reason than
    such a lesson, or the weeks cannot hold so many.
    """
    if not 1 <= lessons <= query.weeks or not 1 <= every_weeks <= 8:
        raise SeriesError(f"{lessons} lessons every {every_weeks} weeks do not fit into {query.weeks} weeks")
    sides = sides or expand_sides(query, keep=True)
    cell = _cell(sides, start_at)
    if slot_at(query, sides, cell) is None and not _would_work(query, cell, start_at, agreed):
        raise SeriesError(f"{start_at:%Y-%m-%dT%H:%MZ} is no start that works for both classes")
    found = scan(sides, query.minutes, query.worst_tier)
    firsts = [run.first for run in found]
    planned: list[PlannedLesson] = []
    quiet: list[QuietWeek] = []
    for wanted in _beats(query, start_at, every_weeks, anchor, sides):
        if len(planned) == lessons:
            break
        monday = _monday(_anchor_date(query, anchor, wanted))
        week = found[slice(*_week_places(query, sides, anchor, monday, firsts))]
        if not week:
            quiet.append(QuietWeek(monday=monday, suggestion=asynchronous(monday)))
            continue
        planned.append(_plan_one(query, sides, len(planned) + 1, wanted, week, agreed))
    if len(planned) < lessons:
        raise SeriesError(
            f"only {len(planned)} of {lessons} lessons fit between {query.from_on} and the end of the weeks"
        )
    return SeriesPlan(
        query=query, anchor=anchor, every_weeks=every_weeks, lessons=tuple(planned), quiet_weeks=tuple(quiet)
    )


def replacements_for(
    query: Query, slots: Iterable[Slot], wanted_at: datetime, taken: Iterable[datetime] = ()
) -> tuple[Slot, ...]:
    """The best slots instead of a wanted one, near it; `taken` are starts of the series' other lessons."""
    days = {start.date() for start in taken}
    length = timedelta(minutes=query.minutes)
    free = [slot for slot in slots if slot.start_at.date() not in days and abs(slot.start_at - wanted_at) >= length]

    def order(slot: Slot) -> tuple[int, int, timedelta]:
        return slot.tier.order, max(slot.a.burden_minutes, slot.b.burden_minutes), abs(slot.start_at - wanted_at)

    return tuple(sorted(free, key=order)[:_REPLACEMENTS_SHOWN])


def why_not(query: Query, sides: Sides, cell: int, wanted_at: datetime, agreed: Sequence[Interval] = ()) -> Reason:
    """The cause without which that start would work; of several at once, that of the calendars before a lesson."""
    on = date_names(zone.to_local(wanted_at, query.a.school.zone).date())
    if _is_taken(query, wanted_at, agreed):
        sides = _as_if_free(query, agreed)
        if tier_at(query, sides, cell) is not None:
            return Reason(code="lesson_agreed", text=_said(on, _AGREED))
    for cause, name in _CAUSES.items():
        if _fits_without(query, sides, cause, cell):
            return Reason(code=cause, text=_said(on, name))
    text = Names(en=f"{on.en}: outside the hours that both offer.", zh=f"{on.zh}：不在兩邊都開放的時段內。")
    return Reason(code="outside_windows", text=text)


def _fits_without(query: Query, sides: Sides, cause: str, cell: int) -> bool:
    """Whether a lesson could start there had that cause taken nothing. Only these cells are looked at: putting whole
    terms together again for each cause took longer than planning the term."""
    order, cells = query.worst_tier.order, cells_for(query.minutes)
    whole = (1 << cells) - 1
    if cell < 0 or not any(cause in side.lost for side in sides.all):
        return False
    for side in sides.all:
        back = side.lost.get(cause)
        bits = side.up_to[order] >> cell | (back[order] >> cell if back is not None else 0)
        if bits & whole != whole:
            return False
    return sides.free >> cell & whole == whole


def _said(on: Names, name: Names) -> Names:
    return Names(en=f"{on.en}: {name.en}.", zh=f"{on.zh}：{name.zh}。")


def _is_taken(query: Query, at: datetime, agreed: Iterable[Interval]) -> bool:
    end_at = at + timedelta(minutes=query.minutes)
    return any(one.start_at < end_at and at < one.end_at for one in agreed)


def _would_work(query: Query, cell: int, at: datetime, agreed: Sequence[Interval]) -> bool:
    """Were it not for one of those lessons."""
    return _is_taken(query, at, agreed) and tier_at(query, _as_if_free(query, agreed), cell) is not None


def _as_if_free(query: Query, agreed: Iterable[Interval]) -> Sides:
    """The calendars without those lessons. Worked out anew: where a class and its lead have the same one, neither
    cause alone gives the hour back."""
    gone = frozenset(agreed)

    def without(party: Party) -> Party:
        busy, teachers_busy = (
            tuple(one for one in intervals if one not in gone) for intervals in (party.busy, party.teachers_busy)
        )
        return replace(party, busy=busy, teachers_busy=teachers_busy)

    return expand_sides(replace(query, a=without(query.a), b=without(query.b)))


def _beats(query: Query, start_at: datetime, every_weeks: int, anchor: Anchor, sides: Sides) -> Iterable[datetime]:
    """The same weekday and wall time on the anchor side, as instants, until the grid ends."""
    key = (query.a if anchor is Anchor.A else query.b).school.zone
    local = zone.to_local(start_at, key).replace(tzinfo=None)
    end_at = sides.grid.instant_of(sides.grid.cells)
    step = 0
    while True:
        found = zone.resolve(local + timedelta(weeks=every_weeks * step), key)
        if found.at + timedelta(minutes=query.minutes) > end_at:
            return
        yield found.at
        step += 1


def _plan_one(
    query: Query, sides: Sides, number: int, wanted: datetime, week: list[Run], agreed: Sequence[Interval]
) -> PlannedLesson:
    cell = _cell(sides, wanted)
    slot = slot_at(query, sides, cell)
    if slot is not None:
        return PlannedLesson(number=number, wanted_at=wanted, slot=slot)
    return PlannedLesson(
        number=number,
        wanted_at=wanted,
        slot=None,
        problem=why_not(query, sides, cell, wanted, agreed),
        replacements=_best_of_week(query, sides, wanted, week),
    )


def _best_of_week(query: Query, sides: Sides, wanted: datetime, week: list[Run]) -> tuple[Slot, ...]:
    """As many runs as it takes, the best tier first: drawing every slot of a week costs more than finding them."""
    best: tuple[Slot, ...] = ()
    for tier in sorted({run.tier for run in week}, key=lambda one: one.order):
        chosen = [run for run in week if run.tier.order <= tier.order]
        best = replacements_for(query, search(query, sides, chosen), wanted)
        if len(best) == _REPLACEMENTS_SHOWN:
            break
    return best


def _week_places(query: Query, sides: Sides, anchor: Anchor, monday: date, firsts: list[int]) -> tuple[int, int]:
    """From where to where the runs of that week of the anchor side stand in the list."""
    key = (query.a if anchor is Anchor.A else query.b).school.zone
    ends = (_cell(sides, zone.midnight(monday + timedelta(days=days), key)) for days in (0, 7))
    low, high = (bisect_left(firsts, cell) for cell in ends)
    return low, high


def asynchronous(monday: date) -> Reason:
    on = date_names(monday)
    return Reason(
        code="asynchronous_week",
        text=Names(
            en=f"No common hour in the week of {on.en}: exchange a recorded greeting, letters or photos instead.",
            zh=f"{on.zh}這一週沒有共同時段：可改為互寄錄影、信件或照片。",
        ),
    )


def _anchor_date(query: Query, anchor: Anchor, at: datetime) -> date:
    return zone.to_local(at, (query.a if anchor is Anchor.A else query.b).school.zone).date()


def _monday(on: date) -> date:
    return on - timedelta(days=on.weekday())


def _cell(sides: Sides, at: datetime) -> int:
    return sides.grid.cell_of(to_minute(at.astimezone(UTC)))


def with_slot(plan: SeriesPlan, number: int, slot: Slot) -> SeriesPlan:
    """The plan with that lesson at another slot; its wanted instant stays what the series asked for."""
    plan.lesson(number)
    lessons = tuple(
        replace(lesson, slot=slot, problem=None, replacements=()) if lesson.number == number else lesson
        for lesson in plan.lessons
    )
    return replace(plan, lessons=lessons)
