"""The generated payloads look like VP8 and Opus to whoever reads their headers, and keep their rate."""

from __future__ import annotations

import pytest

from bench.client.vp8 import STAMP, OpusSource, Vp8Source, is_key_start


def source(bitrate_bps: int = 2_500_000, *, has_temporal_layers: bool = False) -> Vp8Source:
    return Vp8Source(
        width=1280, height=720, fps=30, bitrate_bps=bitrate_bps, seed=1, has_temporal_layers=has_temporal_layers
    )


def test_a_key_frame_begins_like_one_and_others_do_not() -> None:
    made = source()
    key, delta = made.frame(is_key=True), made.frame(is_key=False)
    assert [is_key_start(payload) for payload in key] == [True] + [False] * (len(key) - 1)
    assert not any(is_key_start(payload) for payload in delta)
    # RFC 6386 §9.1: start code, width and height follow the frame tag.
    assert key[0][4 + 3 : 4 + 10] == b"\x9d\x01\x2a" + (1280).to_bytes(2, "little") + (720).to_bytes(2, "little")


def test_the_bitrate_is_kept() -> None:
    made = source()
    size = sum(len(payload) + STAMP.size for _ in range(300) for payload in made.frame(is_key=False))
    assert size * 8 / 10 == pytest.approx(2_500_000, rel=0.05)


def test_pieces_of_a_frame_differ_by_one_byte_at_most() -> None:
    made = source()
    for _ in range(20):
        sizes = [len(payload) for payload in made.frame(is_key=False)]
        assert max(sizes) - min(sizes) <= 1


def test_picture_ids_count_up_over_their_wrap() -> None:
    made = source(100_000)
    made._picture = 0x7FFE
    ids = [int.from_bytes(made.frame(is_key=False)[0][2:4]) & 0x7FFF for _ in range(3)]
    assert ids == [0x7FFF, 0, 1]


def test_temporal_layers_repeat_and_name_their_base() -> None:
    made = source(100_000, has_temporal_layers=True)
    heads = [made.frame(is_key=index == 0)[0][:6] for index in range(5)]
    assert [head[5] >> 6 for head in heads] == [0, 2, 1, 2, 0]
    assert (heads[4][4] - heads[0][4]) & 0xFF == 1, "TL0PICIDX counts base pictures"
    assert [bool(head[0] & 0x20) for head in heads] == [False, True, False, True, False]


def test_a_quiet_microphone_sends_one_packet_in_twenty() -> None:
    made = OpusSource(seed=1)
    made.is_talking = False
    packets = [made.packet() for _ in range(200)]
    assert sum(packet is not None for packet in packets) == 10
    made.is_talking = True
    assert all(made.packet() is not None for _ in range(50))
