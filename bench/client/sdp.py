"""The session descriptions of a client with one peer connection: writes offers, reads answers (RFC 8829). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

AUDIO_PT, VIDEO_PT, RTX_PT = 111, 96, 97
EXT_LEVEL, EXT_SEND_TIME, EXT_MID, EXT_RID, EXT_REPAIRED_RID = 1, 2, 4, 10, 11

_EXTENSIONS = {
    "audio": (
        (EXT_LEVEL, "urn:ietf:params:rtp-hdrext:ssrc-audio-level"),
        (EXT_SEND_TIME, "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"),
        (EXT_MID, "urn:ietf:params:rtp-hdrext:sdes:mid"),
    ),
    "video": (
        (EXT_SEND_TIME, "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"),
        (EXT_MID, "urn:ietf:params:rtp-hdrext:sdes:mid"),
        (EXT_RID, "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"),
        (EXT_REPAIRED_RID, "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"),
    ),
}
_CODECS = {
    "audio": ("a=rtpmap:111 opus/48000/2", "a=fmtp:111 minptime=10;useinbandfec=1"),
    "video": (
        "a=rtpmap:96 VP8/90000",
        "a=rtcp-fb:96 goog-remb",
        "a=rtcp-fb:96 ccm fir",
        "a=rtcp-fb:96 nack",
        "a=rtcp-fb:96 nack pli",
        "a=rtpmap:97 rtx/90000",
        "a=fmtp:97 apt=96",
    ),
}


@dataclass(slots=True, kw_only=True)
class Section:
    """One m-section as the client keeps it."""

    mid: str
    kind: str
    direction: str
    cid: str = ""
    rids: tuple[str, ...] = ()
    ssrcs: tuple[tuple[int, int], ...] = ()
    """(primary, rtx) per encoding; rtx 0 for audio."""


@dataclass(slots=True, kw_only=True)
class Local:
    """What is the same in all our sections."""

    ufrag: str
    pwd: str
    fingerprint: str
    setup: str = "actpass"


def write_offer(local: Local, sections: Sequence[Section], version: int) -> str:
    lines = [
        "v=0",
        f"o=- 4611731400430051336 {version} IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        f"a=group:BUNDLE {' '.join(section.mid for section in sections)}",
        "a=extmap-allow-mixed",
        "a=msid-semantic: WMS",
    ]
    for section in sections:
        lines += _section(local, section)
    return "\r\n".join(lines) + "\r\n"


def _section(local: Local, section: Section) -> list[str]:
    payload_types = str(AUDIO_PT) if section.kind == "audio" else f"{VIDEO_PT} {RTX_PT}"
    lines = [
        f"m={section.kind} 9 UDP/TLS/RTP/SAVPF {payload_types}",
        "c=IN IP4 0.0.0.0",
        "a=rtcp:9 IN IP4 0.0.0.0",
        f"a=ice-ufrag:{local.ufrag}",
        f"a=ice-pwd:{local.pwd}",
        "a=ice-options:trickle",
        f"a=fingerprint:sha-256 {local.fingerprint}",
        f"a=setup:{local.setup}",
        f"a=mid:{section.mid}",
        *(f"a=extmap:{number} {uri}" for number, uri in _EXTENSIONS[section.kind]),
        f"a={section.direction}",
    ]
    if section.cid:
        lines.append(f"a=msid:- {section.cid}")
    lines += ["a=rtcp-mux", "a=rtcp-rsize", *_CODECS[section.kind]]
    if section.rids:
        lines += [f"a=rid:{rid} send" for rid in section.rids]
        lines.append(f"a=simulcast:send {';'.join(section.rids)}")
    else:
        for primary, rtx in section.ssrcs:
            if rtx:
                lines.append(f"a=ssrc-group:FID {primary} {rtx}")
            for ssrc in (primary, rtx) if rtx else (primary,):
                lines += [f"a=ssrc:{ssrc} cname:bench", f"a=ssrc:{ssrc} msid:- {section.cid}"]
    return lines


@dataclass(slots=True, kw_only=True)
class AnsweredSection:
    mid: str = ""
    kind: str = ""
    direction: str = "sendrecv"
    ssrcs: list[int] = field(default_factory=list)
    rtx_pairs: list[tuple[int, int]] = field(default_factory=list)
    payload_types: tuple[int, ...] = ()
    is_rejected: bool = False


@dataclass(slots=True, kw_only=True)
class Answer:
    ufrag: str = ""
    pwd: str = ""
    fingerprint: str = ""
    setup: str = ""
    candidates: list[tuple[str, str, int]] = field(default_factory=list)
    """(udp or tcp, host, port) of host candidates"""
    sections: list[AnsweredSection] = field(default_factory=list)


def parse_candidate(text: str) -> tuple[str, str, int] | None:
    """``candidate:… 1 udp 2130706431 127.0.0.1 7882 typ host`` → ("udp", "127.0.0.1", 7882); None for the rest."""
    parts = text.split()
    if len(parts) < 8 or parts[1] != "1" or parts[7] != "host" or ":" in parts[4]:
        return None
    return parts[2].lower(), parts[4], int(parts[5])


def parse_answer(text: str) -> Answer:
    answer = Answer()
    section: AnsweredSection | None = None
    for line in text.replace("\r\n", "\n").split("\n"):
        if line.startswith("m="):
            kind, port, _, *formats = line[2:].split()
            numbers = tuple(int(number) for number in formats if number.isdigit())
            section = AnsweredSection(kind=kind, payload_types=numbers, is_rejected=port == "0")
            answer.sections.append(section)
            continue
        name, _, value = line[2:].partition(":")
        _transport_line(answer, name, value)
        if section is not None:
            _section_line(section, name, value)
    return answer


def _transport_line(answer: Answer, name: str, value: str) -> None:
    if name == "ice-ufrag":
        answer.ufrag = answer.ufrag or value
    elif name == "ice-pwd":
        answer.pwd = answer.pwd or value
    elif name == "fingerprint":
        answer.fingerprint = answer.fingerprint or value.split()[1].upper()
    elif name == "setup":
        answer.setup = answer.setup or value
    elif name == "candidate":
        candidate = parse_candidate(value)
        if candidate is not None and candidate not in answer.candidates:
            answer.candidates.append(candidate)


def _section_line(section: AnsweredSection, name: str, value: str) -> None:
    if name == "mid":
        section.mid = value
    elif name in ("sendonly", "recvonly", "sendrecv", "inactive"):
        section.direction = name
    elif name == "ssrc":
        ssrc = int(value.split()[0])
        if ssrc not in section.ssrcs:
            section.ssrcs.append(ssrc)
    elif name == "ssrc-group" and value.startswith("FID "):
        primary, rtx = value.split()[1:3]
        section.rtx_pairs.append((int(primary), int(rtx)))
