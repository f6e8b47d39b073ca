"""A client at packet level: controlling ICE over UDP or TCP, aiortc's DTLS and SCTP, pylibsrtp's public API.

Nothing of ours is used on the client's side, so that a shared misunderstanding cannot hide. A load
generator needs the same three steps: check until nominated, aiortc's DTLS for the keys, then its own loop.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from aioice import stun
from aiortc import RTCCertificate, RTCDataChannel, RTCDtlsTransport, RTCSctpTransport
from aiortc.rtcdtlstransport import RTCDtlsFingerprint, RTCDtlsParameters
from aiortc.rtcsctptransport import RTCSctpCapabilities
from OpenSSL import SSL

from server.sfu.description import DtlsRole, Fingerprint, IceParameters
from server.sfu.ports import Transport

CHECK_INTERVAL_S = 0.05


async def until(condition: Callable[[], object], what: str = "", guard_s: float = 15.0) -> None:
    """Wait for a condition; the guard only ends a hang."""
    deadline = time.monotonic() + guard_s
    while not condition():
        assert time.monotonic() < deadline, f"never came: {what or condition}"
        await asyncio.sleep(0.005)


class _Wire:
    """What aiortc's DTLS takes for an ICE transport."""

    role = "controlling"
    state = "completed"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._outgoing = send
        self.incoming: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def _recv(self) -> bytes:
        data = await self.incoming.get()
        if data is None:
            raise ConnectionError
        return data

    async def _send(self, data: bytes) -> None:
        self._outgoing(data)


class _Dtls(RTCDtlsTransport):
    """aiortc's DTLS with media handed out raw."""

    def __init__(self, wire: _Wire, certificate: RTCCertificate) -> None:
        super().__init__(wire, [certificate])  # type: ignore[arg-type]  # aiortc asks only for what _Wire has
        self.rtp: list[bytes] = []
        self.rtcp: list[bytes] = []

    async def _handle_rtp_data(self, data: bytes, arrival_time_ms: int) -> None:
        self.rtp.append(data)

    async def _handle_rtcp_data(self, data: bytes) -> None:
        self.rtcp.append(data)


