"""The routes of scheduling under /api/v1, each with its right and with what its document says of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web
from pydantic import BaseModel

from server.access import Action, add_route
from server.api.availability_routes import OPERATIONS as AVAILABILITY
from server.api.availability_routes import availability_routes
from server.api.calendar_replies import OPERATION as REPLY
from server.api.calendar_replies import CalendarRepliesApi
from server.api.operation import Operation, scheduling
from server.api.scheduling import SchedulingApi
from server.api.scheduling_wire import ClassesOut, OverlapOut, PlanIn, PlanOut, SeriesIn, SeriesOut
from server.api.school_hours import SchoolHoursApi
from server.api.school_hours_wire import BellsIn, CalendarIn, ClosuresIn, FileIn, HoursChangedOut, SchoolHoursOut
from server.api.term_routes import OPERATIONS as TERM
from server.api.term_routes import term_routes
from server.clock import Clock
from server.lessons import Lessons
from server.people import People

Bound = Callable[[web.Request], Awaitable[web.StreamResponse]]
_CHANGE = (400, 401, 403, 404, 409)
_QUERY: Final = (
    ("a", "a class group of GET /api/v1/classes"),
    ("b", "the other one"),
    ("from", "a date on A's wall; today without it"),
    ("weeks", "1 to 18; 4 without it"),
    ("minutes", "5 to 240; the shorter of both classes' periods without it"),
    ("tier", "the worst that one would accept: `both_in_class` … `saturday`"),
)


_CLASSES = scheduling("GET", "/classes", "list_classes", "Class groups that hours can be searched for", ClassesOut)
_OVERLAP = scheduling(
    "GET",
    "/overlap",
    "find_overlaps",
    "The hours at which two class groups can meet, best first, or why there are none and what would open more",
    OverlapOut,
    query=_QUERY,
    problems=(400, 401, 403, 404),
)
_PLAN = scheduling(
    "POST",
    "/series/plan",
    "plan_series",
    "A term's lessons from one hour, checked one by one; nothing is stored",
    PlanOut,
    sent=PlanIn,
    problems=_CHANGE,
)
_PROPOSE = scheduling(
    "POST",
    "/series",
    "propose_series",
    "Propose them in one go, with one letter",
    SeriesOut,
    sent=SeriesIn,
    status=201,
    problems=_CHANGE,
)
_SERIES = scheduling("GET", "/series/{id}", "find_series", "The term sheet of a pair", SeriesOut)
_CONFIRM = scheduling(
    "POST",
    "/series/{id}/confirm",
    "confirm_series",
    "Say yes for the own side to all that wait for it",
    SeriesOut,
    problems=_CHANGE,
)
_HOURS = scheduling("GET", "/schools/{school}/hours", "school_hours", "Bells, calendar, closures, file", SchoolHoursOut)


def _put(part: str, what: str, sent: type[BaseModel]) -> Operation:
    return scheduling(
        "PUT",
        f"/schools/{{school}}/hours/{part}",
        f"put_{part}",
        f"{what}; says which planned lessons do not fit any more, and with dry_run only says it",
        HoursChangedOut,
        sent=sent,
        problems=(*_CHANGE, 413),
    )


_BELLS = _put("bells", "All bell schedules", BellsIn)
_CALENDAR = _put("calendar", "The calendar with all its years", CalendarIn)
_CLOSURES = _put("closures", "All closures", ClosuresIn)
_FILE = _put("file", "The whole school file", FileIn)
OPERATIONS: Final = (
    _CLASSES, _OVERLAP, _PLAN, _PROPOSE, _SERIES, _CONFIRM, _HOURS, _BELLS, _CALENDAR, _CLOSURES, _FILE,
    *TERM, *AVAILABILITY, REPLY,
)  # fmt: skip


def add_scheduling_api(app: web.Application, *, people: People, lessons: Lessons, clock: Clock) -> None:
    hours = SchedulingApi(people=people, lessons=lessons, clock=clock)
    school = SchoolHoursApi(people=people, lessons=lessons)
    served: tuple[tuple[Operation, Action, Bound], ...] = (
        (_CLASSES, Action.HOURS_FIND, hours.show_classes),
        (_OVERLAP, Action.HOURS_FIND, hours.find),
        (_PLAN, Action.LESSON_PROPOSE, hours.plan),
        (_PROPOSE, Action.LESSON_PROPOSE, hours.propose),
        (_SERIES, Action.LESSON_SEE, hours.show),
        (_CONFIRM, Action.LESSON_CONFIRM, hours.confirm),
        (_HOURS, Action.SCHOOL_HOURS_SEE, school.show),
        (_BELLS, Action.SCHOOL_HOURS_CHANGE, school.put_bells),
        (_CALENDAR, Action.SCHOOL_HOURS_CHANGE, school.put_calendar),
        (_CLOSURES, Action.SCHOOL_HOURS_CHANGE, school.put_closures),
        (_FILE, Action.SCHOOL_HOURS_CHANGE, school.put_file),
        *term_routes(people, lessons, clock),
        *availability_routes(people, lessons),
        (REPLY, Action.CALENDAR_REPLY_READ, CalendarRepliesApi(people=people, lessons=lessons).take),
    )
    for operation, action, handler in served:
        add_route(app, operation.method, operation.path, handler, action)
