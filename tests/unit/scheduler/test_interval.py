"""Interval laws: bits and values say the same, and another library agrees."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import portion  # type: ignore[import-untyped]  # the package has no type information
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.interval import CELL_MINUTES, Grid, Interval, cells_for, erode, runs

START = datetime(2026, 10, 1, tzinfo=UTC)
GRID = Grid.covering(START, START + timedelta(days=1))
BITS = st.integers(0, GRID.full)


def cells(bits: int) -> set[int]:
    return {cell for cell in range(bits.bit_length()) if bits >> cell & 1}


@given(BITS)
def test_runs_are_the_bits_and_are_maximal(bits: int) -> None:
    found = list(runs(bits))
    assert {cell for first, stop in found for cell in range(first, stop)} == cells(bits)
    assert all(one[1] < two[0] for one, two in itertools.pairwise(found))


@given(BITS, st.integers(1, 40))
def test_erosion_is_the_set_of_starts(bits: int, length: int) -> None:
    inside = cells(bits)
    assert cells(erode(bits, length)) == {c for c in inside if all(c + k in inside for k in range(length))}


@given(BITS, BITS, st.integers(1, 20))
def test_erosion_and_intersection_commute_and_are_monotone(one: int, two: int, length: int) -> None:
    assert erode(one & two, length) == erode(one, length) & erode(two, length)
    assert erode(one, length + 1) & ~erode(one, length) == 0
    assert erode(one, length) & ~erode(one | two, length) == 0


@given(BITS)
def test_intervals_and_bits_go_round_trip(bits: int) -> None:
    assert GRID.inside_of(GRID.intervals(bits)) == bits


@given(BITS, BITS)
def test_portion_sees_the_same_intersection(one: int, two: int) -> None:
    def as_portion(bits: int) -> portion.Interval:
        found = portion.empty()
        for first, stop in runs(bits):
            found |= portion.closedopen(first, stop)
        return found

    assert [(x.lower, x.upper) for x in as_portion(one) & as_portion(two) if not x.empty] == list(runs(one & two))


@given(st.integers(-500, 2_000), st.integers(1, 500))
def test_what_is_offered_is_never_exceeded_and_what_is_busy_never_grazed(start: int, length: int) -> None:
    low = GRID.origin_minute + start
    inside, touching = GRID.inside(low, low + length), GRID.touching(low, low + length)
    assert inside & ~touching == 0
    for cell in range(GRID.cells):
        first, stop = GRID.minute_of(cell), GRID.minute_of(cell) + CELL_MINUTES
        assert bool(inside >> cell & 1) == (low <= first and stop <= low + length)
        assert bool(touching >> cell & 1) == (first < low + length and low < stop)


def test_intervals_are_half_open() -> None:
    one = Interval(START, START + timedelta(minutes=40))
    two = Interval(one.end_at, one.end_at + timedelta(minutes=40))
    assert not one.overlaps(two)
    assert START in one
    assert one.end_at not in one
    assert one.minutes == 40


@pytest.mark.parametrize("end", [START, START - timedelta(minutes=1), START.replace(tzinfo=None)])
def test_no_interval_is_empty_reversed_or_naive(end: datetime) -> None:
    with pytest.raises((ValueError, TypeError)):
        Interval(START, end)


@pytest.mark.parametrize(("minutes", "wanted"), [(40, 8), (41, 9), (45, 9), (5, 1), (1, 1)])
def test_a_lesson_needs_whole_cells(minutes: int, wanted: int) -> None:
    assert cells_for(minutes) == wanted
