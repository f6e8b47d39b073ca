"""Loss repair: what is asked for and when, what is answered and how often, with losses written down as lists."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.sfu.keyframes import KeyframeRequester
from server.sfu.nack import LossTracker, ResendLimiter
from server.sfu.packet import Packet, Source
from server.sfu.packet_cache import PacketCache

RTT = 80_000
SOURCE = Source(ssrc=1, quality=0, clock_rate=90_000, is_video=True, cache=PacketCache(8))


def test_a_hole_is_asked_for_after_the_time_of_reordering_and_again_after_a_round_trip() -> None:
    losses = LossTracker(3)
    losses.gap(10, 11, 0)
    assert losses.due(12, 5_000, RTT) == []
    assert losses.due(12, 10_000, RTT) == [10, 11]
    assert losses.due(12, 60_000, RTT) == []
    assert losses.arrived(10)
    assert not losses.arrived(10)
    assert losses.due(12, 110_000, RTT) == [11]
    assert losses.due(12, 210_000, RTT) == [11]
    assert losses.due(12, 310_000, RTT) == [], "three times"
    assert (len(losses), losses.given_up) == (0, 1)


def test_more_than_two_newer_packets_make_it_lost_at_once() -> None:
    losses = LossTracker(3)
    losses.gap(10, 10, 0)
    assert losses.due(12, 1, RTT) == []
    assert losses.due(13, 2, RTT) == [10]


def test_what_is_a_second_late_is_given_up() -> None:
    losses = LossTracker(100)
    losses.gap(1, 1, 0)
    losses.due(1, 1_000_001, RTT)
    assert not losses.is_missing(1)


def has_overflowed(losses: LossTracker) -> bool:
    """A call, because a checker takes an attribute's last comparison for its type."""
    return losses.overflowed


def test_too_long_a_hole_is_left_to_a_key_frame() -> None:
    losses = LossTracker(3)
    losses.gap(1, 600, 0)
    assert has_overflowed(losses)
    assert len(losses) == 0
    losses.overflowed = False
    losses.gap(601, 1000, 0)
    assert not has_overflowed(losses)
    losses.gap(1100, 1400, 0)
    assert has_overflowed(losses)
    assert len(losses) == 512
    assert not losses.is_missing(601)
    losses.clear()
    assert len(losses) == 0


@pytest.mark.parametrize(
    ("arrivals", "answers"),
    [
        # Each row: which of the eight packets arrive, and which of the repeated requests are answered.
        ([True, False, True, True, True, True, True, True], [True]),
        ([True, False, False, False, True, True, True, True], [False, True]),
        ([True, False, True, False, True, False, True, True], [False, False, True]),
    ],
)
def test_every_hole_is_filled_while_answers_come(arrivals: list[bool], answers: list[bool]) -> None:
    losses = LossTracker(8)
    now_us = 0
    highest = -1
    for number, arrives in enumerate(arrivals):
        now_us += 5_000
        if arrives:
            if number > highest + 1:
                losses.gap(highest + 1, number - 1, now_us)
            highest = number
    for is_answered in answers:
        now_us += 150_000
        asked = losses.due(highest, now_us, RTT)
        assert asked == [number for number, arrives in enumerate(arrivals) if not arrives]
        if is_answered:
            assert all(losses.arrived(number) for number in asked)
    assert len(losses) == 0


def test_a_packet_is_not_sent_again_within_a_round_trip() -> None:
    limiter = ResendLimiter(0)
    assert limiter.may_resend(5, 1000, 0, RTT)
    assert not limiter.may_resend(5, 1000, RTT - 1, RTT)
    assert limiter.may_resend(6, 1000, RTT - 1, RTT)
    assert limiter.may_resend(5, 1000, RTT, RTT)


def test_resending_keeps_to_its_rate() -> None:
    limiter = ResendLimiter(0)
    sent = sum(limiter.may_resend(number, 1250, 0, RTT) for number in range(100))
    assert sent == 50, "half a second of 1 Mbit/s at once"
    sent = sum(limiter.may_resend(1000 + i, 1250, i * 1000, RTT) for i in range(1000))
    assert 98 <= sent <= 100, "then 1 Mbit/s, without losing credit between calls"
    limiter.set_rate(4_000_000)
    sent = sum(limiter.may_resend(5000 + i, 1250, 5_000_000, RTT) for i in range(1000))
    assert sent == 200
    limiter.set_rate(10)
    assert limiter.may_resend(9000, 1250, 6_000_000, RTT), "never below its floor"


def test_what_was_sent_again_is_remembered_within_bounds() -> None:
    limiter = ResendLimiter(0)
    for number in range(600):
        assert limiter.may_resend(number, 1, number, RTT)
    assert limiter.may_resend(0, 1, 601, RTT), "forgotten: the table is bounded"
    assert not limiter.may_resend(599, 1, 601, RTT)


@given(st.lists(st.integers(0, 40), max_size=60))
def test_the_cache_holds_the_last_of_each_slot(numbers: list[int]) -> None:
    cache = PacketCache(8)
    slots: dict[int, Packet] = {}
    for number in numbers:
        packet = Packet(SOURCE, number, 0, 0, b"x", 0)
        cache.put(packet)
        slots[number % 8] = packet
    for number in range(41):
        expected = slots.get(number % 8)
        assert cache.get(number) is (expected if expected is not None and expected.sequence == number else None)
    cache.clear()
    assert all(cache.get(number) is None for number in range(41))


def test_thirty_subscribers_ask_for_one_key_frame() -> None:
    requester = KeyframeRequester()
    assert not requester.due(0, RTT)
    for _ in range(30):
        requester.want()
    assert requester.is_wanted
    assert [requester.due(now_us, RTT) for now_us in range(0, 480_000, 20_000)] == [True] + [False] * 23
    assert requester.due(500_000, RTT), "again, because none came"
    requester.arrived()
    assert not requester.due(2_000_000, RTT)


def test_requests_for_the_next_key_frame_keep_the_distance() -> None:
    requester = KeyframeRequester()
    requester.want()
    assert requester.due(1_000_000, RTT)
    requester.arrived()
    requester.want()
    assert not requester.due(1_100_000, RTT)
    assert requester.due(1_500_000, RTT)


def test_a_silent_encoder_is_asked_ever_more_patiently() -> None:
    requester = KeyframeRequester()
    requester.want()
    asked = [now_us for now_us in range(0, 20_000_000, 20_000) if requester.due(now_us, 300_000)]
    steps = [later - earlier for earlier, later in pairwise(asked)]
    assert steps[:9] == [700_000] * 9
    assert set(steps[9:]) == {2_000_000}
