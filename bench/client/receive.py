"""The hot end of a client: drains the socket, counts on clear headers, decrypts a sample, asks for what is missing."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import Callable, Sequence

from pylibsrtp import Error as SrtpError

from bench.client import rtcp
from bench.client.path import Path, now_us
from bench.client.stream import NACK_AFTER_US, InStream
from bench.client.vp8 import STAMP, is_key_start

# Why 256: a burst of a key frame fits, and 60 clients still take turns within a few milliseconds.
DRAIN_PACKETS = 256
# Every 64th packet is decrypted: enough to notice a wrong key or a garbled payload, 0.05 µs per packet.
SAMPLE_MASK = 63
PLI_AGAIN_S = 0.5
_BUFFER = 65_536
_HEAD = struct.Struct("!BBHII")
_PADDING = 0x20
# A packet that is all padding holds 255 bytes of it at most (RFC 3550 §5.1), with header, extensions and SRTP's tag
# less than this. A longer one carries media and some padding.
_LONGEST_PADDING = 330


class Latencies:
    """Samples in µs: server and kernel (send call → kernel's receive stamp), and our own queue (stamp → read)."""

    def __init__(self) -> None:
        self.way: list[int] = []
        self.own: list[int] = []


class Receiver:
    """All streams of one client. `on_clear` sees sampled clear payloads only through `latencies`."""

    def __init__(self, path: Path, *, gro: bool, stamps: bool, latencies: Latencies | None, remb_bps: int) -> None:
        self._path = path
        self._loop = asyncio.get_running_loop()
        self._latencies = latencies
        self._stamps = stamps
        self._remb_bps = remb_bps
        self.ssrc = 1
        self.streams: dict[int, InStream] = {}
        self.padding = 0
        self.unknown = 0
        self.undecryptable = 0
        self.plis_sent = 0
        self.nacks_sent = 0
        self.first_packet_us = 0
        self.first_frames_us: dict[int, int] = {}
        self.on_feedback: Callable[[rtcp.Feedback], None] = lambda feedback: None
        self._nack_timer: asyncio.TimerHandle | None = None
        self._timers: list[asyncio.TimerHandle] = []
        self._key_start: dict[int, tuple[int, int]] = {}
        self._buffer = bytearray(_BUFFER)
        if gro or stamps:
            path.on_readable = self.drain_messages
        else:
            path.on_readable = self.drain

    @property
    def packets(self) -> int:
        """RTP packets with media that arrived, retransmissions included."""
        return sum(stream.packets + stream.duplicates for stream in self.streams.values())

    def add(self, stream: InStream) -> None:
        if stream.ssrc not in self.streams:
            self.streams[stream.ssrc] = stream

    def note_arrivals(self) -> dict[InStream, int]:
        """From now on, when each stream's newest packet with media came (µs). Called before the path is connected."""
        last_us: dict[InStream, int] = {}
        counts: dict[InStream, int] = {}
        drain = self._path.on_readable

        def drain_and_note() -> None:
            drain()
            now = now_us()
            for stream in self.streams.values():
                if counts.get(stream, 0) != stream.packets:
                    counts[stream], last_us[stream] = stream.packets, now

        self._path.on_readable = drain_and_note
        return last_us

    def keep(self, ssrcs: set[int]) -> None:
        """The others have ended: they are not reported on any more."""
        self.streams = {ssrc: stream for ssrc, stream in self.streams.items() if ssrc in ssrcs}

    def start(self) -> None:
        """RR and REMB once a second, spread over the second by chance of joining."""
        self._reports()

    def close(self) -> None:
        for timer in (self._nack_timer, self._report_timer):
            if timer is not None:
                timer.cancel()
        for timer in self._timers:
            timer.cancel()

    _report_timer: asyncio.TimerHandle | None = None

    def drain(self) -> None:
        """Everything the socket holds, at most a share. The common packet costs one recv, one unpack, two lookups."""
        sock = self._path.sock
        if sock is None:
            return
        recv, unpack, streams = sock.recv, _HEAD.unpack_from, self.streams
        try:
            for _ in range(DRAIN_PACKETS):
                data = recv(2048)
                if data[0] & 0xC0 != 0x80 or 192 <= data[1] <= 223:
                    self._other(data)
                    continue
                first, _, seq, _, ssrc = unpack(data)
                stream = streams.get(ssrc)
                if (
                    stream is not None
                    and seq == stream.next_seq
                    and (not first & _PADDING or len(data) > _LONGEST_PADDING)
                ):
                    stream.next_seq = (seq + 1) & 0xFFFF
                    stream.packets += 1
                    if stream.is_key_wanted or stream.rtx_of is not None or not seq & SAMPLE_MASK:
                        self._open(stream, data, 0)
                else:
                    self._irregular(stream, data, 0)
        except (BlockingIOError, ConnectionRefusedError):
            return
        except IndexError:
            return  # an empty datagram

    def drain_messages(self) -> None:
        """The same with the kernel's stamps and bursts that it left together (UDP_GRO)."""
        sock = self._path.sock
        if sock is None:
            return
        buffer = self._buffer
        try:
            for _ in range(DRAIN_PACKETS // 4):
                size, ancillary, _, _ = sock.recvmsg_into([buffer], 128)
                piece, stamp_ns = _ancillary(ancillary)
                piece = piece or size
                for at in range(0, size, piece):
                    self._take(buffer, at, min(at + piece, size), stamp_ns)
        except (BlockingIOError, ConnectionRefusedError):
            return

    def _take(self, buffer: bytearray, at: int, end: int, stamp_ns: int) -> None:
        if end - at < 12 or buffer[at] & 0xC0 != 0x80 or 192 <= buffer[at + 1] <= 223:
            self._other(bytes(buffer[at:end]))
            return
        first, _, seq, _, ssrc = _HEAD.unpack_from(buffer, at)
        stream = self.streams.get(ssrc)
        if stream is not None and seq == stream.next_seq and (not first & _PADDING or end - at > _LONGEST_PADDING):
            stream.next_seq = (seq + 1) & 0xFFFF
            stream.packets += 1
            mask = 7 if self._stamps else SAMPLE_MASK
            if stream.is_key_wanted or stream.rtx_of is not None or not seq & mask:
                self._open(stream, bytes(buffer[at:end]), stamp_ns)
        else:
            self._irregular(stream, bytes(buffer[at:end]), stamp_ns)

    def _irregular(self, stream: InStream | None, data: bytes, stamp_ns: int) -> None:
        if stream is None:
            self.unknown += 1
            return
        seq = int.from_bytes(data[2:4])
        now = now_us()
        if not self.first_packet_us:
            self.first_packet_us = now
        is_first = stream.next_seq < 0
        if data[0] & _PADDING and len(data) <= _LONGEST_PADDING:
            # Probing and silence: takes part in the numbering, is no media.
            self.padding += 1
            stream.irregular(seq, now)
            stream.packets -= 1
            return
        stream.irregular(seq, now)
        if is_first and stream.is_key_wanted:
            self._ask_for_key(stream)
        if stream.missing and self._nack_timer is None and stream.rtx_of is None:
            self._nack_timer = self._loop.call_later(NACK_AFTER_US / 1_000_000, self._nack)
        if stream.rtx_of is not None or stream.is_key_wanted:
            self._open(stream, data, stamp_ns)

    def _open(self, stream: InStream, data: bytes, stamp_ns: int) -> None:
        """Decrypt one packet: samples, retransmissions, and all until the first key frame."""
        unsrtp = self._path.dtls.unsrtp
        if unsrtp is None:
            return
        try:
            clear = unsrtp.unprotect(data)
        except SrtpError:
            self.undecryptable += 1
            return
        at = 12 + 4 * (clear[0] & 15)
        if clear[0] & 0x10:
            at += 4 + 4 * int.from_bytes(clear[at + 2 : at + 4])
        if stream.rtx_of is not None:
            stream.rtx_of.recover(int.from_bytes(clear[at : at + 2]))
            return
        if stream.is_key_wanted:
            self._look_for_frame(stream, clear, at)
        if stamp_ns and self._latencies is not None:
            sent_ns = STAMP.unpack_from(clear, len(clear) - STAMP.size - (clear[-1] if clear[0] & _PADDING else 0))[0]
            self._latencies.way.append((stamp_ns - sent_ns) // 1000)
            self._latencies.own.append((time.time_ns() - stamp_ns) // 1000)

    def _look_for_frame(self, stream: InStream, clear: bytes, at: int) -> None:
        """The first whole key frame is the first picture that a browser could show."""
        seq = int.from_bytes(clear[2:4])
        if is_key_start(clear[at:]):
            self._key_start[stream.ssrc] = (seq, 0)
        start = self._key_start.get(stream.ssrc)
        if start is None:
            return
        first, seen = start
        self._key_start[stream.ssrc] = (first, seen + 1)
        if clear[1] & 0x80 and (seq - first) & 0xFFFF == seen:
            stream.is_key_wanted = False
            self.first_frames_us[stream.ssrc] = now_us()

    def _ask_for_key(self, stream: InStream) -> None:
        if not stream.is_key_wanted:
            return
        if stream.ssrc not in self._key_start:
            self.plis_sent += 1
            self._send_rtcp(rtcp.receiver_report(self.ssrc, []) + rtcp.pli(self.ssrc, stream.ssrc))
        self._timers.append(self._loop.call_later(PLI_AGAIN_S, self._ask_for_key, stream))

    def _nack(self) -> None:
        self._nack_timer = None
        now = now_us()
        waiting = False
        for stream in self.streams.values():
            if not stream.missing or stream.rtx_of is not None:
                continue
            if not stream.is_video:
                # Browsers do not ask for Opus again unless told to; what is late may still come.
                if len(stream.missing) > 100:
                    stream.given_up += len(stream.missing)
                    stream.missing.clear()
                continue
            asked = stream.to_ask(now)
            waiting = waiting or bool(stream.missing)
            if asked:
                self.nacks_sent += len(asked)
                nack = rtcp.nack(self.ssrc, stream.ssrc, asked[:200])
                self._send_rtcp(rtcp.receiver_report(self.ssrc, []) + nack)
        if waiting:
            self._nack_timer = self._loop.call_later(NACK_AFTER_US / 1_000_000, self._nack)

    def _reports(self) -> None:
        now = now_us()
        live: Sequence[InStream] = [each for each in self.streams.values() if each.next_seq >= 0]
        video = [stream.ssrc for stream in live if stream.is_video and stream.rtx_of is None]
        estimate = rtcp.remb(self.ssrc, self._remb_bps, video) if video else b""
        for first in range(0, len(live), 31):
            blocks = [stream.report(now) for stream in live[first : first + 31]]
            self._send_rtcp(rtcp.receiver_report(self.ssrc, blocks) + estimate)
            estimate = b""
        self._report_timer = self._loop.call_later(1.0, self._reports)

    def _other(self, data: bytes) -> None:
        if not data or data[0] & 0xC0 != 0x80:
            self._path.control(data)
            return
        unsrtp = self._path.dtls.unsrtp
        if unsrtp is None:
            return
        try:
            feedback = rtcp.parse(unsrtp.unprotect_rtcp(data))
        except SrtpError:
            self.undecryptable += 1
            return
        for ssrc, middle in feedback.sender_reports:
            stream = self.streams.get(ssrc)
            if stream is not None:
                stream.last_sr, stream.last_sr_us = middle, now_us()
        self.on_feedback(feedback)

    def _send_rtcp(self, clear: bytes) -> None:
        srtp = self._path.dtls.srtp
        if srtp is not None:
            self._path.send(srtp.protect_rtcp(clear))


def _ancillary(messages: list[tuple[int, int, bytes]]) -> tuple[int, int]:
    """(segment size or 0, receive stamp in ns or 0)"""
    piece = stamp_ns = 0
    for level, _kind, data in messages:
        if level == socket.IPPROTO_UDP and len(data) >= 4:
            piece = struct.unpack_from("@i", data)[0]
        elif level == socket.SOL_SOCKET and len(data) >= 16:
            seconds, nanoseconds = struct.unpack_from("@qq", data)
            stamp_ns = seconds * 1_000_000_000 + nanoseconds
    return piece, stamp_ns
