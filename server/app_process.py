"""An app process: pages, API, classroom events and the front of the media workers (`python -m server.app_process`).

A child of `serve` that inherits the listening sockets, so that connections wait in them while it is replaced. It hears
its order and then how things stand on stdin (`server.app_launch`), and says `beat`, `ready` or `error` on stdout.
"""

from __future__ import annotations

import asyncio
import gc
import json
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import NoReturn

from aiohttp import web
from pydantic import TypeAdapter

from server.app import AppParts, create_app, create_internal_app
from server.app_launch import AppOrder, Briefing
from server.child import ParentLines, StatusPipe, die_with_parent
from server.classroom import Classroom, ClassroomParts, MediaKey
from server.clock import SystemClock
from server.demo_api import MediaAccess
from server.demo_data import write_demo_data
from server.errors import TongchuangError
from server.guessing import Limits
from server.http import HealthCheck
from server.keys import kept_secret
from server.lessons import Lessons, add_webhooks, build_lessons
from server.listening import origin_of, tls_context
from server.log import configure_log
from server.media_host import MediaHost
from server.metrics import Metrics
from server.pages import compile_templates
from server.people import People, SmtpMailer, build_people, parse_smtp_url
from server.redis_health import redis_answers
from server.sealing import Seal
from server.settings import Settings, read_settings
from server.shared_limits import limits_for
from server.siblings import collect_figures, own_figures
from server.storage import Database, database_url_for
from server.worker_directory import WorkerDirectory

# As a media worker's: fifteen beats within the default patience of 3 s.
BEAT_EVERY_S = 0.2
# Requests that still run get this long when we stop; media has ended before (docs/closures.md).
SHUTDOWN_TIMEOUT_S = 1.0
# The workers' last words (who left, and when) come within this time after SIGTERM; the supervisor gives them as long.
LAST_WORDS_S = 3.0


class Standing:
    """How things stand, as the parent says it."""

    def __init__(self, workers: int) -> None:
        self.directory = WorkerDirectory(workers)
        self.may_begin = asyncio.Event()
        self.may_end = asyncio.Event()
        self.briefing = Briefing(may_begin=False, may_end=False, workers=(), apps=())

    def hear(self, briefing: Briefing) -> None:
        self.briefing = briefing
        self.directory.update(briefing.workers)
        if briefing.may_begin:
            self.may_begin.set()
        if briefing.may_end:
            self.directory.close()
            self.may_end.set()


async def run(order: AppOrder, lines: ParentLines, status: StatusPipe) -> None:
    """Serve until SIGTERM."""
    loop = asyncio.get_running_loop()
    stopped, standing = asyncio.Event(), Standing(order.workers)
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    # Why: Ctrl-C reaches the whole process group; the parent decides when its children go.
    loop.add_signal_handler(signal.SIGINT, lambda: None)
    read = TypeAdapter(Briefing).validate_json
    lines.follow(lambda line: loop.call_soon_threadsafe(standing.hear, read(line)))
    beating = asyncio.create_task(_beat(status))
    try:
        await _either(standing.may_begin, stopped)
        if not stopped.is_set():
            await _serve(order, standing, status, stopped)
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)


async def _serve(order: AppOrder, standing: Standing, status: StatusPipe, stopped: asyncio.Event) -> None:
    settings = read_settings(order.settings)
    async with AsyncExitStack() as last:
        database = Database(database_url_for(settings.data, settings.database_url.get_secret_value()))
        last.push_async_callback(database.close)
        tls = tls_context(settings.tls_cert, settings.tls_key)
        listener = socket.socket(fileno=order.listener)
        origin = settings.public_url or origin_of(settings.host, listener, "http" if tls is None else "https")
        limits = limits_for(settings.redis_url.get_secret_value(), SystemClock())
        last.push_async_callback(limits.close)
        people = _people(settings, database, origin, limits)
        # Why only the first: while one that died is replaced, classes are waiting.
        if settings.demo and order.index == 0 and order.launch == 1:
            await write_demo_data(database, SystemClock())
        parts = _parts(order, settings, standing, people, database, origin, limits)
        app = create_app(parts)
        public = await _runner(app, last, SHUTDOWN_TIMEOUT_S)
        internal = await _runner(create_internal_app(parts), last)
        figures = await _runner(own_figures(parts.metrics.render_own), last)
        site = web.SockSite(public, listener, ssl_context=tls)
        await site.start()
        await web.SockSite(internal, socket.socket(fileno=order.internal)).start()
        await web.UnixSite(figures, order.socket).start()
        gc.collect()
        gc.freeze()
        status.say("ready", {"notes": await _notes(order, settings, people, origin)})
        compiling = asyncio.create_task(asyncio.to_thread(_compile, app))
        last.push_async_callback(asyncio.wait, [compiling])
        await stopped.wait()
        await site.stop()
        await _last_words(standing)
        # Before the internal address goes: whoever still has a socket is told there.
        await public.cleanup()


async def _runner(app: web.Application, last: AsyncExitStack, shutdown_timeout_s: float = 0.1) -> web.AppRunner:
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=shutdown_timeout_s)
    last.push_async_callback(runner.cleanup)
    await runner.setup()
    return runner


async def _last_words(standing: Standing) -> None:
    """Media ends before us; what its workers still report (who left) is taken meanwhile."""
    if standing.directory.slots:
        try:
            async with asyncio.timeout(LAST_WORDS_S):
                await standing.may_end.wait()
        except TimeoutError:
            pass


async def _beat(status: StatusPipe) -> None:
    while True:
        status.say("beat")
        await asyncio.sleep(BEAT_EVERY_S)


