"""The packet side of one worker: tracks in, peers out, one flush per socket drain, ticks as often as it is restless."""

from __future__ import annotations

from collections.abc import Callable

from server.clock import Clock
from server.ids import TrackSid
from server.sfu.description import LayerSpec, MediaKind
from server.sfu.drop_reason import HubStats
from server.sfu.estimator import BandwidthEstimator, DelayEstimator
from server.sfu.fanout import Fanout
from server.sfu.peer import MediaPeer, PeerListener
from server.sfu.ports import Transport
from server.sfu.uptrack import UpTrack, UpTrackListener

# One audio frame: how soon something that is waited for is looked after.
_TICK_US = 20_000
# Soon enough for whoever only listens, and for everybody while nothing is waited for.
_CALM_TICK_US = 100_000
# So many ticks later everybody had a turn: forty listeners are most of a class.
_TURNS = _CALM_TICK_US // _TICK_US


class MediaHub:
    """Owns every `UpTrack` and `MediaPeer` until it is closed."""

    __slots__ = ("_clock", "_estimator", "_fanout", "_peers", "_random_u32", "_ticked_us", "_turn", "stats")

    def __init__(
        self,
        clock: Clock,
        random_u32: Callable[[], int],
        estimator: Callable[[], BandwidthEstimator] = DelayEstimator,
    ) -> None:
        self._clock = clock
        self._random_u32 = random_u32
        self._estimator = estimator
        self._fanout = Fanout()
        self._ticked_us = 0
        self._turn = 0
        self._peers: list[MediaPeer] = []
        self.stats: HubStats = self._fanout.stats

    def create_peer(self, transport: Transport, listener: PeerListener) -> MediaPeer:
        peer = MediaPeer(
            transport=transport,
            listener=listener,
            clock=self._clock,
            random_u32=self._random_u32,
            fanout=self._fanout,
            estimator=self._estimator(),
            on_closed=self._forget,
        )
        self._peers.append(peer)
        return peer

    def create_up_track(
        self,
        *,
        sid: TrackSid,
        kind: MediaKind,
        mime: str,
        layers: tuple[LayerSpec, ...],
        listener: UpTrackListener,
    ) -> UpTrack:
        track = UpTrack(sid=sid, kind=kind, mime=mime, layers=layers, listener=listener, fanout=self._fanout)
        self._fanout.tracks.append(track)
        return track

    @property
    def forwarded(self) -> int:
        return self.stats.forwarded

    def expected(self) -> dict[int, int]:
        """For `FlowWatch`: what came of all that somebody is being sent."""
        return {ssrc: count for track in self._fanout.tracks for ssrc, count in track.expected()}

    def flush(self) -> None:
        """After each socket drain: forward all that it brought, and tick if it is time.

        Why here: waking up for a tick alone costs more than the tick.
        """
        now_us = self._clock.monotonic_us()
        fanout = self._fanout
        fanout.run(now_us)
        if now_us - self._ticked_us >= (_TICK_US if fanout.is_restless else _CALM_TICK_US):
            self._tick(now_us)

    def tick(self) -> None:
        """For the time when no packets come: a few times a second."""
        now_us = self._clock.monotonic_us()
        if now_us - self._ticked_us >= _TICK_US:
            self._tick(now_us)

    def watch(self, on_restless: Callable[[], None]) -> None:
        """Each call of `on_restless` asks for one `tick_soon`, in a few ten milliseconds.

        Why: a timer that runs all the time wakes a worker of quiet listeners more often than their packets do.
        """
        self._fanout.on_restless = on_restless
        if self._fanout.is_restless:
            on_restless()

    def tick_soon(self) -> None:
        """What `on_restless` asked for; it asks again while there is a reason."""
        fanout = self._fanout
        fanout.is_restless = False
        self.tick()
        if (
            fanout.unsettled
            or any(track.is_restless for track in fanout.tracks)
            or any(peer.subscriber.is_probing for peer in fanout.pressing)
        ):
            fanout.press()

    def _tick(self, now_us: int) -> None:
        """Repairs, reports, allocation, demand. Peers that only listen come every fifth time, or when it was calm."""
        was_calm = now_us - self._ticked_us >= _CALM_TICK_US
        self._ticked_us = now_us
        for track in list(self._fanout.tracks):
            track.tick(now_us)
        pressing = self._fanout.pressing
        for peer in tuple(pressing):
            peer.tick(now_us)
            if not peer.is_pressing:
                pressing.discard(peer)
        self._turn = (self._turn + 1) % _TURNS
        for peer in tuple(self._peers) if was_calm else self._peers[self._turn :: _TURNS]:
            if peer.rests_until_us <= now_us and peer not in pressing:
                peer.tick(now_us)
                if peer.is_pressing:
                    pressing.add(peer)
                    self._fanout.press()
        self._fanout.run(now_us)

    def _forget(self, peer: MediaPeer) -> None:
        self._fanout.pressing.discard(peer)
        if peer in self._peers:
            self._peers.remove(peer)
