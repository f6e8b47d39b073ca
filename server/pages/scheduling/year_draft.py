"""A school year as a form holds it: terms, week numbers, breaks, make-up class days, holidays with class. Pure.

A holiday on which there is class all the same stands in the file as a make-up day that follows its own timetable.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from server.pages.scheduling.rows import Row, Step, is_empty, read_rows

FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "t": ("name", "first", "last"),
    "k": ("term", "date", "week"),
    "b": ("name", "first", "last"),
    "m": ("date", "follows"),
}
# Whole weeks, so that a term of next year begins on the same weekday.
_YEAR: Final = timedelta(weeks=52)


@dataclass(frozen=True, slots=True, kw_only=True)
class YearDraft:
    """`weeks`: term (by its place), a date and the number of the week that holds it. `class_on`: official holidays."""

    label: str = ""
    is_confirmed: bool = False
    official: str = ""
    first: str = ""
    last: str = ""
    terms: tuple[Row, ...] = ()
    weeks: tuple[Row, ...] = ()
    breaks: tuple[Row, ...] = ()
    make_up: tuple[Row, ...] = ()
    class_on: tuple[str, ...] = ()

    def rows(self, kind: str) -> tuple[Row, ...]:
        return {"t": self.terms, "k": self.weeks, "b": self.breaks, "m": self.make_up}[kind]

    def with_rows(self, kind: str, rows: Sequence[Row]) -> YearDraft:
        found = tuple(rows)
        return replace(
            self,
            terms=found if kind == "t" else self.terms,
            weeks=found if kind == "k" else self.weeks,
            breaks=found if kind == "b" else self.breaks,
            make_up=found if kind == "m" else self.make_up,
        )


def year_draft_of(entry: Mapping[str, Any], official: str) -> YearDraft:
    """Of one year of the file, as it was written; `official` is the calendar's."""
    terms = [dict(one) for one in entry.get("terms") or []]
    follows = [(str(one["date"]), str(one["follows"])) for one in entry.get("make_up_days") or []]
    return YearDraft(
        label=str(entry.get("label") or ""),
        is_confirmed=_is_true(entry.get("confirmed")),
        official=official,
        first=str(entry.get("first") or ""),
        last=str(entry.get("last") or ""),
        terms=tuple({name: str(one.get(name) or "") for name in FIELDS["t"]} for one in terms),
        weeks=tuple(
            {"term": str(place), "date": str(week["date"]), "week": str(week["week"])}
            for place, one in enumerate(terms)
            for week in one.get("weeks") or []
        ),
        breaks=tuple({name: str(one.get(name) or "") for name in FIELDS["b"]} for one in (entry.get("breaks") or [])),
        make_up=tuple({"date": on, "follows": other} for on, other in follows if on != other),
        class_on=tuple(on for on, other in follows if on == other),
    )


def _is_true(value: object) -> bool:
    # As pydantic reads the text of a truth value.
    return str(value).lower() in ("true", "yes", "on", "1", "t", "y")


def read_year(values: Mapping[str, str], class_on: Sequence[str]) -> YearDraft:
    """What a form sent, row by row. `class_on`: all values of the field of that name."""
    numbers = sorted(
        {int(match[1]) for name in values if (match := re.fullmatch(r"t([0-9]{1,4})_(?:name|first|last)", name))}
    )
    places = {str(number): str(place) for place, number in enumerate(numbers)}
    return YearDraft(
        label=values.get("label", "").strip(),
        is_confirmed="confirmed" in values,
        official=values.get("official", ""),
        first=values.get("first", "").strip(),
        last=values.get("last", "").strip(),
        terms=tuple(read_rows(values, "t", FIELDS["t"])),
        weeks=tuple({**row, "term": places.get(row["term"], "")} for row in read_rows(values, "k", FIELDS["k"])),
        breaks=tuple(read_rows(values, "b", FIELDS["b"])),
        make_up=tuple(read_rows(values, "m", FIELDS["m"])),
        class_on=tuple(dict.fromkeys(class_on)),
    )


