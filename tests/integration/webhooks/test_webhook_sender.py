"""Delivery to a real HTTP server: order, retries, bounds, and an end without loose ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from livekit import api
from livekit.protocol.models import Room
from livekit.protocol.webhook import WebhookEvent

from server.clock import SystemClock
from server.rooms import webhook_sender
from server.rooms.webhook_sender import WebhookSender
from server.tasks import TaskOwner

KEY, SECRET = "APIkey", "a secret of more than thirty-two characters"
# Generous: only a hang reaches it.
GUARD_S = 20.0
QUICK = (0.01, 0.01)


@dataclass
class Receiver:
    """Notes what arrives; `answers` are given first, then 200."""

    answers: list[int] = field(default_factory=list)
    got: list[WebhookEvent] = field(default_factory=list)
    hold: asyncio.Event | None = None
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.text()
        verifier = api.WebhookReceiver(api.TokenVerifier(KEY, SECRET))
        event = verifier.receive(body, request.headers["Authorization"])
        assert request.content_type == "application/webhook+json"
        async with self.changed:
            self.got.append(event)
            self.changed.notify_all()
        if self.hold is not None:
            await self.hold.wait()
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    async def until(self, is_done: Callable[[list[WebhookEvent]], bool]) -> None:
        async with self.changed:
            await asyncio.wait_for(self.changed.wait_for(lambda: is_done(self.got)), GUARD_S)


Make = Callable[..., Awaitable[WebhookSender]]


@pytest.fixture
async def tasks() -> AsyncIterator[TaskOwner]:
    owner = TaskOwner("test")
    yield owner
    await owner.close()


@pytest.fixture
async def make(tasks: TaskOwner) -> AsyncIterator[Make]:
    http = aiohttp.ClientSession()
    servers: list[TestServer] = []

    async def build(*receivers: Receiver) -> WebhookSender:
        urls = []
        for receiver in receivers:
            app = web.Application()
            app.router.add_post("/hook", receiver.handle)
            server = TestServer(app)
            await server.start_server()
            servers.append(server)
            urls.append(str(server.make_url("/hook")))
        return WebhookSender(http=http, keys={KEY: SECRET}, urls=urls, clock=SystemClock(), tasks=tasks, pauses_s=QUICK)

    yield build
    await http.close()
    for server in servers:
        await server.close()


def event(number: int, room: str = "a") -> WebhookEvent:
    return WebhookEvent(event="track_published", id=f"EV_{room}{number}", room=Room(name=room))


async def test_order_per_room_survives_failures(make: Make) -> None:
    receiver = Receiver(answers=[500, 503, 200, 429])
    sender = await make(receiver)
    for number in range(5):
        sender.send(event(number))
    await sender.close()
    ids = [one.id for one in receiver.got]
    assert list(dict.fromkeys(ids)) == [f"EV_a{number}" for number in range(5)]
    assert (sender.stats.sent, sender.stats.retried, sender.stats.failed) == (5, 3, 0)


async def test_final_refusal_and_giving_up_are_counted_and_told(make: Make) -> None:
    receiver = Receiver(answers=[400, 500, 500, 500])
    sender = await make(receiver)
    for number in range(3):
        sender.send(event(number))
    await sender.close()
    assert [one.id for one in receiver.got] == ["EV_a0", "EV_a1", "EV_a1", "EV_a1", "EV_a2"]
    assert [one.num_dropped for one in receiver.got] == [0, 1, 1, 1, 2]
    assert (sender.stats.sent, sender.stats.failed) == (1, 2)


async def test_rooms_and_receivers_do_not_wait_for_one_another(make: Make) -> None:
    slow, quick = Receiver(hold=asyncio.Event()), Receiver()
    sender = await make(slow, quick)
    for number in range(2):
        sender.send(event(number, "a"))
        sender.send(event(number, "b"))
    await quick.until(lambda got: len(got) == 4)
    await slow.until(lambda got: len(got) == 2)
    assert {one.id for one in slow.got} == {"EV_a0", "EV_b0"}
    assert slow.hold is not None
    slow.hold.set()
    await slow.until(lambda got: len(got) == 4)
    await sender.close()
    assert sender.stats.sent == 8


async def test_full_queue_drops_the_oldest_and_says_how_many(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_sender, "MAX_QUEUED", 2)
    receiver = Receiver(hold=asyncio.Event())
    sender = await make(receiver)
    sender.send(event(0))
    await receiver.until(lambda got: len(got) == 1)
    for number in range(1, 6):
        sender.send(event(number))
    assert sender.stats.dropped == 3
    assert receiver.hold is not None
    receiver.hold.set()
    await sender.close()
    assert [(one.id, one.num_dropped) for one in receiver.got] == [("EV_a0", 0), ("EV_a4", 3), ("EV_a5", 0)]


async def test_receiver_that_is_not_there(make: Make, tasks: TaskOwner) -> None:
    sender = await make()
    sender._urls = ("http://127.0.0.1:1/hook", "not a url")
    sender.send(event(0))
    await sender.close()
    assert sender.stats.failed == 2
    assert len(tasks) == 0


async def test_close_gives_up_after_its_time_and_leaves_no_task(
    make: Make, tasks: TaskOwner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_sender, "CLOSE_WAIT_S", 0.05)
    receiver = Receiver(hold=asyncio.Event())
    sender = await make(receiver)
    sender.send(event(0))
    await receiver.until(lambda got: len(got) == 1)
    sender.send(event(1))
    await sender.close()
    await sender.close()
    sender.send(event(2))
    await tasks.close()
    assert len(tasks) == 0
    assert receiver.hold is not None
    receiver.hold.set()
    assert [one.id for one in receiver.got] == ["EV_a0"]


async def test_without_receivers_nothing_is_started(make: Make, tasks: TaskOwner) -> None:
    sender = await make()
    sender.send(event(0))
    assert len(tasks) == 0
    await sender.close()
