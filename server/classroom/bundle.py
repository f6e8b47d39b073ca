"""The classroom put together: what the composition root makes once per app process, mounts and ends."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from server.access import Adult, CookiePolicy, Pupil
from server.classroom.bus import Bus, NoBus, RedisBus
from server.classroom.cards import CardService
from server.classroom.caretaker import Caretaker
from server.classroom.guard import GRACE
from server.classroom.handlers import Tools
from server.classroom.hub import Hub
from server.classroom.joining import JoinRoutes, MediaKey, Render
from server.classroom.lesson_info import LessonFinder
from server.classroom.livekit_control import LiveKitControl
from server.classroom.media import MediaControl
from server.classroom.moderation import Moderator
from server.classroom.reports import ReportService
from server.classroom.seats import SeatService
from server.classroom.session import Session
from server.classroom.sockets import Sockets, make_manager, new_instance
from server.classroom.store import EventStore
from server.classroom.words import read_words
from server.clock import Clock
from server.errors import TongchuangError
from server.guessing import Limits, OwnLimits
from server.ids import LessonId
from server.lessons import LessonFacts, Lessons, WebhookSeen
from server.outbox import Letter
from server.people import People, Role
from server.storage import Database
from server.tasks import TaskOwner

log = structlog.get_logger("tongchuang.classroom")

# Reports are read by people in a hurry: what and where, in both languages; who and what was said stays in the product.
_REPORT_SUBJECT = "Tongchuang: a report in a lesson · 同窗：課堂中有人提出通報"
_REPORT_TEXT = (
    "Somebody asked for help in a lesson of your school. Please look at the lesson's page:\n"
    "貴校的一堂課中有人提出通報，請查看課堂頁面：\n\n{origin}/lessons/{lesson}\n"
)


# A mail server that is away over a weekend still brings it.
_REPORT_IS_NEWS = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassroomParts:
    """`media_url`: where this process reaches the media server's API; `card_secret`: see `server.keys`."""

    database: Database
    people: People
    lessons: Lessons
    clock: Clock
    media_url: str
    media_key: MediaKey
    card_secret: bytes
    redis_url: str = ""
    limits: Limits | None = None
    """Of guessing; this process's own unless they are shared."""
    origin: str = ""
    grace: timedelta = GRACE


async def _hear(caretaker: Caretaker, seen: WebhookSeen, person: str) -> None:
    """What cannot be done now, with the media server starting again, is mended within seconds."""
    try:
        await caretaker.on_media(seen.lesson_id, seen.event, person, seen.sid)
    except TongchuangError as error:
        log.warning("classroom_media_late", reason=error.detail, error_code=str(error.code))


