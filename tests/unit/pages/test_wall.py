"""Each side's own way of writing dates and times."""

from __future__ import annotations

from datetime import date, time

import pytest

from server.pages.wall import day_text, hour_text, lang_of, time_text, wall_text, weekday_text
from server.pair import Side

TW, US = Side.TAIWAN, Side.UNITED_STATES
TUESDAY = date(2026, 10, 27)


@pytest.mark.parametrize(
    ("at", "tw", "us"),
    [
        ("00:00", "00:00", "12:00 AM"),
        ("07:05", "07:05", "7:05 AM"),
        ("12:00", "12:00", "12:00 PM"),
        (time(16, 40), "16:40", "4:40 PM"),
    ],
)
def test_times(at: time | str, tw: str, us: str) -> None:
    assert (time_text(TW, at), time_text(US, at)) == (tw, us)


def test_days() -> None:
    assert (day_text(TW, TUESDAY), day_text(US, TUESDAY)) == ("10/27 週二", "Tue Oct 27")
    assert (day_text(TW, TUESDAY, year=True), day_text(US, TUESDAY, year=True)) == (
        "2026/10/27 週二",
        "Tue Oct 27, 2026",
    )
    assert (weekday_text(TW, date(2026, 11, 1)), weekday_text(US, date(2026, 11, 1))) == ("週日", "Sun")


def test_hours_of_an_axis() -> None:
    assert [hour_text(US, hour) for hour in (0, 7, 12, 23)] == ["12 AM", "7 AM", "12 PM", "11 PM"]
    assert hour_text(TW, 7) == "07:00"


def test_a_stretch_says_the_half_of_the_day_once_if_it_is_one() -> None:
    assert wall_text(US, TUESDAY, "16:40", "17:20") == "Tue Oct 27 4:40–5:20 PM"
    assert wall_text(US, TUESDAY, "11:40", "12:20") == "Tue Oct 27 11:40 AM–12:20 PM"
    assert wall_text(TW, TUESDAY, "07:40", "08:20") == "10/27 週二 07:40–08:20"
    assert wall_text(TW, TUESDAY, "07:40") == "10/27 週二 07:40"


def test_the_language_of_a_wall_is_its_own() -> None:
    assert (lang_of(TW), lang_of(US)) == ("zh-Hant-TW", "en")
