"""Bells as a form holds them: every field as it was typed, rows added and removed, written as the file has them.

Pure. Kinds of day are known by their places, so that one can be renamed and its weekdays stay with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final

from server.pages.scheduling.rows import Row, Step, is_empty, read_rows
from server.pair import LocalizedText

WEEK: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PERIOD: Final = ("name", "kind", "start", "end")
KINDS: Final[Mapping[str, LocalizedText]] = {
    "instruction": LocalizedText("lesson", "正課"),
    "self_study": LocalizedText("self-study, homeroom", "早自習、導師時間"),
    "lunch": LocalizedText("lunch, rest", "午餐、午休"),
    "before_school": LocalizedText("before school", "上學前"),
    "after_school": LocalizedText("after school", "放學後"),
    "evening": LocalizedText("evening", "晚上"),
    "saturday": LocalizedText("Saturday", "週六"),
}
_FRIDAY: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class DayDraft:
    """One named kind of day: full, half, early release, exam."""

    name: str
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BellsDraft:
    """`week`: the place of a kind of day by weekday, "" for none; `dates`: rows of first, last and day."""

    first: str = ""
    last: str = ""
    days: tuple[DayDraft, ...] = ()
    week: Mapping[str, str] = field(default_factory=dict)
    dates: tuple[Row, ...] = ()


def draft_of(entry: Mapping[str, Any]) -> BellsDraft:
    """Of one schedule of the file, as it was written."""
    days = dict(entry.get("days") or {})
    places = {name: str(place) for place, name in enumerate(days)}
    return BellsDraft(
        first=str(entry.get("first") or ""),
        last=str(entry.get("last") or ""),
        days=tuple(DayDraft(name=name, rows=tuple(map(_row, periods or []))) for name, periods in days.items()),
        week={day: places.get(str(kind), "") for day, kind in (entry.get("week") or {}).items()},
        dates=_spans({str(on): places.get(str(kind), "") for on, kind in (entry.get("dates") or {}).items()}),
    )


def _row(period: Mapping[str, Any]) -> Row:
    return {
        "name": str(period["name"]),
        "kind": str(period.get("kind") or "instruction"),
        "start": _padded(str(period["start"])),
        "end": _padded(str(period["end"])),
    }


def _padded(clock: str) -> str:
    """`8:40` as a field for times wants it."""
    return clock.zfill(5)


def _spans(dates: Mapping[str, str]) -> tuple[Row, ...]:
    """Dates that follow one another, weekends apart, in one row: an exam week is entered as one."""
    found: list[Row] = []
    for on, day in sorted(dates.items()):
        before = found[-1] if found else None
        if before and before["day"] == day and on == _next_school_day(before["last"] or before["first"]):
            before["last"] = on
        else:
            found.append({"first": on, "last": "", "day": day})
    return tuple(found)


def _next_school_day(on: str) -> str:
    """ "" after a weekend's day, which stands alone."""
    day = date.fromisoformat(on)
    if day.weekday() > _FRIDAY:
        return ""
    return (day + timedelta(days=7 - day.weekday() if day.weekday() == _FRIDAY else 1)).isoformat()


def read_draft(values: Mapping[str, str]) -> BellsDraft:
    """What a form sent, row by row; nothing is dropped, rows that are empty included."""
    heads = read_rows(values, "d", ("name",))
    numbers = sorted(int(match[1]) for name in values if (match := re.fullmatch(r"d([0-9]{1,4})_name", name)))
    places = {str(number): str(place) for place, number in enumerate(numbers)}
    days = tuple(
        DayDraft(name=head["name"], rows=tuple(read_rows(values, f"d{number}_r", PERIOD)))
        for number, head in zip(numbers, heads, strict=False)
    )
    dates = [{**row, "day": places.get(row["day"], "")} for row in read_rows(values, "x", ("first", "last", "day"))]
    return BellsDraft(
        first=values.get("first", "").strip(),
        last=values.get("last", "").strip(),
        days=days,
        week={day: places.get(values.get(f"w_{day}", ""), "") for day in WEEK},
        dates=tuple(dates),
    )


