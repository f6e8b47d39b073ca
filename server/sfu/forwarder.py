"""Decides for one subscriber what happens to each packet: forwarded with which offsets, dropped and why, switched when.

Pure. The answer for a forwarded packet is the `Stretch` whose offsets apply (so nothing is allocated per packet); a
layer inside one stream (temporal, later spatial) is chosen by dropping, and `Stretch.marker` ends its pictures.
"""

from __future__ import annotations

from server.sfu.burst import Burst
from server.sfu.drop_reason import DropReason
from server.sfu.packet import NO_PAYLOAD_TID, Packet, Source
from server.sfu.sequence import SequenceMunger, Stretch, is_newer_timestamp

ALL_TEMPORAL_LAYERS = 7
# Why 3 s: beyond it two sender reports disagree (a restarted clock), and elapsed time is the better guess.
_MAX_CLOCK_DISAGREEMENT_S = 3


class Forwarder:
    """State of one outgoing stream. `current` is what goes out, `target` what shall; they meet at a key frame."""

    __slots__ = ("_last", "_tid_limit", "_tid_target", "current", "munger", "reason", "target")

    def __init__(self, first_sequence: int) -> None:
        """`first_sequence` (16 bits) below 2^15, so that the first packets lost do not hide a wrap from SRTP."""
        self.munger = SequenceMunger(first_sequence)
        self.current: Source | None = None
        self.target: Source | None = None
        self.reason = DropReason.NOBODY
        """Why the last `decide` answered None."""
        self._last: Packet | None = None
        self._tid_limit = ALL_TEMPORAL_LAYERS
        self._tid_target = ALL_TEMPORAL_LAYERS

    @property
    def awaits_keyframe(self) -> bool:
        return self.target is not None and self.target is not self.current and self.target.is_video

    @property
    def last(self) -> Packet | None:
        """The newest packet that went out."""
        return self._last

    @property
    def last_timestamp(self) -> int:
        """As it went out; 0 before the first packet."""
        return (self._last.timestamp + self.munger.timestamp) & 0xFFFFFFFF if self._last is not None else 0

    @property
    def temporal_limit(self) -> int:
        return self._tid_limit

    def set_target(self, target: Source | None, tid: int = ALL_TEMPORAL_LAYERS) -> None:
        """None stops at once; another source takes over at its next key frame (audio: its next packet)."""
        self.target = target
        self._tid_target = tid
        if tid < self._tid_limit:
            self._tid_limit = tid
        if target is None:
            self.suspend()

    def suspend(self) -> None:
        """Nothing goes out until the target's next key frame; what comes then continues without a hole."""
        self.current = None
        self.munger.suspend()

    def decide(self, packet: Packet) -> Stretch | None:
        if packet.source is self.current:
            munger = self.munger
            number = packet.sequence
            if number >= munger.next_in:
                if packet.tid <= self._tid_limit:
                    self._last = packet
                    stretch = munger.open
                    if stretch is not None:
                        munger.next_in = number + 1
                        return stretch
                    return munger.take(number)
                return self._above_limit(packet)
            return self._late(packet)
        return self._other_source(packet)

    def decide_burst(self, burst: Burst) -> Stretch | None:
        """One answer for a whole burst in the common case; None = ask `decide` for each packet."""
        if burst.source is self.current and burst.highest_tid <= self._tid_limit:
            munger = self.munger
            stretch = munger.open
            if stretch is not None and burst.first >= munger.next_in and not stretch.marker:
                last = self._last = burst.last
                munger.next_in = last.sequence + 1
                return stretch
        return None

    def is_in_step(self, packet: Packet) -> bool:
        """`packet` was the last, and whatever follows it goes out with the same offsets until something changes."""
        stretch = self.munger.open
        return (
            self._last is packet
            and packet.source is self.current is self.target
            and stretch is not None
            and not stretch.marker
            and self.munger.next_in == packet.sequence + 1
            and self._tid_limit == self._tid_target == ALL_TEMPORAL_LAYERS
        )

    def catch_up(self, packet: Packet) -> None:
        """It went out elsewhere, with the offsets of the open stretch, and what lay before it as well."""
        self._last = packet
        self.munger.next_in = packet.sequence + 1

    def find_late(self, packet: Packet) -> Stretch | None:
        """The stretch of a number that stays reserved although its packet is not wanted: to be filled."""
        return self.munger.find(packet.source, packet.sequence)

    def _above_limit(self, packet: Packet) -> Stretch | None:
        """A temporal layer that is not wanted (or a packet without payload) in order."""
        munger = self.munger
        last = self._last
        if packet.tid == NO_PAYLOAD_TID:
            munger.skip(packet.sequence)
            self.reason = DropReason.PADDING
            return None
        if last is not None and last.source is packet.source and last.timestamp == packet.timestamp:
            # The rest of a picture whose start went out before the limit fell.
            self._last = packet
            return munger.take(packet.sequence)
        if packet.tid <= self._tid_target and packet.is_sync and packet.begins_picture:
            self._tid_limit = packet.tid
            self._last = packet
            return munger.take(packet.sequence)
        munger.skip(packet.sequence)
        if packet.begins_picture:
            munger.picture -= 1
        self.reason = DropReason.TEMPORAL_LAYER
        return None

    def _late(self, packet: Packet) -> Stretch | None:
        stretch = self.munger.find(packet.source, packet.sequence)
        if stretch is None:
            self.reason = DropReason.LATE
        elif packet.tid == NO_PAYLOAD_TID:
            self.reason = DropReason.PADDING
        elif packet.tid > self._tid_limit:
            self.reason = DropReason.TEMPORAL_LAYER
        else:
            return stretch
        return None

    def _other_source(self, packet: Packet) -> Stretch | None:
        source = packet.source
        if source is not self.target:
            self.reason = DropReason.OTHER_LAYER
            return None
        if (source.is_video and not packet.is_keyframe) or packet.tid == NO_PAYLOAD_TID:
            self.reason = DropReason.AWAITING_KEYFRAME
            return None
        self._switch(packet)
        return self.munger.take(packet.sequence)

    def _switch(self, packet: Packet) -> None:
        munger = self.munger
        last = self._last
        if last is not None:
            if last.source is not packet.source:
                munger.timestamp = self._timestamp_offset(last, packet)
            if packet.source.is_video:
                self._continue_pictures(last, packet)
        munger.splice(packet.source, packet.sequence)
        self.current = packet.source
        self._last = packet
        # Everything after a key frame can be decoded, so all wanted temporal layers may go out from here.
        self._tid_limit = self._tid_target

    def _continue_pictures(self, last: Packet, packet: Packet) -> None:
        munger = self.munger
        # Why the sent stretch: pictures dropped since then have moved the offset in force.
        sent = munger.find(last.source, last.sequence)
        picture = sent.picture if sent is not None else munger.picture
        munger.picture = last.picture_id + picture + 1 - packet.picture_id
        munger.tl0 = last.tl0picidx + munger.tl0 + 1 - packet.tl0picidx
        munger.keyidx = last.keyidx + munger.keyidx + 1 - packet.keyidx

    def _timestamp_offset(self, last: Packet, packet: Packet) -> int:
        """What to add to the new source's timestamps so that they continue those of the old one (lip sync holds)."""
        rate = packet.source.clock.clock_rate
        last_out = (last.timestamp + self.munger.timestamp) & 0xFFFFFFFF
        elapsed = max(1, (packet.arrived_us - last.arrived_us) * rate // 1_000_000)
        by_arrival = (last_out + elapsed) & 0xFFFFFFFF
        out = by_arrival
        translated = packet.source.clock.translate(packet.timestamp, last.source.clock)
        if translated is not None:
            by_report = (translated + self.munger.timestamp) & 0xFFFFFFFF
            error = (by_report - by_arrival + 0x80000000 & 0xFFFFFFFF) - 0x80000000
            if abs(error) < _MAX_CLOCK_DISAGREEMENT_S * rate:
                out = by_report
        if not is_newer_timestamp(out, last_out):
            # The same instant on two layers: a receiver needs a new timestamp for a new picture.
            out = (last_out + 1) & 0xFFFFFFFF
        return out - packet.timestamp
