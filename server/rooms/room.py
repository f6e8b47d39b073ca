"""A live media meeting: who is in it, what they publish, who receives what; every change tells those concerned.

Methods validate, then change state synchronously, then send; nothing awaits while state is half changed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from livekit.protocol.models import Codec, DisconnectReason, ParticipantInfo
from livekit.protocol.models import Room as RoomInfo
from livekit.protocol.rtc import LeaveRequest, ParticipantUpdate, RoomUpdate, SignalResponse

from server.clock import Clock
from server.ids import Identity, RoomName, RoomSid
from server.rooms.data import DataRouter
from server.rooms.events import RoomEventKind, RoomEvents
from server.rooms.participant import Participant, State
from server.rooms.publication import Publication
from server.rooms.speakers import Speakers
from server.rooms.subscriptions import Subscriptions

# VP8 before other video: JS falls back to the first that is there when the one it wants is missing (media.md a.3).
ENABLED_CODECS = ("video/VP8", "video/H264", "audio/opus", "audio/red")

# Why 200: people who left are told to those who resume; a resume takes seconds, not a school day.
_DEPARTED_KEPT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomSettings:
    """Seconds and counts; 0 participants = no limit. Defaults are LiveKit's."""

    empty_timeout_s: int = 300
    departure_timeout_s: int = 20
    max_participants: int = 0


