"""A room with people whose links remember what they were sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

from livekit.protocol.models import (
    ClientInfo,
    DisconnectReason,
    ParticipantInfo,
    Room,
    TrackInfo,
    TrackSource,
    TrackType,
)
from livekit.protocol.rtc import AddTrackRequest, LeaveRequest, SignalResponse

from server.ids import Identity, ParticipantSid, RoomName, RoomSid, TrackSid
from server.rooms.access_token import Claims
from server.rooms.events import RoomEventKind
from server.rooms.grants import VideoGrants
from server.rooms.participant import Participant
from server.rooms.publication import Publication
from server.rooms.room import Room as LiveRoom
from server.rooms.room import RoomSettings
from server.sfu.description import MediaKind
from server.sfu.fanout import Fanout
from server.sfu.uptrack import UpTrack
from tests.fakes.clock import FakeClock


class FakeLink:
    """Implements `ParticipantLink`; `can_take` False = the channel is full or closed."""

    def __init__(self) -> None:
        self.sent: list[SignalResponse] = []
        self.data: list[tuple[str, bytes]] = []
        self.refreshes = 0
        self.stopped: list[str] = []
        self.left: tuple[DisconnectReason, LeaveRequest.Action] | None = None

    def send(self, message: SignalResponse) -> None:
        self.sent.append(message)

    def send_encoded(self, message: bytes) -> None:
        self.sent.append(SignalResponse.FromString(message))

    def refresh_subscriptions(self) -> None:
        self.refreshes += 1

    def stop_receiving(self, track_sid: str) -> None:
        self.stopped.append(track_sid)

    def send_data(self, label: str, payload: bytes) -> bool:
        self.data.append((label, payload))
        return True

    def disconnect(self, reason: DisconnectReason, action: LeaveRequest.Action) -> None:
        self.left = (reason, action)

    def of_kind(self, kind: str) -> Iterator[SignalResponse]:
        return (message for message in self.sent if message.WhichOneof("message") == kind)

    def last_seen(self, identity: str) -> ParticipantInfo:
        """The newest state of somebody that this link was told."""
        infos = [info for m in self.of_kind("update") for info in m.update.participants if info.identity == identity]
        assert infos, f"never told of {identity}"
        return infos[-1]


class RecordedEvents:
    """Implements `RoomEvents`."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []

    def emit(
        self,
        kind: RoomEventKind,
        room: Room,
        participant: ParticipantInfo | None = None,
        track: TrackInfo | None = None,
    ) -> None:
        self.seen.append((str(kind), participant.identity if participant is not None else room.name))


class NoDemand:
    """Implements `UpTrackListener`."""

    def on_demand(self, up: object, quality: object) -> None:
        return None

    def on_first_packet(self, up: object) -> None:
        return None


class RoomLab:
    """A room of fakes: `enter` people, `publish` tracks."""

    def __init__(self, settings: RoomSettings | None = None) -> None:
        self.clock = FakeClock()
        self.events = RecordedEvents()
        self._numbers = count(1)
        self._fanout = Fanout()
        self.room = LiveRoom(
            name=RoomName("class"),
            sid=RoomSid("RM_1"),
            settings=settings or RoomSettings(),
            metadata="",
            clock=self.clock,
            events=self.events,
            random_u32=lambda: next(self._numbers),
        )

    def enter(
        self, identity: str, grants: VideoGrants | None = None, *, auto_subscribe: bool = True
    ) -> tuple[Participant, FakeLink]:
        link = FakeLink()
        claims = Claims(
            key="key",
            identity=identity,
            name=identity.title(),
            grants=grants or VideoGrants(room="class", room_join=True),
            expires_at=datetime(2030, 1, 1, tzinfo=UTC),
        )
        person = Participant(
            sid=ParticipantSid(f"PA_{identity}{next(self._numbers)}"),
            claims=claims,
            client_info=ClientInfo(),
            link=link,
            joined_at_ms=0,
            auto_subscribe=auto_subscribe,
        )
        self.room.join(person)
        self.room.activate(person)
        return person, link

    def publish(
        self, owner: Participant, source: TrackSource = TrackSource.CAMERA, *, muted: bool = False
    ) -> Publication:
        is_audio = source in (TrackSource.MICROPHONE, TrackSource.SCREEN_SHARE_AUDIO)
        request = AddTrackRequest(
            cid=f"cid{next(self._numbers)}",
            type=TrackType.AUDIO if is_audio else TrackType.VIDEO,
            source=source,
            muted=muted,
        )
        sid = TrackSid(f"TR_{next(self._numbers)}")
        publication = Publication(owner=owner, request=request, sid=sid, requested_at_us=0)
        kind = MediaKind.AUDIO if is_audio else MediaKind.VIDEO
        mime = "audio/opus" if is_audio else "video/vp8"
        up = UpTrack(
            sid=sid,
            kind=kind,
            mime=mime,
            layers=publication.layer_specs(),
            listener=NoDemand(),
            fanout=self._fanout,
        )
        publication.bind(up, mid=str(next(self._numbers)), mime=mime, fmtp="")
        self.room.publish(publication)
        return publication

    def person(self, identity: str) -> Participant:
        return self.room.participants[Identity(identity)]
