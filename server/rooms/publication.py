"""One track that a participant offers to the room, from `add_track` to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from livekit.protocol.models import SimulcastCodecInfo, TrackInfo, TrackSource, TrackType, VideoLayer
from livekit.protocol.models import VideoQuality as WireQuality
from livekit.protocol.rtc import AddTrackRequest

from server.ids import TrackSid
from server.rooms.policy import stream_name
from server.sfu.description import LayerSpec, MediaKind, VideoQuality

if TYPE_CHECKING:
    from server.rooms.participant import Participant
    from server.rooms.subscription import Subscription
    from server.sfu.uptrack import UpTrack

_RID_OF_QUALITY = {VideoQuality.LOW: "q", VideoQuality.MEDIUM: "h", VideoQuality.HIGH: "f"}


class Publication:
    """`up` is None until the media section is negotiated; only then the room is told of the track."""

    __slots__ = ("cid", "fmtp", "info", "mid", "owner", "requested_at_us", "subscriptions", "up")

    def __init__(self, *, owner: Participant, request: AddTrackRequest, sid: TrackSid, requested_at_us: int) -> None:
        self.owner = owner
        self.cid = request.cid
        self.info = info_from_request(request, sid)
        self.up: UpTrack | None = None
        self.mid = ""
        self.fmtp = ""
        self.requested_at_us = requested_at_us
        self.subscriptions: dict[str, Subscription] = {}

    @property
    def sid(self) -> TrackSid:
        return TrackSid(self.info.sid)

    @property
    def kind(self) -> MediaKind:
        return MediaKind.AUDIO if self.info.type == TrackType.AUDIO else MediaKind.VIDEO

    @property
    def is_published(self) -> bool:
        return self.up is not None

    @property
    def stream_id(self) -> str:
        """The msid stream as LiveKit's clients take it apart: ``PA_…|stream``."""
        return f"{self.owner.sid}|{stream_name(self.info.stream, self.info.source)}"

    def bind(self, up: UpTrack, *, mid: str, mime: str, fmtp: str) -> None:
        """Media negotiated: `mime` is what the SDP says, which may differ from what was announced."""
        self.up = up
        self.mid = mid
        self.fmtp = fmtp
        self.info.mid = mid
        self.info.mime_type = _announced_mime(mime)
        if self.info.codecs:
            codec = self.info.codecs[0]
            codec.mime_type, codec.mid, codec.cid = self.info.mime_type, mid, self.cid
            del self.info.codecs[1:]
        else:
            self.info.codecs.append(
                SimulcastCodecInfo(mime_type=self.info.mime_type, mid=mid, cid=self.cid, layers=list(self.info.layers))
            )

    def layer_specs(self) -> tuple[LayerSpec, ...]:
        """The layers as the packet path wants them, lowest first."""
        return layer_specs(self.info.layers)


def layer_specs(layers: object) -> tuple[LayerSpec, ...]:
    """`VideoLayer` messages to `LayerSpec`s, lowest quality first; OFF and unknown qualities are left out."""
    specs = [
        LayerSpec(
            quality=VideoQuality(layer.quality),
            rid=layer.rid or _RID_OF_QUALITY[VideoQuality(layer.quality)],
            width=layer.width,
            height=layer.height,
            bitrate_bps=layer.bitrate,
        )
        for layer in layers  # type: ignore[attr-defined]  # a protobuf repeated field has no useful static type
        if layer.quality in (0, 1, 2)
    ]
    return tuple(sorted(specs, key=lambda spec: spec.quality))


def info_from_request(request: AddTrackRequest, sid: TrackSid) -> TrackInfo:
    """Everything the publisher said of the track, echoed to the room (media.md a.7)."""
    layers = list(request.layers)
    if not layers and request.simulcast_codecs:
        layers = list(request.simulcast_codecs[0].layers)
    if not layers and request.type == TrackType.VIDEO:
        # Why: a track without layers is one layer of full quality; LiveKit reports it so.
        layers = [VideoLayer(quality=WireQuality.HIGH, width=request.width, height=request.height)]
    info = TrackInfo(
        sid=sid,
        type=request.type,
        name=request.name,
        muted=request.muted,
        width=request.width,
        height=request.height,
        simulcast=len(layers) > 1,
        disable_dtx=request.disable_dtx,
        source=request.source,
        layers=layers,
        stereo=request.stereo,
        disable_red=request.disable_red,
        encryption=request.encryption,
        stream=stream_name(request.stream, request.source),
        audio_features=list(request.audio_features),
        backup_codec_policy=request.backup_codec_policy,
        packet_trailer_features=list(request.packet_trailer_features),
    )
    for codec in request.simulcast_codecs[:1]:
        info.codecs.append(
            SimulcastCodecInfo(
                mime_type=_mime_of_codec(codec.codec, request.type),
                cid=codec.cid or request.cid,
                layers=list(codec.layers) or layers,
                video_layer_mode=codec.video_layer_mode,
            )
        )
    if info.codecs:
        info.mime_type = info.codecs[0].mime_type
    return info


def sid_prefix(source: TrackSource, kind: TrackType) -> str:
    """LiveKit lets a reader see the source in the sid."""
    named = {
        TrackSource.CAMERA: "TR_VC",
        TrackSource.MICROPHONE: "TR_AM",
        TrackSource.SCREEN_SHARE: "TR_VS",
        TrackSource.SCREEN_SHARE_AUDIO: "TR_AS",
    }
    return named.get(source, "TR_A" if kind == TrackType.AUDIO else "TR_V")


def _mime_of_codec(codec: str, kind: TrackType) -> str:
    if "/" in codec:
        return codec
    return f"{'audio' if kind == TrackType.AUDIO else 'video'}/{codec}" if codec else ""


def _announced_mime(mime: str) -> str:
    """LiveKit writes the codec's name as its registration does."""
    return {"video/vp8": "video/VP8", "video/h264": "video/H264"}.get(mime, mime)
