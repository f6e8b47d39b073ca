"""What a media endpoint counts: every dropped datagram has a reason, and nothing here is ever logged per packet."""

from __future__ import annotations

from enum import StrEnum


class DropReason(StrEnum):
    """Why the transport threw something away. A bad datagram is never an exception (architecture §6)."""

    SIZE = "size"
    """Empty, too short for its protocol, or longer than any honest packet."""
    STRANGER = "stranger"
    """Not STUN, and from an address that no integrity-checked binding request came from."""
    UNKNOWN_PROTOCOL = "unknown_protocol"
    """First byte outside the ranges of RFC 7983."""
    STUN_MALFORMED = "stun_malformed"
    STUN_UNKNOWN_UFRAG = "stun_unknown_ufrag"
    STUN_INTEGRITY = "stun_integrity"
    STUN_RATE = "stun_rate"
    STUN_UNEXPECTED = "stun_unexpected"
    """A response or a method that an ICE-lite agent never asked for."""
    DTLS_MALFORMED = "dtls_malformed"
    DTLS_EARLY = "dtls_early"
    """Before the remote description, and the small waiting room was full."""
    SRTP_NOT_READY = "srtp_not_ready"
    SRTP_AUTH = "srtp_auth"
    SRTP_REPLAY = "srtp_replay"
    SRTP_SSRC_LIMIT = "srtp_ssrc_limit"
    RTP_MALFORMED = "rtp_malformed"
    SCTP_MALFORMED = "sctp_malformed"
    SCTP_LIMIT = "sctp_limit"
    """Inbound reassembly or stream count over its bound."""
    CHANNEL_LIMIT = "channel_limit"
    PARSER = "parser"
    """A library parser refused what our own checks let through."""
    OUT_NOT_CONNECTED = "out_not_connected"
    OUT_PROTECT = "out_protect"
    """libsrtp refused (a repeated or far too old sequence number)."""
    OUT_BACKLOG = "out_backlog"
    """The kernel's send buffer and our bounded backlog behind it were full."""
    OUT_ERROR = "out_error"
    TCP_LIMIT = "tcp_limit"
    """Connection refused: too many of them."""
    TCP_FRAME = "tcp_frame"
    TCP_DEADLINE = "tcp_deadline"


# Why: libsrtp's numbers for its two replay answers (srtp_err_status_replay_fail, _replay_old).
SRTP_REPLAY_STATUSES = frozenset({9, 10})


class EndpointStats:
    """Plain integers; `/metrics` reads them whenever it likes."""

    __slots__ = (
        "bytes_in",
        "bytes_out",
        "datagrams_in",
        "drops",
        "gso_fallbacks",
        "packets_out",
        "receive_calls",
        "send_calls",
        "tcp_connections",
    )

    def __init__(self) -> None:
        self.receive_calls = 0
        self.datagrams_in = 0
        self.bytes_in = 0
        self.send_calls = 0
        self.packets_out = 0
        self.bytes_out = 0
        self.gso_fallbacks = 0
        self.tcp_connections = 0
        self.drops: dict[DropReason, int] = dict.fromkeys(DropReason, 0)

    def drop(self, reason: DropReason, count: int = 1) -> None:
        self.drops[reason] += count
