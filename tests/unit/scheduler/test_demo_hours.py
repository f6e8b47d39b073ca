"""`./tongchuang overlap` on demo class groups: seven regions on both sides of both clock changes, against table 1.

The hours stand here as people would say them; they were worked out from scheduling.md §4.1, not from the code.
"""

from __future__ import annotations

import argparse
import json
from datetime import date, timedelta
from typing import Any

import pytest

from scheduler import find_party
from scheduler.calendars import plan_day
from server.commands import overlap

TAIWAN = "tw-taipei-chenguang-5a"
# Mondays of weeks in which nobody has a break: before and after 1 Nov 2026, before and after 14 Mar 2027.
DAYLIGHT, STANDARD = date(2026, 10, 19), date(2026, 11, 30)
WINTER, SPRING = date(2027, 3, 8), date(2027, 4, 12)
# class group → Taiwan's start, the other side's in daylight time and in standard time, days behind, the tier there
FIRST_HOURS = {
    "us-gu-latte-10": ("09:30", "11:30", "11:30", 0, ("both_in_class", "both_in_class")),
    "us-hi-kukui-7a": ("08:40", "14:40", "14:40", 1, ("both_in_class", "both_in_class")),
    "us-ca-bayview-5r": ("07:40", "16:40", "15:40", 1, ("after_school", "after_school")),
    "us-az-saguaro-5b": ("07:40", "16:40", "16:40", 1, ("after_school", "after_school")),
    "us-nm-sandia-chinese1": ("07:40", "17:40", "16:40", 1, ("evening", "after_school")),
    "us-il-prairie-8c": ("07:40", "18:40", "17:40", 1, ("evening", "evening")),
    "us-ny-hudson-7m": ("07:40", "19:40", "18:40", 1, ("evening", "evening")),
}


def ask(b: str, monday: date, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, Any]:
    """As typed: `./tongchuang overlap A B --from … --weeks 1 --json`."""
    parser = argparse.ArgumentParser()
    overlap.add_arguments(parser)
    assert overlap.run(parser.parse_args([TAIWAN, b, "--from", str(monday), "--weeks", "1", "--json", *more])) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("monday", [DAYLIGHT, STANDARD, WINTER, SPRING], ids=str)
@pytest.mark.parametrize("group", FIRST_HOURS)
def test_the_right_hour_on_both_sides_of_each_clock_change(
    group: str, monday: date, capsys: pytest.CaptureFixture[str]
) -> None:
    start, in_daylight, in_standard, behind, tiers = FIRST_HOURS[group]
    is_standard = monday in (STANDARD, WINTER)
    slots = ask(group, monday, capsys)["slots"]
    (slot,) = [
        one for one in slots if (one["a"]["weekday"], one["a"]["start"], one["a"]["window"] != "evening")
        == ("tue", start, True)
    ]  # fmt: skip
    assert slot["b"]["start"] == (in_standard if is_standard else in_daylight)
    assert slot["tier"] == tiers[is_standard]
    assert date.fromisoformat(slot["a"]["date"]) - date.fromisoformat(slot["b"]["date"]) == timedelta(days=behind)
    assert slot["b"]["weekday"] == ("mon" if behind else "tue")


@pytest.mark.parametrize("group", [one for one in FIRST_HOURS if one[3:5] not in ("gu", "hi")])
def test_why_the_mainland_is_never_in_class_with_taiwan_is_said_with_a_way_on(
    group: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = ask(group, DAYLIGHT, capsys, "--tier", "both_in_class")
    assert found["slots"] == []
    codes = {one["code"] for one in found["none_because"]}
    assert {"no_common_school_hours", "only_worse_tiers"} & codes
    assert found["relaxations"][0]["gain_slots"] > 0
    assert all(one["text"]["en"] and one["text"]["zh-Hant-TW"] for one in found["none_because"])


def test_a_week_of_break_says_that_it_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    found = ask("us-hi-kukui-7a", date(2027, 3, 15), capsys)
    assert found["slots"] == []
    assert [one["code"] for one in found["none_because"]] == ["break"]


# §4.4: when the last bell rings, Monday to Friday.
@pytest.mark.parametrize(
    ("group", "bells"),
    [
        ("us-ca-bayview-5r", "14:30 13:30 14:30 14:30 14:30"),
        ("us-ca-arroyo-mandarin2", "15:32 14:22 15:32 15:32 15:32"),
        ("us-hi-kukui-7a", "15:30 15:30 14:15 15:30 15:30"),
        ("us-az-saguaro-5b", "15:00 15:00 13:30 15:00 15:00"),
    ],
)
def test_days_of_early_release_end_early(group: str, bells: str) -> None:
    school = find_party(group).school
    ends = [plan_day(school, DAYLIGHT + timedelta(days=day)).dismissal or 0 for day in range(5)]
    assert " ".join(f"{end // 60:02d}:{end % 60:02d}" for end in ends) == bells
