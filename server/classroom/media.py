"""What the classroom needs of a media server; LiveKit's RoomService gives it (`server.classroom.livekit_control`)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from livekit.protocol.models import ParticipantInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaTrack:
    sid: str
    source: str
    is_muted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaPerson:
    """`device`: what the token said of the pupil's seat; `sources`: what may be published, empty when nothing."""

    identity: str
    sid: str
    device: str
    sources: frozenset[str]
    tracks: tuple[MediaTrack, ...]


class MediaControl(Protocol):
    """Each call raises Unavailable(MEDIA_UNAVAILABLE) when there is no answer; who is not there is no error."""

    async def people(self, room: str) -> tuple[MediaPerson, ...]: ...

    async def participants(self, room: str) -> Sequence[ParticipantInfo]:
        """As LiveKit says it; for the attendance."""
        ...

    async def remove(self, room: str, identity: str) -> None:
        """Who is in with it goes; tokens that were given before do not open the room any more."""
        ...

    async def mute(self, room: str, identity: str, track_sid: str) -> None: ...

    async def permit(self, room: str, identity: str, sources: Collection[str]) -> None: ...

    async def delete(self, room: str) -> None: ...

    async def close(self) -> None: ...
