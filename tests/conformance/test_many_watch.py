"""Many receive one alike: a server may then send to them together, and each still gets its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.conformance.client import Client
from tests.conformance.meeting import Link, Meeting
from tests.conformance.target import Target
from tests.conformance.wait import until

WATCHERS = ("ortega", "chen", "kim", "diaz", "park")
# Two and a half seconds in which nothing changes, and some more with whoever is sent to together by then.
CALM_FRAMES = 80
SOME_FRAMES = 20
# Six decoders and two encoders at a time may be slow on a busy machine.
GUARD_S = 60


@pytest.fixture
async def hall(target: Target) -> AsyncIterator[Meeting]:
    """Over UDP alone: over TCP nobody is sent to together."""
    meeting = Meeting(target, Link())
    yield meeting
    await meeting.close()


async def go_on(watchers: list[Client], frames: int) -> None:
    await asyncio.gather(
        *(watcher.sees_frames("lin", count=frames, code=1, guard_s=GUARD_S) for watcher in watchers),
        *(watcher.hears("lin") for watcher in watchers),
    )


@pytest.mark.parametrize(("codec", "is_simulcast"), [("vp8", False), ("vp8", True), ("h264", False)])
async def test_five_watch_one_while_one_leaves_and_one_comes(hall: Meeting, codec: str, is_simulcast: bool) -> None:
    lin, *watchers = await hall.join_all("lin", *WATCHERS)
    width, height = (960, 540) if is_simulcast else (320, 180)
    await lin.show(code=1, codec=codec, is_simulcast=is_simulcast, width=width, height=height)
    await lin.sing()
    await go_on(watchers, CALM_FRAMES)
    for watcher in watchers:
        sizes = watcher.video["lin"].sizes
        await until(lambda sizes=sizes: sizes[width, height], lambda sizes=sizes: f"the full size: {sizes}")  # type: ignore[misc]  # bound at once
    await watchers.pop().room.disconnect()
    await go_on(watchers, SOME_FRAMES)
    watchers.append(await hall.join("singh"))
    await go_on(watchers, SOME_FRAMES)
