"""Session descriptions as frozen values: what WebRTC peers say to each other, without the text (RFC 8866, RFC 8829).

Only what we answer with or act on is kept; unknown attributes are dropped by the parser. The text forms
are `sdp_parser.parse_sdp` and `sdp_writer.write_sdp`; writing and parsing again gives an equal value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from server.sfu.description import Fingerprint, IceParameters

AUDIO = "audio"
VIDEO = "video"
APPLICATION = "application"


class Direction(StrEnum):
    """Seen from the one who wrote it (RFC 8866 §6.7)."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"


class Setup(StrEnum):
    """Who starts DTLS (RFC 8842 §5)."""

    ACTIVE = "active"
    PASSIVE = "passive"
    ACTPASS = "actpass"


def fmtp_parameters(fmtp: str) -> dict[str, str]:
    """Format parameters as a mapping, keys in lower case; entries without ``=`` have an empty value."""
    pairs = (entry.partition("=") for entry in fmtp.split(";"))
    return {key.strip().lower(): value.strip() for key, _, value in pairs if key.strip()}


@dataclass(frozen=True, slots=True, kw_only=True)
class RtpCodec:
    """One payload type with its rtpmap, fmtp and rtcp-fb lines. `name` is lower case."""

    payload_type: int
    name: str
    clock_rate: int
    channels: int = 0
    fmtp: str = ""
    feedback: tuple[str, ...] = ()

    @property
    def parameters(self) -> dict[str, str]:
        return fmtp_parameters(self.fmtp)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderExtension:
    """``a=extmap``. `direction` is None when the line names none (RFC 8285 §8)."""

    id: int
    uri: str
    direction: Direction | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rid:
    """``a=rid`` (RFC 8851). `direction` is ``send`` or ``recv``."""

    id: str
    direction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulcast:
    """``a=simulcast`` (RFC 8853): first alternative of each stream, pause marks dropped, in preference order."""

    send: tuple[str, ...] = ()
    recv: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Msid:
    """``a=msid`` (RFC 8830). Firefox writes both in braces; they are kept as they came."""

    stream: str
    track: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SsrcGroup:
    """``a=ssrc-group`` (RFC 5576 §4.2): FID pairs media with retransmission, SIM lists layers."""

    semantics: str
    ssrcs: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaSection:
    """One m= section. Session-level ICE, fingerprints and setup are already handed down into it."""

    kind: str
    mid: str
    port: int = 9
    protocol: str = "UDP/TLS/RTP/SAVPF"
    formats: tuple[str, ...] = ()
    direction: Direction = Direction.SENDRECV
    ice: IceParameters | None = None
    fingerprints: tuple[Fingerprint, ...] = ()
    setup: Setup | None = None
    candidates: tuple[str, ...] = ()
    """Values after ``a=candidate:``."""
    has_end_of_candidates: bool = False
    is_bundle_only: bool = False
    has_rtcp_mux: bool = False
    has_rtcp_rsize: bool = False
    codecs: tuple[RtpCodec, ...] = ()
    extensions: tuple[HeaderExtension, ...] = ()
    msid: Msid | None = None
    rids: tuple[Rid, ...] = ()
    simulcast: Simulcast | None = None
    ssrcs: tuple[int, ...] = ()
    """In order of first appearance, retransmission SSRCs included."""
    ssrc_groups: tuple[SsrcGroup, ...] = ()
    cname: str = ""
    sctp_port: int | None = None
    max_message_size: int | None = None

    @property
    def is_rejected(self) -> bool:
        """Port 0 means refused or stopped, unless the section only lives in the bundle (RFC 9143 §7.1)."""
        return self.port == 0 and not self.is_bundle_only

    @property
    def is_media(self) -> bool:
        return self.kind in (AUDIO, VIDEO)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDescription:
    """A whole description. `bundle` holds the mids of the first BUNDLE group."""

    session_id: int = 0
    version: int = 0
    bundle: tuple[str, ...] = ()
    is_ice_lite: bool = False
    sections: tuple[MediaSection, ...] = field(default=())
