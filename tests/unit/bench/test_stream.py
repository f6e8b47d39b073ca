"""The packet-level client's count of one stream: in order, gaps, late, double, and over the wrap."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bench.client.stream import NACK_AFTER_US, NACK_AGAIN_US, NACK_TIMES, InStream


def stream() -> InStream:
    return InStream(1, mid="0", is_video=True)


def feed(into: InStream, numbers: list[int], now_us: int = 0) -> InStream:
    """As the receiver does it: the next number counts on the fast way."""
    for number in numbers:
        seq = number & 0xFFFF
        if seq == into.next_seq:
            into.next_seq = (seq + 1) & 0xFFFF
            into.packets += 1
        else:
            into.irregular(seq, now_us)
    return into


def test_a_gap_is_asked_for_until_it_comes() -> None:
    one = feed(stream(), [10, 11, 14])
    assert one.to_ask(0) == []
    assert one.to_ask(NACK_AFTER_US) == [12, 13]
    assert one.to_ask(NACK_AFTER_US) == []
    assert one.recover(12)
    assert not one.recover(12), "a second copy is a probe"
    assert one.to_ask(NACK_AFTER_US + NACK_AGAIN_US) == [13]
    feed(one, [13])
    assert one.to_ask(10**9) == []
    assert (one.packets, one.recovered, one.late) == (4, 1, 1)


def test_what_never_comes_is_given_up() -> None:
    one = feed(stream(), [1, 3])
    now_us = NACK_AFTER_US
    for _ in range(NACK_TIMES):
        assert one.to_ask(now_us) == [2]
        now_us += NACK_AGAIN_US
    assert one.to_ask(now_us) == []
    assert one.given_up == 1


def test_double_packets_are_told_apart_from_late_ones() -> None:
    one = feed(stream(), [1, 2, 4, 3, 3, 4])
    assert (one.packets, one.late, one.duplicates) == (4, 1, 2)


def test_a_long_jump_is_a_switch_not_a_loss() -> None:
    one = feed(stream(), [1, 2, 20_000, 20_001])
    assert one.missing == {}
    assert one.packets == 4


@given(
    first=st.integers(0, 2**16 - 1),
    count=st.integers(1, 400),
    lost=st.sets(st.integers(1, 398), max_size=40),
    swaps=st.lists(st.integers(0, 390), max_size=10),
)
def test_counts_are_those_of_the_pattern(first: int, count: int, lost: set[int], swaps: list[int]) -> None:
    numbers = [index for index in range(count) if index not in lost or index in (0, count - 1)]
    order = numbers[:1] + numbers[1:]
    for at in swaps:
        if 0 < at < len(order) - 1:
            order[at], order[at + 1] = order[at + 1], order[at]
    one = feed(stream(), [first + number for number in order])
    assert one.packets == len(numbers)
    assert one.duplicates == 0
    assert {(first + index) & 0xFFFF for index in range(count) if index not in numbers} == set(one.missing)
    report = one.report(0)
    assert report.lost == count - len(numbers)
    assert report.highest & 0xFFFF == (first + count - 1) & 0xFFFF
