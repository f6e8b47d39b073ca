"""Packets for one peer, protected where they were written and handed to the kernel in runs (media.md §1).

Packets lie back to back in one buffer, so a run of equal sizes, whose last may be shorter, is one
contiguous piece that a single `sendmsg` with UDP_SEGMENT sends (Linux ``udp(7)``).
"""

from __future__ import annotations

from typing import Any

from server.sfu.ports import MAX_PACKET_BYTES
from server.sfu.transport.path import Path
from server.sfu.transport.srtp import MAX_TRAILER_BYTES, SrtpSender, new_length, pointer_to, srtp_protect
from server.sfu.transport.stats import DropReason, EndpointStats

# The kernel's UDP_MAX_SEGMENTS before 6.9; also all packets of a key frame of 64 kB.
MAX_SEGMENTS = 64
# Why 65 000: the kernel refuses a run whose IP packet would be longer than 65 535 with all its headers.
MAX_RUN_BYTES = 65_000
_BUFFER_BYTES = MAX_SEGMENTS * MAX_PACKET_BYTES
_MIN_RTP_BYTES = 12


class SrtpBurstWriter:
    """`BurstWriter` of one transport. `sender` and `path` are set when there is somebody to send to."""

    __slots__ = (
        "_handle",
        "_length",
        "_pointer",
        "_run_size",
        "_run_start",
        "_runs",
        "_sender",
        "_stats",
        "_view",
        "buffer",
        "offset",
        "path",
    )

    def __init__(self, stats: EndpointStats) -> None:
        self.buffer = bytearray(_BUFFER_BYTES + MAX_PACKET_BYTES + MAX_TRAILER_BYTES)
        self.offset = 0
        self.path: Path | None = None
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
