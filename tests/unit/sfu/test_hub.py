"""The whole packet path with fake transports: what a publisher sends comes out at each subscriber in its own terms."""

from __future__ import annotations

from server.sfu import rtcp, rtcp_writer, rtp
from server.sfu.burst import MAX_BURST
from server.sfu.description import Codec, ExtensionIds, LayerWish, MediaKind, VideoQuality
from server.sfu.drop_reason import DropReason
from server.sfu.estimator import DelayEstimator
from tests.unit.sfu.media_lab import (
    OPUS,
    RED,
    THREE_LAYERS,
    Encoder,
    Lab,
    make_rtp,
    pairs,
    receive_section,
    take_apart,
    video_lab,
)


class CountingEstimator(DelayEstimator):
    """Counts how often a tick asked it."""

    looks = 0

    def estimate_bps(self, now_us: int) -> int:
        self.looks += 1
        return super().estimate_bps(now_us)


def test_audio_goes_to_each_subscriber_in_its_own_payload_type_extensions_and_numbers() -> None:
    lab = Lab()
    speaker, one, two = lab.client(), lab.client(), lab.client()
    up = lab.track(MediaKind.AUDIO, "audio/opus")
    speaker.peer.receive(receive_section(kind=MediaKind.AUDIO, codecs=(OPUS,), ssrcs=(0xAA,)), up)
    firefox = Codec(mime="audio/opus", payload_type=109, clock_rate=48_000, channels=2)
    one.watch(up, mid="2", ssrc=11, codecs=(firefox,))
    two.watch(up, mid="audio-with-a-long-name", ssrc=12, codecs=(OPUS,), ids=ExtensionIds(mid=1, audio_level=14))
    for i in range(5):
        level = rtp.element(1, bytes((0x80 | 20,)))
        speaker.rtp(
            make_rtp(
                payload_type=111,
                sequence=65_533 + i,
                timestamp=960 * i,
                ssrc=0xAA,
                payload=b"opus%d" % i,
                elements=level,
                marker=i == 0,
            )
        )
    lab.hub.flush()
    for client, payload_type, ssrc in ((one, 109, 11), (two, 111, 12)):
        out = client.out
        assert [o.payload for o in out] == [b"opus%d" % i for i in range(5)]
        assert {(o.payload_type, o.ssrc) for o in out} == {(payload_type, ssrc)}
        assert all((b - a) & 0xFFFF == 1 for a, b in pairs([o.sequence for o in out]))
        assert [o.timestamp - out[0].timestamp for o in out] == [960 * i for i in range(5)]
        assert [o.marker for o in out] == [True, False, False, False, False]
        assert client.transport.writer.flushed == 1
        assert client.down_listener.firsts == 1
    assert one.out[0].extensions == {9: b"2", 3: rtp.abs_send_time(100_000_000).to_bytes(3, "big"), 6: b"\x94"}
    assert two.out[0].extensions == {14: b"\x94"}, "a mid that does not fit a one-byte header is left out"
    assert lab.up_listener.firsts == 1
    assert lab.hub.stats.forwarded == 10


