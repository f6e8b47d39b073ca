"""The app plane put together: pages, JSON API, health and metrics on one aiohttp application.

It knows a LiveKit-compatible media server only by key, secret and address; the embedded one's routes are handed in.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from server.access import access_viewer_middleware, no_pupil
from server.api import LessonApi, add_openapi, add_scheduling_api
from server.classroom import Classroom
from server.clock import Clock
from server.demo_api import DemoApi, MediaAccess
from server.http import (
    ErrorPages,
    HeaderPolicy,
    HealthCheck,
    access_middleware,
    add_health,
    add_metrics,
    add_security_headers,
    client_address,
    error_middleware,
)
from server.jobs import add_jobs
from server.lessons import DEMO_LESSON, Lessons
from server.metrics import Metrics
from server.pages import (
    CardPrinter,
    LessonPages,
    NoCards,
    PagesContext,
    PeoplePages,
    add_lesson_pages,
    add_people_pages,
    choose_language,
    no_reports,
    render_classroom,
    render_error,
    setup_pages,
)
from server.pages.scheduling import SchedulingPages, add_scheduling_pages
from server.people import People
from server.version import VERSION

DIST = Path(__file__).resolve().parent.parent / "web" / "dist"
# A join request with its offer stands in the request line (media.md a.1); aiohttp's default is 8 kB.
MAX_REQUEST_LINE = 32 * 1024
# No page or API call of ours sends more; uploads will come with their own limits.
MAX_BODY_BYTES = 256 * 1024


def _nothing(_: web.Application) -> None:
    """Not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppParts:
    """Everything concrete that the application stands on."""

    access: MediaAccess
    clock: Clock
    metrics: Metrics
    render_metrics: Callable[[], Awaitable[bytes]]
    health: Mapping[str, HealthCheck]
    add_media: Callable[[web.Application], None]
    # The media server's API, for the address that only this machine reaches, and that address (or LIVEKIT_URL's).
    add_media_calls: Callable[[web.Application], None] = _nothing
    internal_media_url: str = ""
    # Where a media server posts what happens: on the public address and on the internal one.
    add_webhooks: Callable[[web.Application], None] = _nothing
    # None: a house without people, as some tests have it.
    people: People | None = None
    lessons: Lessons | None = None
    classroom: Classroom | None = None
    # None: those of the classroom.
    cards: CardPrinter | None = None
    is_demo: bool = True
    is_tls: bool = False
    public_url: str = ""
    metrics_token: str = field(default="", repr=False)
    trusted_proxies: tuple[str, ...] = ()
    dist: Path = DIST


def create_app(parts: AppParts) -> web.Application:
    """Media routes first: they answer for themselves, pages for everything else."""

    def client(request: web.Request) -> str:
        return client_address(request, parts.trusted_proxies)

    demo_lesson = DEMO_LESSON if parts.is_demo else None
    app = web.Application(
        middlewares=[
            access_middleware(parts.metrics, client),
            error_middleware(ErrorPages(render=render_error, choose_language=choose_language)),
            access_viewer_middleware(
                None if parts.people is None else parts.people.accounts,
                find_pupil=no_pupil if parts.classroom is None else parts.classroom.seats.find,
                public_url=parts.public_url,
            ),
        ],
        client_max_size=MAX_BODY_BYTES,
        handler_args={"max_line_size": MAX_REQUEST_LINE, "max_field_size": MAX_REQUEST_LINE},
    )
    if parts.people is not None:
        app.on_cleanup.append(_close(parts.people))
    outside = (parts.access.url, parts.access.url.replace("ws", "http", 1)) if parts.access.url else ()
    add_security_headers(app, HeaderPolicy(is_tls=parts.is_tls, connect_urls=outside))
    add_health(app, parts.health)
    add_metrics(app, token=parts.metrics_token, render=parts.render_metrics)
    parts.add_media(app)
    parts.add_webhooks(app)
    DemoApi(access=parts.access, lesson_shown=demo_lesson, clock=parts.clock, client=client).add_to(app)
    setup_pages(
        app,
        PagesContext(
            dist=parts.dist,
            is_demo=parts.is_demo,
            public_url=parts.public_url,
            version=VERSION,
            demo_lesson=demo_lesson,
        ),
    )
    if parts.people is not None:
        add_people_pages(
            app,
            PeoplePages(
                people=parts.people,
                clock=parts.clock,
                client=client,
                is_demo=parts.is_demo,
                is_tls=parts.is_tls,
                public_url=parts.public_url,
                outbox=parts.lessons.letters if parts.lessons is not None else None,
            ),
        )
    if parts.people is not None and parts.lessons is not None:
        printer: CardPrinter = NoCards() if parts.classroom is None else parts.classroom.cards
        _add_lessons(app, parts, parts.people, parts.lessons, parts.cards or printer)
    if parts.classroom is not None:
        parts.classroom.add_to(
            app, render=render_classroom, client=client, public_url=parts.public_url, is_tls=parts.is_tls
        )
    return app


def _add_lessons(app: web.Application, parts: AppParts, people: People, lessons: Lessons, cards: CardPrinter) -> None:
    def origin(request: web.Request) -> str:
        return parts.public_url or f"{request.scheme}://{request.host}"

    pages = LessonPages(
        people=people,
        lessons=lessons,
        cards=cards,
        clock=parts.clock,
        is_demo=parts.is_demo,
        origin=origin,
        read_reports=no_reports if parts.classroom is None else parts.classroom.reports.of_lesson,
    )
    add_lesson_pages(app, pages)
    add_scheduling_pages(
        app,
        SchedulingPages(
            people=people,
            lessons=lessons.lessons,
            feeds=lessons.feeds,
            answers=lessons.answers,
            reply_desk=lessons.reply_desk,
            series=lessons.series,
            terms=lessons.terms,
            hours_desk=lessons.hours_desk,
            fairness=lessons.fairness,
            school_files=lessons.school_files,
            classes=lessons.classes,
            painting_desk=lessons.painting_desk,
            outside_calendars=lessons.outside_calendars,
            clock=parts.clock,
            origin=origin,
        ),
    )
    add_jobs(app, lessons=lessons, mailer=people.mailer, clock=parts.clock)
    LessonApi(people=people, lessons=lessons).add_to(app)
    add_scheduling_api(app, people=people, lessons=lessons, clock=parts.clock)
    add_openapi(app, LessonApi.operations(), VERSION)


def _close(people: People) -> Callable[[web.Application], Awaitable[None]]:
    async def close(_: web.Application) -> None:
        await people.close()

    return close


def create_internal_app(parts: AppParts) -> web.Application:
    """What stands on the loopback address of this server alone: webhooks of its own media workers, calls to them."""
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    parts.add_webhooks(app)
    parts.add_media_calls(app)
    return app
