"""Reads single SDP lines into a draft of their section: one small function per attribute, all bounded.

Grammar: RFC 8866 (SDP), RFC 8839 (ICE), RFC 8122 (fingerprint), RFC 8285 (extmap), RFC 8851 (rid),
RFC 8853 (simulcast), RFC 5576 (ssrc), RFC 8841 (data channels).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from server.sfu.description import Fingerprint
from server.signaling.sdp import (
    Direction,
    HeaderExtension,
    Msid,
    Rid,
    Setup,
    Simulcast,
    SsrcGroup,
)

# Why 300: 150 cameras with their microphones (see sdp_parser.MAX_SDP_CHARS).
MAX_SECTIONS = 300
# Why 128: there are no more payload types (RFC 3550 §5.1).
MAX_PAYLOAD_TYPES = 128
# Why these: browsers use 3 layers, 6 SSRCs, 14 one-byte extensions, 1-2 fingerprints, some 20 candidates.
MAX_RIDS = 8
MAX_SSRCS = 64
MAX_EXTENSIONS = 64
MAX_FINGERPRINTS = 8
MAX_CANDIDATES = 64
# Why 32: RFC 9143 asks for short mids; the RTP extension carries at most 16 bytes in its one-byte form.
MAX_MID_CHARS = 32

_TOKEN = re.compile(r"[!#-'*+\-.0-9A-Z^-~]{1,256}", re.ASCII)
_UINT = re.compile(r"[0-9]{1,20}", re.ASCII)
_ICE_UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}", re.ASCII)
_ICE_PWD = re.compile(r"[A-Za-z0-9+/]{22,256}", re.ASCII)
_RID = re.compile(r"[A-Za-z0-9_-]{1,32}", re.ASCII)
_HASH = re.compile(r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){15,63}", re.ASCII)
_URI = re.compile(r"[!-~]{1,256}", re.ASCII)
_PRINTABLE = re.compile(r"[ -~]*", re.ASCII)


class Fault(ValueError):
    """What is wrong with one line; the line number is added by the caller."""


def _match(pattern: re.Pattern[str], value: str, what: str) -> str:
    if pattern.fullmatch(value) is None:
        raise Fault(f"bad {what}")
    return value


def _uint(value: str, limit: int, what: str) -> int:
    number = int(_match(_UINT, value, what))
    if number > limit:
        raise Fault(f"{what} out of range")
    return number


@dataclass(slots=True)
class Draft:
    """A section (or the session's head) while its lines are read."""

    kind: str = ""
    port: int = 0
    protocol: str = ""
    formats: tuple[str, ...] = ()
    mid: str = ""
    direction: Direction | None = None
    ufrag: str = ""
    pwd: str = ""
    fingerprints: list[Fingerprint] = field(default_factory=list)
    setup: Setup | None = None
    candidates: list[str] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)
    rtpmaps: dict[int, tuple[str, int, int]] = field(default_factory=dict)
    fmtps: dict[int, str] = field(default_factory=dict)
    feedback: dict[int, list[str]] = field(default_factory=dict)
    feedback_for_all: list[str] = field(default_factory=list)
    extensions: dict[int, HeaderExtension] = field(default_factory=dict)
    msid: Msid | None = None
    rids: dict[str, Rid] = field(default_factory=dict)
    simulcast: Simulcast | None = None
    ssrcs: dict[int, None] = field(default_factory=dict)
    ssrc_groups: list[SsrcGroup] = field(default_factory=list)
    cname: str = ""
    sctp_port: int | None = None
    max_message_size: int | None = None
    bundle: tuple[str, ...] | None = None


def _mid(draft: Draft, value: str) -> None:
    if len(value) > MAX_MID_CHARS:
        raise Fault("mid too long")
    draft.mid = _match(_TOKEN, value, "mid")


def _ufrag(draft: Draft, value: str) -> None:
    draft.ufrag = _match(_ICE_UFRAG, value, "ice-ufrag")


