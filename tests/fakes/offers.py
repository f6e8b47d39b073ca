"""Recorded offers and the values that negotiation tests speak in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from server.sfu.description import Fingerprint, HostCandidate, IceParameters, MediaKind
from server.signaling.negotiation import LocalTransport, Outgoing

FOLDER = Path(__file__).parents[1] / "data" / "sdp"
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.sdp")))

MIMES = frozenset({"audio/opus", "audio/red", "video/vp8", "video/h264"})

LOCAL = LocalTransport(
    ice=IceParameters(ufrag="ours", pwd="oursoursoursoursoursours"),
    fingerprints=(Fingerprint(algorithm="sha-256", value=":".join(["AB"] * 32)),),
    candidates=(
        HostCandidate(transport="udp", host="192.0.2.7", port=7882, priority=2130706431, foundation="1"),
        HostCandidate(transport="tcp", host="192.0.2.7", port=7881, priority=1694498815, foundation="2"),
    ),
)
RESTARTED = replace(LOCAL, ice=IceParameters(ufrag="again", pwd="againagainagainagainagain"))

MICROPHONE = Outgoing(
    track_sid="TR_mic", stream_id="PA_lin|camera", kind=MediaKind.AUDIO, mime="audio/red", ssrc=1001, rtx_ssrc=1002
)
CAMERA = Outgoing(
    track_sid="TR_cam", stream_id="PA_lin|camera", kind=MediaKind.VIDEO, mime="video/vp8", ssrc=2001, rtx_ssrc=2002
)
H264_CAMERA = Outgoing(
    track_sid="TR_h264",
    stream_id="PA_ortega|camera",
    kind=MediaKind.VIDEO,
    mime="video/h264",
    fmtp="level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
    ssrc=3001,
    rtx_ssrc=3002,
)
OTHER_MICROPHONE = Outgoing(
    track_sid="TR_mic2", stream_id="PA_ortega|camera", kind=MediaKind.AUDIO, mime="audio/opus", ssrc=4001, rtx_ssrc=4002
)


def recorded(name: str) -> str:
    """The text of one recorded offer, line ends as sent."""
    return (FOLDER / f"{name}.sdp").read_bytes().decode()
