"""What these pages stand on, handed in by the composition root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from server.availability import ClassTeachers, OutsideCalendars, PaintedHours
from server.clock import Clock
from server.lessons import (
    AnswerLinks,
    CalendarFeeds,
    Classes,
    FairnessService,
    HoursDesk,
    LessonService,
    SchoolFiles,
    SeriesService,
    TermService,
)
from server.people import People


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulingPages:
    """`origin`: where this request's reader reaches us."""

    people: People
    lessons: LessonService
    feeds: CalendarFeeds
    answers: AnswerLinks
    series: SeriesService
    terms: TermService
    hours_desk: HoursDesk
    fairness: FairnessService
    school_files: SchoolFiles
    classes: Classes
    painted: PaintedHours
    class_teachers: ClassTeachers
    outside_calendars: OutsideCalendars
    clock: Clock
    origin: Callable[[web.Request], str]


SCHEDULING = web.AppKey("scheduling_pages", SchedulingPages)
