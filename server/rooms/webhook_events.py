"""Turns what happens in rooms into webhooks: the bridge from `RoomEvents` to the sender."""

from __future__ import annotations

from livekit.protocol.models import ParticipantInfo, Room, TrackInfo

from server.clock import Clock
from server.rooms.events import RoomEventKind
from server.rooms.webhook import build_event
from server.rooms.webhook_sender import WebhookSender


class WebhookEvents:
    """Implements `RoomEvents`; copies are taken, because the room goes on changing."""

    def __init__(self, sender: WebhookSender, clock: Clock) -> None:
        self._sender = sender
        self._clock = clock

    def emit(
        self,
        kind: RoomEventKind,
        room: Room,
        participant: ParticipantInfo | None = None,
        track: TrackInfo | None = None,
    ) -> None:
        event = build_event(kind, now=self._clock.now(), room=room, participant=participant, track=track)
        self._sender.send(event)
