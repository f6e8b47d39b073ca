"""Layer switches without a seam: dense numbers, rising timestamps, VP8 picture ids as one encoder would write them."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from server.sfu import vp8
from server.sfu.burst import Burst
from server.sfu.drop_reason import DropReason
from server.sfu.forwarder import Forwarder
from server.sfu.packet import Packet, Source
from server.sfu.packet_cache import PacketCache
from server.sfu.rtp import HEADER, payload_bounds
from server.sfu.sequence import Stretch, extend, first_extended
from tests.unit.sfu.media_lab import Encoder, vp8_payload


def make_source(ssrc: int, *, is_video: bool = True, rate: int = 90_000) -> Source:
    return Source(ssrc=ssrc, quality=ssrc, clock_rate=rate, is_video=is_video, cache=PacketCache(8))


class Feed:
    """An encoder whose packets come parsed, as a layer would queue them."""

    def __init__(self, ssrc: int, **options: int) -> None:
        self.source = make_source(ssrc)
        self.encoder = Encoder(ssrc=ssrc, **options)  # type: ignore[arg-type]  # only its numbers are given here
        self.ids = vp8.PictureIds()
        self.highest = -1

    def frame(self, *, key: bool = False, at_us: int = 0) -> list[Packet]:
        return [self._parse(data, at_us) for data in self.encoder.frame(key=key)]

    def _parse(self, data: bytes, at_us: int) -> Packet:
        _, second, number, timestamp, _ = HEADER.unpack_from(data)
        bounds = payload_bounds(data)
        assert bounds is not None
        self.highest = first_extended(number) if self.highest < 0 else extend(number, self.highest)
        packet = Packet(self.source, self.highest, timestamp, second & 0x80, data[slice(*bounds)], at_us)
        assert vp8.describe(packet, self.ids)
        return packet


def reason_of(forwarder: Forwarder) -> DropReason:
    """A call, because a checker takes an attribute's last comparison for its type."""
    return forwarder.reason


@dataclass
class Sent:
    packet: Packet
    sequence: int
    timestamp: int
    picture: int
    tl0: int
    keyidx: int


def sent(packet: Packet, stretch: Stretch) -> Sent:
    buffer = bytearray(100)
    buffer[: packet.size] = packet.payload
    vp8.rewrite(buffer, 0, packet, stretch)
    again = Packet(packet.source, 0, 0, 0, bytes(buffer[: packet.size]), 0)
    assert vp8.describe(again, vp8.PictureIds())
    end = 6
    assert again.payload[end:] == packet.payload[end:], "only the descriptor's numbers change"
    assert (again.tid, again.is_sync, again.is_keyframe) == (packet.tid, packet.is_sync, packet.is_keyframe)
    return Sent(
        packet,
        (packet.sequence + stretch.sequence) & 0xFFFF,
        (packet.timestamp + stretch.timestamp) & 0xFFFFFFFF,
        again.picture_id,
        again.tl0picidx,
        again.keyidx,
    )


