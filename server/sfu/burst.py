"""What one drain brought of one source, summed up once so that each subscriber can decide about it in one step."""

from __future__ import annotations

from server.sfu.layout import MAX_SEGMENTS, BurstLayout
from server.sfu.packet import Packet, Source

# What one run can hold; a longer burst is forwarded in several.
MAX_BURST = MAX_SEGMENTS


class Burst:
    """`is_plain`: consecutive numbers and no extensions of their own, so that one decision and one layout do for all.

    `single` is its packet where it has only one.
    """

    __slots__ = ("_layouts", "first", "highest_tid", "is_plain", "last", "packets", "single", "source")

    def __init__(self, packets: list[Packet]) -> None:
        """`packets` in order of arrival, at least one and at most MAX_BURST, all of one source."""
        first = packets[0]
        self.packets = packets
        self.source: Source = first.source
        self.first = first.sequence
        self.last = packets[-1]
        self.single = first if len(packets) == 1 else None
        self._layouts: dict[int, BurstLayout] = {}
        expected = self.first
        highest_tid = 0
        is_plain = True
        for packet in packets:
            if packet.sequence != expected or packet.has_extensions:
                is_plain = False
                break
            expected += 1
            if packet.tid > highest_tid:
                highest_tid = packet.tid
        self.is_plain = is_plain
        self.highest_tid = highest_tid

    def layout(self, *, flags: int, payload_type: int, block_bytes: int, trailer_bytes: int) -> BurstLayout:
        """`payload_type` with the marker that a stretch adds."""
        key = (payload_type << 8 | block_bytes) << 8 | trailer_bytes
        found = self._layouts.get(key)
        if found is None:
            found = self._layouts[key] = BurstLayout(
                self.packets,
                flags=flags,
                payload_type=payload_type,
                block_bytes=block_bytes,
                trailer_bytes=trailer_bytes,
            )
        return found
