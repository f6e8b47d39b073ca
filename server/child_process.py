"""One child process from start to end: its order on stdin, its words on stdout, its heartbeat, its death.

The same for media workers and app processes. On stdin it hears one line of JSON, the order, and then a line for each
`tell`; on stdout it says, one line each, `beat`, `ready {values}` or `error {code, detail}`.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from server.errors import ErrorCode, Unavailable

# Imports, sockets and a certificate take one to two seconds; many times that on a machine busy with everything else.
START_TIMEOUT_S = 60.0
# After SIGTERM; together with the app's own closing it must stay below the promised 5 s.
STOP_TIMEOUT_S = 3.0
# Why: our own event loop may have been held up, and the beats lie unread in the pipe.
_LAST_LOOK_S = 0.1
# What a child that is able to be a spare says before it reads its order.
LOADED = b"loaded\n"
_NOT_YET = frozenset({"beat", "loaded"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildLaunch:
    """How to start the child of one slot. `order` is what it is told, but its socket and its parent."""

    module: str
    order: Mapping[str, Any] = field(repr=False)
    # Descriptors that it inherits under the same numbers.
    pass_fds: tuple[int, ...] = ()
    # Only for tests: another program that speaks the same words.
    command: Sequence[str] = ()


class Spare:
    """A process that has loaded what it needs and waits for an order: with it a replacement takes no second."""

    def __init__(self, launch: ChildLaunch) -> None:
        self._launch = launch
        self._process: asyncio.subprocess.Process | None = None
        self._is_loaded = False
        self._taken = asyncio.Event()

    async def load(self) -> bool:
        """False when it ended instead."""
        # Why shielded: as in ChildProcess.start, a process that is being made must not be lost.
        spawning = asyncio.ensure_future(spawn(self._launch, "spare"))
        try:
            self._process = await asyncio.shield(spawning)
        except asyncio.CancelledError:
            self._process = (await asyncio.gather(spawning))[0]
            raise
        assert self._process.stdout is not None
        self._is_loaded = (await self._process.stdout.readline()) == LOADED
        return self._is_loaded

    def take(self) -> asyncio.subprocess.Process | None:
        """The process, which is the caller's from now on; None while it loads, and when it is dead or taken."""
        process = self._process
        if process is None or not self._is_loaded or self._taken.is_set() or process.returncode is not None:
            return None
        self._taken.set()
        return process

    async def wait_until_used_up(self) -> None:
        """Taken, or dead."""
        assert self._process is not None
        waiting = [asyncio.ensure_future(self._process.wait()), asyncio.ensure_future(self._taken.wait())]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def close(self) -> None:
        """It does nothing yet, so nothing is lost by its end. Idempotent; leaves a taken one alone."""
        if self._process is not None and not self._taken.is_set():
            if self._process.returncode is None:
                self._process.kill()
            await self._process.wait()
            if self._process.stdin is not None:
                self._process.stdin.close()


async def spawn(launch: ChildLaunch, *words: str) -> asyncio.subprocess.Process:
    """It waits for its order. `words` are for who looks at a list of processes."""
    return await asyncio.create_subprocess_exec(
        *(launch.command or (sys.executable, "-m", "server.child_start", launch.module)),
        *words,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        pass_fds=launch.pass_fds,
    )


class ChildProcess:
    """Start once, wait until it is gone, close. Not reused. `briefing` is told right after the order.

    `spare` is a process of such a launch that has loaded already.
    """

    def __init__(
        self,
        launch: ChildLaunch,
        socket: Path,
        *,
        tick_timeout_s: float,
        briefing: Callable[[], object] | None = None,
        spare: asyncio.subprocess.Process | None = None,
    ) -> None:
        self.socket = socket
        self._launch = launch
        self._tick_timeout_s = tick_timeout_s
        self._briefing = briefing
        self._spare = spare
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def start(self) -> dict[str, Any]:
        """What it said when it was ready. Raises Unavailable with its own reason; nothing runs on then."""
        # Why shielded: a start that is cancelled half way would lose the child and confuse asyncio's pipes.
        spawning = asyncio.ensure_future(self._spawn())
        try:
            await asyncio.shield(spawning)
            word, values = await self._word_within(START_TIMEOUT_S)
            # A child that waits for something before it is ready (an app for its database) beats meanwhile.
            while word in _NOT_YET:
                word, values = await self._word_within(START_TIMEOUT_S)
        except TimeoutError:
            word, values = "error", {"detail": f"it was not ready within {START_TIMEOUT_S:.0f} s"}
        except BaseException:
            await asyncio.gather(spawning, return_exceptions=True)
            await self.close()
            raise
        if word != "ready":
            await self.close()
            raise self._failure(values)
        return values

    async def _spawn(self) -> None:
        self._process = self._spare or await spawn(self._launch)
        self.tell({**self._launch.order, "socket": str(self.socket), "parent_pid": os.getpid()})
        # Why only now: what it says may have changed while the process was being made.
        if self._briefing is not None:
            self.tell(self._briefing())

    def tell(self, values: object) -> None:
        """One more line on its stdin; nothing happens when it is gone or has not begun."""
        if self._process is not None and self._process.returncode is None and self._process.stdin is not None:
            self._process.stdin.write(json.dumps(values).encode() + b"\n")

    async def _next_word(self) -> tuple[str, dict[str, Any]]:
        """The next line; `error` when it ended without a word."""
        assert self._process is not None
        assert self._process.stdout is not None
        line = (await self._process.stdout.readline()).decode(errors="replace")
        if not line.endswith("\n"):
            code = await self._process.wait()
            return "error", {"detail": f"it ended with {_exit_words(code)}"}
        word, _, rest = line.strip().partition(" ")
        return word, json.loads(rest) if rest else {}

    async def wait_until_gone(self) -> str:
        """Returns why it is gone; a worker that does not tick is killed here."""
        while True:
            try:
                word, values = await self._word_within(self._tick_timeout_s)
            except TimeoutError:
                try:
                    word, values = await self._word_within(_LAST_LOOK_S)
                except TimeoutError:
                    await self._kill()
                    return f"it did not tick for {self._tick_timeout_s:g} s"
            if word == "error":
                return str(values["detail"])

    async def _word_within(self, timeout_s: float) -> tuple[str, dict[str, Any]]:
        # Why not `wait_for`: Python 3.11's loses a cancellation that arrives together with the result.
        async with asyncio.timeout(timeout_s):
            return await self._next_word()

    def terminate(self) -> None:
        """Ask it to end; `close` waits for it."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)

    async def _kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def close(self, patience_s: float = STOP_TIMEOUT_S) -> None:
        """SIGTERM, a little patience, SIGKILL. Idempotent."""
        if self._process is None:
            return
        self.terminate()
        try:
            async with asyncio.timeout(patience_s):
                await self._process.wait()
        except TimeoutError:
            await self._kill()
        if self._process.stdin is not None:
            self._process.stdin.close()

    def _failure(self, values: Mapping[str, Any]) -> Unavailable:
        detail = str(values.get("detail", ""))
        try:
            return Unavailable(ErrorCode(values.get("code", "")), detail)
        except ValueError:
            return Unavailable(ErrorCode.PROCESS_UNAVAILABLE, f"{self._launch.module} did not start: {detail}")


def _exit_words(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
