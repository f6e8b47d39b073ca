"""One running `./tongchuang …` without its set-up, as the tests of the house start it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import aiohttp

from bench.measure import command_line
from tests.process_tree import APP, children

ROOT = Path(__file__).parents[3]
GUARD_S = 60.0
SECRET = "0123456789abcdef0123456789abcdef"
KEYS = {"LIVEKIT_API_KEY": "APItest", "LIVEKIT_API_SECRET": SECRET}
ANY_PORT = ("--port", "0", "--media-udp-port", "0", "--media-tcp-port", "0", "--node-ip", "127.0.0.1")
# Names of the environment that would make another server of it.
_OURS = ("TONGCHUANG_", "LIVEKIT_", "DATABASE_URL", "REDIS_URL", "SMTP_URL")


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(GUARD_S):
        while not condition():  # noqa: ASYNC110  # the condition is another process's
            await asyncio.sleep(0.02)


def is_alive(pid: int) -> bool:
    """A zombie is dead: its parent only has not asked yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


_HOUSE = {
    "PYTHONPATH": str(ROOT),
    "PYTHONSAFEPATH": "1",
    # Without a spare, but where it is the question: a start of this many tests costs enough.
    "TONGCHUANG_APP_SPARE": "false",
    # On a busy machine a healthy process may get no turn for 3 s: where that is not the question, none is replaced.
    "TONGCHUANG_WORKER_TICK_TIMEOUT_S": "60",
}


def ports_of(pid: int, kind: socket.SocketKind) -> set[tuple[str, int]]:
    """Where a process listens (TCP), or what it has bound (UDP), over IPv4: from /proc."""
    inodes = set()
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            inodes.add(os.readlink(path).strip("socket:[]"))  # noqa: PTH115
    # <net/tcp_states.h>: listening; a bound datagram socket is "closed".
    table, state = ("tcp", "0A") if kind is socket.SOCK_STREAM else ("udp", "07")
    found = set()
    for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
        words = line.split()
        if words[3] == state and words[9] in inodes:
            address, port = words[1].split(":")
            found.add((".".join(str(byte) for byte in reversed(bytes.fromhex(address))), int(port, 16)))
    return found


def environment_of(changes: Mapping[str, str]) -> dict[str, str]:
    bare = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    return {**bare, **_HOUSE, **changes}


class ServerTree:
    """A running server with its child processes."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.url = ""

    def children(self, module: str = "") -> list[int]:
        """Its child processes; WORKER or APP chooses."""
        return children(self.pid, module)

    def first_apps(self) -> list[int]:
        """The app processes of the start: neither a spare nor what was one."""
        return [pid for pid in self.children(APP) if not command_line(pid).endswith("spare")]

    def child(self, module: str) -> int:
        """The only one of its kind."""
        (pid,) = self.children(module)
        return pid

    async def replaced(self, pid: int, module: str, session: aiohttp.ClientSession) -> int:
        """The pid of the child that came for `pid`, once the server is ready with it."""
        await until(lambda: not is_alive(pid) and bool(self.children(module)))
        async with asyncio.timeout(GUARD_S):
            while True:
                async with session.get(self.url + "/readyz", ssl=False) as answer:
                    if answer.status == 200 and pid not in self.children(module):
                        break
                await asyncio.sleep(0.05)
        return self.child(module)

    async def until_ready(self, session: aiohttp.ClientSession) -> None:
        async with asyncio.timeout(GUARD_S):
            while (await session.get(self.url + "/readyz", ssl=False)).status != 200:  # noqa: ASYNC110  # another process
                await asyncio.sleep(0.05)


class Command(ServerTree):
    """Its standard error goes to a file: a server that logs much must not wait for us to read."""

    def __init__(self, process: asyncio.subprocess.Process, errors: Path) -> None:
        super().__init__(process.pid)
        self.process = process
        self._errors = errors

    @classmethod
    async def start(cls, folder: Path, *words: str, **environment: str) -> Command:
        number = len(await asyncio.to_thread(os.listdir, folder))
        path = folder / f"stderr-{number}"
        errors = await asyncio.to_thread(path.open, "wb")
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "server.cli", *words,
                cwd=folder,
                env=environment_of(environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
            )  # fmt: skip
        finally:
            errors.close()
        return cls(process, path)

    async def ready(self) -> str:
        assert self.process.stdout is not None
        async with asyncio.timeout(GUARD_S):
            line = (await self.process.stdout.readline()).decode()
        assert line, (await self.end())[1]
        self.url = line.split()[-1]
        return line

    async def end(self) -> tuple[int, str]:
        """Exit code and what it said on stderr."""
        async with asyncio.timeout(GUARD_S):
            await self.process.communicate()
        return self.process.returncode or 0, await asyncio.to_thread(self._errors.read_text)

    async def spare_is_loaded(self) -> None:
        """With TONGCHUANG_APP_SPARE=true: whatever dies now is replaced at once."""
        await until(lambda: "spare_loaded" in self._errors.read_text())

    async def stop(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGTERM)
        return await self.end()


@contextmanager
def running_server(folder: Path, *words: str) -> Iterator[ServerTree]:
    """`serve` for several tests, each with an event loop of its own: an asyncio process could not be shared."""
    with (folder / "stderr").open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "server.cli", "serve", *words],
            cwd=folder,
            env=environment_of({}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    guard = threading.Timer(GUARD_S, process.kill)
    guard.start()
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        guard.cancel()
        assert line, (folder / "stderr").read_text()
        tree = ServerTree(process.pid)
        tree.url = line.split()[-1]
        yield tree
        process.terminate()
        assert process.wait(GUARD_S) == 0, (folder / "stderr").read_text()
    finally:
        guard.cancel()
        process.kill()
        process.communicate()


StartCommand = Callable[..., Awaitable[Command]]
