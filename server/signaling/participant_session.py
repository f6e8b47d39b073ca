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
from server.sfu.description import MediaKind, TransportState, VideoQuality
from server.sfu.hub import MediaHub
from server.sfu.transport import MediaEndpoint
from server.sfu.uptrack import UpTrack, UpTrackListener
from server.signaling.connection import Connection
from server.signaling.data_outbox import DataOutbox
from server.signaling.media import RELIABLE, Media
from server.signaling.media_dual import DualMedia
from server.signaling.media_single import SingleMedia
from server.signaling.session import Effect, SessionEvent, SessionState, transition
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
    resume_grace_s: float = RESUME_GRACE_S


class ParticipantSession:
    """Implements `ParticipantLink` for the room, `MediaHost` for the media; `session.EDGES` says what follows what."""

    participant: Participant
    media: Media

    def __init__(self, *, ports: SessionPorts, room: Room) -> None:
        self.endpoint = ports.endpoint
        self.hub = ports.hub
        self.room = room
        self.clock = ports.clock
        self.now_us: Callable[[], int] = ports.clock.monotonic_us
        self.state = SessionState.CONNECTING
        self.drop_signal_on_resume = False
        self._tasks = ports.tasks
        self._resume_grace_s = ports.resume_grace_s
        self._loop = asyncio.get_running_loop()
        self._connection: Connection | None = None
        self._next_connection: Connection | None = None
        self._greeting = SignalResponse()
        self._ending = (DisconnectReason.UNKNOWN_REASON, LeaveRequest.Action.DISCONNECT)
        self._grace: asyncio.TimerHandle | None = None
        self._lost_at_us = 0
        self._is_media_connected = False
        self._is_media_closed = False
        self.is_media_silent = False
        self.outbox = DataOutbox(self._send_on_channel, RELIABLE)
        self._effects: dict[Effect, Callable[[], None]] = {
            Effect.SEND_JOIN: self._send_greeting,
            Effect.ENTER_ROOM: lambda: self.room.join(self.participant),
            Effect.ACTIVATE: lambda: self.room.activate(self.participant),
            Effect.SWAP_SOCKET: self._swap_socket,
            Effect.SEND_RECONNECT: self._send_greeting,
            Effect.START_GRACE: self._start_grace,
            Effect.CANCEL_GRACE: self._cancel_grace,
            Effect.EXIT_ROOM: lambda: self.room.leave(self.participant, self._ending[0]),
            Effect.SEND_LEAVE: self._send_leave,
            Effect.CLOSE_SOCKET: self._close_socket,
            Effect.CLOSE_MEDIA: self._close_media,
        }

    def open_media(self, *, is_single: bool) -> None:
        """After `participant` is set; the peer connections exist from here on."""
        if is_single:
            self.media = SingleMedia(self)
        else:
            self.media = DualMedia(self, is_subscriber_primary=self.participant.grants.can_subscribe)

    def _advance(self, event: SessionEvent) -> None:
        step = transition(self.state, event)
        self.state = step.state
        for effect in step.effects:
            self._effects[effect]()

    # -- WebSocket

    @property
    def connection(self) -> Connection | None:
        return self._connection

    @property
    def lost_at_us(self) -> int:
        """When the last WebSocket went; meaningful while resuming."""
        return self._lost_at_us

    def admit(self, connection: Connection, greeting: SignalResponse) -> None:
        """The first WebSocket; `greeting` is the join response, sent before anything else."""
        self._connection = connection
        self._greeting = greeting
        self._advance(SessionEvent.ADMITTED)

    def resume(self, connection: Connection, greeting: SignalResponse) -> None:
        """Another WebSocket; an old one that has not noticed its end yet is closed."""
        self._next_connection = connection
        self._greeting = greeting
        self._advance(SessionEvent.RESUMED)
        if self._is_media_connected:
            self._advance(SessionEvent.MEDIA_CONNECTED)

    def detach(self, connection: Connection) -> None:
        """This WebSocket is over; without another the participant has the grace time to come back."""
        if self._connection is connection:
            self._connection = None
            self._lost_at_us = self.now_us()
            self._advance(SessionEvent.SOCKET_LOST)

    def _swap_socket(self) -> None:
        old, self._connection = self._connection, self._next_connection
        self._next_connection = None
        if old is not None:
            self._lost_at_us = self.now_us()
            old.close()

    def _send_greeting(self) -> None:
        self.send(self._greeting)

    def _start_grace(self) -> None:
        self._cancel_grace()
        seconds = self._resume_grace_s
        if self._is_media_closed:
            seconds = min(seconds, CLOSED_GRACE_S)
        self._grace = self._loop.call_later(seconds, self._on_grace_over)

    def _cancel_grace(self) -> None:
        if self._grace is not None:
            self._grace.cancel()
            self._grace = None

    def _on_grace_over(self) -> None:
        self._grace = None
        self._ending = (DisconnectReason.CONNECTION_TIMEOUT, LeaveRequest.Action.DISCONNECT)
        self._advance(SessionEvent.GRACE_OVER)

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

    def disconnect(
        self,
        reason: DisconnectReason,
        action: LeaveRequest.Action = LeaveRequest.Action.DISCONNECT,
    ) -> None:
        """By the server's will: out of the room, told why, closed. Idempotent."""
        self._ending = (reason, action)
        self._advance(SessionEvent.REMOVED)

    # -- leaving

    def leave(self, reason: DisconnectReason) -> None:
        """By the client's will, or as if this worker had died: nothing is said. Idempotent."""
        self._ending = (reason, LeaveRequest.Action.DISCONNECT)
        self._advance(SessionEvent.LEFT)

    def _send_leave(self) -> None:
        reason, action = self._ending
        self.send(leave_message(reason, action))

    def _close_socket(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _close_media(self) -> None:
        self._tasks.start(self.media.close(), name=f"close-media {self.participant.sid}")

    # -- MediaHost

    @property
    def up_listener(self) -> UpTrackListener:
        return self

    def call_later(self, seconds: float, action: Callable[[], None]) -> None:
        self._loop.call_later(seconds, action)

    def on_message(self, label: str, payload: bytes) -> None:
        if self.state is not SessionState.ENDED:
            self.room.data.receive(self.participant, label, payload, self.room.participants, self.now_us())

    def on_channel_ready(self, label: str) -> None:
        if label == RELIABLE:
            self.outbox.drain()

    def _send_on_channel(self, label: str, payload: bytes) -> bool:
        return self.media.send_message(label, payload)

    def on_media_state(self, state: TransportState) -> None:
        self.is_media_silent = state is TransportState.SILENT
        match state:
            case TransportState.CONNECTED:
                self._is_media_connected = True
                self._advance(SessionEvent.MEDIA_CONNECTED)
            case TransportState.FAILED:
                # DTLS cannot be repaired by an ICE restart: the client must start anew.
                self._ending = (DisconnectReason.MEDIA_FAILURE, LeaveRequest.Action.RECONNECT)
                self._advance(SessionEvent.MEDIA_FAILED)
            case TransportState.CLOSED:
                self._is_media_closed = True
                if self.state is SessionState.AWAY:
                    self._start_grace()
            case _:
                pass

    # -- UpTrackListener

    def on_demand(self, up: UpTrack, quality: VideoQuality | None) -> None:
        """Dynacast: JS reads `subscribed_codecs`, older clients the flat list. Audio has no layers to switch off."""
        if up.kind is not MediaKind.VIDEO:
            return
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


def leave_message(reason: DisconnectReason, action: LeaveRequest.Action) -> SignalResponse:
    """`can_reconnect` is what clients read who do not know `action` yet."""
    message = SignalResponse()
    message.leave.reason = reason
    message.leave.action = action
    message.leave.can_reconnect = action != LeaveRequest.Action.DISCONNECT
    return message