def _pwd(draft: Draft, value: str) -> None:
    draft.pwd = _match(_ICE_PWD, value, "ice-pwd")


def _fingerprint(draft: Draft, value: str) -> None:
    algorithm, _, hexes = value.partition(" ")
    _match(_TOKEN, algorithm, "fingerprint algorithm")
    _match(_HASH, hexes.strip(), "fingerprint")
    if len(draft.fingerprints) >= MAX_FINGERPRINTS:
        raise Fault("too many fingerprints")
    draft.fingerprints.append(Fingerprint(algorithm=algorithm.lower(), value=hexes.strip().upper()))


def _setup(draft: Draft, value: str) -> None:
    try:
        draft.setup = Setup(value)
    except ValueError:
        raise Fault("bad setup") from None


def _candidate(draft: Draft, value: str) -> None:
    if len(draft.candidates) >= MAX_CANDIDATES:
        raise Fault("too many candidates")
    draft.candidates.append(_match(_PRINTABLE, value, "candidate"))


def _payload_type(value: str) -> int:
    return _uint(value, MAX_PAYLOAD_TYPES - 1, "payload type")


def _rtpmap(draft: Draft, value: str) -> None:
    payload_type, _, rest = value.partition(" ")
    name, _, clock = rest.strip().partition("/")
    clock_rate, _, channels = clock.partition("/")
    draft.rtpmaps[_payload_type(payload_type)] = (
        _match(_TOKEN, name, "codec name").lower(),
        _uint(clock_rate, 1_000_000, "clock rate"),
        _uint(channels, 255, "channels") if channels else 0,
    )


def _fmtp(draft: Draft, value: str) -> None:
    payload_type, _, rest = value.partition(" ")
    draft.fmtps[_payload_type(payload_type)] = _match(_PRINTABLE, rest.strip(), "fmtp")


def _rtcp_fb(draft: Draft, value: str) -> None:
    payload_type, _, rest = value.partition(" ")
    entry = _match(_PRINTABLE, rest.strip(), "rtcp-fb")
    if payload_type == "*":
        draft.feedback_for_all.append(entry)
    else:
        draft.feedback.setdefault(_payload_type(payload_type), []).append(entry)


def _extmap(draft: Draft, value: str) -> None:
    number, _, rest = value.partition(" ")
    number, _, direction = number.partition("/")
    uri = rest.strip().partition(" ")[0]
    if len(draft.extensions) >= MAX_EXTENSIONS:
        raise Fault("too many header extensions")
    try:
        way = Direction(direction) if direction else None
    except ValueError:
        raise Fault("bad extmap direction") from None
    # Why 4 096-4 351 too: RFC 8285 §6 lets offers park extensions beyond the wire's range.
    extension_id = _uint(number, 4351, "extension id")
    draft.extensions[extension_id] = HeaderExtension(
        id=extension_id, uri=_match(_URI, uri, "extension uri"), direction=way
    )


def _msid(draft: Draft, value: str) -> None:
    stream, _, track = value.partition(" ")
    if draft.msid is None:
        _match(_TOKEN, stream, "msid")
        draft.msid = Msid(stream=stream, track=_match(_TOKEN, track.strip(), "msid") if track.strip() else "")


def _rid(draft: Draft, value: str) -> None:
    name, _, rest = value.partition(" ")
    direction = rest.strip().partition(" ")[0]
    if direction not in ("send", "recv"):
        raise Fault("bad rid direction")
    if len(draft.rids) >= MAX_RIDS:
        raise Fault("too many rids")
    draft.rids[name] = Rid(id=_match(_RID, name, "rid"), direction=direction)


