"""A lesson's time on two walls: both dates, both weekdays, and what the other wall says in the reader's words. Pure.

A Taiwan morning is the previous day nearly everywhere in the United States, so a time never stands without its weekday.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from server.pages.language import Language
from server.pages.wall import day_text, lang_of, time_text, wall_text
from server.pair import LocalizedText, Side

_EN_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ZH_DAYS: Final = "一二三四五六日"
_EN_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def day_in_words(value: date) -> LocalizedText:
    """`Tuesday, November 24` and `11月24日星期二`, for those who cannot read the other wall."""
    weekday = value.weekday()
    return LocalizedText(
        f"{_EN_DAYS[weekday]}, {_EN_MONTHS[value.month - 1]} {value.day}",
        f"{value.month}月{value.day}日星期{_ZH_DAYS[weekday]}",
    )


def hours_text(side: Side, start: time, end: time) -> str:
    """`08:40–09:20`, `4:40–5:20 PM`."""
    any_day = date(2026, 1, 1)
    return wall_text(side, any_day, start, end).removeprefix(day_text(side, any_day)).strip()


def offset(value: datetime) -> str:
    """`UTC+8`, `UTC−7`, `UTC+5:30` of an aware time."""
    minutes = round((value.utcoffset() or timedelta()).total_seconds() / 60)
    sign = "−" if minutes < 0 else "+"
    whole, rest = divmod(abs(minutes), 60)
    return f"UTC{sign}{whole}:{rest:02d}" if rest else f"UTC{sign}{whole}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A lesson's time on one side, as that side's wall shows it."""

    side: Side
    zone: str
    starts: datetime
    ends: datetime

    @property
    def date(self) -> date:
        return self.starts.date()

    @property
    def lang(self) -> Language:
        """The language of `day` and `hours`."""
        return lang_of(self.side)

    @property
    def iso(self) -> str:
        """For the `datetime` of a <time>."""
        return self.starts.isoformat(timespec="minutes")

    @property
    def day(self) -> str:
        return day_text(self.side, self.date)

    @property
    def hours(self) -> str:
        return hours_text(self.side, self.starts.time(), self.ends.time())

    @property
    def day_in_words(self) -> LocalizedText:
        return day_in_words(self.date)

    @property
    def offset(self) -> str:
        return offset(self.starts)


def stay(starts_at: datetime, ends_at: datetime, side: Side, zone: str) -> Stay:
    """From UTC instants to one side's wall."""
    place = ZoneInfo(zone)
    return Stay(side=side, zone=zone, starts=starts_at.astimezone(place), ends=ends_at.astimezone(place))


def days_apart(mine: Stay, theirs: Stay) -> int:
    """-1: over there it is still the day before."""
    return (theirs.date - mine.date).days


def moment(at: datetime, side: Side, zone: str) -> str:
    """`11/24 週二 08:40` of one instant, for notices and signatures."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{day_text(side, local.date())} {time_text(side, local.time())}"


def span(seconds: float) -> str:
    """`0:40:12`: how long somebody was there."""
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