async def _either(*events: asyncio.Event) -> None:
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


def _people(settings: Settings, database: Database, origin: str, limits: Limits) -> People:
    smtp_url = settings.smtp_url.get_secret_value()
    mailer = SmtpMailer(parse_smtp_url(smtp_url)) if smtp_url else None
    return build_people(database, SystemClock(), mailer=mailer, origin=origin, is_demo=settings.demo, limits=limits)


def _compile(app: web.Application) -> None:
    """In a thread, once the server answers. Templates stay for ever, and half of all objects are theirs."""
    compile_templates(app)
    gc.freeze()


async def _notes(order: AppOrder, settings: Settings, people: People, origin: str) -> list[str]:
    """What the parent prints after the ready line: how to set up an installation that has no administrator yet."""
    if settings.demo or order.index != 0:
        return []
    link = await people.accounts.make_set_up_link()
    return [] if link is None else [f"Nobody can sign in yet. Open this once, within 24 hours: {origin}{link.path}"]


def _parts(
    order: AppOrder,
    settings: Settings,
    standing: Standing,
    people: People,
    database: Database,
    origin: str,
    limits: Limits,
) -> AppParts:
    """Everything concrete, named here and nowhere else."""
    metrics = Metrics()
    seal = Seal(kept_secret(settings.data, "calendar-secret"))
    lessons = build_lessons(database, people, SystemClock(), origin=origin, seal=seal)
    classroom = _classroom(order, settings, people, lessons, database, origin, limits)
    media = MediaHost(standing.directory, order.keys) if order.workers else None
    api_key, api_secret = next(iter(order.keys.items()))
    outside = settings.livekit_url

    def add_media(app: web.Application) -> None:
        if media is not None:
            media.add_to(app)

    def add_media_calls(app: web.Application) -> None:
        if media is not None:
            media.add_calls_to(app)

    return AppParts(
        access=MediaAccess(
            api_key=api_key,
            api_secret=api_secret,
            url=outside.replace("http", "ws", 1) if outside else None,
            ports=media.ports if media is not None else lambda: {"udp": [], "tcp": []},
        ),
        clock=SystemClock(),
        metrics=metrics,
        render_metrics=_figures(order, standing, metrics, media),
        health=_health(settings, database, media),
        add_media=add_media,
        add_media_calls=add_media_calls,
        internal_media_url=outside.replace("ws", "http", 1) if outside else order.internal_url,
        people=people,
        lessons=lessons,
        classroom=classroom,
        add_webhooks=lambda app: add_webhooks(
            app, keys=order.keys, attendance=lessons.attendance, listeners=(classroom.on_webhook,)
        ),
        is_demo=settings.demo,
        is_tls=settings.tls_cert is not None or settings.public_url.startswith("https://"),
        public_url=settings.public_url,
        metrics_token=settings.metrics_token.get_secret_value(),
        trusted_proxies=settings.trusted_proxies,
    )


def _classroom(
    order: AppOrder,
    settings: Settings,
    people: People,
    lessons: Lessons,
    database: Database,
    origin: str,
    limits: Limits,
) -> Classroom:
    api_key, api_secret = next(iter(order.keys.items()))
    outside = settings.livekit_url
    return Classroom(
        ClassroomParts(
            database=database,
            people=people,
            lessons=lessons,
            clock=SystemClock(),
            media_url=outside.replace("ws", "http", 1) if outside else order.internal_url,
            media_key=MediaKey(
                api_key=api_key, api_secret=api_secret, url=outside.replace("http", "ws", 1) if outside else None
            ),
            card_secret=kept_secret(settings.data, "card-secret"),
            redis_url=settings.redis_url.get_secret_value(),
            origin=origin,
            grace=timedelta(seconds=settings.adult_grace_s),
            limits=limits,
        )
    )


def _health(settings: Settings, database: Database, media: MediaHost | None) -> dict[str, HealthCheck]:
    health: dict[str, HealthCheck] = {"database": database.answers}
    if media is not None:
        health["media"] = media.answers
    if redis_url := settings.redis_url.get_secret_value():
        health["redis"] = lambda: redis_answers(redis_url)
    return health


def _figures(
    order: AppOrder, standing: Standing, metrics: Metrics, media: MediaHost | None
) -> Callable[[], Awaitable[bytes]]:
    """/metrics: the whole server, whichever process is asked."""

    async def render() -> bytes:
        for state in standing.briefing.apps:
            metrics.app_ready.labels(str(state.index)).set(int(state.is_ready))
            metrics.app_restarts.labels(str(state.index)).set(state.restarts)
        workers = await media.collect(metrics) if media is not None else {}
        several = await collect_figures(standing.briefing.apps) if len(standing.briefing.apps) > 1 else None
        # In a thread: it reads /proc and formats thousands of lines.
        return await asyncio.to_thread(metrics.render, workers, several)

    return render


def main() -> NoReturn:
    gc.enable()
    # What takes time is imported by now: whoever waits for its order may be a spare.
    status, lines = StatusPipe(), ParentLines()
    status.say("loaded")
    order = TypeAdapter(AppOrder).validate_python(json.loads(lines.read()))
    die_with_parent(order.parent_pid)
    settings = read_settings(order.settings)
    configure_log(level=settings.log_level, as_json=settings.log_format == "json", keep_pii=settings.log_personal_data)
    try:
        asyncio.run(run(order, lines, status))
    except TongchuangError as error:
        status.say("error", {"code": str(error.code), "detail": error.detail})
        sys.exit(1)
    sys.exit(0)


if __name__ == "__main__":
    main()
