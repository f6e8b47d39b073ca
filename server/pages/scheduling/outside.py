"""Calendars that are kept elsewhere: looked at first, with what was left out and why, then kept, and removed at will.

A teacher's are busy times; of a school's the coordinator takes the days without lessons one by one.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from scheduler import to_local
from server.access import Action, Adult, Subject, authorise, viewer_of
from server.availability import OutsideCalendar, OutsideTime, Owner
from server.errors import TEXTS, Conflict, ErrorCode, InvalidInput, NotFound, TongchuangError, Unauthorized
from server.ids import AccountId, SchoolId
from server.lessons import Closed, closures_of, load_zones, with_closure
from server.pages import wall
from server.pages.flash import Flash
from server.pages.forms import MAX_UPLOAD_BYTES
from server.pages.scheduling.context import SCHEDULING, SchedulingPages
from server.pages.staff import FORM_REFUSED, go_to, staff_page
from server.pair import LocalizedText
from server.people import School

OWN_PATH: Final = "/account/calendars"
GIVE_ONE: Final = LocalizedText("Please give an address or choose a file.", "請填寫網址或選擇檔案。")
# What a preview shows; the rest is counted.
SHOWN_TIMES: Final = 12
# Words by which school calendars name days without lessons, in either language: ticked before the coordinator looks.
_DAY_OFF: Final = re.compile(
    r"no school|holiday|break\b|recess|closed|closure|in-?service|non-?student|vacation"
    r"|放假|補假|連假|停課|寒假|暑假|春假|休假|國定假日",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Whose calendars these are."""

    pages: SchedulingPages
    by: AccountId
    owner: Owner
    school: School
    path: str
    is_school: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """A whole day, or several, that may be without lessons; `number` is its place among the calendar's entries."""

    number: int
    time: OutsideTime
    is_likely: bool
    is_entered: bool


async def show_own(request: web.Request) -> web.Response:
    return await _page(request, await _own(request))


async def add_own(request: web.Request) -> web.Response:
    return await _add(request, await _own(request))


async def keep_own(request: web.Request) -> web.Response:
    return await _keep(request, await _own(request))


async def remove_own(request: web.Request) -> web.Response:
    return await _remove(request, await _own(request))


async def show_school(request: web.Request) -> web.Response:
    return await _page(request, await _school(request))


async def add_school(request: web.Request) -> web.Response:
    return await _add(request, await _school(request))


async def keep_school(request: web.Request) -> web.Response:
    return await _keep(request, await _school(request))


async def remove_school(request: web.Request) -> web.Response:
    return await _remove(request, await _school(request))


async def close_days(request: web.Request) -> web.Response:
    """The ticked days become closures of the school's hours: only what the coordinator says."""
    shelf = await _school(request)
    posted = await request.post()
    calendar, times = await shelf.pages.outside_calendars.find(shelf.owner, str(posted.get("calendar", "")))
    wanted = {str(one) for one in posted.getall("day", [])}
    chosen = [time for number, time in enumerate(times) if str(number) in wanted]
    desk = shelf.pages.hours_desk
    now = await desk.now(shelf.school)
    text = now.text
    for time in chosen:
        if (time.first_on, time.last_on) not in {(one.first, one.last) for one in closures_of(text)}:
            closed = Closed(first=time.first_on, last=time.last_on, part="day", mode="closed", reason=time.summary)
            text = with_closure(text, closed)
    if text == now.text:
        return go_to(request, f"{shelf.path}?calendar={calendar.id}", Flash.SAVED)
    if problems := await desk.check(now, text):
        raise Conflict(ErrorCode.CONFLICT, f"closures of a calendar: {problems[0].where}")
    hit = await desk.store(now, text, version=now.version, part="closures", by=shelf.by)
    flash = Flash.HOURS_HIT if hit else Flash.HOURS_CHANGED
    return go_to(request, f"/schools/{shelf.school.id}/hours", flash, hit)


async def _own(request: web.Request) -> Shelf:
    viewer, pages = viewer_of(request), request.app[SCHEDULING]
    school_id = viewer.account.school_id if isinstance(viewer, Adult) else None
    authorise(viewer, Action.HOURS_PAINT_OWN, Subject(school_id=school_id) if school_id else Subject())
    if not isinstance(viewer, Adult) or school_id is None:
        raise Unauthorized(ErrorCode.SIGN_IN_NEEDED, OWN_PATH)
    owner = Owner.account(viewer.account.id)
    return await _shelf(pages, viewer.account.id, owner, school_id, OWN_PATH, is_school=False)


async def _school(request: web.Request) -> Shelf:
    """Raises NotFound for a school of which the asker knows nothing."""
    viewer, pages = viewer_of(request), request.app[SCHEDULING]
    school_id = SchoolId(request.match_info["school"])
    authorise(viewer, Action.SCHOOL_CALENDARS_CHANGE, Subject(school_id=school_id))
    if not isinstance(viewer, Adult):
        raise NotFound(ErrorCode.NOT_FOUND, "school")
    path = f"/schools/{school_id}/calendars"
    return await _shelf(pages, viewer.account.id, Owner.school(school_id), school_id, path, is_school=True)


