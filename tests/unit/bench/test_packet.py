"""The NAT of the relay: what it rewrites stays a valid packet, and comes back to where it was."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address

from hypothesis import given
from hypothesis import strategies as st

from bench.net.packet import PROTOCOL_TCP, PROTOCOL_UDP, AddressMap, destination, is_ipv4, source

CLIENT, SERVER, MOVED = IPv4Address("198.18.1.10"), IPv4Address("198.18.1.20"), IPv4Address("198.18.1.11")


def checksum(data: bytes) -> int:
    """RFC 1071, the slow and sure way."""
    data += b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packet(protocol: int, payload: bytes, ports: tuple[int, int] = (50_000, 7882)) -> bytes:
    """A packet from the client to the server with right checksums."""
    if protocol == PROTOCOL_UDP:
        body, at = struct.pack("!HHHH", *ports, 8 + len(payload), 0) + payload, 6
    else:
        body, at = struct.pack("!HHIIBBHHH", *ports, 1, 2, 0x50, 0x10, 1000, 0, 0) + payload, 16
    pseudo = CLIENT.packed + SERVER.packed + struct.pack("!BBH", 0, protocol, len(body))
    total = checksum(pseudo + body)
    if protocol == PROTOCOL_UDP and total == 0:
        total = 0xFFFF
    body = body[:at] + struct.pack("!H", total) + body[at + 2 :]
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 1, 0, 64, protocol, 0, CLIENT.packed, SERVER.packed)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body


def is_valid(data: bytes) -> bool:
    """Both checksums are right: a sum over data with its checksum is zero."""
    pseudo = data[12:20] + struct.pack("!BBH", 0, data[9], len(data) - 20)
    return checksum(data[:20]) == 0 and checksum(pseudo + data[20:]) == 0


def answered(data: bytes) -> bytes:
    """The same packet with the ends exchanged: checksums stay right, sums do not care for order."""
    return data[:12] + data[16:20] + data[12:16] + data[22:24] + data[20:22] + data[24:]


PACKETS = st.builds(
    packet,
    st.sampled_from([PROTOCOL_TCP, PROTOCOL_UDP]),
    st.binary(max_size=60),
    st.tuples(st.integers(1024, 65535), st.just(7882)),
)


@given(PACKETS)
def test_not_moved_is_not_touched(data: bytes) -> None:
    nat = AddressMap(CLIENT)
    assert nat.outbound(data) is data
    assert nat.inbound(data) is data


@given(PACKETS, st.integers(1, 70_000))
def test_moved_packets_are_valid_and_come_back(data: bytes, shift: int) -> None:
    nat = AddressMap(CLIENT)
    nat.move(MOVED)
    nat.rebind(shift)
    out = nat.outbound(data)
    assert source(out) == MOVED.packed
    assert is_valid(out)
    assert len(out) == len(data)
    back = nat.inbound(answered(out))
    assert back is not None
    assert back[22:24] == data[20:22], "the client's own port"
    assert destination(back) == CLIENT.packed
    assert is_valid(back)


def test_what_goes_to_the_old_address_is_lost() -> None:
    nat = AddressMap(CLIENT)
    reply = answered(packet(PROTOCOL_UDP, b"x"))
    nat.move(MOVED)
    assert nat.inbound(reply) is None


def test_udp_without_checksum_stays_without() -> None:
    data = bytearray(packet(PROTOCOL_UDP, b"abc"))
    data[26:28] = b"\0\0"
    nat = AddressMap(CLIENT)
    nat.move(MOVED)
    assert nat.outbound(bytes(data))[26:28] == b"\0\0"


def test_later_fragments_have_no_ports_to_rewrite() -> None:
    data = bytearray(packet(PROTOCOL_UDP, b"abcdefgh"))
    data[6:8] = b"\x00\x05"
    nat = AddressMap(CLIENT)
    nat.rebind(5)
    assert nat.outbound(bytes(data))[20:] == data[20:]


@given(st.binary(max_size=40))
def test_anything_may_arrive(data: bytes) -> None:
    nat = AddressMap(CLIENT)
    nat.move(MOVED)
    if is_ipv4(data):
        nat.outbound(data)
        nat.inbound(data)
