"""A published track at its packet end: its layers, who watches them, its level and what is asked of the publisher."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from server.ids import TrackSid
from server.sfu.audio_level import SILENT, AudioLevel, LevelMeter
from server.sfu.burst import MAX_BURST
from server.sfu.description import LayerSpec, MediaKind, VideoQuality
from server.sfu.drop_reason import DropReason, HubStats
from server.sfu.group_fanout import GroupFanout
from server.sfu.layers import nearest_live
from server.sfu.packet import Source
from server.sfu.picture_group import PictureGroup
from server.sfu.sound_group import SoundGroup
from server.sfu.uplayer import UpLayer

if TYPE_CHECKING:
    from server.sfu.downtrack import DownTrack
    from server.sfu.fanout import Fanout

# Why 2 s down: a subscriber who scrolls past a tile should not make the publisher's encoder start and stop.
_DEMAND_DOWN_US = 2_000_000
# A layer without packets for so long was switched off by its publisher (bandwidth, dynacast); 7 frames at 5 fps.
_LAYER_DEAD_US = 1_500_000
# Why 5 s for a whole track: DTX sends a packet each 400 ms, a static screen share one a second.
_TRACK_DEAD_US = 5_000_000
_AUDIO_CLOCK_RATE = 48_000


class UpTrackListener(Protocol):
    def on_demand(self, up: UpTrack, quality: VideoQuality | None) -> None:
        """Dynacast: the best quality that anyone wants changed; None = nobody watches."""
        ...

    def on_first_packet(self, up: UpTrack) -> None: ...


class UpTrack:
    """Create by `MediaHub.create_up_track`, bind by `MediaPeer.receive`."""

    __slots__ = (
        "_demand",
        "_demand_fell_us",
        "_fanout",
        "_is_closed",
        "_is_demand_stale",
        "_listener",
        "_live_qualities",
        "_now_us",
        "cname",
        "downs",
        "groups",
        "has_media",
        "is_muted",
        "kind",
        "layers",
        "live",
        "meter",
        "mime",
        "sid",
        "stats",
    )

    def __init__(
        self,
        *,
        sid: TrackSid,
        kind: MediaKind,
        mime: str,
        layers: tuple[LayerSpec, ...],
        listener: UpTrackListener,
        fanout: Fanout,
    ) -> None:
        self.sid = sid
        self.kind = kind
        self.mime = mime
        self.layers = layers
        self.stats: HubStats = fanout.stats
        self.downs: list[DownTrack] = []
        self.groups = GroupFanout(SoundGroup, 1) if kind is MediaKind.AUDIO else GroupFanout(PictureGroup, MAX_BURST)
        """Who takes it alike."""
        self.live: dict[int, UpLayer] = {}
        """Layers by quality that have an SSRC; `is_layer_live` says whether packets come."""
        self.meter = LevelMeter(_AUDIO_CLOCK_RATE)
        self.is_muted = False
        self.has_media = False
        self.cname = f"tc-{sid}"
        self._fanout = fanout
        self._listener = listener
        # A publisher starts with all layers on.
        self._demand: VideoQuality | None = VideoQuality.HIGH
        self._demand_fell_us = 0
        self._is_demand_stale = True
        self._is_closed = False
        self._live_qualities: list[int] = []
        self._now_us = 0

    # -- the room's side -------------------------------------------------------------------------------------------

    def set_layers(self, layers: tuple[LayerSpec, ...]) -> None:
        self.layers = layers
        self.on_layers_changed()

    def set_muted(self, muted: bool) -> None:
        """A muted track's packets are counted but not forwarded; afterwards everyone continues without a hole."""
        if muted == self.is_muted:
            return
        self.is_muted = muted
        if muted:
            for layer in self.live.values():
                layer.pending.clear()
            for down in self.downs:
                down.suspend()
        else:
            self.on_layers_changed()

    def audio_level(self, now_us: int) -> AudioLevel:
        return SILENT if self.is_muted else self.meter.read(now_us)

    @property
    def is_live(self) -> bool:
        """Packets arrived in the last seconds."""
        return any(self._now_us - layer.last_packet_us < _TRACK_DEAD_US for layer in self.live.values())

    @property
    def is_closed(self) -> bool:
        return self._is_closed

    def close(self) -> None:
        """Idempotent; ends every down track of it."""
        if self._is_closed:
            return
        self._is_closed = True
        for down in list(self.downs):
            down.close()
        for layer in self.live.values():
            layer.pending.clear()
        self.live.clear()
        self._fanout.remove(self)

    def add_down(self, down: DownTrack) -> None:
        self.groups.dissolve()
        self.downs.append(down)
        self.on_wishes_changed()

    def remove_down(self, down: DownTrack) -> None:
        """Idempotent."""
        if down in self.downs:
            self.groups.dissolve()
            self.downs.remove(down)
            self.on_wishes_changed()

    # -- layers ----------------------------------------------------------------------------------------------------

    def set_layer(self, layer: UpLayer) -> None:
        """A new SSRC for this quality: a first one, or the encoder's restart."""
        old = self.live.get(layer.quality)
        if old is not None:
            old.pending.clear()
        self.live[layer.quality] = layer
        self.on_layers_changed()

    def is_layer_live(self, layer: UpLayer) -> bool:
        return layer.last_packet_us > self._now_us - _LAYER_DEAD_US and layer.has_packets

    def layer_for(self, quality: int) -> UpLayer | None:
        """The layer to forward for a wished quality: the nearest that is live, else the nearest that there is."""
        live = [q for q, layer in self.live.items() if self.is_layer_live(layer)]
        best = nearest_live(quality, live or self.live.keys())
        return self.live[best] if best is not None else None

    def layer_of(self, source: Source | None) -> UpLayer | None:
        for layer in self.live.values():
            if layer.source is source:
                return layer
        return None

    def is_watched(self, source: Source) -> bool:
        return any(source in (down.forwarder.current, down.forwarder.target) for down in self.downs)

    def expected(self) -> Iterator[tuple[int, int]]:
        """(SSRC, media packets so far) of each layer that somebody reachable is being sent."""
        if not self.is_muted:
            for layer in self.live.values():
                if any(down.forwarder.current is layer.source and down.peer.is_reachable for down in self.downs):
                    yield layer.ssrc, layer.media_packets

    def on_wishes_changed(self) -> None:
        """A subscriber came, went, or wants something else."""
        self._is_demand_stale = True
        self._fanout.press()

    def on_layers_changed(self) -> None:
        for down in self.downs:
            down.peer.reallocate()

    # -- called by layers ------------------------------------------------------------------------------------------

    def drop(self, reason: DropReason) -> None:
        self.stats.dropped[reason] += 1

    def press(self) -> None:
        """Something is missing: a tick is wanted soon, even if no packet comes."""
        self._fanout.press()

    @property
    def is_restless(self) -> bool:
        return self._is_demand_stale or any(layer.is_restless for layer in self.live.values())

    def mark_dirty(self, layer: UpLayer) -> None:
        self._fanout.dirty.append(layer)

    def on_first_packet(self) -> None:
        """A layer's first packet: it is live from now on."""
        if not self.has_media:
            self.has_media = True
            self._listener.on_first_packet(self)
        self.on_layers_changed()

    # -- time ------------------------------------------------------------------------------------------------------

    def tick(self, now_us: int) -> None:
        self._now_us = now_us
        for layer in self.live.values():
            layer.rate.tick(now_us)
            layer.repair_losses(now_us)
            layer.repair_picture(now_us)
        live = [quality for quality, layer in self.live.items() if self.is_layer_live(layer)]
        if live != self._live_qualities:
            self._live_qualities = live
            self.on_layers_changed()
        if self._is_demand_stale or self._demand_fell_us:
            self._update_demand(now_us)

    def _update_demand(self, now_us: int) -> None:
        self._is_demand_stale = False
        wanted = max((down.wished for down in self.downs if down.wished is not None), default=None)
        if wanted == self._demand:
            self._demand_fell_us = 0
            return
        rises = self._demand is None or (wanted is not None and wanted > self._demand)
        if not rises:
            if not self._demand_fell_us:
                self._demand_fell_us = now_us
            if now_us - self._demand_fell_us < _DEMAND_DOWN_US:
                return
        self._demand_fell_us = 0
        self._demand = wanted
        self._listener.on_demand(self, wanted)
