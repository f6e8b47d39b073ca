"""A worker that ticks but forwards nothing says so; one whose subscribers are away does not."""

from __future__ import annotations

from server.sfu.description import MediaKind, TransportState
from server.sfu.flow_watch import STUCK_US, FlowWatch
from tests.unit.sfu.media_lab import Client, Encoder, Lab, receive_section

BEAT_US = 200_000


class Sockets:
    """A `Reading` as we please."""

    def __init__(self) -> None:
        self.received = 0
        self.is_unread = False

    def has_unread(self) -> bool:
        return self.is_unread


class Scene:
    """A publisher of 30 pictures a second, a viewer, and somebody who looks five times a second."""

    def __init__(self) -> None:
        self.lab = Lab()
        self.sockets = Sockets()
        self.watch = FlowWatch(self.lab.hub, self.sockets)
        self.publisher, self.viewer = self.lab.client(), self.lab.client()
        self.up = self.lab.track(MediaKind.VIDEO)
        self.publisher.peer.receive(receive_section(ssrcs=(1,)), self.up)
        self.viewer.watch(self.up)
        self.encoder = Encoder(ssrc=1, temporal=False)
        self.play(self.publisher, key=True)
        assert self.viewer.out
        self.now_us = 0

    def play(self, publisher: Client, *, key: bool = False) -> None:
        for packet in self.encoder.frame(key=key):
            publisher.rtp(packet)
        self.lab.hub.flush()

    def seconds(self, count: float, *, frames: int = 6) -> str | None:
        """The first reason that is found within this time."""
        for _ in range(int(count * 1_000_000 / BEAT_US)):
            for _ in range(frames):
                self.play(self.publisher)
            self.now_us += BEAT_US
            reason = self.watch.look(self.now_us)
            if reason is not None:
                return reason
        return None


def test_what_flows_is_no_reason() -> None:
    scene = Scene()
    assert scene.seconds(10) is None
    assert scene.seconds(10, frames=0) is None


def test_packets_that_come_and_do_not_go_are_one() -> None:
    scene = Scene()
    assert scene.seconds(1) is None
    scene.viewer.transport.writer.is_open = False
    reason = scene.seconds(10)
    assert reason is not None
    assert reason.endswith("none went out for 2.5 s")
    assert STUCK_US <= scene.now_us - 1_000_000 <= 3_500_000


def test_it_counts_anew_when_something_went_out() -> None:
    scene = Scene()
    for _ in range(4):
        scene.viewer.transport.writer.is_open = False
        assert scene.seconds(2) is None
        scene.viewer.transport.writer.is_open = True
        assert scene.seconds(0.4) is None


def test_a_subscriber_who_cannot_be_reached_is_no_reason() -> None:
    scene = Scene()
    scene.viewer.transport.writer.is_open = False
    scene.viewer.transport.selected = ""
    assert scene.seconds(5) is None
    scene.viewer.transport.selected = "udp"
    scene.viewer.turns(TransportState.FAILED)
    assert scene.seconds(5) is None


def test_a_muted_track_and_one_without_subscribers_are_none() -> None:
    scene = Scene()
    scene.up.set_muted(True)
    assert scene.seconds(5) is None
    scene.up.set_muted(False)
    scene.viewer.peer.close()
    assert scene.seconds(5) is None


def test_the_last_words_before_a_silence_are_none() -> None:
    scene = Scene()
    scene.viewer.transport.writer.is_open = False
    assert scene.seconds(0.2, frames=1) is None
    assert scene.seconds(0.2, frames=1) is None
    assert scene.seconds(10, frames=0) is None


def test_datagrams_that_nobody_reads_are_one() -> None:
    scene = Scene()
    scene.sockets.is_unread = True
    for _ in range(20):
        scene.sockets.received += 1
        assert scene.seconds(0.2, frames=0) is None
    assert scene.seconds(2, frames=0) is None
    assert scene.seconds(1, frames=0) == "no datagram was read for 2.5 s, though there were some"
    scene.sockets.is_unread = False
    assert scene.seconds(5, frames=0) is None
