"""One datagram to each of many addresses by a single system call (Linux ``sendmmsg(2)``), from standing structures.

Python's sockets have no such call, and build address and message anew for each datagram. What is here stands in
arrays beside one another, so that a message costs the processor few places in memory that it has not seen lately.
"""

from __future__ import annotations

import ctypes
import socket
import struct
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

# The kernel looks at no more messages in one call (UIO_MAXIOV).
MAX_MESSAGES = 1024
_ADDRESS_BYTES = 28  # sockaddr_in6, the longer one
SOL_UDP = 17
UDP_SEGMENT = 103


class _Iovec(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Message(ctypes.Structure):
    """``struct mmsghdr`` of 64-bit Linux. The lengths are glibc's; musl's ints lie in their lower halves."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint),
        ("iov", ctypes.c_void_p),
        ("iov_length", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
        ("padding", ctypes.c_int),
        ("sent", ctypes.c_uint),
    )


class _Segment(ctypes.Structure):
    """``struct cmsghdr`` with UDP_SEGMENT's value behind it (Linux ``udp(7)``), padded as CMSG_SPACE does."""

    _fields_ = (
        ("length", ctypes.c_size_t),
        ("level", ctypes.c_int),
        ("type", ctypes.c_int),
        ("size", ctypes.c_uint16),
        ("padding", ctypes.c_uint16 * 3),
    )


def _find() -> Callable[[int, int, int, int], int] | None:
    if sys.platform != "linux" or ctypes.sizeof(ctypes.c_void_p) != 8:
        return None
    found: Any = getattr(ctypes.CDLL(None, use_errno=True), "sendmmsg", None)
    if found is not None:
        found.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int)
        found.restype = ctypes.c_int
    call: Callable[[int, int, int, int], int] | None = found
    return call


_sendmmsg = _find()
HAS_SENDMMSG = _sendmmsg is not None


def _socket_address(family: int, address: Sequence[Any]) -> bytes:
    """``sockaddr_in`` or ``sockaddr_in6`` of what Python's sockets call an address."""
    host, port = socket.inet_pton(family, address[0].partition("%")[0]), address[1]
    if family == socket.AF_INET:
        return struct.pack("=H", family) + struct.pack("!H", port) + host + bytes(8)
    flow, scope = (*address[2:4], 0, 0)[:2]
    return struct.pack("=H", family) + struct.pack("!HI", port, flow) + host + struct.pack("=I", scope)


def places(starts: Iterable[int], length: int) -> bytes:
    """What `Messages.set_places` takes for messages of one length that begin at these addresses; worth keeping."""
    values = [value for start in starts for value in (start, length)]
    return struct.pack(f"={len(values)}Q", *values)


class Messages:
    """One message for each address; `set_places` and `set_segment` say what is in them."""

    __slots__ = ("_addresses", "_control", "_count", "_iovecs", "_message_bytes", "_messages")

    def __init__(self, family: int, addresses: Sequence[Sequence[Any]], *, has_segments: bool = False) -> None:
        """`has_segments`: the kernel is to cut each message into datagrams."""
        self._count = count = len(addresses)
        self._addresses = ctypes.create_string_buffer(_ADDRESS_BYTES * count)
        self._iovecs = (_Iovec * count)()
        self._messages = (_Message * count)()
        self._message_bytes = ctypes.sizeof(_Message)
        self._control = _Segment(_Segment.size.offset + _Segment.size.size, SOL_UDP, UDP_SEGMENT)
        names, iovecs = ctypes.addressof(self._addresses), ctypes.addressof(self._iovecs)
        for index, address in enumerate(addresses):
            raw = _socket_address(family, address)
            at = _ADDRESS_BYTES * index
            ctypes.memmove(names + at, raw, len(raw))
            message = self._messages[index]
            message.name, message.name_length = names + at, len(raw)
            message.iov, message.iov_length = iovecs + index * ctypes.sizeof(_Iovec), 1
            if has_segments:
                message.control, message.control_length = ctypes.addressof(self._control), ctypes.sizeof(_Segment)

    def set_places(self, places: bytes) -> None:
        """Address and length of each message, 64 bits each; what is there must outlive the next `send`."""
        assert len(places) == ctypes.sizeof(self._iovecs)
        ctypes.memmove(self._iovecs, places, len(places))

    def set_segment(self, size: int) -> None:
        """The datagrams' length, all but the last."""
        self._control.size = size

    def send(self, descriptor: int, first: int, until: int) -> int:
        """Messages `first` to `until`: how many the kernel took, or minus an errno when it refused the first."""
        assert _sendmmsg is not None, "HAS_SENDMMSG comes first"
        assert 0 <= first < until <= self._count
        start = ctypes.addressof(self._messages) + first * self._message_bytes
        sent = _sendmmsg(descriptor, start, until - first, 0)
        return sent if sent >= 0 else -ctypes.get_errno()