class Room:
    """`participants` are by identity, which is unique in a room."""

    def __init__(
        self,
        *,
        name: RoomName,
        sid: RoomSid,
        settings: RoomSettings,
        metadata: str,
        clock: Clock,
        events: RoomEvents,
        random_u32: Callable[[], int],
    ) -> None:
        self.name = name
        self.sid = sid
        self.settings = settings
        self.metadata = metadata
        self.clock = clock
        self.participants: dict[Identity, Participant] = {}
        self.data = DataRouter()
        self.speakers = Speakers()
        self.subscriptions = Subscriptions(self.participants, random_u32)
        self.created_at_ms = _ms(clock)
        self.is_closed = False
        self._events = events
        self._has_had_people = False
        self._empty_since_us = clock.monotonic_us()
        self._departed: deque[tuple[int, ParticipantInfo]] = deque(maxlen=_DEPARTED_KEPT)
        events.emit(RoomEventKind.ROOM_STARTED, self.info())

    # -- people

    @property
    def is_full(self) -> bool:
        """Hidden participants take no seat."""
        limit = self.settings.max_participants
        return bool(limit) and sum(not p.is_hidden for p in self.participants.values()) >= limit

    def visible(self) -> list[Participant]:
        return [p for p in self.participants.values() if not p.is_hidden]

    def others(self, participant: Participant) -> list[ParticipantInfo]:
        """What `participant` may know of the rest of the room."""
        return [p.info() for p in self.participants.values() if p is not participant and not p.is_hidden]

    def join(self, participant: Participant) -> None:
        """Add; the caller has removed an older one of the same identity and sends the join response itself."""
        self.participants[participant.identity] = participant
        self._has_had_people = True
        participant.state = State.JOINED
        self.announce(participant)
        self._room_changed()
        self.subscriptions.subscribe_newcomer(participant)

    def activate(self, participant: Participant) -> None:
        """Media is connected; only now LiveKit counts somebody as having joined."""
        if participant.state != State.JOINED:
            return
        participant.state = State.ACTIVE
        participant.changed()
        self.announce(participant, also_self=True)
        self._events.emit(RoomEventKind.PARTICIPANT_JOINED, self.info(), participant.info())

    def leave(self, participant: Participant, reason: DisconnectReason) -> None:
        """Remove with everything that hangs on it. Idempotent; a namesake who joined later is not touched."""
        if participant.is_gone:
            return
        was_active = participant.state == State.ACTIVE
        for publication in list(participant.publications.values()):
            self.unpublish(publication, notify_owner=False, announce=False)
        participant.pending.clear()
        self.subscriptions.drop_subscriber(participant)
        if self.participants.get(participant.identity) is participant:
            del self.participants[participant.identity]
        participant.state = State.DISCONNECTED
        participant.disconnect_reason = reason
        participant.changed()
        self._departed.append((self.clock.monotonic_us(), participant.info()))
        self.speakers.forget(participant.sid)
        self.announce(participant)
        self._room_changed()
        if not self.participants:
            self._empty_since_us = self.clock.monotonic_us()
        if was_active:
            self._events.emit(RoomEventKind.PARTICIPANT_LEFT, self.info(), participant.info())

    def departed_since(self, since_us: int) -> list[ParticipantInfo]:
        """Who left while a resuming participant was away; a namesake who came back is not among them."""
        return [
            info
            for left_at_us, info in self._departed
            if left_at_us >= since_us and Identity(info.identity) not in self.participants
        ]

    # -- tracks

    def publish(self, publication: Publication) -> None:
        """Media for the track is negotiated: from now on the room knows it."""
        owner = publication.owner
        owner.publications[publication.sid] = publication
        owner.changed()
        # The update must reach subscribers before the SDP that carries the track (media.md a.7).
        self.announce(owner, also_self=True)
        self.subscriptions.offer_to_all(publication)
        self._events.emit(RoomEventKind.TRACK_PUBLISHED, self.info(), owner.info(), publication.info)

    def unpublish(self, publication: Publication, *, notify_owner: bool, announce: bool = True) -> None:
        """The track ends; `notify_owner` where it is the server's will, not the publisher's."""
        owner = publication.owner
        if owner.publications.pop(publication.sid, None) is None:
            return
        self.subscriptions.drop_publication(publication)
        if publication.up is not None:
            publication.up.close()
        if notify_owner:
            message = SignalResponse()
            message.track_unpublished.track_sid = publication.sid
            owner.link.send(message)
            owner.link.stop_receiving(publication.sid)
        owner.changed()
        if announce:
            self.announce(owner, also_self=True)
        self._events.emit(RoomEventKind.TRACK_UNPUBLISHED, self.info(), owner.info(), publication.info)

    def set_muted(self, publication: Publication, muted: bool, *, by_server: bool) -> None:
        if by_server:
            message = SignalResponse()
            message.mute.sid = publication.sid
            message.mute.muted = muted
            publication.owner.link.send(message)
        if publication.info.muted == muted:
            return
        publication.info.muted = muted
        if publication.up is not None:
            publication.up.set_muted(muted)
        self.track_changed(publication)

    def track_changed(self, publication: Publication) -> None:
        """Something in its `TrackInfo` is different; known only once published."""
        if publication.is_published:
            publication.owner.changed()
            self.announce(publication.owner, also_self=True)

    # -- telling

    def announce(self, participant: Participant, *, also_self: bool = False) -> None:
        """Send a participant's state to all who may know of it."""
        message = SignalResponse(update=ParticipantUpdate(participants=[participant.info()])).SerializeToString()
        if also_self:
            participant.link.send_encoded(message)
        if participant.is_hidden:
            return
        self._send_to((p for p in self.participants.values() if p is not participant), message)

    def broadcast(self, message: SignalResponse) -> None:
        self._send_to(self.participants.values(), message.SerializeToString())

    def _room_changed(self) -> None:
        self.broadcast(SignalResponse(room_update=RoomUpdate(room=self.info())))

    def set_metadata(self, metadata: str) -> None:
        self.metadata = metadata
        self._room_changed()

    @staticmethod
    def _send_to(people: Iterable[Participant], message: bytes) -> None:
        for person in people:
            person.link.send_encoded(message)

    # -- life

    def info(self) -> RoomInfo:
        visible = self.visible()
        return RoomInfo(
            sid=self.sid,
            name=self.name,
            empty_timeout=self.settings.empty_timeout_s,
            departure_timeout=self.settings.departure_timeout_s,
            max_participants=self.settings.max_participants,
            creation_time=self.created_at_ms // 1000,
            creation_time_ms=self.created_at_ms,
            enabled_codecs=[Codec(mime=mime) for mime in ENABLED_CODECS],
            metadata=self.metadata,
            num_participants=len(visible),
            num_publishers=sum(p.is_publisher for p in visible),
        )

    def is_expired(self, now_us: int) -> bool:
        """Nobody came for `empty_timeout`, or the last one left `departure_timeout` ago."""
        if self.participants:
            return False
        timeout_s = self.settings.departure_timeout_s if self._has_had_people else self.settings.empty_timeout_s
        return now_us - self._empty_since_us >= timeout_s * 1_000_000

    def close(self, reason: DisconnectReason = DisconnectReason.ROOM_DELETED) -> None:
        """Everybody is told and leaves; the room is over. Idempotent."""
        if self.is_closed:
            return
        self.is_closed = True
        # A server that stops is mostly one that restarts: clients shall come back by themselves.
        is_restart = reason == DisconnectReason.SERVER_SHUTDOWN
        action = LeaveRequest.Action.RECONNECT if is_restart else LeaveRequest.Action.DISCONNECT
        for participant in list(self.participants.values()):
            self.leave(participant, reason)
            participant.link.disconnect(reason, action)
        self._events.emit(RoomEventKind.ROOM_FINISHED, self.info())


def _ms(clock: Clock) -> int:
    return int(clock.now().timestamp() * 1000)
