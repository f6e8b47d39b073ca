"""What a token allows, and how LiveKit says the same about a participant (`ParticipantPermission`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from livekit.protocol.models import ParticipantPermission, TrackSource, TrackType

from server.errors import ErrorCode, Unauthorized

# The names in tokens (media.md §a.2).
SOURCES: Mapping[str, TrackSource] = MappingProxyType(
    {
        "camera": TrackSource.CAMERA,
        "microphone": TrackSource.MICROPHONE,
        "screen_share": TrackSource.SCREEN_SHARE,
        "screen_share_audio": TrackSource.SCREEN_SHARE_AUDIO,
    }
)


_KINDS: Mapping[int, TrackType] = MappingProxyType(
    {
        TrackSource.CAMERA: TrackType.VIDEO,
        TrackSource.MICROPHONE: TrackType.AUDIO,
        TrackSource.SCREEN_SHARE: TrackType.VIDEO,
        TrackSource.SCREEN_SHARE_AUDIO: TrackType.AUDIO,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoGrants:
    """The `video` claim. Publishing, subscribing and data are allowed unless denied (media.md §a.2)."""

    room: str = ""
    room_join: bool = False
    room_create: bool = False
    room_list: bool = False
    room_record: bool = False
    room_admin: bool = False
    can_publish: bool = True
    can_subscribe: bool = True
    can_publish_data: bool = True
    can_publish_sources: frozenset[TrackSource] = frozenset()
    """When not empty, only these sources may be published."""
    can_update_own_metadata: bool = False
    can_subscribe_metrics: bool = False
    can_manage_agent_session: bool = False
    hidden: bool = False
    recorder: bool = False
    agent: bool = False
    destination_room: str = ""

    def may_publish(self, source: TrackSource, kind: TrackType | None = None) -> bool:
        """Whether a track of this source (and of this kind, before it is known) may be published now."""
        if not self.can_publish or not self.can_publish_sources:
            return self.can_publish
        # Why the kind: a voice under the name of a camera would go round a closed microphone.
        return source in self.can_publish_sources and (kind is None or _KINDS.get(source) == kind)

    def to_permission(self) -> ParticipantPermission:
        """As clients see it; JS refuses to publish without it."""
        return ParticipantPermission(
            can_subscribe=self.can_subscribe,
            can_publish=self.can_publish,
            can_publish_data=self.can_publish_data,
            can_publish_sources=sorted(self.can_publish_sources),
            hidden=self.hidden,
            recorder=self.recorder,
            can_update_metadata=self.can_update_own_metadata,
            agent=self.agent,
            can_subscribe_metrics=self.can_subscribe_metrics,
            can_manage_agent_session=self.can_manage_agent_session,
        )

    def with_permission(self, permission: ParticipantPermission) -> VideoGrants:
        """UpdateParticipant replaces the whole permission, as LiveKit does; room rights stay the token's."""
        return replace(
            self,
            can_subscribe=permission.can_subscribe,
            can_publish=permission.can_publish,
            can_publish_data=permission.can_publish_data,
            can_publish_sources=frozenset(permission.can_publish_sources),
            hidden=permission.hidden,
            recorder=permission.recorder,
            can_update_own_metadata=permission.can_update_metadata,
            agent=permission.agent,
            can_subscribe_metrics=permission.can_subscribe_metrics,
            can_manage_agent_session=permission.can_manage_agent_session,
        )


_FLAGS: Mapping[str, str] = MappingProxyType(
    {
        "roomJoin": "room_join",
        "roomCreate": "room_create",
        "roomList": "room_list",
        "roomRecord": "room_record",
        "roomAdmin": "room_admin",
        "canPublish": "can_publish",
        "canSubscribe": "can_subscribe",
        "canPublishData": "can_publish_data",
        "canUpdateOwnMetadata": "can_update_own_metadata",
        "canSubscribeMetrics": "can_subscribe_metrics",
        "canManageAgentSession": "can_manage_agent_session",
        "hidden": "hidden",
        "recorder": "recorder",
        "agent": "agent",
    }
)


def _malformed(detail: str) -> Unauthorized:
    return Unauthorized(ErrorCode.TOKEN_MALFORMED, detail)


def parse_grants(claim: object) -> VideoGrants:
    """The `video` claim, every field's type checked; None (no claim) allows nothing. Raises Unauthorized."""
    if claim is None:
        return VideoGrants()
    if not isinstance(claim, dict):
        raise _malformed("video is not an object")
    fields: dict[str, Any] = {"can_publish_sources": _sources(claim.get("canPublishSources"))}
    for key, name in _FLAGS.items():
        value = claim.get(key)
        if value is None:
            continue
        if not isinstance(value, bool):
            raise _malformed(f"video.{key} is not true or false")
        fields[name] = value
    for key, name in (("room", "room"), ("destinationRoom", "destination_room")):
        value = claim.get(key, "")
        if not isinstance(value, str):
            raise _malformed(f"video.{key} is not text")
        fields[name] = value
    return VideoGrants(**fields)


def _sources(value: object) -> frozenset[TrackSource]:
    if value is None:
        return frozenset()
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise _malformed("video.canPublishSources is not a list of names")
    unknown = [name for name in value if name not in SOURCES]
    if unknown:
        raise _malformed(f"unknown source {unknown[0][:40]!r}")
    return frozenset(SOURCES[name] for name in value)


def grants_claim(grants: VideoGrants) -> dict[str, object]:
    """The `video` claim for a token, without what equals the default."""
    usual = VideoGrants()
    claim: dict[str, object] = {
        key: getattr(grants, name) for key, name in _FLAGS.items() if getattr(grants, name) != getattr(usual, name)
    }
    if grants.room:
        claim["room"] = grants.room
    if grants.destination_room:
        claim["destinationRoom"] = grants.destination_room
    if grants.can_publish_sources:
        claim["canPublishSources"] = [name for name, source in SOURCES.items() if source in grants.can_publish_sources]
    return claim
