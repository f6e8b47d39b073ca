"""Binding, pausing, restarts, demand, requests and reports of whole peers with fake transports."""

from __future__ import annotations

from server.sfu import rtcp, rtcp_writer, rtp
from server.sfu.description import Codec, LayerWish, MediaKind, TransportState, VideoQuality
from server.sfu.drop_reason import DropReason
from server.sfu.quality import QualityLevel
from tests.unit.sfu.media_lab import (
    H264,
    OPUS,
    RED,
    THREE_LAYERS,
    UP_IDS,
    VP8,
    Client,
    Encoder,
    Lab,
    make_rtp,
    pairs,
    receive_section,
    take_apart,
    video_lab,
    vp8_payload,
)


def play(lab: Lab, publisher: Client, packets: list[bytes]) -> None:
    for packet in packets:
        publisher.rtp(packet)
    lab.step()


def plis(client: Client) -> int:
    return sum(isinstance(block, rtcp.KeyframeRequest) for block in client.heard())


# -- binding -----------------------------------------------------------------------------------------------------------


def test_rid_and_mid_are_latched_from_the_first_packets_only() -> None:
    lab = Lab()
    publisher, viewer = lab.client(), lab.client()
    up = lab.track(layers=THREE_LAYERS)
    audio = lab.track(MediaKind.AUDIO, "audio/opus")
    publisher.peer.receive(receive_section(mid="6", kind=MediaKind.AUDIO, codecs=(OPUS,), ssrcs=(9,)), audio)
    publisher.peer.receive(receive_section(rids=("q", "h", "f")), up)
    viewer.watch(up)
    encoder = Encoder(ssrc=3, rid="f", mid="7")
    play(lab, publisher, encoder.frame(key=True))
    encoder.rid = encoder.mid = ""
    play(lab, publisher, encoder.frame())
    assert len(viewer.out) == 4
    assert publisher.ear.unbound == []


def test_rid_and_mid_may_come_in_different_packets() -> None:
    lab = Lab()
    publisher, viewer = lab.client(), lab.client()
    up = lab.track(layers=THREE_LAYERS)
    publisher.peer.receive(receive_section(rids=("q", "h")), up)
    viewer.watch(up)
    by_mid, by_rid, plain = (
        make_rtp(
            payload_type=96,
            sequence=i,
            timestamp=0,
            ssrc=5,
            payload=vp8_payload(start=i == 1, key=True),
            elements=elements,
        )
        for i, elements in enumerate((rtp.element(4, b"7"), rtp.element(10, b"h"), b""))
    )
    publisher.rtp(by_mid)
    assert publisher.ear.unbound == [(5, 96, "7", None)]
    publisher.rtp(by_rid)
    publisher.rtp(plain)
    lab.hub.flush()
    assert len(viewer.out) == 2


def test_rtx_of_a_simulcast_layer_is_latched_by_its_repaired_rid() -> None:
    lab = Lab()
    publisher, viewer = lab.client(), lab.client()
    up = lab.track(layers=THREE_LAYERS)
    publisher.peer.receive(receive_section(rids=("q", "h", "f")), up)
    viewer.watch(up)
    encoder = Encoder(ssrc=3, rid="f", mid="7", packets_per_frame=4)
    ids = rtp.element(4, b"7") + rtp.element(11, b"f")
    probe = make_rtp(payload_type=97, sequence=1, timestamp=0, ssrc=4, payload=b"\x00\x01probe", elements=ids)
    publisher.rtp(probe)
    assert lab.hub.stats.dropped[DropReason.PROBE] == 1, "its layer is not known yet"
    key = encoder.frame(key=True)
    play(lab, publisher, [key[0], key[2], key[3]])
    lost = take_apart(key[1])
    copy = make_rtp(
        payload_type=97,
        sequence=2,
        timestamp=lost.timestamp,
        ssrc=4,
        payload=lost.sequence.to_bytes(2, "big") + lost.payload,
        elements=ids,
    )
    play(lab, publisher, [copy])
    assert [o.payload for o in viewer.out][-1] == lost.payload


