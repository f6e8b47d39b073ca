"""Numbers wrap, drops close up, gaps stay reserved, and a NACK finds what was sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.sfu.packet import Source
from server.sfu.packet_cache import PacketCache
from server.sfu.sequence import SequenceMunger, extend, first_extended, is_newer_timestamp


def source(ssrc: int = 1) -> Source:
    return Source(ssrc=ssrc, quality=0, clock_rate=90_000, is_video=True, cache=PacketCache(8))


@given(st.integers(0x10000, 1 << 40), st.integers(-0x8000, 0x7FFF))
def test_extending_undoes_cutting(reference: int, distance: int) -> None:
    assert extend((reference + distance) & 0xFFFF, reference) == reference + distance


@pytest.mark.parametrize(
    ("new", "old", "newer"),
    [
        (1, 0, True),
        (0, 1, False),
        (0, 0, False),
        (5, 0xFFFF_FFF0, True),
        (0x8000_0000, 0, False),
        (0x7FFF_FFFF, 0, True),
    ],
)
def test_timestamps_are_compared_over_the_wrap(new: int, old: int, newer: bool) -> None:
    assert is_newer_timestamp(new, old) is newer


class Model:
    """What an endless notebook would answer: incoming number -> outgoing number for all that is kept or reserved."""

    def __init__(self, start: int) -> None:
        self.next_out = start
        self.numbers: dict[int, int] = {}


@given(
    st.integers(0, 0xFFFF),
    st.integers(0, 0xFFFF),
    st.lists(st.sampled_from(["keep", "drop", "lose"]), min_size=1, max_size=100),
)
def test_the_munger_equals_a_notebook(first_in: int, first_out: int, fates: list[str]) -> None:
    munger = SequenceMunger(first_out)
    one = source()
    start = first_extended(first_in)
    munger.splice(one, start)
    munger.take(start)
    model = Model(first_out)
    model.numbers[start] = first_out
    model.next_out += 1
    dropped = set()
    for number, fate in enumerate(fates, start + 1):
        if fate == "drop":
            munger.skip(number)
            dropped.add(number)
        else:
            model.numbers[number] = model.next_out & 0xFFFF
            model.next_out += 1
            if fate == "keep":
                stretch = munger.take(number)
                assert (number + stretch.sequence) & 0xFFFF == model.numbers[number]
    newest_kept = munger.next_in
    for number, out in model.numbers.items():
        stretch_or_none = munger.find(one, number)
        if number < newest_kept:
            assert stretch_or_none is not None, "kept or reserved"
            assert (number + stretch_or_none.sequence) & 0xFFFF == out
            found = munger.find_sent(out)
            assert found is not None
            assert found[1] == number
    for number in dropped:
        assert munger.find(one, number) is None


def test_a_splice_continues_after_the_last_number_and_old_numbers_are_still_known() -> None:
    munger = SequenceMunger(0xFFFE)
    first, second = source(1), source(2)
    munger.splice(first, 100)
    for number in (100, 101, 102):
        munger.take(number)
    munger.splice(second, 9_000)
    stretch = munger.take(9_000)
    assert (9_000 + stretch.sequence) & 0xFFFF == 1
    found = munger.find_sent(0xFFFF)
    assert found is not None
    assert (found[0].source, found[1]) == (first, 101)
    found = munger.find_sent(1)
    assert found is not None
    assert (found[0].source, found[1]) == (second, 9_000)
    assert munger.find_sent(2) is None, "not sent yet"
    assert munger.find_sent(0xFFFD) is None, "before the first"
    assert munger.find(second, 101) is None
    assert munger.find(first, 103) is None


def test_a_pause_leaves_no_hole_and_suspending_twice_changes_nothing() -> None:
    munger = SequenceMunger(10)
    one = source()
    munger.splice(one, 50)
    munger.take(50)
    munger.suspend()
    munger.suspend()
    munger.splice(one, 500)
    assert 500 + munger.take(500).sequence == 11


def test_numbers_are_found_beyond_sixteen_bits_of_one_stretch() -> None:
    munger = SequenceMunger(0)
    one = source()
    munger.splice(one, 0)
    for number in range(70_000):
        munger.take(number)
    found = munger.find_sent(69_999 & 0xFFFF)
    assert found is not None
    assert found[1] == 69_999
