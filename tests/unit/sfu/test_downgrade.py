"""4 Mbit/s, 300 kbit/s, 4 Mbit/s: lower within 2 s, back within 10 s, the voice goes on (quality.md M7)."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from server.sfu import rtcp, rtcp_writer, rtp
from server.sfu.description import MediaKind, VideoQuality
from tests.unit.sfu.bottleneck import Bottleneck
from tests.unit.sfu.media_lab import OPUS, THREE_LAYERS, Client, Encoder, Lab, make_rtp, receive_section, take_apart

MIC_SSRC, MIC_OUT = 0xAA, 0xE0
FRAME_S = 1 / 30


@dataclass
class Class:
    """A publisher of three layers and a voice, one viewer behind a bottleneck."""

    lab: Lab = field(default_factory=Lab)
    history: list[tuple[float, VideoQuality | None]] = field(default_factory=list)
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.publisher: Client = self.lab.client()
        self.viewer: Client = self.lab.client()
        camera = self.lab.track(layers=THREE_LAYERS)
        mic = self.lab.track(MediaKind.AUDIO, "audio/opus")
        self.publisher.peer.receive(receive_section(rids=("q", "h", "f")), camera)
        section = receive_section(mid="8", kind=MediaKind.AUDIO, codecs=(OPUS,), ssrcs=(MIC_SSRC,))
        self.publisher.peer.receive(section, mic)
        self.down = self.viewer.watch(camera)
        self.viewer.watch(mic, mid="1", ssrc=MIC_OUT, codecs=(OPUS,), rtx_ssrc=None)
        self.link = Bottleneck(self.lab, self.viewer, rate_bps=4_000_000)
        self.encoders: list[tuple[Encoder, bytes]] = []
        for index, (rid, rate) in enumerate(zip("qhf", (150_000, 500_000, 2_000_000), strict=True)):
            size = rate / 30 / 8
            count = max(1, round(size / 1100))
            encoder = Encoder(ssrc=index + 1, rid=rid, mid="7", packets_per_frame=count)
            self.encoders.append((encoder, bytes(int(size / count))))
        self._wanted_keys = {1, 2, 3}
        self._heard = 0
        self._next_frame = 0.0
        self._next_report = 0.5
        self._voice = 0

    def run(self, seconds: float) -> None:
        end = self.seconds + seconds
        while self.seconds < end:
            level = rtp.element(1, b"\x94")
            self.publisher.rtp(
                make_rtp(
                    payload_type=111,
                    sequence=self._voice,
                    timestamp=960 * self._voice,
                    ssrc=MIC_SSRC,
                    payload=bytes(80),
                    elements=level,
                )
            )
            self._voice += 1
            if self._next_frame <= self.seconds:
                self._next_frame += FRAME_S
                self._send_frame()
            self.lab.step()
            self.link.run()
            self.seconds += 0.02
            if not self.history or self.history[-1][1] is not self.down.current_layer:
                self.history.append((self.seconds, self.down.current_layer))

    def _send_frame(self) -> None:
        transport = self.publisher.transport
        for packet in transport.rtcp[self._heard :]:
            for block in rtcp.parse(packet).blocks:
                if isinstance(block, rtcp.KeyframeRequest):
                    self._wanted_keys.add(block.media_ssrc)
        self._heard = len(transport.rtcp)
        if self._next_report <= self.seconds:
            self._next_report += 1
            ntp = (1_000_000 << 32) + int(self.seconds * 2**32)
            for encoder, _ in self.encoders:
                self.publisher.rtcp(rtcp_writer.sender_report(encoder.ssrc, ntp, encoder.timestamp, 0, 0))
        for encoder, body in self.encoders:
            is_key = encoder.ssrc in self._wanted_keys
            self._wanted_keys.discard(encoder.ssrc)
            for packet in encoder.frame(key=is_key, body=body):
                self.publisher.rtp(packet)

    def when(self, quality: VideoQuality | None, since: float) -> float:
        return next((at for at, layer in self.history if at > since and layer is quality), float("inf")) - since

    def voice_arrivals(self) -> list[int]:
        return [at for at, packet in self.link.delivered if take_apart(packet).ssrc == MIC_OUT]


def test_a_link_that_narrows_and_widens() -> None:
    lesson = Class()
    lesson.run(6)
    assert lesson.down.current_layer is VideoQuality.HIGH
    lesson.link.rate_bps = 300_000
    lesson.run(12)
    assert lesson.when(VideoQuality.LOW, 6) <= 2
    before_widening = lesson.seconds
    lesson.link.rate_bps = 4_000_000
    lesson.run(10)
    assert lesson.when(VideoQuality.HIGH, before_widening) <= 10
    voice = lesson.voice_arrivals()
    assert max(later - earlier for earlier, later in pairwise(voice)) < 400_000
    assert len(voice) >= 0.97 * lesson.seconds * 50
    assert lesson.viewer.peer.quality(lesson.lab.clock.monotonic_us()).estimate_bps is not None


def test_a_link_too_narrow_for_any_video_keeps_the_voice_and_says_paused() -> None:
    lesson = Class()
    lesson.run(3)
    lesson.link.rate_bps = 100_000
    lesson.run(8)
    assert lesson.down.current_layer is None
    assert lesson.viewer.down_listener.states == [False]
    quality = lesson.viewer.peer.quality(lesson.lab.clock.monotonic_us())
    assert quality.score < 4
    lesson.link.rate_bps = 4_000_000
    lesson.run(10)
    assert lesson.viewer.down_listener.states[-1]
    assert lesson.down.current_layer in (VideoQuality.MEDIUM, VideoQuality.HIGH)


def test_the_first_cautious_estimate_of_a_receiver_takes_no_layer() -> None:
    lesson = Class()
    lesson.run(0.4)
    assert lesson.down.current_layer is VideoQuality.HIGH
    lesson.viewer.rtcp(rtcp_writer.remb(1, 70_000, (0xD0,)))
    lesson.run(0.3)
    assert lesson.down.current_layer is VideoQuality.HIGH


@pytest.mark.parametrize("rate_bps", [900_000, 3_500_000])
def test_a_steady_link_is_not_shaken_by_its_own_probes(rate_bps: int) -> None:
    lesson = Class()
    lesson.link.rate_bps = rate_bps
    lesson.run(20)
    settled = [layer for at, layer in lesson.history if at > 8]
    assert len(settled) <= 2, "at most one vain attempt in twelve seconds"
    assert lesson.down.current_layer is (VideoQuality.MEDIUM if rate_bps < 1_000_000 else VideoQuality.HIGH)
