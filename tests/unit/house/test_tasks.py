"""Owned tasks end with their owner, and none fails unseen."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from server.tasks import TaskOwner


async def test_close_ends_every_task_and_twice_is_once() -> None:
    owner = TaskOwner("test")
    ended: list[str] = []

    async def run(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append(name)

    owner.start(run("a"), name="a")
    owner.start(run("b"), name="b")
    await asyncio.sleep(0)
    await owner.close()
    await owner.close()
    assert sorted(ended) == ["a", "b"]
    assert len(owner) == 0


async def test_a_failure_is_logged_and_the_others_go_on() -> None:
    owner = TaskOwner("test")
    stays = owner.start_task(asyncio.Event().wait(), name="stays")

    async def fail() -> None:
        raise ValueError("broken")

    with capture_logs() as logs:
        await asyncio.wait([owner.start_task(fail(), name="fails")])
        await asyncio.sleep(0)
    assert [(entry["event"], entry["task"]) for entry in logs] == [("task_failed", "test:fails")]
    assert not stays.done()
    await owner.close()


async def test_nothing_starts_after_close() -> None:
    owner = TaskOwner("test")
    await owner.close()
    with pytest.raises(RuntimeError, match="closed"):
        owner.start(asyncio.sleep(0), name="late")


async def test_a_task_may_close_its_owner() -> None:
    owner = TaskOwner("test")
    task = owner.start_task(owner.close(), name="closer")
    await asyncio.wait_for(task, 5)


async def test_a_swallowed_cancellation_is_sent_again() -> None:
    owner = TaskOwner("test")
    swallowed = 0

    async def stubborn() -> None:
        nonlocal swallowed
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed += 1
                if swallowed == 2:
                    raise

    owner.start(stubborn(), name="stubborn")
    await asyncio.sleep(0)
    async with asyncio.timeout(30):
        await owner.close()
    assert swallowed == 2
