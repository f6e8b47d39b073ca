"""Data channels on aiortc's SCTP, bounded on both sides and run without tasks (RFC 8831, RFC 8832, RFC 9260).

aiortc's association is written with coroutines that never wait for anything here, because our carrier
sends at once; so each is run to its end on the spot and the order of packets is kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Protocol, cast

from aiortc import RTCDataChannel, RTCDataChannelParameters, RTCDtlsTransport, RTCSctpTransport
from aiortc.rtcsctptransport import RTCSctpCapabilities

from server.sfu.transport.guard import is_sctp
from server.sfu.transport.stats import DropReason, EndpointStats

SCTP_PORT = 5000
# What our SDP announces (``a=max-message-size``), with room for what the server adds to a client's 64 000 bytes.
MAX_MESSAGE_BYTES = 65536
_REMOTE_MAX_MESSAGE_BYTES = 262144  # libwebrtc's and pion's receive limit; ours is smaller and holds first
# Why 2 MB: half a minute of a bad link's reliable data; who is further behind must resume or leave.
RELIABLE_BUFFER_BYTES = 2 * 1024 * 1024
# Why 128 kB: two whole messages; lossy data that waits longer is worth nothing.
LOSSY_BUFFER_BYTES = 2 * MAX_MESSAGE_BYTES
LOW_MARK_BYTES = 64 * 1024
MAX_CHANNELS = 16  # a LiveKit client opens three
# Why 4 096: fragments of 1 200 bytes for 4 MB; below it a peer cannot make us keep tiny pieces without end.
MAX_FRAGMENTS = 4096
# RFC 9260 asks for an initial RTO of 1 s and lets implementations choose the minimum; 400 ms is dcSCTP's.
_FIRST_RTO_S = 1.0
_MIN_RTO_S = 0.4


def run_to_end(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that never waits. RuntimeError if it does: then aiortc has changed under us."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise RuntimeError("an SCTP coroutine waited")


class BoundedSctp(RTCSctpTransport):
    """aiortc's association with limits on what a hostile peer can make it keep, and quicker timers."""

    def __init__(self, carrier: Carrier, on_limit: Callable[[], None]) -> None:
        super().__init__(cast(RTCDtlsTransport, carrier), port=SCTP_PORT)
        self._on_limit = on_limit
        self._rto = _FIRST_RTO_S

    def _update_rto(self, R: float) -> None:  # noqa: N803 - aiortc's name
        super()._update_rto(R)
        smoothed, variance = self._srtt, self._rttvar
        if smoothed is not None and variance is not None:
            self._rto = min(self._rto, max(_MIN_RTO_S, smoothed + 4 * variance))

    async def _receive_chunk(self, chunk: Any) -> None:
        # A late or repeated INIT would set a living association back to its start (RFC 9260 §5.2.2).
        if chunk.type == 1 and self._association_state == self.State.ESTABLISHED:
            return
        await super()._receive_chunk(chunk)

    async def _receive_data_chunk(self, chunk: Any) -> None:
        if self._last_received_tsn is None:
            self._on_limit()
            return
        ahead = (chunk.tsn - self._last_received_tsn) % 2**32
        is_new = 0 < ahead < 2**31
        if is_new and (ahead > MAX_FRAGMENTS or self._is_full(chunk.stream_id, ahead)):
            # Not acknowledged, so an honest sender tries again later.
            self._on_limit()
            return
        await super()._receive_data_chunk(chunk)

    async def _receive_forward_tsn_chunk(self, chunk: Any) -> None:
        chunk.streams = [each for each in chunk.streams if each[0] in self._inbound_streams]
        if self._last_received_tsn is not None:
            await super()._receive_forward_tsn_chunk(chunk)

    def _is_full(self, stream_id: int, ahead: int) -> bool:
        stream = self._inbound_streams.get(stream_id)
        if stream is None:
            return len(self._inbound_streams) >= MAX_CHANNELS
        if len(stream.reassembly) >= MAX_FRAGMENTS:
            return True
        # What fills the gap may always come in, else a full window could never empty.
        return ahead > 1 and self._advertised_rwnd <= 0


class Carrier:
    """What aiortc's SCTP needs of a DTLS transport: a role, a state and a way to send."""

    def __init__(self, *, is_server: bool, send: Callable[[bytes], None]) -> None:
        self.state = "connected"
        self._role = "server" if is_server else "client"
        self._send = send

    def _register_data_receiver(self, receiver: object) -> None:
        return

    def _unregister_data_receiver(self, receiver: object) -> None:
        return

    async def _send_data(self, data: bytes) -> None:
        self._send(data)


class ChannelListener(Protocol):
    """The part of `TransportListener` that channels need."""

    def on_message(self, label: str, payload: bytes) -> None: ...

    def on_channel_open(self, label: str) -> None: ...

    def on_channel_low(self, label: str) -> None: ...


