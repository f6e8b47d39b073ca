"""The codecs and extensions that we offer ourselves, to v0 subscribers: one fixed number for each in every bundle."""

from __future__ import annotations

from server.sfu.description import MediaKind
from server.signaling.negotiation_codecs import ABS_SEND_TIME, AUDIO_LEVEL, MID, VIDEO_FEEDBACK, h264_profile
from server.signaling.negotiation_values import Outgoing
from server.signaling.sdp import HeaderExtension, RtpCodec

# Why Chromium's numbers: logs of both modes then read alike; any dynamic number would do (RFC 3551 §6).
_OPUS = 111
_RED = 63
_VP8 = (96, 97)
_H264 = {"4200": (102, 103), "42e0": (108, 109), "4d00": (116, 117), "6400": (114, 115), "640c": (112, 113)}
# Why constrained baseline: the one profile that every WebRTC client decodes (RFC 7742 §6.2).
_H264_FOR_ALL = "42e0"
# Why level 3.1: 720p30; with level-asymmetry-allowed it does not bind the sender.
_H264_LEVEL = "1f"

_EXTENSIONS = {
    MediaKind.AUDIO: ((1, AUDIO_LEVEL), (2, ABS_SEND_TIME), (4, MID)),
    MediaKind.VIDEO: ((2, ABS_SEND_TIME), (4, MID)),
}


def offered_extensions(kind: MediaKind) -> tuple[HeaderExtension, ...]:
    return tuple(HeaderExtension(id=number, uri=uri) for number, uri in _EXTENSIONS[kind])


def _opus(fmtp: str = "minptime=10;useinbandfec=1") -> RtpCodec:
    return RtpCodec(payload_type=_OPUS, name="opus", clock_rate=48000, channels=2, fmtp=fmtp)


def _video(numbers: tuple[int, int], name: str, fmtp: str = "") -> tuple[RtpCodec, ...]:
    main, rtx = numbers
    return (
        RtpCodec(payload_type=main, name=name, clock_rate=90000, fmtp=fmtp, feedback=VIDEO_FEEDBACK),
        RtpCodec(payload_type=rtx, name="rtx", clock_rate=90000, fmtp=f"apt={main}"),
    )


def _h264(profile: str) -> tuple[RtpCodec, ...]:
    fmtp = f"level-asymmetry-allowed=1;packetization-mode=1;profile-level-id={profile}{_H264_LEVEL}"
    return _video(_H264[profile], "h264", fmtp)


def codecs_for(track: Outgoing) -> tuple[RtpCodec, ...]:
    """What we offer for this track, best first; empty = a codec that we do not forward."""
    match track.mime:
        case "audio/opus":
            return (_opus_of(track),)
        case "audio/red":
            red = RtpCodec(payload_type=_RED, name="red", clock_rate=48000, channels=2, fmtp=f"{_OPUS}/{_OPUS}")
            return (red, _opus_of(track))
        case "video/vp8":
            return _video(_VP8, "vp8")
        case "video/h264":
            profile = h264_profile(track.fmtp)
            profile = profile if profile in _H264 else _H264_FOR_ALL
            # Why a second one: decoders read the profile from the stream; the label only has to be one they know.
            more = _h264(_H264_FOR_ALL) if profile != _H264_FOR_ALL else ()
            return (*_h264(profile), *more)
        case _:
            return ()


def _opus_of(track: Outgoing) -> RtpCodec:
    return _opus("minptime=10;useinbandfec=1" + (";sprop-stereo=1" if track.stereo else ""))


def idle_codecs(kind: MediaKind) -> tuple[RtpCodec, ...]:
    """For a section without a track: it must list something."""
    return (_opus(),) if kind is MediaKind.AUDIO else _video(_VP8, "vp8")
