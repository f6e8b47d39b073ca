"""Bursts of plain packets: no extensions, payload type 96."""

from __future__ import annotations

from collections.abc import Sequence

from server.sfu.layout import BurstLayout
from server.sfu.packet import Packet, Source
from server.sfu.packet_cache import PacketCache

SOURCE = Source(ssrc=1, quality=0, clock_rate=90_000, is_video=True, cache=PacketCache(1))


def layout_of(packets: Sequence[Packet], trailer_bytes: int) -> BurstLayout:
    payloads = [packet.payload for packet in packets]
    return BurstLayout(packets, payloads, flags=0x80, payload_type=96, block_bytes=0, trailer_bytes=trailer_bytes)
