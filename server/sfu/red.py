"""Redundant audio: the primary block of a RED payload, for subscribers without RED (RFC 2198 §3)."""

from __future__ import annotations

_MORE = 0x80
# Why 32: LiveKit's clients send one or two redundant blocks; a longer row of headers is not audio.
_MAX_BLOCKS = 32


def blocks(payload: bytes) -> list[tuple[int, int, bytes]] | None:
    """(payload type, timestamp offset back, data) of every block, the primary last; None when lengths contradict."""
    headers: list[tuple[int, int, int]] = []
    at = 0
    size = len(payload)
    while True:
        if at >= size or len(headers) >= _MAX_BLOCKS:
            return None
        head = payload[at]
        if not head & _MORE:
            at += 1
            break
        if at + 4 > size:
            return None
        word = int.from_bytes(payload[at : at + 4], "big")
        headers.append((head & 0x7F, word >> 10 & 0x3FFF, word & 0x3FF))
        at += 4
    found: list[tuple[int, int, bytes]] = []
    for payload_type, offset, length in headers:
        if at + length > size:
            return None
        found.append((payload_type, offset, payload[at : at + length]))
        at += length
    found.append((head & 0x7F, 0, payload[at:]))
    return found


def recovered(payload: bytes, missing: int) -> list[tuple[int, int, bytes]]:
    """(how many packets ago, timestamp offset back, data) of up to `missing` older blocks, oldest first.

    Senders put the packets directly before into the payload, so the last older block is the packet before this one.
    """
    older = (blocks(payload) or [])[:-1]
    row = [(len(older) - i, offset, data) for i, (_, offset, data) in enumerate(older)]
    return [entry for entry in row if entry[0] <= missing and entry[2]]


def primary(payload: bytes) -> bytes | None:
    """The newest block alone; None when the payload is not RED."""
    found = blocks(payload)
    return found[-1][2] if found else None
