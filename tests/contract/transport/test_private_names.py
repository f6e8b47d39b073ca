"""The private names of aiortc and pylibsrtp that we stand on, pinned by what they do: an upgrade may fail here."""

from __future__ import annotations

import asyncio
import inspect
import os

import pytest
from aiortc import RTCSctpTransport
from aiortc.rtcdtlstransport import RTCCertificate, SRTPProtectionProfile
from aiortc.rtcsctptransport import DataChunk, ForwardTsnChunk, InboundStream, InitChunk, RTCSctpCapabilities
from OpenSSL import SSL
from pylibsrtp import Policy, Session
from pylibsrtp._binding import ffi, lib

from server.sfu.ports import BurstWriter, Transport, TransportListener
from server.sfu.transport.datachannels import BoundedSctp, Carrier, run_to_end
from server.sfu.transport.nobody import NOBODY
from server.sfu.transport.peer_transport import PeerTransport
from server.sfu.transport.srtp import SRTP_PROFILES, SrtpProfile
from tests.fakes.packet_peer import rtp_packet


def test_our_classes_are_what_the_packet_path_asks_for() -> None:
    def takes(transport: Transport, writer: BurstWriter, listener: TransportListener) -> None:
        """mypy checks the shapes; nothing happens at run time."""

    def check(transport: PeerTransport) -> None:
        takes(transport, transport.writer, NOBODY)

    assert callable(check)


@pytest.mark.parametrize("profile", SRTP_PROFILES, ids=lambda profile: profile.openssl_name.decode())
def test_the_handle_of_a_session_is_libsrtps(profile: SrtpProfile) -> None:
    number = profile.libsrtp_number
    key = os.urandom(profile.key_bytes + profile.salt_bytes)
    ours = Session(Policy(key=key, ssrc_type=Policy.SSRC_ANY_OUTBOUND, srtp_profile=number))
    theirs = Session(Policy(key=key, ssrc_type=Policy.SSRC_ANY_INBOUND, srtp_profile=number))
    packet = rtp_packet(1)
    buffer = bytearray(packet + bytes(148))
    length = ffi.new("int *", len(packet))
    assert lib.srtp_protect(ours._srtp[0], ffi.from_buffer("char[]", buffer) + 0, length) == lib.srtp_err_status_ok == 0
    assert length[0] == len(packet) + profile.tag_bytes
    assert theirs.unprotect(bytes(buffer[: length[0]])) == packet
    assert lib.srtp_unprotect(theirs._srtp[0], ffi.from_buffer("char[]", buffer), length) in (9, 10), "replay"


def test_a_policy_without_repeats_refuses_one() -> None:
    policy = Policy(key=os.urandom(30), ssrc_type=Policy.SSRC_ANY_OUTBOUND)
    policy.allow_repeat_tx = False
    policy.window_size = 1024
    session = Session(policy)
    session.protect(rtp_packet(1))
    with pytest.raises(Exception, match="replay"):
        session.protect(rtp_packet(1))


def test_a_certificate_makes_a_context_with_our_profiles() -> None:
    profile = SRTPProtectionProfile(
        libsrtp_profile=7, openssl_profile=b"SRTP_AEAD_AES_128_GCM", key_length=16, salt_length=12
    )
    context = RTCCertificate.generateCertificate()._create_ssl_context(srtp_profiles=[profile])
    assert isinstance(context, SSL.Context)


async def test_an_association_runs_without_waiting() -> None:
    """No coroutine of it waits for anything, its timers hang on `_loop`, and `stop` cancels them all."""
    sent: list[bytes] = []
    carrier = Carrier(is_server=True, send=sent.append)
    limits: list[None] = []
    sctp = BoundedSctp(carrier, lambda: limits.append(None))
    assert sctp.is_server
    assert sctp._rto == 1.0
    run_to_end(sctp.start(RTCSctpCapabilities(maxMessageSize=262144), 5000))
    assert len(sent) == 1, "an INIT"
    timer = sctp._t1_handle
    assert timer is not None
    assert sctp._last_received_tsn is None
    assert sctp._advertised_rwnd == 1024 * 1024
    assert sctp._inbound_streams == {}
    assert sctp._sack_misordered == set()
    assert str(sctp.state) == "connecting"
    assert sctp._association_state is RTCSctpTransport.State.COOKIE_WAIT
    run_to_end(sctp.stop())
    assert str(sctp.state) == "closed"
    assert timer.cancelled()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_the_round_trip_estimate_can_be_quickened() -> None:
    sctp = BoundedSctp(Carrier(is_server=True, send=lambda data: None), lambda: None)
    plain = RTCSctpTransport(sctp.transport)
    for _ in range(20):
        sctp._update_rto(0.05)
        plain._update_rto(0.05)
    assert plain._rto >= 1.0
    assert 0.4 <= sctp._rto < 0.6
    sctp._update_rto(3.0)
    assert sctp._rto > 1.0


@pytest.mark.parametrize("name", ["_receive_chunk", "_receive_data_chunk", "_receive_forward_tsn_chunk"])
def test_what_we_override_is_still_called_with_a_chunk(name: str) -> None:
    method = getattr(RTCSctpTransport, name)
    assert inspect.iscoroutinefunction(method)
    assert list(inspect.signature(method).parameters) == ["self", "chunk"]


def test_chunks_carry_what_the_bounds_look_at() -> None:
    assert InitChunk.type == 1
    chunk = DataChunk(flags=3, body=bytes.fromhex("00000005 0002 0003 00000035") + b"x")
    assert (chunk.tsn, chunk.stream_id) == (5, 2)
    assert ForwardTsnChunk(body=bytes.fromhex("00000005 0002 0003")).streams == [(2, 3)]
    assert InboundStream().reassembly == []
