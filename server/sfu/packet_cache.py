"""The last packets of one source, by extended number, to answer NACKs from: a ring, so it never grows."""

from __future__ import annotations

from server.sfu.packet import Packet


class PacketCache:
    """`size` is a power of two. A packet's slot is its number modulo the size; a newer packet takes the slot over."""

    __slots__ = ("_mask", "_ring")

    def __init__(self, size: int) -> None:
        assert size.bit_count() == 1, "a power of two, for the mask"
        self._mask = size - 1
        self._ring: list[Packet | None] = [None] * size

    def put(self, packet: Packet) -> None:
        self._ring[packet.sequence & self._mask] = packet

    def get(self, sequence: int) -> Packet | None:
        packet = self._ring[sequence & self._mask]
        return packet if packet is not None and packet.sequence == sequence else None

    def clear(self) -> None:
        self._ring = [None] * len(self._ring)
