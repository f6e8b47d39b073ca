"""What negotiation agrees on and the packet path needs: plain values between `signaling` and `sfu`.

Payload types, extension ids and SSRCs differ per peer connection, so every value here belongs to
one section of one peer (RFC 8843 BUNDLE, RFC 8285 header extensions, RFC 8853 simulcast).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum


class MediaKind(StrEnum):
    AUDIO = "audio"
    VIDEO = "video"


class VideoQuality(IntEnum):
    """LiveKit's numbers: rids q, h and f in this order."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """One agreed codec. `mime` is lower case: ``audio/opus``, ``audio/red``, ``video/vp8``, ``video/h264``."""

    mime: str
    payload_type: int
    clock_rate: int
    channels: int = 0
    fmtp: str = ""
    rtx_payload_type: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionIds:
    """Header extension ids of one section (1-14 for one-byte headers); None = not negotiated."""

    mid: int | None = None
    rid: int | None = None
    repaired_rid: int | None = None
    abs_send_time: int | None = None
    audio_level: int | None = None
    transport_cc: int | None = None
    dependency_descriptor: int | None = None
    playout_delay: int | None = None
    video_orientation: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveSection:
    """A section on which the peer sends to us. The first codec is the preferred one."""

    mid: str
    kind: MediaKind
    codecs: tuple[Codec, ...]
    extensions: ExtensionIds
    rids: tuple[str, ...] = ()
    """Simulcast ids in the order of the offer; empty = one encoding."""
    ssrcs: tuple[int, ...] = ()
    """Primary SSRCs announced by ``a=ssrc``; may be empty (simulcast by rid)."""
    rtx_pairs: tuple[tuple[int, int], ...] = ()
    """(primary, rtx) from ``a=ssrc-group:FID``."""
    sim_ssrcs: tuple[int, ...] = ()
    """``a=ssrc-group:SIM``, lowest layer first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendSection:
    """A section on which we send one track to the peer."""

    mid: str
    kind: MediaKind
    codecs: tuple[Codec, ...]
    extensions: ExtensionIds
    ssrc: int
    rtx_ssrc: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSpec:
    """What the publisher promised for one simulcast layer. Sizes in pixels, bitrate in bit/s; 0 = unknown."""

    quality: VideoQuality
    rid: str = ""
    width: int = 0
    height: int = 0
    bitrate_bps: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerWish:
    """What one subscriber asks of a track. Width and height, when set, win over `quality`."""

    enabled: bool = True
    quality: VideoQuality = VideoQuality.HIGH
    width: int = 0
    height: int = 0
    fps: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class IceParameters:
    ufrag: str
    pwd: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """`algorithm` as in SDP (``sha-256``), `value` upper-case hex pairs with colons."""

    algorithm: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HostCandidate:
    """A local ICE candidate. `transport` is ``udp`` or ``tcp`` (passive, RFC 6544)."""

    transport: str
    host: str
    port: int
    priority: int
    foundation: str


class DtlsRole(StrEnum):
    """OUR role. An ``a=setup:active`` answer of ours is CLIENT, ``passive`` is SERVER."""

    CLIENT = "client"
    SERVER = "server"


class TransportState(StrEnum):
    NEW = "new"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    SILENT = "silent"
    """No consent check and no media for some seconds; comes back to CONNECTED by itself or by an ICE restart."""
    FAILED = "failed"
    """DTLS refused or fingerprint wrong: final."""
    CLOSED = "closed"
