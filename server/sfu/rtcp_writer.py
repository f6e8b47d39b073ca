"""Writes the RTCP blocks that a forwarder sends; a compound starts with a report (RFC 3550 §6, 4585, 5104, 3611)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from struct import Struct

from server.sfu.rtcp import ReportBlock

MAX_REPORT_BLOCKS = 31  # five bits of count
_HEADER = Struct(">BBH")
_SENDER = Struct(">BBHIQIII")
_REPORT = Struct(">IIIIII")
_REMB = Struct(">BBHII4sI")
_VERSION = 0x80


def receiver_report(sender_ssrc: int, reports: Sequence[ReportBlock] = ()) -> bytes:
    count = len(reports)
    assert count <= MAX_REPORT_BLOCKS
    parts = [_HEADER.pack(_VERSION | count, 201, 1 + 6 * count), sender_ssrc.to_bytes(4, "big")]
    for r in reports:
        lost = min(max(r.cumulative_lost, -0x800000), 0x7FFFFF) & 0xFFFFFF
        word = r.fraction_lost << 24 | lost
        parts.append(_REPORT.pack(r.ssrc, word, r.highest_sequence, r.jitter, r.last_sr, r.delay))
    return b"".join(parts)


def sender_report(ssrc: int, ntp: int, rtp_timestamp: int, packets: int, octets: int) -> bytes:
    return _SENDER.pack(_VERSION, 200, 6, ssrc, ntp, rtp_timestamp, packets & 0xFFFFFFFF, octets & 0xFFFFFFFF)


def cname(ssrc: int, name: str) -> bytes:
    """SDES with the canonical name: ties the streams of one publisher together."""
    text = name.encode()[:255]
    items = bytes((1, len(text))) + text + b"\0"
    items += bytes(-len(items) % 4)
    return _HEADER.pack(_VERSION | 1, 202, 1 + len(items) // 4) + ssrc.to_bytes(4, "big") + items


def pli(sender_ssrc: int, media_ssrc: int) -> bytes:
    return _HEADER.pack(_VERSION | 1, 206, 2) + sender_ssrc.to_bytes(4, "big") + media_ssrc.to_bytes(4, "big")


def fir(sender_ssrc: int, media_ssrc: int, number: int) -> bytes:
    """`number` must rise by one with each new request (RFC 5104 §4.3.1.1)."""
    head = _HEADER.pack(_VERSION | 4, 206, 4) + sender_ssrc.to_bytes(4, "big") + bytes(4)
    return head + media_ssrc.to_bytes(4, "big") + bytes((number & 0xFF, 0, 0, 0))


def nack(sender_ssrc: int, media_ssrc: int, sequences: Iterable[int]) -> bytes:
    """`sequences` (16 bits) in the order in which they were sent, at least one."""
    entries: list[list[int]] = []
    for number in sequences:
        if entries:
            ahead = (number - entries[-1][0]) & 0xFFFF
            if 1 <= ahead <= 16:
                entries[-1][1] |= 1 << (ahead - 1)
                continue
        entries.append([number, 0])
    assert entries, "a NACK names at least one packet"
    body = b"".join(first.to_bytes(2, "big") + bits.to_bytes(2, "big") for first, bits in entries)
    head = _HEADER.pack(_VERSION | 1, 205, 2 + len(entries))
    return head + sender_ssrc.to_bytes(4, "big") + media_ssrc.to_bytes(4, "big") + body


def remb(sender_ssrc: int, bitrate_bps: int, ssrcs: Sequence[int]) -> bytes:
    """draft-alvestrand-rmcat-remb-03 §2.2: 18 bits of mantissa, 6 of exponent."""
    ssrcs = ssrcs[:255]
    exponent = max(0, bitrate_bps.bit_length() - 18)
    word = len(ssrcs) << 24 | exponent << 18 | bitrate_bps >> exponent
    head = _REMB.pack(_VERSION | 15, 206, 4 + len(ssrcs), sender_ssrc, 0, b"REMB", word)
    return head + b"".join(ssrc.to_bytes(4, "big") for ssrc in ssrcs)


def receiver_time(sender_ssrc: int, ntp: int) -> bytes:
    """XR RRTR: asks the other side to give our time back, so that a pure receiver learns the round trip."""
    head = _HEADER.pack(_VERSION, 207, 4) + sender_ssrc.to_bytes(4, "big")
    return head + _HEADER.pack(4, 0, 2) + ntp.to_bytes(8, "big")


def time_echo(sender_ssrc: int, receiver_ssrc: int, last_rr: int, delay: int) -> bytes:
    """XR DLRR: the answer to a receiver's RRTR."""
    head = _HEADER.pack(_VERSION, 207, 5) + sender_ssrc.to_bytes(4, "big") + _HEADER.pack(5, 0, 3)
    return head + receiver_ssrc.to_bytes(4, "big") + last_rr.to_bytes(4, "big") + delay.to_bytes(4, "big")
