"""Headers with everything that RFC 3550 and RFC 8285 allow, and with everything that they forbid."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.sfu.description import ExtensionIds
from server.sfu.rtp import ExtensionReader, ExtensionWriter, abs_send_time, block, element, payload_bounds
from tests.unit.sfu.media_lab import UP_IDS, make_rtp, take_apart


def packet(**changes: object) -> bytes:
    values: dict[str, object] = {"payload_type": 96, "sequence": 1, "timestamp": 2, "ssrc": 3, "payload": b"payload"}
    return make_rtp(**(values | changes))  # type: ignore[arg-type]  # a table of keyword arguments


def test_payload_is_found_behind_sources_and_extensions_and_before_padding() -> None:
    plain = packet(elements=element(4, b"7"), padding=5)
    bounds = payload_bounds(plain)
    assert bounds is not None
    assert plain[slice(*bounds)] == b"payload"
    with_sources = bytes((plain[0] | 2,)) + plain[1:12] + bytes(8) + plain[12:]
    bounds = payload_bounds(with_sources)
    assert bounds is not None
    assert with_sources[slice(*bounds)] == b"payload"


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"\x80" * 11,
        b"\x40" + bytes(11),  # version 1
        b"\x8f" + bytes(11),  # fifteen sources that are not there
        b"\x90" + bytes(13),  # an extension header cut short
        b"\x90" + bytes(11) + b"\xbe\xde\x00\x09",  # an extension block that is not there
        b"\xa0" + bytes(11),  # padding of zero
        b"\xa0" + bytes(11) + b"\x00\x09",  # more padding than packet
    ],
)
def test_contradicting_lengths_are_refused(bad: bytes) -> None:
    assert payload_bounds(bad) is None


def test_all_extensions_are_read_in_both_forms() -> None:
    reader = ExtensionReader(UP_IDS)
    values = {4: b"mid", 10: b"q", 11: b"h", 2: b"\x01\x02\x03", 1: b"\x94", 13: b"\x01", 12: b"\x00\x10\x20"}
    one_byte = b"\x00" + b"".join(element(i, v) for i, v in values.items())
    two_byte = b"\x00" + b"".join(bytes((i, len(v))) + v for i, v in values.items()) + bytes((9, 0))
    two_byte += bytes(-len(two_byte) % 4)
    plain = packet(elements=one_byte)
    wide = packet()
    wide = b"\x90" + wide[1:12] + b"\x10\x03" + (len(two_byte) // 4).to_bytes(2, "big") + two_byte + wide[12:]
    for form in (plain, wide):
        reader.read(form)
        assert (reader.mid, reader.rid, reader.repaired_rid) == (b"mid", b"q", b"h")
        assert (reader.abs_send_time, reader.audio_level) == (0x010203, 0x94)
        assert (reader.orientation, reader.playout_delay) == (b"\x01", b"\x00\x10\x20")
    reader.read(packet())
    assert (reader.mid, reader.abs_send_time, reader.audio_level, reader.orientation) == (None, -1, -1, None)


@pytest.mark.parametrize(
    "elements",
    [
        bytes((0xF0, 4 << 4, 65, 0)),  # id 15 ends the block
        bytes((4 << 4 | 7, 65, 66, 67)),  # the element overruns the block
        bytes((2 << 4, 1, 0, 0)),  # a send time of one byte
    ],
)
def test_a_broken_element_ends_the_walk(elements: bytes) -> None:
    reader = ExtensionReader(UP_IDS)
    reader.read(packet(elements=elements))
    assert (reader.mid, reader.abs_send_time) == (None, -1)


@pytest.mark.parametrize(
    "raw", [b"\x10\x00\x00\x01\x04\x09ab", b"\x10\x00\x00\x01\x01\x00\x00\x04", b"\xab\xcd\x00\x01aaaa"]
)
def test_broken_and_foreign_blocks_are_passed_over(raw: bytes) -> None:
    plain = packet()
    reader = ExtensionReader(UP_IDS)
    reader.read(b"\x90" + plain[1:12] + raw + plain[12:])
    assert (reader.mid, reader.audio_level) == (None, -1)


@given(st.binary(min_size=12, max_size=80))
def test_no_input_raises(data: bytes) -> None:
    data = bytes((0x80 | data[0] & 0x3F,)) + data[1:]
    if payload_bounds(data) is not None:
        ExtensionReader(UP_IDS).read(data)


def written(writer: ExtensionWriter, block_bytes: bytes) -> dict[int, bytes]:
    plain = packet()
    return take_apart((b"\x90" if block_bytes else b"\x80") + plain[1:12] + block_bytes + plain[12:]).extensions


def test_blocks_are_written_in_the_ids_of_the_section() -> None:
    ids = ExtensionIds(mid=3, abs_send_time=7, audio_level=9, video_orientation=2, playout_delay=5)
    writer = ExtensionWriter(ids, "12")
    common = {3: b"12", 7: b"abc"}
    assert written(writer, writer.plain(b"abc")) == common
    assert written(writer, writer.with_level(b"abc", 0x85)) == common | {9: b"\x85"}
    own = written(writer, writer.with_own(b"abc", b"\x01", b"\x00\x00\x01"))
    assert own == common | {
        2: b"\x01",
        5: b"\x00\x00\x01",
    }
    assert written(writer, writer.with_own(b"abc", None, b"xx")) == common, "a playout delay has three bytes"


def test_what_is_not_negotiated_is_not_written() -> None:
    writer = ExtensionWriter(ExtensionIds(), "0")
    assert writer.plain(b"abc") == b""
    assert writer.with_own(b"abc", b"\x01", b"\x00\x00\x01") == b""
    assert not writer.has_audio_level
    only_mid = ExtensionWriter(ExtensionIds(mid=1), "0")
    assert written(only_mid, only_mid.plain(b"abc")) == {1: b"0"}
    assert block(b"") == b""


def test_send_time_is_seconds_in_six_eighteen_fixed_point() -> None:
    assert abs_send_time(1_500_000) == 3 << 17
    assert abs_send_time(64_000_000) == 0, "wraps after 64 s"
