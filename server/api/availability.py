"""Painted hours for programs: one's own and a class group's, read and written by date, as the pages of painting do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Final

from aiohttp import web

from scheduler import DaySheet
from server.access import Action, Adult, Subject, authorise, may
from server.api.availability_wire import (
    AvailabilityChangedOut,
    AvailabilityIn,
    AvailabilityOut,
    DatesQuery,
    PaintedWire,
    TaughtIn,
    TaughtOut,
)
from server.api.reading import adult_of, json_answer, read_json, read_query
from server.api.showing import problem_of
from server.availability import (
    MOST_DAYS,
    ORDER,
    OUTSIDE,
    OVERLAP,
    PROBLEM_CODES,
    TOO_MANY_DAYS,
    NoStroke,
    Painted,
    PaintState,
    joined,
    require_date,
    require_existing,
)
from server.errors import Conflict, ErrorCode, InvalidInput, NotFound
from server.ids import ClassGroupId, SchoolId
from server.lessons import Easel, Lessons
from server.pair import LocalizedText
from server.people import People, School

_USUAL: Final = timedelta(days=27)


@dataclass(frozen=True, slots=True, kw_only=True)
class AvailabilityApi:
    people: People
    lessons: Lessons

    async def show_own(self, request: web.Request) -> web.Response:
        viewer, school = await self._school_of(request)
        asked = read_query(request, DatesQuery)
        easel = await self.lessons.painting_desk.own(viewer.account.id, school)
        taught = await self.lessons.painting_desk.taught(viewer.account.id)
        return await self._show(easel, asked, may_paint=True, taught=sorted(taught))

    async def put_own(self, request: web.Request) -> web.Response:
        viewer, school = await self._school_of(request)
        sent = await read_json(request, AvailabilityIn)
        return await self._put(await self.lessons.painting_desk.own(viewer.account.id, school), sent, viewer)

    async def put_taught(self, request: web.Request) -> web.Response:
        viewer, school = await self._school_of(request)
        sent = await read_json(request, TaughtIn)
        desk, wanted = self.lessons.painting_desk, set(sent.class_group_ids)
        own = {one.id for one in await self.people.class_groups.of_school(school.id)}
        if not wanted <= own:
            raise NotFound(ErrorCode.NOT_FOUND, "a class group of the own school")
        await desk.teach(viewer.account.id, school, wanted)
        return json_answer(TaughtOut(class_group_ids=sorted(await desk.taught(viewer.account.id))))

    async def show_class(self, request: web.Request) -> web.Response:
        viewer, easel = await self._class(request, Action.HOURS_SEE_CLASS)
        asked = read_query(request, DatesQuery)
        may_paint = easel.is_open and may(viewer, Action.HOURS_PAINT_CLASS, Subject(school_id=easel.school.id))
        return await self._show(easel, asked, may_paint=may_paint)

    async def put_class(self, request: web.Request) -> web.Response:
        viewer, easel = await self._class(request, Action.HOURS_PAINT_CLASS)
        return await self._put(easel, await read_json(request, AvailabilityIn), viewer)

    async def _school_of(self, request: web.Request) -> tuple[Adult, School]:
        viewer = adult_of(request)
        school_id = viewer.account.school_id
        authorise(viewer, Action.HOURS_PAINT_OWN, Subject(school_id=school_id) if school_id else Subject())
        school = await self.people.schools.find(school_id) if school_id else None
        if school is None:
            raise NotFound(ErrorCode.NOT_FOUND, "school")
        return viewer, school

    async def _class(self, request: web.Request, action: Action) -> tuple[Adult, Easel]:
        """Raises NotFound for a class of which the asker knows nothing."""
        viewer = adult_of(request)
        group = await self.people.class_groups.find(ClassGroupId(request.match_info["id"]))
        # A class that is not there is as one of a school that nobody is of.
        authorise(viewer, action, Subject(school_id=group.school_id if group else SchoolId("")))
        school = await self.people.schools.find(group.school_id) if group else None
        if group is None or school is None:
            raise NotFound(ErrorCode.NOT_FOUND, "class group")
        return viewer, await self.lessons.painting_desk.of_class(group, school)

    async def _show(
        self, easel: Easel, asked: DatesQuery, *, may_paint: bool, taught: Sequence[str] = ()
    ) -> web.Response:
        first = asked.first or easel.today
        last = asked.last or first + _USUAL
        if problem := _wrong_range(first, last):
            raise _refused([("to", problem)])
        painting = await self.lessons.painting_desk.find(easel, first, last)
        return json_answer(
            AvailabilityOut(
                zone=easel.school.zone,
                version=painting.version,
                first=first,
                last=last,
                may_paint=may_paint,
                class_group_ids=list(taught),
                hours=[_shown(one) for one in painting.hours],
            )
        )

    async def _put(self, easel: Easel, sent: AvailabilityIn, viewer: Adult) -> web.Response:
        """Raises InvalidInput with all that is wrong, each by its place; Conflict when somebody was faster."""
        desk = self.lessons.painting_desk
        if problem := _wrong_range(sent.first, sent.last):
            raise _refused([("to", problem)])
        sheets = await desk.sheets(
            easel, sorted({one.date for one in sent.hours if sent.first <= one.date <= sent.last})
        )
        if problems := list(_problems(sent, sheets, easel.today)):
            raise _refused(problems)
        hours = joined(_painted(one) for one in sent.hours)
        dates = [sent.first + timedelta(days=day) for day in range((sent.last - sent.first).days + 1)]
        if not sent.dry_run:
            await desk.put(easel, hours, dates, version=sent.version, by=viewer.account.id)
        elif not easel.is_open or (await desk.find(easel, sent.first, sent.last)).version != sent.version:
            raise Conflict(ErrorCode.CONFLICT, f"painted hours of {easel.owner.id}")
        return json_answer(
            AvailabilityChangedOut(
                version=sent.version if sent.dry_run else sent.version + 1,
                is_stored=not sent.dry_run,
                hours=[_shown(one) for one in hours],
            )
        )


def _wrong_range(first: date, last: date) -> LocalizedText | None:
    if last < first:
        return ORDER
    return TOO_MANY_DAYS if (last - first).days >= MOST_DAYS else None


def _problems(sent: AvailabilityIn, sheets: dict[date, DaySheet], today: date) -> Iterator[tuple[str, LocalizedText]]:
    """Where something is wrong, and what."""
    for name, on in (("from", sent.first), ("to", sent.last)):
        try:
            require_date(on, today)
        except NoStroke as error:
            yield name, error.text
    for number, one in enumerate(sent.hours):
        where = f"hours[{number}]"
        if _minute(one.end) <= _minute(one.start):
            yield where, ORDER
        elif not sent.first <= one.date <= sent.last:
            yield where, OUTSIDE
        else:
            try:
                require_existing(_painted(one), sheets)
            except NoStroke as error:
                yield where, error.text
    for number in _overlapping(sent.hours):
        yield f"hours[{number}]", OVERLAP


def _overlapping(hours: Sequence[PaintedWire]) -> Iterable[int]:
    """Those that begin before the one ahead of them on their date has ended; one that is backwards is told so."""
    forward = [number for number, one in enumerate(hours) if _minute(one.start) < _minute(one.end)]
    in_order = sorted(forward, key=lambda number: (hours[number].date, _minute(hours[number].start)))
    for _, numbers in groupby(in_order, key=lambda number: hours[number].date):
        until = 0
        for number in numbers:
            if _minute(hours[number].start) < until:
                yield number
            until = max(until, _minute(hours[number].end))


def _painted(one: PaintedWire) -> Painted:
    return Painted(
        on=one.date, start_minute=_minute(one.start), end_minute=_minute(one.end), state=PaintState(one.state)
    )


def _shown(one: Painted) -> PaintedWire:
    return PaintedWire(date=one.on, start=_clock(one.start_minute), end=_clock(one.end_minute), state=one.state.value)


def _minute(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _refused(problems: Sequence[tuple[str, LocalizedText]]) -> InvalidInput:
    told = [problem_of(where, PROBLEM_CODES[text], text) for where, text in problems]
    return InvalidInput(ErrorCode.HOURS_NOT_PAINTABLE, problems[0][0], problems=told)
