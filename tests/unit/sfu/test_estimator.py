"""The uplink estimate in virtual time: a publisher that follows our REMB behind a link with a rate."""

from __future__ import annotations

import pytest

from server.sfu.estimator import DelayEstimator, DelayTrend
from server.sfu.rtp import abs_send_time


class Uplink:
    """Sends frames at the rate it is told (up to `wish_bps`) through a link with a deep queue."""

    def __init__(self, *, link_bps: int, wish_bps: int) -> None:
        self.link_bps = link_bps
        self.wish_bps = wish_bps
        self.estimator = DelayEstimator()
        self.now_us = 50_000_000
        self.free_at_us = 0.0
        self.rate_bps = min(wish_bps, self.estimator.estimate_bps(self.now_us))

    def run(self, seconds: float, jitter_us: int = 0) -> int:
        end = self.now_us + int(seconds * 1e6)
        frames = 0
        while self.now_us < end:
            frames += 1
            size = self.rate_bps // 8 // 30
            for i in range(0, size, 1200):
                # Paced within the frame, as senders do.
                sent_us = self.now_us + i * 20_000 // max(size, 1)
                self.free_at_us = max(self.free_at_us, sent_us) + 1200 * 8e6 / self.link_bps
                arrived_us = int(self.free_at_us) + (frames * 7919 % (jitter_us + 1))
                self.estimator.on_packet(abs_send_time(sent_us), arrived_us, 1200)
            self.now_us += 33_333
            self.rate_bps = min(self.wish_bps, self.estimator.estimate_bps(self.now_us))
        return self.rate_bps

    @property
    def queue_ms(self) -> float:
        return max(0.0, self.free_at_us - self.now_us) / 1000


def test_a_good_uplink_is_used_from_the_start() -> None:
    uplink = Uplink(link_bps=20_000_000, wish_bps=2_700_000)
    assert uplink.run(10, jitter_us=3000) == 2_700_000


def test_a_narrow_uplink_is_found_and_its_queue_drains() -> None:
    uplink = Uplink(link_bps=800_000, wish_bps=2_700_000)
    uplink.run(4)
    assert uplink.rate_bps < 1_000_000
    uplink.run(20)
    assert 300_000 < uplink.rate_bps < 1_000_000
    assert uplink.queue_ms < 500


def test_it_grows_again_when_the_link_does() -> None:
    uplink = Uplink(link_bps=800_000, wish_bps=2_700_000)
    uplink.run(10)
    before = uplink.rate_bps
    uplink.link_bps = 10_000_000
    uplink.run(20)
    assert uplink.rate_bps > before * 1.5


def test_heavy_loss_lowers_and_light_loss_does_not() -> None:
    uplink = Uplink(link_bps=20_000_000, wish_bps=2_000_000)
    uplink.run(3)
    uplink.estimator.on_loss(0.05, uplink.now_us)
    assert uplink.estimator.estimate_bps(uplink.now_us) >= 2_000_000
    uplink.estimator.on_loss(0.4, uplink.now_us)
    assert uplink.estimator.estimate_bps(uplink.now_us) == pytest.approx(1_600_000, rel=0.1)
    uplink.estimator.on_loss(0.4, uplink.now_us + 1000)
    assert uplink.estimator.estimate_bps(uplink.now_us) == pytest.approx(1_600_000, rel=0.1), "once per response time"


def test_packets_without_a_send_time_count_for_the_rate_only() -> None:
    estimator = DelayEstimator(start_bps=200_000)
    for i in range(100):
        estimator.on_packet(-1, 1_000_000 + i * 10_000, 1000)
    assert estimator.estimate_bps(2_000_000) == 200_000
    assert estimator.estimate_bps(3_000_000) >= 200_000


def test_the_trend_follows_the_send_time_over_its_wrap() -> None:
    trend = DelayTrend()
    start_us = 63_500_000
    for i in range(60):
        trend.on_packet(
            abs_send_time(start_us + i * 20_000),
            1_000_000 + i * 21_000,
        )
    assert trend.is_ready
    assert trend.slope() == pytest.approx(0.04, abs=0.02), "one of 21 ms more in each step"
    assert trend.on_packet(abs_send_time(start_us), 3_000_000) is None, "long overtaken"


def test_a_line_through_one_instant_is_flat() -> None:
    trend = DelayTrend()
    for i in range(25):
        trend.on_packet(abs_send_time(1_000_000 + i * 20_000), 5_000_000)
    assert trend.slope() == 0.0
