"""One non-blocking UDP socket per advertised address: drained to the end, sent to in runs (Linux ``udp(7)``).

Why one per address: a socket on the wildcard address of a multi-homed host answers from another address
than the candidate's, and the pair fails silently (media.md §2 a.11).
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import ipaddress
import socket
import struct
import termios
from collections import deque
from typing import TYPE_CHECKING, Any

from server.clock import Clock
from server.sfu.transport.guard import PROTOCOL_OF, Protocol
from server.sfu.transport.path import Intake
from server.sfu.transport.sendmmsg import SOL_UDP, UDP_SEGMENT, Messages
from server.sfu.transport.srtp import pointer_to
from server.sfu.transport.stats import DropReason, EndpointStats

if TYPE_CHECKING:
    from server.sfu.transport.peer_transport import PeerTransport

_UDP_GRO = 104
# Why 8 MB: a second of 60 publishers; the prototype with the default buffer lost 43 % in bursts (media.md §1).
_KERNEL_BUFFER_BYTES = 8 * 1024 * 1024
# Why 512: about 5 ms of work, after which timers and signalling get their turn; the socket stays readable.
DRAIN_LIMIT = 512
_RECEIVE_BYTES = 65536  # the longest UDP datagram, and so the longest GRO batch
_ANCILLARY_BYTES = socket.CMSG_SPACE(4)
# Larger packets would need IP fragments, which UDP_SEGMENT refuses with EINVAL (1 500 less IPv6 and UDP headers).
MAX_SEGMENT_BYTES = 1452
# Why 1 MB: behind a full kernel buffer of 8 MB more waiting only makes media late.
_BACKLOG_BYTES = 1024 * 1024
_MAX_DATAGRAM_BYTES = 1600
_WOULD_BLOCK = frozenset({errno.EAGAIN, errno.EWOULDBLOCK, errno.ENOBUFS})

# What `sendto` wants and `recvmsg_into` gives: (host, port) or (host, port, flow, scope).
Address = tuple[Any, ...]


class UdpPath:
    """One remote address behind one of our sockets."""

    __slots__ = ("address", "heard_us", "owner", "socket")

    kind = "udp"

    def __init__(self, udp: UdpSocket, address: Address) -> None:
        self.socket = udp
        self.address = address
        self.owner: PeerTransport | None = None
        self.heard_us = 0

    @property
    def remote(self) -> tuple[str, int]:
        return self.address[0], self.address[1]

    def bind(self, owner: PeerTransport) -> None:
        self.owner = owner
        self.socket.routes[self.address] = self

    def release(self) -> None:
        self.owner = None
        if self.socket.routes.get(self.address) is self:
            del self.socket.routes[self.address]

    def send(self, data: bytes | memoryview) -> bool:
        return self.socket.send(data, self.address)

    def send_run(self, run: memoryview, size: int) -> None:
        self.socket.send_run(run, size, self.address)


class UdpSocket:
    """Reads everything there is, then says so once; knows which validated address belongs to whom."""

    def __init__(self, host: str, port: int, *, intake: Intake, clock: Clock, stats: EndpointStats) -> None:
        """Raises OSError when the address or port cannot be had."""
        family = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        try:
            self._socket.bind((host, port))
        except OSError:
            self._socket.close()
            raise
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            _enlarge(self._socket, option)
        self.has_gro = _enable_gro(self._socket)
        self.has_gso = True
        self.family = family
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        self.routes: dict[Address, UdpPath] = {}
        self._intake = intake
        self._clock = clock
        self._stats = stats
        self._buffer = bytearray(_RECEIVE_BYTES)
        self._view = memoryview(self._buffer)
        self._pointer = pointer_to(self._buffer)
        self._segment_notes: dict[int, list[tuple[int, int, bytes]]] = {}
        self._backlog: deque[tuple[bytes, Address]] = deque()
        self._backlog_bytes = 0
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        loop.add_reader(self._socket.fileno(), self._drain)

    def close(self) -> None:
        """Idempotent."""
        if self._loop is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._loop.remove_writer(self._socket.fileno())
            self._loop = None
        self._socket.close()
        self.routes.clear()
        self._backlog.clear()

    def has_unread(self) -> bool:
        return bool(struct.unpack("i", fcntl.ioctl(self._socket.fileno(), termios.FIONREAD, bytes(4)))[0])

    # receiving

    def _drain(self) -> None:
        receive = self._socket.recvmsg_into
        buffers = [self._buffer]
        stats = self._stats
        try:
            for _ in range(DRAIN_LIMIT):
                try:
                    size, notes, _flags, address = receive(buffers, _ANCILLARY_BYTES)
                except BlockingIOError:
                    break
                except OSError:
                    # An ICMP error of an earlier send: nothing was received, but there may be more behind it.
                    continue
                stats.receive_calls += 1
                now_us = self._clock.monotonic_us()
                segment = size
                if notes:
                    segment = struct.unpack("i", notes[0][2])[0] or size
                offset = 0
                while offset < size:
                    self._take(offset, min(segment, size - offset), address, now_us)
                    offset += segment
                if not size:
                    stats.drop(DropReason.SIZE)
        finally:
            self._intake.on_drained()

    def _take(self, offset: int, length: int, address: Address, now_us: int) -> None:
        stats = self._stats
        stats.datagrams_in += 1
        stats.bytes_in += length
        if length > _MAX_DATAGRAM_BYTES:
            stats.drop(DropReason.SIZE)
            return
        path = self.routes.get(address)
        protocol = PROTOCOL_OF[self._buffer[offset]]
        if protocol is Protocol.STUN:
            data = bytes(self._view[offset : offset + length])
            self._intake.on_stun(UdpPath(self, address) if path is None else path, data, now_us)
        elif path is None or path.owner is None:
            stats.drop(DropReason.STRANGER)
        elif protocol is Protocol.RTP:
            path.owner.on_srtp(path, self._view, self._pointer + offset, offset, length, now_us)
        elif protocol is Protocol.DTLS:
            path.owner.on_dtls(path, bytes(self._view[offset : offset + length]), now_us)
        else:
            stats.drop(DropReason.UNKNOWN_PROTOCOL)

    # sending

    def send(self, data: bytes | memoryview, address: Address) -> bool:
        if self._backlog:
            return self._postpone(data, address)
        try:
            self._socket.sendto(data, address)
        except OSError as exc:
            if exc.errno in _WOULD_BLOCK:
                return self._postpone(data, address)
            self._stats.drop(DropReason.OUT_ERROR)
            return False
        self._stats.send_calls += 1
        self._stats.packets_out += 1
        self._stats.bytes_out += len(data)
        return True

    def send_run(self, run: memoryview, size: int, address: Address) -> None:
        """One system call for the whole run where the kernel can; the caller keeps to its limits."""
        total = len(run)
        if total <= size:
            self.send(run, address)
            return
        if not self.has_gso or size > MAX_SEGMENT_BYTES or self._backlog:
            self._send_each(run, size, address)
            return
        notes = self._segment_notes.get(size)
        if notes is None:
            notes = self._segment_notes[size] = [(SOL_UDP, UDP_SEGMENT, struct.pack("H", size))]
        try:
            self._socket.sendmsg((run,), notes, 0, address)
        except OSError as exc:
            if exc.errno in (errno.EIO, errno.EINVAL, errno.ENOPROTOOPT, errno.EOPNOTSUPP):
                # This kernel or device cannot segment: remembered, so that the price is paid once.
                self.has_gso = False
                self._stats.gso_fallbacks += 1
            elif exc.errno not in _WOULD_BLOCK:
                self._stats.drop(DropReason.OUT_ERROR, -(-total // size))
                return
            self._send_each(run, size, address)
            return
        stats = self._stats
        stats.send_calls += 1
        stats.packets_out += -(-total // size)
        stats.bytes_out += total

    @property
    def has_backlog(self) -> bool:
        """Datagrams wait for the kernel, and whatever comes now waits behind them."""
        return bool(self._backlog)

    def send_messages(self, messages: Messages, first: int, until: int, length: int, packets: int = 1) -> int:
        """Those from `first` on, each of `length` bytes and so many `packets`.

        Returns the first that the kernel did not take, or `until`.
        """
        if self._backlog:
            return first
        sent = messages.send(self._socket.fileno(), first, until)
        if sent <= 0:
            return first
        stats = self._stats
        stats.send_calls += 1
        stats.packets_out += sent * packets
        stats.bytes_out += sent * length
        return first + sent

    def _send_each(self, run: memoryview, size: int, address: Address) -> None:
        for start in range(0, len(run), size):
            self.send(run[start : start + size], address)

    def _postpone(self, data: bytes | memoryview, address: Address) -> bool:
        if self._loop is None or self._backlog_bytes + len(data) > _BACKLOG_BYTES:
            self._stats.drop(DropReason.OUT_BACKLOG)
            return False
        if not self._backlog:
            self._loop.add_writer(self._socket.fileno(), self._send_backlog)
        self._backlog.append((bytes(data), address))
        self._backlog_bytes += len(data)
        return True

    def _send_backlog(self) -> None:
        while self._backlog:
            data, address = self._backlog[0]
            try:
                self._socket.sendto(data, address)
            except OSError as exc:
                if exc.errno in _WOULD_BLOCK:
                    return
                self._stats.drop(DropReason.OUT_ERROR)
            else:
                self._stats.send_calls += 1
                self._stats.packets_out += 1
                self._stats.bytes_out += len(data)
            self._backlog.popleft()
            self._backlog_bytes -= len(data)
        if self._loop is not None:
            self._loop.remove_writer(self._socket.fileno())


def _enlarge(udp: socket.socket, option: int) -> None:
    """Past the system's limit when we may (CAP_NET_ADMIN), else as far as it goes."""
    udp.setsockopt(socket.SOL_SOCKET, option, _KERNEL_BUFFER_BYTES)
    forced = {socket.SO_RCVBUF: 33, socket.SO_SNDBUF: 32}[option]  # SO_RCVBUFFORCE, SO_SNDBUFFORCE of asm/socket.h
    try:
        udp.setsockopt(socket.SOL_SOCKET, forced, _KERNEL_BUFFER_BYTES)
    except OSError:
        return


def _enable_gro(udp: socket.socket) -> bool:
    try:
        udp.setsockopt(SOL_UDP, _UDP_GRO, 1)
    except OSError:
        return False
    return True
