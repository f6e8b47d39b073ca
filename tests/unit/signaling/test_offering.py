"""Our offers to v0 subscribers, answered by a stand-in that answers as browsers and pion do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from server.errors import InvalidInput
from server.sfu.description import DtlsRole, Fingerprint, IceParameters
from server.signaling.negotiation import OfferingSide, Outgoing
from server.signaling.sdp import Direction, MediaSection, SessionDescription, Setup
from server.signaling.sdp_parser import parse_sdp
from server.signaling.sdp_writer import write_sdp
from tests.fakes.offers import CAMERA, H264_CAMERA, LOCAL, MICROPHONE, OTHER_MICROPHONE, RESTARTED

CLIENT_ICE = IceParameters(ufrag="them", pwd="themthemthemthemthemthem")
CLIENT_PRINT = (Fingerprint(algorithm="sha-256", value=":".join(["CD"] * 32)),)
Change = Callable[[MediaSection], MediaSection]


def same(section: MediaSection) -> MediaSection:
    return section


def answer_to(
    offer_sdp: str, *, setup: Setup = Setup.ACTIVE, ice: IceParameters = CLIENT_ICE, change: Change = same
) -> str:
    """What a client that takes everything would say."""
    offer = parse_sdp(offer_sdp)
    reverse = {Direction.SENDONLY: Direction.RECVONLY, Direction.INACTIVE: Direction.INACTIVE}
    sections = tuple(
        change(
            replace(
                one,
                direction=reverse.get(one.direction, one.direction),
                setup=setup,
                ice=ice,
                fingerprints=CLIENT_PRINT,
                candidates=(),
                msid=None,
                ssrcs=(),
                ssrc_groups=(),
            )
        )
        for one in offer.sections
    )
    bundle = tuple(one.mid for one in sections if one.port)
    return write_sdp(SessionDescription(session_id=7, version=1, bundle=bundle, sections=sections))


def agree(side: OfferingSide, *outgoing: Outgoing, change: Change = same) -> dict[str, str]:
    negotiated = side.accept(answer_to(side.offer(LOCAL, outgoing), change=change))
    return dict(negotiated.mid_to_track)


def test_first_offer_carries_data_alone() -> None:
    offer = parse_sdp(OfferingSide().offer(LOCAL, ()))
    (data,) = offer.sections
    assert (data.kind, data.mid, data.sctp_port, data.max_message_size) == ("application", "0", 5000, 65536)
    assert (data.setup, data.ice) == (Setup.ACTPASS, LOCAL.ice)
    assert offer.is_ice_lite
    assert len(data.candidates) == 2


def test_tracks_get_sections_with_msid_and_ssrcs() -> None:
    side = OfferingSide()
    offer = parse_sdp(side.offer(LOCAL, (MICROPHONE, CAMERA, H264_CAMERA)))
    assert [(one.mid, one.kind) for one in offer.sections] == [
        ("0", "application"),
        ("1", "audio"),
        ("2", "video"),
        ("3", "video"),
    ]
    mic, cam, h264 = offer.sections[1:]
    assert [codec.name for codec in mic.codecs] == ["red", "opus"]
    assert cam.msid is not None
    assert (cam.msid.stream, cam.msid.track, cam.ssrcs) == ("PA_lin|camera", "TR_cam", (2001, 2002))
    assert [codec.name for codec in cam.codecs] == ["vp8", "rtx"]
    assert "profile-level-id=42e01f" in h264.codecs[0].fmtp
    assert {one.direction for one in offer.sections[1:]} == {Direction.SENDONLY}
    assert side.mid_to_track == {"1": "TR_mic", "2": "TR_cam", "3": "TR_h264"}


def test_accepted_answer() -> None:
    side = OfferingSide()
    negotiated = side.accept(answer_to(side.offer(LOCAL, (MICROPHONE, CAMERA))))
    assert negotiated.role is DtlsRole.SERVER
    assert (negotiated.sdp, negotiated.remote_ice, negotiated.remote_fingerprints) == ("", CLIENT_ICE, CLIENT_PRINT)
    assert negotiated.has_data
    assert negotiated.refused == ()
    mic, cam = negotiated.sending["TR_mic"], negotiated.sending["TR_cam"]
    assert [codec.mime for codec in mic.codecs] == ["audio/red", "audio/opus"]
    assert (mic.rtx_ssrc, cam.rtx_ssrc) == (None, 2002)
    assert (cam.mid, cam.codecs[0].payload_type, cam.codecs[0].rtx_payload_type) == ("2", 96, 97)
    assert (cam.extensions.mid, cam.extensions.abs_send_time) == (4, 2)
    assert not side.is_pending


def test_pion_answers_passive_and_we_become_the_dtls_client() -> None:
    side = OfferingSide()
    negotiated = side.accept(answer_to(side.offer(LOCAL, ()), setup=Setup.PASSIVE))
    assert negotiated.role is DtlsRole.CLIENT
    with pytest.raises(InvalidInput, match="role"):
        side.accept(answer_to(side.offer(LOCAL, ()), setup=Setup.ACTIVE))


def test_client_without_red_or_extensions_gets_plain_opus() -> None:
    side = OfferingSide()

    def without_red(section: MediaSection) -> MediaSection:
        codecs = tuple(one for one in section.codecs if one.name == "opus")
        return replace(section, codecs=codecs, formats=("111",), extensions=()) if section.mid == "1" else section

    negotiated = side.accept(answer_to(side.offer(LOCAL, (MICROPHONE,)), change=without_red))
    section = negotiated.sending["TR_mic"]
    assert [codec.mime for codec in section.codecs] == ["audio/opus"]
    assert section.extensions.audio_level is None


def test_answered_payload_types_win() -> None:
    side = OfferingSide()

    def renumber(section: MediaSection) -> MediaSection:
        if section.mid != "1":
            return section
        vp8, rtx = section.codecs
        return replace(
            section,
            formats=("120", "124"),
            codecs=(replace(vp8, payload_type=120), replace(rtx, payload_type=124, fmtp="apt=120")),
        )

    negotiated = side.accept(answer_to(side.offer(LOCAL, (CAMERA,)), change=renumber))
    codec = negotiated.sending["TR_cam"].codecs[0]
    assert (codec.payload_type, codec.rtx_payload_type) == (120, 124)


def test_fresh_sections_come_first() -> None:
    side = OfferingSide()
    assert agree(side, MICROPHONE, CAMERA) == {"1": "TR_mic", "2": "TR_cam"}
    assert agree(side, CAMERA) == {"2": "TR_cam"}
    assert agree(side, CAMERA, MICROPHONE) == {"2": "TR_cam", "3": "TR_mic"}


def test_delivery_that_starts_again_gets_a_section_of_its_own() -> None:
    side = OfferingSide()
    agree(side, CAMERA)
    assert agree(side, replace(CAMERA, ssrc=CAMERA.ssrc + 1)) == {"2": "TR_cam"}


def test_sections_stay_rest_and_are_used_again_when_there_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.signaling.negotiation_offering._FRESH_SECTIONS", 3)
    side = OfferingSide()
    assert agree(side, MICROPHONE, CAMERA) == {"1": "TR_mic", "2": "TR_cam"}
    assert agree(side, CAMERA, OTHER_MICROPHONE) == {"2": "TR_cam", "3": "TR_mic2"}
    assert agree(side, CAMERA, OTHER_MICROPHONE, MICROPHONE) == {"1": "TR_mic", "2": "TR_cam", "3": "TR_mic2"}


def test_section_is_not_reused_before_the_client_agreed_to_its_rest() -> None:
    side = OfferingSide()
    agree(side, CAMERA)
    side.offer(LOCAL, ())
    offer = parse_sdp(side.offer(LOCAL, (H264_CAMERA,)))
    assert [(one.mid, one.direction) for one in offer.sections[1:]] == [
        ("1", Direction.INACTIVE),
        ("2", Direction.SENDONLY),
    ]


def test_unanswered_offer_is_built_upon() -> None:
    side = OfferingSide()
    side.offer(LOCAL, (MICROPHONE,))
    assert agree(side, MICROPHONE, CAMERA) == {"1": "TR_mic", "2": "TR_cam"}


def test_refused_track_is_not_offered_again_while_wanted() -> None:
    side = OfferingSide()

    def refuse_video(section: MediaSection) -> MediaSection:
        return replace(section, port=0) if section.kind == "video" else section

    negotiated = side.accept(answer_to(side.offer(LOCAL, (CAMERA, MICROPHONE)), change=refuse_video))
    assert negotiated.refused == (("TR_cam", "codec_unsupported"),)
    assert dict(negotiated.mid_to_track) == {"2": "TR_mic"}
    again = parse_sdp(side.offer(LOCAL, (CAMERA, MICROPHONE)))
    assert [one.port for one in again.sections] == [9, 0, 9]
    assert again.bundle == ("0", "2")
    negotiated = side.accept(answer_to(side.offer(LOCAL, (CAMERA, MICROPHONE)), change=refuse_video))
    assert negotiated.refused == ()


def test_inactive_answer_refuses_the_track_and_keeps_the_section() -> None:
    side = OfferingSide()

    def decline(section: MediaSection) -> MediaSection:
        return replace(section, direction=Direction.INACTIVE) if section.mid == "1" else section

    negotiated = side.accept(answer_to(side.offer(LOCAL, (CAMERA,)), change=decline))
    assert negotiated.refused == (("TR_cam", "codec_unsupported"),)
    assert agree(side, H264_CAMERA) == {"2": "TR_h264"}


def test_ice_restart() -> None:
    side = OfferingSide()
    agree(side, CAMERA)
    offer = side.offer(RESTARTED, (CAMERA,), ice_restart=True)
    assert parse_sdp(offer).sections[0].ice == RESTARTED.ice
    negotiated = side.accept(answer_to(offer, ice=IceParameters(ufrag="newer", pwd="n" * 24)))
    assert negotiated.is_ice_restart
    assert dict(negotiated.mid_to_track) == {"1": "TR_cam"}


def test_high_profile_is_also_offered_as_what_everybody_decodes() -> None:
    high = replace(H264_CAMERA, fmtp="profile-level-id=640c1f;packetization-mode=1")
    section = parse_sdp(OfferingSide().offer(LOCAL, (high,))).sections[1]
    profiles = [codec.parameters["profile-level-id"] for codec in section.codecs if codec.name == "h264"]
    assert profiles == ["640c1f", "42e01f"]


def test_unknown_codec_is_not_offered() -> None:
    assert len(parse_sdp(OfferingSide().offer(LOCAL, (replace(CAMERA, mime="video/vp9"),))).sections) == 1


def drop_last(text: str) -> str:
    answer = parse_sdp(text)
    return write_sdp(replace(answer, sections=answer.sections[:-1]))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "",
        drop_last,
        lambda text: text.replace("a=mid:1", "a=mid:9"),
        lambda text: text.replace("m=video", "m=audio"),
        lambda text: text.replace("a=setup:active", "a=setup:actpass"),
        lambda text: text.replace("a=ice-ufrag", "a=x"),
        lambda text: text.replace("sha-256", "md5"),
    ],
    ids=["empty", "section missing", "other mid", "other kind", "actpass", "no ice", "weak hash"],
)
def test_bad_answers_change_nothing(spoil: Callable[[str], str]) -> None:
    side = OfferingSide()
    answer = answer_to(side.offer(LOCAL, (CAMERA,)))
    with pytest.raises(InvalidInput):
        side.accept(spoil(answer))
    assert side.is_pending
    assert side.accept(answer).mid_to_track == {"1": "TR_cam"}


def test_answer_without_an_offer() -> None:
    side = OfferingSide()
    answer = answer_to(side.offer(LOCAL, ()))
    side.accept(answer)
    with pytest.raises(InvalidInput):
        side.accept(answer)
