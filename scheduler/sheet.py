"""One date of a class group by its bells alone: what is offered by default, what the clock skips or shows twice.

For pages on which people paint what they offer beyond it or withhold from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from scheduler import zone
from scheduler.calendars import plan_day
from scheduler.expand import Party
from scheduler.model import DAY_PART_MINUTES, MINUTES_A_DAY, ClosureMode, WindowKind
from scheduler.window import Stretch, kind_at, stretches

# No zone has ever moved its clock by a part of it.
_PROBE_MINUTES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySheet:
    """`is_closed`: a holiday or a break, whose name `closed_name` is ("" when the calendar has none).

    `offered`: by the windows, in local minutes. `kinds`: what each hour of the clock is to the class on that date.
    `skipped`: local minutes that do not occur; `twice`: those that occur twice.
    """

    on: date
    is_closed: bool
    closed_name: str
    offered: tuple[Stretch, ...]
    skipped: tuple[tuple[int, int], ...]
    twice: tuple[tuple[int, int], ...]
    kinds: tuple[WindowKind, ...]


def day_sheet(party: Party, on: date) -> DaySheet:
    """Nothing painted counts, nor who is busy."""
    plan = plan_day(party.school, on)
    shut = [DAY_PART_MINUTES[one.part] for one in plan.closures if one.mode is ClosureMode.CLOSED]
    offered = () if plan.closed_by else tuple(_open_pieces(list(stretches(party.group, plan)), shut))
    key = party.school.zone_on(on)
    return DaySheet(
        on=on,
        is_closed=plan.closed_by is not None,
        closed_name=plan.closed_name,
        offered=offered,
        skipped=_ranges(on, key, zone.Existence.GAP),
        twice=_ranges(on, key, zone.Existence.FOLD),
        kinds=tuple(kind_at(hour * 60, plan) for hour in range(24)),
    )


def _open_pieces(found: list[Stretch], shut: list[tuple[int, int]]) -> list[Stretch]:
    """What is offered and not refused, without the parts of the day that a closure takes."""
    pieces = [one for one in found if one.willingness > 0]
    for start, end in shut:
        pieces = [
            Stretch(one.kind, one.willingness, first, last)
            for one in pieces
            for first, last in (
                (one.start_minute, min(one.end_minute, start)),
                (max(one.start_minute, end), one.end_minute),
            )
            if first < last
        ]
    return pieces


def _ranges(on: date, key: str, wanted: zone.Existence) -> tuple[tuple[int, int], ...]:
    midnight = datetime.combine(on, time())
    if zone.resolve(midnight + timedelta(days=1), key).at - zone.resolve(midnight, key).at == timedelta(days=1):
        return ()
    found: list[tuple[int, int]] = []
    for minute in range(0, MINUTES_A_DAY, _PROBE_MINUTES):
        if zone.resolve(midnight + timedelta(minutes=minute), key).existence is not wanted:
            continue
        if found and found[-1][1] == minute:
            found[-1] = (found[-1][0], minute + _PROBE_MINUTES)
        else:
            found.append((minute, minute + _PROBE_MINUTES))
    return tuple(found)
