"""What these pages stand on, handed in by the composition root."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from aiohttp import web

from server.clock import Clock
from server.lessons import (
    AnswerLinks,
    CalendarFeeds,
    ClassHours,
    HoursDesk,
    LessonService,
    SeriesService,
    TermService,
)
from server.people import People


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulingPages:
    """`list_classes`: every class group that is not archived. `origin`: where this request's reader reaches us."""

    people: People
    lessons: LessonService
    feeds: CalendarFeeds
    answers: AnswerLinks
    series: SeriesService
    terms: TermService
    hours_desk: HoursDesk
    list_classes: Callable[[], Awaitable[Sequence[ClassHours]]]
    clock: Clock
    origin: Callable[[web.Request], str]


SCHEDULING = web.AppKey("scheduling_pages", SchedulingPages)
