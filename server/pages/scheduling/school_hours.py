"""A school's hours at a glance: its bells by date, its calendar, its closures, and the whole file taken and given.

Every change is first looked at: which planned lessons would not fit any more. Nothing moves a lesson by itself.
"""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Annotated, Any, Final, Literal

from aiohttp import web
from pydantic import BeforeValidator, ValidationError

from server.access import Action, Subject, may, viewer_of
from server.lessons import (
    Closed,
    FileProblem,
    bells_in,
    calendar_in,
    closures_of,
    with_closure,
    without_closure,
    years_in,
)
from server.pages.forms import FILL_IN, Form, Note, empty_is_none
from server.pages.scheduling.school_change import (
    CHANGED_MEANWHILE,
    Asked,
    ask,
    check,
    hit_lines,
    look_page,
    page_values,
    posted,
    store_and_go,
    version_of,
)
from server.pages.staff import FORM_REFUSED, staff_page
from server.pair import LocalizedText

PARTS: Final = {
    "day": LocalizedText("the whole day", "全天"),
    "morning": LocalizedText("the morning", "上午"),
    "afternoon": LocalizedText("the afternoon", "下午"),
    "evening": LocalizedText("the evening", "晚上"),
}
MODES: Final = {
    "closed": LocalizedText("no school", "停課"),
    "distance": LocalizedText("teaching at a distance", "遠距教學"),
}
LAST_BEFORE_FIRST: Final = LocalizedText("The last day is before the first.", "最後一天早於第一天。")
_ADD: Final = LocalizedText("A day without school, or with another kind of teaching", "新增停課或遠距教學日")
_REMOVE: Final = LocalizedText("A closure is taken away", "移除停課日")
_FILE: Final = LocalizedText("The whole school file", "整份學校檔案")


class ClosureForm(Form):
    first: date
    last: Annotated[date | None, BeforeValidator(empty_is_none)] = None
    part: Literal["day", "morning", "afternoon", "evening"] = "day"
    mode: Literal["closed", "distance"] = "closed"
    reason: Note = ""


async def show_school_hours(request: web.Request) -> web.Response:
    return await _page(request, await ask(request, Action.SCHOOL_HOURS_SEE))


async def send_school_file(request: web.Request) -> web.Response:
    """The file as other programs and `overlap FILE#class` take it."""
    asked = await ask(request, Action.SCHOOL_HOURS_SEE)
    headers = {"Content-Disposition": 'attachment; filename="school.yaml"', "Cache-Control": "no-store"}
    return web.Response(text=asked.text, content_type="application/yaml", headers=headers)


async def add_closure(request: web.Request) -> web.Response:
    asked = await ask(request, Action.SCHOOL_HOURS_CHANGE)
    fields = await posted(request)
    values = dict(fields)
    if values.get("step") == "edit":
        return await _page(request, asked, typed=values)
    if version_of(values) != asked.version:
        return await _page(request, asked, problem=CHANGED_MEANWHILE, typed=values)
    try:
        form = ClosureForm.model_validate(values)
    except ValidationError:
        return await _page(request, asked, problem=FILL_IN, typed=values)
    last = form.last or form.first
    if last < form.first:
        return await _page(request, asked, problem=LAST_BEFORE_FIRST, typed=values)
    closed = Closed(first=form.first, last=last, part=form.part, mode=form.mode, reason=form.reason)
    text = with_closure(asked.text, closed)
    return await _look_or_save(request, asked, text, fields, f"{asked.path}/closures", _ADD)


async def remove_closure(request: web.Request) -> web.Response:
    asked = await ask(request, Action.SCHOOL_HOURS_CHANGE)
    fields = await posted(request)
    index = dict(fields).get("index", "")
    if not (index.isascii() and index.isdigit()) or dict(fields).get("step") == "edit":
        return await _page(request, asked)
    if version_of(dict(fields)) != asked.version:
        # By its place, which may be another's by now.
        return await _page(request, asked, problem=CHANGED_MEANWHILE)
    text = without_closure(asked.text, int(index[:6]))
    return await _look_or_save(request, asked, text, fields, f"{asked.path}/closures/remove", _REMOVE)


async def _look_or_save(
    request: web.Request,
    asked: Asked,
    text: str,
    fields: list[tuple[str, str]],
    action: str,
    what: LocalizedText,
) -> web.Response:
    values = dict(fields)
    if problems := await check(asked, text):
        return await _page(request, asked, file_problems=problems, typed=values)
    if values.get("step") == "save":
        answer = await store_and_go(request, asked, text, version_of(values), "closures")
        if isinstance(answer, web.Response):
            return answer
        return await _page(request, asked, problem=answer, typed=values)
    return await look_page(request, asked, text, action=action, fields=fields, what=what)


async def put_school_file(request: web.Request) -> web.Response:
    """`step` look: problems by line and the lessons it would hit; `step` save: stored."""
    asked = await ask(request, Action.SCHOOL_HOURS_CHANGE)
    values = dict(await posted(request))
    text = values.get("text", "").replace("\r\n", "\n")
    if values.get("step") == "edit":
        return await _page(request, asked, text=text)
    if version_of(values) != asked.version:
        return await _page(request, asked, problem=CHANGED_MEANWHILE, text=text)
    if problems := await check(asked, text):
        return await _page(request, asked, text=text, file_problems=problems)
    if values.get("step") == "save":
        answer = await store_and_go(request, asked, text, version_of(values), "file")
        if isinstance(answer, web.Response):
            return answer
        return await _page(request, asked, problem=answer, text=text)
    return await look_page(request, asked, text, action=f"{asked.path}/file", fields=[("text", text)], what=_FILE)


async def _page(
    request: web.Request,
    asked: Asked,
    *,
    problem: LocalizedText | None = None,
    typed: dict[str, Any] | None = None,
    text: str | None = None,
    file_problems: tuple[FileProblem, ...] = (),
) -> web.Response:
    # What the present hours hit stands there always: a lesson may have been proposed before the closure was known.
    unfit = await asked.pages.hours_desk.unfit(asked.now)
    return await staff_page(
        request,
        "scheduling/school_hours.html",
        status=FORM_REFUSED if problem or file_problems else 200,
        here=asked.path,
        nav="school",
        closures=closures_of(asked.text),
        **await asyncio.to_thread(_named, asked.text),
        text_of_file=asked.text if text is None else text,
        is_looking=text is not None,
        file_problems=file_problems,
        unfit=await hit_lines(asked, unfit),
        problem=problem,
        typed=typed or {},
        parts=PARTS,
        modes=MODES,
        **page_values(asked),
        may_read_calendars=may(viewer_of(request), Action.SCHOOL_CALENDARS_CHANGE, Subject(school_id=asked.school.id)),
    )


def _named(text: str) -> dict[str, Any]:
    """Bells and school years by their names, which may be those of our templates: reads files."""
    return {
        "schedules": [_schedule(number, one) for number, one in enumerate(bells_in(text))],
        "years": [str(one.get("label", "")) for one in years_in(calendar_in(text))],
    }


def _schedule(number: int, entry: dict[str, Any]) -> dict[str, Any]:
    """One bell schedule as the list shows it: since when, and its kinds of day."""
    return {
        "at": number,
        "first": date.fromisoformat(str(entry["first"])),
        "last": date.fromisoformat(str(entry["last"])) if entry.get("last") else None,
        "days": list(entry.get("days") or {}),
    }
