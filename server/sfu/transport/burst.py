"""Packets for one peer, protected where they were written and handed to the kernel in runs.

Packets lie back to back in one buffer, so a run of equal sizes, whose last may be shorter, is one
contiguous piece that a single `sendmsg` with UDP_SEGMENT sends (Linux ``udp(7)``).
"""

from __future__ import annotations

from typing import Any

from server.sfu.layout import MAX_RUN_BYTES, MAX_SEGMENTS, BurstLayout
from server.sfu.ports import MAX_PACKET_BYTES
from server.sfu.transport.path import Path
from server.sfu.transport.srtp import MAX_TRAILER_BYTES, SrtpSender, new_length, pointer_to, srtp_protect
from server.sfu.transport.stats import DropReason, EndpointStats

_BUFFER_BYTES = MAX_SEGMENTS * MAX_PACKET_BYTES
_MIN_RTP_BYTES = 12


class Scratch:
    """The buffer that all writers of an endpoint share for what goes out at once.

    Why shared: thirty buffers of their own would push one another out of the processor's cache.
    """

    __slots__ = ("buffer", "pointer", "view")

    def __init__(self) -> None:
        self.buffer = bytearray(MAX_SEGMENTS * (MAX_PACKET_BYTES + MAX_TRAILER_BYTES))
        self.view = memoryview(self.buffer)
        self.pointer: Any = pointer_to(self.buffer)


class SrtpBurstWriter:
    """`BurstWriter` of one transport. `sender` and `path` are set when there is somebody to send to."""

    __slots__ = (
        "_handle",
        "_length",
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
        "path",
        "scratch",
        "trailer_bytes",
    )

    def __init__(self, stats: EndpointStats, scratch: Scratch) -> None:
        self.buffer = bytearray(_BUFFER_BYTES + MAX_PACKET_BYTES + MAX_TRAILER_BYTES)
        self.offset = 0
        self.path: Path | None = None
        self.scratch = scratch.buffer
        self.trailer_bytes = 0
        self._scratch = scratch
        self._view = memoryview(self.buffer)
        self._pointer: Any = pointer_to(self.buffer)
        self._sender: SrtpSender | None = None
        self._handle: Any = None
        self._length: Any = new_length()
        self._stats = stats
        self._runs: list[tuple[int, int, int]] = []
        self._run_start = 0
        self._run_size = 0
        """Segment size of the open run; 0 = the run is closed, the next packet begins one."""

    def use(self, sender: SrtpSender | None) -> None:
        """The keys to protect with from now on; None = drop everything."""
        self._sender = sender  # keeps libsrtp's session alive as long as we hold its handle
        self._handle = None if sender is None else sender.handle
        self.trailer_bytes = 0 if sender is None else sender.tag_bytes

    def commit(self, length: int) -> bool:
        handle = self._handle
        if handle is None or self.path is None:
            self._stats.drop(DropReason.OUT_NOT_CONNECTED)
            return False
        offset = self.offset
        if not _MIN_RTP_BYTES <= length <= MAX_PACKET_BYTES:
            self._stats.drop(DropReason.OUT_PROTECT)
            return False
        length_pointer = self._length
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

    def send_single(self, length: int) -> bool:
        handle, path = self._handle, self.path
        if handle is None or path is None:
            self._stats.drop(DropReason.OUT_NOT_CONNECTED)
            return False
        if self.offset:
            self.flush()  # what was written before goes out before
        scratch = self._scratch
        length_pointer = self._length
        length_pointer[0] = length
        if length > MAX_PACKET_BYTES or srtp_protect(handle, scratch.pointer, length_pointer):
            self._stats.drop(DropReason.OUT_PROTECT)
            return False
        path.send(scratch.view[: length_pointer[0]])
        return True

    def send_burst(self, layout: BurstLayout) -> int:
        handle, path = self._handle, self.path
        if handle is None or path is None:
            self._stats.drop(DropReason.OUT_NOT_CONNECTED, len(layout.sizes))
            return 0
        if self.offset:
            self.flush()  # what was written before goes out before
        if layout.prepared is None:
            self._prepare(layout)
        pointers, runs = layout.prepared
        length_pointer = self._length
        failed = 0
        for pointer, size in pointers:
            length_pointer[0] = size
            failed |= srtp_protect(handle, pointer, length_pointer)
        if failed:
            # Why all: the keys are worn out or the sender is broken; it does not happen to one packet alone.
            self._stats.drop(DropReason.OUT_PROTECT, len(pointers))
            return 0
        for run, size in runs:
            path.send_run(run, size)
        return len(pointers)

    def _prepare(self, layout: BurstLayout) -> None:
        """Pointers and views are the same for each subscriber, since the scratch buffer is."""
        scratch = self._scratch
        pointers, at = [], 0
        for size in layout.sizes:
            pointers.append((scratch.pointer + at, size))
            at += size + self.trailer_bytes
        layout.prepared = (pointers, [(scratch.view[start:end], size) for start, end, size in layout.runs])

    def flush(self) -> None:
        runs = self._runs
        if self._run_size:
            runs.append((self._run_start, self.offset, self._run_size))
            self._run_size = 0
        if not runs:
            return
        path = self.path
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
