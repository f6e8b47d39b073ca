"""/schools/{id}/hours/bells: one bell schedule as a form; it begins from the present one or from a template.

Rows are added by a button that posts and comes back; a small script does the same in place.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, Final

from aiohttp import web

from scheduler import template_names
from server.access import Action
from server.lessons import bells_in, placed, template_bells, with_key
from server.pages.scheduling.bells_check import errors_of
from server.pages.scheduling.bells_draft import (
    KINDS,
    WEEK,
    BellsDraft,
    draft_of,
    entry_of,
    fields_of,
    read_draft,
    stepped,
)
from server.pages.scheduling.rows import Drawn, Row, Step
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
from server.pages.staff import FORM_REFUSED, staff_page
from server.pair import WEEKDAYS, LocalizedText, Side

TEMPLATES: Final = {
    "tw-elementary": LocalizedText("Elementary school, Taiwan", "臺灣國小"),
    "tw-junior-high": LocalizedText("Junior high school, Taiwan", "臺灣國中"),
    "tw-senior-high": LocalizedText("Senior high school, Taiwan", "臺灣高中"),
    "us-az-elementary": LocalizedText("Elementary school, Arizona", "亞利桑那州小學"),
    "us-ca-elementary": LocalizedText("Elementary school, California", "加州小學"),
    "us-ca-high": LocalizedText("High school, California", "加州高中"),
    "us-gu-high": LocalizedText("High school, Guam", "關島高中"),
    "us-hi-middle": LocalizedText("Middle school, Hawaii", "夏威夷州初中"),
    "us-il-middle": LocalizedText("Middle school, Illinois", "伊利諾州初中"),
    "us-nm-high": LocalizedText("High school, New Mexico", "新墨西哥州高中"),
    "us-ny-middle": LocalizedText("Middle school, New York", "紐約州初中"),
}
_WHAT: Final = LocalizedText("Bells from {first}", "自 {first} 起的作息")
_REMOVED: Final = LocalizedText("The bells from {first} are taken away", "移除自 {first} 起的作息")
NOT_THE_ONLY_ONE: Final = LocalizedText(
    "A school needs bells: these are the only ones.", "學校至少要有一份作息，這是唯一的一份。"
)
_FILE_SAYS: Final = LocalizedText("The file would not hold: {what}", "檔案無法接受：{what}")


async def show_bells(request: web.Request) -> web.Response:
    asked = await ask(request, Action.SCHOOL_HOURS_SEE)
    entries = await asyncio.to_thread(bells_in, asked.text)
    at = _place(request.query.get("at", ""), entries)
    if at is not None:
        return await _page(request, asked, draft_of(entries[at]), at=at)
    return await _page(request, asked, await asyncio.to_thread(_beginning, request, entries), at=None)


def _beginning(request: web.Request, entries: list[dict[str, Any]]) -> BellsDraft:
    """New bells: a template's, a copy of some of the school's, else of its newest."""
    template = template_bells(request.query.get("template", ""))
    copied = _place(request.query.get("copy", ""), entries)
    source = template[-1] if template else entries[copied if copied is not None else -1] if entries else {}
    # Dates that differ were those of the old bells' time.
    return replace(draft_of(source), first=_date_text(request.query.get("first", "")), last="", dates=())


def _date_text(text: str) -> str:
    return text if len(text) == len("2026-09-01") else ""


def _place(text: str, entries: list[dict[str, Any]]) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 and int(text) < len(entries) else None


async def post_bells(request: web.Request) -> web.Response:
    asked = await ask(request, Action.SCHOOL_HOURS_CHANGE)
    fields = await posted(request)
    values = dict(fields)
    step, draft = Step.read(values.get("step", "")), read_draft(values)
    entries = await asyncio.to_thread(bells_in, asked.text)
    at = _place(values.get("at", ""), entries)
    if step.verb in ("add", "remove") and step.kind:
        draft, fresh = stepped(draft, step)
        return await _page(request, asked, draft, at=at, fresh=fresh, version=version_of(values))
    if step.verb == "edit":
        return await _page(request, asked, draft, at=at, version=version_of(values))
    if version_of(values) != asked.version:
        return await _page(request, asked, draft, at=at, problem=CHANGED_MEANWHILE)
    others = [str(one.get("first", "")) for number, one in enumerate(entries) if number != at]
    errors = errors_of(draft, taken=others, kept=_rows_of(entries[at]) if at is not None else ())
    if errors:
        return await _page(request, asked, draft, at=at, drawn=Drawn(errors))
    text = with_key(asked.text, "bells", placed(entries, entry_of(draft), at))
    if problems := await check(asked, text):
        what = problems[0].expected
        said = LocalizedText(_FILE_SAYS.en.replace("{what}", what.en), _FILE_SAYS.zh.replace("{what}", what.zh))
        return await _page(request, asked, draft, at=at, problem=said)
    if step.verb == "save":
        answer = await store_and_go(request, asked, text, version_of(values), "bells")
        if isinstance(answer, web.Response):
            return answer
        return await _page(request, asked, draft, at=at, problem=answer)
    what = LocalizedText(*(one.replace("{first}", draft.first) for one in (_WHAT.en, _WHAT.zh)))
    hidden = [("at", values.get("at", "")), *fields_of(draft).items()]
    return await look_page(request, asked, text, action=f"{asked.path}/bells", fields=hidden, what=what)


async def remove_bells(request: web.Request) -> web.Response:
    """The schedule at a place is taken away; the one before it holds on."""
    asked = await ask(request, Action.SCHOOL_HOURS_CHANGE)
    values = dict(await posted(request))
    entries = await asyncio.to_thread(bells_in, asked.text)
    at = _place(values.get("at", ""), entries)
    if at is None or version_of(values) != asked.version:
        return await _page(request, asked, draft_of(entries[-1]), at=len(entries) - 1, problem=CHANGED_MEANWHILE)
    if len(entries) == 1:
        return await _page(request, asked, draft_of(entries[at]), at=at, problem=NOT_THE_ONLY_ONE)
    if values.get("step") == "edit":
        return await _page(request, asked, draft_of(entries[at]), at=at)
    first = str(entries.pop(at).get("first", ""))
    text = with_key(asked.text, "bells", entries)
    if values.get("step") == "save":
        answer = await store_and_go(request, asked, text, version_of(values), "bells")
        if isinstance(answer, web.Response):
            return answer
        return await _page(request, asked, draft_of(entries[-1]), at=len(entries) - 1, problem=answer)
    what = LocalizedText(*(one.replace("{first}", first) for one in (_REMOVED.en, _REMOVED.zh)))
    action = f"{asked.path}/bells/remove"
    return await look_page(request, asked, text, action=action, fields=[("at", str(at))], what=what)


def _rows_of(entry: dict[str, Any]) -> list[Row]:
    return [row for day in draft_of(entry).days for row in day.rows]


async def _page(
    request: web.Request,
    asked: Asked,
    draft: BellsDraft,
    *,
    at: int | None,
    drawn: Drawn | None = None,
    fresh: str = "",
    problem: LocalizedText | None = None,
    version: int | None = None,
) -> web.Response:
    drawn = drawn or Drawn(fresh=fresh)
    country = "tw" if asked.school.side is Side.TAIWAN else "us"
    entries = await asyncio.to_thread(bells_in, asked.text)
    names = await asyncio.to_thread(template_names)
    values = page_values(asked)
    if version is not None:
        # What the form was opened with: somebody else's change in between is told when it is looked at.
        values["version"] = version
    return await staff_page(
        request,
        "scheduling/bells.html",
        status=FORM_REFUSED if problem or drawn.errors else 200,
        here=f"{asked.path}/bells",
        nav="school",
        draft=draft,
        at=at,
        firsts=[str(one.get("first", "")) for one in entries],
        drawn=drawn,
        problem=problem,
        kinds=KINDS,
        week=list(zip(WEEK, WEEKDAYS, strict=True)),
        templates={name: TEMPLATES.get(name) for name in names if name.startswith(country)},
        day_ideas=[
            LocalizedText("full", "全天"),
            LocalizedText("half", "半天"),
            LocalizedText("early release", "提早放學"),
            LocalizedText("exam", "考試"),
        ],
        **values,
    )
