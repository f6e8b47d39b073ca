"""Pictures in groups: nobody can tell them from pictures to each by itself, and they go out together when they can."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.sfu.description import ExtensionIds, LayerWish, TransportState, VideoQuality
from server.sfu.drop_reason import DropReason
from server.sfu.group_fanout import CALM_TURNS
from tests.unit.sfu.audience import Audience, assert_alike, make_impatient, name_of
from tests.unit.sfu.media_lab import (
    THREE_LAYERS,
    VP8,
    Client,
    Encoder,
    make_rtp,
    receive_section,
)

PEOPLE = 7
SSRCS = (1, 2)
RTX_OF = {1: 11, 2: 12}
IDS = ExtensionIds(mid=9, abs_send_time=3, video_orientation=5)
OTHER_IDS = ExtensionIds(mid=9)
QUALITIES = (VideoQuality.LOW, VideoQuality.MEDIUM)


class Cinema(Audience):
    """One camera with two layers and its viewers; `together` lets them be in groups."""

    def __init__(self, *, together: bool, temporal: bool = False) -> None:
        super().__init__(together=together)
        self.actor = self.lab.client()
        self.camera = self.lab.track(layers=THREE_LAYERS[:2])
        self.actor.peer.receive(
            receive_section(ssrcs=(1, 2, 11, 12), sim_ssrcs=SSRCS, rtx_pairs=tuple(RTX_OF.items())), self.camera
        )
        self.encoders = [Encoder(ssrc=ssrc, temporal=temporal, packets_per_frame=3) for ssrc in SSRCS]
        self.kept: list[bytes] = []

    def join(self, quality: VideoQuality = VideoQuality.MEDIUM, ids: ExtensionIds = IDS, *, mid: str = "") -> None:
        number, viewer = self.come()
        self.downs.append(
            viewer.watch(
                self.camera,
                mid=mid or name_of(number),
                ssrc=0x100 + number,
                rtx_ssrc=0x200 + number,
                codecs=(VP8,),
                ids=ids,
                wish=LayerWish(quality=quality),
            )
        )

    def picture(self, *, key: bool = False, keep: int = 0, layers: tuple[int, ...] = (0, 1)) -> None:
        """The next picture of each of `layers`; the packets whose bits are set in `keep` come later."""
        for layer in layers:
            for index, packet in enumerate(self.encoders[layer].frame(key=key)):
                if keep >> index & 1:
                    self.kept.append(packet)
                else:
                    self.actor.rtp(packet)

    def late(self) -> None:
        """What was kept back comes now."""
        kept, self.kept = self.kept, []
        for packet in kept:
            self.actor.rtp(packet)

    def empty(self) -> None:
        """A packet of padding alone on the camera's own SSRC, as probes for bandwidth may be."""
        encoder = self.encoders[1]
        self.actor.rtp(
            make_rtp(
                payload_type=96,
                sequence=encoder.sequence,
                timestamp=encoder.timestamp,
                ssrc=encoder.ssrc,
                payload=b"",
                padding=200,
            )
        )
        encoder.sequence = (encoder.sequence + 1) & 0xFFFF

    def send(self) -> None:
        self.picture()


def cinema(people: int = PEOPLE, *, together: bool = True) -> Cinema:
    built = Cinema(together=together)
    for _ in range(people):
        built.join()
    built.lab.step()
    built.picture(key=True)
    built.lab.step()
    return built


def numbers(viewer: Client) -> list[int]:
    first = viewer.out[0].sequence
    return [(packet.sequence - first) & 0xFFFF for packet in viewer.out if packet.ssrc < 0x200]


def test_after_a_calm_while_pictures_go_out_together() -> None:
    one = cinema()
    one.calm(30)
    # Two layers take a turn each.
    one.calm(40)
    assert one.groups
    (group,) = one.groups
    assert len(group.writers) == 5, "names of one letter; those of two are too few"
    assert group.sent > 30
    for viewer in one.people:
        assert numbers(viewer) == list(range(len(viewer.out)))
        assert len(viewer.out) == 71 * 3
    assert one.lab.hub.stats.forwarded == 71 * 3 * PEOPLE
    assert one.lab.hub.stats.dropped[DropReason.OTHER_LAYER] == 71 * 3 * PEOPLE


