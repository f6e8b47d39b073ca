"""/schools/{id}/hours/calendar: the months of a school year, drawn by the server; /year: the year as a form."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

from aiohttp import web

from scheduler import official_year
from server.access import Action
from server.lessons import calendar_in, hours_of, placed, with_key, years_in
from server.pages.scheduling.pasted import Pasted, read_list
from server.pages.scheduling.rows import Drawn, Step
from server.pages.scheduling.school_change import (
    CHANGED_MEANWHILE,
    Asked,
    ask,
    check,
    look_page,
    page_values,
    posted,
    store_and_go,
    version_of,
)
from server.pages.scheduling.year_check import Span, year_errors
from server.pages.scheduling.year_draft import (
    YearDraft,
    entry_of_year,
    next_year,
    read_year,
    year_draft_of,
    year_fields,
    year_stepped,
)
from server.pages.scheduling.year_drawing import DAY_KINDS, Month, months_of
from server.pages.staff import FORM_REFUSED, staff_page
from server.pair import WEEKDAYS, LocalizedText, Side

OFFICIAL: Final = {
    "TW": LocalizedText("Taiwan's official holidays", "臺灣的國定假日"),
    "US": LocalizedText("the federal holidays of the United States", "美國聯邦假日"),
    "": LocalizedText("none: all are in the list below", "不採用，一律以下方清單為準"),
}
MONTHS_TEXT: Final = tuple(
    LocalizedText(name, f"{number} 月")
    for number, name in enumerate(
        (
            "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
            "November", "December",
        ),
        start=1,
    )
)  # fmt: skip
_WHAT: Final = LocalizedText("School year {label}", "{label} 學年度")
_FILE_SAYS: Final = LocalizedText("The file would not hold: {what}", "檔案無法接受：{what}")
# A year longer than this is a slip of the finger, and drawing it would keep a thread busy.
_LONGEST: Final = timedelta(days=800)


async def show_school_calendar(request: web.Request) -> web.Response:
    asked = await ask(request, Action.SCHOOL_HOURS_SEE)
    calendar = await asyncio.to_thread(calendar_in, asked.text)
    years = years_in(calendar)
    at = place_of(request.query.get("at", ""), years)
    if at is None:
        at = _present(years, asked.now.today)
    year = years[at] if at is not None else None
    return await staff_page(
        request,
        "scheduling/school_calendar.html",
        nav="school",
        years=years,
        at=at,
        year=year_draft_of(year, str(calendar.get("official") or "")) if year else None,
        months=await asyncio.to_thread(_months, asked, year) if year else (),
        usual=calendar.get("usual_terms") or [],
        official_text=OFFICIAL,
        day_kinds=DAY_KINDS,
        weekdays=WEEKDAYS,
        month_text=MONTHS_TEXT,
        today=asked.now.today,
        **page_values(asked),
    )


def place_of(text: str, entries: list[dict[str, Any]]) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 and int(text) < len(entries) else None


def _present(years: list[dict[str, Any]], today: date) -> int | None:
    """The year that holds today, else the last one."""
    for number, year in enumerate(years):
        if str(year["first"]) <= today.isoformat() <= str(year["last"]):
            return number
    return len(years) - 1 if years else None


def _months(asked: Asked, year: Mapping[str, Any]) -> tuple[Month, ...]:
    school = hours_of(replace(asked.now.known, school_file=asked.text)).party.school
    first, last = date.fromisoformat(str(year["first"])), date.fromisoformat(str(year["last"]))
    return months_of(school, first, min(last, first + _LONGEST))


async def show_year(request: web.Request) -> web.Response:
    asked = await ask(request, Action.SCHOOL_HOURS_SEE)
    calendar = await asyncio.to_thread(calendar_in, asked.text)
    years, official = years_in(calendar), str(calendar.get("official") or "")
    at = place_of(request.query.get("at", ""), years)
    if at is not None:
        draft = year_draft_of(years[at], official)
    else:
        draft = next_year(years[-1], official) if years else YearDraft(official=official)
    return await _page(request, asked, draft, at=at)


async def post_year(request: web.Request) -> web.Response:
    asked = await ask(request, Action.SCHOOL_HOURS_CHANGE)
    fields = await posted(request)
    values = dict(fields)
    step = Step.read(values.get("step", ""))
    draft = read_year(values, [value for name, value in fields if name == "class_on"])
    calendar = await asyncio.to_thread(calendar_in, asked.text)
    years = years_in(calendar)
    at = place_of(values.get("at", ""), years)
    if step.verb in ("add", "remove"):
        draft, fresh = year_stepped(draft, step)
        return await _page(request, asked, draft, at=at, drawn=Drawn(fresh=fresh), typed=values)
    if step.verb == "read":
        return await _read_list(request, asked, draft, at, values)
    if step.verb == "edit":
        return await _page(request, asked, draft, at=at, typed=values)
    if version_of(values) != asked.version:
        return await _page(request, asked, draft, at=at, problem=CHANGED_MEANWHILE)
    others = [_span(one) for number, one in enumerate(years) if number != at]
    if errors := year_errors(draft, others):
        return await _page(request, asked, draft, at=at, drawn=Drawn(errors), typed=values)
    changed = {**calendar, "official": draft.official, "years": placed(years, entry_of_year(draft), at)}
    text = with_key(asked.text, "calendar", changed)
    if problems := await check(asked, text):
        what = problems[0].expected
        said = LocalizedText(_FILE_SAYS.en.replace("{what}", what.en), _FILE_SAYS.zh.replace("{what}", what.zh))
        return await _page(request, asked, draft, at=at, problem=said)
    if step.verb == "save":
        answer = await store_and_go(request, asked, text, version_of(values), "calendar", f"{asked.path}/calendar")
        if isinstance(answer, web.Response):
            return answer
        return await _page(request, asked, draft, at=at, problem=answer)
    what = LocalizedText(*(one.replace("{label}", draft.label) for one in (_WHAT.en, _WHAT.zh)))
    hidden = [("at", values.get("at", "")), *year_fields(draft)]
    return await look_page(request, asked, text, action=f"{asked.path}/calendar/year", fields=hidden, what=what)


async def _read_list(
    request: web.Request, asked: Asked, draft: YearDraft, at: int | None, values: Mapping[str, str]
) -> web.Response:
    """Lines that can be read become rows, to be looked at before anything is stored; the others stay where they are."""
    try:
        first, last = date.fromisoformat(draft.first), date.fromisoformat(draft.last)
    except ValueError:
        return await _page(request, asked, draft, at=at, drawn=Drawn(year_errors(draft)), typed=values)
    found = read_list(values.get("paste", ""), first, last)
    known = {(row["name"], row["first"]) for row in draft.breaks}
    # Rows that wait for their dates, as a new year has them, make room.
    rows = [row for row in draft.breaks if row["first"] or not found.rows]
    rows += [row for row in found.rows if (row["name"], row["first"]) not in known]
    fresh = f"b{len(rows) - len(found.rows)}_name" if found.rows else "paste"
    typed = {**values, "paste": "\n".join(one.line for one in found.bad)}
    changed = draft.with_rows("b", rows)
    return await _page(request, asked, changed, at=at, drawn=Drawn(fresh=fresh), typed=typed, pasted=found)


def _span(year: Mapping[str, Any]) -> Span:
    return date.fromisoformat(str(year["first"])), date.fromisoformat(str(year["last"]))


def _official_days(draft: YearDraft, side: Side) -> list[tuple[date, str]]:
    """The country's days within the year, each with its name in the school's language."""
    try:
        first, last = date.fromisoformat(draft.first), date.fromisoformat(draft.last)
    except ValueError:
        return []
    if draft.official not in ("TW", "US") or not first <= last <= first + _LONGEST:
        return []
    days = {on: names for year in range(first.year, last.year + 1) for on, names in _names(draft.official, year)}
    return [(on, names.zh if side is Side.TAIWAN else names.en) for on, names in days.items() if first <= on <= last]


def _names(country: str, year: int) -> list[tuple[date, Any]]:
    return list(official_year(country, year).days.items())


async def _page(
    request: web.Request,
    asked: Asked,
    draft: YearDraft,
    *,
    at: int | None,
    drawn: Drawn | None = None,
    problem: LocalizedText | None = None,
    typed: Mapping[str, str] | None = None,
    pasted: Pasted | None = None,
) -> web.Response:
    drawn = drawn or Drawn()
    values = page_values(asked)
    if typed is not None:
        values["version"] = version_of(typed)
    official = await asyncio.to_thread(_official_days, draft, asked.school.side)
    return await staff_page(
        request,
        "scheduling/school_year.html",
        status=FORM_REFUSED if problem or drawn.errors else 200,
        here=f"{asked.path}/calendar/year",
        nav="school",
        draft=draft,
        at=at,
        drawn=drawn,
        problem=problem,
        paste=(typed or {}).get("paste", ""),
        pasted=pasted,
        official_text=OFFICIAL,
        official_days=official,
        # Days that stand in the file as holidays with class but are no official ones any more are kept.
        other_class_on=[on for on in draft.class_on if on not in {day.isoformat() for day, _ in official}],
        **values,
    )
