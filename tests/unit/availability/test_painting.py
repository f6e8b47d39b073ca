"""Strokes on real dates: the later covers the earlier, and nothing else changes."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.availability import Painted, PaintState, Stroke, paint, repeated, state_of, together

TUESDAY = date(2026, 12, 1)
S = PaintState


def one(start: int, end: int, state: PaintState = S.CANNOT, on: date = TUESDAY) -> Painted:
    return Painted(on=on, start_minute=start, end_minute=end, state=state)


def stroke(start: int, end: int, state: PaintState | None, on: date = TUESDAY) -> Stroke:
    return Stroke(on=on, start_minute=start, end_minute=end, state=state)


def test_a_stroke_in_the_middle_leaves_both_ends() -> None:
    assert paint([one(480, 720)], [stroke(540, 600, S.GLADLY)]) == (
        one(480, 540),
        one(540, 600, S.GLADLY),
        one(600, 720),
    )
    assert paint([one(480, 720)], [stroke(540, 600, None)]) == (one(480, 540), one(600, 720))


def test_neighbours_of_one_state_become_one_and_of_two_dates_never() -> None:
    tomorrow = TUESDAY + timedelta(days=1)
    strokes = [stroke(1_380, 1_440, S.CANNOT), stroke(0, 60, S.CANNOT, tomorrow), stroke(1_320, 1_380, S.CANNOT)]
    assert paint([], strokes) == (one(1_320, 1_440), one(0, 60, on=tomorrow))


@pytest.mark.parametrize(("start", "end"), [(-5, 60), (60, 60), (90, 60), (1_400, 1_445), (481, 540), (480, 543)])
@pytest.mark.parametrize("state", [S.CANNOT, None])
def test_what_is_no_hour_of_a_day_is_refused(start: int, end: int, state: PaintState | None) -> None:
    with pytest.raises(ValueError, match=r"hour of a day|grid"):
        paint([], [stroke(start, end, state)])


def test_the_same_on_the_next_weeks_is_dated_entries() -> None:
    """Over the clock change of 2027-03-14 too: each has its date, and the minutes of that date's own wall."""
    found = repeated([one(480, 540, on=date(2027, 3, 9))], 2)
    assert [(entry.on, entry.start_minute) for entry in found] == [(date(2027, 3, 16), 480), (date(2027, 3, 23), 480)]


def test_a_cell_that_is_partly_painted_says_so() -> None:
    painted = [one(480, 520)]
    assert state_of(painted, TUESDAY, 480, 510) is S.CANNOT
    assert state_of(painted, TUESDAY, 480, 540) == "mixed"
    assert state_of(painted, TUESDAY, 520, 540) is None
    assert state_of([*painted, one(520, 540, S.GLADLY)], TUESDAY, 480, 540) == "mixed"


def test_of_two_who_speak_of_one_hour_the_less_willing_is_heard() -> None:
    found = together([[one(480, 600, S.GLADLY)], [one(540, 660, S.RELUCTANTLY)], []])
    assert [(hour.start_minute, hour.end_minute, hour.willingness) for hour in found] == [
        (480, 540, 3),
        (540, 660, 1),
    ]


cells = st.integers(0, 47)
states = st.sampled_from([*PaintState, None])
strokes_of_a_day = st.lists(st.tuples(cells, cells, states), max_size=12)


@given(strokes_of_a_day)
def test_law_each_minute_has_the_state_of_the_last_stroke_over_it(
    given_strokes: list[tuple[int, int, S | None]],
) -> None:
    strokes = [stroke(min(a, b) * 30, (max(a, b) + 1) * 30, state) for a, b, state in given_strokes]
    painted = paint([], strokes)
    for cell in range(48):
        over = [x.state for x in strokes if x.start_minute <= cell * 30 < x.end_minute]
        assert state_of(painted, TUESDAY, cell * 30, cell * 30 + 30) == (over[-1] if over else None)
    for first, second in pairwise(painted):
        assert first.end_minute < second.start_minute or (
            first.end_minute == second.start_minute and first.state != second.state
        ), "disjoint, and as few as can be"
