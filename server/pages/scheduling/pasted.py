"""A published list of holidays, pasted as lines: a date or two and a name in each. Pure.

Dates as people publish them: 2026-10-09, 2026/10/9, 115/10/9 or 115.10.9 (the ROC year), 10/9, 10月9日, Oct 9, 9 Oct.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from server.pages.scheduling.rows import Row
from server.pair import LocalizedText

_ROC: Final = 1911
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH: Final = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DAY: Final = re.compile(
    rf"""(?:(?<!\d)(?P<year>\d{{3,4}})\s*[-/.年])?\s*(?P<month>\d{{1,2}})\s*[-/.月]\s*(?P<day>\d{{1,2}})日?
    |{_MONTH}\s+(?P<day_us>\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s+(?P<year_us>\d{{4}}))?
    """,
    re.VERBOSE | re.IGNORECASE,
)
# Weekdays in brackets or beside a date say nothing new.
_WEEKDAY: Final = re.compile(
    r"[(（]\s*(?:週|周|星期|禮拜)?\s*[一二三四五六日天]\s*[)）]|(?:週|星期)[一二三四五六日天]|\b(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?",
    re.IGNORECASE,
)
_TO: Final = re.compile(r"^\s*(?:-|–|—|~|～|至|到|to\b|until\b|through\b)\s*", re.IGNORECASE)
_EDGES: Final = " \t:：,，、|-–—~～\"'　"
NO_DATE: Final = LocalizedText("There is no date in this line.", "這一行沒有日期。")
NO_NAME: Final = LocalizedText("There is no name in this line.", "這一行沒有名稱。")
NOT_A_DATE: Final = LocalizedText(
    "There is no such date, or it is outside the school year.", "沒有這個日期，或不在這個學年內。"
)
BACKWARDS: Final = LocalizedText("Its last day is before its first.", "最後一天早於第一天。")
_NAME_CHARS: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """`number` from 1, of what was pasted."""

    number: int
    line: str
    said: LocalizedText


@dataclass(frozen=True, slots=True, kw_only=True)
class Pasted:
    """`rows`: name, first and last ("" for one day); `bad`: lines that could not be read, with what is wrong."""

    rows: tuple[Row, ...]
    bad: tuple[BadLine, ...]


def read_list(text: str, first: date, last: date) -> Pasted:
    """The dates of a year from `first` to `last`; a date without its year is the one in it. Empty lines say nothing."""
    rows: list[Row] = []
    bad: list[BadLine] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        found = _line(_WEEKDAY.sub(" ", line), first, last)
        if isinstance(found, LocalizedText):
            bad.append(BadLine(number=number, line=line.strip()[:200], said=found))
        else:
            rows.append(found)
    return Pasted(rows=tuple(rows), bad=tuple(bad))


def _line(line: str, first: date, last: date) -> Row | LocalizedText:
    one = _DAY.search(line)
    if one is None:
        return NO_DATE
    rest, start = line[one.end() :], _date(one, first, last)
    before = line[: one.start()]
    end = start
    joined = _TO.match(rest)
    # `10/9-12`: the second day of the same month.
    short = re.match(r"(\d{1,2})日?(?![\d/.月-])", rest[joined.end() :]) if joined and start else None
    other = _DAY.match(rest, joined.end()) if joined else None
    if joined and other:
        end, rest = _date(other, first, last), rest[other.end() :]
    elif joined and short and start:
        end, rest = _of_month(start, int(short[1])), rest[joined.end() + short.end() :]
    if start is None or end is None:
        return NOT_A_DATE
    if end < start:
        return BACKWARDS
    name = " ".join(f"{before.strip(_EDGES)} {rest.strip(_EDGES)}".split())[:_NAME_CHARS]
    if not name:
        return NO_NAME
    return {"name": name, "first": start.isoformat(), "last": "" if end == start else end.isoformat()}


def _date(found: re.Match[str], first: date, last: date) -> date | None:
    year_text = found["year"] or found["year_us"]
    month = int(found["month"]) if found["month"] else _MONTHS.index(str(found[4]).lower()) + 1
    day = int(found["day"] or found["day_us"])
    years = [int(year_text)] if year_text else list(range(first.year, last.year + 1))
    if year_text and len(year_text) <= 3:
        years = [int(year_text) + _ROC]
    for year in years:
        try:
            on = date(year, month, day)
        except ValueError:
            continue
        if first <= on <= last:
            return on
    return None


def _of_month(on: date, day: int) -> date | None:
    try:
        return on.replace(day=day)
    except ValueError:
        return None
