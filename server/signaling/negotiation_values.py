"""What goes into a negotiation and what comes out of it, as frozen values (JSEP, RFC 8829)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from server.errors import ErrorCode, InvalidInput
from server.sfu.description import (
    DtlsRole,
    Fingerprint,
    HostCandidate,
    IceParameters,
    MediaKind,
    ReceiveSection,
    SendSection,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalTransport:
    """Our end as it is announced."""

    ice: IceParameters
    fingerprints: tuple[Fingerprint, ...]
    candidates: tuple[HostCandidate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A subscription that wants a section: one track of somebody else, sent under `ssrc`."""

    track_sid: str
    stream_id: str
    """``PA_xxx|camera``: tracks with equal ids are lip-synced by the client."""
    kind: MediaKind
    mime: str
    """The up track's; audio/red is also sent as opus to those who know no RED."""
    fmtp: str = ""
    stereo: bool = False
    ssrc: int
    rtx_ssrc: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishOptions:
    """What a pending AddTrack wishes of its section. `mimes` are put first in the answer, in this order."""

    kind: MediaKind | None = None
    """Needed only to bind by order (Firefox)."""
    mimes: tuple[str, ...] = ()
    disable_red: bool = False
    disable_dtx: bool = False
    stereo: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A section on which the client publishes now."""

    section: ReceiveSection
    msid_track: str
    msid_stream: str
    cid: str = ""
    """Key of the `PublishOptions` that this section was bound to; empty = no AddTrack is known for it yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedPublish:
    """A section that offers only codecs we do not take. `mime` is the first it offered."""

    mid: str
    kind: MediaKind
    mime: str
    msid_track: str
    cid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortage:
    """What the client must do before every subscription has a section (``media_sections_requirement``)."""

    audio: int = 0
    video: int = 0
    wants_offer: bool = False
    """True when another offer is needed, even if no section is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Negotiated:
    """What one finished exchange agreed on: the whole state, not a difference, except `ended` and `refused`."""

    sdp: str
    """Our answer; empty when we were the offerer."""
    remote_ice: IceParameters
    remote_fingerprints: tuple[Fingerprint, ...]
    role: DtlsRole
    is_ice_restart: bool
    incoming: tuple[Incoming, ...] = ()
    ended: tuple[str, ...] = ()
    """Mids that published before and no longer do."""
    sending: Mapping[str, SendSection] = field(default_factory=dict)
    """By track sid."""
    mid_to_track: Mapping[str, str] = field(default_factory=dict)
    shortage: Shortage = field(default_factory=Shortage)
    refused: tuple[tuple[str, str], ...] = ()
    """(track sid, reason): subscriptions that this client cannot decode."""
    refused_publish: tuple[RefusedPublish, ...] = ()
    has_data: bool = False

    @property
    def missing_audio(self) -> int:
        return self.shortage.audio

    @property
    def missing_video(self) -> int:
        return self.shortage.video


def refuse(detail: str) -> InvalidInput:
    """The error for a description that reads well but cannot be agreed to."""
    return InvalidInput(ErrorCode.SDP_INVALID, detail)