def test_announced_simulcast_ssrcs_are_layers_from_low_to_high() -> None:
    lab = Lab()
    publisher, viewer = lab.client(), lab.client()
    up = lab.track(layers=THREE_LAYERS)
    section = receive_section(ssrcs=(1, 2, 3), sim_ssrcs=(1, 2, 3), rtx_pairs=((1, 11), (2, 12), (3, 13)))
    publisher.peer.receive(section, up)
    publisher.peer.receive(section, up)
    down = viewer.watch(up, wish=LayerWish(quality=VideoQuality.MEDIUM))
    for ssrc in (1, 2, 3):
        play(lab, publisher, Encoder(ssrc=ssrc).frame(key=True))
    play(lab, publisher, Encoder(ssrc=2, first_sequence=65_532).frame(key=True))
    assert down.current_layer is VideoQuality.MEDIUM


def test_foreign_payload_types_and_broken_packets_are_counted() -> None:
    lab, publisher, viewer, encoder = video_lab()
    publisher.rtp(make_rtp(payload_type=45, sequence=1, timestamp=1, ssrc=1, payload=b"fec"))
    publisher.rtp(make_rtp(payload_type=45, sequence=1, timestamp=1, ssrc=2, payload=b"fec"))
    publisher.rtp(
        make_rtp(payload_type=45, sequence=1, timestamp=1, ssrc=77, payload=b"fec", elements=rtp.element(4, b"7"))
    )
    assert lab.hub.stats.dropped[DropReason.UNKNOWN_PAYLOAD_TYPE] == 3
    for ssrc in (1, 2, 77):
        publisher.rtp(b"\xa0\x60" + bytes(6) + ssrc.to_bytes(4, "big") + b"\x09")
    assert lab.hub.stats.dropped[DropReason.MALFORMED] == 3
    assert publisher.ear.unbound == []
    play(lab, publisher, encoder.frame(key=True))
    assert len(viewer.out) == 2


def test_a_packet_too_large_for_its_new_header_is_dropped() -> None:
    lab, publisher, viewer, _ = video_lab()
    for size in (1500, 1530):
        publisher.rtp(
            make_rtp(payload_type=96, sequence=1, timestamp=1, ssrc=1, payload=vp8_payload(key=True, body=bytes(size)))
        )
    lab.hub.flush()
    assert len(viewer.out) == 1
    assert lab.hub.stats.dropped[DropReason.TOO_LARGE] == 1


def test_held_packets_are_bounded_and_do_not_outlive_their_use() -> None:
    lab, publisher, viewer = Lab(), None, None
    publisher, viewer = lab.client(), lab.client()
    up = lab.track()
    viewer.watch(up)
    encoder = Encoder(ssrc=1, temporal=False)
    for _ in range(100):
        for packet in encoder.frame(key=True):
            publisher.rtp(packet)
    assert len(publisher.ear.unbound) == 1
    assert lab.hub.stats.dropped[DropReason.UNBOUND] == 200 - 128
    lab.clock.advance(seconds=5)
    publisher.peer.receive(receive_section(ssrcs=(1,)), up)
    lab.hub.flush()
    assert viewer.out == [], "five seconds old: a key frame is asked for instead"


def test_unbound_sources_are_told_once_and_their_table_is_bounded() -> None:
    lab = Lab()
    client = lab.client()
    for ssrc in range(200):
        for _ in range(2):
            client.rtp(make_rtp(payload_type=96, sequence=1, timestamp=1, ssrc=ssrc, payload=b"x"))
    assert len(client.ear.unbound) == 200
    elements = rtp.element(4, b"7")
    up = lab.track()
    client.peer.receive(receive_section(), up)
    for ssrc in range(1000, 1300):
        payload = vp8_payload(key=True)
        client.rtp(make_rtp(payload_type=96, sequence=1, timestamp=1, ssrc=ssrc, payload=payload, elements=elements))
    assert len(client.peer._routes) <= 128
    assert len(up.live) == 1, "each new SSRC of the section replaced the one before"


# -- restarts, mutes, pauses -------------------------------------------------------------------------------------------


def test_an_encoder_that_restarts_with_a_new_ssrc_continues_the_stream() -> None:
    lab = Lab()
    publisher, viewer = lab.client(), lab.client()
    up = lab.track(layers=THREE_LAYERS)
    publisher.peer.receive(receive_section(rids=("q", "h", "f")), up)
    viewer.watch(up)
    old = Encoder(ssrc=3, rid="f", mid="7")
    new = Encoder(ssrc=33, rid="f", mid="7", first_sequence=500, first_timestamp=9, first_picture=2)
    play(lab, publisher, old.frame(key=True))
    play(lab, publisher, old.frame())
    play(lab, publisher, new.frame(key=True))
    play(lab, publisher, new.frame())
    play(lab, publisher, old.frame(key=True))
    out = viewer.out
    assert len(out) >= 8
    assert all((b - a) & 0xFFFF == 1 for a, b in pairs([o.sequence for o in out]))
    assert len(up.live) == 1


