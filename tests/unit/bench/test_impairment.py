"""What a command line or a control request may say about a link."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.net.__main__ import impairments, later
from bench.net.impairment import BurstLoss, Impairment, parse_impairment


def test_short_names_with_units() -> None:
    said = {"delay": "75ms", "jitter": "200us", "loss": "5%", "rate": "2.5mbit", "queue": "64kib", "block-udp": "yes"}
    assert parse_impairment(said) == Impairment(
        delay_us=75_000, jitter_us=200, loss=0.05, rate_bps=2_500_000, queue_bytes=65_536, block_udp=True
    )


def test_burst_is_spelled_in_shares_and_can_be_switched_off() -> None:
    with_burst = parse_impairment({"burst": "1%,25%"})
    assert with_burst.burst == BurstLoss(to_bad=0.01, to_good=0.25)
    assert parse_impairment({"burst": "1%,25%,80%,0.1%"}).burst == BurstLoss(
        to_bad=0.01, to_good=0.25, loss_in_bad=0.8, loss_in_good=0.001
    )
    assert parse_impairment({"burst": "0"}, with_burst).burst is None


def test_a_change_keeps_what_it_does_not_name() -> None:
    assert parse_impairment({"loss": "10%"}, Impairment(delay_us=5)) == Impairment(delay_us=5, loss=0.1)


@pytest.mark.parametrize(
    "said",
    [
        {"loss": "120%"},
        {"los": "5%"},
        {"delay": "5 parsecs"},
        {"delay": "-5ms"},
        {"burst": "1%"},
        {"loss": 2.0},
        {"x": 1},
    ],
)
def test_nonsense_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"not |known|wants|nothing|must|has no|does not"):
        parse_impairment(said)


@given(
    st.builds(
        Impairment,
        delay_us=st.integers(0, 10**7),
        loss=st.floats(0, 1),
        rate_bps=st.integers(0, 10**9),
        burst=st.none() | st.builds(BurstLoss, to_bad=st.floats(0.01, 1), to_good=st.floats(0.01, 1)),
        block_udp=st.booleans(),
    )
)
def test_json_and_back(impairment: Impairment) -> None:
    assert parse_impairment(impairment.to_json()) == impairment


def test_one_direction_wins_over_both() -> None:
    up, down = impairments({"loss": "5%", "up_loss": "1%", "delay": "75ms", "seed": "1"})
    assert (up.loss, down.loss, up.delay_us, down.delay_us) == (0.01, 0.05, 75_000, 75_000)


def test_later_changes() -> None:
    assert later("5s blackout 10s") == (5.0, [{"op": "blackout", "ms": 10_000.0}])
    assert later("30s move") == (30.0, [{"op": "move"}])
    assert later("2s loss=5% down.rate=300kbit") == (
        2.0,
        [
            {"op": "set", "direction": "both", "values": {"loss": "5%"}},
            {"op": "set", "direction": "down", "values": {"rate": "300kbit"}},
        ],
    )
    for bad in ("5s", "5s los=1", "soon move"):
        with pytest.raises(ValueError, match=r"not |known|wants|nothing|must|has no|does not"):
            later(bad)
