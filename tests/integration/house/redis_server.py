"""A Redis of Debian's package on loopback, for the time of a test; nothing is written to disk."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

GUARD_S = 30.0
_TRIES = 5


class RedisServer:
    """`url` is its REDIS_URL; `stop` ends it before its time."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self._process = process
        self.url = f"redis://127.0.0.1:{port}/0"

    async def stop(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.communicate()


@asynccontextmanager
async def run_redis() -> AsyncIterator[RedisServer]:
    """Ready when it says so. Skips the test where Debian's package is missing."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("Redis is not installed on this machine (Debian: redis-server)")
    for _ in range(_TRIES):
        server, is_ready = await _start(program)
        if is_ready:
            break
        # Why again: between our asking for a free port and its taking it, another test's connection may have got it.
        await server.stop()
    else:
        raise RuntimeError("redis-server does not start")
    try:
        yield server
    finally:
        await server.stop()


async def _start(program: str) -> tuple[RedisServer, bool]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = await asyncio.create_subprocess_exec(
        program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    server = RedisServer(process, port)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(GUARD_S):
            async for line in process.stdout:
                if b"Ready to accept connections" in line:
                    return server, True
    except BaseException:
        await server.stop()
        raise
    return server, False