async def _shelf(
    pages: SchedulingPages, by: AccountId, owner: Owner, school_id: SchoolId, path: str, *, is_school: bool
) -> Shelf:
    school = await pages.people.schools.find(school_id)
    if school is None:
        raise NotFound(ErrorCode.NOT_FOUND, "school")
    await asyncio.to_thread(load_zones, [school.zone])
    return Shelf(pages=pages, by=by, owner=owner, school=school, path=path, is_school=is_school)


async def _add(request: web.Request, shelf: Shelf) -> web.Response:
    """Reads it and shows what it says. The address is not typed back into the page."""
    try:
        posted = await request.post()
    except (ValueError, LookupError, AssertionError) as error:
        raise InvalidInput(ErrorCode.INVALID_REQUEST, "no form") from error
    name, address, file = str(posted.get("name", "")), str(posted.get("address", "")).strip(), posted.get("file")
    upload = file.file.read(MAX_UPLOAD_BYTES + 1) if isinstance(file, web.FileField) and file.filename else None
    if bool(address) == (upload is not None):
        return await _page(request, shelf, problem=GIVE_ONE, name=name)
    try:
        calendar = await shelf.pages.outside_calendars.look(
            shelf.owner, zone=shelf.school.zone, by=shelf.by, name=name, address=address, file=upload
        )
    except TongchuangError as error:
        return await _page(request, shelf, problem=LocalizedText(error.text.en, error.text.zh), name=name)
    return go_to(request, f"{shelf.path}?calendar={calendar.id}")


async def _keep(request: web.Request, shelf: Shelf) -> web.Response:
    calendar_id = str((await request.post()).get("calendar", ""))
    await shelf.pages.outside_calendars.keep(shelf.owner, calendar_id)
    await _audit(shelf, "calendar.kept", calendar_id)
    return go_to(request, f"{shelf.path}?calendar={calendar_id}" if shelf.is_school else shelf.path, Flash.SAVED)


async def _remove(request: web.Request, shelf: Shelf) -> web.Response:
    calendar_id = str((await request.post()).get("calendar", ""))
    await shelf.pages.outside_calendars.remove(shelf.owner, calendar_id)
    await _audit(shelf, "calendar.removed", calendar_id)
    return go_to(request, shelf.path, Flash.SAVED)


async def _audit(shelf: Shelf, action: str, calendar_id: str) -> None:
    await shelf.pages.people.audit.write(action, calendar_id, by=shelf.by, school_id=shelf.school.id)


async def _page(
    request: web.Request, shelf: Shelf, *, problem: LocalizedText | None = None, name: str = ""
) -> web.Response:
    calendars = await shelf.pages.outside_calendars.of_owner(shelf.owner)
    wanted = request.query.get("calendar", "")
    shown = next((one for one in calendars if one.id == wanted), None)
    times = await shelf.pages.outside_calendars.store.times(shown.id) if shown else ()
    return await staff_page(
        request,
        "scheduling/outside.html",
        status=FORM_REFUSED if problem else 200,
        here=shelf.path,
        nav="school" if shelf.is_school else "lessons",
        shelf=shelf,
        kept=[one for one in calendars if one.is_kept],
        shown=shown,
        times=[_line(shelf.school, one) for one in times[:SHOWN_TIMES]],
        count=len(times),
        more=max(len(times) - SHOWN_TIMES, 0),
        proposed=await _proposed(shelf, times) if shelf.is_school and shown and shown.is_kept else (),
        problem=problem,
        name=name,
        error_text=_error_text,
        moment_text=lambda at: _moment(shelf.school, at),
        day_text=wall.day_text,
        lang_of=wall.lang_of,
    )


async def _proposed(shelf: Shelf, times: tuple[OutsideTime, ...]) -> list[Proposed]:
    stored = await shelf.pages.school_files.find(shelf.school.id)
    entered = {(one.first, one.last) for one in closures_of(stored.text)} if stored else set()
    today = to_local(shelf.pages.clock.now(), shelf.school.zone).date()
    return [
        Proposed(
            number=number,
            time=time,
            is_likely=_DAY_OFF.search(time.summary) is not None,
            is_entered=(time.first_on, time.last_on) in entered,
        )
        for number, time in enumerate(times)
        if time.last_on >= today
    ]


def _error_text(calendar: OutsideCalendar) -> LocalizedText:
    """The last failure in words; the code may be of an older version."""
    text = TEXTS[next((code for code in ErrorCode if code == calendar.error), ErrorCode.ADDRESS_UNREACHABLE)]
    return LocalizedText(text.en, text.zh)


def _line(school: School, time: OutsideTime) -> str:
    if time.is_all_day:
        days = wall.day_text(school.side, time.first_on, year=True)
        if time.last_on != time.first_on:
            days = f"{days} – {wall.day_text(school.side, time.last_on, year=True)}"
        return f"{days} {time.summary}".rstrip()
    start, end = (to_local(at, school.zone) for at in (time.start_at, time.end_at))
    first = wall.wall_text(school.side, start.date(), start.time().replace(second=0, microsecond=0))
    last = (
        wall.time_text(school.side, end.time().replace(second=0, microsecond=0))
        if end.date() == start.date()
        else wall.wall_text(school.side, end.date(), end.time().replace(second=0, microsecond=0))
    )
    return f"{first}–{last}"


def _moment(school: School, at: object) -> str:
    local = to_local(at, school.zone)  # type: ignore[arg-type]  # the template hands in a datetime of ours
    return wall.wall_text(school.side, local.date(), local.time().replace(second=0, microsecond=0))
