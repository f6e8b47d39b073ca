"""Pictures to many: a burst, laid out once and written for each member of a group, a few members at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from server.sfu import vp8
from server.sfu.burst import Burst
from server.sfu.group import Group
from server.sfu.packet import Packet

if TYPE_CHECKING:
    from server.sfu.downtrack import DownTrack


class PictureGroup(Group):
    """All packets of a burst have one extension block, whose head is the member's own."""

    __slots__ = ("_heads", "_ssrcs")

    def __init__(self, members: Sequence[DownTrack], last: Packet) -> None:
        super().__init__(members, last)
        self._ssrcs = [member.out.ssrc for member in members]
        self._heads = [member.out.extensions.parts(-1)[0] for member in members]

    def forward(self, burst: Burst, time: bytes) -> bool:
        first = self._first
        # Those who are alone find this layout too, and its block.
        first.out.time = time
        layout, _ = first.layout_of(burst)
        per_row = self._sender.rows(layout)
        if not per_row:
            return False
        extensions = first.out.extensions
        tail = extensions.parts(-1)[1]
        if extensions.has_time:
            tail = time + tail
        buffer = first.peer.writer.scratch
        write, size, number = layout.write, layout.total_bytes, burst.first
        stretches, ssrcs, heads = self._stretches, self._ssrcs, self._heads
        for start in range(0, len(ssrcs), per_row):
            at = 0
            for index in range(start, min(start + per_row, len(ssrcs))):
                stretch = stretches[index]
                block = heads[index] + tail
                write(buffer, at, (number + stretch.sequence) & 0xFFFF, stretch.timestamp, ssrcs[index], block)
                if stretch.rewrites:
                    vp8.rewrite_burst(buffer, [at + place for place in layout.payloads_at], burst.packets, stretch)
                at += size
            if not self._sender.send_rows(layout, start):
                return False
        self._sent(burst.last, layout.count, layout.octets)
        return True
