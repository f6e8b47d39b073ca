"""The relay process: two TUN devices, two pipelines, one select loop, JSON lines for control.

Started by `bench.net.link` (or by hand: ``python -m bench.net pump``). The first line on stdin is
the plan; the answer names the namespaces by descriptor (``/proc/PID/fd/N``). They have no names,
so when this process dies, however it dies, namespaces, devices and routes go with it. End of
stdin ends the process.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import select
import signal
import time
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any

from bench.net import kernel, packet
from bench.net.impairment import Impairment, parse_impairment
from bench.net.pipeline import Drop, Pipeline

# Why 64: large enough to spread the cost of a wake-up, small enough that the other direction waits < 1 ms.
READ_BATCH = 64
# Why 2048: the MTU is 1500; a small buffer keeps os.read from allocating a page run per packet.
READ_BYTES = 2048
# Why -10: the relay must not be what makes packets late on a machine that also runs browsers.
NICENESS = -10
_PR_SET_PDEATHSIG = 1
_PR_SET_TIMERSLACK = 29


@dataclass(slots=True)
class Direction:
    """One way through the relay."""

    source_fd: int
    target_fd: int
    pipeline: Pipeline[bytes]
    is_up: bool


class Pump:
    """Owns the devices. `addresses` holds what the client may be seen as, its own first."""

    def __init__(self, plan: dict[str, Any]) -> None:
        network = plan["network"]  # such as "198.18.7": a /24 of which .10-.14 are the client's, .20 the server's
        self.addresses = [IPv4Address(f"{network}.{10 + index}") for index in range(5)]
        self.server_address = IPv4Address(f"{network}.20")
        self.map = packet.AddressMap(self.addresses[0])
        self._current = 0
        self._rebinds = 0
        number = network.rsplit(".", 1)[1]
        self._client_device, self._server_device = f"tc{number}c{os.getpid()}"[:15], f"tc{number}s{os.getpid()}"[:15]
        self.client_namespace = None if plan["client_here"] else kernel.new_namespace()
        self.server_namespace = None if plan["server_here"] else kernel.new_namespace()
        server_side = (f"{network}.0/28",) if plan["server_here"] else ("0.0.0.0/0",)
        client_side = (f"{self.server_address}/32",) if plan["client_here"] else ("0.0.0.0/0",)
        client_fd = self._device(self.client_namespace, self._client_device, str(self.addresses[0]), client_side)
        server_fd = self._device(self.server_namespace, self._server_device, str(self.server_address), server_side)
        up, down = (parse_impairment(plan.get(name, {})) for name in ("up", "down"))
        self.up = Direction(client_fd, server_fd, Pipeline(up, seed=plan["seed"], name="up"), is_up=True)
        self.down = Direction(server_fd, client_fd, Pipeline(down, seed=plan["seed"], name="down"), is_up=False)

    def _device(self, namespace: int | None, name: str, address: str, routes: tuple[str, ...]) -> int:
        if namespace is None:
            fd = kernel.open_tun(name)
            kernel.configure(name, address, routes, is_own_namespace=False)
            return fd
        with kernel.inside(namespace):
            fd = kernel.open_tun(name)
            kernel.configure(name, address, routes, is_own_namespace=True)
        return fd

    def ready(self) -> dict[str, object]:
        """What the starter needs to know."""
        return {
            "ok": True,
            "pid": os.getpid(),
            "client_address": str(self.addresses[0]),
            "server_address": str(self.server_address),
            "client_namespace_fd": self.client_namespace,
            "server_namespace_fd": self.server_namespace,
        }

    def take_in(self, way: Direction, now_us: int) -> None:
        """Read what is there, at most a batch, into the pipeline."""
        offer, fd = way.pipeline.offer, way.source_fd
        for _ in range(READ_BATCH):
            try:
                data = os.read(fd, READ_BYTES)
            except BlockingIOError:
                return
            if not packet.is_ipv4(data):
                way.pipeline.drop(Drop.NOT_IPV4)
                continue
            if way.is_up:
                data = self.map.outbound(data)
            offer(data, len(data), now_us, is_udp=data[9] == packet.PROTOCOL_UDP)

    def let_out(self, way: Direction, now_us: int) -> None:
        """Write what is due."""
        fd = way.target_fd
        for data in way.pipeline.due(now_us):
            if not way.is_up:
                back = self.map.inbound(data)
                if back is None:
                    way.pipeline.drop(Drop.STALE_ADDRESS)
                    continue
                data = back
            try:
                os.write(fd, data)
            except OSError:
                way.pipeline.drop(Drop.DEVICE)

    def control(self, request: dict[str, Any]) -> dict[str, object]:
        """One request, one answer; a bad one changes nothing."""
        operation = request.get("op")
        chosen = {"up": [self.up], "down": [self.down], "both": [self.up, self.down]}[request.get("direction", "both")]
        if operation == "set":
            is_fresh = bool(request.get("reset", False))
            planned = [
                parse_impairment(request["values"], Impairment() if is_fresh else way.pipeline.impairment)
                for way in chosen
            ]
            for way, impairment in zip(chosen, planned, strict=True):
                way.pipeline.set(impairment)
        elif operation == "blackout":
            for way in chosen:
                way.pipeline.blackout(_now_us(), round(request["ms"] * 1000))
        elif operation == "move":
            self._current = (self._current + 1) % len(self.addresses)
            self.map.move(self.addresses[self._current])
        elif operation == "rebind":
            self._rebinds += 1
            self.map.rebind(self._rebinds * 1009)  # Why 1009: a prime, so that no two rebinds soon coincide
        elif operation == "renumber":
            self._renumber()
        elif operation != "stats":
            raise ValueError(f"unknown op {operation!r}")
        return {"ok": True, "client_seen_as": str(self.map.outside)} | (self.stats() if operation == "stats" else {})

    def stats(self) -> dict[str, object]:
        cpu = time.process_time()
        return {"up": self.up.pipeline.stats(), "down": self.down.pipeline.stats(), "cpu_seconds": round(cpu, 4)}

    def _renumber(self) -> None:
        """The client's own interface gets the next address and loses the old: sockets bound to it break."""
        if self.client_namespace is None:
            raise ValueError("renumber needs a client namespace of its own")
        old = self.addresses[self._current]
        self._current = (self._current + 1) % len(self.addresses)
        new = self.addresses[self._current]
        with kernel.inside(self.client_namespace):
            kernel.ip("address", "add", f"{new}/32", "dev", self._client_device)
            kernel.ip("route", "replace", "0.0.0.0/0", "dev", self._client_device, "src", str(new))
            kernel.ip("address", "del", f"{old}/32", "dev", self._client_device)
        self.map = packet.AddressMap(new)

    def run(self, control_fd: int) -> None:
        """Until end of file on `control_fd`."""
        ways = {self.up.source_fd: self.up, self.down.source_fd: self.down}
        watched = [*ways, control_fd]
        pending = b""
        while True:
            now_us = _now_us()
            soonest = min(
                (due for way in ways.values() if (due := way.pipeline.next_due_us()) is not None), default=None
            )
            wait = None if soonest is None else max(0, soonest - now_us) / 1_000_000
            # Why select and not epoll: its timeout has microseconds, epoll's milliseconds; three descriptors.
            readable, _, _ = select.select(watched, [], [], wait)
            for fd in readable:
                if fd in ways:
                    self.take_in(ways[fd], _now_us())
            for way in ways.values():
                self.let_out(way, _now_us())
            if control_fd in readable:
                data = os.read(control_fd, 65_536)
                if not data:
                    return
                *lines, pending = (pending + data).split(b"\n")
                for line in lines:
                    _answer(self, line)


def _answer(pump: Pump, line: bytes) -> None:
    try:
        reply = pump.control(json.loads(line))
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        reply = {"ok": False, "error": f"{type(error).__name__}: {error}"}
    _print(reply)


def _print(reply: dict[str, object]) -> None:
    os.write(1, json.dumps(reply).encode() + b"\n")


def _first_line() -> bytes:
    """Byte by byte, because what follows on stdin belongs to the loop."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            raise ValueError("no plan on stdin")
        line += byte
    return line


def _now_us() -> int:
    return time.monotonic_ns() // 1000


def main() -> int:
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # a relay without its starter is of no use to anyone
    libc.prctl(_PR_SET_TIMERSLACK, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the starter, which then closes stdin
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    try:
        plan = json.loads(_first_line())
        pump = Pump(plan)
    except (ValueError, KeyError, OSError) as error:
        _print({"ok": False, "error": str(error)})
        return 1
    gc.disable()  # nothing here makes cycles per packet; a collection would be lateness
    gc.freeze()
    _print(pump.ready())
    pump.run(0)
    return 0
