"""School years by form: what a file says survives, mistakes stand at their field, pasted lists, and what is drawn."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler import parse_school
from server.lessons import calendar_in, placed, values_of, with_key, written, years_in
from server.pages.scheduling.pasted import read_list
from server.pages.scheduling.rows import Step
from server.pages.scheduling.year_check import year_errors
from server.pages.scheduling.year_draft import (
    YearDraft,
    entry_of_year,
    next_year,
    read_year,
    year_draft_of,
    year_fields,
    year_stepped,
)
from server.pages.scheduling.year_drawing import DayKind, months_of

HEAD = """school: mine
name: {en: Mine, zh-Hant-TW: 我校}
country: TW
region: Taipei
zone: Asia/Taipei
zone_overrides: [{first: 2026-10-01, last: 2026-10-31, zone: Asia/Tokyo}]  # no form shows this
template: tw-elementary
"""
CLASS = "class_groups: [{id: 5a, name: {en: 5A, zh-Hant-TW: 甲}, size: 20}]\n"
YEAR = (date(2026, 8, 1), date(2027, 7, 31))

names = st.sampled_from(["no", "null", "校慶", "10:30", "a: b", "Fall break", "'", "#1", "2026-09-01", "~"])
in_year = st.dates(min_value=YEAR[0], max_value=YEAR[1])


@st.composite
def years(draw: st.DrawFn) -> dict[str, Any]:
    """A year as somebody could have written it into a file."""
    bounds = sorted(draw(st.lists(in_year, min_size=2, max_size=6, unique=True)))
    terms: list[dict[str, Any]] = []
    for first, last in zip(bounds[::2], bounds[1::2], strict=False):
        term: dict[str, Any] = {"name": draw(names), "first": first.isoformat(), "last": last.isoformat()}
        if draw(st.booleans()):
            weeks = draw(st.lists(st.tuples(in_year, st.integers(0, 30)), max_size=2))
            term["weeks"] = [{"date": on.isoformat(), "week": str(week)} for on, week in weeks]
        terms.append(term)
    breaks = []
    for first, days in draw(st.lists(st.tuples(in_year, st.integers(0, 20)), max_size=5)):
        last = min(first + timedelta(days=days), YEAR[1])
        breaks.append({"name": draw(names), "first": first.isoformat(), **({"last": last.isoformat()} if days else {})})
    make_up = draw(st.dictionaries(in_year, in_year, max_size=4))
    return {
        "label": draw(names),
        "confirmed": draw(st.sampled_from(["true", "false", "yes", "no"])),
        "first": YEAR[0].isoformat(),
        "last": YEAR[1].isoformat(),
        "terms": draw(st.permutations(terms)),
        "breaks": breaks,
        "make_up_days": [{"date": on.isoformat(), "follows": other.isoformat()} for on, other in make_up.items()],
    }


def file_of(*entries: dict[str, Any], official: str = "TW") -> str:
    usual = [{"name": "Term 1", "first": "08-30", "last": "01-20"}]
    return HEAD + written({"calendar": {"official": official, "years": list(entries), "usual_terms": usual}})


@given(entry=years(), official=st.sampled_from(["TW", "US", ""]))
@settings(max_examples=100, deadline=None)
def test_what_a_file_says_survives_the_form(entry: dict[str, Any], official: str) -> None:
    text = file_of(entry, official=official)
    calendar = calendar_in(text)
    draft = year_draft_of(years_in(calendar)[0], str(calendar["official"]))
    fields = year_fields(draft)
    sent = read_year({**dict(fields), "csrf": "x"}, [value for name, value in fields if name == "class_on"])
    assert sent == draft
    assert year_errors(sent) == {}
    changed = {**calendar, "official": sent.official, "years": placed(years_in(calendar), entry_of_year(sent), 0)}
    after = with_key(text, "calendar", changed)
    was, now = (parse_school((one + CLASS).encode(), "file") for one in (text, after))
    assert was == now
    assert {**values_of(after), "calendar": None} == {**values_of(text), "calendar": None}


def draft(**more: Any) -> YearDraft:
    term = {"name": "Term 1", "first": "2026-08-31", "last": "2027-01-20"}
    return replace(YearDraft(label="115", official="TW", first="2026-08-01", last="2027-07-31", terms=(term,)), **more)


def row(name: str, first: str, last: str = "") -> dict[str, str]:
    return {"name": name, "first": first, "last": last}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (draft(label=""), "label"),
        (draft(first="soon"), "first"),
        (draft(last="2026-07-31"), "last"),
        (draft(first="2025-08-01"), "first"),
        (draft(terms=()), "add-t"),
        (draft(terms=(row("T", "2026-08-31"),)), "t0_last"),
        (draft(terms=(row("", "2026-08-31", "2027-01-20"),)), "t0_name"),
        (draft(terms=(row("T", "2026-08-31", "2027-09-01"),)), "t0_last"),
        (
            draft(terms=(row("2", "2027-01-20", "2027-06-30"), row("1", "2026-08-31", "2027-01-20"))),
            "t0_first",
        ),
        (draft(breaks=(row("Break", "2026-10-09", "2026-10-08"),)), "b0_last"),
        (draft(breaks=(row("Break", "2028-10-09"),)), "b0_first"),
        (draft(breaks=(row("", "2026-10-09"),)), "b0_name"),
        (draft(make_up=({"date": "2027-01-21", "follows": ""},)), "m0_follows"),
        (draft(make_up=({"date": "2027-01-21", "follows": "2027-01-21"},)), "m0_follows"),
        (draft(make_up=({"date": "2027-01-21", "follows": "2027-02-10"},) * 2), "m1_date"),
        (draft(weeks=({"term": "", "date": "2027-01-21", "week": "1"},)), "k0_term"),
        (draft(weeks=({"term": "7", "date": "2027-01-21", "week": "1"},)), "k0_term"),
        (draft(weeks=({"term": "0", "date": "2027-01-21", "week": "-1"},)), "k0_week"),
        (draft(official="ZZ"), "official"),
        (draft(class_on=("nonsense",)), "class_on"),
    ],
)
def test_a_mistake_is_named_at_its_field(wrong: YearDraft, field: str) -> None:
    before = (date(2025, 8, 1), date(2026, 7, 31))
    errors = year_errors(wrong, [before])
    assert set(errors) == {field}
    assert errors[field].en
    assert errors[field].zh


def test_a_week_number_keeps_its_term_when_another_is_removed() -> None:
    two = draft(
        terms=(row("1", "2026-08-31", "2027-01-20"), row("2", "2027-02-17", "2027-06-30")),
        weeks=({"term": "1", "date": "2027-02-17", "week": "3"}, {"term": "0", "date": "2026-08-31", "week": "1"}),
    )
    less, _ = year_stepped(two, Step.read("remove:t:0"))
    assert [one["term"] for one in less.weeks] == ["0", ""]
    assert "k1_term" in year_errors(less)


def test_the_next_year_begins_from_this_one_and_is_not_confirmed() -> None:
    entry = entry_of_year(draft(is_confirmed=True, breaks=(row("Anniversary", "2026-11-28"),)))
    new = next_year(entry, "TW")
    assert (new.label, new.is_confirmed, new.first) == ("116", False, "2027-08-01")
    assert new.terms[0]["first"] == "2027-08-30"
    assert new.breaks == ({"name": "Anniversary", "first": "", "last": ""},)
    # A name without its dates is asked for, never passed over in silence.
    assert "b0_first" in year_errors(new)


LIST = """
2026-10-09 – 2026-10-12 Fall break
115/10/9(五) 國慶日補假
10/25-26 光復節
2027年1月1日 元旦
Nov 23 - Nov 27, 2026 Thanksgiving week
Mon, Sep 7 Labor Day
校慶補假：11月30日
2026/12/21~2027/1/1 Winter
"""


def test_a_pasted_list_as_people_publish_it() -> None:
    found = read_list(LIST, *YEAR)
    assert [tuple(one.values()) for one in found.rows] == [
        ("Fall break", "2026-10-09", "2026-10-12"),
        ("國慶日補假", "2026-10-09", ""),
        ("光復節", "2026-10-25", "2026-10-26"),
        ("元旦", "2027-01-01", ""),
        ("Thanksgiving week", "2026-11-23", "2026-11-27"),
        ("Labor Day", "2026-09-07", ""),
        ("校慶補假", "2026-11-30", ""),
        ("Winter", "2026-12-21", "2027-01-01"),
    ]
    assert found.bad == ()


def test_a_line_that_cannot_be_read_is_told_by_its_number() -> None:
    found = read_list("2/30 nothing\n\nhello\n12/25\n2028-01-01 far\n10/12-9 back\n1/1 New Year", *YEAR)
    assert [(one.number, one.said.en.split(",")[0][:22]) for one in found.bad] == [
        (1, "There is no such date"),
        (3, "There is no date in th"),
        (4, "There is no name in th"),
        (5, "There is no such date"),
        (6, "Its last day is before"),
    ]
    assert [one["first"] for one in found.rows] == ["2027-01-01"]


@given(st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_no_text_breaks_the_reading(text: str) -> None:
    found = read_list(text, *YEAR)
    assert len(found.rows) + len(found.bad) == sum(bool(line.strip()) for line in text.splitlines())


def test_every_date_is_drawn_as_the_finder_judges_it() -> None:
    made = draft(
        is_confirmed=True,
        breaks=(row("Winter", "2026-12-21", "2026-12-31"), row("Anniversary", "2026-11-27")),
        make_up=({"date": "2027-01-21", "follows": "2027-02-10"},),
        class_on=("2026-10-09",),
    )
    bells = {
        "first": "2026-08-01",
        "days": {"full": [{"name": "P1", "start": "08:40", "end": "09:20"}], "exam": []},
        "week": dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "full"),
        "dates": {"2026-11-03": "exam"},
    }
    more = written({"bells": [bells], "closures": [{"first": "2026-10-27", "mode": "distance", "reason": "Typhoon"}]})
    school = parse_school((file_of(entry_of_year(made)) + more + CLASS).encode(), "file")
    months = months_of(school, *YEAR)
    assert [month.first.month for month in months] == [8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6, 7]
    days = {day.on: day for month in months for _, week in month.weeks for day in week if day}
    kinds = {on: day.kind for on, day in days.items()}
    assert len(days) == 365
    assert kinds[date(2026, 9, 1)] is DayKind.CLASS
    assert kinds[date(2026, 9, 25)] is DayKind.HOLIDAY
    assert days[date(2026, 9, 25)].name == "中秋節"
    assert kinds[date(2026, 10, 9)] is DayKind.CLASS  # an official day with class all the same
    assert kinds[date(2026, 10, 27)] is DayKind.DISTANCE
    assert kinds[date(2026, 11, 3)] is DayKind.DIFFERS
    assert (kinds[date(2026, 11, 27)], days[date(2026, 11, 27)].name) == (DayKind.HOLIDAY, "Anniversary")
    assert kinds[date(2026, 12, 22)] is DayKind.BREAK
    assert days[date(2027, 1, 21)].follows == date(2027, 2, 10)
    assert kinds[date(2026, 8, 5)] is DayKind.OUT
    assert kinds[date(2026, 9, 5)] is DayKind.FREE
    october = months[2]
    assert october.weeks[0][0] == 5
    assert [(span.first.day, span.last.day) for span in months[4].spans if span.day.kind is DayKind.BREAK] == [(21, 31)]
