"""The relay's pipeline in virtual time: what it promises, it does exactly."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.net.impairment import BurstLoss, Impairment
from bench.net.pipeline import MAX_IN_FLIGHT, Drop, Pipeline


def through(impairment: Impairment, times_us: list[int], *, seed: int = 1, size: int = 1000) -> list[tuple[int, int]]:
    """(packet number, time it came out) in the order it came out."""
    pipeline: Pipeline[int] = Pipeline(impairment, seed=seed, name="up")
    arrived: list[tuple[int, int]] = []

    def empty_until(end_us: int) -> None:
        while (due_us := pipeline.next_due_us()) is not None and due_us <= end_us:
            arrived.extend((packet, due_us) for packet in pipeline.due(due_us))

    for number, now_us in enumerate(times_us):
        empty_until(now_us)
        pipeline.offer(number, size, now_us)
    empty_until(1 << 62)
    return arrived


def test_nothing_impaired_lets_everything_through_at_once() -> None:
    assert through(Impairment(), [0, 5, 7]) == [(0, 0), (1, 5), (2, 7)]


def test_delay_is_added_to_each_packet() -> None:
    assert through(Impairment(delay_us=75_000), [0, 10]) == [(0, 75_000), (1, 75_010)]


def test_jitter_keeps_order_unless_told_otherwise() -> None:
    times = list(range(0, 200_000, 1000))
    how = Impairment(delay_us=50_000, jitter_us=20_000)
    ordered = through(how, times)
    assert [packet for packet, _ in ordered] == list(range(200))
    loose = through(replace(how, jitter_reorders=True), times)
    assert [packet for packet, _ in loose] != list(range(200))
    for packet, at_us in loose:
        assert 30_000 <= at_us - times[packet] <= 70_000
    for packet, at_us in ordered:
        assert 30_000 <= at_us - times[packet] <= 70_000


def test_random_loss_is_the_seeds_and_nobody_elses() -> None:
    draws = Random("7:up:loss")
    expected = [number for number in range(1000) if draws.random() >= 0.05]
    plain = through(Impairment(loss=0.05), [0] * 1000, seed=7)
    assert [packet for packet, _ in plain] == expected
    busy = Impairment(loss=0.05, delay_us=1000, jitter_us=500, duplicate=0.1, reorder=0.1, rate_bps=10**9)
    assert {packet for packet, _ in through(busy, list(range(0, 100_000, 100)), seed=7)} == set(expected)
    assert through(Impairment(loss=0.05), [0] * 1000, seed=8) != plain


def test_burst_loss_has_the_mean_and_the_burst_length_of_its_chain() -> None:
    burst = BurstLoss(to_bad=0.01, to_good=0.2)
    pipeline: Pipeline[int] = Pipeline(Impairment(burst=burst), seed=3, name="up")
    kept = [pipeline.offer(0, 1, 0) and bool(pipeline.due(0)) for _ in range(100_000)]
    share = kept.count(False) / len(kept)
    assert share == pytest.approx(burst.mean_loss, rel=0.1)
    lengths = [len(list(run)) for is_kept, run in groupby(kept) if not is_kept]
    assert sum(lengths) / len(lengths) == pytest.approx(1 / 0.2, rel=0.1)
    assert pipeline.dropped[Drop.BURST] == kept.count(False)


def test_rate_spaces_packets_and_the_queue_drops_its_tail() -> None:
    # 1 Mbit/s and 1,000 bytes: 8 ms each. A queue of 3,000 bytes holds three behind the one being sent.
    how = Impairment(rate_bps=1_000_000, queue_bytes=3_000)
    arrived = through(how, [0] * 10)
    assert arrived == [(0, 8_000), (1, 16_000), (2, 24_000)]
    later = through(how, [0, 0, 0, 0, 20_000])
    assert later[-1] == (4, 32_000)


def test_held_back_packets_are_overtaken() -> None:
    arrived = through(Impairment(reorder=0.2, reorder_by_us=5_000), [index * 1000 for index in range(100)], seed=5)
    assert sorted(packet for packet, _ in arrived) == list(range(100))
    assert [packet for packet, _ in arrived] != list(range(100))
    assert {at_us - packet * 1000 for packet, at_us in arrived} == {0, 5_000}


def test_duplicates_come_twice() -> None:
    arrived = [packet for packet, _ in through(Impairment(duplicate=1.0), [0, 1])]
    assert arrived == [0, 0, 1, 1]


def test_blackout_loses_only_its_window_and_can_be_ended() -> None:
    pipeline: Pipeline[int] = Pipeline(Impairment(), seed=1, name="up")
    pipeline.blackout(1_000, 500)
    assert [pipeline.offer(now, 1, now) for now in (999, 1_000, 1_499, 1_500)] == [False, False, False, True]
    pipeline.blackout(2_000, 10_000)
    pipeline.blackout(2_100, 0)
    assert pipeline.offer(9, 1, 2_100)
    assert pipeline.dropped[Drop.BLACKOUT] == 3


def test_a_firewall_for_udp_lets_tcp_through() -> None:
    pipeline: Pipeline[int] = Pipeline(Impairment(block_udp=True), seed=1, name="up")
    assert not pipeline.offer(1, 1, 0, is_udp=True)
    assert pipeline.offer(2, 1, 0, is_udp=False)
    assert pipeline.due(0) == [2]


def test_memory_is_bounded() -> None:
    pipeline: Pipeline[int] = Pipeline(Impairment(delay_us=10**9), seed=1, name="up")
    for number in range(MAX_IN_FLIGHT + 5):
        pipeline.offer(number, 1, 0)
    assert pipeline.dropped[Drop.OVERFLOW] == 5


def test_own_lateness_is_told() -> None:
    pipeline: Pipeline[int] = Pipeline(Impairment(), seed=1, name="up")
    for number in range(100):
        pipeline.offer(number, 1, 0)
        pipeline.due(1_000 if number == 0 else 30)
        # The clock goes on only for the one that is late.
    assert pipeline.lateness_us(0.5) == 30
    assert pipeline.lateness_us(1.0) == 1_000
    assert pipeline.stats()["late_max_us"] == 1_000


@given(
    loss=st.floats(0, 1),
    duplicate=st.floats(0, 1),
    reorder=st.floats(0, 1),
    rate=st.sampled_from([0, 50_000, 10_000_000]),
    jitter=st.integers(0, 5_000),
    times=st.lists(st.integers(0, 100_000), max_size=60).map(sorted),
)
def test_every_packet_is_accounted_for(
    loss: float, duplicate: float, reorder: float, rate: int, jitter: int, times: list[int]
) -> None:
    how = Impairment(loss=loss, duplicate=duplicate, reorder=reorder, rate_bps=rate, jitter_us=jitter)
    pipeline: Pipeline[int] = Pipeline(how, seed=1, name="up")
    for number, now_us in enumerate(times):
        pipeline.offer(number, 500, now_us)
    out = pipeline.due(1 << 62)
    assert len(out) == len(times) - sum(pipeline.dropped.values()) + pipeline.duplicated
    assert set(out) <= set(range(len(times)))
