"""What one peer gets of the video it asks for: its bandwidth, and the allocator's choice put into its down tracks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.sfu.allocator import Demand, Option, allocate
from server.sfu.description import MediaKind
from server.sfu.downlink import Downlink
from server.sfu.forwarder import ALL_TEMPORAL_LAYERS
from server.sfu.layers import temporal_layer
from server.sfu.throughput import SendRate

if TYPE_CHECKING:
    from server.sfu.downtrack import DownTrack
    from server.sfu.peer import MediaPeer

_ALLOCATE_INTERVAL_US = 500_000
# Why 2 s: where no limit is known, the choice follows wishes and layers, whose changes are told at once.
_SETTLED_INTERVAL_US = 2_000_000
# Between two looks at somebody who gets all it asks for; what it is sent is measured over whole looks.
_REST_US = 250_000
# A receiver's first estimates are its cautious start, and nothing can confirm them before a round trip is measured:
# that takes a sender report and the next receiver report, each once a second.
_START_US = 3_000_000
# Kept for audio, headers, repair and RTCP.
_RESERVE_BPS = 20_000
_REPAIR_BPS = 2_000_000
# Used until a layer has been measured: what LiveKit's clients send at 180p, 360p and 720p.
_GUESS_BPS = (150_000, 500_000, 2_000_000)


class Subscriber:
    """`allocate` whenever something changed; `tick` often."""

    __slots__ = (
        "_allocated_us",
        "_downlink",
        "_first_remb_us",
        "_has_rtt",
        "_is_settled",
        "_missing_bps",
        "_peer",
        "_rate",
        "_stagger_us",
        "_ticked_us",
        "_wanting_bps",
        "has_paused",
    )

    def __init__(self, peer: MediaPeer, stagger_us: int) -> None:
        """`stagger_us` keeps the regular look of many peers from falling on one tick."""
        self._peer = peer
        self._downlink = Downlink()
        self._rate = SendRate()
        self._is_settled = False
        self._allocated_us = 0
        self._missing_bps = self._wanting_bps = 0
        self._ticked_us = 0
        self._stagger_us = stagger_us
        self._first_remb_us = 0
        self._has_rtt = False
        self.has_paused = False

    @property
    def estimate_bps(self) -> int | None:
        return self._downlink.budget_bps

    def on_remb(self, bitrate_bps: int, now_us: int) -> None:
        self._first_remb_us = self._first_remb_us or now_us
        if not self._has_rtt and now_us - self._first_remb_us < _START_US:
            return
        if self._downlink.on_remb(bitrate_bps, self._sending_bps(now_us), now_us):
            self.allocate(now_us)

    def on_rtt(self, rtt_us: int, now_us: int) -> None:
        self._has_rtt = True
        if self._downlink.on_rtt(rtt_us, now_us):
            self.allocate(now_us)

    def on_repair_loss(self, fraction: float, now_us: int) -> None:
        """The share lost of what goes out on RTX, where the padding of a probe flows."""
        self._downlink.on_probe_loss(fraction, now_us)

    def on_loss(self, fraction: float, certain: float, now_us: int) -> None:
        if self._downlink.on_loss(fraction, self._sending_bps(now_us), now_us, certain=certain):
            self.allocate(now_us)

    @property
    def is_probing(self) -> bool:
        return self._downlink.is_probing

    def rests_until_us(self, now_us: int) -> int:
        """When `tick` has something to do again, unless somebody tells before."""
        if self._downlink.budget_bps is not None:
            return now_us
        return min(now_us + _REST_US, self._due_us)

    @property
    def _due_us(self) -> int:
        interval_us = _SETTLED_INTERVAL_US if self._is_settled else _ALLOCATE_INTERVAL_US
        return self._allocated_us + interval_us + self._stagger_us

    def _sending_bps(self, now_us: int) -> int:
        return self._rate.bitrate_bps(self._peer.sent_bytes, now_us)

    def tick(self, now_us: int) -> None:
        self._rate.look(self._peer.sent_bytes, now_us)
        if self._downlink.tick(now_us) or now_us >= self._due_us:
            self.allocate(now_us)
        if self._missing_bps and self._downlink.may_probe(now_us):
            missing = self._wanting_bps if self._downlink.is_rising else self._missing_bps
            sending = self._sending_bps(now_us)
            self._downlink.start_probe(sending + missing * 5 // 4 + _RESERVE_BPS, sending, now_us)
        padding = self._downlink.padding_bytes(now_us - self._ticked_us)
        self._ticked_us = now_us
        if padding:
            self._send_padding(padding, now_us)

    def _send_padding(self, size: int, now_us: int) -> None:
        for down in self._peer.downs.values():
            if down.send_padding(size, now_us):
                return

    def allocate(self, now_us: int) -> None:
        self._allocated_us = now_us
        videos: list[DownTrack] = []
        # Why: a key frame asked for before it can be sent is wasted, and so is a voice that nobody can decrypt yet.
        is_connected = self._peer.is_connected
        audio_bps = 0
        for down in self._peer.downs.values():
            if down.up.kind is MediaKind.AUDIO:
                down.select(down.wished if is_connected else None)
                audio_bps += sum(layer.rate.bitrate_bps for layer in down.up.live.values())
            elif down.wished is None:
                down.select(None)
                down.set_active(True)
            elif not is_connected:
                down.select(None)
            elif down.up.live:
                videos.append(down)
        budget = self._downlink.budget_bps
        self._is_settled = budget is None and all(down.is_settled for down in videos)
        # Half of what there is may repair; with no limit known, what repairs a key frame of 720p at once.
        repair_bps = budget // 2 if budget is not None else _REPAIR_BPS
        for down in videos:
            down.set_repair_rate(repair_bps)
        if budget is not None:
            budget = max(0, budget - audio_bps - _RESERVE_BPS)
        # Why only then: a busy Chromebook measures its own load as delay and reports far too little; a picture that
        # stands still for nothing is worse than a queue that the next report proves.
        allocation = allocate([self._demand(down) for down in videos], budget, may_pause=self._downlink.is_lossy)
        self._missing_bps = allocation.missing_bps
        self._wanting_bps = allocation.wanting_bps
        self.has_paused = False
        for down, option in zip(videos, allocation.chosen, strict=True):
            if option is None:
                self.has_paused = True
                down.select(None)
            else:
                down.select(option.quality, option.tid)
            down.set_active(option is not None)

    def _demand(self, down: DownTrack) -> Demand:
        """The live layers up to the wished one, with their measured rates."""
        up = down.up
        assert down.wished is not None
        best = up.layer_for(down.wished)
        assert best is not None
        options: list[Option] = []
        for quality in sorted(up.live):
            layer = up.live[quality]
            if quality > best.quality or (quality != best.quality and not up.is_layer_live(layer)):
                continue
            rate = layer.rate
            wanted = temporal_layer(rate.fps_by_tid[: rate.highest_tid + 1], down.wish.fps)
            tid = ALL_TEMPORAL_LAYERS if wanted is None else wanted
            bitrate = int(rate.bitrate_by_tid[min(tid, len(rate.bitrate_by_tid) - 1)]) or _GUESS_BPS[quality]
            options.append(Option(quality, tid, bitrate))
        source = down.forwarder.current
        current = Option(source.quality, down.forwarder.temporal_limit, 0) if source is not None else None
        return Demand(down.priority, tuple(options), current)
