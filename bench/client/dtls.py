"""DTLS 1.2 with use_srtp over memory buffers (RFC 5764), in either role; gives SRTP sessions. Sends nothing itself."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL
from pylibsrtp import Policy, Session

# Why: what one UDP datagram carries on any path without fragments; OpenSSL splits its flights by it.
_DTLS_MTU = 1200
_READ_BYTES = 2048


@dataclass(frozen=True, slots=True)
class _Profile:
    name: bytes
    policy: int
    key: int
    salt: int


# In the order that browsers prefer since 2024: AEAD first.
_PROFILES = (
    _Profile(b"SRTP_AEAD_AES_128_GCM", Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 16, 12),
    _Profile(b"SRTP_AES128_CM_SHA1_80", Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 16, 14),
)


class Certificate:
    """A self-signed key pair; one may serve all clients of a process."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "bench")])
        now = datetime.now(UTC)
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
            .sign(self.key, hashes.SHA256())
        )
        der = self.certificate.public_bytes(serialization.Encoding.DER)
        self.fingerprint = _colons(der)
        self.is_gcm_first = True

    def context(self, profiles: bytes) -> SSL.Context:
        context = SSL.Context(SSL.DTLS_METHOD)
        context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)
        context.use_certificate(self.certificate)
        context.use_privatekey(self.key)
        context.set_cipher_list(b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-SHA")
        context.set_tlsext_use_srtp(profiles)
        return context


class Dtls:
    """Feed datagrams in, send what `outgoing` gives. `srtp` and `unsrtp` exist once `is_connected`."""

    def __init__(self, certificate: Certificate, *, is_client: bool, with_gcm: bool = True) -> None:
        self._is_client = is_client
        offered = _PROFILES if with_gcm else _PROFILES[1:]
        context = certificate.context(b":".join(profile.name for profile in offered))
        self._ssl = SSL.Connection(context)
        self._ssl.set_ciphertext_mtu(_DTLS_MTU)
        if is_client:
            self._ssl.set_connect_state()
        else:
            self._ssl.set_accept_state()
        self.is_connected = False
        self.profile = ""
        self.srtp: Session | None = None
        self.unsrtp: Session | None = None

    def start(self) -> list[bytes]:
        """The first flight of a client; nothing for a server."""
        self._advance()
        return self.outgoing()

    def feed(self, datagram: bytes) -> tuple[list[bytes], list[bytes]]:
        """(datagrams to send, application data received). Raises SSL.Error when the handshake fails."""
        self._ssl.bio_write(datagram)
        data: list[bytes] = []
        if not self.is_connected:
            self._advance()
        if self.is_connected:
            while True:
                try:
                    data.append(self._ssl.recv(_READ_BYTES))
                except (SSL.WantReadError, SSL.ZeroReturnError):
                    break
        return self.outgoing(), data

    def retry(self) -> list[bytes]:
        """To be called now and then while not connected: the flight again, when its timer has run out."""
        timeout = self._ssl.DTLSv1_get_timeout()
        if timeout is not None and timeout <= 0:
            self._ssl.DTLSv1_handle_timeout()
        return self.outgoing()

    def send(self, data: bytes) -> list[bytes]:
        """Application data (SCTP) as datagrams."""
        self._ssl.send(data)
        return self.outgoing()

    def peer_fingerprint(self) -> str:
        """SHA-256 of the peer's certificate as in SDP."""
        peer = self._ssl.get_peer_certificate()
        if peer is None:
            return ""
        return _colons(peer.to_cryptography().public_bytes(serialization.Encoding.DER))

    def outgoing(self) -> list[bytes]:
        datagrams: list[bytes] = []
        while True:
            try:
                datagrams.append(self._ssl.bio_read(_READ_BYTES))
            except SSL.WantReadError:
                return datagrams

    def _advance(self) -> None:
        try:
            self._ssl.do_handshake()
        except SSL.WantReadError:
            return
        chosen = self._ssl.get_selected_srtp_profile()
        profile = next(each for each in _PROFILES if each.name == chosen)
        size = 2 * (profile.key + profile.salt)
        # RFC 5764 §4.2: client key, server key, client salt, server salt.
        material = bytes(self._ssl.export_keying_material(b"EXTRACTOR-dtls_srtp", size))
        keys = [material[index * profile.key : (index + 1) * profile.key] for index in (0, 1)]
        salts = [material[2 * profile.key + index * profile.salt :][: profile.salt] for index in (0, 1)]
        own = 0 if self._is_client else 1
        self.srtp = _session(profile, keys[own] + salts[own], is_out=True)
        self.unsrtp = _session(profile, keys[1 - own] + salts[1 - own], is_out=False)
        self.profile = profile.name.decode()
        self.is_connected = True


def _session(profile: _Profile, key: bytes, *, is_out: bool) -> Session:
    policy = Policy(
        key=key,
        ssrc_type=Policy.SSRC_ANY_OUTBOUND if is_out else Policy.SSRC_ANY_INBOUND,
        srtp_profile=profile.policy,
    )
    policy.allow_repeat_tx = is_out
    # Why 4096: only a sample is decrypted, so the window must bear wide steps; far below libsrtp's 2**15.
    policy.window_size = 4096
    return Session(policy=policy)


def _colons(der: bytes) -> str:
    text = hashlib.sha256(der).hexdigest().upper()
    return ":".join(text[index : index + 2] for index in range(0, len(text), 2))