def _simulcast(draft: Draft, value: str) -> None:
    words = value.split()
    if len(words) not in (2, 4):
        raise Fault("bad simulcast")
    lists: dict[str, tuple[str, ...]] = {}
    for way, streams in zip(words[::2], words[1::2], strict=True):
        # Why the first alternative: no client sends others, and a layer needs one name.
        names = tuple(stream.partition(",")[0].lstrip("~") for stream in streams.split(";"))
        if way not in ("send", "recv") or way in lists or len(names) > MAX_RIDS:
            raise Fault("bad simulcast")
        lists[way] = tuple(_match(_RID, name, "simulcast") for name in names)
    draft.simulcast = Simulcast(send=lists.get("send", ()), recv=lists.get("recv", ()))


def _ssrc(draft: Draft, value: str) -> None:
    number, _, attribute = value.partition(" ")
    ssrc = _uint(number, 0xFFFFFFFF, "ssrc")
    draft.ssrcs[ssrc] = None
    if len(draft.ssrcs) > MAX_SSRCS:
        raise Fault("too many ssrcs")
    if attribute.startswith("cname:") and not draft.cname:
        draft.cname = _match(_PRINTABLE, attribute[6:], "cname")


def _ssrc_group(draft: Draft, value: str) -> None:
    semantics, *numbers = value.split(" ")
    if not numbers or len(numbers) > MAX_SSRCS or len(draft.ssrc_groups) >= MAX_SSRCS:
        raise Fault("bad ssrc-group")
    ssrcs = tuple(_uint(number, 0xFFFFFFFF, "ssrc") for number in numbers)
    draft.ssrc_groups.append(SsrcGroup(semantics=_match(_TOKEN, semantics, "ssrc-group"), ssrcs=ssrcs))


def _sctp_port(draft: Draft, value: str) -> None:
    draft.sctp_port = _uint(value, 65535, "sctp-port")


def _max_message_size(draft: Draft, value: str) -> None:
    draft.max_message_size = _uint(value, (1 << 64) - 1, "max-message-size")


def _group(draft: Draft, value: str) -> None:
    words = value.split()
    if words[:1] == ["BUNDLE"] and draft.bundle is None:
        mids = words[1:]
        if len(mids) > MAX_SECTIONS:
            raise Fault("group too long")
        draft.bundle = tuple(_match(_TOKEN, mid, "mid") for mid in mids)


_ATTRIBUTES: Mapping[str, Callable[[Draft, str], None]] = {
    "mid": _mid,
    "ice-ufrag": _ufrag,
    "ice-pwd": _pwd,
    "fingerprint": _fingerprint,
    "setup": _setup,
    "candidate": _candidate,
    "rtpmap": _rtpmap,
    "fmtp": _fmtp,
    "rtcp-fb": _rtcp_fb,
    "extmap": _extmap,
    "msid": _msid,
    "rid": _rid,
    "simulcast": _simulcast,
    "ssrc": _ssrc,
    "ssrc-group": _ssrc_group,
    "sctp-port": _sctp_port,
    "max-message-size": _max_message_size,
    "group": _group,
}
_FLAGS = frozenset({"rtcp-mux", "rtcp-rsize", "bundle-only", "end-of-candidates", "ice-lite"})
_DIRECTIONS = {direction.value: direction for direction in Direction}


def read_attribute(draft: Draft, line: str) -> None:
    name, _, value = line[2:].partition(":")
    handler = _ATTRIBUTES.get(name)
    if handler is not None:
        handler(draft, value.strip())
    elif name in _DIRECTIONS:
        draft.direction = _DIRECTIONS[name]
    elif name in _FLAGS:
        draft.flags.add(name)


def read_media_line(line: str) -> Draft:
    words = line[2:].split()
    if len(words) < 4 or len(words) > 3 + MAX_PAYLOAD_TYPES:
        raise Fault("bad m= line")
    kind, port, protocol, *formats = words
    draft = Draft(kind=_match(_TOKEN, kind, "media"), protocol=_match(_URI, protocol, "protocol"))
    draft.port = _uint(port.partition("/")[0], 65535, "port")
    draft.formats = tuple(_match(_TOKEN, name, "format") for name in formats)
    if "RTP/" in protocol:
        for name in formats:
            _payload_type(name)
    return draft
