"""The routes of painted hours and of calendars kept elsewhere, each with its right and with what its document says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from server.access import Action
from server.api.availability import AvailabilityApi
from server.api.availability_wire import AvailabilityChangedOut, AvailabilityIn, AvailabilityOut, TaughtIn, TaughtOut
from server.api.operation import Operation, scheduling
from server.api.outside import OutsideApi
from server.api.outside_wire import ChosenIn, LookIn, OutsideCalendarsOut, OutsideTimesOut
from server.lessons import Lessons
from server.people import People

Bound = Callable[[web.Request], Awaitable[web.StreamResponse]]
_CHANGE: Final = (400, 401, 403, 404, 409)
_DATES: Final = (("from", "a date; today without it"), ("to", "a date, up to 132 days later; 27 days later without it"))
_CALENDAR: Final = (("calendar", "an id of the list; needed"),)
_OWN, _CLASS = "/account/availability", "/class-groups/{id}/availability"

_SHOW_OWN = scheduling(
    "GET", _OWN, "own_availability", "My painted hours", AvailabilityOut, query=_DATES, problems=(400, 401, 403, 404)
)
_PUT_OWN = scheduling(
    "PUT",
    _OWN,
    "put_own_availability",
    "All my painted hours of a range of dates; with dry_run only whether it could be",
    AvailabilityChangedOut,
    sent=AvailabilityIn,
    problems=_CHANGE,
)
_TAUGHT = scheduling(
    "PUT",
    f"{_OWN}/classes",
    "put_classes_taught",
    "For which classes my hours count",
    TaughtOut,
    sent=TaughtIn,
    problems=_CHANGE,
)
_SHOW_CLASS = scheduling(
    "GET",
    _CLASS,
    "class_availability",
    "A class group's painted hours",
    AvailabilityOut,
    query=_DATES,
    problems=(400, 401, 403, 404),
)
_PUT_CLASS = scheduling(
    "PUT",
    _CLASS,
    "put_class_availability",
    "All painted hours of a class group in a range of dates; with dry_run only whether it could be",
    AvailabilityChangedOut,
    sent=AvailabilityIn,
    problems=_CHANGE,
)
_PAINTING: Final = (_SHOW_OWN, _PUT_OWN, _TAUGHT, _SHOW_CLASS, _PUT_CLASS)


def _calendars(path: str, whose: str, of: str) -> tuple[Operation, ...]:
    return (
        scheduling("GET", path, f"list_calendars_of_{whose}", f"Calendars kept elsewhere, {of}", OutsideCalendarsOut),
        scheduling(
            "GET",
            f"{path}/times",
            f"calendar_times_of_{whose}",
            "What was taken of one of them",
            OutsideTimesOut,
            query=_CALENDAR,
            problems=(400, 401, 403, 404),
        ),
        scheduling(
            "POST",
            path,
            f"look_at_calendar_of_{whose}",
            "Read one, as a preview that counts nowhere yet",
            OutsideTimesOut,
            sent=LookIn,
            status=201,
            problems=(*_CHANGE, 413, 503),
        ),
        scheduling(
            "POST",
            f"{path}/keep",
            f"keep_calendar_of_{whose}",
            "From now on it counts, and is read again",
            OutsideCalendarsOut,
            sent=ChosenIn,
            problems=_CHANGE,
        ),
        scheduling(
            "POST",
            f"{path}/remove",
            f"remove_calendar_of_{whose}",
            "It and all that was taken of it are gone",
            OutsideCalendarsOut,
            sent=ChosenIn,
            problems=_CHANGE,
        ),
    )


_OWN_CALENDARS: Final = _calendars("/account/calendars", "mine", "one's own")
_SCHOOL_CALENDARS: Final = _calendars("/schools/{school}/calendars", "school", "the school's")
OPERATIONS: Final = (*_PAINTING, *_OWN_CALENDARS, *_SCHOOL_CALENDARS)


def availability_routes(people: People, lessons: Lessons) -> tuple[tuple[Operation, Action, Bound], ...]:
    painted = AvailabilityApi(people=people, lessons=lessons)
    outside = OutsideApi(people=people, lessons=lessons)
    mine = (outside.show_own, outside.times_own, outside.look_own, outside.keep_own, outside.remove_own)
    school = (
        outside.show_school,
        outside.times_school,
        outside.look_school,
        outside.keep_school,
        outside.remove_school,
    )
    return (
        (_SHOW_OWN, Action.HOURS_PAINT_OWN, painted.show_own),
        (_PUT_OWN, Action.HOURS_PAINT_OWN, painted.put_own),
        (_TAUGHT, Action.HOURS_PAINT_OWN, painted.put_taught),
        (_SHOW_CLASS, Action.HOURS_SEE_CLASS, painted.show_class),
        (_PUT_CLASS, Action.HOURS_PAINT_CLASS, painted.put_class),
        *((one, Action.HOURS_PAINT_OWN, ask) for one, ask in zip(_OWN_CALENDARS, mine, strict=True)),
        *((one, Action.SCHOOL_CALENDARS_CHANGE, ask) for one, ask in zip(_SCHOOL_CALENDARS, school, strict=True)),
    )
