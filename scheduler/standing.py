"""Lessons as they stand, whatever the calendars say by now: what each costs, whether it still fits, where it could go.

A stored lesson may stand at an hour that nobody offers (any more): it has its walls and its price all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from scheduler import zone
from scheduler.calendars import plan_day
from scheduler.drawing import party_zone
from scheduler.expand import Party
from scheduler.interval import Interval, to_minute
from scheduler.model import MINUTES_A_DAY, TIER_OF, TIERS, Confidence, WindowKind
from scheduler.search import Query, Sides, expand_sides, scan, search, slot_at
from scheduler.series import Anchor, PlannedLesson, QuietWeek, SeriesPlan, asynchronous, replacements_for, why_not
from scheduler.slot import Payer, SideSlot, Slot

# A lesson may slip this far before it is rather an exception for people to decide.
NEAR = timedelta(days=14)
# From here on an hour is family time, wherever no window says otherwise (guide scheduling.md §4.1).
_EVENING_FROM, _MORNING_FROM = 18 * 60, 6 * 60


def review(
    query: Query,
    starts: Sequence[tuple[int, datetime]],
    *,
    anchor: Anchor,
    every_weeks: int = 1,
    taken: Sequence[Interval] = (),
    agreed: Sequence[Interval] = (),
) -> SeriesPlan:
    """The lessons that stand there, as a plan: every one has its slot, and one that does not fit also its problem and
    replacements. `taken`: hours that no replacement may touch. `agreed`: lessons of others, which nothing may."""
    offered = expand_sides(query)
    sides = without(offered, agreed)
    own = {number: Interval(at, at + timedelta(minutes=query.minutes)) for number, at in starts}
    free = search(query, without(sides, taken)) if not all(fits(query, sides, at) for _, at in starts) else []
    lessons = []
    for number, at in starts:
        slot = standing_slot(query, offered, at)
        lesson = PlannedLesson(number=number, wanted_at=at, slot=slot)
        if not fits(query, sides, at):
            others = [other.start_at for key, other in own.items() if key != number]
            near = [one for one in free if abs(one.start_at - at) <= NEAR]
            lesson = replace(
                lesson,
                problem=why_not(query, sides, sides.grid.cell_of(to_minute(at)), at, agreed),
                replacements=replacements_for(query, near, at, others),
            )
        lessons.append(lesson)
    plan = SeriesPlan(query=query, anchor=anchor, every_weeks=every_weeks, lessons=tuple(lessons))
    return replace(plan, quiet_weeks=_quiet_weeks(plan, sides))


def without(sides: Sides, taken: Iterable[Interval]) -> Sides:
    """The same calendars with those hours given away."""
    bits = 0
    for one in taken:
        bits |= sides.grid.touching(to_minute(one.start_at), to_minute(one.end_at))
    return replace(sides, free=sides.free & ~bits)


def fits(query: Query, sides: Sides, at: datetime) -> bool:
    """Whether both calendars offer the whole lesson; one that starts between two cells needs both."""
    cell = sides.grid.cell_of(to_minute(at))
    cells = {cell, cell if sides.grid.instant_of(cell) == at else cell + 1}
    return all(slot_at(query, sides, one) is not None for one in cells)


def standing_slot(query: Query, sides: Sides, at: datetime) -> Slot:
    """What a lesson at that very minute is to both, offered or not."""
    cell = sides.grid.cell_of(to_minute(at))
    offered = slot_at(query, sides, cell)
    if offered is not None and offered.start_at == at:
        return offered
    a, b = (_side(party, party_zone(party, sides.grid, cell), at, query.minutes) for party in (query.a, query.b))
    return Slot(
        start_at=at,
        end_at=at + timedelta(minutes=query.minutes),
        first_start_at=at,
        last_start_at=at,
        tier=max((TIER_OF[a.window], TIER_OF[b.window]), key=TIERS.index),
        payer=Payer.of(a.burden_minutes, b.burden_minutes),
        a=a,
        b=b,
        confidence=Confidence.UNCONFIRMED,
    )


def _side(party: Party, key: str, at: datetime, minutes: int) -> SideSlot:
    start, end = (zone.to_local(one, key) for one in (at, at + timedelta(minutes=minutes)))
    window, burden = _price(party, start.date(), start.hour * 60 + start.minute, minutes)
    return SideSlot(
        zone=key,
        on=start.date(),
        start=f"{start:%H:%M}",
        end=f"{end:%H:%M}",
        window=window,
        burden_minutes=burden,
        is_period_start=False,
        is_eager=False,
        is_reluctant=False,
    )


def _price(party: Party, on: date, first: int, minutes: int) -> tuple[WindowKind, int]:
    """By the bells of the day: inside of them nothing; a day without school costs like a Saturday."""
    day = plan_day(party.school, on)
    bell, dismissal = day.first_bell, day.dismissal
    if day.closed_by is not None or bell is None or dismissal is None:
        return WindowKind.SATURDAY, minutes
    last = first + minutes
    outside = minutes - max(0, min(last, dismissal) - max(first, bell))
    if not outside:
        return WindowKind.INSTRUCTION, 0
    if last > max(_EVENING_FROM, dismissal) or first < _MORNING_FROM or last > MINUTES_A_DAY:
        return WindowKind.EVENING, outside
    return (WindowKind.BEFORE_SCHOOL if first < bell else WindowKind.AFTER_SCHOOL), outside


def _quiet_weeks(plan: SeriesPlan, sides: Sides) -> tuple[QuietWeek, ...]:
    """Weeks of the anchor side between two lessons in which nothing stands and nothing could."""
    query, key = plan.query, plan.anchor_zone
    mondays = {_monday(lesson.wanted_at, key) for lesson in plan.lessons}
    if not mondays:
        return ()
    open_weeks = {
        _monday(sides.grid.instant_of(run.first), key) for run in scan(sides, query.minutes, query.worst_tier)
    }
    found, monday = [], min(mondays)
    while (monday := monday + timedelta(weeks=1)) < max(mondays):
        if monday not in mondays | open_weeks:
            found.append(QuietWeek(monday=monday, suggestion=asynchronous(monday)))
    return tuple(found)


def _monday(at: datetime, key: str) -> date:
    on = zone.to_local(at, key).date()
    return on - timedelta(days=on.weekday())


def price_at(query: Query, starts: Sequence[datetime]) -> list[Slot]:
    """What lessons at those minutes cost both sides, one slot each, in their order."""
    sides = expand_sides(query)
    return [standing_slot(query, sides, at) for at in starts]
