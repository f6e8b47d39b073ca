"""The client's descriptions: what it offers is well formed, what a server answers is understood."""

from __future__ import annotations

import aiortc.sdp

from bench.client import sdp

LOCAL = sdp.Local(ufrag="abcd", pwd="x" * 24, fingerprint=":".join(["AB"] * 32))

ANSWER = """v=0
o=- 1 2 IN IP4 0.0.0.0
s=-
t=0 0
a=group:BUNDLE 0 1
a=fingerprint:sha-256 aa:bb
m=audio 9 UDP/TLS/RTP/SAVPF 111
c=IN IP4 0.0.0.0
a=setup:passive
a=mid:0
a=ice-ufrag:uf
a=ice-pwd:pw
a=candidate:1 1 udp 2130706431 127.0.0.1 7882 typ host
a=candidate:2 1 tcp 1671430143 127.0.0.1 7881 typ host tcptype passive
a=candidate:3 1 udp 2130706431 fd00::2 7882 typ host
a=candidate:1 2 udp 2130706430 127.0.0.1 7882 typ host
a=sendonly
a=ssrc:77 cname:x
a=ssrc:77 msid:PA_x|camera TR_y
m=video 9 UDP/TLS/RTP/SAVPF 96 97
a=mid:1
a=inactive
m=video 9 UDP/TLS/RTP/SAVPF 96 97
a=mid:2
a=sendonly
a=ssrc-group:FID 5 6
a=ssrc:5 cname:x
a=ssrc:6 cname:x
m=video 0 UDP/TLS/RTP/SAVPF 96
a=mid:3
"""


def test_an_offer_is_read_by_another_parser() -> None:
    sections = [
        sdp.Section(mid="0", kind="audio", direction="recvonly"),
        sdp.Section(mid="1", kind="video", direction="sendonly", cid="cam", ssrcs=((5, 6),)),
        sdp.Section(mid="2", kind="video", direction="sendonly", cid="cam2", rids=("q", "h"), ssrcs=((7, 8), (9, 10))),
    ]
    text = sdp.write_offer(LOCAL, sections, 3)
    read = aiortc.sdp.SessionDescription.parse(text)
    assert [media.rtp.muxId for media in read.media] == ["0", "1", "2"]
    assert [media.direction for media in read.media] == ["recvonly", "sendonly", "sendonly"]
    assert read.media[1].ssrc_group[0].items == [5, 6]
    assert read.media[1].ice is not None
    assert read.media[1].ice.usernameFragment == "abcd"
    assert "a=simulcast:send q;h" in text
    assert "a=ssrc:7" not in text, "simulcast is named by rid"


def test_an_answer_is_understood() -> None:
    answer = sdp.parse_answer(ANSWER.replace("\n", "\r\n"))
    assert (answer.ufrag, answer.pwd, answer.setup, answer.fingerprint) == ("uf", "pw", "passive", "AA:BB")
    assert answer.candidates == [("udp", "127.0.0.1", 7882), ("tcp", "127.0.0.1", 7881)]
    audio, free, video, rejected = answer.sections
    assert (audio.mid, audio.direction, audio.ssrcs) == ("0", "sendonly", [77])
    assert free.direction == "inactive"
    assert (video.ssrcs, video.rtx_pairs) == ([5, 6], [(5, 6)])
    assert rejected.is_rejected