def test_simulcast_starts_at_a_key_frame_and_switches_without_a_seam() -> None:
    lab = Lab()
    publisher, viewer = lab.client(), lab.client()
    up = lab.track(layers=THREE_LAYERS)
    publisher.peer.receive(receive_section(rids=("q", "h", "f")), up)
    down = viewer.watch(up, wish=LayerWish(quality=VideoQuality.LOW))
    low = Encoder(ssrc=1, rid="q", mid="7")
    high = Encoder(ssrc=3, rid="f", mid="7", first_sequence=100, first_timestamp=5000, first_picture=7)
    for packet in (*low.frame(), *high.frame(key=True)):
        publisher.rtp(packet)
    lab.step()
    assert viewer.out == [], "a delta frame is no beginning"
    assert rtcp.KeyframeRequest(1) in publisher.heard()
    for i in range(3):
        for packet in (*low.frame(key=i == 0), *high.frame()):
            publisher.rtp(packet)
        lab.step()
    down.set_wish(LayerWish(quality=VideoQuality.HIGH))
    lab.hub.flush()
    assert rtcp.KeyframeRequest(3) in publisher.heard()
    for i in range(4):
        for packet in (*low.frame(), *high.frame(key=i == 2)):
            publisher.rtp(packet)
        lab.step()
    assert down.current_layer is VideoQuality.HIGH
    out = viewer.out
    assert all((b - a) & 0xFFFF == 1 for a, b in pairs([o.sequence for o in out]))
    stamps = list(dict.fromkeys(o.timestamp for o in out))
    assert all(0 < (b - a) & 0xFFFFFFFF < 90_000 for a, b in pairs(stamps))
    pictures = list(dict.fromkeys(int.from_bytes(o.payload[2:4], "big") & 0x7FFF for o in out))
    assert all((b - a) & 0x7FFF == 1 for a, b in pairs(pictures))
    assert len(stamps) == len(pictures) == 8


def test_a_lost_packet_is_asked_for_once_and_its_rtx_copy_is_forwarded_in_its_place() -> None:
    lab = Lab()
    publisher, viewer = lab.client(), lab.client()
    up = lab.track()
    publisher.peer.receive(receive_section(ssrcs=(1, 2), rtx_pairs=((1, 2),)), up)
    viewer.watch(up)
    encoder = Encoder(ssrc=1, temporal=False, packets_per_frame=4)
    key = encoder.frame(key=True)
    for packet in (key[0], key[2], key[3]):
        publisher.rtp(packet)
    lab.step()
    lab.step()
    nacks = [block for block in publisher.heard() if isinstance(block, rtcp.Nack)]
    assert nacks == [rtcp.Nack(1, (65_531,))]
    lost = take_apart(key[1])
    rtx = make_rtp(payload_type=97, sequence=9, timestamp=lost.timestamp, ssrc=2, payload=b"\xff\xfb" + lost.payload)
    publisher.rtp(rtx)
    publisher.rtp(rtx)
    lab.hub.flush()
    out = viewer.out
    base = out[0].sequence
    assert [o.sequence - base for o in out] == [0, 2, 3, 1]
    assert out[-1].payload == lost.payload
    assert lab.hub.stats.dropped[DropReason.PROBE] == 1, "the copy came twice"
    assert lab.hub.stats.recovered == 1


def test_a_tick_is_asked_for_when_something_is_missing_until_it_came() -> None:
    lab = Lab()
    asked: list[int] = []
    lab.hub.watch(lambda: asked.append(lab.clock.monotonic_us()))
    publisher, viewer = lab.client(), lab.client()
    up = lab.track()
    publisher.peer.receive(receive_section(ssrcs=(1, 2), rtx_pairs=((1, 2),)), up)
    viewer.watch(up)
    assert len(asked) == 1, "somebody waits for its choice of layers"
    encoder = Encoder(ssrc=1, temporal=False, packets_per_frame=4)
    for packet in encoder.frame(key=True):
        publisher.rtp(packet)
    lab.hub.flush()
    lab.hub.tick_soon()
    assert len(asked) == 1, "all is well"
    first, lost, *rest = encoder.frame()
    for packet in (first, *rest):
        publisher.rtp(packet)
    assert len(asked) == 2
    for _ in range(4):
        lab.clock.advance(seconds=0.05)
        lab.hub.tick_soon()
    nacks = [block for block in publisher.heard() if isinstance(block, rtcp.Nack)]
    assert len(nacks) >= 2, "without a packet or another tick"
    assert len(asked) == 6
    publisher.rtp(lost)
    lab.hub.tick_soon()
    assert len(asked) == 6


