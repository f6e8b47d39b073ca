"""Recorded descriptions are read whole; broken ones are refused with the line that is wrong."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.errors import ErrorCode, InvalidInput
from server.sfu.description import Fingerprint, IceParameters
from server.signaling import sdp_parser
from server.signaling.sdp import (
    Direction,
    HeaderExtension,
    MediaSection,
    Msid,
    Rid,
    RtpCodec,
    SessionDescription,
    Setup,
    Simulcast,
    SsrcGroup,
)
from server.signaling.sdp_parser import SdpReader, parse_sdp
from server.signaling.sdp_writer import write_sdp
from tests.fakes.offers import NAMES, recorded


@pytest.mark.parametrize("name", NAMES)
def test_recorded_offers_survive_writing_and_reading(name: str) -> None:
    description = parse_sdp(recorded(name))
    assert description.bundle == tuple(section.mid for section in description.sections)
    assert all(section.ice and section.fingerprints and section.setup for section in description.sections)
    assert parse_sdp(write_sdp(description)) == description


def test_chromium_simulcast_section() -> None:
    video = parse_sdp(recorded("chromium_dual_publisher")).sections[1]
    assert (video.kind, video.mid, video.direction) == ("video", "1", Direction.SENDONLY)
    assert [rid.id for rid in video.rids] == ["q", "h", "f"]
    assert video.simulcast == Simulcast(send=("q", "h", "f"))
    assert video.codecs[0].name == "vp8"
    assert "nack pli" in video.codecs[0].feedback
    assert video.codecs[1].parameters == {"apt": "96"}
    assert video.ssrcs == ()


def test_firefox_writes_fingerprint_once_and_ids_in_braces() -> None:
    description = parse_sdp(recorded("firefox_dual_publisher"))
    assert len({section.fingerprints for section in description.sections}) == 1
    video = description.sections[1]
    assert video.msid is not None
    assert video.msid.track.startswith("{")
    assert [group.semantics for group in video.ssrc_groups] == ["FID"] * 3
    descriptor = next(one for one in video.extensions if "dependency-descriptor" in one.uri)
    assert descriptor.direction is Direction.SENDONLY


def test_firefox_bundle_only_sections_are_not_rejected() -> None:
    sections = parse_sdp(recorded("firefox_single_initial")).sections
    assert sections[1].port == 0
    assert not sections[1].is_rejected


HEAD = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
AUDIO = HEAD + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("v=1\r\n", 1),
        ("\0" * 100, 1),
        (HEAD + "nonsense\r\n", 5),
        ("v=0\r\no=- 1\r\n", 2),
        ("v=0\r\no=- x 2 IN IP4 127.0.0.1\r\n", 2),
        (HEAD + "m=audio\r\na=mid:0\r\n", 5),
        (HEAD + "m=audio 99999 RTP/SAVPF 0\r\na=mid:0\r\n", 5),
        (HEAD + "m=audio 9 UDP/TLS/RTP/SAVPF 128\r\na=mid:0\r\n", 5),
        (HEAD + "m=audio 9 UDP/TLS/RTP/SAVPF x\r\na=mid:0\r\n", 5),
        (HEAD + "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n", 6),
        (HEAD + "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:a b\r\n", 6),
        (AUDIO + "a=mid:" + "m" * 33 + "\r\n", 7),
        (AUDIO + "a=ice-ufrag:ab\r\n", 7),
        (AUDIO + "a=ice-ufrag:ab c\r\n", 7),
        (AUDIO + "a=ice-pwd:short\r\n", 7),
        (AUDIO + "a=fingerprint:sha-256 XX:YY\r\n", 7),
        (AUDIO + "a=fingerprint:sha-256\r\n", 7),
        (AUDIO + "a=setup:holdconn\r\n", 7),
        (AUDIO + "a=rtpmap:111 opus/x\r\n", 7),
        (AUDIO + "a=rtpmap:111\r\n", 7),
        (AUDIO + "a=rtpmap:300 opus/48000\r\n", 7),
        (AUDIO + "a=rtpmap:111 opus/48000/999\r\n", 7),
        (AUDIO + "a=extmap:x uri\r\n", 7),
        (AUDIO + "a=extmap:1\r\n", 7),
        (AUDIO + "a=extmap:1/sideways uri:x\r\n", 7),
        (AUDIO + "a=rid:q\r\n", 7),
        (AUDIO + "a=rid:q! send\r\n", 7),
        (AUDIO + "a=simulcast:send\r\n", 7),
        (AUDIO + "a=simulcast:send q send h\r\n", 7),
        (AUDIO + "a=simulcast:both q\r\n", 7),
        (AUDIO + "a=simulcast:send ;;\r\n", 7),
        (AUDIO + "a=ssrc:-1 cname:x\r\n", 7),
        (AUDIO + "a=ssrc:4294967296 cname:x\r\n", 7),
        (AUDIO + "a=ssrc:\u0661 cname:x\r\n", 7),
        (AUDIO + "a=ssrc-group:FID\r\n", 7),
        (AUDIO + "a=sctp-port:70000\r\n", 7),
        (AUDIO + "a=msid:\u202ex y\r\n", 7),
        (AUDIO + "a=fmtp:111 a\rb\r\n", 7),
        (AUDIO + "a=x:\ud800\r\n", 7),
        (AUDIO + "a=" + "x" * 3000 + "\r\n", 7),
    ],
)
def test_bad_lines_are_named(text: str, line: int) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_sdp(text)
    assert caught.value.code is ErrorCode.SDP_INVALID
    assert caught.value.detail.startswith(f"line {line}:")


@pytest.mark.parametrize(
    "text",
    [
        "x" * (sdp_parser.MAX_SDP_CHARS + 1),
        HEAD + "".join(f"m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:{n}\r\n" for n in range(301)),
        AUDIO + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n",
        AUDIO + "b=AS:1\r\n" * 1001,
        AUDIO + "".join(f"a=rid:{n} send\r\n" for n in range(9)),
        AUDIO + "".join(f"a=ssrc:{n} cname:x\r\n" for n in range(65)),
        AUDIO + "".join(f"a=extmap:{n} uri:x\r\n" for n in range(1, 66)),
        AUDIO + "a=candidate:x\r\n" * 65,
        AUDIO + ("a=fingerprint:sha-256 " + ":".join(["AA"] * 32) + "\r\n") * 9,
        HEAD + "m=audio 9 UDP/TLS/RTP/SAVPF" + " 1" * 129 + "\r\na=mid:0\r\n",
        HEAD + "a=group:BUNDLE" + " 0" * 301 + "\r\n",
    ],
    ids=lambda text: f"{len(text)} characters",
)
def test_everything_is_bounded(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_sdp(text)


def test_unknown_lines_and_attributes_are_passed_over() -> None:
    section = parse_sdp(AUDIO + "b=AS:64\r\na=crypto:1 x\r\na=unheard-of\r\n").sections[0]
    assert section.mid == "0"


def test_bare_line_feeds_are_read_too() -> None:
    assert parse_sdp(AUDIO.replace("\r\n", "\n")) == parse_sdp(AUDIO)


def test_static_payload_types_need_no_rtpmap_and_unknown_ones_are_dropped() -> None:
    section = parse_sdp(HEAD + "m=audio 9 UDP/TLS/RTP/SAVPF 0 111\r\na=mid:0\r\n").sections[0]
    assert [codec.name for codec in section.codecs] == ["pcmu"]
    assert section.formats == ("0", "111")


def test_feedback_for_all_codecs() -> None:
    section = parse_sdp(AUDIO + "a=rtpmap:111 opus/48000/2\r\na=rtcp-fb:* nack\r\n").sections[0]
    assert section.codecs[0].feedback == ("nack",)


def test_paused_and_alternative_layers() -> None:
    section = parse_sdp(AUDIO + "a=simulcast:send q;~h;f,g recv x\r\n").sections[0]
    assert section.simulcast == Simulcast(send=("q", "h", "f"), recv=("x",))


def test_reader_reuses_unchanged_sections_and_sees_changed_ones() -> None:
    reader = SdpReader()
    text = recorded("chromium_single_initial")
    first = reader.read(text)
    changed = text.replace("a=mid:6", "a=mid:6\r\na=inactive")
    second = reader.read(changed)
    assert all(a is b for a, b in zip(first.sections[:-1], second.sections[:-1], strict=True))
    assert second.sections[-1].direction is Direction.INACTIVE


def test_reader_does_not_reuse_what_the_session_level_changed() -> None:
    reader = SdpReader()
    text = recorded("firefox_single_initial")
    before = reader.read(text).sections[0].fingerprints[0].value
    other = "FF" + before[2:]
    assert reader.read(text.replace(before, other)).sections[0].fingerprints[0].value == other


def test_reader_keeps_nothing_of_a_bad_description() -> None:
    reader = SdpReader()
    text = recorded("chromium_dual_publisher")
    first = reader.read(text)
    with pytest.raises(InvalidInput):
        reader.read(text + "a=ssrc:bad\r\n")
    assert reader.read(text) == first


_tokens = st.text("abzAZ09!#%|_.-", min_size=1, max_size=16)
_uints = st.integers(0, 0xFFFFFFFF)
_fingerprints = st.integers(0, 255).map(lambda n: Fingerprint(algorithm="sha-256", value=":".join([f"{n:02X}"] * 32)))


@st.composite
def _sections(draw: st.DrawFn) -> MediaSection:
    numbers = draw(st.lists(st.integers(0, 127), min_size=1, max_size=6, unique=True))
    ssrcs = tuple(draw(st.lists(_uints, max_size=6, unique=True)))
    rids = draw(st.lists(st.text("qhf019", min_size=1, max_size=4), max_size=3, unique=True))
    return MediaSection(
        kind=draw(st.sampled_from(["audio", "video"])),
        mid=draw(_tokens),
        port=draw(st.sampled_from([0, 9])),
        formats=tuple(map(str, numbers)),
        direction=draw(st.sampled_from(Direction)),
        ice=IceParameters(ufrag=draw(st.text("abc", min_size=4, max_size=9)), pwd="p" * 22),
        fingerprints=tuple(draw(st.lists(_fingerprints, min_size=1, max_size=2))),
        setup=draw(st.sampled_from(Setup)),
        candidates=("1 1 udp 1 192.0.2.1 9 typ host",) * draw(st.integers(0, 2)),
        has_end_of_candidates=draw(st.booleans()),
        is_bundle_only=draw(st.booleans()),
        has_rtcp_mux=draw(st.booleans()),
        has_rtcp_rsize=draw(st.booleans()),
        codecs=tuple(
            RtpCodec(
                payload_type=number,
                name=draw(st.sampled_from(["vp8", "opus", "rtx"])),
                clock_rate=draw(st.integers(0, 1_000_000)),
                channels=draw(st.integers(0, 255)),
                fmtp=draw(st.sampled_from(["", "apt=1", "a=1;b=2"])),
                feedback=draw(st.sampled_from([(), ("nack", "nack pli")])),
            )
            for number in numbers
        ),
        extensions=tuple(
            HeaderExtension(id=number, uri=f"urn:{number}", direction=draw(st.sampled_from([None, *Direction])))
            for number in draw(st.lists(st.integers(1, 14), max_size=4, unique=True))
        ),
        msid=draw(st.none() | st.builds(Msid, stream=_tokens, track=_tokens)),
        rids=tuple(Rid(id=rid, direction=draw(st.sampled_from(["send", "recv"]))) for rid in rids),
        simulcast=Simulcast(send=tuple(rids)) if rids else None,
        ssrcs=ssrcs,
        ssrc_groups=(SsrcGroup(semantics="FID", ssrcs=ssrcs[:2]),) if len(ssrcs) > 1 else (),
        cname=draw(_tokens) if ssrcs else "",
    )


# Why 60 examples and no deadline: a section has some forty drawn parts, and CI machines are slow.
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_sections(), max_size=3, unique_by=lambda section: section.mid), st.booleans())
def test_writing_and_reading_are_inverse(sections: list[MediaSection], is_lite: bool) -> None:
    description = SessionDescription(
        session_id=1,
        version=2,
        bundle=tuple(section.mid for section in sections),
        is_ice_lite=is_lite,
        sections=tuple(sections),
    )
    assert parse_sdp(write_sdp(description)) == description
