"""Builds the sections that we write, for answers and offers alike (RFC 8829 §5.2, §5.3)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from server.sfu.description import Codec, DtlsRole, ExtensionIds, SendSection
from server.signaling.negotiation_codecs import accepted_extensions, rtp_codecs
from server.signaling.negotiation_transport import MAX_MESSAGE_BYTES, SCTP_PORT, candidate_lines
from server.signaling.negotiation_values import LocalTransport, Outgoing
from server.signaling.sdp import (
    Direction,
    HeaderExtension,
    MediaSection,
    Msid,
    RtpCodec,
    Setup,
    SsrcGroup,
)

# RFC 8830 §2: an msid is 1-64 token characters. Names of streams come from clients, so they are made to fit.
_NOT_TOKEN = re.compile(r"[^!#-'*+\-.0-9A-Z^-~]")
_MAX_MSID_CHARS = 64

SETUP_OF = {DtlsRole.SERVER: Setup.PASSIVE, DtlsRole.CLIENT: Setup.ACTIVE}


def msid_token(text: str) -> str:
    """`text` with everything that SDP could misread replaced."""
    return _NOT_TOKEN.sub("_", text)[:_MAX_MSID_CHARS] or "-"


def media_section(like: MediaSection, direction: Direction, codecs: tuple[RtpCodec, ...]) -> MediaSection:
    """A section of ours that answers `like`, without transport and extensions."""
    return MediaSection(
        kind=like.kind,
        mid=like.mid,
        protocol=like.protocol,
        formats=tuple(str(one.payload_type) for one in codecs),
        direction=direction,
        has_rtcp_mux=True,
        has_rtcp_rsize=like.has_rtcp_rsize,
        codecs=codecs,
    )


def inactive_section(like: MediaSection, codecs: tuple[RtpCodec, ...]) -> MediaSection:
    """Kept for later: port 0 would make the client give the section up (media.md §a.4)."""
    # Why without feedback: nothing flows, and transport-cc must not slip in with a codec that is not ours.
    something = tuple(replace(one, feedback=()) for one in like.codecs[:1])
    section = media_section(like, Direction.INACTIVE, codecs or something)
    section = replace(section, extensions=accepted_extensions(like))
    return section if section.formats else replace(section, formats=like.formats[:1])


def sending_section(
    like: MediaSection, track: Outgoing, codecs: tuple[Codec, ...], extensions: tuple[HeaderExtension, ...]
) -> MediaSection:
    """A section of an answer on which we send `track`."""
    base = media_section(like, Direction.SENDONLY, rtp_codecs(codecs))
    return announced(replace(base, extensions=extensions), track, has_rtx=rtx_ssrc_of(track, codecs) is not None)


def announced(section: MediaSection, track: Outgoing, *, has_rtx: bool) -> MediaSection:
    """`section` with the track's msid, its SSRC and, where the client knows it, its retransmission SSRC."""
    pair = (track.ssrc, track.rtx_ssrc)
    return replace(
        section,
        msid=Msid(stream=msid_token(track.stream_id), track=msid_token(track.track_sid)),
        ssrcs=pair if has_rtx else pair[:1],
        ssrc_groups=(SsrcGroup(semantics="FID", ssrcs=pair),) if has_rtx else (),
        # Why the participant alone: all tracks of one participant share a clock (RFC 7022).
        cname=msid_token(track.stream_id.partition("|")[0]),
    )


def rtx_ssrc_of(track: Outgoing, codecs: Iterable[Codec]) -> int | None:
    return track.rtx_ssrc if any(one.rtx_payload_type is not None for one in codecs) else None


def send_section(
    like: MediaSection, track: Outgoing, codecs: tuple[Codec, ...], extensions: ExtensionIds
) -> SendSection:
    """What the packet path needs to know of a section on which we send."""
    return SendSection(
        mid=like.mid,
        kind=track.kind,
        codecs=codecs,
        extensions=extensions,
        ssrc=track.ssrc,
        rtx_ssrc=rtx_ssrc_of(track, codecs),
    )


def data_section(like: MediaSection) -> MediaSection:
    return MediaSection(
        kind=like.kind,
        mid=like.mid,
        protocol=like.protocol,
        formats=like.formats[:1],
        sctp_port=SCTP_PORT,
        max_message_size=MAX_MESSAGE_BYTES,
    )


def rejected_section(like: MediaSection) -> MediaSection:
    return MediaSection(
        kind=like.kind,
        mid=like.mid,
        port=0,
        protocol=like.protocol,
        formats=like.formats[:1],
        direction=Direction.INACTIVE,
    )


def with_transport(sections: Iterable[MediaSection], local: LocalTransport, setup: Setup) -> tuple[MediaSection, ...]:
    """Our credentials in every live section, our candidates in the first one (RFC 9143 §7.3)."""
    done: list[MediaSection] = []
    is_first = True
    for section in sections:
        if section.is_rejected:
            done.append(section)
            continue
        done.append(
            replace(
                section,
                ice=local.ice,
                fingerprints=local.fingerprints,
                setup=setup,
                candidates=candidate_lines(local) if is_first else (),
                has_end_of_candidates=is_first,
            )
        )
        is_first = False
    return tuple(done)
