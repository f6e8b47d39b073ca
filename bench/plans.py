"""Random schools, closures, zones and weeks: what the scheduler offers, before an independent judge; and mutants of it.

A plan is a start that the search offers or one that it does not; the judge must agree on both, on tier and on payer.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import scheduler.search as search
from bench.plan_checker import Refused, judge
from scheduler import availability, calendars, days, interval, window
from scheduler.expand import Party
from scheduler.interval import CELL_MINUTES
from scheduler.model import (
    TIER_OF,
    TIERS,
    AcademicCalendar,
    BellSchedule,
    ClassGroup,
    ClassGroupId,
    Closure,
    ClosureMode,
    DatedBusy,
    DateRange,
    DayPart,
    Names,
    Period,
    School,
    SchoolId,
    SchoolYear,
    Teacher,
    TeacherId,
    Term,
    WeeklyBusy,
    Window,
    WindowKind,
)

ZONES = (
    "Asia/Taipei",
    "America/Los_Angeles",
    "America/Phoenix",
    "America/New_York",
    "Pacific/Guam",
    "Pacific/Honolulu",
    "Australia/Lord_Howe",
    "Africa/Cairo",
)
# Weeks in which clocks change somewhere, and ordinary ones.
FIRST_DATES = (date(2026, 3, 5), date(2026, 10, 1), date(2026, 10, 26), date(2026, 4, 20), date(2027, 3, 10))
NAME = Names(en="x", zh="x")


def parser() -> argparse.ArgumentParser:
    arguments = argparse.ArgumentParser(prog="bench plans", description=__doc__)
    arguments.add_argument("--plans", type=int, default=20_000, help="how many (default 20000; the goal: 1000000)")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--no-mutants", action="store_true")
    return arguments


def random_party(rng: random.Random, first_on: date) -> Party:
    """Bells by fives, any weekday, windows that may touch or cross midnight, and trouble of every kind."""
    start = rng.randrange(84, 114) * 5
    periods = []
    for index in range(rng.randrange(1, 7)):
        length = rng.choice((40, 45, 50, 90))
        kind = rng.choice((WindowKind.INSTRUCTION,) * 4 + (WindowKind.SELF_STUDY, WindowKind.LUNCH))
        periods.append(Period(name=f"P{index}", start_minute=start, end_minute=start + length, kind=kind))
        start += length + rng.choice((0, 5, 10, 15, 20))
    half = tuple(periods[: max(1, len(periods) // 2)])
    week = tuple(
        rng.choice(("full", "full", "half")) if day < 5 else rng.choice((None, None, "half")) for day in range(7)
    )
    some_days = [first_on + timedelta(days=day) for day in range(-1, 16)]
    bells = BellSchedule(
        first_on=date(2020, 1, 1),
        days={"full": tuple(periods), "half": half, "exam": ()},
        week=week,
        dates={rng.choice(some_days): rng.choice(("half", "exam"))} if rng.random() < 0.5 else {},
    )
    newer = replace(bells, first_on=rng.choice(some_days), days={**bells.days, "full": half})
    breaks = tuple(
        DateRange(first_on=day, last_on=day + timedelta(days=rng.randrange(3)))
        for day in rng.sample(some_days, rng.randrange(3))
    )
    make_up = {rng.choice(some_days): rng.choice(some_days)} if rng.random() < 0.3 else {}
    term_on = first_on - timedelta(days=rng.randrange(3))
    year = SchoolYear(
        label="y",
        first_on=date(2026, 1, 1),
        last_on=date(2027, 12, 31),
        is_confirmed=True,
        terms=(Term(name="t", first_on=term_on, last_on=first_on + timedelta(days=13)),),
        breaks=breaks,
        make_up=make_up,
    )
    school = School(
        id=SchoolId("s"),
        name=NAME,
        country="TW",
        region="r",
        level="l",
        zone=rng.choice(ZONES),
        bells=(bells, newer) if rng.random() < 0.3 else (bells,),
        calendar=AcademicCalendar(years=(year,)),
        class_groups=(),
        closures=tuple(_closure(rng, some_days) for _ in range(rng.randrange(3))),
    )
    return Party(school, _group(rng, some_days))


def _closure(rng: random.Random, days: list[date]) -> Closure:
    first = rng.choice(days)
    return Closure(
        first_on=first,
        last_on=first + timedelta(days=rng.randrange(2)),
        part=rng.choice(tuple(DayPart)),
        mode=rng.choice(tuple(ClosureMode)),
    )


def _group(rng: random.Random, days: list[date]) -> ClassGroup:
    def weekdays() -> frozenset[int]:
        return frozenset(rng.sample(range(7), rng.randrange(3, 8)))

    kinds = WindowKind
    windows = [Window(kind=kinds.INSTRUCTION, willingness=rng.randrange(1, 4), weekdays=weekdays())]
    if rng.random() < 0.5:
        windows.append(Window(kind=kinds.SELF_STUDY, willingness=rng.randrange(3)))
        some_periods = rng.choice((None, frozenset({"P1", "P3"})))
        windows.append(Window(kind=kinds.LUNCH, weekdays=weekdays(), periods=some_periods))
    if rng.random() < 0.6:
        windows.append(Window(kind=kinds.AFTER_SCHOOL, end_minute=rng.randrange(200, 222) * 5, weekdays=weekdays()))
    if rng.random() < 0.6:
        begin = rng.randrange(216, 240) * 5
        end = begin + rng.randrange(12, 60) * 5
        windows.append(
            Window(
                kind=kinds.EVENING,
                start_minute=begin,
                end_minute=end,
                willingness=rng.randrange(4),
                weekdays=weekdays(),
            )
        )
    if rng.random() < 0.3:
        last_on = rng.choice(days)
        windows.append(Window(kind=kinds.BEFORE_SCHOOL, start_minute=360, weekdays=weekdays(), last_on=last_on))
    if rng.random() < 0.4:
        # Around the hour at which clocks change, on painted dates.
        painted = frozenset(rng.sample(days, 4))
        windows.append(Window(kind=kinds.EVENING, start_minute=0, end_minute=360, dates=painted))
    if rng.random() < 0.3:
        windows.append(Window(kind=kinds.SATURDAY, start_minute=480, end_minute=720))
    teacher = Teacher(
        id=TeacherId("t"),
        name="t",
        weekly=(WeeklyBusy(weekdays=weekdays(), start_minute=600, end_minute=rng.randrange(123, 150) * 5),),
        dated=(DatedBusy(on=rng.choice(days), start_minute=480, end_minute=900),),
    )
    return ClassGroup(
        id=ClassGroupId("g"),
        name=NAME,
        size=1,
        lesson_minutes=40,
        windows=tuple(windows),
        teachers=(teacher,) if rng.random() < 0.4 else (),
        crosses_breaks=rng.random() < 0.5,
        joins_from_home=rng.random() < 0.5,
    )


def disagreements(rng: random.Random, plans: int) -> Iterator[str]:
    """Offered starts and others alike, until so many were judged."""
    judged = 0
    while judged < plans:
        first_on = rng.choice(FIRST_DATES)
        a, b = random_party(rng, first_on), random_party(rng, first_on)
        minutes = rng.choice((30, 40, 45, 50))
        query = search.Query(a=a, b=b, from_on=first_on, weeks=2, minutes=minutes)
        sides = search.expand_sides(query)
        offered = {
            cell: (run.tier, str(run.payer))
            for run in search.scan(sides, minutes, TIERS[-1])
            for cell in range(run.first, run.stop)
        }
        cells = rng.sample(sorted(offered), min(40, len(offered)))
        near = [cell + shift for cell in cells[:10] for shift in (-1, 1)]
        last = sides.grid.cells - minutes // CELL_MINUTES
        cells += [cell for cell in itertools.chain(near, rng.sample(range(last), 20)) if 0 <= cell < last]
        for cell in cells:
            judged += 1
            verdict = _verdict(query, sides.grid.instant_of(cell), minutes)
            if verdict != offered.get(cell):
                yield f"{sides.grid.instant_of(cell)} {minutes} min: offered {offered.get(cell)}, judged {verdict}"


def _verdict(query: search.Query, start_at: Any, minutes: int) -> tuple[str, str] | None:
    try:
        (tier_a, burden_a), (tier_b, burden_b) = (
            judge(party.school, party.group, start_at, minutes) for party in (query.a, query.b)
        )
    except Refused:
        return None
    payer = "a" if burden_a > burden_b else "b" if burden_b > burden_a else "both" if burden_a else "none"
    return TIERS[max(tier_a, tier_b)], payer


@contextmanager
def patched(module: Any, name: str, value: Any) -> Iterator[None]:
    before = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, before)


def mutants() -> list[tuple[str, Any, str, Any]]:
    """Mistakes that people make, each put into the scheduler for a moment: (what, module, name, instead)."""
    plan_day, stretches, erode = calendars.plan_day, window.stretches, interval.erode
    base, cells_for, spans = days._base, interval.cells_for, window._spans

    def plan(change: Callable[[Any], Any]) -> Callable[..., Any]:
        return lambda school, on: change(plan_day(school, on))

    def shift(minutes: int) -> Callable[..., Any]:
        def shifted(on: date, key: str) -> int | None:
            found = base(on, key)
            return None if found is None else found + minutes

        return shifted

    def yesterdays_offset(on: date, key: str) -> int:
        found = base(date(on.year, 1, 15), key)
        assert found is not None
        return found + (on - date(on.year, 1, 15)).days * 1_440

    def always_full(school: School, on: date, timetable_on: date) -> tuple[Period, ...]:
        return school.bells[0].days["full"] if timetable_on.weekday() < 5 else ()

    def all_eager(group: ClassGroup, day: Any) -> Iterator[Any]:
        return (replace(stretch, willingness=3) for stretch in stretches(group, day))

    def from_three(one: Window, group: ClassGroup, day: Any) -> list[tuple[int, int]]:
        if one.kind is WindowKind.AFTER_SCHOOL and one.end_minute:
            return [(900, one.end_minute)]
        return spans(one, group, day)

    return [
        ("closures are ignored", days, "plan_day", plan(lambda p: p._replace(closures=()))),
        ("breaks are ignored", days, "plan_day", plan(lambda p: p._replace(closed_by=None))),
        ("make-up days keep their own timetable", calendars, "_make_up", lambda year, official, on: None),
        ("every date follows its own weekday", days, "plan_day", plan(lambda p: p._replace(timetable_on=p.on))),
        ("half days are full", calendars, "_periods", always_full),
        ("an hour late", days, "_base", shift(60)),
        ("an hour early", days, "_base", shift(-60)),
        ("five minutes late", days, "_base", shift(5)),
        ("a day late", days, "_base", shift(1_440)),
        ("January's offset all year", days, "_base", yesterdays_offset),
        ("folds and gaps are not cut", days, "_without", lambda span, cut: [span]),
        ("closures end at noon", days, "DAY_PART_MINUTES", dict.fromkeys(DayPart, (0, 720))),
        ("distance teaching is no closure", days, "ClosureMode", _AlwaysDistance),
        ("willingness is ignored", days, "stretches", all_eager),
        ("lunch is lost", days, "stretches", lambda g, p: (s for s in stretches(g, p) if s.kind != "lunch")),
        ("the day before is forgotten", days, "local_dates", _from_second_date),
        ("one cell too short", search, "erode", lambda bits, length: erode(bits, max(length - 1, 1))),
        ("one cell too long", search, "erode", lambda bits, length: erode(bits, length + 1)),
        ("50 minutes are 45", search, "cells_for", lambda minutes: min(cells_for(minutes), 9)),
        ("breaks are always crossed", window, "LONGEST_CROSSED_BREAK_MINUTES", 60),
        ("breaks are never crossed", window, "LONGEST_CROSSED_BREAK_MINUTES", -1),
        ("after school from three", window, "_spans", from_three),
        ("windows hold on all weekdays", window, "is_offered_on", lambda w, p: w.dates is None or p.on in w.dates),
        ("painted dates are ignored", window, "is_offered_on", _without_paint(window.is_offered_on)),
        ("evenings are at school", availability, "AT_SCHOOL", frozenset(WindowKind)),
        ("lunch is a burden", availability, "AT_SCHOOL", frozenset({WindowKind.INSTRUCTION})),
        ("self-study is class", availability, "TIER_OF", {**TIER_OF, WindowKind.SELF_STUDY: TIERS[0]}),
        ("evening is after school", availability, "TIER_OF", {**TIER_OF, WindowKind.EVENING: TIERS[2]}),
    ]


class _AlwaysDistance:
    """No closure is of this mode."""

    CLOSED = None


def _from_second_date(grid: Any, school: School) -> Iterator[date]:
    yield from itertools.islice(_LOCAL_DATES(grid, school), 2, None)


_LOCAL_DATES = days.local_dates


def _without_paint(offered: Callable[[Window, Any], bool]) -> Callable[[Window, Any], bool]:
    return lambda one, plan: offered(replace(one, dates=None), plan)


def caught(what: tuple[str, Any, str, Any], seed: int, plans: int) -> bool:
    """Does the judge see that mutant within so many plans?"""
    _, module, name, value = what
    with patched(module, name, value):
        try:
            return next(disagreements(random.Random(seed), plans), None) is not None
        except Exception:  # a mutant that crashes is caught
            return True


async def run(options: argparse.Namespace) -> int:
    started = time.process_time()
    found = list(itertools.islice(disagreements(random.Random(options.seed), options.plans), 20))
    print(f"{options.plans} plans, seed {options.seed}: {len(found)} disagreements with the judge")
    for line in found:
        print(f"  {line}", file=sys.stderr)
    share = 1.0
    if not options.no_mutants:
        all_of_them = mutants()
        survivors = [what[0] for what in all_of_them if not caught(what, options.seed, 20_000)]
        share = 1 - len(survivors) / len(all_of_them)
        print(f"{len(all_of_them)} mutants, {share:.0%} caught; survivors: {', '.join(survivors) or 'none'}")
    print(f"{time.process_time() - started:.1f} s of CPU")
    return 1 if found or share < 0.95 else 0
