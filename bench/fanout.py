"""Forwarded packets per CPU-second of the media worker: one 720p30 publisher with Opus, 30 subscribers.

Windows of several servers are interleaved in one run, each publisher silent while it is another's
turn. A forwarded packet is an RTP packet with media that a subscriber received. `--parts` tells what the connections
cost with nothing sent, with sound or picture alone, and with both.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import time
from dataclasses import dataclass, field

from bench.awake import awake
from bench.client import AudioPlan, VideoPlan
from bench.crowd import Crowd
from bench.measure import (
    SERVER_CORE,
    contention,
    cpu_seconds,
    machine,
    quiet_generator,
    refuse_if_busy,
    run_seconds,
    waited_seconds,
)
from bench.net import apart
from bench.target import add_arguments, chosen, place

WINDOWS = 3
# Half a frame more, so that a window begins between two frames and not with one under way.
WARM_UP_S = 1.5 + 1 / 60
# What is under way when a window ends still belongs to it.
SETTLE_S = 0.2


@dataclass(slots=True)
class Figures:
    per_cpu_second: list[float] = field(default_factory=list)
    received: int = 0
    expected: int = 0
    generator: list[float] = field(default_factory=list)
    server: list[float] = field(default_factory=list)
    other: list[float] = field(default_factory=list)
    waited: float = 0.0
    took: float = 0.0


async def window(crowd: Crowd, seconds: float, figures: Figures) -> None:
    """One turn of one server."""
    target = crowd.target
    crowd.resume()
    await asyncio.sleep(WARM_UP_S)
    sent, received, waited = crowd.sent(), crowd.received(), waited_seconds(target.media_pids)
    cpu, other, own, start = (
        cpu_seconds(target.media_pids), cpu_seconds(target.other_pids), time.process_time(), time.monotonic()
    )  # fmt: skip
    await asyncio.sleep(seconds)
    crowd.pause()
    await asyncio.sleep(SETTLE_S)
    took = time.monotonic() - start
    used = cpu_seconds(target.media_pids) - cpu
    arrived = crowd.received() - received
    figures.received += arrived
    figures.took += took
    figures.waited += waited_seconds(target.media_pids) - waited
    figures.expected += (crowd.sent() - sent) * (len(crowd.people) - 1)
    figures.per_cpu_second.append(arrived / used if used else 0.0)
    figures.server.append(used / took)
    figures.generator.append((time.process_time() - own) / took)
    figures.other.append((cpu_seconds(target.other_pids) - other) / took)


# audio, video
PARTS = {"nothing sent": (False, False), "sound": (True, False), "picture": (False, True), "both": (True, True)}


async def parts(crowds: list[Crowd], options: argparse.Namespace) -> None:
    """CPU milliseconds a second of each server with each of `PARTS`, in turns."""
    found: dict[tuple[str, str], list[float]] = {}
    for _ in range(options.windows):
        for part, (audio, video) in PARTS.items():
            for crowd in crowds:
                if audio or video:
                    crowd.resume(audio=audio, video=video)
                await asyncio.sleep(WARM_UP_S)
                pids = crowd.target.media_pids
                used, start = run_seconds(pids), time.monotonic()
                await asyncio.sleep(options.seconds / options.windows)
                crowd.pause()
                share = (run_seconds(pids) - used) / (time.monotonic() - start)
                found.setdefault((crowd.target.name, part), []).append(share * 1000)
    for crowd in crowds:
        figures = (f"{part} {statistics.median(found[crowd.target.name, part]):.1f}" for part in PARTS)
        print(f"{crowd.target.name:12} CPU ms per second: {' · '.join(figures)}")


async def run(options: argparse.Namespace) -> int:
    print(machine())
    async with contextlib.AsyncExitStack() as stack:
        targets = await chosen(options, stack)
        for target in targets:
            place(target)
        quiet_generator()
        if options.awake:
            stack.enter_context(awake(SERVER_CORE))
        crowds = []
        for target in targets:
            crowd = await stack.enter_async_context(Crowd(target, gro=options.gro))
            crowds.append(crowd)
            plan = VideoPlan.single(1280, 720, 30, options.bitrate)
            await crowd.join(crowd.make(video=plan, audio=AudioPlan(has_dtx=False), sections=(0, 0)))
            for _ in range(options.subscribers):
                await crowd.join(crowd.make())
            await crowd.media_everywhere()
            crowd.pause()
        figures = [Figures() for _ in crowds]
        for _ in range(options.windows):
            for crowd, found in zip(crowds, figures, strict=True):
                await window(crowd, options.seconds / options.windows, found)
        if options.parts:
            await parts(crowds, options)
        return report(crowds, figures, options)


def report(crowds: list[Crowd], figures: list[Figures], options: argparse.Namespace) -> int:
    """Print; 1 when the run has to be refused."""
    code = 0
    offload = "on" if options.gro else "off"
    receiving = ", ".join(f"core {core}" for core in apart.steered_to()) or "the sender's core"
    print(
        f"fanout: 1 publisher 720p30 {options.bitrate / 1e6:.1f} Mbit/s + Opus, {options.subscribers} subscribers, "
        f"{options.windows} windows of {options.seconds / options.windows:.1f} s, receivers' UDP_GRO {offload}, "
        f"loopback delivers on {receiving}, "
        f"the server's core {'is kept awake' if options.awake else 'may sleep'}"
    )
    for crowd, found in zip(crowds, figures, strict=True):
        generator = max(found.generator)
        print(
            f"{crowd.target.name:12} {statistics.median(found.per_cpu_second):>10,.0f} packets per CPU-second "
            f"({1e6 / max(1.0, statistics.median(found.per_cpu_second)):.1f} µs each; windows "
            f"{', '.join(f'{value:,.0f}' for value in found.per_cpu_second)})"
        )
        print(
            f"{'':12} lost {1 - found.received / max(1, found.expected):.3%} of {found.expected:,} · server "
            f"{statistics.median(found.server):.1%} of its core · front {max(found.other, default=0):.1%} · generator "
            f"{generator:.1%} · late frames {crowd.late_frames()} · NACKs {crowd.nacks()} · "
            f"undecryptable {crowd.undecryptable()} · {crowd.people[-1].path.profile} · "
            f"server {contention(found.waited, found.took)}"
        )
        reason = refuse_if_busy(generator)
        if reason is not None:
            print(f"{'':12} {reason}")
            code = 1
    if len(figures) > 1:
        first, *rest = (statistics.median(found.per_cpu_second) for found in figures)
        for crowd, value in zip(crowds[1:], rest, strict=True):
            print(f"{crowds[0].target.name} / {crowd.target.name} = {first / max(1.0, value):.2f}")
    return code


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="bench fanout", description=__doc__)
    made.add_argument("--seconds", type=float, default=20, help="measured time per server, all windows together")
    made.add_argument("--windows", type=int, default=WINDOWS)
    made.add_argument("--subscribers", type=int, default=30)
    made.add_argument("--bitrate", type=int, default=2_500_000)
    made.add_argument("--parts", action="store_true", help="also the CPU time with nothing, sound and picture alone")
    made.add_argument("--awake", action="store_true", help="keep the server's core from sleeping (idle priority)")
    made.add_argument("--gro", action="store_true", help="receivers take bursts whole (UDP_GRO)")
    add_arguments(made)
    return made
