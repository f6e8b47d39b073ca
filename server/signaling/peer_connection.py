"""One peer connection of a participant: its transport and its packet side, joined."""

from __future__ import annotations

from typing import Protocol

from server.sfu.description import TransportState
from server.sfu.hub import MediaHub
from server.sfu.transport import MediaEndpoint
from server.signaling.negotiation import LocalTransport, Negotiated


class PeerConnectionOwner(Protocol):
    """Told what arrives, but for RTP and RTCP, which go straight to the packet side."""

    def on_message(self, label: str, payload: bytes) -> None: ...

    def on_channel_ready(self, label: str) -> None: ...

    def on_transport_state(self, connection: PeerConnection, state: TransportState) -> None: ...


class PeerConnection:
    """`on_rtp` and `on_rtcp` are the packet side's own bound methods: no hop of ours on the packet path."""

    def __init__(self, *, endpoint: MediaEndpoint, hub: MediaHub, label: str, owner: PeerConnectionOwner) -> None:
        self._owner = owner
        self.transport = endpoint.create_transport(label)
        self.peer = hub.create_peer(self.transport, self)
        self.on_rtp = self.peer.on_rtp
        self.on_rtcp = self.peer.on_rtcp
        self.unbound_packets = 0
        self.prefer_tcp = False
        self.transport.set_listener(self)

    def local(self) -> LocalTransport:
        candidates = tuple(self.transport.candidates)
        if self.prefer_tcp:
            candidates = tuple(c for c in candidates if c.transport == "tcp") or candidates
        return LocalTransport(
            ice=self.transport.ice, fingerprints=tuple(self.transport.fingerprints), candidates=candidates
        )

    def prepare_answer(self, *, is_ice_restart: bool) -> LocalTransport:
        """Our own credentials change when the client's do (RFC 8839 §4.4.1.1.1)."""
        if is_ice_restart:
            self.transport.restart_ice()
        return self.local()

    def apply(self, negotiated: Negotiated) -> None:
        self.transport.set_remote(negotiated.remote_ice, negotiated.remote_fingerprints, negotiated.role)

    # -- TransportListener

    def on_message(self, label: str, payload: bytes) -> None:
        self._owner.on_message(label, payload)

    def on_channel_open(self, label: str) -> None:
        self._owner.on_channel_ready(label)

    def on_channel_low(self, label: str) -> None:
        self._owner.on_channel_ready(label)

    def on_state(self, state: TransportState) -> None:
        self.peer.on_transport_state()
        self._owner.on_transport_state(self, state)

    # -- PeerListener

    def on_unbound_ssrc(self, ssrc: int, payload_type: int, mid: str | None, rid: str | None) -> None:
        # Media may come before its `add_track`; the section is bound when that arrives.
        self.unbound_packets += 1

    async def close(self) -> None:
        self.peer.close()
        await self.transport.close()
