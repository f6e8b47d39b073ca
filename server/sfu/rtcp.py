"""Reads compound RTCP block by block; a bad one is counted and skipped, not the end (RFC 3550 §6, 4585, 3611).

Unknown kinds (transport-wide feedback among them) are passed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import NamedTuple

_SENDER_REPORT = 200
_RECEIVER_REPORT = 201
_GOODBYE = 203
_TRANSPORT_FEEDBACK = 205
_PAYLOAD_FEEDBACK = 206
_EXTENDED_REPORT = 207
_NACK = 1
_PLI = 1
_FIR = 4
_APPLICATION = 15
_RECEIVER_TIME = 4  # XR block types, RFC 3611 §4.4, §4.5
_DELAY_SINCE_RECEIVER_TIME = 5
_REPORT_BYTES = 24

_SENDER_INFO = Struct(">IQIII")
_REPORT = Struct(">IIIIII")
_TWO_WORDS = Struct(">II")
_NACK_ENTRY = Struct(">HH")
_THREE_WORDS = Struct(">III")


class ReportBlock(NamedTuple):
    """What a receiver says of one SSRC that we send. `fraction_lost` in 1/256; `last_sr` and `delay` as on the wire.

    Why a tuple: thirty subscribers send a hundred of them a second, and a frozen dataclass takes three times as long.
    """

    ssrc: int
    fraction_lost: int
    cumulative_lost: int
    highest_sequence: int
    jitter: int
    last_sr: int
    delay: int


@dataclass(frozen=True, slots=True)
class SenderReport:
    ssrc: int
    ntp: int
    rtp_timestamp: int
    packets: int
    octets: int


@dataclass(frozen=True, slots=True)
class Nack:
    media_ssrc: int
    sequences: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeyframeRequest:
    """PLI or FIR: to a forwarder they mean the same."""

    media_ssrc: int


class Remb(NamedTuple):
    bitrate_bps: int
    ssrcs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReceiverTime:
    """The other side's wall clock (XR RRTR): to be given back, so that a pure receiver learns the round trip."""

    ssrc: int
    ntp: int


@dataclass(frozen=True, slots=True)
class TimeEcho:
    """Our own RRTR given back (XR DLRR), middle 32 bits of NTP and delay in 1/65536 s."""

    ssrc: int
    last_rr: int
    delay: int


@dataclass(frozen=True, slots=True)
class Goodbye:
    ssrcs: tuple[int, ...]


Block = SenderReport | ReportBlock | Nack | KeyframeRequest | Remb | ReceiverTime | TimeEcho | Goodbye


class Compound:
    """The readable blocks of one packet, and how many were not."""

    __slots__ = ("blocks", "malformed")

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.malformed = 0


def parse(data: bytes) -> Compound:
    """Never raises."""
    compound = Compound()
    at = 0
    size = len(data)
    while at < size:
        if at + 4 > size or data[at] >> 6 != 2:
            compound.malformed += 1
            break
        length = 4 + 4 * (data[at + 2] << 8 | data[at + 3])
        end = at + length
        if end > size:
            compound.malformed += 1
            break
        body = data[at + 4 : end]
        if data[at] & 0x20 and not (body and body[-1] <= len(body)):
            compound.malformed += 1
        else:
            if data[at] & 0x20:
                body = body[: len(body) - body[-1]]
            if not _read(data[at] & 0x1F, data[at + 1], body, compound.blocks):
                compound.malformed += 1
        at = end
    return compound


def _read(count: int, kind: int, body: bytes, out: list[Block]) -> bool:
    """False when the block is too short for what it announces."""
    if kind == _SENDER_REPORT:
        if len(body) < _SENDER_INFO.size + count * _REPORT_BYTES:
            return False
        out.append(SenderReport(*_SENDER_INFO.unpack_from(body)))
        _read_reports(count, body, _SENDER_INFO.size, out)
    elif kind == _RECEIVER_REPORT:
        if len(body) < 4 + count * _REPORT_BYTES:
            return False
        _read_reports(count, body, 4, out)
    elif kind == _TRANSPORT_FEEDBACK:
        return count != _NACK or _read_nack(body, out)
    elif kind == _PAYLOAD_FEEDBACK:
        return _read_payload_feedback(count, body, out)
    elif kind == _EXTENDED_REPORT:
        return _read_extended(body, out)
    elif kind == _GOODBYE:
        if len(body) < 4 * count:
            return False
        out.append(Goodbye(tuple(int.from_bytes(body[4 * i : 4 * i + 4], "big") for i in range(count))))
    return True


def _read_reports(count: int, body: bytes, at: int, out: list[Block]) -> None:
    for i in range(count):
        ssrc, lost, highest, jitter, last_sr, delay = _REPORT.unpack_from(body, at + i * _REPORT_BYTES)
        cumulative = lost & 0xFFFFFF
        if cumulative & 0x800000:  # 24 bits, signed
            cumulative -= 0x1000000
        out.append(ReportBlock(ssrc, lost >> 24, cumulative, highest, jitter, last_sr, delay))


def _read_nack(body: bytes, out: list[Block]) -> bool:
    if len(body) < 12 or len(body) % 4:
        return False
    _, media_ssrc = _TWO_WORDS.unpack_from(body)
    sequences: list[int] = []
    for at in range(8, len(body), 4):
        first, bits = _NACK_ENTRY.unpack_from(body, at)
        sequences.append(first)
        step = 1
        while bits:
            if bits & 1:
                sequences.append((first + step) & 0xFFFF)
            bits >>= 1
            step += 1
    out.append(Nack(media_ssrc, tuple(sequences)))
    return True


def _read_payload_feedback(count: int, body: bytes, out: list[Block]) -> bool:
    if len(body) < 8:
        return count not in (_PLI, _FIR, _APPLICATION)
    if count == _PLI:
        out.append(KeyframeRequest(_TWO_WORDS.unpack_from(body)[1]))
    elif count == _FIR:
        # The media SSRC of the header is 0; each entry of 8 bytes names its own (RFC 5104 §4.3.1).
        for at in range(8, len(body) - 7, 8):
            out.append(KeyframeRequest(_TWO_WORDS.unpack_from(body, at)[0]))
    elif count == _APPLICATION and body[8:12] == b"REMB":
        if len(body) < 16 or len(body) < 16 + 4 * body[12]:
            return False
        bits = int.from_bytes(body[13:16], "big")
        ssrcs = tuple(int.from_bytes(body[16 + 4 * i : 20 + 4 * i], "big") for i in range(body[12]))
        out.append(Remb((bits & 0x3FFFF) << (bits >> 18), ssrcs))
    return True


def _read_extended(body: bytes, out: list[Block]) -> bool:
    if len(body) < 4:
        return False
    ssrc = int.from_bytes(body[:4], "big")
    at = 4
    while at + 4 <= len(body):
        kind = body[at]
        end = at + 4 + 4 * (body[at + 2] << 8 | body[at + 3])
        if end > len(body):
            return False
        if kind == _RECEIVER_TIME and end - at >= 12:
            out.append(ReceiverTime(ssrc, int.from_bytes(body[at + 4 : at + 12], "big")))
        elif kind == _DELAY_SINCE_RECEIVER_TIME:
            for entry in range(at + 4, end - 11, 12):
                out.append(TimeEcho(*_THREE_WORDS.unpack_from(body, entry)))
        at = end
    return True
