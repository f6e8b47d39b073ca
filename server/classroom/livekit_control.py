"""MediaControl by LiveKit's RoomService API: the embedded server's or a cluster's, only the address differs."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Collection, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import TypeVar

import aiohttp
from livekit.api import AccessToken, TwirpError, TwirpErrorCode, VideoGrants
from livekit.api.room_service import RoomService
from livekit.protocol.models import ParticipantInfo, ParticipantPermission, TrackSource
from livekit.protocol.room import (
    DeleteRoomRequest,
    ListParticipantsRequest,
    MuteRoomTrackRequest,
    RoomParticipantIdentity,
    UpdateParticipantRequest,
)

from server.classroom.media import MediaPerson, MediaTrack
from server.errors import ErrorCode, Unavailable

# On loopback it takes milliseconds; a worker that is being replaced is back within 3 s.
_TIMEOUT = aiohttp.ClientTimeout(total=5)
_DEVICE = "device"

_SOURCES: Mapping[str, TrackSource] = MappingProxyType(
    {
        "camera": TrackSource.CAMERA,
        "microphone": TrackSource.MICROPHONE,
        "screen_share": TrackSource.SCREEN_SHARE,
        "screen_share_audio": TrackSource.SCREEN_SHARE_AUDIO,
    }
)
_NAMES = {source: name for name, source in _SOURCES.items()}

_R = TypeVar("_R")


class LiveKitControl:
    """Made before the event loop's work begins; the HTTP session opens with the first call."""

    def __init__(self, url: str, api_key: str, api_secret: str) -> None:
        self._url, self._key, self._secret = url, api_key, api_secret
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Idempotent."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def people(self, room: str) -> tuple[MediaPerson, ...]:
        return tuple(_person(info) for info in await self.participants(room))

    async def participants(self, room: str) -> tuple[ParticipantInfo, ...]:
        """As LiveKit says it, for the attendance. Raises Unavailable."""
        answer = await _answer(self._service().list_participants(ListParticipantsRequest(room=room)))
        return () if answer is None else tuple(answer.participants)

    async def remove(self, room: str, identity: str) -> None:
        # Tokens of before are over with it: they live ten minutes, and somebody removed would come in with one, and
        # push out who has the seat now. The signer's clock, as in the tokens: one of this very second stays good.
        request = RoomParticipantIdentity(room=room, identity=identity, revoke_token_ts=int(time.time()))
        await _answer(self._service().remove_participant(request))

    async def mute(self, room: str, identity: str, track_sid: str) -> None:
        request = MuteRoomTrackRequest(room=room, identity=identity, track_sid=track_sid, muted=True)
        await _answer(self._service().mute_published_track(request))

    async def permit(self, room: str, identity: str, sources: Collection[str]) -> None:
        permission = ParticipantPermission(
            can_subscribe=True,
            can_publish=bool(sources),
            # C16: data packets could be sent to one pupil alone, past the chat and its moderation.
            can_publish_data=False,
            can_publish_sources=[_SOURCES[source] for source in sorted(sources)],
        )
        request = UpdateParticipantRequest(room=room, identity=identity, permission=permission)
        await _answer(self._service().update_participant(request))

    async def delete(self, room: str) -> None:
        await _answer(self._service().delete_room(DeleteRoomRequest(room=room)))

    def _service(self) -> RoomService:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
        return RoomService(self._session, self._url, self._key, self._secret)


async def _answer(call: Awaitable[_R]) -> _R | None:
    """None for what is not there (any more). Raises Unavailable."""
    try:
        return await call
    except TwirpError as error:
        if error.code == TwirpErrorCode.NOT_FOUND:
            return None
        raise Unavailable(ErrorCode.MEDIA_UNAVAILABLE, f"{error.code}: {error.message}") from error
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        raise Unavailable(ErrorCode.MEDIA_UNAVAILABLE, f"{type(error).__name__}") from error


def _person(info: ParticipantInfo) -> MediaPerson:
    allowed = info.permission.can_publish_sources or (tuple(_NAMES) if info.permission.can_publish else ())
    return MediaPerson(
        identity=info.identity,
        sid=info.sid,
        device=info.attributes.get(_DEVICE, ""),
        sources=frozenset(_NAMES[source] for source in allowed if source in _NAMES)
        if info.permission.can_publish
        else frozenset(),
        tracks=tuple(
            MediaTrack(sid=track.sid, source=_NAMES.get(track.source, ""), is_muted=track.muted)
            for track in info.tracks
        ),
    )


def room_token(
    api_key: str,
    api_secret: str,
    *,
    room: str,
    identity: str,
    name: str,
    sources: Collection[str],
    attributes: Mapping[str, str],
    ttl: timedelta,
) -> str:
    """A token for one person, one room, only what may be published; never data, never another's name."""
    grants = VideoGrants(
        room_join=True,
        room=room,
        can_publish=bool(sources),
        can_publish_sources=sorted(sources),
        can_publish_data=False,
        can_update_own_metadata=False,
    )
    token = AccessToken(api_key, api_secret).with_identity(identity).with_grants(grants).with_name(name)
    return token.with_attributes(dict(attributes)).with_ttl(ttl).to_jwt()
