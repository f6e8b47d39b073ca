"""A burst each for several peers behind one socket: protected with their keys, a row of bursts by one system call.

Bursts of a row stand behind one another in the buffer that all writers share, so that it stays in the processor's
cache however many peers there are; each is one message of `sendmmsg`, cut into its packets by the kernel.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, repeat
from typing import Any

from server.sfu.layout import BurstLayout
from server.sfu.transport.scratch import MAX_ROW_PACKETS, Scratch
from server.sfu.transport.sendmmsg import Messages, places
from server.sfu.transport.sockets import MAX_SEGMENT_BYTES, UdpPath, UdpSocket
from server.sfu.transport.srtp import byte_size, memmove, new_lengths, srtp_protect


class _Rows:
    """A layout as libsrtp and the kernel take it, for the rows of one group."""

    __slots__ = ("count", "lengths", "packet_bytes", "packets", "places", "segment")

    def __init__(self, layout: BurstLayout, scratch: Scratch, members: int) -> None:
        total, packets = layout.total_bytes, layout.count
        self.count = count = min(members, len(scratch.buffer) // total, MAX_ROW_PACKETS // packets)
        self.lengths = new_lengths(layout.sizes * count)
        self.packet_bytes = byte_size(self.lengths) // count
        header = layout.payloads_at[0]
        starts = [at - header for at in layout.payloads_at]
        self.packets: list[Any] = [
            scratch.pointer + (burst + start) for burst in range(0, count * total, total) for start in starts
        ]
        self.places = places((scratch.address + index % count * total for index in range(members)), total)
        (_, _, size), *more = layout.runs
        self.segment = 0 if more or size > MAX_SEGMENT_BYTES else size
        """0 = no single message can send it."""


class BurstRows:
    """`SendGroup.rows` and `send_rows` of a group of `paths` and the libsrtp `handles` of the same peers."""

    __slots__ = ("_handles", "_messages", "_paths", "_scratch", "_socket")

    def __init__(self, udp: UdpSocket, paths: Sequence[UdpPath], handles: Sequence[Any], scratch: Scratch) -> None:
        self._socket = udp
        self._paths = paths
        self._handles = handles
        self._scratch = scratch
        self._messages = Messages(udp.family, [path.address for path in paths], has_segments=True)

    def prepare(self, layout: BurstLayout) -> int:
        """How many bursts of `layout` a row has."""
        rows = layout.rows = _Rows(layout, self._scratch, len(self._paths))
        self._messages.set_places(rows.places)
        if rows.segment:
            self._messages.set_segment(rows.segment)
        return rows.count

    def send(self, layout: BurstLayout, first: int) -> bool:
        """One row. False = libsrtp refused, and nothing of it was sent."""
        rows: _Rows = layout.rows
        scratch, packets = self._scratch, layout.count
        until = min(first + rows.count, len(self._paths))
        memmove(scratch.lengths, rows.lengths, (until - first) * rows.packet_bytes)
        handles = chain.from_iterable(map(repeat, self._handles[first:until], repeat(packets)))
        if any(map(srtp_protect, handles, rows.packets, scratch.length_pointers)):
            return False
        udp, sent = self._socket, first
        if rows.segment and udp.has_gso:
            sent = udp.send_messages(self._messages, first, until, layout.total_bytes, packets)
        for index in range(sent, until):
            # What the kernel refused, or one message cannot hold: the path's own way copes, or tells why not.
            start = (index - first) * layout.total_bytes
            for run_start, run_end, size in layout.runs:
                self._paths[index].send_run(scratch.view[start + run_start : start + run_end], size)
        return True