def test_while_nothing_is_missing_packets_bring_a_tick_only_every_hundred_milliseconds() -> None:
    lab, publisher, _, encoder = video_lab()
    publisher.peer.estimator = estimator = CountingEstimator()

    def looks_in_a_second() -> int:
        before = estimator.looks
        for _ in range(50):
            for packet in encoder.frame():
                publisher.rtp(packet)
            lab.clock.advance(seconds=0.02)
            lab.hub.flush()
        return estimator.looks - before

    for packet in encoder.frame(key=True):
        publisher.rtp(packet)
    lab.step(1)
    assert 9 <= looks_in_a_second() <= 11
    encoder.frame()  # lost
    for packet in encoder.frame():
        publisher.rtp(packet)
    assert looks_in_a_second() >= 45, "and every twenty as long as something is"


def test_a_key_frame_is_asked_for_again_without_a_packet() -> None:
    lab = Lab()
    asked: list[int] = []
    publisher, viewer = lab.client(), lab.client()
    up = lab.track()
    publisher.peer.receive(receive_section(ssrcs=(1,)), up)
    publisher.rtp(Encoder(ssrc=1, temporal=False).frame()[0])
    viewer.watch(up)
    lab.hub.watch(lambda: asked.append(lab.clock.monotonic_us()))
    assert len(asked) == 1, "what was wanted before somebody listened is told at once"
    for _ in range(30):
        lab.clock.advance(seconds=0.05)
        lab.hub.tick_soon()
    assert publisher.heard().count(rtcp.KeyframeRequest(1)) >= 2
    assert len(asked) == 31


def test_a_subscriber_nack_is_answered_by_rtx_but_not_twice_within_a_round_trip() -> None:
    lab = Lab()
    publisher, viewer = lab.client(), lab.client()
    up = lab.track()
    publisher.peer.receive(receive_section(ssrcs=(1,)), up)
    viewer.watch(up)
    encoder = Encoder(ssrc=1, temporal=False)
    for packet in (*encoder.frame(key=True), *encoder.frame()):
        publisher.rtp(packet)
    lab.hub.flush()
    sent = viewer.out
    ask = rtcp_writer.receiver_report(9) + rtcp_writer.nack(9, 0xD0, [sent[1].sequence, sent[2].sequence])
    viewer.rtcp(ask)
    viewer.rtcp(ask)
    lab.hub.flush()
    again = viewer.out[len(sent) :]
    assert [(o.payload_type, o.ssrc) for o in again] == [(124, 0xD1)] * 2
    for copy, original in zip(again, sent[1:3], strict=True):
        assert copy.payload == original.sequence.to_bytes(2, "big") + original.payload
        assert copy.timestamp == original.timestamp
    lab.step(0.2)
    viewer.rtcp(ask)
    lab.hub.flush()
    assert len(viewer.out) == len(sent) + 4


def test_red_is_unpacked_only_for_those_without_it() -> None:
    lab = Lab()
    speaker, chrome, firefox = lab.client(), lab.client(), lab.client()
    up = lab.track(MediaKind.AUDIO, "audio/red")
    speaker.peer.receive(receive_section(kind=MediaKind.AUDIO, codecs=(RED, OPUS), ssrcs=(5,)), up)
    chrome.watch(up, codecs=(OPUS, RED))
    firefox.watch(up, codecs=(OPUS,))
    old, new = b"older", b"newest"
    payload = ((0x80 | 111) << 24 | 960 << 10 | len(old)).to_bytes(4, "big") + bytes((111,)) + old + new
    speaker.rtp(make_rtp(payload_type=63, sequence=1, timestamp=0, ssrc=5, payload=payload))
    speaker.rtp(make_rtp(payload_type=111, sequence=2, timestamp=960, ssrc=5, payload=b"plain"))
    lab.hub.flush()
    assert [(o.payload_type, o.payload) for o in chrome.out] == [(63, payload), (111, b"plain")]
    assert [(o.payload_type, o.payload) for o in firefox.out] == [(111, new), (111, b"plain")]


