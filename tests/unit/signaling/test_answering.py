"""Answers to recorded offers: what is taken, refused, placed, kept and given up, over several rounds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.errors import InvalidInput
from server.sfu.description import DtlsRole, MediaKind
from server.signaling.negotiation import AnsweringSide, Negotiated, Outgoing, PublishOptions, Shortage
from server.signaling.sdp import Direction, MediaSection, SessionDescription, Setup
from server.signaling.sdp_parser import parse_sdp
from server.signaling.sdp_writer import write_sdp
from tests.fakes.offers import (
    CAMERA,
    H264_CAMERA,
    LOCAL,
    MICROPHONE,
    MIMES,
    NAMES,
    OTHER_MICROPHONE,
    RESTARTED,
    recorded,
)

SINGLE = "chromium_single_initial"
PUBLISHING = "chromium_single_audio_vp8_simulcast"


def single() -> AnsweringSide:
    return AnsweringSide(single=True, publish_mimes=MIMES)


def sections_of(negotiated: Negotiated) -> dict[str, MediaSection]:
    return {section.mid: section for section in parse_sdp(negotiated.sdp).sections}


def change(text: str, **by_mid: Direction) -> str:
    """The offer again with other directions; keys are ``m`` and the mid."""
    offer = parse_sdp(text)
    sections = tuple(replace(one, direction=by_mid.get(f"m{one.mid}", one.direction)) for one in offer.sections)
    return write_sdp(replace(offer, sections=sections))


@pytest.mark.parametrize("name", NAMES)
def test_every_answer_mirrors_its_offer(name: str) -> None:
    offer = parse_sdp(recorded(name))
    negotiated = AnsweringSide(single="single" in name, publish_mimes=MIMES).answer(recorded(name), LOCAL, ())
    answer = parse_sdp(negotiated.sdp)
    assert answer.is_ice_lite
    assert answer.bundle == offer.bundle
    for theirs, ours in zip(offer.sections, answer.sections, strict=True):
        assert (ours.mid, ours.kind, ours.protocol) == (theirs.mid, theirs.kind, theirs.protocol)
        assert (ours.port, ours.setup, ours.ice) == (9, Setup.PASSIVE, LOCAL.ice)
        assert set(ours.formats) <= set(theirs.formats)
        assert {(one.id, one.uri) for one in ours.extensions} <= {(one.id, one.uri) for one in theirs.extensions}
        feedback = [entry for codec in ours.codecs for entry in codec.feedback]
        assert "transport-cc" not in feedback
    assert [bool(one.candidates) for one in answer.sections] == [True] + [False] * (len(answer.sections) - 1)
    assert answer.sections[0].has_end_of_candidates
    assert negotiated.role is DtlsRole.SERVER
    assert negotiated.has_data
    assert negotiated.remote_ice == offer.sections[0].ice
    assert not negotiated.is_ice_restart


def test_data_section() -> None:
    data = sections_of(single().answer(recorded(SINGLE), LOCAL))["6"]
    assert (data.sctp_port, data.max_message_size, data.formats) == (5000, 65536, ("webrtc-datachannel",))


def test_publishing_with_simulcast() -> None:
    negotiated = single().answer(recorded(PUBLISHING), LOCAL)
    audio, video = negotiated.incoming
    assert [codec.mime for codec in audio.section.codecs] == ["audio/red", "audio/opus"]
    assert len(audio.section.ssrcs) == 1
    assert audio.section.extensions.audio_level == 1
    assert video.section.rids == ("q", "h", "f")
    assert [codec.mime for codec in video.section.codecs] == ["video/vp8", "video/h264", "video/h264"]
    assert [codec.rtx_payload_type for codec in video.section.codecs] == [97, 103, 109]
    assert all("packetization-mode=1" in codec.fmtp for codec in video.section.codecs[1:])
    ids = video.section.extensions
    assert (ids.mid, ids.rid, ids.repaired_rid, ids.abs_send_time, ids.transport_cc) == (4, 10, 11, 2, None)
    answered = sections_of(negotiated)["7"]
    assert answered.direction is Direction.RECVONLY
    assert [(rid.id, rid.direction) for rid in answered.rids] == [("q", "recv"), ("h", "recv"), ("f", "recv")]
    assert answered.simulcast is not None
    assert answered.simulcast.recv == ("q", "h", "f")
    assert answered.codecs[0].feedback == ("goog-remb", "ccm fir", "nack", "nack pli")


def test_firefox_publishes_three_encodings_with_their_retransmissions() -> None:
    negotiated = AnsweringSide(single=False, publish_mimes=MIMES).answer(recorded("firefox_dual_publisher"), LOCAL)
    audio, video = negotiated.incoming
    assert [codec.mime for codec in audio.section.codecs] == ["audio/opus"]
    assert [(codec.mime, codec.payload_type) for codec in video.section.codecs] == [("video/vp8", 120)]
    assert len(video.section.ssrcs) == 3
    assert tuple(main for main, _ in video.section.rtx_pairs) == video.section.ssrcs
    assert video.section.extensions.rid == 9


def test_codecs_that_may_not_be_published_are_refused_and_named() -> None:
    negotiated = single().answer(recorded("chromium_single_vp9_only"), LOCAL)
    assert negotiated.incoming == ()
    (refused,) = negotiated.refused_publish
    assert (refused.mid, refused.mime, refused.kind) == ("6", "video/vp9", MediaKind.VIDEO)
    assert sections_of(negotiated)["6"].direction is Direction.INACTIVE
    assert sections_of(negotiated)["6"].port == 9


def test_narrower_server_takes_only_its_codecs() -> None:
    side = AnsweringSide(single=True, publish_mimes=frozenset({"audio/opus", "video/h264"}))
    audio, video = side.answer(recorded(PUBLISHING), LOCAL).incoming
    assert [codec.mime for codec in audio.section.codecs] == ["audio/opus"]
    assert {codec.mime for codec in video.section.codecs} == {"video/h264"}


def test_add_track_decides_order_of_codecs_red_dtx_and_stereo() -> None:
    text = recorded(PUBLISHING)
    plain = single().answer(text, LOCAL)
    mic, cam = (one.msid_track for one in plain.incoming)
    options = {
        mic: PublishOptions(kind=MediaKind.AUDIO, disable_red=True, disable_dtx=True, stereo=True),
        cam: PublishOptions(kind=MediaKind.VIDEO, mimes=("video/h264",)),
    }
    audio, video = single().answer(text, LOCAL, (), options).incoming
    assert (audio.cid, video.cid) == (mic, cam)
    assert [codec.mime for codec in audio.section.codecs] == ["audio/opus"]
    assert audio.section.codecs[0].fmtp == "minptime=10;useinbandfec=1;stereo=1"
    assert [codec.mime for codec in video.section.codecs] == ["video/h264", "video/h264", "video/vp8"]
    assert "usedtx=1" in plain.incoming[0].section.codecs[-1].fmtp


def test_options_hold_after_the_request_is_served() -> None:
    side, text = single(), recorded(PUBLISHING)
    mic = side.answer(text, LOCAL).incoming[0].msid_track
    side.answer(text, LOCAL, (), {mic: PublishOptions(kind=MediaKind.AUDIO, disable_red=True)})
    later = side.answer(text, LOCAL).incoming[0]
    assert later.cid == mic
    assert [codec.mime for codec in later.section.codecs] == ["audio/opus"]


def test_firefox_sections_take_the_oldest_request_of_their_kind() -> None:
    options = {
        "cid-cam": PublishOptions(kind=MediaKind.VIDEO),
        "cid-screen": PublishOptions(kind=MediaKind.VIDEO),
        "cid-mic": PublishOptions(kind=MediaKind.AUDIO),
    }
    side = single()
    text = recorded("firefox_single_audio_vp8_simulcast")
    assert [one.cid for one in side.answer(text, LOCAL, (), options).incoming] == ["cid-mic", "cid-cam"]
    assert [one.cid for one in side.answer(text, LOCAL, (), options).incoming] == ["cid-mic", "cid-cam"]


def test_chromium_sections_never_take_another_tracks_request() -> None:
    options = {"somebody-else": PublishOptions(kind=MediaKind.VIDEO)}
    assert [one.cid for one in single().answer(recorded(PUBLISHING), LOCAL, (), options).incoming] == ["", ""]


def test_refused_section_tells_its_request() -> None:
    options = {"cid-vp9": PublishOptions(kind=MediaKind.VIDEO)}
    negotiated = single().answer(recorded("firefox_single_vp9_only"), LOCAL, (), options)
    assert negotiated.refused_publish[0].cid == "cid-vp9"


def test_legacy_sendrecv_section_is_a_publication() -> None:
    negotiated = single().answer(change(recorded(PUBLISHING), m6=Direction.SENDRECV), LOCAL)
    assert sections_of(negotiated)["6"].direction is Direction.RECVONLY
    assert len(negotiated.incoming) == 2


def test_subscriptions_fill_free_sections() -> None:
    negotiated = single().answer(recorded(SINGLE), LOCAL, (MICROPHONE, CAMERA, H264_CAMERA))
    assert negotiated.mid_to_track == {"0": "TR_mic", "3": "TR_cam", "4": "TR_h264"}
    answered = sections_of(negotiated)
    camera = answered["3"]
    assert camera.direction is Direction.SENDONLY
    assert camera.msid is not None
    assert (camera.msid.stream, camera.msid.track) == ("PA_lin|camera", "TR_cam")
    assert (camera.ssrcs, camera.cname) == ((2001, 2002), "PA_lin")
    assert [(group.semantics, group.ssrcs) for group in camera.ssrc_groups] == [("FID", (2001, 2002))]
    assert [codec.name for codec in camera.codecs] == ["vp8", "rtx"]
    assert [codec.name for codec in answered["0"].codecs] == ["red", "opus"]
    assert answered["0"].ssrcs == (1001,)
    assert {answered[mid].direction for mid in ("1", "2", "5")} == {Direction.INACTIVE}
    section = negotiated.sending["TR_cam"]
    assert (section.mid, section.ssrc, section.rtx_ssrc, section.codecs[0].rtx_payload_type) == ("3", 2001, 2002, 97)
    assert section.extensions.abs_send_time == 2
    assert section.extensions.rid is None
    h264 = negotiated.sending["TR_h264"].codecs[0]
    assert "profile-level-id=42e01f" in h264.fmtp


def test_payload_types_are_the_subscribers_own() -> None:
    negotiated = single().answer(recorded("firefox_single_initial"), LOCAL, (MICROPHONE, CAMERA))
    audio, video = negotiated.sending["TR_mic"].codecs, negotiated.sending["TR_cam"].codecs
    assert [(codec.mime, codec.payload_type) for codec in audio] == [("audio/opus", 109)]
    assert [(codec.mime, codec.payload_type, codec.rtx_payload_type) for codec in video] == [("video/vp8", 120, 124)]


def test_plain_opus_stays_plain() -> None:
    negotiated = single().answer(recorded(SINGLE), LOCAL, (OTHER_MICROPHONE,))
    assert [codec.mime for codec in negotiated.sending["TR_mic2"].codecs] == ["audio/opus"]


def test_what_the_client_cannot_decode_is_refused_and_takes_no_section() -> None:
    vp9 = replace(CAMERA, track_sid="TR_vp9", mime="video/vp9")
    negotiated = single().answer(recorded("firefox_single_initial"), LOCAL, (vp9, H264_CAMERA, CAMERA))
    assert negotiated.refused == (("TR_vp9", "codec_unsupported"), ("TR_h264", "codec_unsupported"))
    assert negotiated.mid_to_track == {"3": "TR_cam"}
    assert negotiated.shortage == Shortage()


def test_missing_sections_are_counted() -> None:
    cameras = tuple(replace(CAMERA, track_sid=f"TR_{n}", ssrc=n, rtx_ssrc=n + 100) for n in range(5))
    negotiated = single().answer(recorded(SINGLE), LOCAL, cameras)
    assert (negotiated.missing_audio, negotiated.missing_video) == (0, 2)
    assert negotiated.shortage.wants_offer
    assert len(negotiated.sending) == 3


def test_tracks_keep_their_sections() -> None:
    side = single()
    before = side.answer(recorded(SINGLE), LOCAL, (MICROPHONE, CAMERA, H264_CAMERA))
    after = side.answer(recorded(SINGLE), LOCAL, (H264_CAMERA, OTHER_MICROPHONE, MICROPHONE))
    assert after.mid_to_track == {"0": "TR_mic", "4": "TR_h264", "1": "TR_mic2"}
    assert after.sending["TR_h264"] == before.sending["TR_h264"]


def test_freed_section_rests_one_answer_before_it_is_used_again() -> None:
    side, text = single(), recorded(SINGLE)
    three = tuple(replace(CAMERA, track_sid=f"TR_{n}", ssrc=n + 1, rtx_ssrc=n + 100) for n in range(3))
    newcomer = replace(CAMERA, track_sid="TR_new", ssrc=50, rtx_ssrc=51)
    side.answer(text, LOCAL, three)
    wanted = (*three[1:], newcomer)
    assert side.shortage(wanted) == Shortage(wants_offer=True)
    resting = side.answer(text, LOCAL, wanted)
    assert "TR_new" not in resting.sending
    assert resting.shortage == Shortage(wants_offer=True)
    assert sections_of(resting)["3"].direction is Direction.INACTIVE
    assert side.free(MediaKind.VIDEO) == 1
    placed = side.answer(text, LOCAL, wanted)
    assert placed.mid_to_track == {"4": "TR_1", "5": "TR_2", "3": "TR_new"}
    assert placed.shortage == Shortage()


def test_shortage_without_an_offer() -> None:
    side = single()
    assert side.shortage((CAMERA,)) == Shortage()
    side.answer(recorded(SINGLE), LOCAL)
    four = tuple(replace(CAMERA, track_sid=f"TR_{n}", ssrc=n, rtx_ssrc=n + 9) for n in range(4))
    assert side.shortage(()) == Shortage()
    assert side.shortage(four[:3]) == Shortage(wants_offer=True)
    assert side.shortage(four) == Shortage(video=1, wants_offer=True)
    side.answer(recorded(SINGLE), LOCAL, four[:3])
    assert side.shortage(four[:3]) == Shortage()
    assert side.shortage(()) == Shortage(wants_offer=True)


def test_publisher_connection_carries_no_subscriptions() -> None:
    side = AnsweringSide(single=False, publish_mimes=MIMES)
    negotiated = side.answer(recorded(SINGLE), LOCAL, (MICROPHONE, CAMERA))
    assert negotiated.sending == {}
    assert side.shortage((CAMERA,)) == Shortage()


def test_end_of_publishing_is_reported_once() -> None:
    side, text = single(), recorded(PUBLISHING)
    side.answer(text, LOCAL)
    stopped = change(text, m7=Direction.INACTIVE)
    first = side.answer(stopped, LOCAL)
    assert first.ended == ("7",)
    assert [one.section.mid for one in first.incoming] == ["6"]
    assert side.answer(stopped, LOCAL).ended == ()


def test_stopped_section_is_answered_with_port_0_and_ends_its_track() -> None:
    side, text = single(), recorded(PUBLISHING)
    side.answer(text, LOCAL)
    offer = parse_sdp(text)
    sections = tuple(replace(one, port=0) if one.mid == "7" else one for one in offer.sections)
    bundle = tuple(mid for mid in offer.bundle if mid != "7")
    negotiated = side.answer(write_sdp(replace(offer, sections=sections, bundle=bundle)), LOCAL)
    assert negotiated.ended == ("7",)
    assert sections_of(negotiated)["7"].port == 0
    assert "7" not in parse_sdp(negotiated.sdp).bundle


def with_setup(text: str, setup: Setup) -> str:
    return text.replace("a=setup:actpass", f"a=setup:{setup}")


def test_roles() -> None:
    passive = single().answer(with_setup(recorded(SINGLE), Setup.PASSIVE), LOCAL)
    assert passive.role is DtlsRole.CLIENT
    assert sections_of(passive)["0"].setup is Setup.ACTIVE
    active = single().answer(with_setup(recorded(SINGLE), Setup.ACTIVE), LOCAL)
    assert active.role is DtlsRole.SERVER


def test_role_stays() -> None:
    side = single()
    side.answer(with_setup(recorded(SINGLE), Setup.PASSIVE), LOCAL)
    assert side.answer(recorded(SINGLE), LOCAL).role is DtlsRole.CLIENT
    with pytest.raises(InvalidInput, match="role"):
        side.answer(with_setup(recorded(SINGLE), Setup.ACTIVE), LOCAL)


def with_other_ice(text: str) -> str:
    offer = parse_sdp(text)
    return write_sdp(replace(offer, sections=tuple(replace(one, ice=RESTARTED.ice) for one in offer.sections)))


def test_ice_restart_is_seen_before_and_after() -> None:
    side, text = single(), recorded(SINGLE)
    assert not side.is_ice_restart(side.read(text))
    side.answer(text, LOCAL)
    assert not side.is_ice_restart(side.read(text))
    restart = side.read(with_other_ice(text))
    assert side.is_ice_restart(restart)
    negotiated = side.answer(restart, RESTARTED)
    assert negotiated.is_ice_restart
    assert sections_of(negotiated)["0"].ice == RESTARTED.ice
    assert not side.answer(restart, RESTARTED).is_ice_restart


def edited(**fields: object) -> str:
    offer = parse_sdp(recorded(SINGLE))
    return write_sdp(replace(offer, sections=tuple(replace(one, **fields) for one in offer.sections)))  # type: ignore[arg-type]  # fields of any type on purpose


@pytest.mark.parametrize(
    "text",
    [
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n",
        edited(ice=None),
        edited(fingerprints=()),
        edited(has_rtcp_mux=False, sctp_port=None),
        recorded(SINGLE).replace("sha-256", "sha-1"),
        recorded(SINGLE).replace("a=group:BUNDLE 0 1 2 3 4 5 6\r\n", ""),
        edited(port=0, is_bundle_only=False),
        "garbage",
    ],
    ids=["empty", "no ice", "no fingerprint", "no mux", "weak hash", "no bundle", "all rejected", "garbage"],
)
def test_offers_that_cannot_be_agreed_to_change_nothing(text: str) -> None:
    fresh, used = single(), single()
    wanted = (MICROPHONE, CAMERA)
    with pytest.raises(InvalidInput):
        used.answer(text, LOCAL, wanted)
    assert used.answer(recorded(SINGLE), LOCAL, wanted) == fresh.answer(recorded(SINGLE), LOCAL, wanted)


def test_another_certificate_is_another_peer() -> None:
    side = single()
    side.answer(recorded(SINGLE), LOCAL)
    with pytest.raises(InvalidInput, match="certificate"):
        side.answer(recorded(PUBLISHING), LOCAL)


def test_section_outside_the_bundle_is_rejected_alone() -> None:
    text = recorded(SINGLE).replace("BUNDLE 0 1 2 3 4 5 6", "BUNDLE 0 1 2 3 4 6")
    answered = sections_of(single().answer(text, LOCAL))
    assert [answered[mid].port for mid in ("4", "5", "6")] == [9, 0, 9]


@pytest.mark.parametrize("stream", ["PA_x|my stream\r\na=ssrc:1", "", "x" * 200, "\ud800", "中文"])
def test_stream_names_cannot_break_the_description(stream: str) -> None:
    negotiated = single().answer(recorded(SINGLE), LOCAL, (replace(CAMERA, stream_id=stream),))
    msid = sections_of(negotiated)["3"].msid
    assert msid is not None
    assert msid.track == "TR_cam"
    assert 1 <= len(msid.stream) <= 64
    negotiated.sdp.encode()


def test_version_grows_and_nothing_else_changes_on_a_repeated_offer() -> None:
    side = single()
    first = side.answer(recorded(PUBLISHING), LOCAL, (MICROPHONE,))
    second = side.answer(recorded(PUBLISHING), LOCAL, (MICROPHONE,))
    one, two = parse_sdp(first.sdp), parse_sdp(second.sdp)
    assert (one.version, two.version) == (1, 2)
    assert one.sections == two.sections
    assert isinstance(one, SessionDescription)


def test_equal_subscriptions_twice_take_one_section() -> None:
    wanted: tuple[Outgoing, ...] = (CAMERA, CAMERA)
    assert single().answer(recorded(SINGLE), LOCAL, wanted).mid_to_track == {"3": "TR_cam"}


def test_native_sdk_lists_layers_from_the_highest_and_offers_no_retransmission() -> None:
    negotiated = single().answer(recorded("native_single_audio_vp8_simulcast"), LOCAL)
    video = negotiated.incoming[1].section
    assert video.rids == ("f", "h", "q")
    assert [(codec.mime, codec.rtx_payload_type) for codec in video.codecs] == [("video/vp8", None)]
    assert video.codecs[0].fmtp.startswith("x-google-start-bitrate=")


def test_firefox_with_h264_numbers_and_names_its_profiles_its_own_way() -> None:
    text = (
        recorded("firefox_single_audio_vp8_simulcast")
        .replace("a=rtpmap:121 VP9/90000", "a=rtpmap:121 H264/90000")
        .replace("a=fmtp:121 max-fs=12288;max-fr=60", "a=fmtp:121 profile-level-id=42E01F;packetization-mode=1")
    )
    options = {"screen": PublishOptions(kind=MediaKind.VIDEO, mimes=("video/h264",))}
    negotiated = single().answer(text, LOCAL, (H264_CAMERA,), options)
    assert [codec.payload_type for codec in negotiated.incoming[1].section.codecs] == [121, 120]
    assert negotiated.sending["TR_h264"].codecs[0].payload_type == 121


def test_packetization_mode_0_and_other_profiles_are_no_h264_of_ours() -> None:
    text = recorded("chromium_single_h264_only").replace("packetization-mode=1", "packetization-mode=0")
    negotiated = single().answer(text, LOCAL, (H264_CAMERA,))
    assert [one.mime for one in negotiated.refused_publish] == ["video/h264"]
    assert negotiated.refused == (("TR_h264", "codec_unsupported"),)
