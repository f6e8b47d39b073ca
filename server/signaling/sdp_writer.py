"""Writes session descriptions as browsers, libwebrtc and pion read them (RFC 8866, RFC 8829 §5.2)."""

from __future__ import annotations

from collections.abc import Iterator

from server.signaling.sdp import MediaSection, SessionDescription

# Why: names are case-insensitive (RFC 8866 §6.6), but not every client's parser knows it.
_USUAL_CASE = {"vp8": "VP8", "vp9": "VP9", "av1": "AV1", "h264": "H264", "h265": "H265", "pcmu": "PCMU", "pcma": "PCMA"}


def _head(description: SessionDescription) -> Iterator[str]:
    yield "v=0"
    yield f"o=- {description.session_id} {description.version} IN IP4 0.0.0.0"
    yield "s=-"
    yield "t=0 0"
    if description.bundle:
        yield f"a=group:BUNDLE {' '.join(description.bundle)}"
    if description.is_ice_lite:
        yield "a=ice-lite"
    yield "a=msid-semantic: WMS *"


def _transport(section: MediaSection) -> Iterator[str]:
    if section.ice is not None:
        yield f"a=ice-ufrag:{section.ice.ufrag}"
        yield f"a=ice-pwd:{section.ice.pwd}"
    for fingerprint in section.fingerprints:
        yield f"a=fingerprint:{fingerprint.algorithm} {fingerprint.value}"
    if section.setup is not None:
        yield f"a=setup:{section.setup}"
    for candidate in section.candidates:
        yield f"a=candidate:{candidate}"
    if section.has_end_of_candidates:
        yield "a=end-of-candidates"


def _codecs(section: MediaSection) -> Iterator[str]:
    for codec in section.codecs:
        channels = f"/{codec.channels}" if codec.channels else ""
        name = _USUAL_CASE.get(codec.name, codec.name)
        yield f"a=rtpmap:{codec.payload_type} {name}/{codec.clock_rate}{channels}"
        for entry in codec.feedback:
            yield f"a=rtcp-fb:{codec.payload_type} {entry}"
        if codec.fmtp:
            yield f"a=fmtp:{codec.payload_type} {codec.fmtp}"


def _media(section: MediaSection) -> Iterator[str]:
    for extension in section.extensions:
        way = f"/{extension.direction}" if extension.direction else ""
        yield f"a=extmap:{extension.id}{way} {extension.uri}"
    yield f"a={section.direction}"
    if section.msid is not None:
        yield f"a=msid:{section.msid.stream} {section.msid.track}".rstrip()
    if section.has_rtcp_mux:
        yield "a=rtcp-mux"
    if section.has_rtcp_rsize:
        yield "a=rtcp-rsize"
    yield from _codecs(section)
    for rid in section.rids:
        yield f"a=rid:{rid.id} {rid.direction}"
    if section.simulcast is not None:
        parts = [("send", section.simulcast.send), ("recv", section.simulcast.recv)]
        yield "a=simulcast:" + " ".join(f"{way} {';'.join(rids)}" for way, rids in parts if rids)
    for group in section.ssrc_groups:
        yield f"a=ssrc-group:{group.semantics} {' '.join(map(str, group.ssrcs))}"
    for ssrc in section.ssrcs:
        yield f"a=ssrc:{ssrc} cname:{section.cname}"


def _section(section: MediaSection) -> Iterator[str]:
    yield f"m={section.kind} {section.port} {section.protocol} {' '.join(section.formats)}"
    yield "c=IN IP4 0.0.0.0"
    if section.is_bundle_only:
        yield "a=bundle-only"
    yield from _transport(section)
    yield f"a=mid:{section.mid}"
    if section.is_media:
        yield from _media(section)
    if section.sctp_port is not None:
        yield f"a=sctp-port:{section.sctp_port}"
    if section.max_message_size is not None:
        yield f"a=max-message-size:{section.max_message_size}"


def write_sdp(description: SessionDescription) -> str:
    """The text, lines ended by CRLF. Values must come from our parser or our own code: they are not escaped."""
    lines = list(_head(description))
    for section in description.sections:
        lines.extend(_section(section))
    return "\r\n".join(lines) + "\r\n"