class DataChannels:
    """All channels of one transport by label. Exists from the end of the DTLS handshake on."""

    def __init__(
        self,
        *,
        is_server: bool,
        send: Callable[[bytes], None],
        listener: Callable[[], ChannelListener],
        stats: EndpointStats,
    ) -> None:
        self._carrier = Carrier(is_server=is_server, send=send)
        self._listener = listener
        self._stats = stats
        self._channels: dict[str, RTCDataChannel] = {}
        self._events: list[tuple[str, bytes | None]] = []
        """(label, message), or (label, None) when the channel has opened."""
        self._is_closed = False
        self._sctp = self._new_association()

    def receive(self, packet: bytes) -> None:
        """One SCTP packet out of DTLS. Raises what the parser behind the guard raises."""
        if not is_sctp(packet):
            self._stats.drop(DropReason.SCTP_MALFORMED)
            return
        if self._is_closed:
            return
        if self._sctp.state == "closed" and packet[12] == 1:
            # The peer had no data section when we began, and now it has one.
            self._channels.clear()
            self._sctp = self._new_association()
        run_to_end(self._sctp._handle_data(packet))

    def deliver(self) -> None:
        """Tell the listener what `receive` found: apart, so that its errors are not taken for the parser's."""
        events, self._events = self._events, []
        for label, payload in events:
            if payload is None:
                self._listener().on_channel_open(label)
            else:
                self._listener().on_message(label, payload)

    def open(self, label: str, *, ordered: bool, max_retransmits: int | None) -> None:
        if self._is_closed or label in self._channels:
            return
        parameters = RTCDataChannelParameters(label=label, ordered=ordered, maxRetransmits=max_retransmits)
        self._adopt(RTCDataChannel(self._sctp, parameters))

    def send(self, label: str, payload: bytes) -> bool:
        channel = self._channels.get(label)
        if channel is None or channel.readyState != "open" or len(payload) > _REMOTE_MAX_MESSAGE_BYTES:
            return False
        limit = RELIABLE_BUFFER_BYTES if channel.maxRetransmits is None else LOSSY_BUFFER_BYTES
        if channel.bufferedAmount + len(payload) > limit:
            self._stats.drop(DropReason.CHANNEL_LIMIT)
            return False
        channel.send(payload)
        return True

    def buffered_bytes(self, label: str) -> int:
        channel = self._channels.get(label)
        return 0 if channel is None else channel.bufferedAmount

    def close(self) -> None:
        """Abort the association. Idempotent."""
        if not self._is_closed:
            self._is_closed = True
            run_to_end(self._sctp.stop())
            self._channels.clear()
            self._events.clear()

    def _new_association(self) -> BoundedSctp:
        sctp = BoundedSctp(self._carrier, partial(self._stats.drop, DropReason.SCTP_LIMIT))
        sctp.on("datachannel", self._on_channel)
        capabilities = RTCSctpCapabilities(maxMessageSize=_REMOTE_MAX_MESSAGE_BYTES)
        run_to_end(sctp.start(capabilities, SCTP_PORT))
        return sctp

    def _on_channel(self, channel: RTCDataChannel) -> None:
        """The peer opened one. A second one with a known label replaces the first, as after a restart of the peer."""
        if len(self._channels) >= MAX_CHANNELS and channel.label not in self._channels:
            self._stats.drop(DropReason.CHANNEL_LIMIT)
            channel.close()
            return
        self._adopt(channel)
        self._report_open(channel.label)

    def _adopt(self, channel: RTCDataChannel) -> None:
        label = channel.label
        channel.bufferedAmountLowThreshold = LOW_MARK_BYTES
        channel.on("open", partial(self._report_open, label))
        channel.on("message", partial(self._report_message, label))
        channel.on("bufferedamountlow", partial(self._report_low, label))
        channel.on("close", partial(self._report_close, channel))
        self._channels[label] = channel

    def _report_open(self, label: str) -> None:
        self._events.append((label, None))

    def _report_message(self, label: str, payload: str | bytes) -> None:
        data = payload.encode() if isinstance(payload, str) else payload
        if len(data) > MAX_MESSAGE_BYTES:
            self._stats.drop(DropReason.CHANNEL_LIMIT)
            return
        self._events.append((label, data))

    def _report_low(self, label: str) -> None:
        # Why later: it may come while the listener is in the middle of sending.
        asyncio.get_running_loop().call_soon(self._tell_low, label)

    def _tell_low(self, label: str) -> None:
        if not self._is_closed:
            self._listener().on_channel_low(label)

    def _report_close(self, channel: RTCDataChannel) -> None:
        if self._channels.get(channel.label) is channel:
            del self._channels[channel.label]
