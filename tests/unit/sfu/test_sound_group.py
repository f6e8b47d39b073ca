"""Sound in groups: nobody can tell it from sound to each by itself, and it goes out together whenever it can."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.sfu import rtp
from server.sfu.description import Codec, ExtensionIds, LayerWish, MediaKind, TransportState
from server.sfu.group_fanout import CALM_TURNS
from tests.unit.sfu.audience import Audience, assert_alike, make_impatient, name_of
from tests.unit.sfu.media_lab import OPUS, RED, make_rtp, receive_section

MIC = 9
PEOPLE = 7
# Opus alone, RED as well, other numbers: three kinds that cannot be in one group.
KINDS = ((OPUS,), (OPUS, RED), (Codec(mime="audio/opus", payload_type=109, clock_rate=48_000, channels=2),))
IDS = ExtensionIds(mid=9, abs_send_time=3, audio_level=6)


class Hall(Audience):
    """One microphone and its listeners; `together` lets them be in groups."""

    def __init__(self, *, together: bool) -> None:
        super().__init__(together=together)
        self.singer = self.lab.client()
        self.mic = self.lab.track(MediaKind.AUDIO, "audio/red")
        self.singer.peer.receive(receive_section(kind=MediaKind.AUDIO, codecs=(OPUS, RED), ssrcs=(MIC,)), self.mic)
        self.sequence = 65_500

    def join(self, kind: int = 0, ids: ExtensionIds = IDS) -> None:
        number, listener = self.come()
        self.downs.append(
            listener.watch(
                self.mic, mid=name_of(number), ssrc=0x100 + number, codecs=KINDS[kind], ids=ids, rtx_ssrc=None
            )
        )

    def sound(self, *, skip: int = 0, back: int = 0, level: int = 0x94, size: int = 20, is_red: bool = False) -> None:
        """The next packet; `skip` numbers are missing before it, or it is `back` numbers late. `level` -1: none."""
        if back:
            number = self.sequence - back
        else:
            self.sequence += 1 + skip
            number = self.sequence
        body = bytes((number & 0xFF,)) * size
        self.singer.rtp(
            make_rtp(
                payload_type=63 if is_red else 111,
                sequence=number,
                timestamp=number * 960,
                ssrc=MIC,
                payload=bytes((111,)) + body if is_red else body,
                elements=rtp.element(1, bytes((level,))) if level >= 0 else b"",
            )
        )

    def send(self) -> None:
        self.sound()


def hall(people: int = PEOPLE, *, together: bool = True) -> Hall:
    built = Hall(together=together)
    for _ in range(people):
        built.join()
    built.lab.step()
    return built


def test_after_a_calm_second_sound_goes_out_together() -> None:
    one = hall()
    one.calm(CALM_TURNS - 1)
    assert one.groups == set()
    one.calm(60 - CALM_TURNS + 1)
    # Two groups: names of one letter and of two; the smaller is none.
    (group,) = one.groups
    assert len(group.writers) == 5
    assert group.sent == 60 - CALM_TURNS
    for listener in one.people:
        numbers = [packet.sequence for packet in listener.out]
        assert numbers == list(range(numbers[0], numbers[0] + 60))
    assert one.lab.hub.stats.forwarded == 60 * PEOPLE


def test_three_are_too_few() -> None:
    few = hall(3)
    few.calm(120)
    assert few.groups == set()


@pytest.mark.parametrize("change", ["join", "leave", "wish", "mute", "disconnect", "renegotiate", "codec"])
def test_whatever_changes_ends_the_group_and_calm_begins_another(change: str) -> None:
    one = hall(6)
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
        case "mute":
            one.mic.set_muted(True)
            one.mic.set_muted(False)
        case "disconnect":
            one.people[1].transport.writer.is_open = False
            one.people[1].turns(TransportState.FAILED)
        case "renegotiate":
            one.people[1].watch(one.mic, mid=down.section.mid, ssrc=0xF00, codecs=(OPUS,), ids=IDS, rtx_ssrc=None)
        case _:
            one.sound(is_red=True, level=-1)
    one.calm(40)
    assert one.sent_together == sent
    one.calm(30)
    assert one.sent_together > sent
    wanted = [number for number in range(6) if number != 1 or change not in ("leave", "wish", "disconnect")]
    for number in wanted:
        packets = one.people[number].out
        assert [packet.payload for packet in packets[-70:]] == [packet.payload for packet in one.people[0].out[-70:]]
        numbers = [packet.sequence for packet in packets]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    if change in ("leave", "wish", "disconnect"):
        assert len(one.people[1].out) == 60


def test_what_a_group_cannot_send_goes_to_each() -> None:
    one = hall(5)
    one.calm(60)
    one.sound(size=400)
    one.lab.step()
    assert all(len(listener.out[-1].payload) == 400 for listener in one.people)


def test_a_late_packet_takes_its_reserved_number_and_the_group_goes_on() -> None:
    one = hall(5)
    one.calm(60)
    sent = one.sent_together
    one.sound(skip=1)
    one.sound(back=1)
    one.sound()
    one.lab.step()
    assert one.sent_together == sent + 2
    for listener in one.people:
        packets = listener.out[-4:]
        assert sorted(packet.sequence - packets[0].sequence for packet in packets) == [0, 1, 2, 3]
        assert {packet.sequence - packet.payload[0] & 0xFF for packet in packets} == {
            packets[0].sequence - packets[0].payload[0] & 0xFF
        }, "each payload under its own number"


OPS = st.one_of(
    st.tuples(st.just("sound"), st.integers(0, 2), st.integers(-1, 2), st.booleans()),
    st.tuples(st.just("sound"), st.just(0), st.just(1), st.just(False)),
    st.tuples(st.just("late"), st.integers(1, 4)),
    st.tuples(st.just("empty")),
    st.tuples(st.just("step"), st.integers(1, 120)),
    st.tuples(st.just("join"), st.integers(0, 2)),
    st.tuples(st.just("leave"), st.integers(0, 9)),
    st.tuples(st.just("wish"), st.integers(0, 9), st.booleans()),
    st.tuples(st.just("mute"), st.booleans()),
    st.tuples(st.just("open"), st.integers(0, 9), st.booleans()),
    st.tuples(st.just("report"), st.integers(0, 9)),
    st.tuples(st.just("clock")),
)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    make_impatient(monkeypatch)


def play(together: bool, ops: list[tuple[object, ...]]) -> Hall:
    one = Hall(together=together)
    for number in range(5):
        one.join(number % 2)
    one.lab.step()
    for op in ops:
        match op:
            case ("sound", int(skip), int(level), bool(is_red)):
                one.sound(skip=skip, level=level * 50 if level > 0 else level, is_red=is_red)
            case ("late", int(back)):
                one.sound(back=back)
            case ("empty",):
                one.sound(size=0)
            case ("step", int(times)):
                one.lab.step(times * 0.02)
            case ("join", int(kind)):
                one.join(kind)
            case ("leave", int(number)) if number < len(one.people):
                one.people[number].peer.close()
            case ("wish", int(number), bool(enabled)) if number < len(one.downs):
                one.downs[number].set_wish(LayerWish(enabled=enabled))
            case ("mute", bool(muted)):
                one.mic.set_muted(muted)
            case ("open", int(number), bool(is_open)) if number < len(one.people):
                one.people[number].transport.writer.is_open = is_open
            case ("report", int(number)) if number < len(one.downs):
                one.downs[number].report(one.lab.clock.monotonic_us(), is_fresh=True)
            case ("clock",):
                for layer in one.mic.live.values():
                    ntp, now_us = one.sequence << 20, one.lab.clock.monotonic_us()
                    layer.source.clock.report(ntp, one.sequence * 960 & 0xFFFFFFFF, now_us)
            case _:
                pass
        if op[0] in ("sound", "late", "empty"):
            one.lab.hub.flush()
    one.lab.step()
    return one


@pytest.mark.usefixtures("impatient")
@settings(max_examples=300, deadline=None)
@given(st.lists(OPS, min_size=10, max_size=80))
def test_nobody_can_tell_a_group_from_sound_to_each_by_itself(ops: list[tuple[object, ...]]) -> None:
    assert_alike(play(True, ops), play(False, ops))