def test_a_numbering_that_jumps_back_on_the_same_ssrc_is_a_new_source() -> None:
    lab, publisher, viewer, _ = video_lab()
    before = Encoder(ssrc=1, temporal=False, first_sequence=30_000)
    after = Encoder(ssrc=1, temporal=False, first_sequence=10, first_timestamp=7)
    play(lab, publisher, before.frame(key=True))
    for _ in range(15):
        play(lab, publisher, after.frame(key=True))
    out = viewer.out
    assert len(out) > 2
    assert all((b - a) & 0xFFFF == 1 for a, b in pairs([o.sequence for o in out]))
    assert lab.hub.stats.dropped[DropReason.TOO_OLD] == 19


def test_old_and_doubled_packets_are_dropped() -> None:
    lab, publisher, viewer, encoder = video_lab()
    first = encoder.frame(key=True)
    play(lab, publisher, [*first, first[1]])
    for _ in range(300):
        play(lab, publisher, encoder.frame())
    play(lab, publisher, [first[0]])
    assert lab.hub.stats.dropped[DropReason.DUPLICATE] == 1
    assert lab.hub.stats.dropped[DropReason.TOO_OLD] == 1
    assert len(viewer.out) == 602


def test_a_mute_leaves_no_hole_and_ends_with_a_key_frame() -> None:
    lab, publisher, viewer, encoder = video_lab()
    up = viewer.peer.downs["0"].up
    play(lab, publisher, encoder.frame(key=True))
    up.set_muted(True)
    up.set_muted(True)
    for _ in range(5):
        play(lab, publisher, encoder.frame())
    assert lab.hub.stats.dropped[DropReason.MUTED] == 10
    before = plis(publisher)
    up.set_muted(False)
    lab.step(0.6)
    assert plis(publisher) > before
    play(lab, publisher, encoder.frame())
    play(lab, publisher, encoder.frame(key=True))
    out = viewer.out
    assert len(out) == 4
    assert all((b - a) & 0xFFFF == 1 for a, b in pairs([o.sequence for o in out]))


def test_a_muted_voice_is_silent_and_comes_back_at_once() -> None:
    lab = Lab()
    speaker, listener = lab.client(), lab.client()
    up = lab.track(MediaKind.AUDIO, "audio/opus")
    speaker.peer.receive(receive_section(kind=MediaKind.AUDIO, codecs=(OPUS,), ssrcs=(5,)), up)
    listener.watch(up, codecs=(OPUS,))
    loud = rtp.element(1, b"\x8a")
    for i in range(60):
        if i == 40:
            assert up.audio_level(lab.clock.monotonic_us()).is_active
            up.set_muted(True)
            assert not up.audio_level(lab.clock.monotonic_us()).is_active
        if i == 50:
            up.set_muted(False)
        packet = make_rtp(payload_type=111, sequence=i, timestamp=960 * i, ssrc=5, payload=bytes((i,)), elements=loud)
        play(lab, speaker, [packet])
    out = listener.out
    assert [o.payload[0] for o in out] == [*range(40), *range(50, 60)]
    assert all((b - a) & 0xFFFF == 1 for a, b in pairs([o.sequence for o in out]))
    assert out[40].timestamp - out[39].timestamp == 11 * 960, "silence has a length"


def test_permission_and_wish_pause_and_resume() -> None:
    lab, publisher, viewer, encoder = video_lab()
    down = viewer.peer.downs["0"]
    play(lab, publisher, encoder.frame(key=True))
    down.set_allowed(False)
    play(lab, publisher, encoder.frame())
    assert len(viewer.out) == 2
    assert lab.hub.stats.dropped[DropReason.PAUSED] == 2
    down.set_allowed(True)
    down.set_wish(LayerWish(enabled=False))
    play(lab, publisher, encoder.frame(key=True))
    assert len(viewer.out) == 2
    down.set_wish(LayerWish())
    lab.step(0.5)
    play(lab, publisher, encoder.frame(key=True))
    assert [o.sequence - viewer.out[0].sequence for o in viewer.out] == [0, 1, 2, 3]
    assert viewer.down_listener.states == [], "a pause that was asked for is no want of bandwidth"


