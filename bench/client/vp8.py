"""Payloads that look like a camera's and a microphone's to a forwarder: VP8 (RFC 7741) and Opus. Pure and seeded.

The last eight bytes of each payload hold the time of sending (Unix nanoseconds), which a receiver
that decrypts a packet reads to tell how long it was under way.
"""

from __future__ import annotations

import struct
from random import Random

STAMP = struct.Struct("!Q")
# libwebrtc's largest RTP payload with the usual extensions is about 1,180 bytes.
MAX_PAYLOAD = 1_150
# A key frame of a talking head is three to six times a delta frame at the same bitrate.
KEY_FRAME_FACTOR = 4
# Temporal pattern of L1T3, as Chromium sends it for simulcast: base, top, middle, top.
_TEMPORAL = (0, 2, 1, 2)


class Vp8Source:
    """Frames of one encoding: each call gives the payloads of one frame, without their time stamps."""

    def __init__(
        self, *, width: int, height: int, fps: int, bitrate_bps: int, seed: int, has_temporal_layers: bool = False
    ) -> None:
        self.fps = fps
        self._size = (width, height)
        self._mean_bytes = bitrate_bps / 8 / fps
        self._random = Random(seed)
        self._filler = self._random.randbytes(MAX_PAYLOAD * 2)
        self._picture = self._random.randrange(1 << 15)
        self._tl0 = self._random.randrange(256)
        self._index = 0
        self._has_temporal_layers = has_temporal_layers

    def frame(self, *, is_key: bool) -> list[bytes]:
        if is_key:
            self._index = 0
        temporal = _TEMPORAL[self._index % 4] if self._has_temporal_layers else 0
        self._index += 1
        self._picture = (self._picture + 1) & 0x7FFF
        if temporal == 0:
            self._tl0 = (self._tl0 + 1) & 0xFF
        size = self._mean_bytes * max(0.3, self._random.gauss(1.0, 0.2)) * (KEY_FRAME_FACTOR if is_key else 1)
        room = MAX_PAYLOAD - 6 - STAMP.size
        count = max(1, -(-int(size) // room))
        # libwebrtc splits a frame into pieces that differ by one byte at most.
        piece, more = divmod(max(int(size), 16 * count), count)
        return [
            self._descriptor(index == 0, temporal)
            + self._body(piece + (index < more), is_first=index == 0, is_key=is_key)
            for index in range(count)
        ]

    def _descriptor(self, is_first: bool, temporal: int) -> bytes:
        start = 0x90 if is_first else 0x80  # X, S at the first packet, partition 0
        picture = 0x8000 | self._picture
        if not self._has_temporal_layers:
            return struct.pack("!BBH", start, 0x80, picture)
        is_droppable = 0x20 if temporal == 2 else 0
        return struct.pack("!BBHBB", start | is_droppable, 0xE0, picture, self._tl0, temporal << 6)

    def _body(self, size: int, *, is_first: bool, is_key: bool) -> bytes:
        offset = self._random.randrange(MAX_PAYLOAD)
        filler = self._filler[offset : offset + size]
        if not is_first:
            return filler
        width, height = self._size
        # RFC 6386 §9.1: frame tag (bit 0: 0 = key frame, bit 4: show), then start code and size.
        tag = 0x10 | (0 if is_key else 1)
        head = bytes((tag, 0, 0))
        if is_key:
            head += b"\x9d\x01\x2a" + struct.pack("<HH", width, height)
        return head + filler[: max(0, size - len(head))]


def is_key_start(payload: bytes) -> bool:
    """Does this VP8 payload begin a key frame?"""
    if len(payload) < 8 or not payload[0] & 0x10 or payload[0] & 0x07:
        return False
    at = 1
    if payload[0] & 0x80:
        flags = payload[1]
        at = 2
        if flags & 0x80:
            at += 2 if payload[at] & 0x80 else 1
        at += (1 if flags & 0x40 else 0) + (1 if flags & 0x30 else 0)
    return at < len(payload) and not payload[at] & 1


class OpusSource:
    """20 ms packets of about 32 kbit/s while talking; with DTX a tiny one per 400 ms otherwise (RFC 7587 §3.1.3)."""

    TICKS = 960
    SILENCE_EVERY = 20

    def __init__(self, *, seed: int, has_dtx: bool = True) -> None:
        self._random = Random(seed)
        self._filler = self._random.randbytes(400)
        self._has_dtx = has_dtx
        self._count = 0
        self.is_talking = True

    def packet(self) -> tuple[bytes, int] | None:
        """(payload without time stamp, level in -dBov) or None when DTX keeps quiet."""
        self._count += 1
        if self.is_talking:
            size = self._random.randint(60, 100)
            return b"\x78" + self._filler[:size], self._random.randint(20, 35)
        if self._has_dtx:
            return (b"\x78" + self._filler[:2], 127) if self._count % self.SILENCE_EVERY == 0 else None
        return b"\x78" + self._filler[:20], 100
