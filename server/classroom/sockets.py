"""The classroom over Socket.IO: connections, acks, limits. What an event means stands in `server.classroom.handlers`.

Socket.IO protocol 5 over Engine.IO 4, WebSocket only: a page that cannot open one cannot have media either.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Sequence
from typing import Any

import socketio  # type: ignore[import-untyped]  # it ships no types
import structlog
from aiohttp import web
from redis.exceptions import RedisError

from server.access import SIGN_IN_COOKIE, Action, is_own_origin, must_ask, token_of, viewer_of
from server.classroom.bus import REDIS_OPTIONS
from server.classroom.door import Entrance, let_through
from server.classroom.handlers import HANDLERS, Answer, Call, Tools
from server.classroom.hub import Hub
from server.classroom.model import Person
from server.classroom.protocol import MAX_MESSAGE_BYTES, Connect, parse, parse_connect
from server.classroom.session import Session
from server.classroom.wire import Json
from server.errors import ErrorCode, Forbidden, InvalidInput, LimitExceeded, TongchuangError
from server.http import RateLimiter
from server.ids import LessonId
from server.tasks import TaskOwner

log = structlog.get_logger("tongchuang.classroom")

NAMESPACE = "/classroom"
PATH = "/socket.io/"
# A page that vanished without a word is away after 18 s at most; a school's proxy closes silent connections after 30.
_PING_EVERY_S = 10
_PING_TIMEOUT_S = 8
# A whole class joins in a minute with fewer; a page that is so far behind asks for the whole state instead.
MAX_UNSENT = 256
# Who opens a connection and never says to which lesson.
NAMELESS_S = 15

# Limits per person (docs/protocol/classroom.md, last section), and connections per address: two classes at one school.
_ALL = (20, 8.0)
_PER_EVENT: dict[str, tuple[int, float]] = {
    "chat_send": (6, 1.0),
    "report": (3, 0.05),
    "react": (10, 4.0),
    "sync": (5, 0.5),
}
_CONNECTIONS = (200, 5.0)


class Sockets:
    """One per app process. Implements `hub.Outlet`."""

    def __init__(self, *, instance: str, manager: Any, public_url: str, client: Callable[[web.Request], str]) -> None:
        self.instance = instance
        self._public_url, self._client = public_url.rstrip("/"), client
        self.sessions: dict[str, Session] = {}
        # Messages of a connection that is not acknowledged yet: its first state must not overtake the handshake.
        self._early: dict[str, list[tuple[str, Json]]] = {}
        self._limits = {name: RateLimiter(burst=burst, per_second=rate) for name, (burst, rate) in _PER_EVENT.items()}
        self._all = RateLimiter(burst=_ALL[0], per_second=_ALL[1])
        self._per_address = RateLimiter(burst=_CONNECTIONS[0], per_second=_CONNECTIONS[1])
        self._nameless: dict[str, int] = {}
        self._busy: set[str] = set()
        self._leaving: set[str] = set()
        self._is_stopping = False
        self._tasks = TaskOwner("classroom_sockets")
        manager.on_connected = self._on_connected
        self.io = socketio.AsyncServer(
            async_mode="aiohttp",
            client_manager=manager,
            transports=["websocket"],
            allow_upgrades=False,
            # Our own check of the origin stands in `_handshake`: it knows the public address behind a proxy.
            cors_allowed_origins=[],
            max_http_buffer_size=MAX_MESSAGE_BYTES,
            ping_interval=_PING_EVERY_S,
            ping_timeout=_PING_TIMEOUT_S,
            # One event of a connection after the other: their order is kept, and a flood waits in the socket.
            async_handlers=False,
            namespaces=[NAMESPACE],
        )

    def serve(self, app: web.Application, tools: Tools) -> None:
        self._tools = tools
        self.io.on("connect", self._connect, namespace=NAMESPACE)
        self.io.on("disconnect", self._disconnect, namespace=NAMESPACE)
        self.io.on("*", self._event, namespace=NAMESPACE)
        app.router.add_get(PATH, self._handshake)

    @property
    def _hub(self) -> Hub:
        return self._tools.hub

    # -- the way in

    async def _handshake(self, request: web.Request) -> web.StreamResponse:
        """The WebSocket itself. Raises Forbidden for another site's page, LimitExceeded."""
        if not is_own_origin(request.headers, request.host, self._public_url, has_cookies=bool(request.cookies)):
            raise Forbidden(ErrorCode.FORM_FOREIGN, "a WebSocket of another site")
        if not self._per_address.may_pass(self._client(request), self._hub.clock.monotonic_us()):
            raise LimitExceeded(ErrorCode.RATE_LIMITED, "connections")
        response: web.StreamResponse = await self.io.handle_request(request)
        return response

    async def _connect(self, sid: str, *_: Any) -> None:
        # Why not the arguments: a client may send an event that is called "connect", with whatever it likes in them.
        if sid in self.sessions or sid in self._early:
            return
        try:
            request = self.io.get_environ(sid, NAMESPACE)["aiohttp.request"]
            auth = _[1] if len(_) > 1 else None
            await self._enter(sid, request, parse_connect(auth))
        except TongchuangError as error:
            raise socketio.exceptions.ConnectionRefusedError(str(error.code), _problem(error)) from None
        except Exception:
            log.exception("classroom_connect_failed")
            internal = TongchuangError(ErrorCode.INTERNAL)
            raise socketio.exceptions.ConnectionRefusedError(str(internal.code), _problem(internal)) from None

    async def _enter(self, sid: str, request: web.Request, wish: Connect) -> None:
        connection, viewer = f"{self.instance}:{sid}", viewer_of(request)

        async def enter() -> Entrance:
            return await let_through(self._hub, self._tools.lessons, viewer, wish, connection)

        entrance = await must_ask(enter, Action.ROOM_CONNECT)()
        lesson_id = LessonId(wish.lesson)
        self._early[sid] = []
        try:
            state = await self._hub.enter(lesson_id, connection, entrance.visitor)
        except BaseException:
            del self._early[sid]
            raise
        self._early[sid].insert(0, ("state", state))
        person = entrance.visitor.person
        token = token_of(request, SIGN_IN_COOKIE) or ""
        self.sessions[sid] = Session(connection, lesson_id, person, entrance.viewer, token)
        await self._tell_of_arrival(self.sessions[sid])

    async def _tell_of_arrival(self, session: Session) -> None:
        person = session.room(self._hub).state.find(session.person)
        if person is not None and person.is_in_lobby:
            kind = "waiting" if person.claim is None else "second_device"
            alert = {"kind": kind, "person": session.person}
            await self.say(session.lesson_id, "alert", alert, lambda who: who.is_teacher)

    async def _on_connected(self, sid: str) -> None:
        """The client knows that it is connected: what was kept for it goes out, in its order."""
        while early := self._early.get(sid):
            name, payload = early.pop(0)
            await self._emit([sid], name, payload)
        self._early.pop(sid, None)

    async def _disconnect(self, sid: str, *_: Any) -> None:
        # A client may send an event of that name as well; then the connection goes on.
        if self.io.manager.is_connected(sid, NAMESPACE) or self._is_stopping:
            return
        self._early.pop(sid, None)
        session = self.sessions.pop(sid, None)
        if session is not None:
            # By a task of its own: a dead connection is found by writing to it, and then the room's lock is held.
            self._tasks.start(self._leave(session), name="leave")

    async def _leave(self, session: Session) -> None:
        try:
            await self._hub.leave(session.lesson_id, session.connection)
        except TongchuangError:
            # The caretaker sees that this connection is gone.
            log.warning("classroom_leave_failed")

    # -- events

    async def _event(self, event: str, sid: str, *args: Any) -> Answer:
        self._busy.add(sid)
        try:
            answer = await self._answer(event, sid, args)
        except TongchuangError as error:
            return {"ok": False, **_problem(error)}
        except Exception:
            log.exception("classroom_event_failed", event_name=event[:40])
            return {"ok": False, **_problem(TongchuangError(ErrorCode.INTERNAL))}
        finally:
            self._busy.discard(sid)
            if sid in self._leaving:
                self._leaving.discard(sid)
                self._end(sid)
        return {"ok": True, **answer}

    async def _answer(self, event: str, sid: str, args: tuple[Any, ...]) -> Answer:
        session = self.sessions.get(sid)
        if session is None:
            raise InvalidInput(ErrorCode.INVALID_REQUEST, "not in a lesson")
        now_us = self._hub.clock.monotonic_us()
        limit = self._limits.get(event)
        key = f"{session.lesson_id} {session.person}"
        if not self._all.may_pass(key, now_us) or (limit is not None and not limit.may_pass(key, now_us)):
            raise LimitExceeded(ErrorCode.RATE_LIMITED, event[:40])
        if len(args) > 1:
            raise InvalidInput(ErrorCode.INVALID_REQUEST, "one payload at most")
        payload = parse(event, args[0] if args else None)
        return await HANDLERS[event](Call(self._tools, session, payload))

    # -- the way out

    async def tell(self, connections: Sequence[str], name: str, payload: Json) -> None:
        """The same to all of them, written once."""
        ready = []
        for connection in connections:
            if (sid := self._own(connection)) is None:
                continue
            if (early := self._early.get(sid)) is not None:
                early.append((name, payload))
            else:
                ready.append(sid)
        if ready:
            await self._emit(ready, name, payload)
        for sid in ready:
            if self._unsent(sid) > MAX_UNSENT:
                log.warning("classroom_client_too_slow")
                self._end(sid)

    async def send_away(self, connection: str, why: str | None) -> None:
        sid = self._own(connection)
        if sid is None:
            return
        self.sessions.pop(sid, None)
        if why is not None:
            await self.tell([connection], "gone", {"why": why})
            self._end(sid)

    def _end(self, sid: str) -> None:
        """By a task of its own: the room's lock may be held here, and its end is a command to the room."""
        if sid in self._busy:
            # Who ends the lesson for all still gets the ack.
            self._leaving.add(sid)
        elif not self._is_stopping:
            ending = self.io.disconnect(sid, namespace=NAMESPACE, ignore_queue=True)
            self._tasks.start(ending, name="disconnect")

    async def say(self, lesson_id: LessonId, name: str, payload: Json, picks: Callable[[Person], bool]) -> None:
        """Not stored: to everybody let in whom `picks` takes, also those at other processes; may be lost."""
        room = self._hub.rooms.get(lesson_id)
        people = () if room is None else tuple(room.state.people.values())
        here: list[str] = []
        for person in people:
            if not person.is_admitted or person.connection is None or not picks(person):
                continue
            instance, _, sid = person.connection.partition(":")
            if instance == self.instance:
                here.append(person.connection)
            else:
                await self.io.emit(name, payload, to=sid, namespace=NAMESPACE)
        await self.tell(here, name, payload)

    async def _emit(self, sids: list[str], name: str, payload: Json) -> None:
        await self.io.emit(name, payload, to=sids, namespace=NAMESPACE, ignore_queue=True)

    def _own(self, connection: str) -> str | None:
        instance, _, sid = connection.partition(":")
        return sid if instance == self.instance else None

    def _unsent(self, sid: str) -> int:
        """How many messages the socket has not written yet."""
        eio_sid = self.io.manager.eio_sid_from_sid(sid, NAMESPACE)
        socket = self.io.eio.sockets.get(eio_sid)
        return 0 if socket is None else int(socket.queue.qsize())

    # -- from time to time

    def is_arriving(self, sid: str) -> bool:
        """Between the door and the first message."""
        return sid in self._early

    async def close_nameless(self) -> None:
        """Connections that never said to which lesson, or whose lesson sent them away."""
        now_us = self._hub.clock.monotonic_us()
        known = {self.io.manager.eio_sid_from_sid(sid, NAMESPACE) for sid in self.sessions}
        nameless = [eio_sid for eio_sid in self.io.eio.sockets if eio_sid not in known]
        self._nameless = {eio_sid: self._nameless.get(eio_sid, now_us) for eio_sid in nameless}
        for eio_sid, since_us in self._nameless.items():
            if now_us - since_us >= NAMELESS_S * 1_000_000:
                await self._close_transport(eio_sid)

    async def stop(self) -> None:
        """Every page connects again, to whoever serves then; nobody is written down as away by it."""
        self._is_stopping = True
        await self._tasks.close()
        for eio_sid in list(self.io.eio.sockets):
            await self._close_transport(eio_sid)
        await self.io.shutdown()
        if isinstance(self.io.manager, RedisManager):
            await self.io.manager.close()

    async def _close_transport(self, eio_sid: str) -> None:
        # Why not eio.disconnect: it waits for all that is unsent, which a client that is gone never takes.
        socket = self.io.eio.sockets.get(eio_sid)
        if socket is not None:
            await socket.close(wait=False)


