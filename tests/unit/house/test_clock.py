"""Rhythms of one process beat together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.clock import until_next


@given(st.sampled_from([0.2, 0.3, 1.0, 5.0]), st.floats(0, 1_000_000))
def test_a_beat_comes_at_a_multiple_of_its_interval_and_never_twice_at_once(interval_s: float, now_s: float) -> None:
    wait_s = until_next(interval_s, now_s)
    assert interval_s / 10 < wait_s <= interval_s * 1.1 + 1e-6
    beats = (now_s + wait_s) / interval_s
    assert abs(beats - round(beats)) < 1e-3
