"""The server under load: ours, started here, or any LiveKit-compatible one by URL, key, secret and pid."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import functools
import os
import re
import secrets
import signal
import sys
import sysconfig
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from bench.measure import GENERATOR_CORE, SERVER_CORE, command_line, descendants, pin, prefer
from server.child import die_with_parent

START_GUARD_S = 60.0
STOP_GUARD_S = 10.0
ROOT = Path(__file__).resolve().parents[1]


class TargetError(RuntimeError):
    """The server could not be started or named; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    name: str
    url: str
    key: str
    secret: str
    media_pids: tuple[int, ...]
    """The processes that forward packets: their CPU is the figure."""
    other_pids: tuple[int, ...] = ()
    """Front and supervisor: pinned away, reported apart."""

    @property
    def http_url(self) -> str:
        return self.url.replace("ws", "http", 1)


def parse_target(text: str) -> Target:
    """``name=ws://host:port,key,secret,pid`` as `--against` takes it. Raises ValueError."""
    match = re.fullmatch(r"(\w+)=(wss?://[^,]+),([^,]+),([^,]+),(\d+)", text)
    if match is None:
        raise ValueError(f"not NAME=URL,KEY,SECRET,PID: {text!r}")
    name, url, key, secret, pid = match.groups()
    return Target(name=name, url=url, key=key, secret=secret, media_pids=tuple(descendants(int(pid))))


@contextlib.asynccontextmanager
async def started_here(python: str | None = None) -> AsyncIterator[Target]:
    """Our media server with one worker on free ports.

    `python` is another interpreter of the same version, which borrows this one's packages: an interpreter
    built without profile-guided optimisation (pyenv's default) costs up to half of the figure.
    """
    key, secret = "benchkey", secrets.token_hex(24)
    environment = os.environ | {"LIVEKIT_API_KEY": key, "LIVEKIT_API_SECRET": secret}
    environment["TONGCHUANG_LOG_LEVEL"] = "warning"
    environment.pop("LIVEKIT_URL", None)
    if python is not None:
        # Why the root too: a safe path (PYTHONSAFEPATH) leaves the working directory out.
        environment["PYTHONPATH"] = os.pathsep.join((str(ROOT), sysconfig.get_paths()["purelib"]))
    process = await asyncio.create_subprocess_exec(
        python or sys.executable, "-m", "server.cli", "media", "--port", "0", "--udp-port", "0", "--tcp-port", "0",
        "--workers", "1",
        cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE, start_new_session=True,
        # A bench that is killed must not leave its server behind, which would load the next bench's machine.
        preexec_fn=functools.partial(die_with_parent, os.getpid()),  # one thread here, and Linux only
    )  # fmt: skip
    try:
        url = await _ready(process)
        pids = descendants(process.pid)
        workers = tuple(pid for pid in pids if "server.worker" in command_line(pid))
        others = tuple(pid for pid in pids if pid not in workers)
        if not workers:
            raise TargetError("no media worker among the processes of the media server")
        yield Target(name="tongchuang", url=url, key=key, secret=secret, media_pids=workers, other_pids=others)
    finally:
        await _stop(process)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What every bench of the media server takes."""
    parser.add_argument("--target", action="append", help="NAME=URL,KEY,SECRET,PID instead of a server started here")
    parser.add_argument("--against", action="append", default=[], help="NAME=URL,KEY,SECRET,PID to compare with")
    parser.add_argument("--python", help="interpreter for the server started here (default: this one)")


async def chosen(options: argparse.Namespace, stack: contextlib.AsyncExitStack) -> list[Target]:
    """The servers of a run, ours first when it is started here."""
    targets = [parse_target(text) for text in options.target or []]
    if not targets:
        targets.append(await stack.enter_async_context(started_here(options.python)))
    return targets + [parse_target(text) for text in options.against]


def place(target: Target) -> None:
    """Pin a target's processes and put them ahead of what else runs."""
    prefer([*target.media_pids, *target.other_pids])
    pin(target.media_pids, SERVER_CORE)
    pin(target.other_pids, GENERATOR_CORE)


async def _ready(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_GUARD_S):
            while line := (await process.stdout.readline()).decode():
                match = re.search(r"is ready: (ws://\S+)", line)
                if match is not None:
                    return match[1]
    except TimeoutError:
        raise TargetError(f"the media server was not ready within {START_GUARD_S:g} s") from None
    raise TargetError(f"the media server ended with {await process.wait()} before it was ready")


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(STOP_GUARD_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
