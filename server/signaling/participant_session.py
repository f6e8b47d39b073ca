"""A participant's presence on this worker: one media, one WebSocket at a time, and what happens when either goes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from livekit.protocol.models import DisconnectReason
from livekit.protocol.rtc import LeaveRequest, SignalResponse

from server.clock import Clock
from server.rooms.participant import Participant
from server.rooms.room import Room
from server.sfu.description import TransportState, VideoQuality
from server.sfu.hub import MediaHub
from server.sfu.transport import MediaEndpoint
from server.sfu.uptrack import UpTrack, UpTrackListener
from server.signaling.connection import Connection
from server.signaling.data_outbox import DataOutbox
from server.signaling.media import RELIABLE, Media
from server.signaling.media_dual import DualMedia
from server.signaling.media_single import SingleMedia
from server.tasks import TaskOwner

# Why 20 s: clients retry a resume for about this long before they start anew (media.md a.10).
RESUME_GRACE_S = 20.0
# Why shorter: a peer that said good-bye on DTLS and lost its socket has closed the page.
CLOSED_GRACE_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPorts:
    """What all sessions of a worker share."""

    endpoint: MediaEndpoint
    hub: MediaHub
    clock: Clock
    tasks: TaskOwner


class ParticipantSession:
    """Implements `ParticipantLink` for the room and `MediaHost` for the media."""

    participant: Participant
    media: Media

    def __init__(self, *, ports: SessionPorts, room: Room) -> None:
        self.endpoint = ports.endpoint
        self.hub = ports.hub
        self.room = room
        self.clock = ports.clock
        self.now_us: Callable[[], int] = ports.clock.monotonic_us
        self.drop_signal_on_resume = False
        self._tasks = ports.tasks
        self._loop = asyncio.get_running_loop()
        self._connection: Connection | None = None
        self._grace: asyncio.TimerHandle | None = None
        self._lost_at_us = 0
        self._is_over = False
        self._is_media_closed = False
        self.outbox = DataOutbox(self._send_on_channel, RELIABLE)

    def open_media(self, *, is_single: bool) -> None:
        """After `participant` is set; the peer connections exist from here on."""
        if is_single:
            self.media = SingleMedia(self)
        else:
            self.media = DualMedia(self, is_subscriber_primary=self.participant.grants.can_subscribe)

    # -- WebSocket

    @property
    def connection(self) -> Connection | None:
        return self._connection

    @property
    def lost_at_us(self) -> int:
        """When the last WebSocket went; meaningful while resuming."""
        return self._lost_at_us

    def attach(self, connection: Connection) -> None:
        """A (new) WebSocket serves this participant; an old one that has not noticed its end yet is closed."""
        old, self._connection = self._connection, connection
        if old is not None:
            self._lost_at_us = self.now_us()
            old.close()
        self._cancel_grace()

    def detach(self, connection: Connection) -> None:
        """This WebSocket is over; without another the participant has the grace time to come back."""
        if self._connection is not connection:
            return
        self._connection = None
        self._lost_at_us = self.now_us()
        if not self._is_over:
            self._start_grace(CLOSED_GRACE_S if self._is_media_closed else RESUME_GRACE_S)

    def _start_grace(self, seconds: float) -> None:
        self._cancel_grace()
        self._grace = self._loop.call_later(seconds, self._on_grace_over)

    def _cancel_grace(self) -> None:
        if self._grace is not None:
            self._grace.cancel()
            self._grace = None

    def _on_grace_over(self) -> None:
        self._grace = None
        self.leave(DisconnectReason.CONNECTION_TIMEOUT)

    # -- ParticipantLink

    def send(self, message: SignalResponse) -> None:
        if self._connection is not None:
            self._connection.send(message.SerializeToString())

    def send_encoded(self, message: bytes) -> None:
        if self._connection is not None:
            self._connection.send(message)

    def refresh_subscriptions(self) -> None:
        self.media.refresh()

    def stop_receiving(self, track_sid: str) -> None:
        self.media.stop_receiving(track_sid)

    def send_data(self, label: str, payload: bytes) -> bool:
        return self.outbox.send(label, payload)

    def disconnect(self, reason: DisconnectReason, action: LeaveRequest.Action) -> None:
        if self._is_over:
            return
        self._is_over = True
        self._cancel_grace()
        message = SignalResponse()
        message.leave.reason = reason
        message.leave.action = action
        message.leave.can_reconnect = action != LeaveRequest.Action.DISCONNECT
        self.send(message)
        if self._connection is not None:
            self._connection.close()
        self._tasks.start(self.media.close(), name=f"close-media {self.participant.sid}")

    # -- leaving

    def leave(
        self,
        reason: DisconnectReason,
        action: LeaveRequest.Action = LeaveRequest.Action.DISCONNECT,
    ) -> None:
        """Out of the room, then the connection is closed. Idempotent."""
        self.room.leave(self.participant, reason)
        self.disconnect(reason, action)

    def vanish(self) -> None:
        """As if this worker had died: out of the room and the socket closed without a word."""
        self._is_over = True
        self._cancel_grace()
        self.room.leave(self.participant, DisconnectReason.SERVER_SHUTDOWN)
        if self._connection is not None:
            self._connection.close()
        self._tasks.start(self.media.close(), name=f"close-media {self.participant.sid}")

    # -- MediaHost

    @property
    def up_listener(self) -> UpTrackListener:
        return self

    def call_later(self, seconds: float, action: Callable[[], None]) -> None:
        self._loop.call_later(seconds, action)

    def on_message(self, label: str, payload: bytes) -> None:
        if not self._is_over:
            self.room.data.receive(self.participant, label, payload, self.room.participants, self.now_us())

    def on_channel_ready(self, label: str) -> None:
        if label == RELIABLE:
            self.outbox.drain()

    def _send_on_channel(self, label: str, payload: bytes) -> bool:
        return self.media.send_message(label, payload)

    def on_media_state(self, state: TransportState) -> None:
        if self._is_over:
            return
        match state:
            case TransportState.CONNECTED:
                self.room.activate(self.participant)
            case TransportState.FAILED:
                # DTLS cannot be repaired by an ICE restart: the client must start anew.
                self.leave(DisconnectReason.MEDIA_FAILURE, LeaveRequest.Action.RECONNECT)
            case TransportState.CLOSED:
                self._is_media_closed = True
                if self._connection is None:
                    self._start_grace(CLOSED_GRACE_S)
            case _:
                pass

    # -- UpTrackListener

    def on_demand(self, up: UpTrack, quality: VideoQuality | None) -> None:
        """Dynacast: JS reads `subscribed_codecs`, older clients the flat list."""
        message = SignalResponse()
        update = message.subscribed_quality_update
        update.track_sid = up.sid
        codec = update.subscribed_codecs.add()
        codec.codec = up.mime.split("/")[-1]
        for layer in VideoQuality:
            is_enabled = quality is not None and layer <= quality
            codec.qualities.add(quality=layer.value, enabled=is_enabled)
            update.subscribed_qualities.add(quality=layer.value, enabled=is_enabled)
        self.send(message)

    def on_first_packet(self, up: UpTrack) -> None:
        return None