def new_instance() -> str:
    return secrets.token_hex(4)


def _problem(error: TongchuangError) -> dict[str, Any]:
    return {"code": str(error.code), "titles": {"en": error.text.en, "zh-Hant-TW": error.text.zh}}


class _Announces:
    """Tells when a connection is complete: python-socketio has no event for it."""

    on_connected: Callable[[str], Any]

    async def connect(self, sid: str, namespace: str) -> Any:
        answer = await super().connect(sid, namespace)  # type: ignore[misc]  # the manager beside it has it
        if namespace == NAMESPACE:
            await self.on_connected(sid)
        return answer


class LocalManager(_Announces, socketio.AsyncManager):  # type: ignore[misc]  # untyped
    """For one app process."""


class RedisManager(_Announces, socketio.AsyncRedisManager):  # type: ignore[misc]  # untyped
    """Between app processes: only for what is not stored. JSON, never a pickle."""

    def _redis_connect(self) -> None:
        """The library makes a new client for each connecting and closes none: remembered, for `close`."""
        super()._redis_connect()
        self.__dict__.setdefault("opened", []).append((self.redis, self.pubsub))

    async def close(self) -> None:
        """No more listening, no client left open. Idempotent."""
        listening = self.__dict__.pop("thread", None)
        if listening is not None:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        for redis, channel in self.__dict__.pop("opened", ()):
            for one in (channel, redis):
                # Redis may be away; what counts is that our end is closed.
                with contextlib.suppress(RedisError, OSError):
                    await one.aclose()


def make_manager(redis_url: str) -> Any:
    return _redis_manager(redis_url) if redis_url else LocalManager()


def _redis_manager(url: str) -> Any:
    return RedisManager(url, channel="tongchuang:socketio", redis_options=dict(REDIS_OPTIONS))