def test_a_subscriber_without_the_codec_gets_nothing() -> None:
    lab, publisher, _, encoder = video_lab()
    up = next(iter(lab.hub._fanout.tracks))
    other = lab.client()
    other.watch(up, codecs=(H264,))
    play(lab, publisher, encoder.frame(key=True))
    assert other.out == []


def test_closing_ends_everything_once() -> None:
    lab, publisher, viewer, encoder = video_lab()
    up = viewer.peer.downs["0"].up
    play(lab, publisher, encoder.frame(key=True))
    viewer.peer.downs["0"].close()
    viewer.peer.stop_sending("0")
    assert up.downs == []
    play(lab, publisher, encoder.frame())
    assert lab.hub.stats.dropped[DropReason.NOBODY] == 2
    viewer.watch(up)
    up.close()
    up.close()
    assert viewer.peer.downs == {}
    publisher.rtp(encoder.frame()[0])
    publisher.peer.stop_receiving("7")
    publisher.peer.stop_receiving("7")
    for client in (publisher, viewer):
        client.peer.close()
        client.peer.close()
    publisher.rtp(encoder.frame()[0])
    publisher.rtcp(rtcp_writer.pli(1, 2))
    lab.step()
    assert lab.hub._peers == []
    assert lab.hub._fanout.tracks == []


def test_a_section_can_be_used_for_another_track() -> None:
    lab, publisher, viewer, encoder = video_lab()
    second = lab.track()
    play(lab, publisher, encoder.frame(key=True))
    publisher.peer.receive(receive_section(mid="7", ssrcs=(50,)), second)
    viewer.watch(second, ssrc=0xD8)
    play(lab, publisher, Encoder(ssrc=50, temporal=False).frame(key=True))
    assert [o.ssrc for o in viewer.out] == [0xD0, 0xD0, 0xD8, 0xD8]
    assert list(viewer.peer.downs) == ["0"]


# -- demand and requests -----------------------------------------------------------------------------------------------


def test_demand_rises_at_once_and_falls_after_two_seconds() -> None:
    lab = Lab()
    publisher, viewer, other = lab.client(), lab.client(), lab.client()
    up = lab.track(layers=THREE_LAYERS)
    publisher.peer.receive(receive_section(rids=("q", "h", "f")), up)
    lab.step(3)
    assert lab.up_listener.demands == [None]
    down = viewer.watch(up, wish=LayerWish(quality=VideoQuality.LOW))
    lab.step()
    assert lab.up_listener.demands == [None, VideoQuality.LOW]
    other.watch(up, wish=LayerWish(quality=VideoQuality.LOW, width=1280, height=720))
    lab.step()
    assert lab.up_listener.demands[-1] is VideoQuality.HIGH
    other.peer.close()
    lab.step(1.9)
    down.set_wish(LayerWish(quality=VideoQuality.HIGH))
    lab.step(3)
    assert lab.up_listener.demands[-1] is VideoQuality.HIGH, "somebody came in time"
    down.set_allowed(False)
    lab.step(2.1)
    assert lab.up_listener.demands[-1] is None


def test_requests_of_many_are_one_and_are_repeated_until_the_key_frame_comes() -> None:
    lab, publisher, viewer, encoder = video_lab()
    up = viewer.peer.downs["0"].up
    play(lab, publisher, encoder.frame(key=True))
    others = [lab.client() for _ in range(10)]
    for other in others:
        other.watch(up)
    start = plis(publisher)
    for _ in range(5):
        viewer.rtcp(rtcp_writer.pli(9, 0xD0))
        viewer.rtcp(rtcp_writer.fir(9, 0xD0, 1))
        play(lab, publisher, encoder.frame())
    assert plis(publisher) - start <= 1
    lab.step(1.2)
    assert 2 <= plis(publisher) - start <= 3
    play(lab, publisher, encoder.frame(key=True))
    asked = plis(publisher)
    lab.step(3)
    assert plis(publisher) == asked
    assert all(len(other.out) == 2 for other in others)


def test_a_hole_too_long_to_repair_asks_for_a_key_frame() -> None:
    lab, publisher, _, encoder = video_lab()
    play(lab, publisher, encoder.frame(key=True))
    lab.step(0.5)
    before = plis(publisher)
    encoder.sequence = (encoder.sequence + 2000) & 0xFFFF
    play(lab, publisher, encoder.frame())
    assert plis(publisher) == before + 1


# -- reports -----------------------------------------------------------------------------------------------------------