class PacketPeer:
    """One client of one `Transport`. `await connect()`, then `send_rtp`, `dtls.rtp`, channels; `await close()`."""

    def __init__(
        self, remote: Transport, *, kind: str = "udp", role: DtlsRole = DtlsRole.CLIENT, host: str = ""
    ) -> None:
        """`role` is the CLIENT's role, so the server's is the other one."""
        self.remote = remote
        self.kind = kind
        self.role = role
        self.ice = IceParameters(ufrag=secrets.token_hex(4), pwd=secrets.token_hex(16))
        self.remote_ice = remote.ice
        self.certificate = RTCCertificate.generateCertificate()
        self.wire = _Wire(self.send_raw)
        self.dtls = _Dtls(self.wire, self.certificate)
        self.sctp = RTCSctpTransport(self.dtls)
        self.channels: dict[str, RTCDataChannel] = {}
        self.messages: list[tuple[str, str | bytes]] = []
        self.responses: list[stun.Message] = []
        self.drop_outgoing: Callable[[bytes], bool] = lambda data: False
        self.drop_incoming: Callable[[bytes], bool] = lambda data: False
        self._host = host or remote.candidates[0].host
        self._transport: Any = None
        self._partial = b""
        self._checking: asyncio.Task[None] | None = None
        self.is_lost = False

    @property
    def fingerprints(self) -> tuple[Fingerprint, ...]:
        parameters = self.dtls.getLocalParameters()
        return tuple(Fingerprint(algorithm=each.algorithm, value=each.value) for each in parameters.fingerprints)

    def introduce(self) -> None:
        """What the server learns from our description."""
        ours = DtlsRole.SERVER if self.role is DtlsRole.CLIENT else DtlsRole.CLIENT
        self.remote.set_remote(self.ice, self.fingerprints, ours)

    async def connect(self) -> None:
        """Open a socket, be nominated, shake hands, start SCTP."""
        self.introduce()
        await self.open()
        await self.check()
        self.keep_checking()
        await self.shake()
        await self.start_sctp()

    async def open(self, local_port: int = 0) -> None:
        """A new socket: also how a client's address changes."""
        if self._transport is not None:
            self._transport.abort()
        loop = asyncio.get_running_loop()
        candidate = next(each for each in self.remote.candidates if each.transport == self.kind)
        if self.kind == "udp":
            self._transport, _ = await loop.create_datagram_endpoint(
                lambda: _Datagrams(self), remote_addr=(self._host, candidate.port)
            )
            raw = self._transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
        else:
            self._partial = b""
            self._transport, _ = await loop.create_connection(lambda: _Frames(self), self._host, candidate.port)

    @property
    def local_address(self) -> tuple[str, int]:
        host, port = self._transport.get_extra_info("sockname")[:2]
        return host, port

    def send_raw(self, data: bytes) -> None:
        if self._transport is None or self._transport.is_closing() or self.drop_outgoing(data):
            return
        if self.kind == "udp":
            self._transport.sendto(data)
        else:
            self._transport.write(len(data).to_bytes(2, "big") + data)

    def make_check(self, *, use_candidate: bool = True, password: str | None = None) -> stun.Message:
        message = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
        message.attributes["USERNAME"] = f"{self.remote_ice.ufrag}:{self.ice.ufrag}"
        message.attributes["PRIORITY"] = 2130706431
        message.attributes["ICE-CONTROLLING"] = 1
        if use_candidate:
            message.attributes["USE-CANDIDATE"] = None
        message.add_message_integrity((self.remote_ice.pwd if password is None else password).encode())
        return message

    async def check(self, *, use_candidate: bool = True) -> stun.Message:
        """Send checks until one is answered; returns the authenticated answer."""
        sent: set[bytes] = set()
        found: list[stun.Message] = []

        def answered() -> bool:
            found.extend(each for each in self.responses if each.transaction_id in sent)
            return bool(found)

        deadline = time.monotonic() + 15
        while not answered():
            assert time.monotonic() < deadline, "no answer to a check"
            message = self.make_check(use_candidate=use_candidate)
            sent.add(message.transaction_id)
            self.send_raw(bytes(message))
            for _ in range(10):
                await asyncio.sleep(CHECK_INTERVAL_S / 10)
                if answered():
                    break
        assert found[0].check_message_integrity(self.remote_ice.pwd.encode())
        return found[0]

    def keep_checking(self, interval_s: float = 0.5) -> None:
        async def run() -> None:
            while True:
                self.send_raw(bytes(self.make_check()))
                await asyncio.sleep(interval_s)

        self.stop_checking()
        self._checking = asyncio.ensure_future(run())

    def stop_checking(self) -> None:
        if self._checking is not None:
            self._checking.cancel()
            self._checking = None

    async def shake(self) -> None:
        fingerprints = [
            RTCDtlsFingerprint(algorithm=each.algorithm, value=each.value) for each in self.remote.fingerprints
        ]
        self.dtls._set_role(self.role.value)
        await self.dtls.start(RTCDtlsParameters(fingerprints=fingerprints))

    async def start_sctp(self) -> None:
        @self.sctp.on("datachannel")  # type: ignore[misc, untyped-decorator, unused-ignore]  # pyee's decorator is untyped
        def _opened(channel: RTCDataChannel) -> None:
            self.adopt(channel)

        await self.sctp.start(RTCSctpCapabilities(maxMessageSize=262144), 5000)

    def adopt(self, channel: RTCDataChannel) -> RTCDataChannel:
        self.channels[channel.label] = channel
        channel.on("message", lambda data: self.messages.append((channel.label, data)))
        return channel

    def send_rtp(self, packet: bytes) -> None:
        self.send_raw(self.dtls._tx_srtp.protect(packet))

    def send_rtcp(self, packet: bytes) -> None:
        self.send_raw(self.dtls._tx_srtp.protect_rtcp(packet))

    def take(self, data: bytes) -> None:
        if self.drop_incoming(data):
            return
        if data[0] < 4:
            self.responses.append(stun.parse_message(data))
        else:
            self.wire.incoming.put_nowait(data)

    async def close(self) -> None:
        self.stop_checking()
        with suppress(SSL.Error, ConnectionError):  # it may have been closed by the test already
            await self.sctp.stop()
            await self.dtls.stop()
        self.wire.incoming.put_nowait(None)
        if self._transport is not None:
            self._transport.abort()
        await asyncio.sleep(0)
        await asyncio.sleep(0)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, peer: PacketPeer) -> None:
        self._peer = peer

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._peer.take(data)

    def error_received(self, exc: Exception) -> None:
        return


class _Frames(asyncio.Protocol):
    def __init__(self, peer: PacketPeer) -> None:
        self._peer = peer
        self._partial = b""

    def data_received(self, data: bytes) -> None:
        data = self._partial + data
        while len(data) >= 2 and len(data) >= 2 + int.from_bytes(data[:2], "big"):
            end = 2 + int.from_bytes(data[:2], "big")
            self._peer.take(data[2:end])
            data = data[end:]
        self._partial = data

    def connection_lost(self, exc: Exception | None) -> None:
        self._peer.is_lost = True


def rtp_packet(sequence: int, *, ssrc: int = 0x1234, payload: bytes = b"\x00" * 100, payload_type: int = 96) -> bytes:
    """A plain RTP packet with one header."""
    header = (
        bytes([0x80, payload_type]) + (sequence & 0xFFFF).to_bytes(2, "big") + (sequence * 3000).to_bytes(8, "big")[4:]
    )
    return header + ssrc.to_bytes(4, "big") + payload
