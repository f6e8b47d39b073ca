"""What the server adds to a packet's way at about half load: send call → the kernel's receive stamp at a subscriber.

The sender writes its time into each payload just before the send call; the receiver's kernel stamps
the packet when it reaches the socket, so the generator's own queue is no part of the figure and is
told apart. Subscribers without stamps make the load.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import socket
import struct
import time

from bench.client import AudioPlan, VideoPlan
from bench.client.receive import Latencies
from bench.crowd import Crowd
from bench.measure import (
    contention,
    cpu_seconds,
    in_real_time,
    machine,
    quantile,
    quiet_generator,
    refuse_if_busy,
    summary,
    waited_seconds,
)
from bench.target import Target, add_arguments, chosen, place

WATCHERS = 4
WARM_UP_S = 2.0
_SO_TIMESTAMPNS = 35


def loopback_floor_us(count: int = 2000) -> list[int]:
    """The same measure without a server: send call → receive stamp on loopback."""
    found = []
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        receiver.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        receiver.bind(("127.0.0.1", 0))
        sender.connect(receiver.getsockname())
        for _ in range(count):
            sent = time.time_ns()
            sender.send(bytes(1100))
            _, ancillary, _, _ = receiver.recvmsg(2048, 64)
            seconds, nanoseconds = struct.unpack_from("@qq", ancillary[0][2])
            found.append((seconds * 1_000_000_000 + nanoseconds - sent) // 1000)
    return found


async def measure(target: Target, options: argparse.Namespace) -> int:
    place(target)
    if options.realtime:
        in_real_time([*target.media_pids, os.getpid()])
    latencies = Latencies()
    async with Crowd(target, latencies=latencies) as crowd:
        plan = VideoPlan.single(1280, 720, 30, options.bitrate)
        for _ in range(options.publishers):
            await crowd.join(crowd.make(video=plan, audio=AudioPlan(has_dtx=False), sections=(0, 0)))
        for index in range(options.subscribers):
            sections = (options.publishers, options.publishers)
            await crowd.join(crowd.make(sections=sections, stamps=index % max(1, options.subscribers // WATCHERS) == 0))
        await crowd.media_everywhere(options.publishers)
        await asyncio.sleep(WARM_UP_S)
        latencies.way.clear()
        latencies.own.clear()
        waited = waited_seconds(target.media_pids)
        received, cpu, own, start = (
            crowd.received(), cpu_seconds(target.media_pids), time.process_time(), time.monotonic()
        )  # fmt: skip
        await asyncio.sleep(options.seconds)
        took = time.monotonic() - start
        load = (cpu_seconds(target.media_pids) - cpu) / took
        generator = (time.process_time() - own) / took
        rate = (crowd.received() - received) / took
        print(f"{target.name}: server {load:.0%} of its core, {rate:,.0f} packets/s, generator {generator:.0%}")
        print(f"  server {contention(waited_seconds(target.media_pids) - waited, took)}")
        print(f"  through the server  {summary(latencies.way, 'µs', 0)} ({len(latencies.way):,} samples)")
        print(f"  generator's queue   {summary(latencies.own, 'µs', 0)}")
        late = sum(one.late_frames for one in crowd.people)
        p99_ms = quantile(latencies.way, 0.99) / 1000
        print(f"  late frames {late}; p99 {p99_ms:.2f} ms; NACKs {crowd.nacks()}")
        reason = refuse_if_busy(generator)
        if reason is not None:
            print(f"  {reason}")
            return 1
    return 0


async def run(options: argparse.Namespace) -> int:
    print(machine())
    quiet_generator()
    print(f"latency: loopback without a server {summary(loopback_floor_us(), 'µs', 0)}")
    async with contextlib.AsyncExitStack() as stack:
        targets = await chosen(options, stack)
        return max([await measure(target, options) for target in targets])


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="bench latency", description=__doc__)
    made.add_argument("--seconds", type=float, default=20)
    made.add_argument("--publishers", type=int, default=2)
    made.add_argument("--subscribers", type=int, default=40)
    made.add_argument("--bitrate", type=int, default=4_000_000, help="of each publisher's video")
    made.add_argument("--realtime", action="store_true", help="server and generator before all else (busy machines)")
    add_arguments(made)
    return made
