"""Where the packets of one burst stand behind one another for one kind of subscriber: one `pack` writes them all.

Subscribers with the same payload type, extension block size and SRTP trailer share a layout, so what depends on the
burst alone is worked out once and not thirty times (media.md §1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import accumulate
from struct import Struct
from typing import Any

from server.sfu.packet import Packet

_FIXED_HEADER_BYTES = 12
_FLAGS_TO_SEQUENCE_BYTES = 4
# The kernel's UDP_MAX_SEGMENTS before 6.9; also all packets of a key frame of 64 kB.
MAX_SEGMENTS = 64
# Why 65 000: the kernel refuses a run whose IP packet would be longer than 65 535 with all its headers.
MAX_RUN_BYTES = 65_000
# libwebrtc cuts a frame into packets that differ by one byte, the small ones first: with a few bytes of RTP padding
# (RFC 3550 §5.1) a frame is one run instead of two.
_MAX_PADDING = 3
_PADDINGS = tuple(bytes(max(0, size - 1)) + bytes((size,)) if size else b"" for size in range(_MAX_PADDING + 1))
_HAS_PADDING = 0x20
# flags with marker and payload type; sequence; timestamp with SSRC and extension block; payload
_FIELDS = 4
_SEQUENCE, _MIDDLE = 1, 2
_pack_clock = Struct(">II").pack


class BurstLayout:
    """`sizes` are those of the clear packets; after each there is room for its trailer. `runs` are (start, end, size).

    `octets` are payload bytes without padding (RFC 3550 §6.4.1); `total_bytes` is what all take, trailers too, and
    `payloads_at` where each payload stands in it.

    A run is what one `sendmsg` with UDP_SEGMENT can send: equal sizes but for a shorter last one.
    """

    __slots__ = (
        "_pack", "_timestamp", "_timestamps", "_values", "count", "octets", "payloads_at", "prepared", "rows", "runs",
        "sizes", "total_bytes",
    )  # fmt: skip

    def __init__(
        self,
        packets: Sequence[Packet],
        payloads: Sequence[bytes],
        *,
        flags: int,
        payload_type: int,
        block_bytes: int,
        trailer_bytes: int,
    ) -> None:
        """At most MAX_SEGMENTS packets, and what is sent of each."""
        header = _FIXED_HEADER_BYTES + block_bytes
        self.prepared: Any = None
        """For the writer: what it keeps about this layout from the first subscriber to the last."""
        self.rows: Any = None
        """For a `SendGroup`, likewise."""
        self.count = len(packets)
        self.octets = sum(map(len, payloads))
        self.sizes: list[int] = []
        self._values: list[object] = []
        largest = max(map(len, payloads))
        parts = [">"]
        for packet, whole in zip(packets, payloads, strict=True):
            payload, flag = whole, flags
            if 0 < largest - len(whole) <= _MAX_PADDING:
                payload += _PADDINGS[largest - len(whole)]
                flag |= _HAS_PADDING
            self._values += (flag << 8 | payload_type | packet.marker, 0, b"", payload)
            parts.append(f"HH{header - _FLAGS_TO_SEQUENCE_BYTES}s{len(payload)}s{trailer_bytes}x")
            self.sizes.append(header + len(payload))
        self._pack = _packer("".join(parts))
        self.runs = _runs([size + trailer_bytes for size in self.sizes])
        self.total_bytes = sum(self.sizes) + trailer_bytes * self.count
        places = accumulate((size + trailer_bytes for size in self.sizes[:-1]), initial=header)
        self.payloads_at = tuple(places)
        self._timestamp = packets[0].timestamp
        has_one_timestamp = all(packet.timestamp == self._timestamp for packet in packets)
        self._timestamps = None if has_one_timestamp else [packet.timestamp for packet in packets]

    def write(self, buffer: bytearray, at: int, sequence: int, timestamp_offset: int, ssrc: int, block: bytes) -> None:
        """All packets to ``buffer[at:]``, numbered from `sequence` (16 bits) on."""
        # Each field that differs between subscribers is written anew, so the list can be the same.
        values = self._values
        count = self.count
        if count == 1:
            values[_SEQUENCE] = sequence
            values[_MIDDLE] = _pack_clock((self._timestamp + timestamp_offset) & 0xFFFFFFFF, ssrc) + block
            self._pack(buffer, at, *values)
            return
        if sequence + count <= 0x10000:
            values[_SEQUENCE::_FIELDS] = range(sequence, sequence + count)
        else:
            values[_SEQUENCE::_FIELDS] = [(sequence + index) & 0xFFFF for index in range(count)]
        if self._timestamps is None:
            middle = _pack_clock((self._timestamp + timestamp_offset) & 0xFFFFFFFF, ssrc) + block
            values[_MIDDLE::_FIELDS] = [middle] * count
        else:
            values[_MIDDLE::_FIELDS] = [
                _pack_clock((time + timestamp_offset) & 0xFFFFFFFF, ssrc) + block for time in self._timestamps
            ]
        self._pack(buffer, at, *values)


@lru_cache(maxsize=1024)
def _packer(layout: str) -> Callable[..., None]:
    """Why kept: sound has few sizes, and each of its packets is a burst."""
    return Struct(layout).pack_into


def _runs(sizes: list[int]) -> list[tuple[int, int, int]]:
    runs: list[tuple[int, int, int]] = []
    at = start = segment = 0
    for size in sizes:
        if segment and (size > segment or at + size - start > MAX_RUN_BYTES):
            runs.append((start, at, segment))
            start, segment = at, 0
        at += size
        if not segment:
            segment = size
        elif size < segment:
            # The shorter last packet of the run: it ends here.
            runs.append((start, at, segment))
            start, segment = at, 0
    if segment:
        runs.append((start, at, segment))
    return runs