def test_one_packet_goes_out_at_once_and_is_the_same_as_among_others() -> None:
    lab = Lab()
    speaker, chrome, firefox = lab.client(), lab.client(), lab.client()
    up = lab.track(MediaKind.AUDIO, "audio/red")
    speaker.peer.receive(receive_section(kind=MediaKind.AUDIO, codecs=(RED, OPUS), ssrcs=(5,)), up)
    chrome.watch(up, codecs=(OPUS, RED))
    firefox.watch(up, codecs=(OPUS,))
    level = rtp.element(1, bytes((0x80 | 20,)))
    red_payload = bytes((111,)) + b"voice"
    for number, (payload_type, payload) in enumerate(((63, red_payload), (63, red_payload), (111, b"plain"))):
        speaker.rtp(
            make_rtp(
                payload_type=payload_type,
                sequence=65_535 + number,
                timestamp=960 * number,
                ssrc=5,
                payload=payload,
                elements=level,
            )
        )
        lab.hub.flush()
    for client, red_type, red_out in ((chrome, 63, red_payload), (firefox, 111, b"voice")):
        out = client.out
        assert [(o.payload_type, o.payload) for o in out] == [(red_type, red_out)] * 2 + [(111, b"plain")]
        assert all((b - a) & 0xFFFF == 1 for a, b in pairs([o.sequence for o in out]))
        assert [o.timestamp - out[0].timestamp for o in out] == [0, 960, 1920]
        assert {o.extensions[6] for o in out} == {b"\x94"}
        # The first opens the stream, which needs a decision of its own; the others need nobody's flush.
        assert client.transport.writer.bursts == [1, 1]
        assert client.transport.writer.flushed == 1


def test_a_plain_frame_goes_out_at_once_in_pieces_of_what_a_run_can_hold() -> None:
    lab, publisher, viewer, encoder = video_lab()
    for packet in encoder.frame(key=True):
        publisher.rtp(packet)
    lab.hub.flush()
    encoder.packets_per_frame = MAX_BURST + 3
    frame = encoder.frame()
    for packet in frame:
        publisher.rtp(packet)
    before = len(viewer.out)
    lab.hub.flush()
    out = viewer.out[before:]
    assert viewer.transport.writer.bursts == [MAX_BURST, 3]
    assert viewer.transport.writer.flushed == 1, "only for the key frame's first packets"
    assert [o.payload for o in out] == [take_apart(packet).payload for packet in frame]
    assert all((b - a) & 0xFFFF == 1 for a, b in pairs([o.sequence for o in viewer.out]))
    assert [o.marker for o in out] == [False] * (MAX_BURST + 2) + [True]


def test_sender_reports_are_mapped_to_the_subscribers_timeline() -> None:
    lab = Lab()
    publisher, viewer = lab.client(), lab.client()
    up = lab.track()
    publisher.peer.receive(receive_section(ssrcs=(1,)), up)
    viewer.watch(up)
    encoder = Encoder(ssrc=1, temporal=False)
    frame = encoder.frame(key=True)
    for packet in frame:
        publisher.rtp(packet)
    lab.hub.flush()
    ntp = 0xE000_0000_8000_0000
    publisher.rtcp(rtcp_writer.sender_report(1, ntp, take_apart(frame[0]).timestamp, 77, 88))
    reports = [block for block in viewer.heard() if isinstance(block, rtcp.SenderReport)]
    size = sum(len(o.payload) for o in viewer.out)
    assert reports == [rtcp.SenderReport(0xD0, ntp, viewer.out[0].timestamp, 2, size)]


def test_media_before_its_track_is_held_and_then_forwarded() -> None:
    lab = Lab()
    publisher, viewer = lab.client(), lab.client()
    up = lab.track()
    viewer.watch(up)
    encoder = Encoder(ssrc=1, temporal=False)
    for packet in encoder.frame(key=True):
        publisher.rtp(packet)
    assert publisher.ear.unbound == [(1, 96, None, None)]
    publisher.peer.receive(receive_section(ssrcs=(1,)), up)
    lab.hub.flush()
    assert len(viewer.out) == 2
