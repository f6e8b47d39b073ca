"""What one drain brought of one source, summed up once so that each subscriber can decide about it in one step."""

from __future__ import annotations

from server.sfu.layout import MAX_SEGMENTS, BurstLayout
from server.sfu.packet import Packet, Source

# What one run can hold; a longer burst is forwarded in several.
MAX_BURST = MAX_SEGMENTS


class Burst:
    """`is_whole`: consecutive numbers and one extension block for all, so that one decision and one layout do.

    `written` keeps, for each kind of subscriber (`PacketWriter.key`), how it looks to them: layout and extension block.
    """

    __slots__ = ("first", "highest_tid", "is_whole", "last", "packets", "source", "written")

    def __init__(self, packets: list[Packet]) -> None:
        """`packets` in order of arrival, at least one and at most MAX_BURST, all of one source."""
        first = packets[0]
        self.packets = packets
        self.source: Source = first.source
        self.first = first.sequence
        self.last = packets[-1]
        self.written: dict[str, tuple[BurstLayout, bytes]] = {}
        expected = self.first
        highest_tid = 0
        # Packets of sound have a level each, so only one alone has one block.
        is_whole = self.source.is_video or len(packets) == 1
        for packet in packets:
            if packet.sequence != expected or packet.has_extensions:
                is_whole = False
                break
            expected += 1
            if packet.tid > highest_tid:
                highest_tid = packet.tid
        self.is_whole = is_whole
        self.highest_tid = highest_tid
