"""Several peers behind one socket: a packet or a burst each, protected with their keys, sent by one system call.

Why: a packet of sound goes out alone, twenty milliseconds after the last one, when the caches have forgotten
everything. Subscriber by subscriber each costs some fifty objects of Python that have to come from memory again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from server.sfu.layout import BurstLayout
from server.sfu.transport.burst_rows import BurstRows
from server.sfu.transport.scratch import Scratch
from server.sfu.transport.sendmmsg import Messages, places
from server.sfu.transport.sockets import UdpPath, UdpSocket
from server.sfu.transport.srtp import SrtpSender, address_of, byte_size, memmove, new_lengths, pointer_to, srtp_protect

# Sound fits into the first; more than the last has room for is sent one by one.
_STRIDES = (256, 512, 1024)
# Sizes of sound vary; what is kept for each is quickly made again.
_MAX_SIZES = 64


class _Singles:
    """Places for the packets, `stride` bytes apart, and everything that points to them."""

    __slots__ = ("buffer", "messages", "packets", "size", "sizes", "start", "stride", "view")

    def __init__(self, family: int, paths: Sequence[UdpPath], stride: int) -> None:
        self.stride = stride
        self.buffer = bytearray(stride * len(paths))
        self.view = memoryview(self.buffer)
        start = pointer_to(self.buffer)
        self.packets = [start + stride * index for index in range(len(paths))]
        self.messages = Messages(family, [path.address for path in paths])
        self.start = address_of(start)
        self.sizes: dict[int, tuple[Any, bytes]] = {}
        """For each clear size: the lengths as libsrtp takes them, and the messages' places when protected."""
        self.size = 0
        """The one that `messages` is set to."""


class UdpGroup:
    """`SendGroup` of writers whose keys and paths stay what they are; `end` as soon as one of them changes."""

    __slots__ = (
        "__weakref__", "_bursts", "_count", "_handles", "_is_over", "_length_bytes", "_lengths", "_paths", "_pointers",
        "_scratch", "_senders", "_singles", "_socket", "_tag_bytes",
    )  # fmt: skip

    def __init__(
        self, udp: UdpSocket, paths: Sequence[UdpPath], senders: Sequence[SrtpSender], scratch: Scratch
    ) -> None:
        """`paths` and `senders` of the same peers, in one order; all through `udp`, all with tags of one length."""
        self._socket = udp
        self._paths = paths
        self._senders = senders  # keep libsrtp's sessions alive, which their handles do not
        self._handles = [sender.fresh_handle() for sender in senders]
        self._count = count = len(paths)
        self._tag_bytes = senders[0].tag_bytes
        self._lengths = new_lengths([0] * count)
        self._length_bytes = byte_size(self._lengths)
        self._pointers = [self._lengths + index for index in range(count)]
        self._singles: dict[int, _Singles] = {}
        self._bursts: BurstRows | None = None
        self._scratch = scratch
        self._is_over = False

    def end(self) -> None:
        self._is_over = True

    def place(self, size: int) -> tuple[bytearray, int] | None:
        if self._is_over or self._socket.has_backlog:
            return None
        for stride in _STRIDES:
            if size + self._tag_bytes <= stride:
                row = self._singles.get(stride)
                if row is None:
                    row = self._singles[stride] = _Singles(self._socket.family, self._paths, stride)
                return row.buffer, stride
        return None

    def send(self, stride: int, size: int) -> bool:
        row = self._singles[stride]
        lengths, its_places = row.sizes.get(size) or self._learn(row, size)
        if size != row.size:
            row.size = size
            row.messages.set_places(its_places)
        memmove(self._lengths, lengths, self._length_bytes)
        if any(map(srtp_protect, self._handles, row.packets, self._pointers)):
            # Keys are worn out or the sender is broken. Nothing is sent twice under one index: libsrtp refuses it.
            self._is_over = True
            return False
        self._send(row, size + self._tag_bytes)
        return True

    def rows(self, layout: BurstLayout) -> int:
        if self._is_over or self._socket.has_backlog:
            return 0
        if self._bursts is None:
            self._bursts = BurstRows(self._socket, self._paths, self._handles, self._scratch)
        return self._bursts.prepare(layout)

    def send_rows(self, layout: BurstLayout, first: int) -> bool:
        assert self._bursts is not None, "`rows` comes first"
        if not self._bursts.send(layout, first):
            self._is_over = True
            return False
        return True

    def _learn(self, row: _Singles, size: int) -> tuple[Any, bytes]:
        if len(row.sizes) >= _MAX_SIZES:
            row.sizes.clear()
        protected = size + self._tag_bytes
        starts = range(row.start, row.start + self._count * row.stride, row.stride)
        known = new_lengths([size] * self._count), places(starts, protected)
        row.sizes[size] = known
        return known

    def _send(self, row: _Singles, length: int) -> None:
        sent = self._socket.send_messages(row.messages, 0, self._count, length)
        while sent < self._count:
            # The kernel refused this one: the path's own way tells why, and whether it can wait.
            start = sent * row.stride
            self._paths[sent].send(row.view[start : start + length])
            sent += 1
            if sent < self._count:
                sent = self._socket.send_messages(row.messages, sent, self._count, length)
