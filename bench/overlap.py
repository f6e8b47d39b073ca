"""Common hours of six calendars over sixteen weeks on the 5-minute grid, beside the same question with `portion`.

Two figures of ours: `scan` (bit algebra alone, as `portion` does it) and `find_overlaps` (expanding, ranking, words).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import portion  # type: ignore[import-untyped]  # the package has no type information

from scheduler import (
    Query,
    StoredLesson,
    Tier,
    find_overlaps,
    find_party,
    moved_lessons,
    resolve,
    tzdata_release,
)
from scheduler.interval import CELL_MINUTES, cells_for, runs
from scheduler.overlap import forget
from scheduler.search import Sides, expand_sides, scan
from scheduler.series import plan_series

# Three of each side: two pairs and a guest on each.
GROUPS = (
    "tw-taipei-chenguang-5a",
    "us-az-saguaro-5b",
    "tw-hsinchu-songling-6b",
    "us-ca-bayview-5r",
    "tw-yunlin-daotian-6a",
    "us-ca-olivehill-4g",
)
ZONES = (
    "Asia/Taipei", "Pacific/Guam", "Pacific/Honolulu", "America/Los_Angeles", "America/Phoenix", "America/Denver",
    "America/Chicago", "America/New_York",
)  # fmt: skip
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
FIRST_ON, WEEKS, MINUTES = date(2026, 8, 31), 16, 40


def parser() -> argparse.ArgumentParser:
    arguments = argparse.ArgumentParser(prog="bench overlap", description=__doc__)
    arguments.add_argument("--rounds", type=int, default=2_000, help="of the fast ones (default 2000)")
    return arguments


def percentiles(question: Callable[[], Any], rounds: int) -> tuple[float, float, float]:
    """Median, p99 and worst in milliseconds of CPU of this thread: other programs' turns are not ours."""
    question()
    took = []
    for _ in range(rounds):
        started = time.thread_time_ns()
        question()
        took.append((time.thread_time_ns() - started) / 1e6)
    took.sort()
    return took[rounds // 2], took[min(rounds - 1, rounds * 99 // 100)], took[-1]


def portion_starts(sets: list[Any], minutes: int) -> list[tuple[int, int]]:
    """The same intersection with interval sets of another library; stretches too short for a lesson are left out."""
    common = sets[0]
    for one in sets[1:]:
        common = common & one
    return [(int(x.lower), int(x.upper)) for x in common if x.upper - x.lower >= minutes]


def as_portion(sides: Sides) -> list[Any]:
    def intervals(bits: int) -> Any:
        found = portion.empty()
        for first, stop in runs(bits):
            found |= portion.closedopen(sides.grid.minute_of(first), sides.grid.minute_of(stop))
        return found

    return [intervals(side.usable) for side in sides.all]


def same(sides: Sides, sets: list[Any]) -> bool:
    """Do both see the same stretches?"""
    common = sides.free
    for side in sides.all:
        common &= side.usable
    ours = [
        (sides.grid.minute_of(first), sides.grid.minute_of(stop))
        for first, stop in runs(common)
        if stop - first >= cells_for(MINUTES)
    ]
    return ours == portion_starts(sets, MINUTES)


def afresh(question: Callable[[], Any]) -> Callable[[], Any]:
    """As if nobody had asked before: nothing of it is kept."""

    def ask() -> Any:
        forget()
        return question()

    return ask


def term_of_lessons(number: int) -> list[StoredLesson]:
    """In eight zones, every minute of the day in turn; every tenth as an older release would have read it."""
    found = []
    for index in range(number):
        local = datetime(2026, 9, 7) + timedelta(minutes=index * 11)  # noqa: DTZ001 - a wall clock reading
        key = ZONES[index % len(ZONES)]
        at = resolve(local, key).at
        found.append(StoredLesson(id=str(index), local=local, zone=key, start_at=at + (index % 10 == 0) * _HOUR))
    return found


async def run(options: argparse.Namespace) -> int:
    a, b, *others = (find_party(name) for name in GROUPS)
    query = Query(a=a, b=b, others=tuple(others), from_on=FIRST_ON, weeks=WEEKS, minutes=MINUTES)
    sides = expand_sides(query)
    sets = as_portion(sides)
    agree = same(sides, sets)
    pair = Query(a=a, b=b, from_on=FIRST_ON, weeks=WEEKS, worst_tier=Tier.EVENING)
    ready = expand_sides(pair)
    many = term_of_lessons(16_000)
    start_at = find_overlaps(pair).slots[0].start_at
    print(
        f"tzdata {tzdata_release()}; six calendars, {WEEKS} weeks, {sides.grid.cells} cells of {CELL_MINUTES} minutes"
    )
    print(f"from {sides.grid.instant_of(0)}; {len(scan(sides, MINUTES, Tier.SATURDAY))} runs")
    print(f"{'':44}  median ms   p99 ms  worst ms")
    slow = max(options.rounds // 100, 10)
    rows: list[tuple[str, Callable[[], Any], int]] = [
        ("scan: tiers, payers and runs of six", lambda: scan(sides, MINUTES, Tier.SATURDAY), options.rounds),
        ("portion: intersection of six", lambda: portion_starts(sets, MINUTES), max(options.rounds // 20, 10)),
        ("expand: six school files' days to UTC", lambda: expand_sides(query), slow),
        ("find_overlaps: six, all of it", afresh(lambda: find_overlaps(query)), slow),
        ("find_overlaps: a pair, four weeks", afresh(lambda: find_overlaps(_weeks(pair, 4))), slow),
        ("find_overlaps: the same, asked before", lambda: find_overlaps(_weeks(pair, 4)), slow),
        ("plan_series: a term of 8, from the files", afresh(lambda: plan_series(pair, start_at, 8)), slow),
        ("plan_series: a term of 8, calendars at hand", lambda: plan_series(pair, start_at, 8, sides=ready), slow),
        ("moved_lessons: 16,000 after a tzdata change", lambda: moved_lessons(many, many[0].start_at - _DAY), 20),
    ]
    p99 = {}
    for name, question, rounds in rows:
        median, high, worst = percentiles(question, rounds)
        p99[name] = high
        print(f"{name:44} {median:10.3f} {high:8.3f} {worst:9.3f}")
    print(f"scan and portion see the same stretches: {'yes' if agree else 'NO'}")
    is_fast = p99[rows[0][0]] < 1.0
    print(f"p99 of scan below 1 ms: {'yes' if is_fast else 'NO'}")
    return 0 if agree and is_fast else 1


def _weeks(query: Query, weeks: int) -> Query:
    return Query(a=query.a, b=query.b, from_on=query.from_on + timedelta(weeks=4), weeks=weeks, minutes=query.minutes)
