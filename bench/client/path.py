"""One client's way to the server: a UDP socket (or ICE-TCP), STUN checks, DTLS, SRTP keys.

The client is a full agent with one pair (RFC 8445), by default the controlling one: it nominates at
once, renews consent (RFC 7675) and answers checks of servers that are not ICE-lite.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import string
import time
from collections.abc import Callable

from aioice import stun
from OpenSSL import SSL

from bench.client.dtls import Certificate, Dtls

# RFC 8445 §14.2 starts at 500 ms for the internet; on a machine's own loopback a lost check should not cost that.
CHECK_EVERY_S = 0.05
CONSENT_EVERY_S = 2.5
_SOCKET_BUFFER = 4 * 1024 * 1024
_ICE_CHARS = string.ascii_letters + string.digits
_PRIORITY = 1_853_824_767  # of a peer-reflexive candidate, RFC 8445 §5.1.2.1
_UDP_GRO = 104  # linux/udp.h
_SO_TIMESTAMPNS = 35  # asm-generic/socket.h
_SO_RCVBUFFORCE = 33


def now_us() -> int:
    return time.monotonic_ns() // 1000


class Path:
    """`on_media` is called when the socket is readable after DTLS; until then the path reads itself."""

    def __init__(self, certificate: Certificate, *, with_gcm: bool = True, setup: str = "actpass") -> None:
        self._certificate = certificate
        self._with_gcm = with_gcm
        self.setup = setup
        self.ufrag = "".join(secrets.choice(_ICE_CHARS) for _ in range(4))
        self.pwd = "".join(secrets.choice(_ICE_CHARS) for _ in range(24))
        self._remote = ("", "")
        self._loop = asyncio.get_running_loop()
        self.sock: socket.socket | None = None
        self._dtls: Dtls | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_client = True
        self._has_pair = False
        self._key_fingerprint = ""
        # Not for whoever answers a full agent's offer: that one chooses then (RFC 8445 §6.1.1).
        self.is_controlling = True
        self.on_connected: Callable[[], None] = lambda: None
        self.on_data: Callable[[bytes], None] = lambda data: None
        self.on_readable: Callable[[], None] = self.read_quietly
        self.failure = ""
        self.checked_at_us = 0
        self.connected_at_us = 0

    @property
    def dtls(self) -> Dtls:
        if self._dtls is None:
            raise RuntimeError("the path has no DTLS yet")
        return self._dtls

    @property
    def is_connected(self) -> bool:
        return self._dtls is not None and self._dtls.is_connected

    @property
    def profile(self) -> str:
        return self.dtls.profile

    def start(
        self,
        remote: tuple[str, str],
        fingerprint: str,
        setup: str,
        address: tuple[str, int],
        *,
        gro: bool,
        stamps: bool,
    ) -> None:
        """Begin checks towards `address` with the peer's (ufrag, pwd); `setup` is the answer's."""
        self._remote = remote
        self._key_fingerprint = fingerprint
        # Our role is what the answer leaves: to its "active" we are passive.
        self._is_client = setup != "active"
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        try:
            sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _SOCKET_BUFFER)
        except PermissionError:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SOCKET_BUFFER)
        if gro:
            sock.setsockopt(socket.IPPROTO_UDP, _UDP_GRO, 1)
        if stamps:
            sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        sock.connect(address)
        self.sock = sock
        self._loop.add_reader(sock, lambda: self.on_readable())  # noqa: PLW0108  # it changes once DTLS is done
        self._check()

    def restart(self, remote: tuple[str, str]) -> None:
        """The peer's credentials after an ICE restart; the same socket goes on."""
        self._remote = remote
        self._check()

    def new_credentials(self) -> None:
        """For an ICE restart of ours: to be offered next."""
        self.ufrag = "".join(secrets.choice(_ICE_CHARS) for _ in range(4))
        self.pwd = "".join(secrets.choice(_ICE_CHARS) for _ in range(24))

    def check_now(self) -> None:
        """A consent check without waiting for its turn, as after a change of the network."""
        if self.sock is not None:
            self._check()

    def _check(self) -> None:
        request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
        request.attributes["USERNAME"] = f"{self._remote[0]}:{self.ufrag}"
        request.attributes["PRIORITY"] = _PRIORITY
        if self.is_controlling:
            request.attributes["ICE-CONTROLLING"] = 1
            request.attributes["USE-CANDIDATE"] = None
        else:
            request.attributes["ICE-CONTROLLED"] = 1
        request.add_message_integrity(self._remote[1].encode())
        self.send(bytes(request))
        if self._dtls is not None and not self._dtls.is_connected:
            self._send_all(self._dtls.retry())
        if self._timer is not None:
            self._timer.cancel()
        pause = CONSENT_EVERY_S if self.is_connected else CHECK_EVERY_S
        self._timer = self._loop.call_later(pause, self._check)

    def read_quietly(self) -> None:
        """Before media: handshakes only, nothing is hot."""
        sock = self.sock
        while sock is not None and not self.is_connected:
            try:
                data = sock.recv(65_536)
            except (BlockingIOError, ConnectionRefusedError):
                return
            self.control(data)

    def control(self, data: bytes) -> None:
        """A datagram that is not RTP or RTCP: STUN or DTLS (RFC 7983)."""
        if not data:
            return
        if data[0] < 4:
            self._stun(data)
        elif 20 <= data[0] <= 63 and self._dtls is not None:
            was_connected = self._dtls.is_connected
            try:
                out, received = self._dtls.feed(data)
            except SSL.Error as error:
                self.failure = f"DTLS: {error}"
                return
            self._send_all(out)
            if self._dtls.is_connected and not was_connected:
                self._connected()
            for each in received:
                self.on_data(each)

    def _connected(self) -> None:
        if self.dtls.peer_fingerprint() != self._key_fingerprint:
            self.failure = "the certificate is not the one of the answer"
            return
        self.connected_at_us = now_us()
        self.on_connected()

    def _stun(self, data: bytes) -> None:
        try:
            message = stun.parse_message(data)
        except ValueError:
            return
        if message.message_class is stun.Class.REQUEST:
            self._answer_check(message)
        elif message.message_class is stun.Class.RESPONSE and not self._has_pair:
            self._has_pair = True
            self.checked_at_us = now_us()
            self._dtls = Dtls(self._certificate, is_client=self._is_client, with_gcm=self._with_gcm)
            self._send_all(self._dtls.start())

    def _answer_check(self, request: stun.Message) -> None:
        if self.sock is None:
            return
        response = stun.Message(
            message_method=stun.Method.BINDING,
            message_class=stun.Class.RESPONSE,
            transaction_id=request.transaction_id,
        )
        response.attributes["XOR-MAPPED-ADDRESS"] = self.sock.getpeername()
        response.add_message_integrity(self.pwd.encode())
        self.send(bytes(response))

    def send(self, data: bytes) -> None:
        """One datagram; what the kernel does not take is lost, as on a network."""
        if self.sock is not None:
            try:
                self.sock.send(data)
            except (BlockingIOError, ConnectionRefusedError):
                return

    def _send_all(self, datagrams: list[bytes]) -> None:
        for datagram in datagrams:
            self.send(datagram)

    def close(self) -> None:
        """Idempotent."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.sock is not None:
            self._loop.remove_reader(self.sock)
            self.sock.close()
            self.sock = None
