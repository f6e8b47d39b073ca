"""Looks after all open rooms once a second: news of other processes, C14, pages that ended without a word, and whether
the media server has whom it should. Everything here may be done by every process at once, and again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from server.access import Action, Adult, Pupil, Subject, may
from server.classroom import floor, guard, lobby
from server.classroom.effects import may_be_in_media, may_stay_in_media, sources_of
from server.classroom.hub import Hub, Room
from server.classroom.model import State
from server.classroom.session import Session
from server.classroom.sockets import Sockets
from server.errors import NotFound, TongchuangError
from server.ids import LessonId, PersonId
from server.lessons import room_of

log = structlog.get_logger("tongchuang.classroom")

TICK_S = 1.0
# A process writes that it lives every 5 s; three times nothing, and its connections are over.
_BEAT_EVERY = 5
_DEAD_AFTER = timedelta(seconds=15)
_SESSIONS_EVERY = 5
_MEDIA_EVERY = 5

# The viewer as they are now: None when the sign-in or the seat is over.
LookAgain = Callable[[Session], Awaitable[Adult | Pupil | None]]


class Caretaker:
    def __init__(self, *, hub: Hub, sockets: Sockets, look_again: LookAgain, grace: timedelta = guard.GRACE) -> None:
        self._hub, self._sockets, self._look_again, self._grace = hub, sockets, look_again, grace
        self._ticks = 0

    async def run(self) -> None:
        """Until cancelled. One failing room or second does not stop the others."""
        while True:
            try:
                await self.tick()
            except Exception:
                log.exception("classroom_tick_failed")
            await asyncio.sleep(TICK_S)

    async def begin(self) -> None:
        """Before the first page may connect: this process is known to live, open rooms are known to it."""
        await self._beat()
        await self._adopt()

    async def tick(self) -> None:
        """One second's work; `ticks` count, the clock is asked only for instants that are stored."""
        number, self._ticks = self._ticks, self._ticks + 1
        if number % _BEAT_EVERY == 0:
            await self._beat()
            await self._adopt()
        await self._read_news()
        for room in list(self._hub.rooms.values()):
            try:
                await self._look_after(room, number)
            except TongchuangError as error:
                log.warning("classroom_room_not_looked_after", reason=error.detail, error_code=str(error.code))
        if number % _SESSIONS_EVERY == 0:
            await self._check_sessions()
            await self._sockets.close_nameless()

    # -- what all processes know

    async def _beat(self) -> None:
        now = self._hub.clock.now()
        await self._hub.store.beat(self._sockets.instance, now, now - _DEAD_AFTER)

    async def _adopt(self) -> None:
        """Rooms that are open though nobody connected here: their adults may leave, too."""
        for lesson_id in await self._hub.store.open_lessons():
            if lesson_id not in self._hub.rooms:
                try:
                    await self._hub.open(lesson_id)
                except NotFound:
                    await self._hub.store.close(lesson_id)

    async def _read_news(self) -> None:
        rooms = self._hub.rooms
        newest = await self._hub.store.newest(list(rooms)) if rooms else {}
        for lesson_id, seq in newest.items():
            if lesson_id in rooms and seq > rooms[lesson_id].state.seq:
                await self._hub.catch_up(lesson_id)

    # -- one room

    async def _look_after(self, room: Room, number: int) -> None:
        lesson = room.state.lesson
        if lesson is None or not (lesson.is_open or lesson.is_early):
            self._hub.forget(room.lesson_id)
            return
        if number % _BEAT_EVERY == 0:
            await self._hub.refresh(room.lesson_id)
            await self._end_dead_connections(room)
        if number % _MEDIA_EVERY == 0 and lesson.is_open:
            await self.mend_media(room)
        await self.keep_company(room)
        await self._lower_hands(room)

    async def _lower_hands(self, room: Room) -> None:
        now = self._hub.clock.now()
        if floor.lower_hands_of_the_absent(room.state, now):
            await self._hub.run(room.lesson_id, None, lambda state: floor.lower_hands_of_the_absent(state, now))

    async def keep_company(self, room: Room) -> None:
        """C14: begin the grace, end it, or bring the pupils back to the lobby."""
        now = self._hub.clock.now()
        if guard.due(room.state, now, self._grace):
            await self._hub.run(room.lesson_id, None, lambda state: guard.due(state, now, self._grace))

    async def _end_dead_connections(self, room: Room) -> None:
        """Pages of a process that is no more, and pages of ours that ended unheard."""
        alive = await self._hub.store.instances()

        def decide(state: State) -> lobby.Events:
            return tuple(
                event
                for key, connection in _connections(state)
                if self._is_over(connection, alive)
                for event in lobby.go_away(state, key, connection)
            )

        if decide(room.state):
            await self._hub.run(room.lesson_id, None, decide)

    def _is_over(self, connection: str, alive: frozenset[str]) -> bool:
        instance, _, sid = connection.partition(":")
        if instance == self._sockets.instance:
            return sid not in self._sockets.sessions and not self._sockets.is_arriving(sid)
        return instance not in alive

    # -- the media server

    async def mend_media(self, room: Room) -> None:
        """What webhooks and effects did not bring about: who is there, who must not be, who may publish what."""
        present = await self._hub.media.people(room_of(room.lesson_id))
        sids = {person.identity: person.sid for person in present}
        if guard.media_is(room.state, sids):
            await self._hub.run(room.lesson_id, None, lambda state: guard.media_is(state, sids))
        for person in present:
            await self.check_media(room, person.identity, person.device, person.sources)

    async def check_media(self, room: Room, identity: str, device: str, sources: frozenset[str]) -> None:
        """One participant of the media room, by what is committed now."""
        key, name = PersonId(identity), room_of(room.lesson_id)
        person = room.state.find(key)
        has_other_device = person is not None and person.is_pupil and person.device != device
        if not may_stay_in_media(room.state, key) or has_other_device:
            await self._hub.media.remove(name, identity)
        elif person is not None and (wanted := sources_of(room.state, person)) != sources:
            await self._hub.media.permit(name, identity, wanted)

    async def on_media(self, lesson_id: LessonId, event: str, identity: str, sid: str) -> None:
        """A webhook of the media server: somebody joined or left (twice is once, and in any order)."""
        room = await self._hub.open(lesson_id)
        if event == "participant_joined":
            await self._hub.catch_up(lesson_id)
            if guard.media_joined(room.state, identity, sid):
                await self._hub.run(lesson_id, None, lambda state: guard.media_joined(state, identity, sid))
            await self._check_arrival(room, identity)
        elif event in ("participant_left", "participant_connection_aborted"):
            await self._hub.run(lesson_id, None, lambda state: guard.media_left(state, identity, sid))
        await self.keep_company(room)

    async def _check_arrival(self, room: Room, identity: str) -> None:
        """A token lives ten minutes: who was barred, or is allowed less since, comes in with an old one."""
        if not may_be_in_media(room.state, PersonId(identity)):
            await self._hub.media.remove(room_of(room.lesson_id), identity)
            return
        for person in await self._hub.media.people(room_of(room.lesson_id)):
            if person.identity == identity:
                await self.check_media(room, identity, person.device, person.sources)

    # -- sign-ins and seats

    async def _check_sessions(self) -> None:
        """Whoever signed out, was disabled, lost the role or whose card ended goes, also in the middle of a lesson."""
        for session in list(self._sockets.sessions.values()):
            viewer = await self._look_again(session)
            why = None if viewer is not None else "card_ended" if isinstance(session.viewer, Pupil) else "not_yours"
            if viewer is not None:
                session.viewer = viewer
                if not self._may_stay(session):
                    why = "not_yours"
            if why is not None:
                await self._hub.leave(session.lesson_id, session.connection)
                await self._sockets.send_away(session.connection, why)
                if isinstance(session.viewer, Pupil):
                    await self._hub.media.remove(room_of(session.lesson_id), session.person)

    def _may_stay(self, session: Session) -> bool:
        room = self._hub.rooms.get(session.lesson_id)
        return room is not None and may(session.viewer, Action.ROOM_CONNECT, Subject(lesson=room.facts))


def _connections(state: State) -> list[tuple[PersonId, str]]:
    found = [(p.person, p.connection) for p in state.people.values() if p.connection is not None]
    return found + [(p.person, p.claim.connection) for p in state.people.values() if p.claim is not None]
