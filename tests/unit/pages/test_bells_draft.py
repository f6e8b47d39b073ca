"""Bells as a form holds them: what a file says survives the form, and mistakes are named at their field."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler import parse_school, template_names
from server.lessons import bells_in, placed, template_bells, values_of, with_key, written
from server.pages.scheduling.bells_check import errors_of
from server.pages.scheduling.bells_draft import (
    KINDS,
    WEEK,
    BellsDraft,
    DayDraft,
    draft_of,
    entry_of,
    fields_of,
    read_draft,
    stepped,
)
from server.pages.scheduling.rows import Step

HEAD = """school: mine
name: {en: Mine, zh-Hant-TW: 我校}
country: TW
region: Taipei
zone: Asia/Taipei
zone_overrides: [{first: 2026-10-01, last: 2026-10-31, zone: Asia/Tokyo}]  # no form shows this
template: tw-elementary
calendar: tw-public
teachers: [{id: lin, name: 林老師, busy: [{weekdays: [tue], start: 10:00, end: 12:00}]}]
"""
CLASS = "class_groups: [{id: 5a, name: {en: 5A, zh-Hant-TW: 甲}, size: 20}]\n"

# Words that YAML would take for something else, and those that a hurried hand types.
names = st.one_of(
    st.sampled_from(["no", "null", "10:30", "~", "P1", "早自習", "a: b", "'", "#", "2026-09-01", "1e3", "[x]", "ß "]),
    st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=12),
).map(str.strip)
dates = st.dates(min_value=date(2024, 1, 1), max_value=date(2027, 12, 31))


@st.composite
def entries(draw: st.DrawFn) -> dict[str, Any]:
    """A schedule as somebody could have written it into a file."""
    kinds = draw(st.lists(names.filter(bool), min_size=1, max_size=4, unique=True))
    days = {}
    for kind in kinds:
        bounds = sorted(draw(st.lists(st.integers(0, 1_440), max_size=12, unique=True)))
        pairs = list(zip(bounds[::2], bounds[1::2], strict=False))
        labels = draw(st.lists(names.filter(bool), min_size=len(pairs), max_size=len(pairs), unique=True))
        days[kind] = [
            {
                "name": label,
                **({"kind": draw(st.sampled_from(sorted(KINDS)))} if draw(st.booleans()) else {}),
                "start": f"{start // 60}:{start % 60:02d}",
                "end": f"{end // 60:02d}:{end % 60:02d}",
            }
            for (start, end), label in zip(pairs, labels, strict=True)
        ]
    chosen = st.sampled_from(kinds)
    week = draw(st.dictionaries(st.sampled_from(WEEK), chosen, min_size=1))
    differ = draw(st.dictionaries(dates.map(lambda on: on.isoformat()), chosen, max_size=12))
    first = draw(dates)
    entry: dict[str, Any] = {"first": first.isoformat(), "days": days, "week": week, "dates": differ}
    if draw(st.booleans()):
        entry["last"] = max(first, draw(dates)).isoformat()
    return entry


@given(entry=entries())
@settings(max_examples=80, deadline=None)
def test_what_a_file_says_survives_the_form(entry: dict[str, Any]) -> None:
    text = HEAD + written({"bells": [entry]})
    draft = draft_of(bells_in(text)[0])
    # As a browser sends it, with the fields that no row has.
    sent = read_draft({**fields_of(draft), "csrf": "x", "step": "look", "version": "3", "d0_r9999_other": "x"})
    assert sent == replace(draft, week={day: draft.week.get(day, "") for day in WEEK})
    assert errors_of(sent) == {}
    after = with_key(text, "bells", placed(bells_in(text), entry_of(sent), 0))
    assert parse_school((after + CLASS).encode(), "after") == parse_school((text + CLASS).encode(), "before")
    assert {**values_of(after), "bells": None} == {**values_of(text), "bells": None}


@pytest.mark.parametrize("name", template_names())
def test_every_template_survives_the_form(name: str) -> None:
    for entry in template_bells(name):
        draft = draft_of(entry)
        assert errors_of(draft) == {}
        text = HEAD + written({"bells": [entry]})
        after = with_key(text, "bells", [entry_of(read_draft(fields_of(draft)))])
        assert parse_school((after + CLASS).encode(), "a").bells == parse_school((text + CLASS).encode(), "b").bells


def test_a_period_after_midnight_stays_and_a_new_one_is_refused() -> None:
    entry = {"first": "2026-08-01", "days": {"late": [{"name": "Night", "start": "23:00", "end": "24:30"}]}}
    draft = draft_of({**entry, "week": {"mon": "late"}})
    assert errors_of(draft, kept=draft.days[0].rows) == {}
    assert "midnight" in errors_of(draft)["d0_r0_end"].en
    assert entry_of(draft)["days"]["late"][0]["end"] == "24:30"


def draft(*rows: tuple[str, str, str], **more: Any) -> BellsDraft:
    day = DayDraft(
        name="full",
        rows=tuple({"name": name, "kind": "instruction", "start": start, "end": end} for name, start, end in rows),
    )
    return replace(BellsDraft(first="2026-08-01", days=(day,), week={"mon": "0"}), **more)


GOOD = ("P1", "08:40", "09:20")


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        (draft(GOOD, ("P2", "09:10", "09:50")), "d0_r1_start", "P1"),
        (draft(("P2", "09:10", "09:50"), GOOD), "d0_r0_start", "P1"),
        (draft(("P1", "09:20", "08:40")), "d0_r0_end", "after the start"),
        (draft(("P1", "08:40", "08:40")), "d0_r0_end", "after the start"),
        (draft(("P1", "23:30", "24:10")), "d0_r0_end", "midnight"),
        (draft(GOOD, ("P1", "10:00", "10:40")), "d0_r1_name", "already used"),
        (draft(("", "08:40", "09:20")), "d0_r0_name", "fill this in"),
        (draft(("P1", "8.40", "09:20")), "d0_r0_start", "give a time"),
        (draft(("P1", "08:40", "")), "d0_r0_end", "fill this in"),
        (draft(("P\u202e1", "08:40", "09:20")), "d0_r0_name", "hidden"),
        (draft(("x" * 61, "08:40", "09:20")), "d0_r0_name", "60"),
        (draft(GOOD, first=""), "first", "fill this in"),
        (draft(GOOD, first="20260801"), "first", "give a date"),
        (draft(GOOD, first="2026-02-08"), "first", "already"),
        (draft(GOOD, last="2026-07-31"), "last", "before the first"),
        (draft(GOOD, week={}), "w_mon", "weekday"),
        (draft(GOOD, days=()), "add-d", "At least one"),
        (draft(GOOD, dates=({"first": "2026-11-03", "last": "", "day": ""},)), "x0_day", "choose"),
        (draft(GOOD, dates=({"first": "2026-11-03", "last": "2026-11-02", "day": "0"},)), "x0_last", "before"),
        (
            draft(
                GOOD,
                dates=(
                    {"first": "2026-11-02", "last": "2026-11-06", "day": "0"},
                    {"first": "2026-11-06", "last": "", "day": "0"},
                ),
            ),
            "x1_first",
            "one kind",
        ),
    ],
)
def test_a_mistake_is_named_at_its_field(wrong: BellsDraft, field: str, said: str) -> None:
    errors = errors_of(wrong, taken=["2026-02-08"])
    assert set(errors) == {field}
    assert said.lower() in errors[field].en.lower()
    assert errors[field].zh


def test_an_exam_week_is_one_row_and_weekends_are_passed_over() -> None:
    span = {"first": "2026-11-05", "last": "2026-11-10", "day": "0"}
    entry = entry_of(draft(GOOD, dates=(span,)))
    assert list(entry["dates"]) == ["2026-11-05", "2026-11-06", "2026-11-09", "2026-11-10"]
    assert draft_of(entry).dates == (span,)


def test_weekdays_stay_with_a_kind_of_day_when_another_is_removed() -> None:
    two = replace(
        draft(GOOD), days=(DayDraft(name="half"), DayDraft(name="full")), week={"mon": "1", "wed": "0", "tue": "1"}
    )
    less, fresh = stepped(two, Step.read("remove:d:0"))
    assert [day.name for day in less.days] == ["full"]
    assert {day: place for day, place in less.week.items() if place} == {"mon": "0", "tue": "0"}
    assert fresh == "add-d"
    more, fresh = stepped(less, Step.read("add:d0_r"))
    assert len(more.days[0].rows) == 1
    assert fresh == "d0_r0_name"


@pytest.mark.parametrize("step", ["add:zz", "remove:d9_r:7", "add:d9_r", "remove:d:9", "add:d0_r:x", "drop table", ""])
def test_nonsense_of_a_button_loses_nothing(step: str) -> None:
    assert stepped(draft(GOOD), Step.read(step))[0].days[0].rows == draft(GOOD).days[0].rows
