"""Replay, forgery, and the bound on SSRCs."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pylibsrtp import Policy, Session

from server.sfu.transport.srtp import (
    MAX_SSRCS,
    SRTP_PROFILES,
    SSRC_IDLE_US,
    SrtpProfile,
    SrtpReceiver,
    SrtpSender,
    pointer_to,
)
from server.sfu.transport.stats import DropReason, EndpointStats
from tests.fakes.packet_peer import rtp_packet


class Pair:
    def __init__(self, profile: SrtpProfile = SRTP_PROFILES[0]) -> None:
        key = os.urandom(profile.key_bytes + profile.salt_bytes)
        self.stats = EndpointStats()
        self.receiver = SrtpReceiver(profile, key, self.stats)
        self.ours = SrtpSender(profile, key)
        self.theirs = Session(Policy(key=key, ssrc_type=Policy.SSRC_ANY_OUTBOUND, srtp_profile=profile.libsrtp_number))

    def receive(self, data: bytes, now_us: int = 0) -> bytes | None:
        buffer = bytearray(data)
        return self.receiver.unprotect(memoryview(buffer), pointer_to(buffer), 0, len(buffer), now_us)

    def receive_rtcp(self, data: bytes, now_us: int = 0) -> bytes | None:
        buffer = bytearray(data)
        return self.receiver.unprotect_rtcp(memoryview(buffer), pointer_to(buffer), 0, len(buffer), now_us)


@pytest.mark.parametrize("profile", SRTP_PROFILES, ids=lambda profile: profile.openssl_name.decode())
def test_a_packet_is_taken_once_and_only_unchanged(profile: SrtpProfile) -> None:
    pair = Pair(profile)
    clear = rtp_packet(7)
    data = pair.theirs.protect(clear)
    assert pair.receive(data[:-1] + bytes([data[-1] ^ 1])) is None
    assert pair.receive(data) == clear
    assert pair.receive(data) is None
    assert pair.stats.drops[DropReason.SRTP_AUTH] == 1
    assert pair.stats.drops[DropReason.SRTP_REPLAY] == 1


@pytest.mark.parametrize("profile", SRTP_PROFILES, ids=lambda profile: profile.openssl_name.decode())
def test_control_packets(profile: SrtpProfile) -> None:
    pair = Pair(profile)
    report = bytes.fromhex("80c90001 00000005")
    data = pair.ours.protect_rtcp(report)
    assert data is not None
    assert pair.receive_rtcp(data) == report
    assert pair.receive_rtcp(data) is None
    assert pair.receive_rtcp(b"\x80\xc9\x00\x01") is None
    assert pair.ours.protect_rtcp(b"\x80\xc9\x00\x09" + bytes(4)) is None
    assert pair.ours.protect_rtcp(bytes(5000)) is None


def test_a_clear_packet_with_a_lying_header_is_dropped() -> None:
    pair = Pair()
    lying = b"\xa0" + rtp_packet(1)[1:-1] + b"\xff"  # padding longer than the packet
    data = pair.theirs.protect(lying)
    assert pair.receive(data) is None
    assert pair.stats.drops[DropReason.RTP_MALFORMED] == 1


def test_ssrcs_are_bounded_and_idle_ones_make_room() -> None:
    pair = Pair()
    for ssrc in range(1, MAX_SSRCS + 1):
        assert pair.receive(pair.theirs.protect(rtp_packet(1, ssrc=ssrc)), now_us=ssrc) is not None
    late = pair.theirs.protect(rtp_packet(1, ssrc=MAX_SSRCS + 1))
    assert pair.receive(late, now_us=1000) is None
    assert pair.stats.drops[DropReason.SRTP_SSRC_LIMIT] == 1
    assert pair.receive(pair.theirs.protect(rtp_packet(2, ssrc=1)), now_us=1000) is not None
    assert pair.receive(late, now_us=SSRC_IDLE_US + 100) is not None
    assert pair.receive(pair.theirs.protect(rtp_packet(3, ssrc=1)), now_us=SSRC_IDLE_US + 100) is not None


def test_an_ssrc_can_be_forgotten_even_if_it_never_was() -> None:
    Pair().ours.forget_ssrc(99)


@given(st.binary(max_size=100))
@settings(max_examples=200, deadline=None)
def test_bytes_without_keys_never_pass(data: bytes) -> None:
    pair = Pair()
    assert pair.receive(data) is None
    assert pair.receive_rtcp(data) is None
