"""IPv4 headers rewritten in place: the NAT that gives a client another address or port mid-call.

Checksums are corrected by difference (RFC 1624), never recomputed, as a NAT does it.
"""

from __future__ import annotations

from ipaddress import IPv4Address
from struct import Struct

PROTOCOL_TCP = 6
PROTOCOL_UDP = 17

_IP_CHECKSUM = 10
_WORD = Struct("!H")
# Why: below 1024 a source port would look like a service's.
_FIRST_PORT = 1024
_PORTS = 65_536 - _FIRST_PORT


def is_ipv4(packet: bytes) -> bool:
    """A whole IPv4 header with a sane header length."""
    return len(packet) >= 20 and packet[0] >> 4 == 4 and 20 <= (packet[0] & 15) * 4 <= len(packet)


def protocol(packet: bytes) -> int:
    return packet[9]


def source(packet: bytes) -> bytes:
    return bytes(packet[12:16])


def destination(packet: bytes) -> bytes:
    return bytes(packet[16:20])


class AddressMap:
    """What the far side sees instead of the client's own address and ports."""

    def __init__(self, inside: IPv4Address) -> None:
        self._inside = inside.packed
        self._outside = inside.packed
        self._shift = 0

    @property
    def is_identity(self) -> bool:
        return self._outside == self._inside and not self._shift

    @property
    def outside(self) -> IPv4Address:
        return IPv4Address(self._outside)

    def move(self, outside: IPv4Address) -> None:
        """From now on the client appears under this address."""
        self._outside = outside.packed

    def rebind(self, shift: int) -> None:
        """From now on every port of the client appears moved by `shift` (modulo the unprivileged range)."""
        self._shift = shift % _PORTS

    def outbound(self, packet: bytes) -> bytes:
        """Client → server. Packets not from the client's own address pass unchanged."""
        if self.is_identity or source(packet) != self._inside:
            return packet
        return _rewrite(packet, at=12, address=self._outside, port_at=0, shift=self._shift)

    def inbound(self, packet: bytes) -> bytes | None:
        """Server → client. None: addressed to an address or port that the client has left."""
        if self.is_identity:
            return packet
        if destination(packet) != self._outside:
            return None
        return _rewrite(packet, at=16, address=self._inside, port_at=2, shift=-self._shift)


def _rewrite(packet: bytes, *, at: int, address: bytes, port_at: int, shift: int) -> bytes:
    out = bytearray(packet)
    header = (out[0] & 15) * 4
    old = bytes(out[at : at + 4])
    out[at : at + 4] = address
    _fix(out, _IP_CHECKSUM, old, address)
    is_first_fragment = not (out[6] & 0x1F or out[7])
    checksum_at = {PROTOCOL_TCP: header + 16, PROTOCOL_UDP: header + 6}.get(out[9])
    if checksum_at is None or not is_first_fragment or checksum_at + 2 > len(out):
        return bytes(out)
    old_port = bytes(out[header + port_at : header + port_at + 2])
    number = int.from_bytes(old_port)
    if shift and number >= _FIRST_PORT:
        number = (number - _FIRST_PORT + shift) % _PORTS + _FIRST_PORT
    port = number.to_bytes(2)
    out[header + port_at : header + port_at + 2] = port
    if out[9] == PROTOCOL_TCP or out[checksum_at] or out[checksum_at + 1]:  # UDP 0 = not used
        _fix(out, checksum_at, old + old_port, address + port)
        if out[9] == PROTOCOL_UDP and not (out[checksum_at] or out[checksum_at + 1]):
            out[checksum_at : checksum_at + 2] = b"\xff\xff"
    return bytes(out)


def _fix(out: bytearray, at: int, old: bytes, new: bytes) -> None:
    """RFC 1624 equation 3: HC' = ~(~HC + ~m + m')."""
    total = ~_WORD.unpack_from(out, at)[0] & 0xFFFF
    for index in range(0, len(old), 2):
        total += ~int.from_bytes(old[index : index + 2]) & 0xFFFF
        total += int.from_bytes(new[index : index + 2])
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    _WORD.pack_into(out, at, ~total & 0xFFFF)
