"""What hangs on each side's wall: dates and times in that side's own convention, whatever language the reader chose.

Taiwan: 24 hours, 10/27 週二. United States: 12 hours, Tue Oct 27. Give the text `lang_of(side)`. Pure.
"""

from __future__ import annotations

from datetime import date, time
from functools import lru_cache
from typing import Final

from server.pages.language import Language
from server.pair import WEEKDAYS, Side

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def lang_of(side: Side) -> Language:
    return "zh-Hant-TW" if side is Side.TAIWAN else "en"


def weekday_text(side: Side, on: date) -> str:
    """`週二` or `Tue`."""
    weekday = WEEKDAYS[on.weekday()]
    return weekday.zh if side is Side.TAIWAN else weekday.en


def day_text(side: Side, on: date, *, year: bool = False) -> str:
    """`10/27 週二` or `Tue Oct 27`; with the year where a list spans more than one."""
    weekday = weekday_text(side, on)
    if side is Side.TAIWAN:
        return f"{f'{on.year}/' if year else ''}{on.month}/{on.day} {weekday}"
    return f"{weekday} {_MONTHS[on.month - 1]} {on.day}{f', {on.year}' if year else ''}"


@lru_cache(maxsize=4_096)  # a day has 288 of them on each side, a page of hours some hundred
def time_text(side: Side, at: time | str) -> str:
    """`16:40` or `4:40 PM`; takes a time or its ISO text."""
    at = time.fromisoformat(at) if isinstance(at, str) else at
    if side is Side.TAIWAN:
        return f"{at:%H:%M}"
    return f"{at.hour % 12 or 12}:{at:%M} {'AM' if at.hour < 12 else 'PM'}"


def hour_text(side: Side, hour: int) -> str:
    """`16:00` or `4 PM`, for an axis."""
    return f"{hour:02d}:00" if side is Side.TAIWAN else f"{hour % 12 or 12} {'AM' if hour < 12 else 'PM'}"


def wall_text(side: Side, on: date, start: time | str, end: time | str = "") -> str:
    """`10/27 週二 07:40–08:20` or `Mon Oct 26 4:40–5:20 PM`."""
    first, last = time_text(side, start), time_text(side, end) if end else ""
    if last and first[-2:] in ("AM", "PM") and first[-2:] == last[-2:]:
        first = first[:-3]
    return f"{day_text(side, on)} {first}{f'–{last}' if last else ''}"
