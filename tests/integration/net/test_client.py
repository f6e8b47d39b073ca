"""The packet-level client and our media server through the relay: every lost packet of video comes again."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from bench.client import AudioPlan, Participant, VideoPlan
from bench.crowd import Crowd
from bench.net import Impairment, Link, Side, missing_for_link
from bench.target import Target

ROOT = Path(__file__).resolve().parents[3]
GUARD_S = 40.0
PACKETS = 500

pytestmark = pytest.mark.skipif(missing_for_link() is not None, reason=f"no relay: {missing_for_link()}")


@pytest.fixture
def link() -> Iterator[Link]:
    """This process is the client's side: all it sends to the server passes the relay."""
    with Link(client=Side.HERE, seed=5) as made:
        yield made


@pytest.fixture
async def target(link: Link, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Target]:
    """Our media server on the other side."""
    secret = secrets.token_hex(24)
    monkeypatch.setenv("LIVEKIT_API_KEY", "key")
    monkeypatch.setenv("LIVEKIT_API_SECRET", secret)
    monkeypatch.setenv("TONGCHUANG_LOG_LEVEL", "warning")
    monkeypatch.delenv("LIVEKIT_URL", raising=False)
    process = await asyncio.create_subprocess_exec(
        *link.server_command(
            [sys.executable, "-m", "server.cli", "media", "--host", link.server_address, "--port", "7880",
             "--node-ip", link.server_address, "--workers", "1"]
        ),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(GUARD_S):
            line = (await process.stdout.readline()).decode()
        assert "is ready" in line
        yield Target(
            name="tongchuang",
            url=f"ws://{link.server_address}:7880",
            key="key",
            secret=secret,
            media_pids=(),
        )
    finally:
        process.terminate()
        async with asyncio.timeout(GUARD_S):
            await process.wait()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(GUARD_S):
        while not condition():  # noqa: ASYNC110  # counters of a hot path set no events
            await asyncio.sleep(0.01)


def video_missing(one: Participant) -> int:
    streams = one.receiver.streams.values()
    return sum(len(stream.missing) for stream in streams if stream.is_video and stream.rtx_of is None)


@pytest.mark.parametrize("setup", ["actpass", "passive"])
async def test_media_through_five_per_cent_loss(link: Link, target: Target, setup: str) -> None:
    async with Crowd(target, setup=setup) as crowd:
        teacher = crowd.make(video=VideoPlan.single(640, 360, 30, 1_000_000), audio=AudioPlan(), sections=(0, 0))
        await crowd.join(teacher)
        pupil = crowd.make()
        await crowd.join(pupil)
        await crowd.media_everywhere()
        bad = Impairment(delay_us=20_000, loss=0.05)
        await asyncio.to_thread(link.set, up=bad, down=bad)
        start = teacher.packets_sent
        await until(lambda: teacher.packets_sent >= start + PACKETS)
        crowd.pause()
        await until(lambda: not video_missing(pupil))
        streams = [stream for stream in pupil.receiver.streams.values() if stream.is_video and stream.rtx_of is None]
        (video,) = streams
        assert video.recovered > 0, "at 5 % each way something was lost and came again"
        assert video.given_up == 0
        assert pupil.receiver.undecryptable == 0
        assert teacher.resent() > 0, "the server asked the publisher for what it missed"
        stats = await asyncio.to_thread(link.stats)
        assert stats["up"]["dropped"]["loss"] > 0
        assert stats["down"]["dropped"]["loss"] > 0


async def test_media_goes_on_after_the_clients_address_changed(link: Link, target: Target) -> None:
    async with Crowd(target) as crowd:
        await crowd.join(crowd.make(video=VideoPlan.single(320, 180, 15, 150_000), audio=AudioPlan(), sections=(0, 0)))
        pupil = crowd.make()
        await crowd.join(pupil)
        await crowd.media_everywhere()
        await asyncio.to_thread(link.rebind_client)
        before = pupil.receiver.packets
        for one in crowd.people:
            one.path.check_now()
        await until(lambda: pupil.receiver.packets > before + 50)
