"""DTLS 1.2 for one peer, driven by datagrams and a timer, without coroutines (RFC 6347, RFC 5764, RFC 8842).

Why not aiortc's RTCDtlsTransport: it pumps every media packet through a coroutine and reads one record
per datagram. Its certificate, context and cipher choice are reused as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

from aiortc.rtcdtlstransport import X509_DIGEST_ALGORITHMS, RTCCertificate, SRTPProtectionProfile, certificate_digest
from OpenSSL import SSL

from server.sfu.description import DtlsRole, Fingerprint
from server.sfu.transport.srtp import SRTP_PROFILES, SrtpProfile

# Why 1 200: fits every path that carries WebRTC (libwebrtc and pion use the same), so flights need no IP fragments.
MTU_BYTES = 1200
# Why 200 ms: OpenSSL waits 1 s before it repeats a flight, which alone would break a join at 2 % loss. The same
# bytes sent earlier are dropped by the peer's replay window if they were not lost, so repeating is harmless.
FIRST_REPEAT_US = 200_000
LONGEST_REPEAT_US = 1_600_000
# Why 50 ms: libwebrtc's own first repeat; answering each of its repeats at most so often cannot amplify.
QUICKEST_REPEAT_US = 50_000
_RECORD_HEADER_BYTES = 13
_BIO_BYTES = 65536
_PLAINTEXT_BYTES = 16384  # RFC 6347 §4.1: the longest record
_HANDSHAKE_RECORDS = (20, 22)  # change_cipher_spec and handshake
_DTLS_1_2 = 0xFEFD  # OpenSSL's DTLS1_2_VERSION; 1.3 has other record headers than `_split` and the guard know


class DtlsState(StrEnum):
    HANDSHAKE = "handshake"
    CONNECTED = "connected"
    FAILED = "failed"
    CLOSED = "closed"


class DtlsIdentity:
    """One certificate and one OpenSSL context for all transports of an endpoint."""

    def __init__(self) -> None:
        certificate = RTCCertificate.generateCertificate()
        profiles = [
            SRTPProtectionProfile(
                libsrtp_profile=profile.libsrtp_number,
                openssl_profile=profile.openssl_name,
                key_length=profile.key_bytes,
                salt_length=profile.salt_bytes,
            )
            for profile in SRTP_PROFILES
        ]
        self.context: SSL.Context = certificate._create_ssl_context(srtp_profiles=profiles)
        self.context.set_min_proto_version(_DTLS_1_2)
        self.context.set_max_proto_version(_DTLS_1_2)
        self.fingerprints = tuple(
            Fingerprint(algorithm=each.algorithm, value=each.value)
            for each in certificate.getFingerprints()
            if each.algorithm == "sha-256"  # the only one every client knows; more would only lengthen the SDP
        )


class DtlsSession:
    """One association. Feed it datagrams; it sends through `send` and says its `state`."""

    def __init__(
        self,
        identity: DtlsIdentity,
        role: DtlsRole,
        remote_fingerprints: Sequence[Fingerprint],
        send: Callable[[bytes], None],
    ) -> None:
        self.state = DtlsState.HANDSHAKE
        self.failure = ""
        self.role = role
        self.is_started = role is DtlsRole.SERVER
        self._send = send
        self._fingerprints = tuple(remote_fingerprints)
        self._ssl = SSL.Connection(identity.context, None)
        self._ssl.set_ciphertext_mtu(MTU_BYTES)
        if role is DtlsRole.SERVER:
            self._ssl.set_accept_state()
        else:
            self._ssl.set_connect_state()
        self._flight: list[bytes] = []
        self._sent_us = 0
        self._repeat_us = FIRST_REPEAT_US
        self.profile: SrtpProfile | None = None
        self._material = b""

    def start(self, now_us: int) -> None:
        """The client's first flight; a server waits for one."""
        if not self.is_started:
            self.is_started = True
            self._handshake(now_us)

    def feed(self, datagram: bytes, now_us: int) -> list[bytes]:
        """Take one guarded datagram; returns the application data in it (SCTP packets)."""
        if self.state in (DtlsState.FAILED, DtlsState.CLOSED):
            return []
        self._ssl.bio_write(datagram)
        if self.state is DtlsState.HANDSHAKE:
            self._handshake(now_us)
        if self.state is not DtlsState.CONNECTED:
            return []
        messages = self._read()
        if messages:
            self._flight.clear()
        elif datagram[0] in _HANDSHAKE_RECORDS and now_us - self._sent_us >= QUICKEST_REPEAT_US:
            # We are done and the peer is not: our last flight was lost.
            self._repeat(now_us)
        return messages

    def on_timer(self, now_us: int) -> None:
        """Repeat the last flight when it is time to; call it every few ten milliseconds during the handshake."""
        if self.state is not DtlsState.HANDSHAKE:
            return
        timeout = self._ssl.DTLSv1_get_timeout()
        if timeout is not None and timeout <= 0:
            self._ssl.DTLSv1_handle_timeout()
            self._flush(now_us)
        elif self._flight and now_us - self._sent_us >= self._repeat_us:
            self._repeat_us = min(2 * self._repeat_us, LONGEST_REPEAT_US)
            self._repeat(now_us)

    def send(self, data: bytes) -> None:
        """One application record. Raises ConnectionError before and after the connection."""
        if self.state is not DtlsState.CONNECTED:
            raise ConnectionError("DTLS is not connected")
        try:
            self._ssl.send(data)
        except SSL.Error as exc:
            raise ConnectionError("DTLS refused to send") from exc
        self._drain()

    def close(self) -> None:
        """Send close_notify if there is somebody to read it. Idempotent."""
        if self.state is DtlsState.CONNECTED:
            self.state = DtlsState.CLOSED
            try:
                self._ssl.shutdown()
            except SSL.Error:
                return
            self._drain()
        self._flight.clear()

    def srtp_keys(self) -> tuple[SrtpProfile, bytes, bytes]:
        """(profile, our sending key, the peer's sending key). Raises RuntimeError before the handshake is done."""
        if self.profile is None:
            raise RuntimeError("no SRTP keys before the handshake")
        client, server = self.profile.keys(self._material)
        return (self.profile, server, client) if self.role is DtlsRole.SERVER else (self.profile, client, server)

    def _handshake(self, now_us: int) -> None:
        try:
            self._ssl.do_handshake()
        except SSL.WantReadError:
            if not self._flush(now_us) and now_us - self._sent_us >= QUICKEST_REPEAT_US:
                # The peer spoke and OpenSSL had nothing new to say: it repeats itself because our flight was lost.
                self._repeat(now_us)
            return
        except SSL.Error as exc:
            self._flush(now_us)
            self._fail(f"handshake: {exc}")
            return
        self._flush(now_us)
        self._finish()

    def _finish(self) -> None:
        if not self._is_expected_peer():
            self._fail("fingerprint mismatch")
            return
        selected = self._ssl.get_selected_srtp_profile()
        for profile in SRTP_PROFILES:
            if profile.openssl_name == selected:
                break
        else:
            self._fail("no common SRTP profile")
            return
        self.profile = profile
        self._material = self._ssl.export_keying_material(b"EXTRACTOR-dtls_srtp", profile.material_bytes)
        if self.role is DtlsRole.CLIENT:
            self._flight.clear()  # the server spoke last; a server keeps its flight until application data comes
        self.state = DtlsState.CONNECTED

    def _is_expected_peer(self) -> bool:
        """At least one fingerprint of a known algorithm, and none of those wrong (RFC 8122 §6.2)."""
        certificate = self._ssl.get_peer_certificate(as_cryptography=True)
        if certificate is None:
            return False
        known = [each for each in self._fingerprints if each.algorithm.lower() in X509_DIGEST_ALGORITHMS]
        return bool(known) and all(
            each.value.upper() == certificate_digest(certificate, each.algorithm.lower()) for each in known
        )

    def _read(self) -> list[bytes]:
        messages: list[bytes] = []
        while True:
            try:
                messages.append(self._ssl.recv(_PLAINTEXT_BYTES))
            except SSL.WantReadError:
                break
            except SSL.ZeroReturnError:
                self.state = DtlsState.CLOSED
                break
            except SSL.Error:
                # A record that does not authenticate, or an alert: the association itself goes on.
                break
        self._drain()
        return messages

    def _fail(self, failure: str) -> None:
        self.failure = failure
        self.state = DtlsState.FAILED
        self._flight.clear()

    def _flush(self, now_us: int) -> bool:
        """Send what OpenSSL has written; during the handshake it becomes the flight to repeat."""
        datagrams = self._take()
        if datagrams:
            self._flight = datagrams
            self._repeat_us = FIRST_REPEAT_US
            self._repeat(now_us)
        return bool(datagrams)

    def _repeat(self, now_us: int) -> None:
        self._sent_us = now_us
        for datagram in self._flight:
            self._send(datagram)

    def _drain(self) -> None:
        for datagram in self._take():
            self._send(datagram)

    def _take(self) -> list[bytes]:
        written = b""
        while True:
            try:
                written += self._ssl.bio_read(_BIO_BYTES)
            except SSL.WantReadError:
                return split_records(written)


def split_records(written: bytes) -> list[bytes]:
    """Datagrams of whole records, as many to each as fit the MTU: a memory BIO keeps no datagram borders."""
    datagrams: list[bytes] = []
    begin = at = 0
    while at + _RECORD_HEADER_BYTES <= len(written):
        end = at + _RECORD_HEADER_BYTES + ((written[at + 11] << 8) | written[at + 12])
        if end - begin > MTU_BYTES and at > begin:
            datagrams.append(written[begin:at])
            begin = at
        at = end
    if begin < len(written):
        datagrams.append(written[begin:])
    return datagrams
