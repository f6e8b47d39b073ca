"""Reads session descriptions from strangers: bounded, one pass, every fault an `InvalidInput` with its line number."""

from __future__ import annotations

import re

from server.errors import ErrorCode, InvalidInput
from server.sfu.description import IceParameters
from server.signaling.sdp import Direction, MediaSection, RtpCodec, SessionDescription
from server.signaling.sdp_attributes import MAX_SECTIONS, Draft, Fault, read_attribute, read_media_line

# Why 1 MiB: 150 cameras and microphones that Chromium receives, at 4.8 kB a pair, and some room.
MAX_SDP_CHARS = 1 << 20
# Why 2 048: the longest line seen from a client has 210 characters; candidates and fmtp may grow.
MAX_LINE_CHARS = 2048
# Why 1 000: Chromium writes 190 lines for a video section.
MAX_SECTION_LINES = 1000

_SECTION_START = re.compile(r"\n(?=m=)")

# Payload types that may stand without an rtpmap line (RFC 3551 §6); others without one are dropped.
_STATIC = {0: ("pcmu", 8000, 1), 8: ("pcma", 8000, 1), 9: ("g722", 8000, 1)}


def _codecs(draft: Draft) -> tuple[RtpCodec, ...]:
    if "RTP/" not in draft.protocol:
        return ()
    found: dict[int, RtpCodec] = {}
    for payload_type in map(int, draft.formats):
        known = draft.rtpmaps.get(payload_type) or _STATIC.get(payload_type)
        if known is None or payload_type in found:
            continue
        feedback = (*draft.feedback.get(payload_type, ()), *draft.feedback_for_all)
        found[payload_type] = RtpCodec(
            payload_type=payload_type,
            name=known[0],
            clock_rate=known[1],
            channels=known[2],
            fmtp=draft.fmtps.get(payload_type, ""),
            feedback=feedback,
        )
    return tuple(found.values())


def _finish(draft: Draft, head: Draft) -> MediaSection:
    if not draft.mid:
        raise Fault("section without mid")
    ufrag, pwd = draft.ufrag or head.ufrag, draft.pwd or head.pwd
    return MediaSection(
        kind=draft.kind,
        mid=draft.mid,
        port=draft.port,
        protocol=draft.protocol,
        formats=draft.formats,
        direction=draft.direction or head.direction or Direction.SENDRECV,
        ice=IceParameters(ufrag=ufrag, pwd=pwd) if ufrag and pwd else None,
        fingerprints=tuple(draft.fingerprints or head.fingerprints),
        setup=draft.setup or head.setup,
        candidates=tuple(draft.candidates),
        has_end_of_candidates="end-of-candidates" in draft.flags,
        is_bundle_only="bundle-only" in draft.flags,
        has_rtcp_mux="rtcp-mux" in draft.flags,
        has_rtcp_rsize="rtcp-rsize" in draft.flags,
        codecs=_codecs(draft),
        extensions=tuple(draft.extensions.values()),
        msid=draft.msid,
        rids=tuple(draft.rids.values()),
        simulcast=draft.simulcast,
        ssrcs=tuple(draft.ssrcs),
        ssrc_groups=tuple(draft.ssrc_groups),
        cname=draft.cname,
        sctp_port=draft.sctp_port,
        max_message_size=draft.max_message_size,
    )


def _check_line(line: str) -> None:
    if len(line) > MAX_LINE_CHARS:
        raise Fault("line too long")
    if len(line) < 2 or line[1] != "=" or not line.isprintable():
        raise Fault("not a type=value line")


def _origin(line: str) -> tuple[int, int]:
    words = line[2:].split()
    if len(words) != 6:
        raise Fault("bad o= line")
    # Why 20 digits: both are 64-bit numbers (RFC 8829 §5.2.1).
    if not all(re.fullmatch("[0-9]{1,20}", word, re.ASCII) for word in words[1:3]):
        raise Fault("bad o= line")
    return int(words[1]), int(words[2])


def _refuse(number: int, fault: object) -> InvalidInput:
    return InvalidInput(ErrorCode.SDP_INVALID, f"line {number}: {fault}")


def _lines(block: str) -> list[str]:
    lines = block.split("\n", MAX_SECTION_LINES)
    if len(lines) > MAX_SECTION_LINES:
        raise Fault("section too long")
    return lines


def _read_head(block: str) -> tuple[Draft, tuple[int, int]]:
    head, origin, number = Draft(), (0, 0), 1
    try:
        for number, raw in enumerate(_lines(block), start=1):
            line = raw.removesuffix("\r")
            if number == 1 and line != "v=0":
                raise Fault("not an SDP")
            if not line:
                continue
            _check_line(line)
            if line.startswith("a="):
                read_attribute(head, line)
            elif line.startswith("o="):
                origin = _origin(line)
    except Fault as fault:
        raise _refuse(number, fault) from None
    return head, origin


def _read_section(block: str, first_number: int, head: Draft) -> MediaSection:
    number, draft = first_number, Draft()
    try:
        for number, raw in enumerate(_lines(block), start=first_number):
            line = raw.removesuffix("\r")
            if not line:
                continue
            _check_line(line)
            if number == first_number:
                draft = read_media_line(line)
            elif line.startswith("a="):
                read_attribute(draft, line)
        return _finish(draft, head)
    except Fault as fault:
        raise _refuse(number, fault) from None


class SdpReader:
    """Parses the descriptions of one peer. A section whose text has not changed since the last one is not read again:

    an offer repeats everything that was agreed before, 190 lines for each camera that Chromium receives.
    """

    def __init__(self) -> None:
        self._inherited: tuple[object, ...] = ()
        self._known: dict[str, MediaSection] = {}

    def read(self, text: str) -> SessionDescription:
        """The description in `text`; raises InvalidInput (SDP_INVALID), naming the line, for anything malformed."""
        if len(text) > MAX_SDP_CHARS:
            raise InvalidInput(ErrorCode.SDP_INVALID, f"{len(text)} characters are too many")
        first, *blocks = _SECTION_START.split(text)
        if len(blocks) > MAX_SECTIONS:
            raise InvalidInput(ErrorCode.SDP_INVALID, f"{len(blocks)} sections are too many")
        head, origin = _read_head(first)
        inherited = (head.ufrag, head.pwd, tuple(head.fingerprints), head.setup, head.direction)
        known = self._known if inherited == self._inherited else {}
        sections: dict[str, MediaSection] = {}
        number = first.count("\n") + 2
        for block in blocks:
            sections[block] = known.get(block) or _read_section(block, number, head)
            number += block.count("\n") + 1
        if len({section.mid for section in sections.values()}) != len(blocks):
            raise InvalidInput(ErrorCode.SDP_INVALID, "two sections share a mid")
        self._inherited, self._known = inherited, sections
        return SessionDescription(
            session_id=origin[0],
            version=origin[1],
            bundle=head.bundle or (),
            is_ice_lite="ice-lite" in head.flags,
            sections=tuple(sections.values()),
        )


def parse_sdp(text: str) -> SessionDescription:
    """One description by itself; see `SdpReader.read`."""
    return SdpReader().read(text)
