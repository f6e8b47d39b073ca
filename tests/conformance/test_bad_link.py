"""A bad link: 5 % of the packets lost each way and 150 ms round trip, over UDP; everything still works."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest
from livekit import rtc

from tests.conformance.meeting import Combination, Link, Meeting
from tests.conformance.target import Target
from tests.conformance.test_data import payloads
from tests.conformance.test_rpc_and_streams import LONG_CALL, answer_echo, call
from tests.conformance.wait import until

LOSS, ONE_WAY_MS = 0.05, 75.0
# Some seconds of pictures: a link that freezes for long would run into the guard.
MANY_FRAMES = 60
# Everything takes its round trips, and DTLS and SCTP repeat what was lost.
SLOW_GUARD_S = 40.0


def bad(pcs: str, codec: str, is_simulcast: bool = False) -> Combination:
    return Combination(link=Link(pcs=pcs, loss=LOSS, delay_ms=ONE_WAY_MS), codec=codec, is_simulcast=is_simulcast)


CELLS = [bad("two", "h264"), bad("one", "vp8", is_simulcast=True)]
ALL_CELLS = [bad(pcs, codec, many) for pcs in ("one", "two") for codec in ("vp8", "h264") for many in (False, True)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    is_whole = bool(metafunc.config.getoption("--all", default=False)) or os.environ.get("CONFORMANCE_ALL") == "1"
    if "bad_cell" in metafunc.fixturenames:
        metafunc.parametrize("bad_cell", ALL_CELLS if is_whole else CELLS, ids=str)


@pytest.fixture
async def bad_meeting(target: Target, bad_cell: Combination) -> AsyncIterator[Meeting]:
    meeting = Meeting(target, bad_cell.link)
    yield meeting
    await meeting.close()


async def test_lesson_over_a_bad_link(bad_meeting: Meeting, bad_cell: Combination) -> None:
    near, far = await bad_meeting.proxy(), await bad_meeting.proxy()
    lin, ortega = await bad_meeting.join("lin", via=near), await bad_meeting.join("ortega", via=far)
    await ortega.sees("lin")
    await lin.sees("ortega")
    width, height = (960, 540) if bad_cell.is_simulcast else (320, 180)
    await lin.show(code=1, codec=bad_cell.codec, is_simulcast=bad_cell.is_simulcast, width=width, height=height)
    await lin.sing(440)
    await ortega.show(code=2, codec=bad_cell.codec)
    await ortega.sees_frames("lin", code=1, guard_s=SLOW_GUARD_S)
    await lin.sees_frames("ortega", code=2, guard_s=SLOW_GUARD_S)
    await ortega.hears("lin", 440, guard_s=SLOW_GUARD_S)

    answer_echo(ortega)
    assert await call(lin, "ortega", LONG_CALL) == f"lin:{LONG_CALL}"
    sent = [f"{number}".encode() for number in range(100)]
    for payload in sent:
        await lin.me.publish_data(payload, topic="row")
    await until(lambda: len(payloads(ortega, "row")) >= len(sent), "all reliable packets came", SLOW_GUARD_S)
    assert payloads(ortega, "row") == sent

    await ortega.sees_frames("lin", count=MANY_FRAMES, code=1, guard_s=SLOW_GUARD_S)
    await ortega.hears("lin", 440)
    relays = [relay for proxy in (near, far) for relay in proxy.relays]
    forwarded, dropped = sum(relay.forwarded for relay in relays), sum(relay.dropped for relay in relays)
    assert 0.03 < dropped / (forwarded + dropped) < 0.07, "the relay did not do what it should"
    assert await ortega.media_protocols() == {"udp"}


async def test_session_resumes_over_a_bad_link(target: Target) -> None:
    meeting = Meeting(target, bad("one", "vp8").link)
    try:
        near, far = await meeting.proxy(), await meeting.proxy()
        lin, ortega = await meeting.join("lin", via=near), await meeting.join("ortega", via=far)
        await lin.show(code=1)
        await ortega.sees_frames("lin", code=1, guard_s=SLOW_GUARD_S)
        mark = len(lin.events)
        near.cut()
        await lin.event("reconnected", since=mark, guard_s=SLOW_GUARD_S)
        await ortega.sees_frames("lin", code=1, guard_s=SLOW_GUARD_S)
        assert lin.room.connection_state == rtc.ConnectionState.CONN_CONNECTED
    finally:
        await meeting.close()
