"""A server behind a real bad network (bench/net): loss and delay for everything, no UDP, blackout, a new address."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest

from bench.net import Impairment, Link, Side, missing_for_link
from tests.conformance.client import Client
from tests.conformance.meeting import Link as ClientLink
from tests.conformance.meeting import Meeting
from tests.conformance.target import Target, livekit_server, our_server
from tests.conformance.webhook_sink import WebhookSink

MISSING = missing_for_link()
pytestmark = pytest.mark.skipif(MISSING is not None, reason=f"no network of its own: {MISSING}")

BAD = Impairment(delay_us=75_000, loss=0.05)
# Everything takes its round trips, TCP's repeats grow, and a lost path is noticed only after some seconds.
SLOW_GUARD_S = 45.0


@dataclass(frozen=True, slots=True)
class Network:
    link: Link
    target: Target

    async def change(self, impairment: Impairment) -> None:
        await asyncio.to_thread(self.link.set, up=impairment, down=impairment)


@pytest.fixture(scope="module")
def module_network(request: pytest.FixtureRequest, webhook_sink: WebhookSink) -> Iterator[Network]:
    """The server in a namespace of its own, this process on the other side of the relay."""
    config: pytest.Config = request.config
    if config.getoption("--livekit-url", default=None):
        pytest.skip("a server by URL cannot be put behind the relay")
    binary = config.getoption("--livekit-server", default=None)
    with Link(seed=7, client=Side.HERE) as link:
        place = (webhook_sink.url, link.server_address, link.server_command)
        with livekit_server(binary, *place) if binary else our_server(*place) as started:
            yield Network(link, started)


@pytest.fixture
async def network_meeting(pcs: str, module_network: Network) -> AsyncIterator[tuple[Network, Meeting]]:
    meeting = Meeting(module_network.target, ClientLink(pcs=pcs))
    yield module_network, meeting
    await module_network.change(Impairment())
    await meeting.close()


async def see_and_hear(lin: Client, ortega: Client) -> None:
    await ortega.sees_frames("lin", code=1, guard_s=SLOW_GUARD_S)
    await lin.sees_frames("ortega", code=2, guard_s=SLOW_GUARD_S)
    await ortega.hears("lin", 440, guard_s=SLOW_GUARD_S)


async def lesson(meeting: Meeting) -> tuple[Client, Client]:
    lin, ortega = await meeting.join("lin"), await meeting.join("ortega")
    await lin.show(code=1)
    await ortega.show(code=2)
    await lin.sing(440)
    await see_and_hear(lin, ortega)
    return lin, ortega


async def test_lesson_over_loss_and_delay(network_meeting: tuple[Network, Meeting]) -> None:
    network, meeting = network_meeting
    await network.change(BAD)
    lin, ortega = await lesson(meeting)
    await ortega.sees_frames("lin", count=60, guard_s=SLOW_GUARD_S)
    for client in (lin, ortega):
        assert await client.media_protocols() == {"udp"}


async def test_firewall_without_udp_leaves_tcp(network_meeting: tuple[Network, Meeting]) -> None:
    network, meeting = network_meeting
    await network.change(Impairment(block_udp=True))
    lin, ortega = await lesson(meeting)
    for client in (lin, ortega):
        assert await client.media_protocols() == {"tcp"}


async def test_blackout_is_survived_by_the_same_people(network_meeting: tuple[Network, Meeting]) -> None:
    network, meeting = network_meeting
    lin, ortega = await lesson(meeting)
    sids = lin.me.sid, ortega.me.sid
    await asyncio.to_thread(network.link.blackout, 10_000)
    await see_and_hear(lin, ortega)
    assert list(ortega.room.remote_participants) == ["lin"]
    assert (ortega.other("lin").sid, lin.other("ortega").sid) == sids


async def test_new_address_of_a_client_is_followed(network_meeting: tuple[Network, Meeting]) -> None:
    network, meeting = network_meeting
    lin, ortega = await lesson(meeting)
    await asyncio.to_thread(network.link.move_client)
    await see_and_hear(lin, ortega)
    assert list(ortega.room.remote_participants) == ["lin"]
