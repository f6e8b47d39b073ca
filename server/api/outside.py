"""Calendars kept elsewhere for programs: looked at first, then kept, and removed at will; a person's and a school's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from server.access import Action, Subject, authorise
from server.api.outside_wire import (
    CalendarQuery,
    ChosenIn,
    LeftOutOut,
    LookIn,
    OutsideCalendarOut,
    OutsideCalendarsOut,
    OutsideTimeOut,
    OutsideTimesOut,
)
from server.api.reading import adult_of, json_answer, read_json, read_query
from server.api.showing import both
from server.availability import OutsideCalendar, OutsideTime, Owner
from server.errors import ErrorCode, InvalidInput, NotFound
from server.ids import AccountId, SchoolId
from server.lessons import Lessons
from server.people import People, School


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Whose calendars these are."""

    by: AccountId
    owner: Owner
    school: School


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideApi:
    people: People
    lessons: Lessons

    async def show_own(self, request: web.Request) -> web.Response:
        return await self._list(await self._own(request))

    async def times_own(self, request: web.Request) -> web.Response:
        return await self._times(request, await self._own(request))

    async def look_own(self, request: web.Request) -> web.Response:
        return await self._look(request, await self._own(request))

    async def keep_own(self, request: web.Request) -> web.Response:
        return await self._keep(request, await self._own(request))

    async def remove_own(self, request: web.Request) -> web.Response:
        return await self._remove(request, await self._own(request))

    async def show_school(self, request: web.Request) -> web.Response:
        return await self._list(await self._school(request))

    async def times_school(self, request: web.Request) -> web.Response:
        return await self._times(request, await self._school(request))

    async def look_school(self, request: web.Request) -> web.Response:
        return await self._look(request, await self._school(request))

    async def keep_school(self, request: web.Request) -> web.Response:
        return await self._keep(request, await self._school(request))

    async def remove_school(self, request: web.Request) -> web.Response:
        return await self._remove(request, await self._school(request))

    async def _own(self, request: web.Request) -> Shelf:
        viewer = adult_of(request)
        school_id = viewer.account.school_id
        authorise(viewer, Action.HOURS_PAINT_OWN, Subject(school_id=school_id) if school_id else Subject())
        school = await self.people.schools.find(school_id) if school_id else None
        return _shelf(viewer.account.id, Owner.account(viewer.account.id), school)

    async def _school(self, request: web.Request) -> Shelf:
        """Raises NotFound for a school of which the asker knows nothing."""
        viewer = adult_of(request)
        school_id = SchoolId(request.match_info["school"])
        authorise(viewer, Action.SCHOOL_CALENDARS_CHANGE, Subject(school_id=school_id))
        return _shelf(viewer.account.id, Owner.school(school_id), await self.people.schools.find(school_id))

    async def _list(self, shelf: Shelf) -> web.Response:
        found = await self.lessons.outside_calendars.of_owner(shelf.owner)
        return json_answer(OutsideCalendarsOut(calendars=[_calendar(one) for one in found]))

    async def _times(self, request: web.Request, shelf: Shelf) -> web.Response:
        asked = read_query(request, CalendarQuery)
        calendar, times = await self.lessons.outside_calendars.find(shelf.owner, asked.calendar)
        return json_answer(_shown(calendar, times))

    async def _look(self, request: web.Request, shelf: Shelf) -> web.Response:
        """Reads it and holds it as a preview."""
        sent = await read_json(request, LookIn)
        if (sent.address is None) == (sent.file is None):
            raise InvalidInput(ErrorCode.INVALID_REQUEST, "either an address or a file")
        calendars = self.lessons.outside_calendars
        calendar = await calendars.look(
            shelf.owner,
            zone=shelf.school.zone,
            by=shelf.by,
            name=sent.name,
            address=sent.address or "",
            file=None if sent.file is None else sent.file.encode("utf-8", "replace"),
        )
        return json_answer(_shown(*await calendars.find(shelf.owner, calendar.id)), 201)

    async def _keep(self, request: web.Request, shelf: Shelf) -> web.Response:
        sent = await read_json(request, ChosenIn)
        await self.lessons.outside_calendars.keep(shelf.owner, sent.calendar)
        await self._audit(shelf, "calendar.kept", sent.calendar)
        return await self._list(shelf)

    async def _remove(self, request: web.Request, shelf: Shelf) -> web.Response:
        sent = await read_json(request, ChosenIn)
        await self.lessons.outside_calendars.remove(shelf.owner, sent.calendar)
        await self._audit(shelf, "calendar.removed", sent.calendar)
        return await self._list(shelf)

    async def _audit(self, shelf: Shelf, action: str, calendar_id: str) -> None:
        await self.people.audit.write(action, calendar_id, by=shelf.by, school_id=shelf.school.id)


def _shelf(by: AccountId, owner: Owner, school: School | None) -> Shelf:
    if school is None:
        raise NotFound(ErrorCode.NOT_FOUND, "school")
    return Shelf(by=by, owner=owner, school=school)


def _shown(calendar: OutsideCalendar, times: Sequence[OutsideTime]) -> OutsideTimesOut:
    return OutsideTimesOut(
        calendar=_calendar(calendar),
        times=[
            OutsideTimeOut(
                start_at=one.start_at,
                end_at=one.end_at,
                is_all_day=one.is_all_day,
                first=one.first_on,
                last=one.last_on,
                summary=one.summary,
            )
            for one in times
        ],
    )


def _calendar(one: OutsideCalendar) -> OutsideCalendarOut:
    return OutsideCalendarOut(
        id=one.id,
        name=one.name,
        host=one.host,
        zone=one.zone,
        is_kept=one.is_kept,
        added_at=one.added_at,
        read_at=one.read_at,
        covers_until=one.covers_until,
        error=one.error or None,
        left_out=[
            LeftOutOut(event=each.event, summary=each.summary, code=each.code, text=both(each.text))
            for each in one.left_out
        ],
    )
