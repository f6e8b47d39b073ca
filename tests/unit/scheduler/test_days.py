"""Dates that are laid together say what each of them says alone, also where clocks change or skip midnight."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bench.plans import FIRST_DATES
from scheduler import Party, plan_day
from scheduler.days import SchoolDays, local_dates, utc_spans
from scheduler.drawing import party_zone
from scheduler.interval import Grid, to_minute
from scheduler.search import date_changes_of
from scheduler.wall import date_changes, wall_at
from scheduler.window import stretches
from scheduler.zone import midnight
from tests.unit.scheduler.test_nearby import troubled

seeds = st.integers(min_value=0, max_value=2**32 - 1)
# Midnight skipped, midnight twice, half an hour, a quarter of one, no change at all.
KEYS = ("Africa/Cairo", "America/Havana", "Australia/Lord_Howe", "Asia/Kathmandu", "Asia/Beirut", "Asia/Taipei")


def some(seed: int) -> tuple[Party, Grid]:
    rng = random.Random(seed)
    first_on = rng.choice(FIRST_DATES)
    party = troubled(rng, first_on)
    key = rng.choice((party.school.zone, *KEYS))
    return party, Grid.covering(midnight(first_on, key), midnight(first_on + timedelta(weeks=3), key))


@given(seeds)
@settings(max_examples=60, deadline=None)
def test_what_is_offered_is_what_each_date_offers(seed: int) -> None:
    party, grid = some(seed)
    school, alone = party.school, defaultdict[object, int](int)
    starts = 0
    for on in local_dates(grid, school):
        plan, key = plan_day(school, on), school.zone_on(on)
        for one in stretches(party.group, plan):
            for first, stop in utc_spans(on, one.start_minute, one.end_minute, key):
                alone[plan.closed_by, one.kind, one.willingness] |= grid.inside(first, stop)
        for period in plan.periods:
            for first, _ in utc_spans(on, period.start_minute, period.start_minute + 5, key):
                starts |= grid.inside(first, first + 5)
    days = SchoolDays(school, grid)
    together = {tuple(what): bits for *what, bits in days.offered(party.group)}
    assert {what: bits for what, bits in together.items() if bits} == {k: bits for k, bits in alone.items() if bits}
    assert days.starts == starts


@given(seeds)
@settings(max_examples=60, deadline=None)
def test_another_date_begins_where_the_wall_says_so(seed: int) -> None:
    party, grid = some(seed)
    for key in KEYS:
        assert date_changes(grid, key) == changes([wall_at(grid.minute_of(cell), key)[0] for cell in range(grid.cells)])
    of_school = [wall_at(grid.minute_of(cell), party_zone(party, grid, cell))[0] for cell in range(grid.cells)]
    assert date_changes_of(party, grid) == changes(of_school)


def changes(shown: list[date]) -> tuple[int, ...]:
    return tuple(cell for cell in range(1, len(shown)) if shown[cell] != shown[cell - 1])


def test_a_midnight_that_is_skipped_begins_the_date_an_hour_later() -> None:
    grid = Grid.covering(midnight(date(2026, 4, 22), "Africa/Cairo"), midnight(date(2026, 4, 26), "Africa/Cairo"))
    first = to_minute(midnight(date(2026, 4, 24), "Africa/Cairo"))
    assert wall_at(first, "Africa/Cairo") == (date(2026, 4, 24), 60)
    assert grid.cell_of(first) in date_changes(grid, "Africa/Cairo")
