"""VP8, H.264 and RED payloads: whole, cut at every byte, and as LiveKit's encryption leaves them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.sfu import h264, red, vp8
from server.sfu.packet import Packet, Source
from server.sfu.packet_cache import PacketCache
from server.sfu.sequence import Stretch
from tests.unit.sfu.media_lab import vp8_payload

SOURCE = Source(ssrc=1, quality=0, clock_rate=90_000, is_video=True, cache=PacketCache(8))


def describe(payload: bytes, ids: vp8.PictureIds | None = None) -> tuple[Packet, bool]:
    packet = Packet(SOURCE, 1, 1, 0, payload, 0)
    return packet, vp8.describe(packet, ids or vp8.PictureIds())


def test_a_full_descriptor_is_read() -> None:
    packet, is_whole = describe(vp8_payload(key=True, picture_id=300, tl0=9, tid=2, sync=True, keyidx=17))
    assert is_whole
    assert (packet.picture_id, packet.tl0picidx, packet.tid, packet.is_sync, packet.keyidx) == (300, 9, 2, True, 17)
    assert packet.is_keyframe
    assert packet.begins_picture
    assert vp8.frame_size(packet) == (640, 360)


@pytest.mark.parametrize(
    ("payload", "begins", "key"),
    [
        (vp8_payload(key=True), True, True),
        (vp8_payload(key=False), True, False),
        (vp8_payload(start=False, key=True), False, False),
        (b"\x11\x00aa", False, False),  # partition 1 starts: not the beginning of the picture
        (b"\x10\x01", True, False),
    ],
)
def test_the_first_clear_byte_tells_a_key_frame(payload: bytes, begins: bool, key: bool) -> None:
    packet, _ = describe(payload)
    assert (packet.begins_picture, packet.is_keyframe) == (begins, key)


def test_a_cut_descriptor_is_left_alone() -> None:
    whole = vp8_payload(key=True, picture_id=300, tl0=9, tid=1, keyidx=1, body=b"")
    for size in range(6):
        packet, is_whole = describe(whole[:size])
        assert not is_whole
        assert (packet.picture_at, packet.tl0_at, packet.key_at, packet.tid) == (0, 0, 0, 99 if size == 0 else 0)
        assert packet.payload == whole[:size]
    assert describe(whole[:6])[1]


def test_short_picture_ids_are_widened_and_followed_over_their_wrap() -> None:
    ids = vp8.PictureIds()
    seen = []
    for number in (126, 127, 0, 127, 1, 2):
        packet, is_whole = describe(vp8_payload(picture_id=number, tl0=1, short_id=True, body=b"z"), ids)
        assert is_whole
        assert packet.payload[2] & 0x80, "now a long one"
        assert packet.payload[5:] == b"\x11\x00\x00z"
        assert packet.size == len(packet.payload)
        seen.append(packet.picture_id)
    assert seen == [126, 127, 128, 127, 129, 130]


@given(
    st.integers(0, 0x7FFF),
    st.one_of(st.none(), st.integers(0, 255)),
    st.one_of(st.none(), st.integers(0, 3)),
    st.one_of(st.none(), st.integers(0, 31)),
    st.integers(-1 << 20, 1 << 20),
)
def test_rewriting_shifts_exactly_what_is_there(
    picture: int, tl0: int | None, tid: int | None, keyidx: int | None, shift: int
) -> None:
    packet, _ = describe(vp8_payload(picture_id=picture, tl0=tl0, tid=tid, keyidx=keyidx))
    stretch = Stretch(SOURCE, 1, 0, 0, shift, shift, shift)
    buffer = bytearray(b"??" + packet.payload)
    vp8.rewrite(buffer, 2, packet, stretch)
    again, _ = describe(bytes(buffer[2:]))
    assert again.picture_id == (picture + shift) & 0x7FFF
    assert again.tl0picidx == ((tl0 + shift) & 0xFF if tl0 is not None else 0)
    assert again.keyidx == ((keyidx + shift) & 0x1F if keyidx is not None else 0)
    assert again.tid == (tid or 0)
    assert buffer[:2] == b"??"


def test_an_unreadable_size_is_none() -> None:
    assert vp8.frame_size(describe(vp8_payload(key=False))[0]) is None
    packet, _ = describe(vp8_payload(key=True)[:8])
    assert packet.is_keyframe
    assert vp8.frame_size(packet) is None
    assert vp8.frame_size(describe(vp8_payload(key=True, size=(0, 360)))[0]) is None


@given(st.binary(max_size=40))
def test_no_payload_raises(payload: bytes) -> None:
    packet, _ = describe(payload)
    vp8.frame_size(packet)
    h264.inspect(payload)
    red.blocks(payload)
    red.primary(payload)


SPS, PPS, IDR, SLICE = b"\x67sps", b"\x68pps", b"\x65idr", b"\x41slice"


def stap(*units: bytes) -> bytes:
    return b"\x78" + b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (SPS, (True, False)),
        (IDR, (False, True)),
        (SLICE, (False, False)),
        (PPS, (False, False)),
        (stap(SPS, PPS), (True, False)),
        (stap(SPS, PPS, IDR), (True, True)),
        (stap(SLICE, SLICE), (False, False)),
        (stap(SPS)[:-1], (False, False)),
        (b"\x78\x00\x00" + IDR, (False, False)),
        (b"\x7c\x85idr", (False, True)),
        (b"\x7c\x05idr", (False, False)),
        (b"\x7c\x87sps", (True, False)),
        (b"\x7c", (False, False)),
        (b"", (False, False)),
    ],
)
def test_units_are_found(payload: bytes, expected: tuple[bool, bool]) -> None:
    assert h264.inspect(payload) == expected


def test_a_decoder_starts_at_the_parameter_sets_when_they_are_repeated() -> None:
    starts = h264.PictureStarts()
    stream = [(stap(SPS, PPS), 1), (IDR, 1), (SLICE, 2), (SPS, 3), (SPS, 3), (IDR, 3), (IDR, 4)]
    assert [starts.is_keyframe_start(*packet) for packet in stream] == [True, False, False, True, False, False, False]


def test_without_parameter_sets_the_first_idr_slice_is_the_start() -> None:
    starts = h264.PictureStarts()
    stream = [(SLICE, 1), (IDR, 2), (IDR, 2), (SLICE, 3), (IDR, 4)]
    assert [starts.is_keyframe_start(*packet) for packet in stream] == [False, True, False, False, True]


def red_payload(*older: tuple[int, bytes], primary: bytes) -> bytes:
    head = b"".join((0x80 << 24 | 111 << 24 | back << 10 | len(data)).to_bytes(4, "big") for back, data in older)
    return head + bytes((111,)) + b"".join(data for _, data in older) + primary


@given(st.lists(st.tuples(st.integers(0, 0x3FFF), st.binary(max_size=50)), max_size=4), st.binary(max_size=60))
def test_red_blocks_come_back(older: list[tuple[int, bytes]], primary: bytes) -> None:
    payload = red_payload(*older, primary=primary)
    assert red.blocks(payload) == [*((111, back, data) for back, data in older), (111, 0, primary)]
    assert red.primary(payload) == primary


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xef",
        b"\xef\x00\x00",
        b"\xef\x00\x00\x05",
        b"\xef\x00\x00\x05\x6fab",
        (b"\xef\x00\x00\x00" * 40) + b"\x6f",
    ],
)
def test_red_that_contradicts_itself_is_none(payload: bytes) -> None:
    assert red.blocks(payload) is None
    assert red.primary(payload) is None
