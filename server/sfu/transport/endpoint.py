"""The media endpoint of one worker: its sockets, its certificate, and which ufrag and address belong to whom."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from server.clock import Clock, until_next
from server.errors import ErrorCode, Unavailable
from server.sfu.description import HostCandidate
from server.sfu.transport import stun
from server.sfu.transport.dtls import DtlsIdentity
from server.sfu.transport.guard import PARSER_FAILURES
from server.sfu.transport.ice_lite import IceLite, host_candidates
from server.sfu.transport.path import Path
from server.sfu.transport.peer_transport import PeerTransport
from server.sfu.transport.scratch import Scratch
from server.sfu.transport.sockets import UdpSocket
from server.sfu.transport.stats import DropReason, EndpointStats
from server.sfu.transport.tcp import TcpListener

# Why 5 s: checks come every 2.5 s at the latest, so this means two in a row are missing.
SILENCE_US = 5_000_000
_TICK_S = 0.2
# Why 20 ms: a fifth of the shortest interval at which a handshake flight is repeated.
_HANDSHAKE_TICK_S = 0.02
# Why 16: port 0 on several hosts needs one number that is free on all of them.
_PORT_TRIES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointConfig:
    bind_hosts: tuple[str, ...]
    announced: Mapping[str, str] = field(default_factory=dict)
    """Bind host → the address that candidates carry; missing = the bind host itself."""
    udp_port: int = 0
    tcp_port: int | None = None
    """None = no ICE-TCP."""
    silence_us: int = SILENCE_US


class MediaEndpoint:
    """Create with `open`. Everything runs on the loop that opened it."""

    def __init__(self, config: EndpointConfig, *, clock: Clock, on_drained: Callable[[], None]) -> None:
        self.stats = EndpointStats()
        self.udp_port = 0
        self.tcp_port: int | None = None
        self.candidates: tuple[HostCandidate, ...] = ()
        self._config = config
        self._clock = clock
        self._drained = on_drained
        self._identity = DtlsIdentity()
        self._scratch = Scratch()
        self._sockets: list[UdpSocket] = []
        self._listeners: list[TcpListener] = []
        self._by_ufrag: dict[str, PeerTransport] = {}
        self._transports: set[PeerTransport] = set()
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._handshake_timer: asyncio.TimerHandle | None = None

    @classmethod
    async def open(cls, config: EndpointConfig, *, clock: Clock, on_drained: Callable[[], None]) -> MediaEndpoint:
        """Raises Unavailable (PORT_TAKEN) with the port in its detail."""
        endpoint = cls(config, clock=clock, on_drained=on_drained)
        try:
            endpoint._open_udp()
            await endpoint._open_tcp()
        except BaseException:
            await endpoint.close()
            raise
        announced = tuple(config.announced.get(host, host) for host in config.bind_hosts)
        endpoint.candidates = host_candidates(announced, udp_port=endpoint.udp_port, tcp_port=endpoint.tcp_port)
        for udp in endpoint._sockets:
            udp.start(endpoint._loop)
        endpoint._tick()
        return endpoint

    @property
    def transport_count(self) -> int:
        return len(self._transports)

    @property
    def received(self) -> int:
        return self.stats.receive_calls

    def has_unread(self) -> bool:
        """For `FlowWatch`: whether the kernel holds datagrams for us now."""
        return any(udp.has_unread() for udp in self._sockets)

    def create_transport(self, label: str) -> PeerTransport:
        """A transport in state NEW; `label` is for people who read logs."""
        transport = PeerTransport(
            label,
            home=self,
            ice=IceLite(secrets.randbelow),
            identity=self._identity,
            candidates=self.candidates,
            stats=self.stats,
            scratch=self._scratch,
            now_us=self._clock.monotonic_us,
            silence_us=self._config.silence_us,
        )
        self._transports.add(transport)
        return transport

    async def close(self) -> None:
        """Idempotent: transports, then timers, then sockets (docs/closures.md)."""
        for transport in tuple(self._transports):
            transport.shut()
        for timer in (self._timer, self._handshake_timer):
            if timer is not None:
                timer.cancel()
        self._timer = self._handshake_timer = None
        for udp in self._sockets:
            udp.close()
        for listener in self._listeners:
            await listener.close()
        self._sockets.clear()
        self._listeners.clear()

    # Intake

    def on_stun(self, path: Path, data: bytes, now_us: int) -> None:
        try:
            message = stun.parse(data)
        except PARSER_FAILURES:
            self.stats.drop(DropReason.STUN_MALFORMED)
            return
        if message.kind == stun.BINDING_INDICATION and path.owner is not None:
            return  # a keep-alive without credentials (RFC 8445 §11): nothing to answer, nothing to believe
        if message.kind != stun.BINDING_REQUEST:
            self.stats.drop(DropReason.STUN_UNEXPECTED)
            return
        transport = self._by_ufrag.get(message.local_ufrag)
        if transport is None:
            self.stats.drop(DropReason.STUN_UNKNOWN_UFRAG)
            return
        transport.on_check(path, message, data, now_us)

    def on_path_lost(self, path: Path) -> None:
        if path.owner is not None:
            path.owner.on_path_lost(path)

    def on_drained(self) -> None:
        self._drained()

    # Home

    def learn_ufrags(self, transport: PeerTransport) -> None:
        live = frozenset(transport.live_ufrags)
        for ufrag in transport.ufrags - live:
            self._by_ufrag.pop(ufrag, None)
        for ufrag in live - transport.ufrags:
            self._by_ufrag[ufrag] = transport
        transport.ufrags = live

    def forget(self, transport: PeerTransport) -> None:
        for ufrag in transport.ufrags:
            self._by_ufrag.pop(ufrag, None)
        transport.ufrags = frozenset()
        self._transports.discard(transport)

    def watch_handshakes(self) -> None:
        if self._handshake_timer is None:
            self._handshake_timer = self._loop.call_later(_HANDSHAKE_TICK_S, self._tick_handshakes)

    # inside

    def _open_udp(self) -> None:
        hosts = self._config.bind_hosts
        for attempt in range(_PORT_TRIES):
            port = self._config.udp_port
            try:
                for host in hosts:
                    udp = UdpSocket(host, port, intake=self, clock=self._clock, stats=self.stats)
                    self._sockets.append(udp)
                    port = udp.port
            except OSError as exc:
                for udp in self._sockets:
                    udp.close()
                self._sockets.clear()
                if self._config.udp_port or attempt + 1 == _PORT_TRIES:
                    raise _port_taken("UDP", port, exc) from exc
            else:
                self.udp_port = port
                return

    async def _open_tcp(self) -> None:
        if self._config.tcp_port is None:
            return
        for attempt in range(_PORT_TRIES):
            port = self._config.tcp_port
            try:
                for host in self._config.bind_hosts:
                    listener = TcpListener(intake=self, clock=self._clock, stats=self.stats)
                    self._listeners.append(listener)
                    await listener.open(host, port)
                    port = listener.port
            except OSError as exc:
                for listener in self._listeners:
                    await listener.close()
                self._listeners.clear()
                if self._config.tcp_port or attempt + 1 == _PORT_TRIES:
                    raise _port_taken("TCP", port, exc) from exc
            else:
                self.tcp_port = port
                return

    def _tick(self) -> None:
        now_us = self._clock.monotonic_us()
        self._timer = self._loop.call_later(until_next(_TICK_S, self._loop.time()), self._tick)
        for transport in tuple(self._transports):
            transport.tick(now_us)
        for listener in self._listeners:
            listener.tick(now_us)

    def _tick_handshakes(self) -> None:
        """Runs only while some handshake does."""
        self._handshake_timer = None
        now_us = self._clock.monotonic_us()
        running = [each for each in self._transports if each.is_handshaking]
        for transport in running:
            transport.on_timer(now_us)
        if running:
            self.watch_handshakes()


def _port_taken(protocol: str, port: int, exc: OSError) -> Unavailable:
    return Unavailable(ErrorCode.PORT_TAKEN, f"{protocol} port {port}: {exc.strerror or exc}")