def test_the_publisher_hears_reports_and_an_estimate() -> None:
    lab, publisher, _, encoder = video_lab()
    for i in range(60):
        packets = encoder.frame(key=i == 0)
        play(lab, publisher, packets[:1] if i == 30 else packets)
    blocks = publisher.heard()
    reports = [block for block in blocks if isinstance(block, rtcp.ReportBlock)]
    assert {report.ssrc for report in reports} == {1}
    assert max(report.cumulative_lost for report in reports) == 1
    estimates = [block for block in blocks if isinstance(block, rtcp.Remb)]
    assert estimates[0].ssrcs == (1,)
    assert estimates[0].bitrate_bps > 4_000_000


def test_round_trips_are_learnt_from_reports_and_from_echoes() -> None:
    lab, publisher, viewer, encoder = video_lab()
    play(lab, publisher, encoder.frame(key=True))
    publisher.rtcp(rtcp_writer.sender_report(1, 7 << 40, 5, 0, 0))
    lab.clock.advance(seconds=0.3)
    (report,) = [block for block in viewer.heard() if isinstance(block, rtcp.SenderReport)]
    echo = rtcp.ReportBlock(0xD0, 0, 0, 5, 0, report.ntp >> 16 & 0xFFFFFFFF, 65536 // 10)
    viewer.rtcp(rtcp_writer.receiver_report(9, [echo]))
    assert viewer.peer.quality(0).rtt_ms == 200
    publisher.transport.rtcp.clear()
    while not (times := [block for block in publisher.heard() if isinstance(block, rtcp.ReceiverTime)]):
        lab.step()
    asked = times[-1]
    lab.clock.advance(seconds=0.03)
    publisher.rtcp(
        rtcp_writer.receiver_report(9) + rtcp_writer.time_echo(9, asked.ssrc, asked.ntp >> 16 & 0xFFFFFFFF, 0)
    )
    assert publisher.peer.quality(0).rtt_ms == 30
    publisher.rtcp(rtcp_writer.receiver_report(9) + rtcp_writer.time_echo(9, asked.ssrc + 1, 5, 0))
    publisher.rtcp(rtcp_writer.receiver_report(9) + rtcp_writer.receiver_time(9, 0xAABB_CCDD_EEFF_0011))
    answers = [block for block in publisher.heard() if isinstance(block, rtcp.TimeEcho)]
    assert answers == [rtcp.TimeEcho(9, 0xCCDD_EEFF, 0)]


def test_quality_falls_with_the_subscribers_loss() -> None:
    lab, publisher, viewer, encoder = video_lab()
    play(lab, publisher, encoder.frame(key=True))
    assert viewer.peer.quality(0).level is QualityLevel.EXCELLENT
    for highest, lost in ((1000, 0), (1100, 20)):
        viewer.rtcp(rtcp_writer.receiver_report(9, [rtcp.ReportBlock(0xD0, 0, lost, highest, 0, 0, 0)]))
    quality = viewer.peer.quality(0)
    assert quality.level is QualityLevel.POOR
    assert quality.downlink_loss == 0.2
    assert 0 < quality.score < 3
    viewer.rtcp(rtcp_writer.receiver_report(9, [rtcp.ReportBlock(0xD0, 0, 0, 5, 0, 0, 0)]))
    assert viewer.peer.quality(0).downlink_loss == 0.2, "a report of an earlier stream"


def test_reports_follow_a_switch_with_the_new_layers_clock() -> None:
    lab = Lab()
    publisher, viewer = lab.client(), lab.client()
    up = lab.track(layers=THREE_LAYERS)
    publisher.peer.receive(receive_section(rids=("q", "h", "f")), up)
    down = viewer.watch(up, wish=LayerWish(quality=VideoQuality.LOW))
    low = Encoder(ssrc=1, rid="q", mid="7")
    high = Encoder(ssrc=3, rid="f", mid="7", first_timestamp=12345)
    for encoder in (low, high):
        play(lab, publisher, encoder.frame(key=True))
        publisher.rtcp(rtcp_writer.sender_report(encoder.ssrc, 50 << 32, encoder.timestamp, 0, 0))
    down.set_wish(LayerWish(quality=VideoQuality.HIGH))
    lab.step(0.5)
    viewer.transport.rtcp.clear()
    play(lab, publisher, high.frame(key=True))
    lab.step(0.2)
    (report,) = [block for block in viewer.heard() if isinstance(block, rtcp.SenderReport)]
    seconds = (report.ntp - (50 << 32)) / 2**32
    mapped = (viewer.out[-1].timestamp - high.timestamp + 3000 + high.timestamp) & 0xFFFFFFFF
    assert abs(seconds * 90_000 - ((report.rtp_timestamp - mapped) & 0xFFFFFFFF)) < 90_000
    lab.step(0.5)
    assert len([b for b in viewer.heard() if isinstance(b, rtcp.SenderReport)]) == 1, "once a second is enough"


# -- odd packets -------------------------------------------------------------------------------------------------------


def test_who_gets_everything_is_looked_at_rarely_and_who_has_a_limit_at_each_turn() -> None:
    lab, publisher, viewer, encoder = video_lab()
    play(lab, publisher, encoder.frame(key=True))
    assert viewer.out
    lab.step(0.1)
    assert viewer.peer.rests_until_us > lab.clock.monotonic_us()
    for _ in range(2):
        viewer.rtcp(rtcp_writer.receiver_report(9) + rtcp_writer.remb(9, 30_000, [0xD0]))
        lab.step(4)
    viewer.rtcp(rtcp_writer.receiver_report(9, [rtcp.ReportBlock(0xD0, 0, 0, 0, 0, 0, 0)]))
    viewer.rtcp(rtcp_writer.receiver_report(9, [rtcp.ReportBlock(0xD0, 128, 50, 100, 0, 0, 0)]))
    lab.step(0.3)
    assert viewer.peer.quality(lab.clock.monotonic_us()).estimate_bps is not None
    assert viewer.peer.rests_until_us <= lab.clock.monotonic_us()


def test_padding_probes_on_the_media_ssrc_leave_no_hole() -> None:
    lab, publisher, viewer, encoder = video_lab()
    play(lab, publisher, encoder.frame(key=True))
    for _ in range(3):
        padding = make_rtp(payload_type=96, sequence=encoder.sequence, timestamp=0, ssrc=1, payload=b"", padding=200)
        encoder.sequence = (encoder.sequence + 1) & 0xFFFF
        play(lab, publisher, [padding])
    play(lab, publisher, encoder.frame())
    assert [o.sequence - viewer.out[0].sequence for o in viewer.out] == [0, 1, 2, 3]
    assert lab.hub.stats.dropped[DropReason.PADDING] == 3


def test_padding_and_early_probes_on_rtx_are_dropped() -> None:
    lab, publisher, viewer, encoder = video_lab()
    publisher.rtp(make_rtp(payload_type=97, sequence=1, timestamp=0, ssrc=2, payload=b"\x00\x05data"))
    publisher.rtp(make_rtp(payload_type=97, sequence=2, timestamp=0, ssrc=2, payload=b"", padding=200))
    play(lab, publisher, encoder.frame(key=True))
    play(lab, publisher, [make_rtp(payload_type=97, sequence=3, timestamp=0, ssrc=2, payload=b"\xff\xfanew")])
    assert lab.hub.stats.dropped[DropReason.PROBE] == 3
    assert len(viewer.out) == 2


def test_orientation_and_playout_delay_travel_in_the_subscribers_ids() -> None:
    lab, publisher, viewer, encoder = video_lab()
    plain, _ = encoder.frame(key=True)
    out = take_apart(plain)
    elements = rtp.element(13, b"\x01") + rtp.element(12, b"\x00\x10\x20")
    turned = make_rtp(
        payload_type=96, sequence=out.sequence, timestamp=1, ssrc=1, payload=out.payload, elements=elements
    )
    play(lab, publisher, [turned])
    (sent,) = viewer.out
    assert (sent.extensions[5], sent.extensions[8]) == (b"\x01", b"\x00\x10\x20")
    assert UP_IDS.video_orientation not in sent.extensions
    viewer.rtcp(rtcp_writer.nack(9, 0xD0, [sent.sequence]))
    lab.hub.flush()
    assert viewer.out[-1].extensions[5] == b"\x01"


def test_fewer_frames_per_second_are_a_lower_temporal_layer() -> None:
    lab = Lab()
    publisher, viewer = lab.client(), lab.client()
    up = lab.track()
    publisher.peer.receive(receive_section(ssrcs=(1,)), up)
    down = viewer.watch(up)
    encoder = Encoder(ssrc=1)
    for i in range(120):
        lab.clock.advance(seconds=0.0133)
        play(lab, publisher, encoder.frame(key=i == 0))
    down.set_wish(LayerWish(fps=7))
    count = len(viewer.out)
    for _ in range(40):
        lab.clock.advance(seconds=0.0133)
        play(lab, publisher, encoder.frame())
    assert len(viewer.out) - count <= 22, "one picture in four"
    numbers = [o.sequence for o in viewer.out]
    assert all((b - a) & 0xFFFF == 1 for a, b in pairs(numbers))
    assert lab.hub.stats.dropped[DropReason.TEMPORAL_LAYER] >= 58


def test_h264_starts_at_its_parameter_sets() -> None:
    lab = Lab()
    publisher, viewer = lab.client(), lab.client()
    up = lab.track(mime="video/h264")
    publisher.peer.receive(receive_section(codecs=(H264,), ssrcs=(1,)), up)
    viewer.watch(up, codecs=(Codec(mime="video/h264", payload_type=108, clock_rate=90_000),))
    for i, payload in enumerate((b"\x41slice", b"\x78\x00\x02\x67s\x00\x02\x68p", b"\x7c\x85idr", b"\x41slice")):
        publisher.rtp(make_rtp(payload_type=102, sequence=i, timestamp=min(i, 2), ssrc=1, payload=payload))
    lab.hub.flush()
    assert [o.payload_type for o in viewer.out] == [108] * 3
    viewer.rtcp(rtcp_writer.nack(9, 0xD0, [viewer.out[0].sequence]))
    lab.hub.flush()
    assert len(viewer.out) == 3, "no RTX was agreed"


def test_encrypted_payloads_pass_unchanged() -> None:
    lab, publisher, viewer, _ = video_lab()
    secret = bytes(range(200, 256)) * 4
    key = b"\x90\x80\x80\x07" + b"\x10\x02\x00\x9d\x01\x2a\x80\x02\x68\x01" + secret
    publisher.rtp(make_rtp(payload_type=96, sequence=5, timestamp=1, ssrc=1, payload=key))
    publisher.rtp(make_rtp(payload_type=96, sequence=6, timestamp=1, ssrc=1, payload=b"\x80\x80\x80\x07" + secret))
    lab.hub.flush()
    assert [o.payload for o in viewer.out] == [key, b"\x80\x80\x80\x07" + secret]


def test_a_red_packet_that_is_none_becomes_silence_for_those_without_red() -> None:
    lab = Lab()
    speaker, firefox = lab.client(), lab.client()
    up = lab.track(MediaKind.AUDIO, "audio/red")
    speaker.peer.receive(receive_section(kind=MediaKind.AUDIO, codecs=(RED, OPUS), ssrcs=(5,)), up)
    firefox.watch(up, codecs=(OPUS,), rtx_ssrc=None)
    for i, payload in enumerate((b"\xff\xff", b"\x6fgood")):
        speaker.rtp(make_rtp(payload_type=63, sequence=i, timestamp=960 * i, ssrc=5, payload=payload))
    lab.hub.flush()
    assert [o.payload for o in firefox.out] == [b"", b"good"]


def test_a_writer_that_refuses_is_counted() -> None:
    lab, publisher, viewer, encoder = video_lab()
    viewer.transport.writer.is_open = False
    play(lab, publisher, encoder.frame(key=True))
    play(lab, publisher, encoder.frame())
    assert lab.hub.stats.dropped[DropReason.WRITER_REFUSED] == 4
    assert lab.hub.stats.forwarded == 0
    assert viewer.down_listener.firsts == 0


def test_what_is_never_flushed_is_bounded() -> None:
    lab, publisher, _, encoder = video_lab()
    for i in range(1100):
        for packet in encoder.frame(key=i == 0):
            publisher.rtp(packet)
    assert lab.hub.stats.dropped[DropReason.QUEUE_FULL] == 2200 - 2048


def test_vp8_of_a_peer_with_two_codecs_is_read_by_its_payload_type() -> None:
    lab = Lab()
    publisher, viewer = lab.client(), lab.client()
    up = lab.track()
    publisher.peer.receive(receive_section(codecs=(VP8, H264), ssrcs=(1,)), up)
    viewer.watch(up)
    play(lab, publisher, Encoder(ssrc=1, temporal=False).frame(key=True))
    assert len(viewer.out) == 2
    assert up.is_live
    lab.step(6)
    assert not up.is_live


def test_what_red_repeats_need_not_be_asked_for() -> None:
    lab = Lab()
    speaker, firefox = lab.client(), lab.client()
    up = lab.track(MediaKind.AUDIO, "audio/red")
    speaker.peer.receive(receive_section(kind=MediaKind.AUDIO, codecs=(RED, OPUS), ssrcs=(5,)), up)
    firefox.watch(up, codecs=(OPUS,), rtx_ssrc=None)
    for i in (0, 1, 4, 5):
        older = b"".join(((0x80 | 111) << 24 | 960 * ago << 10 | 2).to_bytes(4, "big") for ago in (2, 1))
        payload = older + b"\x6f" + b"".join(b"p%d" % max(i - ago, 0) for ago in (2, 1, 0))
        speaker.rtp(make_rtp(payload_type=63, sequence=i, timestamp=960 * i, ssrc=5, payload=payload))
    lab.step()
    assert [(o.sequence - firefox.out[0].sequence, o.timestamp, o.payload) for o in firefox.out] == [
        (i, 960 * i, b"p%d" % i) for i in range(6)
    ]
    assert lab.hub.stats.recovered == 2
    assert not any(isinstance(block, rtcp.Nack) for block in speaker.heard())


def test_a_section_is_updated_in_place() -> None:
    lab, publisher, viewer, encoder = video_lab()
    down = viewer.peer.downs["0"]
    play(lab, publisher, encoder.frame(key=True))
    again = viewer.watch(down.up, codecs=(Codec(mime="video/vp8", payload_type=99, clock_rate=90_000),), ssrc=0xDD)
    assert again is down
    again.set_priority(3)
    play(lab, publisher, encoder.frame())
    assert [(o.payload_type, o.ssrc) for o in viewer.out] == [(120, 0xD0)] * 2 + [(99, 0xDD)] * 2
    start = plis(publisher)
    lab.step(0.5)
    viewer.rtcp(rtcp_writer.pli(9, 0xDD))
    assert plis(publisher) == start + 1


def test_floods_of_feedback_are_not_multiplied() -> None:
    lab, publisher, viewer, encoder = video_lab()
    play(lab, publisher, encoder.frame(key=True))
    for _ in range(50):
        publisher.rtcp(rtcp_writer.sender_report(1, 7 << 40, 5, 0, 0))
    assert len([block for block in viewer.heard() if isinstance(block, rtcp.SenderReport)]) == 1
    for _ in range(300):
        play(lab, publisher, encoder.frame())
    sent = len(viewer.out)
    viewer.rtcp(rtcp_writer.nack(9, 0xD0, range(viewer.out[0].sequence, viewer.out[0].sequence + 600)))
    lab.hub.flush()
    assert len(viewer.out) - sent <= 256


def test_video_waits_for_its_transport_and_then_begins_with_a_key_frame() -> None:
    lab, publisher, viewer, encoder = video_lab()
    viewer.turns(TransportState.CONNECTING)
    viewer.transport.writer.is_open = False
    play(lab, publisher, encoder.frame(key=True))
    play(lab, publisher, encoder.frame())
    assert plis(publisher) == 0, "nobody could see it yet"
    viewer.turns(TransportState.CONNECTED)
    viewer.transport.writer.is_open = True
    play(lab, publisher, encoder.frame())
    assert plis(publisher) == 1
    play(lab, publisher, encoder.frame(key=True))
    assert len(viewer.out) == 2


def test_a_key_frame_that_the_transport_refused_is_asked_for_again() -> None:
    lab, publisher, viewer, encoder = video_lab()
    lab.step()
    viewer.turns(TransportState.FAILED)
    viewer.transport.writer.is_open = False
    for packet in encoder.frame(key=True):
        publisher.rtp(packet)
    lab.hub.flush()
    viewer.turns(TransportState.CONNECTED)
    viewer.transport.writer.is_open = True
    lab.step(0.6)
    play(lab, publisher, encoder.frame())
    assert viewer.out == []
    assert plis(publisher) >= 1
    play(lab, publisher, encoder.frame(key=True))
    assert len(viewer.out) == 2


def test_a_publisher_who_cannot_hear_yet_is_asked_as_soon_as_it_can() -> None:
    lab, publisher, viewer, encoder = video_lab()
    publisher.turns(TransportState.CONNECTING)
    lab.step(0.2)
    assert publisher.heard() == [], "what nobody hears is not said, and counts for nothing"
    publisher.turns(TransportState.CONNECTED)
    lab.step(0.1)
    assert plis(publisher) == 1
    play(lab, publisher, encoder.frame(key=True))
    assert len(viewer.out) == 2
