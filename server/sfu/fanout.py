"""The loop from received bursts to subscribers: each track's burst per subscriber.

A burst that needs one decision goes out the moment it is written, subscriber by subscriber; packets that were decided
one by one wait in their peer's writer for the flush at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from server.sfu.drop_reason import DropReason, HubStats
from server.sfu.rtp import abs_send_time

if TYPE_CHECKING:
    from server.sfu.peer import MediaPeer
    from server.sfu.uplayer import UpLayer
    from server.sfu.uptrack import UpTrack


class Fanout:
    """`dirty` layers have received something since the last `run`; `written` peers have something to flush.

    `unsettled` peers wait for their choice of layers; `pressing` ones need every tick. `is_restless`: something is to
    be done soon though no packet may come to do it with, and `on_restless` has been told.
    """

    __slots__ = ("dirty", "is_restless", "on_restless", "pressing", "stats", "tracks", "unsettled", "written")

    def __init__(self) -> None:
        self.stats = HubStats()
        self.dirty: list[UpLayer] = []
        self.unsettled: list[MediaPeer] = []
        self.written: list[MediaPeer] = []
        self.pressing: set[MediaPeer] = set()
        self.tracks: list[UpTrack] = []
        self.is_restless = False
        self.on_restless: Callable[[], None] = lambda: None

    def press(self) -> None:
        """A tick is wanted soon, packets or not."""
        if not self.is_restless:
            self.is_restless = True
            self.on_restless()

    def remove(self, track: UpTrack) -> None:
        if track in self.tracks:
            self.tracks.remove(track)

    def run(self, now_us: int) -> None:
        """Forward everything that is pending, to those whose choice is up to date."""
        self.settle(now_us)
        dirty = self.dirty
        if dirty:
            self.dirty = []
            time = abs_send_time(now_us).to_bytes(3, "big")
            for layer in dirty:
                packets = layer.pending
                if not packets:
                    continue
                layer.pending = []
                downs = layer.track.downs
                if not downs:
                    self.stats.dropped[DropReason.NOBODY] += len(packets)
                    continue
                layer.track.groups.forward(packets, downs, time, self.stats)
        self.flush_written()

    def settle(self, now_us: int) -> None:
        unsettled = self.unsettled
        if unsettled:
            self.unsettled = []
            for peer in unsettled:
                peer.settle(now_us)

    def flush_written(self) -> None:
        written = self.written
        if written:
            self.written = []
            for peer in written:
                peer.flush()
