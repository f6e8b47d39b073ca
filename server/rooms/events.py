"""What happened in a room, for whoever must be told (webhooks, metrics): one port, owned here."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from livekit.protocol.models import ParticipantInfo, Room, TrackInfo


class RoomEventKind(StrEnum):
    """LiveKit's webhook names."""

    ROOM_STARTED = "room_started"
    ROOM_FINISHED = "room_finished"
    PARTICIPANT_JOINED = "participant_joined"
    PARTICIPANT_LEFT = "participant_left"
    TRACK_PUBLISHED = "track_published"
    TRACK_UNPUBLISHED = "track_unpublished"


class RoomEvents(Protocol):
    """Told synchronously, in order per room; must neither block nor raise."""

    def emit(
        self,
        kind: RoomEventKind,
        room: Room,
        participant: ParticipantInfo | None = None,
        track: TrackInfo | None = None,
    ) -> None: ...


class NoEvents:
    """Nobody listens."""

    def emit(
        self,
        kind: RoomEventKind,
        room: Room,
        participant: ParticipantInfo | None = None,
        track: TrackInfo | None = None,
    ) -> None:
        return None