class Classroom:
    """`media`: None is the one that `parts` names."""

    def __init__(self, parts: ClassroomParts, media: MediaControl | None = None) -> None:
        self._parts = parts
        self._tasks = TaskOwner("classroom")
        key = parts.media_key
        self.media = media or LiveKitControl(parts.media_url, key.api_key, key.api_secret)
        self.cards = CardService(parts.database, parts.people, parts.clock, parts.card_secret)
        self.seats = SeatService(parts.database, parts.people, parts.clock)
        self.reports = ReportService(
            parts.database, parts.people.audit, parts.lessons.letters, self._letters_to_coordinators
        )
        self._words = {name: read_words(name) for name in ("en", "phrases_en", "zh")}
        self.hub: Hub | None = None
        self.sockets: Sockets | None = None
        self.caretaker: Caretaker | None = None

    def add_to(
        self,
        app: web.Application,
        *,
        render: Render,
        client: Callable[[web.Request], str],
        public_url: str = "",
        is_tls: bool = False,
    ) -> None:
        """Routes, the namespace, and what runs beside them while the app does."""
        parts = self._parts
        bus: Bus = RedisBus(parts.redis_url) if parts.redis_url else NoBus()
        sockets = Sockets(
            instance=new_instance(), manager=make_manager(parts.redis_url), public_url=public_url, client=client
        )
        finder = LessonFinder(parts.lessons.lessons, parts.people)
        hub = Hub(
            store=EventStore(parts.database), find_lesson=finder.find, media=self.media, bus=bus, clock=parts.clock
        )
        hub.outlet = sockets
        caretaker = Caretaker(hub=hub, sockets=sockets, look_again=self._look_again, grace=parts.grace)
        moderator = Moderator.of(
            english=self._words["en"], phrases=self._words["phrases_en"], chinese=self._words["zh"]
        )
        sockets.serve(
            app,
            Tools(
                hub=hub,
                lessons=parts.lessons.lessons,
                moderator=moderator,
                reports=self.reports,
                audit=parts.people.audit,
                say=sockets.say,
            ),
        )
        JoinRoutes(
            hub=hub,
            lessons=parts.lessons.lessons,
            cards=self.cards,
            seats=self.seats,
            media=parts.media_key,
            render=render,
            cookies=CookiePolicy(is_tls=is_tls),
            clock=parts.clock,
            client=client,
            limits=parts.limits or OwnLimits(parts.clock),
        ).add_to(app)
        parts.lessons.lessons.on_change(lambda _, after, __: self._on_change(after.id))
        self.hub, self.sockets, self.caretaker = hub, sockets, caretaker

        async def run(_: web.Application) -> AsyncIterator[None]:
            await caretaker.begin()
            bus.start(hub.catch_up)
            self._tasks.start(caretaker.run(), name="caretaker")
            self._tasks.start(parts.lessons.keeper.run(self.media.participants), name="keeper")
            yield
            await self._tasks.close()
            await bus.close()
            await self.media.close()

        async def stop(_: web.Application) -> None:
            await sockets.stop()
            try:
                await hub.store.forget(sockets.instance)
            except SQLAlchemyError as error:
                # Others find out by themselves that this process is silent.
                log.warning("classroom_instance_kept", reason=type(error).__name__)

        app.cleanup_ctx.append(run)
        # Before the server waits for its open requests: a WebSocket is one.
        app.on_shutdown.append(stop)

    # -- what others tell us

    def on_webhook(self, seen: WebhookSeen) -> None:
        """A listener of the media server's webhooks."""
        if self.caretaker is not None and seen.person is not None and seen.event.startswith("participant_"):
            self._start(_hear(self.caretaker, seen, seen.person), "webhook")

    def _on_change(self, lesson_id: LessonId) -> None:
        """A page of this process changed the lesson; other processes see it within seconds."""
        if self.hub is not None and lesson_id in self.hub.rooms:
            self._start(self.hub.refresh(lesson_id), "refresh")

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        try:
            self._tasks.start(work, name=name)
        except RuntimeError:
            # Closing: the next process reads how things stand.
            log.info("classroom_closing", work=name)

    async def _look_again(self, session: Session) -> Adult | Pupil | None:
        viewer = session.viewer
        if isinstance(viewer, Pupil):
            return viewer if await self.seats.holds(viewer) else None
        signed_in = await self._parts.people.accounts.find_by_token(session.token)
        return None if signed_in is None else Adult(account=signed_in.account, csrf=viewer.csrf)

    async def _letters_to_coordinators(self, facts: LessonFacts, report_id: str) -> list[Letter]:
        """C18: sent when there is mail, and kept until it was taken."""
        now, text = self._parts.clock.now(), _REPORT_TEXT.format(origin=self._parts.origin, lesson=facts.id)
        return [
            Letter(
                key=f"report:{report_id}:{account.id}",
                to=account.email,
                subject=_REPORT_SUBJECT,
                text=text,
                due_at=now,
                not_after=now + _REPORT_IS_NEWS,
            )
            for side in facts.sides
            for account in await self._parts.people.accounts.of_school(side.school_id)
            if Role.COORDINATOR in account.roles and not account.is_disabled
        ]
