"""`Link`: a client namespace and a server namespace with a relay process between them, as a context manager."""

from __future__ import annotations

import enum
import json
import os
import random
import select
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from bench.net import kernel
from bench.net.impairment import Impairment

Direction = Literal["up", "down", "both"]

# Why: starting Python and two namespaces takes 0.3 s; on a loaded machine several times that.
START_GUARD_S = 20.0
REPLY_GUARD_S = 10.0
_ROOT = Path(__file__).resolve().parents[2]


class Side(enum.Enum):
    """Where a side lives: in a network namespace of its own, or in the caller's."""

    NEW = "new"
    HERE = "here"


class LinkError(RuntimeError):
    """The relay could not start or refused a request; the text says why."""


def missing_for_link() -> str | None:
    """Why namespaces cannot be used on this machine, as a reason for a skip; None when they can."""
    if sys.platform != "linux":
        return "network namespaces exist on Linux only"
    if not Path("/dev/net/tun").exists():
        return "/dev/net/tun is missing"
    try:
        subprocess.run(["ip", "-V"], capture_output=True, check=True)
        subprocess.run(["nsenter", "--version"], capture_output=True, check=True)
        threading_result: list[str] = []

        def attempt() -> None:
            try:
                os.close(kernel.new_namespace())
            except OSError as error:
                threading_result.append(f"network namespaces are refused: {error.strerror}")

        # In a thread of its own: should the way back fail, the caller still stands where it stood.
        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join()
        return threading_result[0] if threading_result else None
    except (OSError, subprocess.CalledProcessError):
        return "ip (iproute2) or nsenter (util-linux) is missing"


class Link:
    """`up` is client → server, `down` the reverse. Everything is gone after `close`, also if this process is killed."""

    def __init__(
        self,
        *,
        up: Impairment | None = None,
        down: Impairment | None = None,
        seed: int = 1,
        client: Side = Side.NEW,
        server: Side = Side.NEW,
    ) -> None:
        if client is Side.HERE and server is Side.HERE:
            raise ValueError("both sides here would talk over loopback, past the relay")
        self._children: list[subprocess.Popen[Any]] = []
        self._lock = threading.Lock()
        self._pending = b""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.net", "pump"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=_ROOT,
            bufsize=0,
        )
        plan = {
            # RFC 2544 benchmark addresses: never on the internet. Random, so that runs side by side do not meet.
            "network": f"198.{random.choice((18, 19))}.{random.randrange(1, 255)}",
            "client_here": client is Side.HERE,
            "server_here": server is Side.HERE,
            "seed": seed,
            "up": (up or Impairment()).to_json(),
            "down": (down or Impairment()).to_json(),
        }
        try:
            ready = self._ask(plan, START_GUARD_S)
        except BaseException:
            self.close()
            raise
        self.client_address: str = ready["client_address"]
        self.server_address: str = ready["server_address"]
        self._namespaces = {
            "client": self._namespace_path(ready["client_namespace_fd"]),
            "server": self._namespace_path(ready["server_namespace_fd"]),
        }

    def _namespace_path(self, fd: int | None) -> str | None:
        return None if fd is None else f"/proc/{self._process.pid}/fd/{fd}"

    @property
    def pump_pid(self) -> int:
        return self._process.pid

    def client_command(self, command: Sequence[str]) -> list[str]:
        """`command` with what makes it run on the client's side (for any way of starting processes)."""
        return self._entering("client", command)

    def server_command(self, command: Sequence[str]) -> list[str]:
        return self._entering("server", command)

    def _entering(self, side: str, command: Sequence[str]) -> list[str]:
        path = self._namespaces[side]
        # nsenter replaces itself by the command, so the pid that the caller sees is the command's.
        return list(command) if path is None else ["nsenter", f"--net={path}", "--", *command]

    def popen_client(self, command: Sequence[str], **options: Any) -> subprocess.Popen[Any]:
        """Start on the client's side; terminated by `close` if still running. Options as for Popen."""
        return self._popen(self.client_command(command), options)

    def popen_server(self, command: Sequence[str], **options: Any) -> subprocess.Popen[Any]:
        return self._popen(self.server_command(command), options)

    def _popen(self, command: list[str], options: Mapping[str, Any]) -> subprocess.Popen[Any]:
        child: subprocess.Popen[Any] = subprocess.Popen(command, **options)
        self._children.append(child)
        return child

    @contextmanager
    def enter(self, side: Literal["client", "server"]) -> Iterator[None]:
        """This thread is on that side; sockets made here stay there. Keep it short and never await inside."""
        path = self._namespaces[side]
        if path is None:
            yield
            return
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            with kernel.inside(fd):
                yield
        finally:
            os.close(fd)

    def set(self, *, up: Impairment | None = None, down: Impairment | None = None) -> None:
        """Replace the impairment of the directions given; the others stay as they are."""
        for direction, impairment in (("up", up), ("down", down)):
            if impairment is not None:
                values = impairment.to_json()
                self._ask({"op": "set", "direction": direction, "reset": True, "values": values})

    def change(self, direction: Direction = "both", **values: object) -> None:
        """Change single values: ``change(loss="20%", delay="300ms")``."""
        self._ask({"op": "set", "direction": direction, "values": values})

    def blackout(self, duration_ms: float, direction: Direction = "both") -> None:
        """Lose everything from now on for so long; 0 ends it. What is in flight still arrives."""
        self._ask({"op": "blackout", "direction": direction, "ms": duration_ms})

    def move_client(self) -> str:
        """The server sees the client under another address from now on (NAT); returns it."""
        return str(self._ask({"op": "move"})["client_seen_as"])

    def rebind_client(self) -> None:
        """The NAT forgets: the server sees other source ports from now on. TCP connections break."""
        self._ask({"op": "rebind"})

    def renumber_client(self) -> str:
        """The client's interface gets another address and loses the old, as from Wi-Fi to mobile; returns it."""
        return str(self._ask({"op": "renumber"})["client_seen_as"])

    def stats(self) -> dict[str, Any]:
        """``up`` and ``down`` as `Pipeline.stats`, and the relay's own ``cpu_seconds``."""
        return self._ask({"op": "stats"})

    def request(self, message: dict[str, object]) -> dict[str, Any]:
        """A raw control request (README.md lists them)."""
        return self._ask(message)

    def close(self) -> None:
        """Idempotent: ends what was started through this link, then the relay; the kernel removes the rest."""
        for child in self._children:
            if child.poll() is None:
                child.terminate()
        for child in self._children:
            _end(child)
        self._children.clear()
        if self._process.stdin is not None:
            self._process.stdin.close()
        _end(self._process)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def __enter__(self) -> Link:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, message: dict[str, object], guard_s: float = REPLY_GUARD_S) -> dict[str, Any]:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None or stdin.closed:
            raise LinkError("the link is closed")
        with self._lock:
            try:
                stdin.write(json.dumps(message).encode() + b"\n")
            except BrokenPipeError:
                raise LinkError("the relay process has ended") from None
            while b"\n" not in self._pending:
                if not select.select([stdout], [], [], guard_s)[0]:
                    raise LinkError(f"the relay process did not answer within {guard_s:g} s")
                data = os.read(stdout.fileno(), 65_536)
                if not data:
                    raise LinkError("the relay process has ended")
                self._pending += data
            line, self._pending = self._pending.split(b"\n", 1)
        reply: dict[str, Any] = json.loads(line)
        if not reply.get("ok"):
            raise LinkError(str(reply.get("error")))
        return reply


def _end(child: subprocess.Popen[Any], patience_s: float = 5.0) -> None:
    try:
        child.wait(patience_s)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
