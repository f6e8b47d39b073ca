"""What may reach a parser, case by case."""

from __future__ import annotations

import struct

import pytest
from aiortc import rtcsctptransport as sctp
from google_crc32c import value as crc32c
from hypothesis import given
from hypothesis import strategies as st

from server.sfu.transport.guard import (
    PROTOCOL_OF,
    Protocol,
    RateLimit,
    is_dtls,
    is_rtcp,
    is_rtcp_header,
    is_rtp_header,
    is_sctp,
)


@pytest.mark.parametrize(
    ("first", "protocol"),
    [
        (0, Protocol.STUN),
        (3, Protocol.STUN),
        (4, Protocol.NONE),
        (19, Protocol.NONE),
        (20, Protocol.DTLS),
        (63, Protocol.DTLS),
        (64, Protocol.NONE),
        (127, Protocol.NONE),
        (128, Protocol.RTP),
        (191, Protocol.RTP),
        (192, Protocol.NONE),
        (255, Protocol.NONE),
    ],
)
def test_first_byte(first: int, protocol: Protocol) -> None:
    assert PROTOCOL_OF[first] is protocol


def test_rtcp_is_told_from_rtp_by_the_second_byte() -> None:
    assert [second for second in range(256) if is_rtcp(second)] == [*range(64, 96), *range(192, 224)]


HEADER = b"\x80\x60" + bytes(10)


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        (HEADER, True),
        (HEADER[:-1], False),
        (b"", False),
        (b"\x40" + HEADER[1:], False),
        (b"\x81" + HEADER[1:], False),
        (b"\x81" + HEADER[1:] + bytes(4), True),
        (b"\x90" + HEADER[1:], False),
        (b"\x90" + HEADER[1:] + b"\xbe\xde\x00\x00", True),
        (b"\x90" + HEADER[1:] + b"\xbe\xde\x00\x01", False),
        (b"\x90" + HEADER[1:] + b"\xbe\xde\x00\x01" + bytes(4), True),
        (b"\xa0" + HEADER[1:] + b"\x00\x00\x00\x00", False),
        (b"\xa0" + HEADER[1:] + b"\x00\x00\x00\x04", True),
        (b"\xa0" + HEADER[1:] + b"\x00\x00\x00\x05", False),
    ],
)
def test_rtp_header(packet: bytes, expected: bool) -> None:
    assert is_rtp_header(packet) is expected


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        (b"\x80\xc9\x00\x01" + bytes(4), True),
        (b"\x80\xc9\x00\x02" + bytes(4), False),
        (b"\x80\xc9\x00\x00" + bytes(3), False),
        (b"\x40\xc9\x00\x01" + bytes(4), False),
    ],
)
def test_rtcp_header(packet: bytes, expected: bool) -> None:
    assert is_rtcp_header(packet) is expected


def record(size: int, kind: int = 22, version: int = 0xFE) -> bytes:
    return bytes([kind, version, 0xFD]) + bytes(8) + struct.pack("!H", size) + bytes(size)


@pytest.mark.parametrize(
    ("datagram", "expected"),
    [
        (record(10), True),
        (record(10) + record(0), True),
        (record(10)[:-1], False),
        (record(10) + b"\x16", False),
        (record(10, kind=19), False),
        (record(10, version=3), False),
        (b"", False),
    ],
)
def test_dtls_records(datagram: bytes, expected: bool) -> None:
    assert is_dtls(datagram) is expected


def packet(*chunks: bytes) -> bytes:
    return struct.pack("!HHLL", 5000, 5000, 1, 0) + b"".join(chunks)


def chunk(kind: int, body: bytes, length: int | None = None) -> bytes:
    size = 4 + len(body)
    return struct.pack("!BBH", kind, 0, size if length is None else length) + body + bytes(-size % 4)


def sack(*gaps: tuple[int, int], duplicates: int = 0) -> bytes:
    body = struct.pack("!LLHH", 1, 1, len(gaps), duplicates)
    return chunk(3, body + b"".join(struct.pack("!HH", *gap) for gap in gaps) + bytes(4 * duplicates))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (packet(chunk(0, bytes(13))), True),
        (packet(chunk(0, bytes(12))), False),
        (packet(chunk(0, bytes(13), length=40)), False),
        (packet(chunk(0, bytes(13), length=3)), False),
        (packet(chunk(0, bytes(13)), b"\x00"), False),
        (packet(), False),
        (b"\x13\x88\x13\x89" + packet(chunk(11, b""))[4:], False),
        (packet(chunk(1, bytes(16))), True),
        (packet(chunk(1, bytes(16)), chunk(11, b"")), False),
        (packet(chunk(1, bytes(15))), False),
        # A parameter of length 0 would keep a trusting parser in its loop for ever.
        (packet(chunk(1, bytes(16) + b"\x80\x08\x00\x00")), False),
        (packet(chunk(4, b"\x00\x01\x00\x03")), False),
        (packet(chunk(4, b"\x00\x01\x00\x08" + bytes(4))), True),
        (packet(chunk(6, b"\x00\x01\x00\x09" + bytes(4))), False),
        (packet(chunk(130, b"\x00\x0d\x00\x10" + bytes(12))), True),
        (packet(chunk(130, b"\x00\x0d\x00\x0c" + bytes(8))), False),
        (packet(chunk(130, b"\x00\x0d\x00\x11" + bytes(13))), False),
        (packet(sack()), True),
        (packet(sack((2, 3), (5, 5))), True),
        (packet(sack((3, 2))), False),
        (packet(sack((2, 5), (5, 6))), False),
        # Each gap is walked over number by number behind the guard.
        (packet(sack((1, 65535))), False),
        (packet(sack(duplicates=2)), True),
        (packet(chunk(3, struct.pack("!LLHH", 1, 1, 1, 0))), False),
        (packet(chunk(192, bytes(8))), True),
        (packet(chunk(192, bytes(6))), False),
        (packet(chunk(10, b"")), False),
        (packet(chunk(77, b"")), True),
    ],
)
def test_sctp_lengths(data: bytes, expected: bool) -> None:
    assert is_sctp(data) is expected


@given(
    st.lists(st.tuples(st.sampled_from([0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 130, 192]), st.binary(max_size=60)), max_size=4)
)
def test_what_passes_the_guard_parses(chunks: list[tuple[int, bytes]]) -> None:
    data = packet(*(chunk(kind, body) for kind, body in chunks))
    if not is_sctp(data):
        return
    body = data[:8] + bytes(4) + data[12:]
    sctp.parse_packet(data[:8] + struct.pack("<L", crc32c(body)) + data[12:])


def test_rate_limit() -> None:
    limit = RateLimit(per_second=10, burst=3)
    assert [limit.allows(1_000_000) for _ in range(4)] == [True, True, True, False]
    assert not limit.allows(1_099_999)
    assert limit.allows(1_100_000)
    assert not limit.allows(1_100_000)
    assert [limit.allows(99_000_000) for _ in range(4)] == [True, True, True, False]
