"""Every parser of the transport behind one name: any bytes in, nothing undeclared out."""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import Callable

from aiortc import rtcsctptransport
from google_crc32c import value as crc32c

from server.sfu.transport import stun
from server.sfu.transport.datachannels import DataChannels
from server.sfu.transport.dtls import split_records
from server.sfu.transport.guard import PARSER_FAILURES, is_dtls, is_rtcp, is_rtcp_header, is_rtp_header, is_sctp
from server.sfu.transport.srtp import SRTP_PROFILES, SrtpReceiver, pointer_to
from server.sfu.transport.stats import EndpointStats

_KEY = bytes(range(28))
_STATS = EndpointStats()
_RECEIVER = SrtpReceiver(SRTP_PROFILES[0], _KEY, _STATS)
_PASSWORD = b"p" * 24


def fuzz_stun(data: bytes) -> None:
    try:
        message = stun.parse(data)
    except ValueError:
        return
    assert not stun.has_integrity(data, message.integrity_at, os.urandom(24))
    assert len(message.local_ufrag) <= 513


def fuzz_dtls_guard(data: bytes) -> None:
    if is_dtls(data):
        assert b"".join(split_records(data)) == data


def fuzz_rtp_demux(data: bytes) -> None:
    """As on a validated path: unprotect whatever looks like media; without the key nothing may come through."""
    if len(data) < 2:
        return
    buffer = bytearray(data)
    view = memoryview(buffer)
    unprotect = _RECEIVER.unprotect_rtcp if is_rtcp(data[1]) else _RECEIVER.unprotect
    assert unprotect(view, pointer_to(buffer), 0, len(buffer), 0) is None
    is_rtp_header(data)
    is_rtcp_header(data)


def fuzz_sctp_guard(data: bytes) -> None:
    """What the guard lets through, aiortc's parser must take (the checksum is put right first)."""
    packet = _with_checksum(data)
    if is_sctp(packet):
        rtcsctptransport.parse_packet(packet)


def fuzz_sctp_association(data: bytes) -> None:
    """The same packet into an association: only declared failures, and a bounded amount of answers."""
    asyncio.run(_feed_association(data))


async def _feed_association(data: bytes) -> None:
    answers: list[bytes] = []
    channels = _Association(answers)
    tag = 0 if data[12:13] == b"\x01" else channels.tag  # INIT comes without one
    try:
        channels.receive(_with_checksum(data[:4] + struct.pack("!L", tag) + data[8:]))
    except PARSER_FAILURES:
        pass
    finally:
        channels.deliver()
        channels.close()
    assert sum(map(len, answers)) <= 64 * 1024


class _Association(DataChannels):
    """An association that thinks it is established, without a loop's timers behind it."""

    def __init__(self, answers: list[bytes]) -> None:
        super().__init__(is_server=True, send=answers.append, listener=lambda: self, stats=_STATS)
        self._sctp._t1_cancel()
        self._sctp._last_received_tsn = 1
        self.tag = self._sctp._local_verification_tag

    def on_message(self, label: str, payload: bytes) -> None:
        return

    def on_channel_open(self, label: str) -> None:
        return

    def on_channel_low(self, label: str) -> None:
        return


def _with_checksum(data: bytes) -> bytes:
    if len(data) < 12:
        return data
    checksum = crc32c(data[:8] + bytes(4) + data[12:])
    return data[:8] + struct.pack("<L", checksum) + data[12:]


def _packet(*chunks: bytes) -> bytes:
    return struct.pack("!HHLL", 5000, 5000, 1, 0) + b"".join(chunks)


def _chunk(kind: int, body: bytes) -> bytes:
    return struct.pack("!BBH", kind, 3, 4 + len(body)) + body + bytes(-len(body) & 3)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "stun": fuzz_stun,
    "dtls_guard": fuzz_dtls_guard,
    "rtp_demux": fuzz_rtp_demux,
    "sctp_guard": fuzz_sctp_guard,
    "sctp_association": fuzz_sctp_association,
}

_SCTP_SEEDS = [
    _packet(_chunk(0, struct.pack("!LHHL", 2, 0, 0, 53) + b"hello")),
    _packet(_chunk(0, struct.pack("!LHHL", 2, 0, 0, 50) + struct.pack("!BBHLHH", 3, 0, 0, 0, 4, 0) + b"name")),
    _packet(_chunk(1, struct.pack("!LLHHL", 7, 1 << 17, 10, 10, 1) + struct.pack("!HH", 0xC000, 4))),
    _packet(_chunk(3, struct.pack("!LLHHHH", 1, 1 << 17, 1, 0, 2, 3))),
    _packet(_chunk(4, struct.pack("!HHL", 1, 8, 0)), _chunk(11, b"")),
    _packet(_chunk(130, struct.pack("!HHLLLH", 13, 18, 1, 1, 1, 0) + bytes(2))),
    _packet(_chunk(192, struct.pack("!LHH", 5, 0, 1))),
]

SEEDS: dict[str, list[bytes]] = {
    "stun": [
        stun.request(bytes(12), "ours:theirs", _PASSWORD, priority=1, use_candidate=True, tie_breaker=1),
        stun.success(bytes(12), "192.0.2.1", 5000, _PASSWORD),
        stun.error(bytes(12), 487, "Role Conflict", _PASSWORD),
    ],
    "dtls_guard": [b"\x16\xfe\xfd" + bytes(8) + b"\x00\x04abcd", b"\x17\xfe\xfd" + bytes(8) + b"\x00\x01x"],
    "rtp_demux": [
        b"\x80\x60" + bytes(60),
        b"\x90\x6f" + bytes(10) + b"\xbe\xde\x00\x01" + bytes(60),
        b"\x81\xc9\x00\x07" + bytes(60),
    ],
    "sctp_guard": _SCTP_SEEDS,
    "sctp_association": _SCTP_SEEDS,
}
