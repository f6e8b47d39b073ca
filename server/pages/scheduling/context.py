"""What these pages stand on, handed in by the composition root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from server.availability import OutsideCalendars
from server.clock import Clock
from server.lessons import (
    AnswerLinks,
    CalendarFeeds,
    Classes,
    FairnessService,
    HoursDesk,
    LessonService,
    PaintingDesk,
    ReplyDesk,
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
    reply_desk: ReplyDesk
    series: SeriesService
    terms: TermService
    hours_desk: HoursDesk
    fairness: FairnessService
    school_files: SchoolFiles
    classes: Classes
    painting_desk: PaintingDesk
    outside_calendars: OutsideCalendars
    clock: Clock
    origin: Callable[[web.Request], str]


SCHEDULING = web.AppKey("scheduling_pages", SchedulingPages)
