"""What a participant's session needs of its media, in either of LiveKit's two modes (media.md a.4, a.5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from livekit.protocol.rtc import AddTrackRequest, SessionDescription, SignalResponse

from server.ids import ParticipantSid
from server.rooms.participant import Participant
from server.rooms.room import Room
from server.sfu.description import TransportState
from server.sfu.hub import MediaHub
from server.sfu.quality import PeerQuality
from server.sfu.transport import MediaEndpoint
from server.sfu.uptrack import UpTrackListener
from server.signaling.negotiation import Negotiated

RELIABLE = "_reliable"
LOSSY = "_lossy"
DATA_TRACK = "_data_track"


class MediaHost(Protocol):
    """What media needs around it: the room's parts and the way back to the session."""

    endpoint: MediaEndpoint
    hub: MediaHub
    room: Room
    participant: Participant
    now_us: Callable[[], int]

    @property
    def up_listener(self) -> UpTrackListener: ...

    def call_later(self, seconds: float, action: Callable[[], None]) -> None: ...

    def on_message(self, label: str, payload: bytes) -> None: ...

    def on_channel_ready(self, label: str) -> None: ...

    def on_media_state(self, state: TransportState) -> None:
        """The state of the connection that decides whether the participant is here."""
        ...


class Media(Protocol):
    """One or two peer connections. Every call is synchronous but `close`."""

    def start(self) -> None:
        """After the join response."""
        ...

    def offer(self, description: SessionDescription) -> None:
        """Raises InvalidInput; nothing has changed then."""
        ...

    def answer(self, description: SessionDescription) -> None: ...

    def refresh(self) -> None:
        """Subscriptions have changed."""
        ...

    def resume(self) -> None:
        """A new WebSocket: open negotiations were lost with the old one."""
        ...

    def announce_track(self, request: AddTrackRequest) -> None: ...

    def prefer_tcp(self, is_preferred: bool) -> None:
        """Announce only TCP candidates from the next negotiation on."""
        ...

    def stop_receiving(self, track_sid: str) -> None: ...

    def send_message(self, label: str, payload: bytes) -> bool: ...

    def quality(self, now_us: int) -> PeerQuality: ...

    async def close(self) -> None: ...


def answer_message(negotiated: Negotiated, description: SessionDescription, *, with_tracks: bool) -> SignalResponse:
    """JS ignores answers with another id than its offer's."""
    message = SignalResponse()
    message.answer.type = "answer"
    message.answer.sdp = negotiated.sdp
    message.answer.id = description.id
    if with_tracks:
        for mid, track in negotiated.mid_to_track.items():
            message.answer.mid_to_track_id[mid] = track
    return message


def transport_label(sid: ParticipantSid, part: str) -> str:
    return f"{sid}/{part}"
