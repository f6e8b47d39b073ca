"""VP8 payload descriptors: read once, rewritten per subscriber so that layer switches show no seam (RFC 7741 §4.2)."""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct

from server.sfu.packet import Packet
from server.sfu.sequence import Stretch

_PICTURE_ID = Struct(">H")
_pack_picture_id = _PICTURE_ID.pack_into
_pack_all = Struct(">HBB").pack_into
_LONG = 0x8000  # the M bit: a picture id of 15 bits
# RFC 6386 §9.1: frame tag of 3 bytes, start code of 3, then width and height of 14 bits each.
_START_CODE = b"\x9d\x01\x2a"


class PictureIds:
    """Makes 7-bit picture ids long ones, so that layers with different widths can follow one another."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last = -1

    def widen(self, short: int) -> int:
        last = self._last
        if last < 0:
            wide = short
        else:
            delta = (short - last) & 0x7F
            wide = (last + (delta - 0x80 if delta >= 0x40 else delta)) & 0x7FFF
        self._last = wide
        return wide


def describe(packet: Packet, ids: PictureIds) -> bool:
    """Fill in what the descriptor says. False when it is cut short; such a packet can still be forwarded as it is."""
    payload = packet.payload
    if len(payload) < 2:
        return False
    first = payload[0]
    at = 1
    if first & 0x80:
        at = _read_extension(packet, payload[1], ids)
        payload = packet.payload
        if at > len(payload):
            packet.picture_at = packet.tl0_at = packet.key_at = packet.tid = 0
            return False
    # S bit set and partition index 0: the first packet of a picture.
    if first & 0x17 == 0x10:
        packet.begins_picture = True
        # The P bit of the frame tag is 0 for a key frame; these bytes stay clear under end-to-end encryption.
        packet.is_keyframe = at < len(payload) and not payload[at] & 0x01
    return True


def _read_extension(packet: Packet, flags: int, ids: PictureIds) -> int:
    """Where the descriptor ends; beyond the payload when it is cut short."""
    payload = packet.payload
    size = len(payload)
    at = 2
    if flags & 0x80:
        if at + 1 >= size:
            return size + 1
        picture = payload[at]
        if picture & 0x80:
            picture = (picture & 0x7F) << 8 | payload[at + 1]
        else:
            picture = ids.widen(picture)
            payload = payload[:at] + _PICTURE_ID.pack(_LONG | picture) + payload[at + 1 :]
            packet.payload = payload
            packet.size = size = size + 1
        packet.picture_id = picture
        packet.picture_at = at
        at += 2
    if flags & 0x40:
        if at >= size:
            return size + 1
        packet.tl0picidx = payload[at]
        packet.tl0_at = at
        at += 1
    if flags & 0x30:
        if at >= size:
            return size + 1
        packet.tid_bits = payload[at] & 0xE0
        if flags & 0x20:
            packet.tid = payload[at] >> 6
            packet.is_sync = bool(payload[at] & 0x20)
        if flags & 0x10:
            packet.keyidx = payload[at] & 0x1F
            packet.key_at = at
        at += 1
    return at


def frame_size(packet: Packet) -> tuple[int, int] | None:
    """Width and height from a key frame's first packet, None when they are not readable (end-to-end encryption …)."""
    at = packet.payload.find(_START_CODE, 0, 32)
    if not packet.is_keyframe or at < 0 or at + 7 > packet.size:
        return None
    data = packet.payload
    width = (data[at + 3] | data[at + 4] << 8) & 0x3FFF
    height = (data[at + 5] | data[at + 6] << 8) & 0x3FFF
    return (width, height) if width and height else None


def rewrite(buffer: bytearray, at: int, packet: Packet, stretch: Stretch) -> None:
    """Shift the descriptor's numbers in a payload that stands at `buffer[at:]`."""
    where = packet.picture_at
    if packet.key_at == 5 and where == 2:
        # What libwebrtc writes with simulcast or temporal layers: all fields present, one step.
        _pack_all(
            buffer,
            at + 2,
            _LONG | (packet.picture_id + stretch.picture) & 0x7FFF,
            (packet.tl0picidx + stretch.tl0) & 0xFF,
            packet.tid_bits | (packet.keyidx + stretch.keyidx) & 0x1F,
        )
        return
    if where:
        _pack_picture_id(buffer, at + where, _LONG | (packet.picture_id + stretch.picture) & 0x7FFF)
    where = packet.tl0_at
    if where:
        buffer[at + where] = (packet.tl0picidx + stretch.tl0) & 0xFF
    where = packet.key_at
    if where:
        where += at
        buffer[where] = buffer[where] & 0xE0 | (packet.keyidx + stretch.keyidx) & 0x1F


def rewrite_burst(buffer: bytearray, places: Sequence[int], packets: Sequence[Packet], stretch: Stretch) -> None:
    """The same for packets whose payloads stand at `places`."""
    for at, packet in zip(places, packets, strict=True):
        rewrite(buffer, at, packet, stretch)
