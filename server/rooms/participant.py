"""A person (or program) in a room: identity, rights, tracks; survives a reconnect of its socket."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from livekit.protocol.models import ClientInfo, DisconnectReason, ParticipantInfo
from livekit.protocol.rtc import SubscriptionPermission

from server.ids import Identity, ParticipantSid, TrackSid
from server.rooms.access_token import Claims
from server.rooms.grants import VideoGrants
from server.rooms.link import ParticipantLink
from server.rooms.publication import Publication
from server.rooms.subscription import Subscription

State = ParticipantInfo.State


class Participant:
    """State only; who may do what is asked of `policy` and `VideoGrants`, effects belong to `Room`."""

    __slots__ = (
        "attributes",
        "auto_subscribe",
        "claims",
        "client_info",
        "disconnect_reason",
        "grants",
        "identity",
        "joined_at_ms",
        "kind",
        "last_reliable_sequence",
        "link",
        "metadata",
        "name",
        "pending",
        "publications",
        "sid",
        "state",
        "subscription_permission",
        "subscriptions",
        "version",
        "wishes_by_sid",
    )

    def __init__(
        self,
        *,
        sid: ParticipantSid,
        claims: Claims,
        client_info: ClientInfo,
        link: ParticipantLink,
        joined_at_ms: int,
        auto_subscribe: bool = True,
        metadata: str = "",
        attributes: Mapping[str, str] | None = None,
    ) -> None:
        self.sid = sid
        self.identity = Identity(claims.identity)
        self.claims = claims
        self.grants: VideoGrants = claims.grants
        self.name = claims.name
        self.metadata = metadata or claims.metadata
        self.attributes: dict[str, str] = {**claims.attributes, **(attributes or {})}
        self.kind = claims.kind
        self.client_info = client_info
        self.link = link
        self.joined_at_ms = joined_at_ms
        self.auto_subscribe = auto_subscribe
        self.state: ParticipantInfo.State = State.JOINING
        self.version = 1
        self.disconnect_reason: DisconnectReason = DisconnectReason.UNKNOWN_REASON
        self.pending: dict[str, Publication] = {}
        """By client id: announced by `add_track`, no media section yet."""
        self.publications: dict[TrackSid, Publication] = {}
        self.subscriptions: dict[TrackSid, Subscription] = {}
        self.wishes_by_sid: dict[str, bool] = {}
        """Explicit subscribe / unsubscribe messages, also for tracks that do not exist yet (bounded by `Room`)."""
        self.subscription_permission: SubscriptionPermission | None = None
        self.last_reliable_sequence = 0

    @property
    def is_hidden(self) -> bool:
        return self.grants.hidden

    @property
    def is_gone(self) -> bool:
        return self.state == State.DISCONNECTED

    @property
    def is_publisher(self) -> bool:
        return bool(self.publications)

    def changed(self) -> None:
        """Clients ignore an info whose version is not newer than the one they have."""
        self.version += 1

    def wanted_subscriptions(self) -> Iterator[Subscription]:
        return (sub for sub in self.subscriptions.values() if sub.is_wanted)

    def may_auto_subscribe(self, publication: Publication) -> bool:
        """An explicit message about this track wins over the connection's default."""
        return self.wishes_by_sid.get(publication.info.sid, self.auto_subscribe)

    def info(self) -> ParticipantInfo:
        info = ParticipantInfo(
            sid=self.sid,
            identity=self.identity,
            state=self.state,
            name=self.name,
            metadata=self.metadata,
            attributes=self.attributes,
            joined_at=self.joined_at_ms // 1000,
            joined_at_ms=self.joined_at_ms,
            version=self.version,
            permission=self.grants.to_permission(),
            is_publisher=self.is_publisher,
            kind=self.kind,
            client_protocol=self.client_info.client_protocol,
            capabilities=list(self.client_info.capabilities),
            disconnect_reason=self.disconnect_reason,
        )
        info.tracks.extend(publication.info for publication in self.publications.values())
        return info
