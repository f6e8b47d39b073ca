"""Meters and scores: reports, rates, levels, quality, clocks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.sfu.audio_level import LevelMeter, linear
from server.sfu.clock_map import SenderClock
from server.sfu.quality import QualityLevel, certain_loss, level_of, score_of
from server.sfu.rate_meter import RateMeter
from server.sfu.reception import Reception
from server.sfu.throughput import SendRate, Throughput


def test_a_receiver_report_counts_what_was_lost_since_the_last() -> None:
    reception = Reception()
    clock = SenderClock(90_000)
    assert reception.report(1, clock, 0) is None
    assert reception.cumulative_lost == 0
    for number in (65_536 + n for n in range(10) if n not in (3, 4)):
        reception.on_packet(number, 0, 0, 90_000)
    clock.report(0x1122_3344_5566_7788, 5, 1_000_000)
    block = reception.report(1, clock, 1_500_000)
    assert block is not None
    assert (block.fraction_lost, block.cumulative_lost, block.highest_sequence) == (2 * 256 // 10, 2, 65_545)
    assert (block.last_sr, block.delay) == (0x3344_5566, 32_768)
    assert reception.fraction_lost == pytest.approx(0.2, abs=0.01)
    reception.on_packet(65_539, 0, 0, 90_000)
    block = reception.report(1, clock, 1_500_000)
    assert block is not None
    assert (block.fraction_lost, block.cumulative_lost) == (0, 1), "a late one is no negative loss"


def test_jitter_grows_with_uneven_arrival_only() -> None:
    even, uneven = Reception(), Reception()
    for i in range(200):
        even.on_packet(100 + i, (0xFFFF_F000 + i * 3000) & 0xFFFFFFFF, i * 33_333, 90_000)
        uneven.on_packet(100 + i, (i * 3000) & 0xFFFFFFFF, i * 33_333 + (i % 2) * 10_000, 90_000)
    assert even.jitter <= 1, "over the wrap of the timestamp too"
    assert 700 <= uneven.jitter <= 900, "10 ms to and fro are 900 ticks"


def test_translating_between_two_clocks() -> None:
    one, two = SenderClock(90_000), SenderClock(48_000)
    assert one.translate(5, two) is None
    one.report(10 << 32, 0xFFFF_FFF0, 0)
    assert one.translate(5, two) is None
    assert one.is_known
    two.report(11 << 32, 1000, 0)
    assert one.translate((0xFFFF_FFF0 + 90_000) & 0xFFFFFFFF, two) == 1000
    assert one.translate(0xFFFF_FFF0, two) == (1000 - 48_000) & 0xFFFFFFFF
    assert one.translate((0xFFFF_FFF0 - 45_000) & 0xFFFFFFFF, two) == (1000 - 72_000) & 0xFFFFFFFF


def speak(meter: LevelMeter, dbov: int, frames: int, start: int = 0) -> int:
    for i in range(start, start + frames):
        meter.observe(0x80 | dbov, i * 960, i * 20_000)
    return start + frames


def test_speech_becomes_active_and_silence_inactive() -> None:
    meter = LevelMeter(48_000)
    frame = speak(meter, 20, 60)
    level = meter.read(frame * 20_000)
    assert level.is_active
    assert 0.08 < level.level <= linear(20) == pytest.approx(0.1)
    frame = speak(meter, 127, 80, frame)
    level = meter.read(frame * 20_000)
    assert not level.is_active
    assert level.level < linear(35)


def test_a_cough_is_not_speech() -> None:
    meter = LevelMeter(48_000)
    frame = speak(meter, 127, 15)
    frame = speak(meter, 5, 5, frame)
    assert not meter.read(frame * 20_000).is_active


def test_silence_without_packets_is_silence() -> None:
    meter = LevelMeter(48_000)
    frame = speak(meter, 10, 60)
    assert meter.read(frame * 20_000).is_active
    assert meter.read(frame * 20_000 + 1_000_000).level == 0.0


def test_late_frames_and_gaps_count_as_one_frame_at_most() -> None:
    meter = LevelMeter(48_000)
    frame = speak(meter, 20, 19)
    meter.observe(20, 0, frame * 20_000)
    meter.observe(20, 48_000 * 60, frame * 20_000)
    assert meter.read(frame * 20_000).level > 0, "the twentieth frame of 20 ms closes the window"


def test_rates_are_told_per_temporal_layer() -> None:
    meter = RateMeter()
    for i in range(120):
        now_us = 1 + i * 33_333
        meter.tick(now_us)
        tid = (0, 2, 1, 2)[i % 4]
        meter.add(1000, tid, True)
        meter.add(500, tid, False)
    assert meter.highest_tid == 2
    assert meter.bitrate_bps == pytest.approx(360_000, rel=0.1)
    assert meter.fps_by_tid[0] == pytest.approx(7.5, rel=0.15)
    assert meter.fps_by_tid[1] == pytest.approx(15, rel=0.15)
    assert meter.fps_by_tid[2] == pytest.approx(30, rel=0.1)
    assert meter.is_new_picture(7)
    assert not meter.is_new_picture(7)


def test_throughput_is_that_of_the_last_second() -> None:
    throughput = Throughput()
    assert throughput.bitrate_bps(0) == 0
    for i in range(200):
        throughput.add(1250, i * 10_000)
    assert throughput.bitrate_bps(2_000_000) == pytest.approx(1_000_000, rel=0.05)
    assert throughput.bitrate_bps(2_500_000) == pytest.approx(500_000, rel=0.05)
    assert throughput.bitrate_bps(9_000_000) == 0


def test_throughput_of_a_beginning_is_not_exaggerated() -> None:
    throughput = Throughput()
    throughput.add(1250, 5_000_000)
    assert throughput.bitrate_bps(5_000_000) == 40_000


@given(st.lists(st.integers(1, 600), min_size=12, max_size=40))
def test_a_steady_stream_has_its_rate_whenever_somebody_looks(gaps_ms: list[int]) -> None:
    rate = SendRate()
    now_us = 7_000_000
    rate.look(0, now_us)
    for gap_ms in gaps_ms:
        now_us += gap_ms * 1000
        total = (now_us - 7_000_000) // 8  # one bit a microsecond
        rate.look(total, now_us)
        if now_us - 7_000_000 >= 250_000:
            assert rate.bitrate_bps(total, now_us) == pytest.approx(1_000_000, rel=0.001)


def test_a_rate_of_sending_forgets_what_was_before_its_window() -> None:
    rate = SendRate()
    assert rate.bitrate_bps(0, 0) == 0
    for i in range(41):
        rate.look(12_500 * i, i * 100_000)
    assert rate.bitrate_bps(500_000, 4_000_000) == 1_000_000
    for i in range(41, 56):
        rate.look(500_000, i * 100_000)
    assert rate.bitrate_bps(500_000, 5_500_000) == 0
    beginning = SendRate()
    beginning.look(0, 5_000_000)
    assert beginning.bitrate_bps(1250, 5_000_000) == 40_000, "not exaggerated"


@pytest.mark.parametrize(
    ("rtt_ms", "loss", "restricted", "level"),
    [
        (0, 0.0, False, QualityLevel.EXCELLENT),
        (150, 0.02, False, QualityLevel.EXCELLENT),
        (150, 0.06, False, QualityLevel.GOOD),
        (40, 0.2, False, QualityLevel.POOR),
        (600, 0.0, False, QualityLevel.EXCELLENT),
        (100, 0.0, True, QualityLevel.GOOD),
        (100, 1.0, True, QualityLevel.POOR),
    ],
)
def test_quality_in_words(rtt_ms: float, loss: float, restricted: bool, level: QualityLevel) -> None:
    score = score_of(rtt_ms=rtt_ms, loss=loss, is_restricted=restricted)
    assert 0 <= score <= 100
    assert level_of(score, is_lost=False) is level
    assert level_of(score, is_lost=True) is QualityLevel.LOST


def test_a_few_lost_of_a_few_are_no_certain_loss() -> None:
    assert certain_loss(3, 20) == 0.0
    assert certain_loss(0, 20) == 0.0
    assert certain_loss(20, 20) == 1.0
    assert 0.25 < certain_loss(150, 500) < 0.3
