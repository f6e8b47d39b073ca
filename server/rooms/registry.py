"""All rooms of one media worker, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from livekit.protocol.models import DisconnectReason

from server.clock import Clock
from server.errors import ErrorCode, NotFound
from server.ids import RoomName, new_room_sid
from server.rooms.events import RoomEvents
from server.rooms.revocations import Revocations
from server.rooms.room import Room, RoomSettings


class RoomRegistry:
    """Rooms are made by the first join or by `CreateRoom`, and end when empty for long enough or when deleted."""

    def __init__(self, *, clock: Clock, events: RoomEvents, random_u32: Callable[[], int]) -> None:
        self._rooms: dict[RoomName, Room] = {}
        self._clock = clock
        self._events = events
        self._random_u32 = random_u32
        self.revocations = Revocations()

    def __iter__(self) -> Iterator[Room]:
        return iter(list(self._rooms.values()))

    def __len__(self) -> int:
        return len(self._rooms)

    def find(self, name: RoomName) -> Room | None:
        return self._rooms.get(name)

    def get(self, name: RoomName) -> Room:
        """Raises NotFound."""
        room = self._rooms.get(name)
        if room is None:
            raise NotFound(ErrorCode.ROOM_NOT_FOUND, f"room {name!r}")
        return room

    def open(self, name: RoomName, settings: RoomSettings | None = None, metadata: str = "") -> Room:
        """The room of this name, made if there is none; an existing one keeps its settings (as LiveKit)."""
        room = self._rooms.get(name)
        if room is None:
            room = Room(
                name=name,
                sid=new_room_sid(),
                settings=settings or RoomSettings(),
                metadata=metadata,
                clock=self._clock,
                events=self._events,
                random_u32=self._random_u32,
            )
            self._rooms[name] = room
        return room

    def delete(self, room: Room, reason: DisconnectReason = DisconnectReason.ROOM_DELETED) -> None:
        if self._rooms.get(room.name) is room:
            del self._rooms[room.name]
        room.close(reason)

    def expire(self) -> None:
        """Close rooms that nobody came to, or that everybody left; called about once a second."""
        now_us = self._clock.monotonic_us()
        for room in self:
            if room.is_expired(now_us):
                self.delete(room, DisconnectReason.ROOM_CLOSED)

    def close(self) -> None:
        for room in self:
            self.delete(room, DisconnectReason.SERVER_SHUTDOWN)
