"""One peer connection's transport: paths, DTLS, SRTP and data channels behind `server.sfu.ports.Transport`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from server.sfu.description import (
    DtlsRole,
    Fingerprint,
    HostCandidate,
    IceParameters,
    TransportState,
)
from server.sfu.ports import TransportListener
from server.sfu.transport import stun
from server.sfu.transport.burst import SrtpBurstWriter
from server.sfu.transport.datachannels import DataChannels
from server.sfu.transport.dtls import DtlsIdentity, DtlsSession, DtlsState
from server.sfu.transport.guard import PARSER_FAILURES, RateLimit, is_dtls, is_rtcp
from server.sfu.transport.ice_lite import IceLite
from server.sfu.transport.nobody import NOBODY
from server.sfu.transport.path import Home, Path
from server.sfu.transport.scratch import Scratch
from server.sfu.transport.srtp import SrtpReceiver, SrtpSender
from server.sfu.transport.stats import DropReason, EndpointStats

# Why 16: a client with many interfaces, both IP versions and TCP, on two generations; more is not honest.
MAX_PATHS = 16
# Why 8: a ClientHello in fragments and its repeats while the answer is still on its way to us.
MAX_EARLY_DATAGRAMS = 8
# libwebrtc checks 16 pairs every 50 ms at its fastest.
CHECKS_PER_SECOND = 200
CHECK_BURST = 200


class PeerTransport:
    """Implements `Transport`; the endpoint feeds it what its sockets receive."""

    def __init__(
        self,
        label: str,
        *,
        home: Home,
        ice: IceLite,
        identity: DtlsIdentity,
        candidates: Sequence[HostCandidate],
        stats: EndpointStats,
        scratch: Scratch,
        now_us: Callable[[], int],
        silence_us: int,
    ) -> None:
        self.label = label
        self.state = TransportState.NEW
        self.candidates = candidates
        self.fingerprints: Sequence[Fingerprint] = identity.fingerprints
        self.ufrags: frozenset[str] = frozenset()
        """Those under which the endpoint knows us; it keeps this in step."""
        self._ice = ice
        self._identity = identity
        self._stats = stats
        self._now_us = now_us
        self._silence_us = silence_us
        self._home = home
        self._listener: TransportListener = NOBODY
        self._writer = SrtpBurstWriter(stats, scratch)
        self._paths: list[Path] = []
        self._selected: Path | None = None
        self._is_nominated = False
        self._checks = RateLimit(per_second=CHECKS_PER_SECOND, burst=CHECK_BURST)
        self._dtls: DtlsSession | None = None
        self._early: list[bytes] = []
        self._receiver: SrtpReceiver | None = None
        self._sender: SrtpSender | None = None
        self._channels: DataChannels | None = None
        self._wanted_channels: dict[str, tuple[bool, int | None]] = {}
        self._heard_us = now_us()
        home.learn_ufrags(self)

    # Transport

    @property
    def ice(self) -> IceParameters:
        return self._ice.local

    @property
    def live_ufrags(self) -> tuple[str, ...]:
        return self._ice.ufrags

    @property
    def writer(self) -> SrtpBurstWriter:
        return self._writer

    @property
    def selected(self) -> str:
        return self._selected.kind if self._selected is not None and self._is_nominated else ""

    @property
    def is_handshaking(self) -> bool:
        return self._dtls is not None and self._dtls.state is DtlsState.HANDSHAKE

    def set_listener(self, listener: TransportListener) -> None:
        if self.state is not TransportState.CLOSED:
            self._listener = listener

    def set_remote(self, ice: IceParameters, fingerprints: Sequence[Fingerprint], role: DtlsRole) -> None:
        self._ice.remote = ice
        if self._dtls is not None or self.state is not TransportState.NEW:
            return
        self._dtls = DtlsSession(self._identity, role, fingerprints, self._send_dtls)
        self._set_state(TransportState.CONNECTING)
        self._home.watch_handshakes()
        early, self._early = self._early, []
        for datagram in early:
            self._feed_dtls(datagram, self._now_us())
        self._start_client()

    def restart_ice(self) -> IceParameters:
        self._ice.restart()
        self._home.learn_ufrags(self)
        return self._ice.local

    def send_rtcp(self, packet: bytes) -> bool:
        path = self._selected
        if self._sender is None or path is None:
            self._stats.drop(DropReason.OUT_NOT_CONNECTED)
            return False
        protected = self._sender.protect_rtcp(packet)
        if protected is None:
            self._stats.drop(DropReason.OUT_PROTECT)
            return False
        return path.send(protected)

    def forget_ssrc(self, ssrc: int) -> None:
        """Free the SRTP context of an SSRC of ours that is never used again (libsrtp searches them one by one)."""
        if self._sender is not None:
            self._sender.forget_ssrc(ssrc)

    def open_channel(self, label: str, *, ordered: bool, max_retransmits: int | None) -> None:
        if self._channels is None:
            self._wanted_channels[label] = (ordered, max_retransmits)
        else:
            self._channels.open(label, ordered=ordered, max_retransmits=max_retransmits)

    def send_message(self, label: str, payload: bytes) -> bool:
        return self._channels is not None and self._channels.send(label, payload)

    def buffered_bytes(self, label: str) -> int:
        return 0 if self._channels is None else self._channels.buffered_bytes(label)

    async def close(self) -> None:
        self.shut()

    def shut(self) -> None:
        """The close cascade: SCTP abort, close_notify, paths, ufrags, the listener last. Idempotent."""
        if self.state is TransportState.CLOSED:
            return
        if self._channels is not None:
            self._channels.close()
        if self._dtls is not None:
            self._dtls.close()
        self._writer.use(None)
        self._writer.path = None
        self._sender = self._receiver = None
        self._selected = None
        for path in tuple(self._paths):
            path.release()
        self._paths.clear()
        self._early.clear()
        self._wanted_channels.clear()
        self._home.forget(self)
        listener, self._listener = self._listener, NOBODY
        self.state = TransportState.CLOSED
        listener.on_state(TransportState.CLOSED)

    # what the sockets bring

    def on_check(self, path: Path, message: stun.StunMessage, data: bytes, now_us: int) -> None:
        """A binding request for one of our ufrags, from any address at all."""
        if not self._ice.has_integrity(message, data):
            self._stats.drop(DropReason.STUN_INTEGRITY)
            return
        if not self._checks.allows(now_us):
            self._stats.drop(DropReason.STUN_RATE)
            return
        verdict = self._ice.answer(message, *path.remote)
        path.heard_us = now_us
        if verdict.is_accepted:
            self._bind(path)
        path.send(verdict.reply)
        if verdict.forgotten:
            self._home.learn_ufrags(self)
        if verdict.is_nominated:
            self._select(path, is_nominated=True)
        self._heard(now_us)
        self._start_client()

    def on_srtp(self, path: Path, view: memoryview, pointer: Any, offset: int, length: int, now_us: int) -> None:
        """RTP or RTCP lying at ``view[offset]``, from a validated path."""
        receiver = self._receiver
        if receiver is None or length < 2:
            self._stats.drop(DropReason.SRTP_NOT_READY)
            return
        if is_rtcp(view[offset + 1]):
            packet = receiver.unprotect_rtcp(view, pointer, offset, length, now_us)
            tell = self._listener.on_rtcp
        else:
            packet = receiver.unprotect(view, pointer, offset, length, now_us)
            tell = self._listener.on_rtp
        if packet is None:
            return
        path.heard_us = now_us
        self._heard_us = now_us
        if self.state is TransportState.SILENT:
            self._set_state(TransportState.CONNECTED)
        tell(packet, now_us)

    def on_dtls(self, path: Path, datagram: bytes, now_us: int) -> None:
        """DTLS from a validated path."""
        if not is_dtls(datagram):
            self._stats.drop(DropReason.DTLS_MALFORMED)
            return
        if self._selected is None:
            self._select(path, is_nominated=False)
        if self._dtls is not None:
            self._feed_dtls(datagram, now_us)
        elif len(self._early) < MAX_EARLY_DATAGRAMS and self.state is TransportState.NEW:
            self._early.append(datagram)
        else:
            self._stats.drop(DropReason.DTLS_EARLY)

    def on_path_lost(self, path: Path) -> None:
        """A TCP connection ended: go on over the path heard last, if there is one."""
        if path in self._paths:
            self._paths.remove(path)
        path.owner = None
        if path is self._selected:
            self._selected = self._writer.path = None
            if self._paths:
                self._select(max(self._paths, key=lambda each: each.heard_us), is_nominated=self._is_nominated)

    def on_timer(self, now_us: int) -> None:
        """Every few ten milliseconds while the handshake runs."""
        if self._dtls is not None:
            self._dtls.on_timer(now_us)

    def tick(self, now_us: int) -> None:
        """A few times a second: silence is noticed here, and its end where something arrives."""
        if self.state is TransportState.CONNECTED and now_us - self._heard_us > self._silence_us:
            self._set_state(TransportState.SILENT)

    # inside

    def _bind(self, path: Path) -> None:
        if path.owner is self:
            return
        if path.owner is not None:
            path.owner.on_path_lost(path)  # its address was given to another peer, who has proved it
        if len(self._paths) >= MAX_PATHS:
            spare = min((each for each in self._paths if each is not self._selected), key=lambda each: each.heard_us)
            self._paths.remove(spare)
            spare.release()
        path.bind(self)
        self._paths.append(path)

    def _select(self, path: Path, *, is_nominated: bool) -> None:
        self._is_nominated = self._is_nominated or is_nominated
        if path is not self._selected:
            self._writer.flush()
            self._selected = self._writer.path = path

    def _heard(self, now_us: int) -> None:
        self._heard_us = now_us
        if self.state is TransportState.SILENT:
            self._set_state(TransportState.CONNECTED)

    def _start_client(self) -> None:
        dtls = self._dtls
        if dtls is not None and self._is_nominated and not dtls.is_started:
            dtls.start(self._now_us())

    def _send_dtls(self, datagram: bytes) -> None:
        if self._selected is not None:
            self._selected.send(datagram)

    def _feed_dtls(self, datagram: bytes, now_us: int) -> None:
        dtls = self._dtls
        if dtls is None:
            return
        was = dtls.state
        packets = dtls.feed(datagram, now_us)
        if dtls.state is not was:
            self._follow_dtls(dtls, now_us)
        if packets:
            self._heard(now_us)
        for packet in packets:
            self._feed_sctp(packet)

    def _follow_dtls(self, dtls: DtlsSession, now_us: int) -> None:
        if dtls.state is DtlsState.FAILED:
            self._set_state(TransportState.FAILED)
        if dtls.profile is not None and self._receiver is None:
            profile, sending_key, receiving_key = dtls.srtp_keys()
            self._sender = SrtpSender(profile, sending_key)
            self._receiver = SrtpReceiver(profile, receiving_key, self._stats)
            self._writer.use(self._sender)
            self._heard_us = now_us
            self._channels = DataChannels(
                is_server=dtls.role is DtlsRole.SERVER,
                send=dtls.send,
                listener=lambda: self._listener,
                stats=self._stats,
            )
            self._set_state(TransportState.CONNECTED)
            for label, (ordered, max_retransmits) in self._wanted_channels.items():
                self._channels.open(label, ordered=ordered, max_retransmits=max_retransmits)
            self._wanted_channels.clear()
        if dtls.state is DtlsState.CLOSED:
            self.shut()

    def _feed_sctp(self, packet: bytes) -> None:
        channels = self._channels
        if channels is None:
            return
        try:
            channels.receive(packet)
        except PARSER_FAILURES:
            self._stats.drop(DropReason.PARSER)
        except ConnectionError:
            return
        channels.deliver()

    def _set_state(self, state: TransportState) -> None:
        if state is not self.state:
            self.state = state
            self._listener.on_state(state)
