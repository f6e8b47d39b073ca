"""RTCP of one peer: reads what it says of our packets and of its own, writes reports, requests and estimates."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, assert_never

from server.sfu import rtcp, rtcp_writer
from server.sfu.quality import PeerQuality, certain_loss, level_of, score_of

if TYPE_CHECKING:
    from server.sfu.downtrack import DownTrack
    from server.sfu.drop_reason import HubStats
    from server.sfu.peer import MediaPeer
    from server.sfu.subscriber import Subscriber
    from server.sfu.uplayer import UpLayer

# Why 500 ms: RFC 4585 allows it on these rates, and libwebrtc's loss control acts on each report.
_REPORT_INTERVAL_US = 500_000
# A new source is reported within two of them; in a class of thirty there are 1,740 subscriptions to look at.
_LOOK_INTERVAL_US = 100_000
# A REMB that falls by 3 % is told at once.
_URGENT_SHARE = 0.97
_URGENT_INTERVAL_US = 50_000
# In fewer packets than that a single loss would look like a full link.
_MIN_EXPECTED = 20


class Feedback:
    """`layers` are what the peer sends to us."""

    __slots__ = (
        "_downs",
        "_expected",
        "_looked_us",
        "_lost",
        "_peer",
        "_remb_bps",
        "_repair_ssrcs",
        "_report_us",
        "_ssrc",
        "_stats",
        "_time_asked_ntp",
        "_time_asked_us",
        "_unbound",
        "_urgent_us",
        "downlink_loss",
        "layers",
        "uplink_loss",
    )

    def __init__(self, peer: MediaPeer, ssrc: int, stats: HubStats) -> None:
        self._peer = peer
        self._ssrc = ssrc
        self._stats = stats
        self.layers: list[UpLayer] = []
        self.uplink_loss = 0.0
        self.downlink_loss = 0.0
        self._expected = self._lost = 0
        self._downs: dict[int, DownTrack] = {}
        self._repair_ssrcs: set[int] = set()
        self._report_us = self._urgent_us = self._looked_us = 0
        self._remb_bps = 0
        self._time_asked_ntp = self._time_asked_us = 0
        self._unbound: OrderedDict[int, None] = OrderedDict()

    def add_down(self, down: DownTrack) -> None:
        self._downs[down.section.ssrc] = down
        if down.section.rtx_ssrc is not None:
            self._repair_ssrcs.add(down.section.rtx_ssrc)

    def remove_down(self, down: DownTrack) -> None:
        for ssrc in [ssrc for ssrc, owner in self._downs.items() if owner is down]:
            del self._downs[ssrc]
        if down.section.rtx_ssrc is not None:
            self._repair_ssrcs.discard(down.section.rtx_ssrc)

    def is_new_unbound(self, ssrc: int, kept: int) -> bool:
        if ssrc in self._unbound:
            return False
        self._unbound[ssrc] = None
        if len(self._unbound) > kept:
            self._unbound.popitem(last=False)
        return True

    # -- in --------------------------------------------------------------------------------------------------------

    def on_rtcp(self, packet: bytes, now_us: int) -> None:
        compound = rtcp.parse(packet)
        self._stats.rtcp_received += 1
        self._stats.rtcp_malformed += compound.malformed
        expected = lost = 0
        for block in compound.blocks:
            if isinstance(block, rtcp.ReportBlock):
                down = self._downs.get(block.ssrc)
                if down is not None:
                    counted = down.on_report(block, now_us)
                    expected += counted[0]
                    lost += counted[1]
                elif block.ssrc in self._repair_ssrcs and block.fraction_lost:
                    self._peer.subscriber.on_repair_loss(block.fraction_lost / 256, now_us)
            else:
                self._on_block(block, now_us)
        self._expected += expected
        self._lost += lost
        if self._expected >= _MIN_EXPECTED:
            lost = min(max(self._lost, 0), self._expected)
            self.downlink_loss = lost / self._expected
            certain = certain_loss(lost, self._expected)
            self._expected = self._lost = 0
            self._peer.subscriber.on_loss(self.downlink_loss, certain, now_us)

    def _on_block(
        self,
        block: rtcp.SenderReport
        | rtcp.Nack
        | rtcp.KeyframeRequest
        | rtcp.Remb
        | rtcp.ReceiverTime
        | rtcp.TimeEcho
        | rtcp.Goodbye,
        now_us: int,
    ) -> None:
        match block:
            case rtcp.SenderReport():
                self._on_sender_report(block, now_us)
            case rtcp.Nack():
                if (down := self._downs.get(block.media_ssrc)) is not None:
                    self._peer.answer_nack(down, block.sequences, now_us)
            case rtcp.KeyframeRequest():
                if (down := self._downs.get(block.media_ssrc)) is not None:
                    down.on_keyframe_request(now_us)
            case rtcp.Remb():
                self._peer.subscriber.on_remb(block.bitrate_bps, now_us)
            case rtcp.ReceiverTime():
                echo = rtcp_writer.time_echo(self._ssrc, block.ssrc, block.ntp >> 16 & 0xFFFFFFFF, 0)
                self._peer.send_rtcp(rtcp_writer.receiver_report(self._ssrc) + echo)
            case rtcp.TimeEcho():
                self._on_time_echo(block, now_us)
            case rtcp.Goodbye():
                pass  # signalling says when a track ends; an encoder that restarts sends BYE too
            case _:
                assert_never(block)

    def _on_time_echo(self, echo: rtcp.TimeEcho, now_us: int) -> None:
        if echo.ssrc == self._ssrc and echo.last_rr and echo.last_rr == self._time_asked_ntp:
            self._peer.on_rtt(now_us - self._time_asked_us - echo.delay * 1_000_000 // 65536)

    def _on_sender_report(self, report: rtcp.SenderReport, now_us: int) -> None:
        for layer in self.layers:
            if layer.ssrc == report.ssrc:
                layer.on_sender_report(report, now_us)
                for down in layer.track.downs:
                    if down.forwarder.current is layer.source:
                        down.report(now_us, is_fresh=True)

    # -- out -------------------------------------------------------------------------------------------------------

    def send_pli(self, media_ssrc: int) -> None:
        self._peer.send_rtcp(rtcp_writer.receiver_report(self._ssrc) + rtcp_writer.pli(self._ssrc, media_ssrc))

    def send_nack(self, media_ssrc: int, sequences: list[int]) -> None:
        nack = rtcp_writer.nack(self._ssrc, media_ssrc, sequences)
        self._peer.send_rtcp(rtcp_writer.receiver_report(self._ssrc) + nack)

    def tick(self, now_us: int) -> None:
        if self.layers:
            self._report(now_us)
        if now_us - self._looked_us >= _LOOK_INTERVAL_US:
            self._looked_us = now_us
            for down in self._downs.values():
                down.report(now_us, is_fresh=False)

    def _report(self, now_us: int) -> None:
        estimate = self._peer.estimator.estimate_bps(now_us)
        is_urgent = estimate < self._remb_bps * _URGENT_SHARE and now_us - self._urgent_us >= _URGENT_INTERVAL_US
        if now_us - self._report_us < _REPORT_INTERVAL_US:
            if is_urgent:
                self._urgent_us = now_us
                self._send_remb(rtcp_writer.receiver_report(self._ssrc), estimate)
            return
        self._report_us = now_us
        blocks: list[rtcp.ReportBlock] = []
        for layer in self.layers:
            block = layer.reception.report(layer.ssrc, layer.source.clock, now_us)
            if block is not None:
                blocks.append(block)
        self.uplink_loss = max((layer.reception.fraction_lost for layer in self.layers), default=0.0)
        if blocks:
            self._peer.estimator.on_loss(self.uplink_loss, now_us)
        first = rtcp_writer.receiver_report(self._ssrc, blocks[: rtcp_writer.MAX_REPORT_BLOCKS])
        # Our monotonic clock as NTP time: only the other side's echo of it is read, so its origin does not matter.
        ntp = (now_us << 32) // 1_000_000
        self._time_asked_ntp = ntp >> 16 & 0xFFFFFFFF
        self._time_asked_us = now_us
        self._send_remb(first + rtcp_writer.receiver_time(self._ssrc, ntp), estimate)

    def _send_remb(self, first: bytes, estimate: int) -> None:
        self._remb_bps = estimate
        ssrcs = [layer.ssrc for layer in self.layers]
        self._peer.send_rtcp(first + rtcp_writer.remb(self._ssrc, estimate, ssrcs))

    # -- figures ---------------------------------------------------------------------------------------------------

    def quality(self, subscriber: Subscriber, now_us: int) -> PeerQuality:
        rtt_ms = self._peer.rtt_us / 1000
        loss = max(self.uplink_loss, self.downlink_loss)
        score = score_of(rtt_ms=rtt_ms, loss=loss, is_restricted=subscriber.has_paused)
        return PeerQuality(
            rtt_ms=round(rtt_ms),
            uplink_loss=self.uplink_loss,
            downlink_loss=self.downlink_loss,
            score=score / 20,
            level=level_of(score, is_lost=False),
            estimate_bps=subscriber.estimate_bps,
        )
