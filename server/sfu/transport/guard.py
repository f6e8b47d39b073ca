"""Checks in front of every parser: what a datagram may look like before any library sees it.

Pure. RFC 7983 (first byte), RFC 5761 §4 (RTP or RTCP), RFC 3550 §5.1, RFC 9260 §3 (chunk and
parameter lengths). The libraries behind trust their input more than a public server may.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from struct import unpack_from

# Everything a parser of ours or of the media libraries may throw at bad input: one counted drop.
PARSER_FAILURES = (ValueError, struct.error, AssertionError, IndexError, KeyError)

_SCTP_HEADER_BYTES = 12
_SCTP_PORT = 5000  # what our SDP always says
# Why 4 096: more chunks than our receive window holds; an honest peer never reports wider gaps.
_MAX_SACK_SPAN = 4096
_MAX_FORWARD_STREAMS = 64  # we use three channels, so never more than a few streams

_DATA, _INIT, _INIT_ACK, _SACK, _HEARTBEAT, _HEARTBEAT_ACK, _ABORT, _SHUTDOWN = range(8)
_ERROR, _COOKIE_ECHO = 9, 10
_RECONFIG, _FORWARD_TSN = 130, 192
_FIXED_BYTES = {_DATA: 16, _INIT: 20, _INIT_ACK: 20, _SACK: 16, _SHUTDOWN: 8, _FORWARD_TSN: 8}
_PARAMETERS_AT = {_INIT: 20, _INIT_ACK: 20, _HEARTBEAT: 4, _HEARTBEAT_ACK: 4, _ABORT: 4, _ERROR: 4, _RECONFIG: 4}
_RECONFIG_BYTES = {13: 16, 16: 12, 17: 12}
_MAX_RESET_STREAMS = 256


class Protocol(IntEnum):
    """RFC 7983 §7, without the ranges nobody speaks here (ZRTP, TURN channels)."""

    NONE = 0
    STUN = 1
    DTLS = 2
    RTP = 3


def _protocol_of(first: int) -> Protocol:
    if first <= 3:
        return Protocol.STUN
    if 20 <= first <= 63:
        return Protocol.DTLS
    if 128 <= first <= 191:
        return Protocol.RTP
    return Protocol.NONE


PROTOCOL_OF: tuple[Protocol, ...] = tuple(_protocol_of(first) for first in range(256))


def is_rtcp(second: int) -> bool:
    """By the second byte: RTCP packet types 192-223, which rtcp-mux reserves (RFC 5761 §4)."""
    return 64 <= (second & 0x7F) <= 95


def is_rtp_header(packet: bytes) -> bool:
    """Version 2, and CSRCs, extension and padding inside the packet (RFC 3550 §5.1, §5.3.1)."""
    size = len(packet)
    if size < 12:
        return False
    first = packet[0]
    end = 12 + 4 * (first & 0x0F)
    if first & 0x10:
        if end + 4 > size:
            return False
        end += 4 + 4 * ((packet[end + 2] << 8) | packet[end + 3])
    if end > size or first >> 6 != 2:
        return False
    if first & 0x20:
        return 0 < packet[-1] <= size - end
    return True


def is_rtcp_header(packet: bytes) -> bool:
    """The first block is a whole one; the walker behind checks the rest block by block."""
    if len(packet) < 8 or packet[0] >> 6 != 2:
        return False
    return 4 * (((packet[2] << 8) | packet[3]) + 1) <= len(packet)


def is_dtls(datagram: bytes) -> bool:
    """Whole records only: type, version 1.x, length inside the datagram (RFC 6347 §4.1)."""
    at, size = 0, len(datagram)
    while at < size:
        if at + 13 > size or datagram[at + 1] != 0xFE or not 20 <= datagram[at] <= 25:
            return False
        at += 13 + ((datagram[at + 11] << 8) | datagram[at + 12])
    return at == size and size > 0


def is_sctp(packet: bytes) -> bool:
    """Every chunk and parameter length holds, so that a parser that trusts them may run."""
    size = len(packet)
    if size < _SCTP_HEADER_BYTES + 4:
        return False
    if unpack_from("!HH", packet) != (_SCTP_PORT, _SCTP_PORT):
        return False
    at, count, has_init = _SCTP_HEADER_BYTES, 0, False
    while at < size:
        if at + 4 > size:
            return False
        kind, _flags, length = unpack_from("!BBH", packet, at)
        if length < 4 or at + length > size or not _is_chunk(packet, at, kind, length):
            return False
        has_init = has_init or kind in (_INIT, _INIT_ACK)
        count += 1
        at += length + (-length & 3)
    # INIT and INIT ACK travel alone (RFC 9260 §3.2); the parser behind asserts it.
    return not has_init or count == 1


def _is_chunk(packet: bytes, at: int, kind: int, length: int) -> bool:
    if length < _FIXED_BYTES.get(kind, 4):
        return False
    if kind == _DATA:
        return length > _FIXED_BYTES[_DATA]
    if kind == _SACK:
        return _is_sack(packet, at, length)
    if kind == _FORWARD_TSN:
        return length % 4 == 0 and length <= 8 + 4 * _MAX_FORWARD_STREAMS
    if kind == _COOKIE_ECHO:
        return length > 4
    first = _PARAMETERS_AT.get(kind)
    return first is None or _are_parameters(packet, at + first, at + length, is_reconfig=kind == _RECONFIG)


def _is_sack(packet: bytes, at: int, length: int) -> bool:
    gaps, duplicates = unpack_from("!HH", packet, at + 12)
    if length != 16 + 4 * (gaps + duplicates):
        return False
    previous = 0
    for index in range(gaps):
        first, last = unpack_from("!HH", packet, at + 16 + 4 * index)
        # Blocks rise and do not overlap (RFC 9260 §3.3.4), so the span bounds the walk over them.
        if first <= previous or last < first or last > _MAX_SACK_SPAN:
            return False
        previous = last
    return True


def _are_parameters(packet: bytes, at: int, end: int, *, is_reconfig: bool) -> bool:
    while at + 4 <= end:
        kind, length = unpack_from("!HH", packet, at)
        if length < 4 or at + length > end:
            return False
        if is_reconfig and not _is_reconfig_parameter(kind, length):
            return False
        at += length + (-length & 3)
    return True


def _is_reconfig_parameter(kind: int, length: int) -> bool:
    least = _RECONFIG_BYTES.get(kind, 4)
    return least <= length <= 16 + 2 * _MAX_RESET_STREAMS and length % 2 == 0


class RateLimit:
    """A token bucket in integers: `per_second` on average, `burst` at once."""

    __slots__ = ("_burst_us", "_cost_us", "_credit_us", "_seen_us")

    def __init__(self, *, per_second: int, burst: int) -> None:
        self._cost_us = 1_000_000 // per_second
        self._burst_us = self._cost_us * burst
        self._credit_us = self._burst_us
        self._seen_us = 0

    def allows(self, now_us: int) -> bool:
        self._credit_us = min(self._burst_us, self._credit_us + now_us - self._seen_us)
        self._seen_us = now_us
        if self._credit_us < self._cost_us:
            return False
        self._credit_us -= self._cost_us
        return True
