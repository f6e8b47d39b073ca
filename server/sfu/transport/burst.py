"""Packets for one peer, protected where they were written and handed to the kernel in runs.

Packets lie back to back in one buffer, so a run of equal sizes, whose last may be shorter, is one
contiguous piece that a single `sendmsg` with UDP_SEGMENT sends (Linux ``udp(7)``).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from typing import Any
from weakref import WeakSet

from server.sfu.layout import MAX_RUN_BYTES, MAX_SEGMENTS, BurstLayout
from server.sfu.ports import MAX_PACKET_BYTES, BurstWriter
from server.sfu.transport.group import UdpGroup
from server.sfu.transport.path import Path
from server.sfu.transport.scratch import Scratch
from server.sfu.transport.sendmmsg import HAS_SENDMMSG, MAX_MESSAGES
from server.sfu.transport.sockets import UdpPath, UdpSocket
from server.sfu.transport.srtp import (
    MAX_TRAILER_BYTES,
    SrtpSender,
    byte_size,
    memmove,
    new_lengths,
    pointer_to,
    srtp_protect,
)
from server.sfu.transport.stats import DropReason, EndpointStats

_BUFFER_BYTES = MAX_SEGMENTS * MAX_PACKET_BYTES
_MIN_RTP_BYTES = 12


class _Prepared:
    """A layout as libsrtp and the sockets take it."""

    __slots__ = ("clear_lengths", "each_length", "length_bytes", "lengths", "packets", "runs")

    def __init__(self, layout: BurstLayout, scratch: Scratch, trailer_bytes: int) -> None:
        self.clear_lengths = new_lengths(layout.sizes)
        # What libsrtp writes the protected lengths into, one subscriber after the other.
        self.lengths = new_lengths(layout.sizes)
        self.length_bytes = byte_size(self.lengths)
        self.each_length = [self.lengths + index for index in range(layout.count)]
        self.packets: list[Any] = []
        at = 0
        for size in layout.sizes:
            self.packets.append(scratch.pointer + at)
            at += size + trailer_bytes
        self.runs = [(scratch.view[start:end], size) for start, end, size in layout.runs]


class SrtpBurstWriter:
    """`BurstWriter` of one transport. `sender` and `path` are set when there is somebody to send to.

    `groups` end when either changes: what they keep of us is no longer true.
    """

    __slots__ = (
        "_groups",
        "_handle",
        "_path",
        "_pointer",
        "_run_size",
        "_run_start",
        "_runs",
        "_scratch",
        "_sender",
        "_stats",
        "_view",
        "buffer",
        "offset",
        "scratch",
        "trailer_bytes",
    )

    def __init__(self, stats: EndpointStats, scratch: Scratch) -> None:
        self.buffer = bytearray(_BUFFER_BYTES + MAX_PACKET_BYTES + MAX_TRAILER_BYTES)
        self.offset = 0
        self._path: Path | None = None
        self._groups: WeakSet[UdpGroup] = WeakSet()
        self.scratch = scratch.buffer
        self.trailer_bytes = 0
        self._scratch = scratch
        self._view = memoryview(self.buffer)
        self._pointer: Any = pointer_to(self.buffer)
        self._sender: SrtpSender | None = None
        self._handle: Any = None
        self._stats = stats
        self._runs: list[tuple[int, int, int]] = []
        self._run_start = 0
        self._run_size = 0
        """Segment size of the open run; 0 = the run is closed, the next packet begins one."""

    def use(self, sender: SrtpSender | None) -> None:
        """The keys to protect with from now on; None = drop everything."""
        self._end_groups()
        self._sender = sender  # keeps libsrtp's session alive as long as we hold its handle
        self._handle = None if sender is None else sender.handle
        self.trailer_bytes = 0 if sender is None else sender.tag_bytes

    @property
    def path(self) -> Path | None:
        return self._path

    @path.setter
    def path(self, path: Path | None) -> None:
        self._end_groups()
        self._path = path

    def _end_groups(self) -> None:
        for group in self._groups:
            group.end()
        self._groups.clear()

    @property
    def meeting_point(self) -> tuple[UdpSocket, int] | None:
        path = self._path
        if not HAS_SENDMMSG or self._sender is None or not isinstance(path, UdpPath):
            return None
        return path.socket, self.trailer_bytes

    def group(self, writers: Sequence[BurstWriter]) -> UdpGroup:
        members = [writer for writer in writers if isinstance(writer, SrtpBurstWriter)]
        paths = [member.path for member in members if isinstance(member.path, UdpPath)]
        senders = [member._sender for member in members if member._sender is not None]
        assert len(paths) == len(senders) == len(writers) <= MAX_MESSAGES, "they have a meeting point"
        group = UdpGroup(paths[0].socket, paths, senders, self._scratch)
        for member in members:
            member._groups.add(group)
        return group

    def commit(self, length: int) -> bool:
        handle = self._handle
        if handle is None or self._path is None:
            self._stats.drop(DropReason.OUT_NOT_CONNECTED)
            return False
        offset = self.offset
        if not _MIN_RTP_BYTES <= length <= MAX_PACKET_BYTES:
            self._stats.drop(DropReason.OUT_PROTECT)
            return False
        length_pointer = self._scratch.length
        length_pointer[0] = length
        if srtp_protect(handle, self._pointer + offset, length_pointer):
            self._stats.drop(DropReason.OUT_PROTECT)
            return False
        size = length_pointer[0]
        end = offset + size
        run_size = self._run_size
        if size != run_size:
            if run_size and size < run_size:
                # The shorter last packet of the run: it ends here.
                self._runs.append((self._run_start, end, run_size))
                self._run_size = 0
                self._run_start = end
            else:
                if run_size:
                    self._runs.append((self._run_start, offset, run_size))
                self._run_start = offset
                self._run_size = size
        self.offset = end
        if end >= _BUFFER_BYTES:
            self.flush()
        return True

    def send_burst(self, layout: BurstLayout) -> int:
        handle, path = self._handle, self._path
        if handle is None or path is None:
            self._stats.drop(DropReason.OUT_NOT_CONNECTED, layout.count)
            return 0
        if self.offset:
            self.flush()  # what was written before goes out before
        if layout.count == 1:
            return self._send_single(layout, handle, path)
        prepared = layout.prepared
        if prepared is None:
            prepared = layout.prepared = _Prepared(layout, self._scratch, self.trailer_bytes)
        memmove(prepared.lengths, prepared.clear_lengths, prepared.length_bytes)
        # Why not a loop: this one runs inside the interpreter. Why all are dropped when one fails: the keys are worn
        # out or the sender is broken; it does not happen to one packet alone.
        if any(map(srtp_protect, repeat(handle), prepared.packets, prepared.each_length)):
            self._stats.drop(DropReason.OUT_PROTECT, layout.count)
            return 0
        for run, size in prepared.runs:
            path.send_run(run, size)
        return layout.count

    def _send_single(self, layout: BurstLayout, handle: Any, path: Path) -> int:
        scratch = self._scratch
        length = scratch.length
        length[0] = layout.sizes[0]
        if srtp_protect(handle, scratch.pointer, length):
            self._stats.drop(DropReason.OUT_PROTECT)
            return 0
        if layout.prepared is None:
            layout.prepared = scratch.view[: length[0]]
        path.send(layout.prepared)
        return 1

    def flush(self) -> None:
        runs = self._runs
        if self._run_size:
            runs.append((self._run_start, self.offset, self._run_size))
            self._run_size = 0
        if not runs:
            return
        path = self._path
        if path is None:
            self._stats.drop(DropReason.OUT_NOT_CONNECTED, len(runs))
        else:
            view = self._view
            for start, end, size in runs:
                limit = size * min(MAX_SEGMENTS, MAX_RUN_BYTES // size)
                while end - start > limit:
                    path.send_run(view[start : start + limit], size)
                    start += limit
                path.send_run(view[start:end], size)
        runs.clear()
        self.offset = self._run_start = 0
