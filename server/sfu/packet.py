"""One received RTP packet, parsed once and read by every subscriber's forwarder (RFC 3550 §5.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.sfu.clock_map import SenderClock

if TYPE_CHECKING:
    from server.sfu.packet_cache import PacketCache

# Above every real temporal layer (VP8 has 0-3), so that one comparison also finds packets without a payload.
NO_PAYLOAD_TID = 99


class Source:
    """One encoding of a track as the forwarders see it: an identity, a clock and a place among the layers.

    A publisher that restarts its encoder with a new SSRC gets a new `Source`.
    """

    __slots__ = ("cache", "clock", "is_video", "quality", "ssrc")

    def __init__(self, *, ssrc: int, quality: int, clock_rate: int, is_video: bool, cache: PacketCache) -> None:
        self.ssrc = ssrc
        self.cache = cache
        self.quality = quality
        self.is_video = is_video
        self.clock = SenderClock(clock_rate)


class Packet:
    """`sequence` is extended (never wraps), `timestamp` is the wire's 32 bits, `payload` is without padding.

    `*_at` are offsets into the payload of the VP8 descriptor fields, 0 = the field is absent.
    """

    __slots__ = (
        "arrived_us",
        "audio_level",
        "begins_picture",
        "has_extensions",
        "is_keyframe",
        "is_red",
        "is_sync",
        "key_at",
        "keyidx",
        "marker",
        "orientation",
        "payload",
        "picture_at",
        "picture_id",
        "playout_delay",
        "primary",
        "sequence",
        "size",
        "source",
        "tid",
        "tid_bits",
        "timestamp",
        "tl0_at",
        "tl0picidx",
    )

    def __init__(
        self, source: Source, sequence: int, timestamp: int, marker: int, payload: bytes, arrived_us: int
    ) -> None:
        self.source = source
        self.sequence = sequence
        self.timestamp = timestamp
        self.marker = marker
        """0x80 or 0, ready to be joined with a payload type."""
        self.payload = payload
        self.size = len(payload)
        self.arrived_us = arrived_us
        self.tid = 0 if payload else NO_PAYLOAD_TID
        self.begins_picture = False
        self.is_keyframe = False
        """This packet is the first of a key frame: a decoder can start here."""
        self.is_sync = False
        self.is_red = False
        self.primary: bytes | None = None
        """The primary block of a RED payload, unpacked when the first subscriber needs it."""
        self.audio_level = -1
        self.has_extensions = False
        """Orientation or playout delay: this packet's extension block differs from its neighbours'."""
        self.orientation: bytes | None = None
        self.playout_delay: bytes | None = None
        self.tid_bits = 0
        self.picture_id = self.tl0picidx = self.keyidx = 0
        self.picture_at = self.tl0_at = self.key_at = 0
