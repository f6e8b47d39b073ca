"""The transport half of a description: ICE, fingerprints and DTLS role of the bundle (RFC 9143, RFC 8842, RFC 8839)."""

from __future__ import annotations

from dataclasses import dataclass

from server.sfu.description import DtlsRole, Fingerprint, HostCandidate, IceParameters
from server.signaling.negotiation_values import LocalTransport, refuse
from server.signaling.sdp import APPLICATION, MediaSection, SessionDescription, Setup

# Why not sha-1 and md5: RFC 8122 §5 forbids offering them, and nobody does.
_STRONG_HASHES = frozenset({"sha-256", "sha-384", "sha-512"})
# Why 65 536: clients cap messages at 64 000 bytes; the envelope needs some more (media.md §a.9).
MAX_MESSAGE_BYTES = 65536
# Why 5000: what every WebRTC stack uses (RFC 8841 §5).
SCTP_PORT = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteTransport:
    ice: IceParameters
    fingerprints: tuple[Fingerprint, ...]
    setup: Setup


def is_usable(section: MediaSection, bundle: tuple[str, ...]) -> bool:
    """Whether we can answer this section with anything but port 0: our protocols, multiplexed, in the bundle."""
    if section.is_rejected or (bundle and section.mid not in bundle):
        return False
    if section.kind == APPLICATION:
        return section.protocol.endswith("DTLS/SCTP") and section.sctp_port is not None
    return section.is_media and section.protocol.endswith("/TLS/RTP/SAVPF") and section.has_rtcp_mux


def remote_transport(description: SessionDescription, usable: tuple[MediaSection, ...]) -> RemoteTransport:
    """ICE, fingerprints and setup of the section that carries the bundle; raises InvalidInput when they are missing."""
    if not usable:
        raise refuse("no usable section")
    if len(usable) > 1 and not description.bundle:
        raise refuse("sections are not bundled")
    by_mid = {section.mid: section for section in usable}
    tagged = next((by_mid[mid] for mid in description.bundle if mid in by_mid), usable[0])
    fingerprints = tuple(one for one in tagged.fingerprints if one.algorithm in _STRONG_HASHES)
    if tagged.ice is None:
        raise refuse(f"section {tagged.mid} has no ICE credentials")
    if not fingerprints:
        raise refuse(f"section {tagged.mid} has no fingerprint that we accept")
    return RemoteTransport(ice=tagged.ice, fingerprints=fingerprints, setup=tagged.setup or Setup.ACTPASS)


def role_as_answerer(offered: Setup, current: DtlsRole | None) -> DtlsRole:
    """Our role: passive wherever the offer allows it; once taken, it stays (RFC 8842 §5.5)."""
    if offered is Setup.ACTPASS:
        return current or DtlsRole.SERVER
    role = DtlsRole.CLIENT if offered is Setup.PASSIVE else DtlsRole.SERVER
    return _unchanged(role, current)


def role_as_offerer(answered: Setup, current: DtlsRole | None) -> DtlsRole:
    """The role that the answer to our ``actpass`` leaves us; pion answers passive to ice-lite (media.md §a.11)."""
    if answered is Setup.ACTPASS:
        raise refuse("an answer must not say actpass")
    return _unchanged(DtlsRole.SERVER if answered is Setup.ACTIVE else DtlsRole.CLIENT, current)


def _unchanged(role: DtlsRole, current: DtlsRole | None) -> DtlsRole:
    if current is not None and role is not current:
        raise refuse("the DTLS role changed")
    return role


def is_restart(previous: IceParameters | None, now: IceParameters) -> bool:
    """New credentials on a connection that had some (RFC 8839 §4.4.1.1.1)."""
    return previous is not None and previous != now


def check_same_peer(previous: tuple[Fingerprint, ...] | None, now: tuple[Fingerprint, ...]) -> None:
    """Another certificate is another peer connection: the client has to join anew."""
    if previous is not None and set(previous) != set(now):
        raise refuse("the certificate changed")


def candidate_line(candidate: HostCandidate) -> str:
    """After ``a=candidate:`` (RFC 8839 §5.1, RFC 6544 §4.5)."""
    kind = " tcptype passive" if candidate.transport == "tcp" else ""
    return (
        f"{candidate.foundation} 1 {candidate.transport} {candidate.priority} "
        f"{candidate.host} {candidate.port} typ host{kind}"
    )


def candidate_lines(local: LocalTransport) -> tuple[str, ...]:
    return tuple(candidate_line(one) for one in local.candidates)
