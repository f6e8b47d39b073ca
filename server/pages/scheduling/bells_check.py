"""What is wrong with bells as they were typed, in words at the field. Pure."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from server.pages.forms import CHOOSE, DATE, FILL_IN, HIDDEN_CHARACTERS, TIME, one_line
from server.pages.scheduling.bells_draft import KINDS, WEEK, BellsDraft, DayDraft, dates_of, minute_of
from server.pages.scheduling.rows import Errors, Row, is_empty
from server.pair import LocalizedText

_NAME_CHARS: Final = 60
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FIRST_DAY: Final = date(2000, 1, 1)
_LAST_DAY: Final = date(2100, 12, 31)

MIDNIGHT: Final = LocalizedText("It must end by midnight (24:00).", "最晚須在午夜（24:00）結束。")
REVERSED: Final = LocalizedText("The end is not after the start.", "結束時間沒有晚於開始時間。")
OVERLAP: Final = LocalizedText(
    "This begins before the one before it ends: {other}.", "這一列開始時，前一列還沒結束：{other}。"
)
NAME_TWICE: Final = LocalizedText("This name is already used.", "這個名稱已經用過了。")
NO_DAYS: Final = LocalizedText("At least one kind of day, please.", "請至少建立一種作息。")
NO_WEEK: Final = LocalizedText("On at least one weekday there is school.", "一週至少要有一天上課。")
SAME_FIRST: Final = LocalizedText("There are bells from this date on already.", "從這一天起的作息已經存在。")
LAST_EARLY: Final = LocalizedText("The last day is before the first.", "最後一天早於第一天。")
TWO_KINDS: Final = LocalizedText(
    "A date has one kind of day only, and it stands above.", "同一天只能有一種作息，上面已經有了。"
)
TOO_LONG: Final = LocalizedText("At most a year at once.", "一次最多一年。")


def errors_of(draft: BellsDraft, *, taken: Sequence[str] = (), kept: Sequence[Row] = ()) -> Errors:
    """By field. `taken`: first days of the school's other schedules; `kept`: rows that the stored file has."""
    errors: Errors = {}
    first = day_of("first", draft.first, errors)
    last = day_of("last", draft.last, errors) if draft.last else None
    if first and draft.first in taken:
        errors["first"] = SAME_FIRST
    if first and last and last < first:
        errors["last"] = LAST_EARLY
    if not draft.days:
        errors["add-d"] = NO_DAYS
    names: set[str] = set()
    for place, day in enumerate(draft.days):
        name_of(f"d{place}_name", day.name, errors, names)
        _periods(place, day, errors, kept)
    if draft.days and not any(draft.week.get(day) for day in WEEK):
        errors["w_mon"] = NO_WEEK
    _dates(draft, errors)
    return errors


def day_of(name: str, text: str, errors: Errors) -> date | None:
    """None, with an error at that field, for what is no date."""
    try:
        # Python reads more shapes than the file has, such as 20260901.
        day = date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or not _FIRST_DAY <= day <= _LAST_DAY:
        errors[name] = DATE if text else FILL_IN
        return None
    return day


def name_of(at: str, text: str, errors: Errors, seen: set[str]) -> None:
    if not text:
        errors[at] = FILL_IN
    elif len(text) > _NAME_CHARS:
        errors[at] = LocalizedText(f"At most {_NAME_CHARS} characters, please.", f"最多 {_NAME_CHARS} 個字元。")
    elif text in seen:
        errors[at] = NAME_TWICE
    else:
        try:
            one_line(text)
        except ValueError:
            errors[at] = HIDDEN_CHARACTERS
    seen.add(text)


def _periods(place: int, day: DayDraft, errors: Errors, kept: Sequence[Row]) -> None:
    names: set[str] = set()
    good: list[tuple[int, int, str, str]] = []
    for number, row in enumerate(day.rows):
        at = f"d{place}_r{number}"
        if is_empty(row, but=("kind", "start")) and not row["name"]:
            continue
        # One day may have two breaks of one name; lessons are told apart by theirs.
        name_of(f"{at}_name", row["name"], errors, names if row["kind"] == "instruction" else set())
        if row["kind"] not in KINDS:
            errors[f"{at}_kind"] = CHOOSE
        start, end = minute_of(row["start"]), minute_of(row["end"])
        for name, minute in (("start", start), ("end", end)):
            if minute is None:
                errors[f"{at}_{name}"] = TIME if row[name] else FILL_IN
        if start is None or end is None:
            continue
        if end <= start:
            errors[f"{at}_end"] = REVERSED
        elif end > 24 * 60 and row not in kept:
            errors[f"{at}_end"] = MIDNIGHT
        else:
            good.append((start, end, f"{at}_start", row["name"]))
    good.sort(key=lambda one: one[:2])
    for one, other in itertools.pairwise(good):
        if other[0] < one[1]:
            errors[other[2]] = LocalizedText(
                OVERLAP.en.replace("{other}", one[3]), OVERLAP.zh.replace("{other}", one[3])
            )


def _dates(draft: BellsDraft, errors: Errors) -> None:
    seen: set[date] = set()
    for number, row in enumerate(draft.dates):
        if is_empty(row, but=("day",)):
            continue
        first = day_of(f"x{number}_first", row["first"], errors)
        last = day_of(f"x{number}_last", row["last"], errors) if row["last"] else first
        if not row["day"]:
            errors[f"x{number}_day"] = CHOOSE
        if first is None or last is None:
            continue
        if last < first:
            errors[f"x{number}_last"] = LAST_EARLY
        elif last - first > timedelta(days=366):
            errors[f"x{number}_last"] = TOO_LONG
        else:
            days = set(dates_of(first, last))
            if days & seen:
                errors[f"x{number}_first"] = TWO_KINDS
            seen |= days
