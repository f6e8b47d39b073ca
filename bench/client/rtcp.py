"""RTCP as a client writes and reads it (RFC 3550 §6, RFC 4585 §6, draft-alvestrand-rmcat-remb)."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_SR, _RR, _RTPFB, _PSFB = 200, 201, 205, 206
_NACK, _PLI, _FIR, _AFB = 1, 1, 4, 15
# RFC 3550 §4: seconds from 1900 (NTP) to 1970 (Unix).
_NTP_EPOCH = 2_208_988_800


@dataclass(slots=True)
class Report:
    """One report block of an RR."""

    ssrc: int
    fraction_lost: int
    lost: int
    highest: int
    jitter: int
    last_sr: int
    since_sr: int


def ntp(unix_ns: int) -> int:
    """64-bit NTP time."""
    seconds, rest = divmod(unix_ns, 1_000_000_000)
    return (seconds + _NTP_EPOCH) << 32 | (rest << 32) // 1_000_000_000


def sender_report(ssrc: int, ntp_time: int, rtp_time: int, packets: int, octets: int) -> bytes:
    return struct.pack("!BBHIQIII", 0x80, _SR, 6, ssrc, ntp_time, rtp_time & 0xFFFFFFFF, packets, octets & 0xFFFFFFFF)


def receiver_report(own_ssrc: int, reports: Sequence[Report]) -> bytes:
    """At most 31 blocks (RFC 3550 §6.4.2)."""
    blocks = reports[:31]
    parts = [struct.pack("!BBHI", 0x80 | len(blocks), _RR, 1 + 6 * len(blocks), own_ssrc)]
    for report in blocks:
        lost = max(-(1 << 23), min(report.lost, (1 << 23) - 1)) & 0xFFFFFF
        parts.append(
            struct.pack(
                "!IIIIII",
                report.ssrc,
                report.fraction_lost << 24 | lost,
                report.highest,
                report.jitter,
                report.last_sr,
                report.since_sr,
            )
        )
    return b"".join(parts)


def remb(own_ssrc: int, bitrate_bps: int, ssrcs: Sequence[int]) -> bytes:
    ssrcs = ssrcs[:255]
    exponent = max(0, bitrate_bps.bit_length() - 18)
    mantissa = bitrate_bps >> exponent
    body = struct.pack("!II4sBBH", own_ssrc, 0, b"REMB", len(ssrcs), exponent << 2 | mantissa >> 16, mantissa & 0xFFFF)
    body += struct.pack(f"!{len(ssrcs)}I", *ssrcs)
    return struct.pack("!BBH", 0x80 | _AFB, _PSFB, len(body) // 4) + body


def pli(own_ssrc: int, media_ssrc: int) -> bytes:
    return struct.pack("!BBHII", 0x80 | _PLI, _PSFB, 2, own_ssrc, media_ssrc)


def nack(own_ssrc: int, media_ssrc: int, lost: Sequence[int]) -> bytes:
    """`lost` ascending in sequence order (wrap-around allowed)."""
    pairs: list[int] = []
    first: int | None = None
    mask = 0
    for sequence in lost:
        step = None if first is None else (sequence - first) & 0xFFFF
        if first is not None and step is not None and 1 <= step <= 16:
            mask |= 1 << (step - 1)
            continue
        if first is not None:
            pairs.append(first << 16 | mask)
        first, mask = sequence, 0
    if first is not None:
        pairs.append(first << 16 | mask)
    return struct.pack(f"!BBHII{len(pairs)}I", 0x80 | _NACK, _RTPFB, 2 + len(pairs), own_ssrc, media_ssrc, *pairs)


@dataclass(slots=True)
class Feedback:
    """What a compound packet asked of us or told us."""

    plis: list[int]
    nacks: list[tuple[int, list[int]]]
    sender_reports: list[tuple[int, int]]
    """(ssrc, middle 32 bits of its NTP time)"""
    reported: list[tuple[int, int]]
    """(our ssrc, fraction lost of 256)"""
    remb_bps: int = 0


def parse(compound: bytes) -> Feedback:
    """Walks a compound; what is malformed ends the walk quietly."""
    found = Feedback([], [], [], [])
    for count, kind, body in _blocks(compound):
        if kind == _SR and len(body) >= 24:
            ssrc, high, low = struct.unpack_from("!III", body)
            found.sender_reports.append((ssrc, (high & 0xFFFF) << 16 | low >> 16))
            _reports(body[24:], count, found)
        elif kind == _RR and len(body) >= 4:
            _reports(body[4:], count, found)
        elif kind == _PSFB and len(body) >= 8:
            media = int.from_bytes(body[4:8])
            if count == _PLI:
                found.plis.append(media)
            elif count == _FIR and len(body) >= 16:
                found.plis.append(int.from_bytes(body[8:12]))
            elif count == _AFB and body[8:12] == b"REMB" and len(body) >= 16:
                found.remb_bps = (((body[13] & 3) << 16) | body[14] << 8 | body[15]) << (body[13] >> 2)
        elif kind == _RTPFB and count == _NACK and len(body) >= 12:
            found.nacks.append((int.from_bytes(body[4:8]), list(_lost(body[8:]))))
    return found


def _blocks(compound: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 0
    while at + 4 <= len(compound):
        first, kind, length = struct.unpack_from("!BBH", compound, at)
        end = at + 4 + 4 * length
        if first >> 6 != 2 or end > len(compound):
            return
        yield first & 31, kind, compound[at + 4 : end]
        at = end


def _reports(body: bytes, count: int, found: Feedback) -> None:
    for index in range(min(count, len(body) // 24)):
        ssrc, lost = struct.unpack_from("!II", body, 24 * index)
        found.reported.append((ssrc, lost >> 24))


def _lost(body: bytes) -> Iterator[int]:
    for at in range(0, len(body) - 3, 4):
        first, mask = struct.unpack_from("!HH", body, at)
        yield first
        for bit in range(16):
            if mask >> bit & 1:
                yield (first + 1 + bit) & 0xFFFF
