"""The seams of the packet path, on one screen: what packets need of a transport, and the reverse.

`sfu.transport` implements `Transport` and `BurstWriter` (it alone imports aiortc, aioice and
pylibsrtp); the packet side implements `TransportListener`. Nothing here may block or await
between an arriving packet and the `flush` that sends it on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from server.sfu.description import DtlsRole, Fingerprint, HostCandidate, IceParameters, TransportState
from server.sfu.layout import BurstLayout

# Why 1 600: the largest packet that a path MTU of 1 500 lets through, plus the SRTP trailer, rounded up.
MAX_PACKET_BYTES = 1600


class SendGroup(Protocol):
    """Sends to several peers at once; made by `BurstWriter.group`.

    One packet each: ask for the `place`, write packet *i* at ``buffer[i * stride]``, then `send`.

    A burst each: ask how many `rows` there is room for, write as many members' bursts one behind the other to the
    writers' ``scratch``, `send_rows`; then the next ones.
    """

    def place(self, size: int) -> tuple[bytearray, int] | None:
        """(buffer, stride) for packets of `size` bytes; None = not now, or never again: send to each by itself."""
        ...

    def send(self, stride: int, size: int) -> bool:
        """Protect and send what was written. False = it was not, and never will be again."""
        ...

    def rows(self, layout: BurstLayout) -> int:
        """How many members' bursts of this layout fit at once; 0 = not now, or never again."""
        ...

    def send_rows(self, layout: BurstLayout, first: int) -> bool:
        """Protect and send the bursts for members `first` and following, as many as there were `rows`, or are members.

        False = they were not sent, nor will anything be again.
        """
        ...


class BurstWriter(Protocol):
    """Packets for one peer: written in the clear into one buffer, protected in place, sent in runs.

    Use: write an RTP packet at ``buffer[offset:]`` (there is always room for MAX_PACKET_BYTES),
    call ``commit(length)``, repeat, then ``flush()``. After each `commit` read `offset` again.

    Or at once: write at the start of ``scratch``, then call ``send_burst``. It is shared by all
    writers of the worker, which keeps it in the processor's cache; nothing in it outlives the call.
    """

    buffer: bytearray
    offset: int
    scratch: bytearray
    trailer_bytes: int
    """What SRTP adds to a packet."""

    @property
    def meeting_point(self) -> object | None:
        """Writers with an equal one can be in one `group`; None = nobody can at the moment."""
        ...

    def group(self, writers: Sequence[BurstWriter]) -> SendGroup:
        """For these, of one meeting point, in this order; until one of them has other keys or another path."""
        ...

    def send_burst(self, layout: BurstLayout) -> int:
        """Protect and send the packets that lie in ``scratch`` as `layout` says. How many were taken: all or none."""
        ...

    def commit(self, length: int) -> bool:
        """Protect the packet (SRTP, in place) and queue it. False = dropped (not connected, queue full), counted."""
        ...

    def flush(self) -> None:
        """Hand everything queued to the kernel: one `sendmsg` with UDP_SEGMENT per run of equal sizes."""
        ...


class TransportListener(Protocol):
    """Who is told what arrives on one transport. All calls are synchronous and must not raise."""

    def on_rtp(self, packet: bytes, arrived_us: int) -> None:
        """A clear RTP packet (header validated: version 2, lengths consistent), authenticated."""
        ...

    def on_rtcp(self, packet: bytes, arrived_us: int) -> None:
        """A clear compound RTCP packet, authenticated, not yet parsed."""
        ...

    def on_message(self, label: str, payload: bytes) -> None:
        """A message on the data channel with this label."""
        ...

    def on_channel_open(self, label: str) -> None: ...

    def on_channel_low(self, label: str) -> None:
        """The channel's send buffer has drained below its low mark: `send_message` works again."""
        ...

    def on_state(self, state: TransportState) -> None: ...


class Transport(Protocol):
    """One peer connection's ICE-lite, DTLS, SRTP and SCTP. States as in `TransportState`."""

    @property
    def ice(self) -> IceParameters:
        """Our current ufrag and password."""
        ...

    @property
    def fingerprints(self) -> Sequence[Fingerprint]: ...

    @property
    def candidates(self) -> Sequence[HostCandidate]: ...

    @property
    def state(self) -> TransportState: ...

    @property
    def writer(self) -> BurstWriter: ...

    @property
    def selected(self) -> str:
        """``udp``, ``tcp`` or empty while there is no nominated pair."""
        ...

    def set_listener(self, listener: TransportListener) -> None: ...

    def set_remote(self, ice: IceParameters, fingerprints: Sequence[Fingerprint], role: DtlsRole) -> None:
        """First call starts DTLS once a pair is nominated; later calls only take new ICE parameters."""
        ...

    def restart_ice(self) -> IceParameters:
        """New local ufrag and password; the old ones stay valid until a pair of the new generation is nominated."""
        ...

    def send_rtcp(self, packet: bytes) -> bool:
        """Protect and send one clear compound RTCP packet now."""
        ...

    def open_channel(self, label: str, *, ordered: bool, max_retransmits: int | None) -> None:
        """Open a channel from our side (v0 subscriber connection). Idempotent per label."""
        ...

    def send_message(self, label: str, payload: bytes) -> bool:
        """False when the channel is not open or its bounded buffer is full; nothing is queued then."""
        ...

    def buffered_bytes(self, label: str) -> int: ...

    async def close(self) -> None:
        """Idempotent. DTLS close_notify, SCTP abort, ICE forgotten."""
        ...
