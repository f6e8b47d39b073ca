"""One peer's packets: SSRC routes in, down tracks out; `on_rtp` and `on_rtcp` of `TransportListener`."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Protocol

from server.clock import Clock
from server.sfu.description import LayerWish, ReceiveSection, SendSection, TransportState
from server.sfu.downtrack import DownTrack, DownTrackListener
from server.sfu.drop_reason import DropReason
from server.sfu.estimator import BandwidthEstimator
from server.sfu.fanout import Fanout
from server.sfu.feedback import Feedback
from server.sfu.latch import Latch
from server.sfu.layers import quality_of_rid
from server.sfu.ports import BurstWriter, Transport
from server.sfu.quality import PeerQuality
from server.sfu.rtp import abs_send_time, payload_bounds
from server.sfu.subscriber import Subscriber
from server.sfu.uplayer import UpLayer
from server.sfu.uptrack import UpTrack

# Why 100 ms before the first measurement: between a campus and an ocean.
_FIRST_RTT_US = 100_000
_MAX_RTT_US = 2_000_000
# Why 128: a key frame of 720p and the audio around it, while the offer that names the track is still on its way.
_MAX_HELD = 128
_MAX_HELD_US = 3_000_000
# Three layers with RTX for some twenty tracks; beyond it the oldest route is forgotten and latched again if it lives.
_MAX_ROUTES = 128
_MAX_UNBOUND = 64
_STAGGER_US = 200_000
_SENDABLE = (TransportState.CONNECTED, TransportState.SILENT)

Route = Callable[[bytes, int], None]


class PeerListener(Protocol):
    def on_unbound_ssrc(self, ssrc: int, payload_type: int, mid: str | None, rid: str | None) -> None:
        """Media before its track is known (late bind); told once per SSRC, packets are held for a moment."""
        ...


class MediaPeer:
    """Create by `MediaHub.create_peer`; one per `Transport`."""

    __slots__ = (
        "_clock",
        "_fanout",
        "_feedback",
        "_held",
        "_is_closed",
        "_is_unsettled",
        "_is_written",
        "_latch",
        "_listener",
        "_on_closed",
        "_random_u32",
        "_routes",
        "_subscriber",
        "_transport",
        "_ups",
        "downs",
        "estimator",
        "extra_bytes",
        "rests_until_us",
        "rtt_us",
        "writer",
    )

    def __init__(
        self,
        *,
        transport: Transport,
        listener: PeerListener,
        clock: Clock,
        random_u32: Callable[[], int],
        fanout: Fanout,
        estimator: BandwidthEstimator,
        on_closed: Callable[[MediaPeer], None],
    ) -> None:
        self.estimator = estimator
        self.writer: BurstWriter = transport.writer
        self.rtt_us = _FIRST_RTT_US
        self.extra_bytes = 0
        """Sent beside what the down tracks that are there count: repairs, padding, down tracks that have ended."""
        self.rests_until_us = 0
        """`tick` has nothing to do before."""
        self.downs: dict[str, DownTrack] = {}
        self._transport = transport
        self._listener = listener
        self._clock = clock
        self._random_u32 = random_u32
        self._fanout = fanout
        self._on_closed = on_closed
        self._latch = Latch()
        self._ups: dict[str, UpTrack] = {}
        self._routes: OrderedDict[int, Route] = OrderedDict()
        self._held: deque[tuple[bytes, int]] = deque(maxlen=_MAX_HELD)
        self._feedback = Feedback(self, random_u32(), fanout.stats)
        self._subscriber = Subscriber(self, random_u32() % _STAGGER_US)
        self._is_unsettled = False
        self._is_written = False
        self._is_closed = False

    # -- the room's side -------------------------------------------------------------------------------------------

    def receive(self, section: ReceiveSection, up: UpTrack) -> None:
        """Bind a section to a track; again after each renegotiation."""
        if self._ups.get(section.mid) not in (None, up):
            self.stop_receiving(section.mid)
        self._latch.set_section(section)
        self._ups[section.mid] = up
        for layer in self._feedback.layers:
            if layer.track is up:
                layer.update(section)
        if not section.rids:
            rtx_of = dict(section.rtx_pairs)
            primaries = section.sim_ssrcs or tuple(s for s in section.ssrcs if s not in rtx_of.values())[:1]
            for index, ssrc in enumerate(primaries):
                rid = "qhf"[min(index, 2)] if len(primaries) > 1 else ""
                self._bind(section, up, ssrc, rid)
                if ssrc in rtx_of:
                    self._bind_rtx(rtx_of[ssrc], up, ssrc)
        held = list(self._held)
        self._held.clear()
        oldest_us = self.now_us() - _MAX_HELD_US
        for packet, arrived_us in held:
            if arrived_us >= oldest_us:
                self.on_rtp(packet, arrived_us)

    def stop_receiving(self, mid: str) -> None:
        self._latch.remove_section(mid)
        up = self._ups.pop(mid, None)
        if up is not None:
            for layer in [layer for layer in self._feedback.layers if layer.track is up]:
                self._unbind(layer)

    def send(self, section: SendSection, up: UpTrack, wish: LayerWish, listener: DownTrackListener) -> DownTrack:
        """Send a track on a section; the same pair again only takes the section's new values."""
        old = self.downs.get(section.mid)
        if old is not None and old.up is up:
            self._feedback.remove_down(old)
            old.update(section)
            self._feedback.add_down(old)
            old.set_wish(wish)
            return old
        if old is not None:
            old.close()
        # Why below 2^14: SRTP's rollover counter must not wrap while the first packets may still be lost.
        down = DownTrack(
            peer=self,
            up=up,
            section=section,
            wish=wish,
            listener=listener,
            first_sequence=self._random_u32() & 0x3FFF,
        )
        self.downs[section.mid] = down
        self._feedback.add_down(down)
        up.add_down(down)
        self.reallocate()
        return down

    def stop_sending(self, mid: str) -> None:
        down = self.downs.get(mid)
        if down is not None:
            down.close()

    def quality(self, now_us: int) -> PeerQuality:
        return self._feedback.quality(self._subscriber, now_us)

    def close(self) -> None:
        """Idempotent. Down tracks end; up tracks lose their packets but stay until their owner closes them."""
        if self._is_closed:
            return
        for down in list(self.downs.values()):
            down.close()
        self._is_closed = True
        for mid in list(self._ups):
            self.stop_receiving(mid)
        self._routes.clear()
        self._held.clear()
        self._on_closed(self)

    # -- packets in ------------------------------------------------------------------------------------------------

    def on_rtp(self, packet: bytes, arrived_us: int) -> None:
        stats = self._fanout.stats
        stats.received += 1
        stats.received_bytes += len(packet)
        route = self._routes.get(int.from_bytes(packet[8:12], "big"))
        if route is not None:
            route(packet, arrived_us)
        else:
            self._on_unknown(packet, arrived_us)

    def on_rtcp(self, packet: bytes, arrived_us: int) -> None:
        if not self._is_closed:
            self._feedback.on_rtcp(packet, arrived_us)

    def _on_unknown(self, packet: bytes, arrived_us: int) -> None:
        if self._is_closed or payload_bounds(packet) is None:
            self._fanout.stats.dropped[DropReason.MALFORMED] += 1
            return
        ssrc = int.from_bytes(packet[8:12], "big")
        found = self._latch.find(packet, ssrc)
        section = found.section
        if found.is_foreign:
            self._fanout.stats.dropped[DropReason.UNKNOWN_PAYLOAD_TYPE] += 1
            return
        up = self._ups.get(section.mid) if section is not None else None
        if section is None or up is None or up.is_closed:
            self._hold(packet, arrived_us)
            if self._feedback.is_new_unbound(ssrc, _MAX_UNBOUND):
                self._listener.on_unbound_ssrc(ssrc, found.payload_type, found.mid, found.rid or None)
            return
        if found.is_rtx:
            layer = next((layer for layer in up.live.values() if layer.rid == found.rid), None)
            if layer is None:
                self._fanout.stats.dropped[DropReason.PROBE] += 1
                return
            self._route(ssrc, layer.on_rtx)
        else:
            layer = self._bind(section, up, ssrc, found.rid)
        self._routes[ssrc](packet, arrived_us)

    def _hold(self, packet: bytes, arrived_us: int) -> None:
        if len(self._held) == _MAX_HELD:
            self._fanout.stats.dropped[DropReason.UNBOUND] += 1
        self._held.append((packet, arrived_us))

    def _bind(self, section: ReceiveSection, up: UpTrack, ssrc: int, rid: str) -> UpLayer:
        """The layer of this SSRC; a new SSRC for the same rid replaces the old one (the encoder was restarted)."""
        for layer in self._feedback.layers:
            if layer.ssrc == ssrc and layer.track is up:
                return layer
        quality = quality_of_rid(rid, section.rids, up.layers)
        replaced = up.live.get(quality)
        if replaced is not None:
            self._unbind(replaced)
        layer = UpLayer(track=up, link=self, ssrc=ssrc, rid=rid, quality=quality, section=section)
        self._feedback.layers.append(layer)
        self._fanout.pressing.add(self)
        self._route(ssrc, layer.on_packet)
        up.set_layer(layer)
        return layer

    def _bind_rtx(self, rtx_ssrc: int, up: UpTrack, primary_ssrc: int) -> None:
        for layer in self._feedback.layers:
            if layer.ssrc == primary_ssrc and layer.track is up:
                self._route(rtx_ssrc, layer.on_rtx)

    def _unbind(self, layer: UpLayer) -> None:
        layer.pending.clear()
        for ssrc, route in list(self._routes.items()):
            if route in (layer.on_packet, layer.on_rtx):
                del self._routes[ssrc]
                self._latch.forget(ssrc)
        if layer in self._feedback.layers:
            self._feedback.layers.remove(layer)
        if layer.track.live.get(layer.quality) is layer:
            del layer.track.live[layer.quality]
            layer.track.on_layers_changed()

    def _route(self, ssrc: int, route: Route) -> None:
        self._routes[ssrc] = route
        if len(self._routes) > _MAX_ROUTES:
            self._routes.popitem(last=False)

    # -- called by layers and down tracks --------------------------------------------------------------------------

    def now_us(self) -> int:
        return self._clock.monotonic_us()

    def send_pli(self, ssrc: int) -> None:
        self._fanout.stats.keyframe_requests += 1
        self._feedback.send_pli(ssrc)

    def send_nack(self, ssrc: int, sequences: list[int]) -> None:
        self._fanout.stats.nacks_sent += len(sequences)
        self._feedback.send_nack(ssrc, sequences)

    def send_rtcp(self, packet: bytes) -> None:
        """Nothing while nobody can hear it: reports and requests come again."""
        if self.is_connected:
            self._transport.send_rtcp(packet)

    def on_rtt(self, rtt_us: int) -> None:
        if 0 <= rtt_us <= _MAX_RTT_US:
            # RFC 6298's smoothing; the first measurement replaces the guess.
            self.rtt_us = rtt_us if self.rtt_us == _FIRST_RTT_US else (self.rtt_us * 7 + rtt_us) // 8

    def reallocate(self) -> None:
        """Something that the choice of layers depends on has changed: choose before the next burst is forwarded.

        Why not at once: thirty people who join together would make each other's choice thirty times.
        """
        if not self._is_unsettled:
            self._is_unsettled = True
            self._fanout.unsettled.append(self)
            self._fanout.press()

    def settle(self, now_us: int) -> None:
        self._is_unsettled = False
        self._subscriber.allocate(now_us)

    @property
    def subscriber(self) -> Subscriber:
        return self._subscriber

    def answer_nack(self, down: DownTrack, sequences: tuple[int, ...], now_us: int) -> None:
        self._fanout.stats.nacks_received += len(sequences)
        down.on_nack(sequences, now_us, abs_send_time(now_us).to_bytes(3, "big"))

    def forget(self, down: DownTrack) -> None:
        if self.downs.get(down.section.mid) is down:
            del self.downs[down.section.mid]
            self.extra_bytes += down.out.octets
        self._feedback.remove_down(down)
        self.reallocate()

    def mark_written(self) -> None:
        if not self._is_written:
            self._is_written = True
            self._fanout.written.append(self)

    def flush(self) -> None:
        self._is_written = False
        self.writer.flush()

    @property
    def is_connected(self) -> bool:
        """Whether packets can go out. A silent transport may come back, so it counts."""
        return self._transport.state in _SENDABLE

    @property
    def is_reachable(self) -> bool:
        """Connected, and not only for old times' sake: there is a path at this moment."""
        return self.is_connected and bool(self._transport.selected)

    @property
    def is_pressing(self) -> bool:
        """Whether it needs every tick: it publishes, and losses are to be repaired, or padding goes out to it."""
        return bool(self._feedback.layers) or self._subscriber.is_probing

    def on_transport_state(self) -> None:
        """Packets can go out now, or cannot any more."""
        self.reallocate()

    @property
    def sent_bytes(self) -> int:
        """Since the start."""
        return self.extra_bytes + sum([down.octets for down in self.downs.values()])

    def tick(self, now_us: int) -> None:
        self._feedback.tick(now_us)
        self._subscriber.tick(now_us)
        self.rests_until_us = self._subscriber.rests_until_us(now_us)