def test_each_layer_has_a_group_of_its_own() -> None:
    one = Cinema(together=True)
    for number in range(10):
        one.join(QUALITIES[number // 5])
    one.lab.step()
    one.picture(key=True)
    one.calm(80)
    # Of each five, four or three have names of one letter.
    assert [len(group.writers) for group in one.groups] == [5]
    for _ in range(4):
        one.join(VideoQuality.LOW)
    one.lab.step()
    one.picture(key=True)
    one.calm(80)
    alive = [group for group in one.groups if group.sent > 40]
    assert sum(len(group.writers) for group in alive) >= 9
    for viewer in one.people:
        assert numbers(viewer) == list(range(len(viewer.out)))


@pytest.mark.parametrize("change", ["join", "leave", "wish", "layer", "mute", "disconnect", "renegotiate"])
def test_whatever_changes_ends_the_group_and_calm_begins_another(change: str) -> None:
    one = cinema(6)
    one.calm(60)
    sent = one.sent_together
    assert sent
    down = one.downs[1]
    match change:
        case "join":
            one.join()
        case "leave":
            one.people[1].peer.close()
        case "wish":
            down.set_wish(LayerWish(enabled=False))
        case "layer":
            down.set_wish(LayerWish(quality=VideoQuality.LOW))
        case "mute":
            one.camera.set_muted(True)
            one.camera.set_muted(False)
        case "disconnect":
            one.people[1].transport.writer.is_open = False
            one.people[1].turns(TransportState.FAILED)
        case _:
            one.people[1].watch(one.camera, mid=down.section.mid, ssrc=0xF0, rtx_ssrc=0x2F0, codecs=(VP8,), ids=IDS)
    one.lab.step()
    one.picture(key=True)
    one.calm(CALM_TURNS // 2 - 3)
    assert one.sent_together == sent
    one.calm(30)
    assert one.sent_together > sent
    for viewer in (viewer for number, viewer in enumerate(one.people) if number != 1):
        assert numbers(viewer) == list(range(len(viewer.out)))


def test_losses_and_late_packets_do_not_end_a_group() -> None:
    one = cinema(5)
    one.calm(60)
    (group,) = one.groups
    sent = group.sent
    one.picture(keep=0b010)
    one.lab.step()
    one.picture()
    one.lab.step()
    one.late()
    one.lab.step()
    one.empty()
    one.lab.step()
    one.calm(3)
    assert one.groups == {group}
    # Not the picture with a hole, nor what came late, nor the padding with the picture after it.
    assert group.sent == sent + 3
    for viewer in one.people:
        assert sorted(numbers(viewer)) == list(range(len(viewer.out)))


def test_a_nack_is_answered_with_what_the_group_sent() -> None:
    one = cinema(5)
    one.calm(60)
    viewer, down = one.people[2], one.downs[2]
    wanted = viewer.out[-2]
    viewer.peer.answer_nack(down, (wanted.sequence,), one.lab.clock.monotonic_us())
    one.lab.step()
    again = viewer.out[-1]
    assert again.ssrc == 0x202
    assert again.payload == wanted.sequence.to_bytes(2, "big") + wanted.payload


def test_after_a_change_of_layers_picture_numbers_go_on_in_a_group() -> None:
    one = cinema(5)
    for _ in range(2):
        one.picture(layers=(0,))  # so that the layers' own numbers differ
    for down in one.downs:
        down.set_wish(LayerWish(quality=VideoQuality.LOW))
    one.lab.step()
    one.picture(key=True)
    one.calm(60)
    assert one.sent_together
    for viewer in one.people:
        assert numbers(viewer) == list(range(len(viewer.out)))
        pictures = [int.from_bytes(packet.payload[2:4], "big") & 0x7FFF for packet in viewer.out]
        steps = {(after - before) & 0x7FFF for before, after in pairwise(pictures)}
        assert steps == {0, 1}


def test_who_is_alone_gets_the_time_of_sending_as_the_group_does() -> None:
    one = Cinema(together=True)
    for _ in range(6):
        one.join(mid="0")
    one.people[5].transport.writer.meeting_point = None
    one.lab.step()
    one.picture(key=True)
    one.calm(60)
    (group,) = one.groups
    assert len(group.writers) == 5
    times = [[packet.extensions[3] for packet in viewer.out] for viewer in one.people]
    assert len(set(times[0])) > 50
    assert times[5] == times[0]


def test_a_member_that_stays_behind_ends_the_group() -> None:
    one = cinema(6)
    one.calm(60)
    one.downs[1]._forwarder.suspend()
    for _ in range(3):
        one.picture(keep=0b010)
        one.lab.step()
    one.calm(60)
    first, second = sorted(one.groups, key=lambda group: group.sent)
    assert {len(first.writers), len(second.writers)} == {5, 4}
    assert one.people[1].transport.writer not in min(first, second, key=lambda group: len(group.writers)).writers


OPS = st.one_of(
    st.tuples(st.just("picture"), st.booleans(), st.sampled_from((0, 0, 0, 0b001, 0b010, 0b100, 0b111))),
    st.tuples(st.just("picture"), st.just(False), st.just(0)),
    st.tuples(st.just("late")),
    st.tuples(st.just("empty")),
    st.tuples(st.just("step"), st.integers(1, 120)),
    st.tuples(st.just("join"), st.integers(0, 1), st.booleans()),
    st.tuples(st.just("leave"), st.integers(0, 9)),
    st.tuples(st.just("wish"), st.integers(0, 9), st.integers(0, 1), st.booleans()),
    st.tuples(st.just("mute"), st.booleans()),
    st.tuples(st.just("open"), st.integers(0, 9), st.booleans()),
    st.tuples(st.just("connected"), st.integers(0, 9), st.booleans()),
    st.tuples(st.just("nack"), st.integers(0, 9), st.integers(0, 20)),
    st.tuples(st.just("report"), st.integers(0, 9)),
)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    make_impatient(monkeypatch)


def act(one: Cinema, op: tuple[object, ...]) -> None:
    now_us = one.lab.clock.monotonic_us()
    match op:
        case ("picture", bool(key), int(keep)):
            one.picture(key=key, keep=keep)
        case ("late",):
            one.late()
        case ("empty",):
            one.empty()
        case ("step", int(times)):
            one.lab.step(times * 0.02)
        case ("join", int(quality), bool(is_kin)):
            one.join(QUALITIES[quality], IDS if is_kin else OTHER_IDS)
        case ("leave", int(number)) if number < len(one.people):
            one.people[number].peer.close()
        case ("wish", int(number), int(quality), bool(enabled)) if number < len(one.downs):
            one.downs[number].set_wish(LayerWish(quality=QUALITIES[quality], enabled=enabled))
        case ("mute", bool(muted)):
            one.camera.set_muted(muted)
        case ("open", int(number), bool(is_open)) if number < len(one.people):
            one.people[number].transport.writer.is_open = is_open
        case ("connected", int(number), bool(is_connected)) if number < len(one.people):
            one.people[number].turns(TransportState.CONNECTED if is_connected else TransportState.FAILED)
        case ("nack", int(number), int(back)) if number < len(one.downs):
            down = one.downs[number]
            one.people[number].peer.answer_nack(down, ((down.forwarder.munger.following - back) & 0xFFFF,), now_us)
        case ("report", int(number)) if number < len(one.downs):
            one.downs[number].report(now_us, is_fresh=True)
        case _:
            pass
    if op[0] in ("picture", "late", "empty"):
        one.lab.hub.flush()


def play(together: bool, temporal: bool, ops: list[tuple[object, ...]]) -> Cinema:
    one = Cinema(together=together, temporal=temporal)
    for number in range(6):
        one.join(QUALITIES[number % 2], IDS if number % 3 else OTHER_IDS)
    one.lab.step()
    one.picture(key=True)
    for op in ops:
        act(one, op)
    one.lab.step()
    return one


@pytest.mark.usefixtures("impatient")
@settings(max_examples=300, deadline=None)
@given(st.booleans(), st.lists(OPS, min_size=10, max_size=80))
def test_nobody_can_tell_a_group_from_pictures_to_each_by_itself(temporal: bool, ops: list[tuple[object, ...]]) -> None:
    assert_alike(play(True, temporal, ops), play(False, temporal, ops))
