"""A school's bells, calendar, closures and whole file for programs: read, tried without storing, stored by version."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from scheduler import slot_json
from server.access import Action, Subject, authorise
from server.api.reading import adult_of, json_answer, read_json
from server.api.scheduling_wire import SlotOut
from server.api.school_hours_wire import (
    BellsIn,
    BellsWire,
    CalendarIn,
    CalendarWire,
    ClosuresIn,
    ClosureWire,
    FileIn,
    HitOut,
    HitSideOut,
    HoursChangedOut,
    HoursIn,
    SchoolHoursOut,
    as_file,
)
from server.api.showing import both, problem_of
from server.errors import Conflict, ErrorCode, InvalidInput, NotFound
from server.ids import SchoolId
from server.lessons import (
    Hit,
    HoursNow,
    Lesson,
    Lessons,
    bells_in,
    calendar_in,
    values_of,
    wall_time,
    with_key,
)
from server.people import People


@dataclass(frozen=True, slots=True, kw_only=True)
class SchoolHoursApi:
    people: People
    lessons: Lessons

    async def show(self, request: web.Request) -> web.Response:
        now = await self._now(request, Action.SCHOOL_HOURS_SEE)
        return json_answer(await asyncio.to_thread(_shown, now))

    async def put_bells(self, request: web.Request) -> web.Response:
        now = await self._now(request, Action.SCHOOL_HOURS_CHANGE)
        sent = await read_json(request, BellsIn)
        return await self._put(request, now, sent, "bells", [as_file(one) for one in sent.bells])

    async def put_calendar(self, request: web.Request) -> web.Response:
        now = await self._now(request, Action.SCHOOL_HOURS_CHANGE)
        sent = await read_json(request, CalendarIn)
        return await self._put(request, now, sent, "calendar", as_file(sent.calendar))

    async def put_closures(self, request: web.Request) -> web.Response:
        now = await self._now(request, Action.SCHOOL_HOURS_CHANGE)
        sent = await read_json(request, ClosuresIn)
        return await self._put(request, now, sent, "closures", [as_file(one) for one in sent.closures])

    async def put_file(self, request: web.Request) -> web.Response:
        now = await self._now(request, Action.SCHOOL_HOURS_CHANGE)
        sent = await read_json(request, FileIn)
        return await self._change(request, now, sent, "file", sent.file.replace("\r\n", "\n"))

    async def _now(self, request: web.Request, action: Action) -> HoursNow:
        """Raises NotFound for a school that is not there or of which the asker knows nothing."""
        viewer = adult_of(request)
        school_id = SchoolId(request.match_info["school"])
        school = await self.people.schools.find(school_id)
        authorise(viewer, action, Subject(school_id=school_id))
        if school is None:
            raise NotFound(ErrorCode.NOT_FOUND, "school")
        return await self.lessons.hours_desk.now(school)

    async def _put(self, request: web.Request, now: HoursNow, sent: HoursIn, key: str, value: Any) -> web.Response:
        """One key of the file; the others stay."""
        return await self._change(request, now, sent, key, with_key(now.text, key, value))

    async def _change(self, request: web.Request, now: HoursNow, sent: HoursIn, part: str, text: str) -> web.Response:
        desk = self.lessons.hours_desk
        if problems := await desk.check(now, text):
            # The line is of the file; of a part it would be a line that nobody sent.
            told = [
                problem_of(one.where, one.code, one.expected, line=one.line if part == "file" else None)
                for one in problems
            ]
            raise InvalidInput(ErrorCode.SCHOOL_FILE_INVALID, str(problems[0]), problems=told)
        if sent.version != now.version:
            raise Conflict(ErrorCode.CONFLICT, f"school file of {now.school.id}")
        hits = await desk.hits(now, text)
        version = now.version
        if not sent.dry_run:
            await desk.store(now, text, version=sent.version, part=part, by=adult_of(request).account.id)
            version += 1
        return json_answer(
            HoursChangedOut(version=version, is_stored=not sent.dry_run, lessons_hit=[_hit(one) for one in hits])
        )


def _hit(hit: Hit) -> HitOut:
    """As much as the page tells of it: whoever changes hours need not be one of the lesson's people."""
    lesson = hit.lesson
    return HitOut(
        lesson_id=lesson.id,
        title=both(lesson.title),
        starts_at=lesson.starts_at,
        ends_at=lesson.ends_at,
        sides=[_side(lesson, side.zone) for side in lesson.sides],
        instead=SlotOut.model_validate(slot_json(hit.instead)) if hit.instead else None,
    )


def _side(lesson: Lesson, zone: str) -> HitSideOut:
    start, end = wall_time(lesson.starts_at, zone), wall_time(lesson.ends_at, zone)
    return HitSideOut(
        zone=zone,
        date=start.date,
        starts_at_local=start.local.isoformat(timespec="minutes"),
        ends_at_local=end.local.isoformat(timespec="minutes"),
    )


def _shown(now: HoursNow) -> SchoolHoursOut:
    closures = values_of(now.text).get("closures") or []
    return SchoolHoursOut(
        school_id=now.school.id,
        zone=now.school.zone,
        version=now.version,
        is_guessed=now.is_guessed,
        bells=[BellsWire.model_validate(one) for one in bells_in(now.text)],
        calendar=CalendarWire.model_validate(calendar_in(now.text)),
        closures=[ClosureWire.model_validate(one) for one in closures],
        file=now.text,
    )
