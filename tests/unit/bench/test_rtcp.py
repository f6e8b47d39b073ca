"""RTCP of the packet-level client: what it writes, it reads, and aiortc reads it the same way."""

from __future__ import annotations

import pytest
from aiortc.rtp import RtcpPacket, RtcpPsfbPacket, RtcpRrPacket, RtcpRtpfbPacket, RtcpSrPacket, unpack_remb_fci
from hypothesis import given
from hypothesis import strategies as st

from bench.client import rtcp

SSRC = st.integers(0, 2**32 - 1)


@given(SSRC, SSRC, st.lists(st.integers(0, 2**16 - 1), min_size=1, max_size=80, unique=True))
def test_nack_names_exactly_what_is_lost(own: int, media: int, lost: list[int]) -> None:
    compound = rtcp.nack(own, media, sorted(lost))
    (packet,) = RtcpPacket.parse(compound)
    assert isinstance(packet, RtcpRtpfbPacket)
    assert sorted(packet.lost) == sorted(lost)
    ((named, again),) = rtcp.parse(compound).nacks
    assert named == media
    assert sorted(again) == sorted(lost)


def test_nack_over_the_wrap_stays_one_run() -> None:
    lost = [65_534, 65_535, 0, 3]
    compound = rtcp.nack(1, 2, lost)
    assert rtcp.parse(compound).nacks == [(2, lost)]
    assert len(compound) == 16


@given(SSRC, SSRC)
def test_pli(own: int, media: int) -> None:
    (packet,) = RtcpPacket.parse(rtcp.pli(own, media))
    assert isinstance(packet, RtcpPsfbPacket)
    assert (packet.fmt, packet.ssrc, packet.media_ssrc) == (1, own, media)
    assert rtcp.parse(rtcp.pli(own, media)).plis == [media]


@given(st.integers(1_000, 100_000_000), st.lists(SSRC, min_size=1, max_size=40))
def test_remb_is_read_within_its_precision(bitrate: int, ssrcs: list[int]) -> None:
    compound = rtcp.remb(1, bitrate, ssrcs)
    (packet,) = RtcpPacket.parse(compound)
    assert isinstance(packet, RtcpPsfbPacket)
    told, named = unpack_remb_fci(packet.fci)
    assert named == ssrcs
    assert told == rtcp.parse(compound).remb_bps == pytest.approx(bitrate, rel=2**-17)


def test_reports() -> None:
    block = rtcp.Report(ssrc=5, fraction_lost=64, lost=3, highest=70_000, jitter=9, last_sr=7, since_sr=8)
    sender = rtcp.sender_report(5, rtcp.ntp(1_500_000_000), 90_000, 10, 1000)
    first, second = RtcpPacket.parse(sender + rtcp.receiver_report(1, [block]))
    assert isinstance(first, RtcpSrPacket)
    assert isinstance(second, RtcpRrPacket)
    assert (first.sender_info.packet_count, first.sender_info.octet_count) == (10, 1000)
    report = second.reports[0]
    assert (report.ssrc, report.fraction_lost, report.packets_lost, report.highest_sequence) == (5, 64, 3, 70_000)
    found = rtcp.parse(sender + rtcp.receiver_report(1, [block]))
    assert found.reported == [(5, 64)]
    assert found.sender_reports == [(5, (2_208_988_801 << 16 | 0x8000) & 0xFFFFFFFF)]


@given(st.binary(max_size=120))
def test_anything_may_arrive(data: bytes) -> None:
    rtcp.parse(data)
    rtcp.parse(b"\x81\xcd\x00\x03" + data)
