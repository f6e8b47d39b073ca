"""Why an answer is empty or thin: every cause found by lifting it and looking what would then be there.

The idea of machine-readable reasons for an empty result is Microsoft Graph's; ours are computed, never canned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from scheduler import zone
from scheduler.availability import Availability
from scheduler.days import days_of
from scheduler.expand import Party
from scheduler.explain import date_names
from scheduler.interval import CELL_MINUTES, Grid, cells_for, erode, runs
from scheduler.model import SCHOOL_WEEK, TIERS, Names, Tier, WindowKind
from scheduler.search import Query, Sides, scan, starts_by_tier
from scheduler.slot import Reason, Slot

_TIER_NAMES = {
    Tier.BOTH_IN_CLASS: Names(en="both in class", zh="兩邊都在上課"),
    Tier.SELF_STUDY: Names(en="self-study or lunch", zh="早自習或午休"),
    Tier.AFTER_SCHOOL: Names(en="before or after school", zh="上學前或放學後"),
    Tier.EVENING: Names(en="evening at home", zh="晚上在家"),
    Tier.SATURDAY: Names(en="Saturday", zh="週六"),
}


def is_thin(query: Query, slots: Sequence[Slot]) -> bool:
    """Fewer dates than weeks: not even a lesson a week."""
    return len({slot.a.on for slot in slots}) < query.weeks


def causes(query: Query, sides: Sides, slots: Sequence[Slot]) -> list[Reason]:
    """All causes of an empty or thin answer, the most general first; at least one if it is empty."""
    found = [
        *_no_common_school_hours(query, sides),
        *_weekend_on_the_other_side(query, sides),
        *_only_worse_tiers(query, sides),
        *_lost(query, sides),
        *_too_short(query, sides),
    ]
    if not found and not slots:
        found.append(
            Reason(
                code="no_common_hours",
                text=Names(en="The hours that the two classes offer never meet.", zh="兩班提供的時段完全沒有交集。"),
            )
        )
    if not found:
        found.append(
            Reason(
                code="few_common_hours",
                text=Names(
                    en="The hours that both classes offer meet on fewer days than there are weeks.",
                    zh="兩班共同的時段，平均一週不到一天。",
                ),
            )
        )
    return found


def lift(sides: Sides, cause: str) -> Sides:
    """The calendars as if that cause had taken nothing."""

    def without(side: Availability) -> Availability:
        back = side.lost.get(cause)
        if back is None:
            return side
        return replace(side, up_to=tuple(now | more for now, more in zip(side.up_to, back, strict=True)))

    return replace(sides, a=without(sides.a), b=without(sides.b), others=tuple(map(without, sides.others)))


def _no_common_school_hours(query: Query, sides: Sides) -> list[Reason]:
    in_class = sides.free
    for side in sides.all:
        in_class &= side.kinds.get(WindowKind.INSTRUCTION, 0)
    if erode(in_class, cells_for(query.minutes)) or not all(side.usable for side in sides.all):
        return []
    text = Names(
        en=f"{query.a.school.name.en} and {query.b.school.name.en} are never in lesson time at once in these weeks.",
        zh=f"這幾週{query.a.school.name.zh}與{query.b.school.name.zh}的正課時間沒有重疊。",
    )
    return [Reason(code="no_common_school_hours", text=text)]


def _weekend_on_the_other_side(query: Query, sides: Sides) -> list[Reason]:
    """A weekday's hours that fall on the other side's Saturday or Sunday."""
    found = []
    cells = cells_for(query.minutes)
    for own, other in (((query.a, sides.a), (query.b, sides.b)), ((query.b, sides.b), (query.a, sides.a))):
        for weekday, other_weekday, code in ((4, 5, "friday_is_saturday"), (0, 6, "monday_is_sunday")):
            here = _days(own[0], sides.grid, frozenset({weekday})) & own[1].usable
            there = _days(other[0], sides.grid, frozenset({other_weekday}))
            wasted = erode(here & there & ~other[1].usable, cells)
            if not wasted:
                continue
            # Why: an evening on that date would not help either; only hours that other weekdays use are worth a word.
            week = _days(other[0], sides.grid, SCHOOL_WEEK) & other[1].usable
            if not week:
                continue
            own_country, other_country = own[0].school.country, other[0].school.country
            prefix = f"{own_country.lower()}_" if own_country != other_country else ""
            found.append(_weekend_reason(f"{prefix}{code}", own[0], other[0], weekday))
    return found


def _weekend_reason(code: str, own: Party, other: Party, weekday: int) -> Reason:
    (en, zh), (there_en, there_zh) = (
        (("Friday", "週五"), ("Saturday", "週六")) if weekday == 4 else (("Monday", "週一"), ("Sunday", "週日"))
    )
    text = Names(
        en=f"{en} at {own.school.name.en} is {there_en} at {other.school.name.en}.",
        zh=f"{own.school.name.zh}的{zh}，正是{other.school.name.zh}的{there_zh}。",
    )
    return Reason(code=code, text=text)


def _only_worse_tiers(query: Query, sides: Sides) -> list[Reason]:
    if query.worst_tier is TIERS[-1]:
        return []
    allowed = {tier for tier in TIERS if tier.order <= query.worst_tier.order}
    found = starts_by_tier(sides.all, sides.free, cells_for(query.minutes), TIERS[-1])
    worse = next((tier for tier, _ in found if tier not in allowed), None)
    if worse is None:
        return []
    text = Names(
        en=f"There are hours only at a greater sacrifice: {_TIER_NAMES[worse].en}.",
        zh=f"要再多犧牲一點才有時段：{_TIER_NAMES[worse].zh}。",
    )
    return [Reason(code="only_worse_tiers", text=text)]


def _lost(query: Query, sides: Sides) -> list[Reason]:
    found = []
    now = {run.first for run in scan(sides, query.minutes, query.worst_tier)}
    for cause, (en, zh) in _LOST.items():
        if not any(cause in side.lost for side in sides.all):
            continue
        runs_then = scan(lift(sides, cause), query.minutes, query.worst_tier)
        dates = sorted({_date(query.a, sides.grid, run.first) for run in runs_then if run.first not in now})
        if dates:
            first, last = date_names(dates[0]), date_names(dates[-1])
            many = len(dates) > 1
            span_en = f"{len(dates)} dates from {first.en} to {last.en}" if many else first.en
            span_zh = f"{first.zh}至{last.zh}間共 {len(dates)} 天" if many else first.zh
            found.append(Reason(code=cause, text=Names(en=en.format(dates=span_en), zh=zh.format(dates=span_zh))))
    return found


_LOST = {
    "break": ("School breaks take {dates}.", "學校放假，占去 {dates}。"),
    "holiday": ("Holidays take {dates}.", "國定假日或校定假日，占去 {dates}。"),
    "closure": ("The school is closed on {dates}.", "學校停課：{dates}。"),
    "distance_teaching": (
        "Teaching is at a distance on {dates}, and this class does not join from home.",
        "{dates}為遠距教學，而這一班無法在家上線。",
    ),
    "class_busy": ("A class has something else, or cannot, on {dates}.", "班級另有安排或無法上課：{dates}。"),
    "teacher_busy": ("A teacher is busy on {dates}.", "授課老師另有課務：{dates}。"),
    "room_busy": ("No room with video equipment is free on {dates}.", "沒有可用的視訊教室：{dates}。"),
    "not_offered": (
        "A class has hours on {dates} that it does not offer so far.",
        "{dates}另有時段，但班級目前沒有開放。",
    ),
}


def _too_short(query: Query, sides: Sides) -> list[Reason]:
    common = sides.free
    for side in sides.all:
        common &= side.up_to[query.worst_tier.order]
    longest = max((stop - first for first, stop in runs(common)), default=0) * CELL_MINUTES
    if longest == 0 or longest >= query.minutes:
        return []
    text = Names(
        en=f"The longest common stretch is {longest} minutes, and the lesson needs {query.minutes}.",
        zh=f"共同時段最長只有 {longest} 分鐘，一節課需要 {query.minutes} 分鐘。",
    )
    return [Reason(code="too_short", text=text)]


def _days(party: Party, grid: Grid, weekdays: frozenset[int]) -> int:
    """Cells whose local weekday at that school is one of them."""
    return days_of(party.school, grid, keep=True).on_weekdays(weekdays)


def _date(party: Party, grid: Grid, cell: int) -> date:
    at = grid.instant_of(cell)
    return zone.to_local(at, party.school.zone).date()