def fields_of(draft: BellsDraft) -> dict[str, str]:
    """The fields of a form that says the same."""
    fields = {"first": draft.first, "last": draft.last}
    for place, day in enumerate(draft.days):
        fields[f"d{place}_name"] = day.name
        for number, row in enumerate(day.rows):
            fields |= {f"d{place}_r{number}_{name}": value for name, value in row.items()}
    fields |= {f"w_{day}": draft.week.get(day, "") for day in WEEK}
    for number, row in enumerate(draft.dates):
        fields |= {f"x{number}_{name}": value for name, value in row.items()}
    return fields


def stepped(draft: BellsDraft, step: Step) -> tuple[BellsDraft, str]:
    """After a button that adds or removes a row, and the field to go to."""
    if step.kind == "d":
        return _day_step(draft, step)
    if step.kind == "x":
        if step.verb == "add":
            row = {"first": "", "last": "", "day": ""}
            return replace(draft, dates=(*draft.dates, row)), f"x{len(draft.dates)}_first"
        return replace(draft, dates=_without(draft.dates, step.number)), "add-x"
    match = re.fullmatch(r"d([0-9]+)_r", step.kind)
    place = int(match[1]) if match else len(draft.days)
    if place >= len(draft.days):
        return draft, ""
    day = draft.days[place]
    if step.verb == "add":
        start = day.rows[-1]["end"] if day.rows and day.rows[-1]["end"] < "23:00" else ""
        rows: tuple[Row, ...] = (*day.rows, {"name": "", "kind": "instruction", "start": start, "end": ""})
        fresh = f"d{place}_r{len(day.rows)}_name"
    else:
        rows, fresh = _without(day.rows, step.number), f"add-d{place}"
    days = tuple(replace(day, rows=rows) if number == place else one for number, one in enumerate(draft.days))
    return replace(draft, days=days), fresh


def _day_step(draft: BellsDraft, step: Step) -> tuple[BellsDraft, str]:
    if step.verb == "add":
        day = DayDraft(name="", rows=({"name": "", "kind": "instruction", "start": "", "end": ""},))
        return replace(draft, days=(*draft.days, day)), f"d{len(draft.days)}_name"

    def shifted(place: str) -> str:
        number = int(place) if place else -1
        return "" if number in (-1, step.number) else str(number - (number > step.number))

    return (
        replace(
            draft,
            days=_without(draft.days, step.number),
            week={day: shifted(place) for day, place in draft.week.items()},
            dates=tuple({**row, "day": shifted(row["day"])} for row in draft.dates),
        ),
        "add-d",
    )


def _without(rows: Sequence[Any], number: int) -> tuple[Any, ...]:
    return tuple(row for place, row in enumerate(rows) if place != number)


def dates_of(first: date, last: date) -> list[date]:
    """Of a row of several days those from Monday to Friday; a single date whatever it is."""
    if first == last:
        return [first]
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [day for day in days if day.weekday() <= _FRIDAY]


def minute_of(clock: str) -> int | None:
    match = re.fullmatch(r"([0-9]{1,2}):([0-5][0-9])", clock)
    return int(match[1]) * 60 + int(match[2]) if match and int(match[1]) <= 30 else None


def entry_of(draft: BellsDraft) -> dict[str, Any]:
    """As the file has it; only for a draft without errors."""
    names = [day.name for day in draft.days]
    dates = {
        on.isoformat(): names[int(row["day"])]
        for row in draft.dates
        if not is_empty(row, but=("day",))
        for on in dates_of(date.fromisoformat(row["first"]), date.fromisoformat(row["last"] or row["first"]))
    }
    return {
        "first": draft.first,
        **({"last": draft.last} if draft.last else {}),
        "days": {day.name: _sorted_periods(day) for day in draft.days},
        "week": {day: names[int(draft.week[day])] for day in WEEK if draft.week.get(day)},
        **({"dates": dict(sorted(dates.items()))} if dates else {}),
    }


def _sorted_periods(day: DayDraft) -> list[Row]:
    rows = [row for row in day.rows if row["name"] or row["end"]]
    return [dict(row) for row in sorted(rows, key=lambda row: minute_of(row["start"]) or 0)]
