"""Which codecs and header extensions a section gets: pure choices, payload types always the client's (RFC 8829 §5.3.1).

We never remap: whatever number the client gave a codec in its bundle, our answer repeats.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from server.sfu.description import Codec, ExtensionIds
from server.signaling.negotiation_values import Outgoing, PublishOptions
from server.signaling.sdp import VIDEO, Direction, HeaderExtension, MediaSection, RtpCodec, fmtp_parameters

OPUS = "audio/opus"
RED = "audio/red"
VP8 = "video/vp8"
H264 = "video/h264"

UNSUPPORTED_CODEC = "codec_unsupported"

# Why no transport-cc: libwebrtc then follows our REMB (media.md §3).
VIDEO_FEEDBACK = ("goog-remb", "ccm fir", "nack", "nack pli")

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
ABS_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
_FIELDS = {
    MID: "mid",
    "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id": "rid",
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id": "repaired_rid",
    ABS_SEND_TIME: "abs_send_time",
    AUDIO_LEVEL: "audio_level",
}
# Why not video-orientation: without it the sender turns the picture itself, so every subscriber sees it upright.
# Why not playout-delay and the dependency descriptor: nothing reads them before SVC (media.md §5).
_DOWN = frozenset({MID, ABS_SEND_TIME, AUDIO_LEVEL})
# Why 14: the largest id of the one-byte form (RFC 8285 §4.2), the only one that we negotiate.
_MAX_EXTENSION_ID = 14

_REVERSED = {Direction.SENDONLY: Direction.RECVONLY, Direction.RECVONLY: Direction.SENDONLY}


def mime_of(section: MediaSection, codec: RtpCodec) -> str:
    return f"{section.kind}/{codec.name}"


def accepted_extensions(section: MediaSection) -> tuple[HeaderExtension, ...]:
    """Everything that we know, in every section, whichever way it flows.

    Why also where it is not used: what Chromium sees refused once, it never offers again in that connection, and
    simulcast without the rid extension is an error to it.
    """
    taken: dict[str, HeaderExtension] = {}
    for one in section.extensions:
        fits = one.uri in _FIELDS and one.uri not in taken and 1 <= one.id <= _MAX_EXTENSION_ID
        if fits and one.direction is not Direction.INACTIVE:
            way = _REVERSED.get(one.direction, one.direction) if one.direction else None
            taken[one.uri] = HeaderExtension(id=one.id, uri=one.uri, direction=way)
    return tuple(taken.values())


def ids_up(accepted: Iterable[HeaderExtension]) -> ExtensionIds:
    """Of our own (reversed) lines, the extensions that the client sends to us."""
    return _ids(one for one in accepted if one.direction is not Direction.SENDONLY)


def ids_down(accepted: Iterable[HeaderExtension]) -> ExtensionIds:
    """Of our own lines, the extensions that we write."""
    return _ids(one for one in accepted if one.uri in _DOWN and one.direction is not Direction.RECVONLY)


def _ids(extensions: Iterable[HeaderExtension]) -> ExtensionIds:
    return ExtensionIds(**{_FIELDS[one.uri]: one.id for one in extensions})


def _rtx_of(section: MediaSection, codec: RtpCodec) -> RtpCodec | None:
    wanted = str(codec.payload_type)
    matches = (one for one in section.codecs if one.name == "rtx" and one.parameters.get("apt") == wanted)
    return next(matches, None)


def _red_of(section: MediaSection, opus: RtpCodec) -> RtpCodec | None:
    """RED whose blocks are this Opus (RFC 2198 §5); no fmtp means the client does not say, as old Chromium."""
    for one in section.codecs:
        if one.name == "red" and one.clock_rate == opus.clock_rate:
            blocks = one.fmtp.split("/")
            if not one.fmtp or all(block.strip() == str(opus.payload_type) for block in blocks):
                return one
    return None


def _is_opus(codec: RtpCodec) -> bool:
    return codec.name == "opus" and codec.clock_rate == 48000


def h264_profile(fmtp: str) -> str:
    """The profile part of profile-level-id without the level: 42e0, 4200, 640c …; absent = Baseline (RFC 6184 §8.1)."""
    return fmtp_parameters(fmtp).get("profile-level-id", "42000a").lower()[:4]


def _is_our_h264(codec: RtpCodec) -> bool:
    """Baseline and High in packetization mode 1: what every browser sends and decodes."""
    return codec.parameters.get("packetization-mode") == "1" and h264_profile(codec.fmtp)[:2] in ("42", "64")


def _takes(section: MediaSection, codec: RtpCodec, mimes: Collection[str]) -> bool:
    mime = mime_of(section, codec)
    if mime not in mimes:
        return False
    match mime:
        case "audio/opus":
            return _is_opus(codec)
        case "video/vp8":
            return codec.clock_rate == 90000
        case "video/h264":
            return _is_our_h264(codec)
        case _:
            return False


def offered_mime(section: MediaSection) -> str:
    """The first codec of the section, for telling a client what was refused."""
    return mime_of(section, section.codecs[0]) if section.codecs else section.kind


def receivable(section: MediaSection, mimes: Collection[str], options: PublishOptions | None) -> tuple[Codec, ...]:
    """Codecs in which the client may publish here, preferred one first; empty = none."""
    chosen = [one for one in section.codecs if _takes(section, one, mimes)]
    if options is not None and options.mimes:
        rank = {mime: place for place, mime in enumerate(options.mimes)}
        chosen.sort(key=lambda one: rank.get(mime_of(section, one), len(rank)))
    if section.kind == VIDEO:
        return tuple(_codec(section, one, _video_fmtp(one)) for one in chosen)
    if not chosen:
        return ()
    opus = chosen[0]
    red = _red_of(section, opus) if RED in mimes and not (options and options.disable_red) else None
    first = (_codec(section, red, red.fmtp),) if red else ()
    return (*first, _codec(section, opus, _opus_fmtp(options)))


def sendable(section: MediaSection, outgoing: Outgoing) -> tuple[Codec, ...]:
    """Codecs in which this track can be sent here, best first; empty = the client cannot decode it."""
    match outgoing.mime:
        case "audio/opus" | "audio/red":
            opus = next(filter(_is_opus, section.codecs), None)
            if opus is None:
                return ()
            red = _red_of(section, opus) if outgoing.mime == RED else None
            first = (_codec(section, red, red.fmtp),) if red else ()
            return (*first, _codec(section, opus, _down_opus_fmtp(outgoing.stereo)))
        case "video/vp8":
            found = next((one for one in section.codecs if one.name == "vp8"), None)
        case "video/h264":
            found = _best_h264(section, outgoing.fmtp)
        case _:
            found = None
    return (_codec(section, found, found.fmtp if found.name == "h264" else ""),) if found else ()


def _best_h264(section: MediaSection, fmtp: str) -> RtpCodec | None:
    """The exact profile, else the nearest: decoders read what the stream says, the label only has to be known."""
    profile = h264_profile(fmtp)
    known = [one for one in section.codecs if one.name == "h264" and one.parameters.get("packetization-mode") == "1"]

    def distance(one: RtpCodec) -> int:
        offered = h264_profile(one.fmtp)
        return 0 if offered == profile else 1 if offered[:2] == profile[:2] else 2

    return min(known, key=distance, default=None)


def _codec(section: MediaSection, codec: RtpCodec, fmtp: str) -> Codec:
    rtx = _rtx_of(section, codec) if section.kind == VIDEO else None
    return Codec(
        mime=mime_of(section, codec),
        payload_type=codec.payload_type,
        clock_rate=codec.clock_rate,
        channels=codec.channels,
        fmtp=fmtp,
        rtx_payload_type=rtx.payload_type if rtx else None,
    )


def _opus_fmtp(options: PublishOptions | None) -> str:
    parts = ["minptime=10", "useinbandfec=1"]
    if options is None or not options.disable_dtx:
        parts.append("usedtx=1")
    if options is not None and options.stereo:
        parts.append("stereo=1")
    return ";".join(parts)


def _down_opus_fmtp(stereo: bool) -> str:
    return "minptime=10;useinbandfec=1" + (";sprop-stereo=1" if stereo else "")


def _video_fmtp(codec: RtpCodec) -> str:
    """H.264 as offered; of others only the sender's own hints, which libwebrtc reads from the answer."""
    if codec.name == "h264":
        return codec.fmtp
    return ";".join(part for part in codec.fmtp.split(";") if part.startswith("x-google-"))


def rtp_codecs(chosen: Iterable[Codec]) -> tuple[RtpCodec, ...]:
    """The SDP form, retransmission codecs after each codec."""
    lines: list[RtpCodec] = []
    for one in chosen:
        kind, _, name = one.mime.partition("/")
        feedback = VIDEO_FEEDBACK if kind == VIDEO else ()
        lines.append(
            RtpCodec(
                payload_type=one.payload_type,
                name=name,
                clock_rate=one.clock_rate,
                channels=one.channels,
                fmtp=one.fmtp,
                feedback=feedback,
            )
        )
        if one.rtx_payload_type is not None:
            lines.append(
                RtpCodec(
                    payload_type=one.rtx_payload_type,
                    name="rtx",
                    clock_rate=one.clock_rate,
                    fmtp=f"apt={one.payload_type}",
                )
            )
    return tuple(lines)