class OneEncoder:
    """The model: what a single encoder would have written for the same pictures."""

    def __init__(self) -> None:
        self.last: Sent | None = None

    def check(self, now: Sent) -> None:
        last = self.last
        self.last = now
        if last is None:
            return
        assert (now.sequence - last.sequence) & 0xFFFF == 1
        is_new = (now.packet.source, now.packet.picture_id) != (last.packet.source, last.packet.picture_id)
        assert (now.picture - last.picture) & 0x7FFF == int(is_new)
        # A delta picture of an upper layer belongs to the last base picture.
        begins_base = is_new and now.packet.tid == 0
        assert (now.tl0 - last.tl0) & 0xFF == int(begins_base)
        assert (now.keyidx - last.keyidx) & 0x1F == int(begins_base)
        step = (now.timestamp - last.timestamp) & 0xFFFFFFFF
        assert 0 < step < 90_000 * 3 if is_new else step == 0
        if now.packet.source is not last.packet.source:
            assert now.packet.is_keyframe


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 2),  # the wished source
            st.sampled_from([0, 1, 2, 7]),  # the wished temporal layer
            st.sampled_from([(), (0,), (1,), (2,), (0, 1, 2)]),  # who sends a key frame now
            st.booleans(),  # a pause before this picture
        ),
        min_size=5,
        max_size=60,
    ),
    st.booleans(),
)
def test_the_output_is_one_encoders_whatever_is_switched(
    steps: list[tuple[int, int, tuple[int, ...], bool]], with_reports: bool
) -> None:
    feeds = [
        Feed(0),
        Feed(1, first_sequence=7, first_timestamp=1, first_picture=3),
        Feed(2, first_sequence=40_000, first_timestamp=0x8000_0000, first_picture=0x4000, packets_per_frame=3),
    ]
    if with_reports:
        for feed in feeds:
            feed.source.clock.report(100 << 32, feed.encoder.timestamp, 0)
    forwarder = Forwarder(0xFFF0)
    model = OneEncoder()
    now_us = 0
    for wished, tid, keys, pauses in steps:
        now_us += 33_333
        if pauses:
            forwarder.set_target(None)
        forwarder.set_target(feeds[wished].source, tid)
        for index, feed in enumerate(feeds):
            for packet in feed.frame(key=index in keys, at_us=now_us):
                stretch = forwarder.decide(packet)
                if stretch is not None:
                    assert packet.tid <= tid
                    model.check(sent(packet, stretch))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(["in time", "late", "lost"]), min_size=8, max_size=120),
    st.sampled_from([0, 1, 7]),
)
def test_late_packets_take_the_place_that_was_kept_for_them(fates: list[str], tid: int) -> None:
    feed = Feed(0)
    packets = [p for i in range(len(fates) // 2) for p in feed.frame(key=i == 0)]
    arriving: list[Packet] = []
    late: list[Packet] = []
    for packet, fate in zip(packets, fates, strict=False):
        if fate == "in time" or packet in (packets[0], packets[-1]):
            arriving.append(packet)
        elif fate == "late":
            late.append(packet)
    forwarder = Forwarder(5)
    forwarder.set_target(feed.source, tid)
    out: dict[int, int] = {}
    filled = set()
    for packet in [*arriving, *reversed(late)]:
        stretch = forwarder.decide(packet)
        if stretch is not None:
            number = (packet.sequence + stretch.sequence) & 0xFFFF
            assert number not in out.values()
            out[packet.sequence] = number
        else:
            kept = forwarder.find_late(packet)
            if kept is not None:
                filled.add((packet.sequence + kept.sequence) & 0xFFFF)
    ordered = [out[number] for number in sorted(out)]
    assert ordered == sorted(ordered), "the order of the publisher is kept"
    assert not filled & set(out.values())
    if "lost" not in fates:
        used = set(out.values()) | filled
        assert used == set(range(5, max(used) + 1)), "nothing that a subscriber would ask for in vain"


def test_a_burst_is_decided_like_its_packets() -> None:
    by_packet, by_burst = Feed(0), Feed(0)
    one, two = Forwarder(9), Forwarder(9)
    one.set_target(by_packet.source)
    two.set_target(by_burst.source)
    for i in range(12):
        singles = by_packet.frame(key=i == 0)
        burst = Burst(by_burst.frame(key=i == 0))
        assert burst.is_whole
        stretch = two.decide_burst(burst)
        expected = [one.decide(packet) for packet in singles]
        if stretch is None:
            assert i == 0, "only the key frame needs a look at each packet"
            got = [two.decide(packet) for packet in burst.packets]
        else:
            got = [stretch] * len(singles)
        assert [s and s.sequence for s in got] == [s and s.sequence for s in expected]
    one.set_target(by_packet.source, 0)
    two.set_target(by_burst.source, 0)
    assert two.decide_burst(Burst(by_burst.frame())) is not None, "a base picture"
    assert two.decide_burst(Burst(by_burst.frame())) is None, "an upper layer is not decided in one step"


def test_bursts_with_a_gap_or_extensions_are_not_whole() -> None:
    feed = Feed(0)
    packets = feed.frame(key=True) + feed.frame()
    assert not Burst([packets[0], packets[2]]).is_whole
    packets[1].has_extensions = True
    assert not Burst(packets).is_whole


def test_padding_is_closed_up_and_its_late_place_is_filled() -> None:
    source = make_source(1, is_video=False, rate=48_000)
    forwarder = Forwarder(100)
    forwarder.set_target(source)

    def audio(sequence: int, payload: bytes) -> Packet:
        return Packet(source, sequence, sequence * 960, 0, payload, 0)

    assert forwarder.decide(audio(10, b"")) is None
    assert reason_of(forwarder) is DropReason.AWAITING_KEYFRAME, "a stream does not begin with nothing"
    numbers = []
    for sequence, payload in ((11, b"a"), (12, b""), (14, b"b")):
        stretch = forwarder.decide(audio(sequence, payload))
        numbers.append(stretch and (sequence + stretch.sequence) & 0xFFFF)
    assert numbers == [100, None, 102], "12 was closed up, 13 stays reserved"
    assert forwarder.decide(audio(12, b"")) is None
    assert reason_of(forwarder) is DropReason.LATE
    assert forwarder.decide(audio(13, b"")) is None
    assert reason_of(forwarder) is DropReason.PADDING
    kept = forwarder.find_late(audio(13, b""))
    assert kept is not None
    assert 13 + kept.sequence == 101


def test_reasons_and_state_tell_what_is_waited_for() -> None:
    low, high = Feed(1), Feed(2)
    forwarder = Forwarder(0)
    assert forwarder.last_timestamp == 0
    assert forwarder.decide(low.frame()[0]) is None
    assert reason_of(forwarder) is DropReason.OTHER_LAYER
    forwarder.set_target(low.source)
    assert forwarder.decide(low.frame()[0]) is None
    assert reason_of(forwarder) is DropReason.AWAITING_KEYFRAME
    packet = low.frame(key=True)[0]
    assert forwarder.decide(packet) is not None
    assert forwarder.last is packet
    assert forwarder.last_timestamp == packet.timestamp
    forwarder.set_target(high.source, 1)
    assert forwarder.awaits_keyframe, "of the other layer"
    assert forwarder.decide(low.frame()[0]) is None
    assert reason_of(forwarder) is DropReason.TEMPORAL_LAYER
    forwarder.suspend()
    assert forwarder.current is None
    assert forwarder.target is high.source
    assert forwarder.temporal_limit == 1


def test_the_rest_of_a_picture_goes_out_after_the_limit_fell() -> None:
    feed = Feed(0)
    forwarder = Forwarder(0)
    forwarder.set_target(feed.source)
    for packet in feed.frame(key=True):
        assert forwarder.decide(packet) is not None
    first, second = feed.frame()
    assert forwarder.decide(first) is not None
    forwarder.set_target(feed.source, 0)
    assert forwarder.decide(second) is not None, "half a picture is of no use"
    assert forwarder.decide(feed.frame()[0]) is None


def test_timestamps_follow_the_senders_wall_clock_over_a_switch() -> None:
    """Both layers say when they captured: the new one continues where the old one would stand at that instant."""
    old, new = Feed(1), Feed(2, first_timestamp=77)
    second = 1 << 32
    old.source.clock.report(50 * second, old.encoder.timestamp, 0)
    new.source.clock.report(50 * second + second // 2, new.encoder.timestamp, 0)
    forwarder = Forwarder(0)
    forwarder.set_target(old.source)
    first = old.frame(key=True, at_us=0)[0]
    assert forwarder.decide(first) is not None
    forwarder.set_target(new.source)
    packet = new.frame(key=True, at_us=900_000)[0]
    stretch = forwarder.decide(packet)
    assert stretch is not None
    assert (packet.timestamp + stretch.timestamp - first.timestamp) & 0xFFFFFFFF == 45_000, "half a second, not 0.9 s"


def test_a_clock_that_disagrees_too_much_is_not_believed() -> None:
    old, new = Feed(1), Feed(2, first_timestamp=77)
    old.source.clock.report(50 << 32, old.encoder.timestamp, 0)
    new.source.clock.report(500 << 32, new.encoder.timestamp, 0)
    forwarder = Forwarder(0)
    forwarder.set_target(old.source)
    first = old.frame(key=True, at_us=0)[0]
    forwarder.decide(first)
    forwarder.set_target(new.source)
    packet = new.frame(key=True, at_us=1_000_000)[0]
    stretch = forwarder.decide(packet)
    assert stretch is not None
    assert (packet.timestamp + stretch.timestamp - first.timestamp) & 0xFFFFFFFF == 90_000, "the time that passed"


def test_the_same_instant_on_two_layers_gets_a_new_timestamp() -> None:
    old, new = Feed(1), Feed(2)
    for feed in (old, new):
        feed.source.clock.report(50 << 32, feed.encoder.timestamp, 0)
    forwarder = Forwarder(0)
    forwarder.set_target(old.source)
    first = old.frame(key=True)[0]
    forwarder.decide(first)
    forwarder.set_target(new.source)
    packet = new.frame(key=True)[0]
    stretch = forwarder.decide(packet)
    assert stretch is not None
    assert (packet.timestamp + stretch.timestamp - first.timestamp) & 0xFFFFFFFF == 1


def test_a_source_without_descriptors_is_forwarded_as_it_is() -> None:
    """A payload that cannot be read still flows; nothing of it is rewritten."""
    source = make_source(1)
    packet = Packet(source, 70_000, 1, 0, vp8_payload(key=True), 0)
    assert vp8.describe(packet, vp8.PictureIds())
    forwarder = Forwarder(0)
    forwarder.set_target(source)
    assert forwarder.decide(packet) is not None
    garbage = Packet(source, 70_001, 2, 0, b"\xff", 0)
    assert not vp8.describe(garbage, vp8.PictureIds())
    stretch = forwarder.decide(garbage)
    assert stretch is not None
    buffer = bytearray(b"\xff")
    vp8.rewrite(buffer, 0, garbage, stretch)
    assert buffer == b"\xff"
