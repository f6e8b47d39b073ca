"""The rooms of this process: commands in, everybody's own view of what happened out.

The path of a command: decide and commit (`store`), then tell those who are connected here, nudge the other processes
(`bus`), and make the media server follow (`effects`). What others committed comes in by `catch_up` and is told alike.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from server.classroom import lobby
from server.classroom.apply import apply, fold
from server.classroom.bus import Bus
from server.classroom.effects import effects
from server.classroom.events import Event, Recorded
from server.classroom.media import MediaControl
from server.classroom.model import LessonInfo, State
from server.classroom.store import Also, EventStore, Written
from server.classroom.view import Changed, Fresh, Gone, Viewer, view, view_event
from server.classroom.wire import Json
from server.clock import Clock
from server.errors import ErrorCode, NotFound, TongchuangError
from server.ids import LessonId, PersonId
from server.lessons import LessonFacts, room_of

log = structlog.get_logger("tongchuang.classroom")

# The second device is told of its seat when the first is out of the media room, or after this; see `_remove_moved`.
_MOVE_TIMEOUT_S = 1.0


class Outlet(Protocol):
    """Where messages to one connection go (Socket.IO); a connection that is not there is no error."""

    async def tell(self, connections: Sequence[str], name: str, payload: Json) -> None: ...

    async def send_away(self, connection: str, why: str | None) -> None:
        """`gone`, when there is something to say, and the end of the connection."""
        ...


@dataclass(frozen=True, slots=True)
class Known:
    """A lesson as its own service has it now."""

    info: LessonInfo
    facts: LessonFacts


FindLesson = Callable[[LessonId], Awaitable[Known | None]]


@dataclass(slots=True)
class Room:
    lesson_id: LessonId
    state: State = field(default_factory=State)
    facts: LessonFacts | None = None
    viewers: dict[str, Viewer] = field(default_factory=dict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Hub:
    """`outlet` is set by who owns the connections, before the first one comes."""

    outlet: Outlet

    def __init__(
        self, *, store: EventStore, find_lesson: FindLesson, media: MediaControl, bus: Bus, clock: Clock
    ) -> None:
        self.store, self.media, self.clock = store, media, clock
        self._find_lesson, self._bus = find_lesson, bus
        self.rooms: dict[LessonId, Room] = {}

    # -- rooms

    async def open(self, lesson_id: LessonId) -> Room:
        """The room, with the lesson as it is now. Raises NotFound."""
        room = self.rooms.get(lesson_id)
        if room is None:
            known = await self._find_lesson(lesson_id)
            if known is None:
                raise NotFound(ErrorCode.NOT_FOUND, "no such lesson")
            room = self.rooms.setdefault(lesson_id, Room(lesson_id))
            await self._update(room, known)
        else:
            await self.refresh(lesson_id)
        return room

    async def refresh(self, lesson_id: LessonId) -> None:
        """Ask the lesson's service again; a change becomes an event."""
        room = self.rooms.get(lesson_id)
        if room is not None and (known := await self._find_lesson(lesson_id)) is not None:
            await self._update(room, known)

    async def _update(self, room: Room, known: Known) -> None:
        room.facts = known.facts
        await self.catch_up(room.lesson_id)
        if lobby.lesson_is(room.state, known.info):
            await self.run(room.lesson_id, None, lambda state: lobby.lesson_is(state, known.info))

    def forget(self, lesson_id: LessonId) -> None:
        """A room that nobody looks at; its state is in the store."""
        room = self.rooms.get(lesson_id)
        if room is not None and not room.viewers and not room.lock.locked():
            del self.rooms[lesson_id]

    # -- commands

    async def run(
        self,
        lesson_id: LessonId,
        by: PersonId | None,
        decide: Callable[[State], tuple[Event, ...]],
        *,
        also: Also | None = None,
    ) -> Written:
        """Committed when this returns, and the media server has followed as far as it answers."""
        room = self.rooms[lesson_id]
        async with room.lock:
            written, before = await self._write(room, by, decide, also)
            await self._deliver(room, written.added)
        await self._follow(lesson_id, before, written)
        return written

    async def enter(self, lesson_id: LessonId, connection: str, visitor: lobby.Visitor) -> Json:
        """Somebody's page connects; the whole view that it begins with, with no event lost in between."""
        room = self.rooms[lesson_id]
        async with room.lock:
            written, before = await self._write(room, visitor.person, lambda s: lobby.come(s, visitor), None)
            await self._deliver(room, written.added)
            viewer = Viewer(visitor.person, visitor.connection)
            room.viewers[connection] = viewer
            first = view(room.state, viewer, self.clock.now())
        await self._follow(lesson_id, before, written)
        return first

    async def leave(self, lesson_id: LessonId, connection: str) -> None:
        room = self.rooms.get(lesson_id)
        viewer = room.viewers.pop(connection, None) if room is not None else None
        if viewer is not None:
            await self.run(lesson_id, viewer.person, lambda s: lobby.go_away(s, viewer.person, viewer.connection))

    def view(self, lesson_id: LessonId, connection: str) -> Json | None:
        """None for a connection that is not in the room (any more)."""
        room = self.rooms.get(lesson_id)
        viewer = room.viewers.get(connection) if room is not None else None
        if room is None or viewer is None:
            return None
        try:
            return view(room.state, viewer, self.clock.now())
        except LookupError:
            return None

    async def catch_up(self, lesson_id: LessonId) -> None:
        """Read and tell what other processes committed."""
        room = self.rooms.get(lesson_id)
        if room is None:
            return
        async with room.lock:
            await self._deliver(room, await self.store.read(lesson_id, room.state.seq))

    # -- inside, under the room's lock

    async def _write(
        self, room: Room, by: PersonId | None, decide: Callable[[State], tuple[Event, ...]], also: Also | None
    ) -> tuple[Written, State]:
        written = await self.store.write(room.lesson_id, room.state, decide, by=by, at=self.clock.now(), also=also)
        await self._deliver(room, written.missed)
        before = room.state
        await self._remove_moved(room, before, fold(before, written.added))
        return written, before

    async def _remove_moved(self, room: Room, before: State, after: State) -> None:
        """The device that lost its seat leaves the media room before the new one may ask for a token."""
        moved = effects(before, after).moved
        try:
            async with asyncio.timeout(_MOVE_TIMEOUT_S):
                for key in moved:
                    await self.media.remove(room_of(room.lesson_id), key)
        except (TimeoutError, TongchuangError) as error:
            # The caretaker removes who holds a token of another device.
            log.warning("classroom_media_late", reason=str(error))

    async def _deliver(self, room: Room, news: Sequence[Recorded]) -> None:
        for recorded in news:
            before, after = room.state, apply(room.state, recorded)
            room.state = after
            alike: list[tuple[Json, list[str]]] = []
            for connection, viewer in list(room.viewers.items()):
                match view_event(before, recorded, after, viewer):
                    case Changed(event):
                        _put_with_its_like(alike, event, connection)
                    case Fresh(state):
                        await self.outlet.tell([connection], "state", state)
                    case Gone(why):
                        del room.viewers[connection]
                        await self.outlet.send_away(connection, why)
            for event, connections in alike:
                await self.outlet.tell(connections, "event", event)

    async def _follow(self, lesson_id: LessonId, before: State, written: Written) -> None:
        """Tell other processes and the media server. Whatever fails here is mended by the caretaker."""
        if not written.added:
            return
        self._bus.nudge(lesson_id)
        wanted = effects(before, written.state)
        room = room_of(lesson_id)
        calls: list[Awaitable[None]] = [self.media.remove(room, key) for key in wanted.remove]
        calls += [self.media.permit(room, key, sources) for key, sources in wanted.permit.items()]
        if wanted.close:
            calls.append(self.media.delete(room))
        for outcome in await asyncio.gather(*calls, return_exceptions=True):
            if isinstance(outcome, TongchuangError):
                log.warning("classroom_media_late", reason=outcome.detail)
            elif isinstance(outcome, BaseException):
                raise outcome


# Most of a class hear the same; teachers, the author and companions something else. More kinds are not looked for.
_KINDS = 4


def _put_with_its_like(alike: list[tuple[Json, list[str]]], event: Json, connection: str) -> None:
    """Written to the wire once for all who hear the same."""
    for known, connections in alike[-_KINDS:]:
        if known == event:
            connections.append(connection)
            return
    alike.append((event, [connection]))
