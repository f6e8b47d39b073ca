"""What is wrong with a school year as it was typed, in words at the field. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date
from typing import Final

from server.pages.forms import CHOOSE, DATE, FILL_IN, NUMBER
from server.pages.scheduling.bells_check import LAST_EARLY, day_of, name_of
from server.pages.scheduling.rows import Errors, Row, is_empty
from server.pages.scheduling.year_draft import YearDraft
from server.pair import LocalizedText

Span = tuple[date, date]

OUTSIDE: Final = LocalizedText("This is outside the school year.", "這個日期不在這個學年內。")
OVERLAPS_YEAR: Final = LocalizedText("Another school year holds these dates already.", "這段日期已屬於另一個學年。")
OVERLAPS_TERM: Final = LocalizedText("This begins before another term ends.", "這個學期開始時，另一個學期還沒結束。")
NO_TERM: Final = LocalizedText("A school year needs a term.", "一個學年至少要有一個學期。")
TWICE: Final = LocalizedText("This date stands here already.", "這個日期已經列出。")
SAME_DAY: Final = LocalizedText(
    "It follows another date's timetable, not its own.", "補課日要依另一天的課表，不能是自己。"
)
_WEEKS: Final = range(61)


def year_errors(draft: YearDraft, others: Sequence[Span] = ()) -> Errors:
    """By field. `others`: the calendar's other years."""
    errors: Errors = {}
    name_of("label", draft.label, errors, set())
    if draft.official not in ("", "TW", "US"):
        errors["official"] = CHOOSE
    first, last = day_of("first", draft.first, errors), day_of("last", draft.last, errors)
    year = (first, last) if first and last else None
    if year and year[1] < year[0]:
        errors["last"], year = LAST_EARLY, None
    if year and any(year[0] <= other[1] and other[0] <= year[1] for other in others):
        errors["first"] = OVERLAPS_YEAR
    _terms(draft, year, errors)
    _weeks(draft, errors)
    for number, row in enumerate(draft.breaks):
        if not is_empty(row):
            _span(f"b{number}", row, year, errors, is_open=True)
    _make_up(draft, year, errors)
    return errors


def _span(at: str, row: Row, year: Span | None, errors: Errors, *, is_open: bool = False) -> Span | None:
    """`is_open`: one day when there is no last one."""
    name_of(f"{at}_name", row["name"], errors, set())
    first = day_of(f"{at}_first", row["first"], errors)
    last = first if is_open and not row["last"] else day_of(f"{at}_last", row["last"], errors)
    if first is None or last is None:
        return None
    if last < first:
        errors[f"{at}_last"] = LAST_EARLY
        return None
    if year and not year[0] <= first <= year[1]:
        errors[f"{at}_first"] = OUTSIDE
    elif year and last > year[1]:
        errors[f"{at}_last"] = OUTSIDE
    return first, last


def _terms(draft: YearDraft, year: Span | None, errors: Errors) -> None:
    found: list[tuple[Span, str]] = []
    for number, row in enumerate(draft.terms):
        span = None if is_empty(row) else _span(f"t{number}", row, year, errors)
        if span:
            found.append((span, f"t{number}_first"))
    if all(is_empty(row) for row in draft.terms):
        errors["add-t"] = NO_TERM
    found.sort()
    for (one, _), (other, at) in itertools.pairwise(found):
        if other[0] <= one[1]:
            errors[at] = OVERLAPS_TERM


def _weeks(draft: YearDraft, errors: Errors) -> None:
    for number, row in enumerate(draft.weeks):
        if is_empty(row, but=("term",)):
            continue
        day_of(f"k{number}_date", row["date"], errors)
        place = int(row["term"]) if row["term"].isdigit() else len(draft.terms)
        if place >= len(draft.terms) or is_empty(draft.terms[place]):
            errors[f"k{number}_term"] = CHOOSE
        week = row["week"]
        if not (week.isascii() and week.isdigit() and len(week) < 3 and int(week) in _WEEKS):
            errors[f"k{number}_week"] = NUMBER if week else FILL_IN


def _make_up(draft: YearDraft, year: Span | None, errors: Errors) -> None:
    seen = set(draft.class_on)
    for number, row in enumerate(draft.make_up):
        if is_empty(row):
            continue
        on = day_of(f"m{number}_date", row["date"], errors)
        day_of(f"m{number}_follows", row["follows"], errors)
        if on is None:
            continue
        if row["date"] in seen:
            errors[f"m{number}_date"] = TWICE
        elif year and not year[0] <= on <= year[1]:
            errors[f"m{number}_date"] = OUTSIDE
        if row["date"] == row["follows"]:
            errors[f"m{number}_follows"] = SAME_DAY
        seen.add(row["date"])
    for on_text in draft.class_on:
        if day_of("class_on", on_text, errors) is None:
            errors["class_on"] = DATE
