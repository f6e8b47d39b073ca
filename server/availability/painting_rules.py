"""What may be painted, and the words for what may not: dates that lie ahead, hours that the clock has. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from scheduler import DaySheet
from server.availability.painting import Painted, Stroke
from server.pair import LocalizedText

# A term and its breaks; who plans further paints again.
MOST_REPEATS: Final = 18
# The week that is shown and those that repeat it: what one change can touch.
MOST_DAYS: Final = 7 * (MOST_REPEATS + 1)
# As far as a lesson can be proposed.
FURTHEST: Final = timedelta(days=400)

ORDER: Final = LocalizedText("The end is not after the beginning.", "結束時間不在開始時間之後。")
PAST: Final = LocalizedText("That day is over.", "那一天已經過了。")
TOO_FAR: Final = LocalizedText("That is more than 400 days ahead.", "那是 400 天以後的日期。")
SKIPPED: Final = LocalizedText(
    "On that date the clock skips this hour: it does not exist.", "那一天時鐘會跳過這段時間，這段時間並不存在。"
)
OVERLAP: Final = LocalizedText("Two entries speak of the same hour.", "有兩筆資料的時間重疊。")
OUTSIDE: Final = LocalizedText("This date is not one of those that are changed.", "這個日期不在要變更的範圍內。")
TOO_MANY_DAYS: Final = LocalizedText(f"At most {MOST_DAYS} days at once.", f"一次最多 {MOST_DAYS} 天。")

# For programs.
PROBLEM_CODES: Final[Mapping[LocalizedText, str]] = {
    ORDER: "order",
    PAST: "past",
    TOO_FAR: "too_far",
    SKIPPED: "skipped_hour",
    OVERLAP: "overlap",
    OUTSIDE: "outside_range",
    TOO_MANY_DAYS: "too_many_days",
}


class NoStroke(ValueError):
    """Says in both languages why nothing was painted."""

    def __init__(self, text: LocalizedText) -> None:
        super().__init__(text.en)
        self.text = text


def require_date(on: date, today: date) -> None:
    """Raises NoStroke for a date that is over or too far ahead."""
    if on < today:
        raise NoStroke(PAST)
    if on > today + FURTHEST:
        raise NoStroke(TOO_FAR)


def require_existing(one: Stroke | Painted, sheets: Mapping[date, DaySheet]) -> None:
    """Raises NoStroke for an hour that the clock skips on its date."""
    sheet = sheets.get(one.on)
    if sheet and any(first <= one.start_minute and one.end_minute <= last for first, last in sheet.skipped):
        raise NoStroke(SKIPPED)
