"""What we write is what we read, what others write is read, and nothing raises."""

from __future__ import annotations

import pytest
from aiortc.rtp import RtcpPacket, RtcpPsfbPacket, RtcpRrPacket, RtcpRtpfbPacket, RtcpSrPacket, unpack_remb_fci
from hypothesis import given
from hypothesis import strategies as st

from server.sfu import rtcp, rtcp_writer

REPORT = rtcp.ReportBlock(7, 12, -3, 70_000, 5, 99, 100)


def test_every_block_comes_back_from_one_compound() -> None:
    compound = b"".join(
        (
            rtcp_writer.sender_report(1, 0x0123_4567_89AB_CDEF, 3, 4, 5),
            rtcp_writer.cname(1, "someone"),
            rtcp_writer.receiver_report(2, [REPORT]),
            rtcp_writer.pli(2, 8),
            rtcp_writer.fir(2, 9, 1),
            rtcp_writer.nack(2, 10, [65_535, 0, 16, 17]),
            rtcp_writer.remb(2, 1_234_567, [11, 12]),
            rtcp_writer.receiver_time(2, 0xAABB_CCDD_EEFF_0011),
            rtcp_writer.time_echo(2, 13, 14, 15),
            b"\x81\xcb\x00\x01" + (16).to_bytes(4, "big"),
        )
    )
    parsed = rtcp.parse(compound)
    assert parsed.malformed == 0
    remb = parsed.blocks[5]
    assert isinstance(remb, rtcp.Remb)
    assert 0 <= 1_234_567 - remb.bitrate_bps < 8, "18 bits of mantissa"
    assert [b for b in parsed.blocks if b is not remb] == [
        rtcp.SenderReport(1, 0x0123_4567_89AB_CDEF, 3, 4, 5),
        REPORT,
        rtcp.KeyframeRequest(8),
        rtcp.KeyframeRequest(9),
        rtcp.Nack(10, (65_535, 0, 16, 17)),
        rtcp.ReceiverTime(2, 0xAABB_CCDD_EEFF_0011),
        rtcp.TimeEcho(13, 14, 15),
        rtcp.Goodbye((16,)),
    ]


def test_another_implementation_reads_the_same() -> None:
    """aiortc as the independent reader."""
    packets = RtcpPacket.parse(
        rtcp_writer.sender_report(1, 2, 3, 4, 5)
        + rtcp_writer.receiver_report(2, [REPORT])
        + rtcp_writer.pli(2, 8)
        + rtcp_writer.nack(2, 10, [1, 2, 40])
        + rtcp_writer.remb(2, 800_000, [11])
    )
    sender, receiver, pli, nack, remb = packets
    assert isinstance(sender, RtcpSrPacket)
    assert (sender.ssrc, sender.sender_info.ntp_timestamp, sender.sender_info.packet_count) == (1, 2, 4)
    assert isinstance(receiver, RtcpRrPacket)
    assert (receiver.reports[0].packets_lost, receiver.reports[0].highest_sequence) == (-3, 70_000)
    assert isinstance(pli, RtcpPsfbPacket)
    assert (pli.fmt, pli.media_ssrc) == (1, 8)
    assert isinstance(nack, RtcpRtpfbPacket)
    assert nack.lost == [1, 2, 40]
    assert isinstance(remb, RtcpPsfbPacket)
    assert unpack_remb_fci(remb.fci) == (800_000, [11])


def test_a_bad_block_does_not_take_the_others_with_it() -> None:
    bad = b"\x9f\xc9\x00\x01" + bytes(4)  # 31 reports announced, none there
    parsed = rtcp.parse(bad + rtcp_writer.pli(1, 2))
    assert (parsed.malformed, parsed.blocks) == (1, [rtcp.KeyframeRequest(2)])


@pytest.mark.parametrize(
    ("data", "blocks"),
    [
        (b"", 0),
        (b"\x80\xc9", 0),
        (b"\x80\xc9\x00\x09" + bytes(4), 0),  # longer than the packet
        (b"\x40\xc9\x00\x00", 0),  # version 1
        (b"\x9f\xc8\x00\x01" + bytes(4), 0),  # a sender report without its info
        (b"\x81\xcd\x00\x02" + bytes(8), 0),  # a NACK of nothing
        (b"\x81\xce\x00\x01" + bytes(4), 0),  # a PLI of nobody
        (b"\x8f\xce\x00\x03" + bytes(8) + b"REMB", 0),
        (b"\x8f\xce\x00\x04" + bytes(8) + b"REMB\x09\x00\x00\x00", 0),  # nine SSRCs announced
        (b"\x80\xcf\x00\x00", 0),
        (b"\x80\xcf\x00\x02" + bytes(4) + b"\x04\x00\x00\x09", 0),  # an XR block longer than its packet
        (b"\x82\xcb\x00\x01" + bytes(4), 0),  # two goodbyes announced
        (b"\xa0\xc9\x00\x01\x00\x00\x00\x09", 0),  # more padding than packet
        (b"\xa0\xc9\x00\x00", 0),  # padding without a byte to count it
    ],
)
def test_lies_about_lengths_are_counted(data: bytes, blocks: int) -> None:
    parsed = rtcp.parse(data)
    assert len(parsed.blocks) == blocks
    assert parsed.malformed == (1 if data else 0)


@pytest.mark.parametrize(
    "data",
    [
        b"\x8f\xcd\x00\x04" + bytes(16),  # transport-wide feedback
        b"\x82\xce\x00\x01" + bytes(4),  # an unknown kind of payload feedback, short
        b"\x8f\xce\x00\x03" + bytes(8) + b"ABCD",  # another application's message
        b"\x80\xcf\x00\x03" + bytes(4) + b"\x07\x00\x00\x01" + bytes(4),  # another XR block
        b"\x80\xcc\x00\x02" + bytes(8),  # APP
    ],
)
def test_what_we_do_not_use_is_passed_over_without_a_count(data: bytes) -> None:
    parsed = rtcp.parse(data)
    assert (parsed.blocks, parsed.malformed) == ([], 0)


def test_padding_at_the_end_is_cut_off() -> None:
    padded = bytearray(rtcp_writer.receiver_report(2, [REPORT]) + bytes(3) + b"\x04")
    padded[0] |= 0x20
    padded[3] += 1
    assert rtcp.parse(bytes(padded)).blocks == [REPORT]


@given(st.binary(max_size=100))
def test_no_input_raises(data: bytes) -> None:
    rtcp.parse(data)
    rtcp.parse(rtcp_writer.receiver_report(1) + data)


@given(st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=60, unique=True))
def test_any_numbers_survive_a_nack(numbers: list[int]) -> None:
    (block,) = rtcp.parse(rtcp_writer.nack(1, 2, sorted(numbers))).blocks
    assert isinstance(block, rtcp.Nack)
    assert list(block.sequences) == sorted(numbers)


@given(st.integers(0, 1 << 40))
def test_a_rate_is_cut_to_eighteen_bits(bitrate: int) -> None:
    (block,) = rtcp.parse(rtcp_writer.remb(1, bitrate, [])).blocks
    assert isinstance(block, rtcp.Remb)
    assert block.bitrate_bps <= bitrate
    assert bitrate - block.bitrate_bps <= bitrate >> 17
