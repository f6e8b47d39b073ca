"""Which layer for which wish, who gets how much, and how bandwidth is found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.sfu.allocator import Demand, Option, allocate
from server.sfu.description import LayerSpec, LayerWish, VideoQuality
from server.sfu.downlink import Downlink
from server.sfu.layers import nearest_live, quality_of_rid, temporal_layer, wished_quality
from tests.unit.sfu.media_lab import THREE_LAYERS

LOW, MEDIUM, HIGH = VideoQuality


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        (LayerWish(enabled=False), None),
        (LayerWish(quality=MEDIUM), MEDIUM),
        (LayerWish(quality=LOW, width=1920, height=1080), HIGH),
        (LayerWish(quality=LOW, width=640, height=360), MEDIUM),
        (LayerWish(quality=LOW, width=340, height=190), LOW),
        (LayerWish(quality=LOW, width=360, height=640), MEDIUM),
        (LayerWish(quality=LOW, width=0, height=1000), HIGH),
        (LayerWish(quality=HIGH, width=10, height=10), LOW),
    ],
)
def test_a_wish_is_a_quality(wish: LayerWish, expected: VideoQuality | None) -> None:
    assert wished_quality(wish, THREE_LAYERS) is expected


def test_without_sizes_a_sized_wish_gets_the_best() -> None:
    assert wished_quality(LayerWish(quality=LOW, width=10, height=10), ()) is HIGH


def test_rids_have_the_publishers_meaning() -> None:
    table = (LayerSpec(quality=HIGH, rid="lo"), LayerSpec(quality=LOW, rid="hi"))
    assert quality_of_rid("lo", ("lo", "hi"), table) is HIGH
    assert [quality_of_rid(rid, ("q", "h", "f"), ()) for rid in "qhf"] == [LOW, MEDIUM, HIGH]
    assert [quality_of_rid(rid, ("0", "1", "2", "3"), ()) for rid in "0123"] == [LOW, MEDIUM, HIGH, HIGH]
    assert quality_of_rid("", (), ()) is HIGH


def test_the_nearest_live_layer_below_is_taken_else_the_lowest() -> None:
    assert nearest_live(2, [0, 1]) == 1
    assert nearest_live(0, [1, 2]) == 1
    assert nearest_live(1, []) is None


def test_frames_per_second_choose_the_temporal_layer() -> None:
    rates = [7.5, 14.9, 30.0]
    assert [temporal_layer(rates, fps) for fps in (0, 5, 8, 15, 20, 30, 60)] == [None, 0, 0, 1, 2, 2, None]


def options(*rates: int) -> tuple[Option, ...]:
    return tuple(Option(quality, 7, rate) for quality, rate in enumerate(rates))


VIDEO = options(150_000, 500_000, 2_000_000)


def test_everyone_gets_the_least_before_anyone_gets_more() -> None:
    demands = [Demand(0, VIDEO, None), Demand(9, VIDEO, None), Demand(0, VIDEO, None)]
    result = allocate(demands, 1_000_000)
    assert result.chosen == (VIDEO[0], VIDEO[1], VIDEO[0])
    assert result.missing_bps == 1_500_000, "the next step of the first in line"
    assert result.wanting_bps == 6_000_000 - 800_000


def test_what_does_not_fit_is_paused_lowest_priority_first() -> None:
    demands = [Demand(0, VIDEO, None), Demand(1, VIDEO, None)]
    result = allocate(demands, 200_000)
    assert result.chosen == (None, VIDEO[0])
    assert result.missing_bps == 150_000


def test_keeping_needs_no_headroom_but_rising_does() -> None:
    assert allocate([Demand(0, VIDEO, None)], 510_000).chosen == (VIDEO[0],)
    assert allocate([Demand(0, VIDEO, VIDEO[1])], 510_000).chosen == (VIDEO[1],)
    assert allocate([Demand(0, VIDEO, VIDEO[1])], 490_000).chosen == (VIDEO[0],)


def test_no_known_limit_is_no_limit() -> None:
    result = allocate([Demand(0, VIDEO, None)], None)
    assert (result.chosen, result.missing_bps, result.wanting_bps) == ((VIDEO[2],), 0, 0)


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.lists(st.integers(10_000, 3_000_000), min_size=1, max_size=3)), max_size=6
    ),
    st.integers(0, 8_000_000),
)
def test_the_budget_is_never_exceeded_and_nobody_starves_for_anothers_luxury(
    wants: list[tuple[int, list[int]]], budget: int
) -> None:
    demands = [Demand(priority, options(*sorted(rates)), None) for priority, rates in wants]
    result = allocate(demands, budget)
    assert sum(option.bitrate_bps for option in result.chosen if option is not None) <= budget
    complete = all(choice == demand.options[-1] for choice, demand in zip(result.chosen, demands, strict=True))
    assert (result.missing_bps == 0) is complete
    for choice, demand in zip(result.chosen, demands, strict=True):
        if choice is None:
            spare = budget - sum(o.bitrate_bps for o in result.chosen if o is not None)
            least_elsewhere = budget - sum(
                d.options[0].bitrate_bps for c, d in zip(result.chosen, demands, strict=True) if c is not None
            )
            assert demand.options[0].bitrate_bps * 1.15 > least_elsewhere >= spare


# -- bandwidth of one subscriber ---------------------------------------------------------------------------------------

SECOND = 1_000_000


def test_a_low_remb_on_a_quiet_path_is_no_limit() -> None:
    downlink = Downlink()
    assert not downlink.on_remb(100_000, 50_000, 0)
    assert downlink.budget_bps is None


def test_a_falling_remb_below_what_is_sent_is_one() -> None:
    downlink = Downlink()
    assert not downlink.on_remb(3_000_000, 2_500_000, 0)
    assert not downlink.on_remb(2_990_000, 4_000_000, 0), "noise is no fall"
    assert downlink.on_remb(300_000, 2_500_000, SECOND)
    assert downlink.budget_bps == 300_000
    assert not downlink.on_remb(320_000, 200_000, 2 * SECOND)
    assert downlink.budget_bps == 320_000, "it may grow by itself"


def probe(downlink: Downlink, at_us: int) -> int:
    """Run a probe of 1 Mbit/s that nothing contradicts, and say when it ended."""
    downlink.start_probe(1_000_000, 200_000, at_us)
    padding = 0
    while not downlink.tick(at_us):
        padding += downlink.padding_bytes(20_000)
        at_us += 20_000
    assert padding == pytest.approx(800_000 / 8 * 0.16, rel=0.2)
    return at_us


def test_an_uncontradicted_probe_raises_the_budget_and_the_next_may_come_soon() -> None:
    downlink = Downlink()
    assert not downlink.may_probe(0), "without a limit there is nothing to find out"
    downlink.on_remb(300_000, 2_500_000, 0)
    assert not downlink.may_probe(SECOND)
    assert downlink.may_probe(2 * SECOND)
    ended = probe(downlink, 2 * SECOND)
    assert ended < 4 * SECOND
    assert downlink.budget_bps == 1_000_000
    assert downlink.is_rising
    assert not downlink.may_probe(ended)
    assert downlink.may_probe(ended + 200_000)


def test_a_remb_that_falls_in_a_probe_ends_it_without_taking_what_flows() -> None:
    downlink = Downlink()
    downlink.on_remb(300_000, 2_500_000, 0)
    downlink.start_probe(1_000_000, 200_000, 2 * SECOND)
    assert downlink.padding_bytes(20_000) == 2000
    downlink.on_remb(400_000, 200_000, 2 * SECOND + 20_000)
    assert downlink.on_remb(350_000, 500_000, 2 * SECOND + 100_000)
    assert downlink.budget_bps == 350_000, "above what flows without the probe"
    assert downlink.padding_bytes(20_000) == 0
    assert not downlink.tick(9 * SECOND)


def test_lost_padding_ends_a_probe_and_lengthens_the_wait() -> None:
    downlink = Downlink()
    downlink.on_remb(300_000, 2_500_000, 0)
    waits: list[int] = []
    now_us = 1_500_000
    assert downlink.may_probe(now_us)
    for _ in range(4):
        downlink.start_probe(1_000_000, 200_000, now_us)
        downlink.on_probe_loss(0.05, now_us)
        assert not downlink.may_probe(now_us)
        downlink.on_probe_loss(0.2, now_us)
        start = now_us
        while not downlink.may_probe(now_us):
            now_us += 100_000
        waits.append(now_us - start)
    assert waits == [2_500_000] * 4, "longer than the 1.5 s after the congestion itself"
    assert downlink.budget_bps == 300_000


def test_one_burst_of_loss_is_repaired_but_a_full_link_is_noticed() -> None:
    downlink = Downlink()
    assert not downlink.on_loss(0.2, 2_000_000, SECOND)
    assert not downlink.on_loss(0.0, 2_000_000, 2 * SECOND)
    assert not downlink.on_loss(0.2, 2_000_000, 3 * SECOND)
    assert downlink.on_loss(0.2, 2_000_000, 4 * SECOND), "twice in a row"
    assert downlink.budget_bps == 1_440_000
    assert not downlink.on_loss(0.9, 2_000_000, 5 * SECOND), "it tells of the time before"
    assert downlink.on_loss(0.5, 1_000_000, 6 * SECOND)
    assert downlink.budget_bps == 450_000


def test_loss_that_stays_whatever_we_send_is_the_paths_own() -> None:
    downlink = Downlink()
    budgets = []
    for i in range(12):
        downlink.on_loss(0.2, 2_000_000 if i < 2 else 1_000_000, i * 2 * SECOND + SECOND)
        budgets.append(downlink.budget_bps)
    assert budgets[0] is None
    assert budgets[1] is not None
    assert len(set(budgets[4:])) == 1, "no spiral down to nothing"


def test_budgets_never_fall_below_a_floor() -> None:
    downlink = Downlink()
    downlink.on_remb(1000, 2_000_000, 0)
    assert downlink.budget_bps == 30_000


def test_a_loss_that_chance_may_explain_lowers_but_does_not_pause() -> None:
    downlink = Downlink()
    assert downlink.on_loss(0.4, 1_000_000, SECOND, certain=0.05)
    assert not downlink.is_lossy
    downlink.on_loss(0.4, 1_000_000, 3 * SECOND, certain=0.35)
    assert is_lossy(downlink)
    probe(downlink, 8 * SECOND)
    assert not is_lossy(downlink)


def is_lossy(downlink: Downlink) -> bool:
    """A call, because a checker takes a property's last comparison for its type."""
    return downlink.is_lossy