def year_fields(draft: YearDraft) -> list[tuple[str, str]]:
    """The fields of a form that says the same."""
    fields = [("label", draft.label), ("official", draft.official), ("first", draft.first), ("last", draft.last)]
    if draft.is_confirmed:
        fields.append(("confirmed", "1"))
    for kind in FIELDS:
        for number, row in enumerate(draft.rows(kind)):
            fields += [(f"{kind}{number}_{name}", value) for name, value in row.items()]
    return fields + [("class_on", on) for on in draft.class_on]


def year_stepped(draft: YearDraft, step: Step) -> tuple[YearDraft, str]:
    """After a button that adds or removes a row, and the field to go to."""
    kind = step.kind
    if kind not in FIELDS:
        return draft, ""
    rows = draft.rows(kind)
    if step.verb == "add":
        row = dict.fromkeys(FIELDS[kind], "")
        if kind == "k" and draft.terms:
            row["term"] = "0"
        return draft.with_rows(kind, [*rows, row]), f"{kind}{len(rows)}_{FIELDS[kind][0]}"
    kept = [row for number, row in enumerate(rows) if number != step.number]
    changed = draft.with_rows(kind, kept)
    if kind == "t" and step.number < len(rows):
        changed = changed.with_rows("k", [_shifted(row, step.number) for row in draft.weeks])
    return changed, f"add-{kind}"


def _shifted(row: Row, removed: int) -> Row:
    """A week number of a term that was removed keeps its date and asks for another term."""
    place = int(row["term"]) if row["term"] else -1
    return {**row, "term": "" if place in (-1, removed) else str(place - (place > removed))}


def entry_of_year(draft: YearDraft) -> dict[str, Any]:
    """As the file has it; only for a draft without errors."""
    weeks = [row for row in draft.weeks if not is_empty(row, but=("term",))]
    terms = []
    for place, term in enumerate(draft.terms):
        if is_empty(term):
            continue
        own = [{"date": row["date"], "week": row["week"]} for row in weeks if row["term"] == str(place)]
        terms.append({**term, **({"weeks": own} if own else {})})
    make_up = [dict(row) for row in draft.make_up if not is_empty(row)]
    make_up += [{"date": on, "follows": on} for on in draft.class_on]
    return {
        "label": draft.label,
        "confirmed": "true" if draft.is_confirmed else "false",
        "first": draft.first,
        "last": draft.last,
        "terms": sorted(terms, key=lambda one: str(one["first"])),
        "breaks": [{name: value for name, value in row.items() if value} for row in draft.breaks if not is_empty(row)],
        "make_up_days": sorted(make_up, key=lambda one: one["date"]),
    }


def next_year(entry: Mapping[str, Any], official: str) -> YearDraft:
    """What to begin a new year with: the terms of that one, 52 weeks on, not confirmed; breaks are published anew."""
    draft = year_draft_of(entry, official)
    first = _later(draft.last, timedelta(days=1))
    return YearDraft(
        label=_next_label(draft.label),
        official=official,
        first=first,
        last=_later(first, timedelta(days=364)) if first else "",
        terms=tuple(
            {**term, "first": _later(term["first"], _YEAR), "last": _later(term["last"], _YEAR)} for term in draft.terms
        ),
        # A name is what is easily forgotten; its dates are the new list's.
        breaks=tuple({"name": row["name"], "first": "", "last": ""} for row in draft.breaks),
    )


def _later(on: str, by: timedelta) -> str:
    try:
        return (date.fromisoformat(on) + by).isoformat()
    except (ValueError, OverflowError):
        return ""


def _next_label(label: str) -> str:
    """`115` → `116`, `2026-27` → `2027-28`."""
    if not re.fullmatch(r"[0-9]{1,4}(-[0-9]{2,4})?", label):
        return ""
    parts = [str(int(part) + 1).zfill(len(part))[-len(part) :] for part in label.split("-")]
    return "-".join(parts)
