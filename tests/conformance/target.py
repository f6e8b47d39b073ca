"""The server under test: ours from this tree, a livekit-server binary, or any LiveKit-compatible server by URL."""

from __future__ import annotations

import contextlib
import datetime
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from livekit import api

from tests.process_tree import WORKER, children

TREE = Path(__file__).resolve().parents[2]
KEY = "conformance"
SECRET = "conformance-secret-of-more-than-32-characters"
# First start on a cold disk compiles everything, beside other tests; a hang guard below that of a whole test.
START_GUARD_S = 90.0
# livekit-server logs whole offers in one line.
LOG_LINE = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where the server is and what may be expected of it."""

    url: str
    key: str
    secret: str
    name: str
    is_ours: bool
    has_webhooks: bool
    pid: int = 0
    log: deque[str] = field(default_factory=lambda: deque(maxlen=400))

    @property
    def http_url(self) -> str:
        return re.sub(r"^ws", "http", self.url)

    def token(
        self,
        identity: str,
        room: str,
        *,
        grants: api.VideoGrants | None = None,
        name: str = "",
        metadata: str = "",
        attributes: dict[str, str] | None = None,
        ttl: datetime.timedelta = datetime.timedelta(hours=1),
        room_config: api.RoomConfiguration | None = None,
    ) -> str:
        """A join token; `grants` replaces the full rights in `room` that it has otherwise."""
        token = api.AccessToken(self.key, self.secret).with_identity(identity).with_ttl(ttl)
        token = token.with_grants(grants or api.VideoGrants(room_join=True, room=room, can_update_own_metadata=True))
        if name:
            token = token.with_name(name)
        if metadata:
            token = token.with_metadata(metadata)
        if attributes:
            token = token.with_attributes(attributes)
        if room_config is not None:
            token = token.with_room_config(room_config)
        return token.to_jwt()

    def api(self) -> api.LiveKitAPI:
        return api.LiveKitAPI(self.http_url, self.key, self.secret)

    def media_workers(self) -> list[int]:
        """Our server's child processes that carry media."""
        return children(self.pid, WORKER)


class Process:
    """A child server: its output is read by a thread, and only this very process is ended."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self.lines: queue.Queue[str | None] = queue.Queue()
        self.log: deque[str] = deque(maxlen=400)
        self._child = subprocess.Popen(
            command, cwd=TREE, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert self._child.stdout is not None
        self.pid = self._child.pid
        self._reader = threading.Thread(target=self._read, args=(self._child.stdout,), daemon=True)
        self._reader.start()

    def _read(self, output: IO[str]) -> None:
        for line in output:
            self.log.append(line.rstrip()[:LOG_LINE])
            self.lines.put(line)
        self.lines.put(None)

    def wait_for(self, pattern: str) -> re.Match[str]:
        """The first line of the output that matches."""
        deadline = time.monotonic() + START_GUARD_S
        while (left := deadline - time.monotonic()) > 0:
            try:
                line = self.lines.get(timeout=left)
            except queue.Empty:
                break
            if line is None:
                break
            if match := re.search(pattern, line):
                return match
        self.stop()
        raise RuntimeError("the server under test did not start:\n" + "\n".join(self.log))

    def is_running(self) -> bool:
        return self._child.poll() is None

    def stop(self) -> int:
        """SIGTERM, and SIGKILL when that is not enough; returns the exit status."""
        if self._child.poll() is None:
            self._child.send_signal(signal.SIGTERM)
        try:
            status = self._child.wait(10)
        except subprocess.TimeoutExpired:
            self._child.kill()
            status = self._child.wait(10)
        self._reader.join(5)
        if self._child.stdout is not None:
            self._child.stdout.close()
        return status


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


# Puts a command where it shall run, such as into a network namespace.
Wrap = Callable[[list[str]], list[str]]


def _as_it_is(command: list[str]) -> list[str]:
    return command


@contextlib.contextmanager
def our_server(webhook_url: str, host: str = "127.0.0.1", wrap: Wrap = _as_it_is) -> Iterator[Target]:
    """`media` of this tree on free ports, with one worker."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("LIVEKIT_", "TONGCHUANG_"))
    }
    environment |= {
        "LIVEKIT_API_KEY": KEY,
        "LIVEKIT_API_SECRET": SECRET,
        "TONGCHUANG_WEBHOOK_URLS": webhook_url,
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-m", "server.cli", "media", "--host", host, "--node-ip", host, "--port", "0"]
    command += ["--udp-port", "0", "--tcp-port", "0", "--workers", "1"]
    process = Process(wrap(command), environment)
    match = process.wait_for(r"Media server is ready: (ws://\S+)")
    try:
        yield Target(
            url=match[1],
            key=KEY,
            secret=SECRET,
            name="ours",
            is_ours=True,
            has_webhooks=True,
            pid=process.pid,
            log=process.log,
        )
    finally:
        process.stop()


@contextlib.contextmanager
def livekit_server(binary: str, webhook_url: str, host: str = "127.0.0.1", wrap: Wrap = _as_it_is) -> Iterator[Target]:
    """A livekit-server binary on one address with ports free on loopback."""
    port, tcp_port, udp_port = free_port(), free_port(), free_port(socket.SOCK_DGRAM)
    # Why loopback alone: otherwise it names the machine's other addresses too, where a client may not reach it.
    loopback = "enable_loopback_candidate: true, interfaces: {includes: [lo]}"
    config = f"""
port: {port}
bind_addresses: ["{host}"]
keys: {{{KEY}: {SECRET}}}
rtc: {{udp_port: {udp_port}, tcp_port: {tcp_port}, use_external_ip: false, node_ip: {host},
       {loopback if host.startswith("127.") else "enable_loopback_candidate: false"}}}
webhook: {{api_key: {KEY}, urls: ["{webhook_url}"]}}
"""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "livekit.yaml"
        path.write_text(config)
        process = Process(wrap([binary, "--config", str(path)]), dict(os.environ))
        process.wait_for(r"starting LiveKit server")
        _wait_for_port(host, port)
        try:
            yield Target(
                url=f"ws://{host}:{port}",
                key=KEY,
                secret=SECRET,
                name=f"livekit-server ({binary})",
                is_ours=False,
                has_webhooks=True,
                log=process.log,
            )
        finally:
            process.stop()


def _wait_for_port(host: str, port: int) -> None:
    deadline = time.monotonic() + START_GUARD_S
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection((host, port), 1):
            return
        time.sleep(0.02)
    raise RuntimeError(f"nothing accepts connections on port {port}")
