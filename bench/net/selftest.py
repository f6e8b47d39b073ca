"""How fast and how exact the relay is on this machine: one-way UDP of 1,100 bytes through it."""

from __future__ import annotations

import socket
import statistics
import sys
import time

from bench.net.impairment import Impairment
from bench.net.link import Link

SECONDS = 3.0
RATES = (5_000, 20_000, 40_000)
DELAY_US = 20_000
_PAYLOAD = 1_100
_PORT = 9_000
_SO_RCVBUFFORCE = 33  # asm-generic/socket.h: beyond net.core.rmem_max, for root


def measure(rate: int, seconds: float = SECONDS) -> dict[str, float]:
    """Send `rate` packets a second through a 20 ms link; arrived per second and what the relay added."""
    with Link(up=Impairment(delay_us=DELAY_US)) as link:
        with link.enter("server"):
            server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with link.enter("client"):
            client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with server, client:
            server.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 32 << 20)
            server.setblocking(False)
            server.bind((link.server_address, _PORT))
            client.connect((link.server_address, _PORT))
            sent, arrived, delays = _pour(client, server, rate, seconds)
            stats = link.stats()
    return {
        "asked": rate,
        "sent": sent / seconds,
        "arrived_share": arrived / sent,
        "relay_cpu_share": stats["cpu_seconds"] / seconds,
        "late_p50_us": stats["up"]["late_p50_us"],
        "late_p99_us": stats["up"]["late_p99_us"],
        "one_way_p50_us": statistics.median(delays) if delays else 0.0,
    }


def _pour(client: socket.socket, server: socket.socket, rate: int, seconds: float) -> tuple[int, int, list[float]]:
    sent = arrived = 0
    delays: list[float] = []
    start = time.monotonic()
    end, last = start + seconds, start + seconds + 0.5
    filler = bytes(_PAYLOAD - 8)
    while (now := time.monotonic()) < last:
        due = int((min(now, end) - start) * rate)
        for _ in range(min(due - sent, 200)):
            client.send(time.monotonic_ns().to_bytes(8) + filler)
            sent += 1
        for _ in range(200):
            try:
                data = server.recv(2048)
            except BlockingIOError:
                break
            arrived += 1
            if not arrived % 50:
                delays.append((time.monotonic_ns() - int.from_bytes(data[:8])) / 1000)
        time.sleep(0.0005)
    return sent, arrived, delays


def main() -> int:
    for rate in RATES:
        found = measure(rate)
        print("  ".join(f"{name} {value:,.3f}" for name, value in found.items()), file=sys.stdout, flush=True)
    return 0
