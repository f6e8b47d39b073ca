"""What one drain brought of one source, summed up once so that each subscriber can decide about it in one step."""

from __future__ import annotations

from server.sfu.packet import Packet, Source


class Burst:
    """`is_plain`: consecutive numbers and no extensions of their own, so that one decision and one loop do for all."""

    __slots__ = ("first", "highest_tid", "is_plain", "last", "packets", "source")

    def __init__(self, packets: list[Packet]) -> None:
        """`packets` in order of arrival, at least one, all of one source."""
        first = packets[0]
        self.packets = packets
        self.source: Source = first.source
        self.first = first.sequence
        self.last = packets[-1]
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
