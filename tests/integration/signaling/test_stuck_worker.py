"""A worker that ticks but forwards nothing ends by itself, so that its supervisor replaces it (quality.md R5)."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path

import aiohttp

from bench.client import AudioPlan, Participant, ParticipantOptions
from bench.client.dtls import Certificate
from server.child_process import ChildLaunch, ChildProcess

GUARD_S = 40.0
KEY, SECRET = "devkey", "secret" * 8


def order() -> dict[str, object]:
    return {"log_level": "critical", "media": {"keys": {KEY: SECRET}, "udp_port": 0, "tcp_port": 0}}


def person(http: aiohttp.ClientSession, identity: str, *, audio: AudioPlan | None = None) -> Participant:
    options = ParticipantOptions(
        url="ws://worker", key=KEY, secret=SECRET, room="room", identity=identity, audio=audio, audio_sections=1
    )
    return Participant(options, http, Certificate())


async def test_it_ends_by_itself(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "tests.integration.signaling.stuck_worker")
    launch = ChildLaunch(module="server.worker", order=order(), command=command)
    child = ChildProcess(launch, tmp_path / "worker.sock", tick_timeout_s=GUARD_S)
    await child.start()
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(child.close)
        connector = aiohttp.UnixConnector(str(tmp_path / "worker.sock"))
        http = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        speaker = person(http, "lin", audio=AudioPlan(has_dtx=False))
        listener = person(http, "ortega")
        async with asyncio.timeout(GUARD_S):
            for one in (speaker, listener):
                stack.push_async_callback(one.close)
                await one.join()
                await one.connected.wait()
            reason = await child.wait_until_gone()
    assert reason == "it ended with exit code 70"
    assert listener.receiver.packets >= 50, "it had worked before"
