"""An endpoint on loopback, and a listener that remembers what it was told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import uvloop

from server.clock import SystemClock
from server.sfu.description import TransportState
from server.sfu.transport import EndpointConfig, MediaEndpoint
from server.sfu.transport.peer_transport import PeerTransport
from tests.fakes.packet_peer import PacketPeer


@pytest.fixture(params=["asyncio", "uvloop"])
def event_loop_policy(request: pytest.FixtureRequest) -> asyncio.AbstractEventLoopPolicy:
    """Everything runs on both: workers use uvloop where there is one."""
    return uvloop.EventLoopPolicy() if request.param == "uvloop" else asyncio.DefaultEventLoopPolicy()


class Ears:
    """A `TransportListener`."""

    def __init__(self) -> None:
        self.rtp: list[bytes] = []
        self.rtcp: list[bytes] = []
        self.messages: list[tuple[str, bytes]] = []
        self.opened: list[str] = []
        self.low: list[str] = []
        self.states: list[TransportState] = []

    def on_rtp(self, packet: bytes, arrived_us: int) -> None:
        self.rtp.append(packet)

    def on_rtcp(self, packet: bytes, arrived_us: int) -> None:
        self.rtcp.append(packet)

    def on_message(self, label: str, payload: bytes) -> None:
        self.messages.append((label, payload))

    def on_channel_open(self, label: str) -> None:
        self.opened.append(label)

    def on_channel_low(self, label: str) -> None:
        self.low.append(label)

    def on_state(self, state: TransportState) -> None:
        self.states.append(state)


class Stage:
    """One endpoint and what was made on it."""

    def __init__(self, endpoint: MediaEndpoint) -> None:
        self.endpoint = endpoint
        self.peers: list[PacketPeer] = []

    def transport(self) -> tuple[PeerTransport, Ears]:
        transport = self.endpoint.create_transport("test")
        ears = Ears()
        transport.set_listener(ears)
        return transport, ears

    def peer(self, transport: PeerTransport, **options: object) -> PacketPeer:
        peer = PacketPeer(transport, **options)  # type: ignore[arg-type]  # options are the constructor's own
        self.peers.append(peer)
        return peer

    async def close(self) -> None:
        for peer in self.peers:
            await peer.close()
        await self.endpoint.close()


async def open_stage(**options: object) -> Stage:
    config = EndpointConfig(bind_hosts=("127.0.0.1",), tcp_port=0, **options)  # type: ignore[arg-type]  # as above
    drains: list[None] = []
    return Stage(await MediaEndpoint.open(config, clock=SystemClock(), on_drained=lambda: drains.append(None)))


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = await open_stage()
    yield stage
    await stage.close()


@pytest.fixture
async def new_stage() -> AsyncIterator[Callable[..., Awaitable[Stage]]]:
    """Stages with other settings."""
    made: list[Stage] = []

    async def make(**options: object) -> Stage:
        made.append(await open_stage(**options))
        return made[-1]

    yield make
    for stage in made:
        await stage.close()


def open_fds() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def other_tasks() -> int:
    return len([task for task in asyncio.all_tasks() if not task.done()]) - 1
