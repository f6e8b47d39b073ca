"""Zones: the pinned wheel only, gaps and folds said, and no difference to a second implementation."""

# ruff: noqa: DTZ001 - wall clock readings have no zone yet
from __future__ import annotations

import importlib.resources
import zoneinfo
from datetime import UTC, datetime, timedelta

import pytest
import whenever
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.transitions import differences, transitions, zdump_differences
from scheduler import zone
from scheduler.zone import Existence, UnknownZone

SPRING = datetime(2027, 3, 14, 2, 30)
AUTUMN = datetime(2026, 11, 1, 1, 30)


def test_the_hosts_database_is_not_in_the_path() -> None:
    assert zoneinfo.TZPATH == ()
    assert zone.tzdata_release() == "2026f"


def test_a_skipped_time_is_a_gap_and_says_where_it_ends() -> None:
    found = zone.resolve(SPRING, "America/Los_Angeles")
    assert found.existence is Existence.GAP
    assert found.at == datetime(2027, 3, 14, 10, 0, tzinfo=UTC)
    assert zone.to_local(found.at, "America/Los_Angeles").strftime("%H:%M") == "03:00"


def test_a_repeated_time_is_a_fold_with_both_instants() -> None:
    found = zone.resolve(AUTUMN, "America/Los_Angeles")
    assert found.existence is Existence.FOLD
    assert found.at == datetime(2026, 11, 1, 8, 30, tzinfo=UTC)
    assert found.later_at == datetime(2026, 11, 1, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize("key", ["America/Phoenix", "Pacific/Honolulu", "Pacific/Guam", "Asia/Taipei"])
def test_zones_without_change_have_no_next_one(key: str) -> None:
    assert zone.next_change(key, datetime(2026, 10, 1, tzinfo=UTC)) is None


@pytest.mark.parametrize("key", ["America/Los_Angeles", "America/Denver", "America/Shiprock"])
def test_the_change_in_the_middle_of_the_term(key: str) -> None:
    change = zone.next_change(key, datetime(2026, 10, 1, tzinfo=UTC))
    assert change is not None
    assert zone.to_local(change.at, key).date().isoformat() == "2026-11-01"
    assert change.shift == timedelta(hours=-1)


@pytest.mark.parametrize("key", ["", "Mars/Base", "../etc/passwd", "/etc/localtime", "Asia/", "Asia", "__init__.py"])
def test_unknown_zones_are_refused(key: str) -> None:
    with pytest.raises(UnknownZone):
        zone.load_zone(key)


@pytest.mark.parametrize(("one", "other"), [("America/Shiprock", "America/Denver")])
def test_the_navajo_nation_follows_denver(one: str, other: str) -> None:
    for day in range(0, 3_650, 7):
        at = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=day)
        assert zone.offset_at(at, one) == zone.offset_at(at, other)


@pytest.fixture(scope="module")
def changes() -> dict[str, list[datetime]]:
    """Every change 2000-2040 of every zone: of links and other keys with the same file, of one of them."""
    root = importlib.resources.files("tzdata").joinpath("zoneinfo")
    by_content = {root.joinpath(*key.split("/")).read_bytes(): key for key in reversed(zone.zone_keys())}
    return {key: transitions(key) for key in sorted(by_content.values())}


def test_no_difference_to_whenever_around_any_change_of_any_zone(changes: dict[str, list[datetime]]) -> None:
    """±1 s and ±1 h; the same by `bench transitions`, which takes every key."""
    assert len(changes) > 300
    assert sum(map(len, changes.values())) > 9_000
    assert [line for key, found in changes.items() for line in differences(key, found)] == []


def test_no_difference_to_zdump_of_what_zic_makes_of_the_wheels_source(changes: dict[str, list[datetime]]) -> None:
    found = zdump_differences(list(changes), changes)
    if found is None:
        pytest.skip("zic or zdump is not on this machine (Debian: libc-bin)")
    lines, compared = found
    assert lines == []
    assert compared > 18_000


def test_there_are_changes_to_look_at() -> None:
    assert len(transitions("America/Los_Angeles")) == 82
    assert transitions("Asia/Taipei") == []


def test_the_hopi_inside_of_the_navajo_nation_keep_arizonas_clock() -> None:
    """Summer: 08:40 in Taiwan is an hour apart on the two sides of the line; winter: the same."""
    walls = {
        (at.month, key): zone.to_local(at, key).strftime("%H:%M")
        for at in (datetime(2026, 10, 20, 0, 40, tzinfo=UTC), datetime(2026, 12, 8, 0, 40, tzinfo=UTC))
        for key in ("America/Phoenix", "America/Denver")
    }
    assert walls == {
        (10, "America/Phoenix"): "17:40",
        (10, "America/Denver"): "18:40",
        (12, "America/Phoenix"): "17:40",
        (12, "America/Denver"): "17:40",
    }


@settings(max_examples=200)
@given(
    st.sampled_from(zone.zone_keys()),
    st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2040, 1, 1)),
)
def test_local_times_go_round_trip(key: str, local: datetime) -> None:
    local = local.replace(microsecond=0, second=0)
    found = zone.resolve(local, key)
    back = zone.to_local(found.at, key).replace(tzinfo=None)
    if found.existence is Existence.GAP:
        assert back > local
    else:
        assert back == local == zone.to_local(found.later_at, key).replace(tzinfo=None)


@settings(max_examples=200)
@given(st.sampled_from(zone.zone_keys()), st.integers(946_684_800, 2_208_988_800))
def test_instants_have_the_wall_clock_that_whenever_has(key: str, second: int) -> None:
    ours = zone.to_local(datetime.fromtimestamp(second, UTC), key).replace(tzinfo=None)
    try:
        theirs = whenever.Instant.from_timestamp(second).to_tz(key).to_plain()
    except whenever.TimeZoneNotFoundError:
        pytest.skip("whenever does not carry this key")
    assert str(theirs).replace("T", " ")[:19] == f"{ours:%Y-%m-%d %H:%M:%S}"
