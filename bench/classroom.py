"""A class of 30 for minutes: what came in and did not go out, memory over time, and many joining at once.

One 720p simulcast publisher, 29 at 180p, everyone with a microphone (DTX), three talking. Everyone
subscribes to everyone, sections are added by negotiation as real clients do it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import re
import time
from dataclasses import dataclass, field

import aiohttp

from bench.client import AudioPlan, Participant, VideoPlan
from bench.crowd import Crowd
from bench.measure import (
    cpu_seconds,
    machine,
    quiet_generator,
    refuse_if_busy,
    resident_bytes,
    slope_per_hour,
    summary,
)
from bench.target import Target, add_arguments, chosen, place

TALKING = 3
SAMPLE_S = 2.0
SETTLE_S = 3.0
# A page shows so many videos at this size at most, and turns the others off.
TILE, TILES = (320, 180), 9
# The first minute fills caches and pools; a slope over it would say nothing.
SETTLED_SHARE = 0.25
# These are choices, not losses: nobody wants the packet.
BY_CHOICE = {
    "nobody",
    "muted",
    "other_layer",
    "padding",
    "paused",
    "temporal_layer",
    "awaiting_keyframe",
    "duplicate",
}


@dataclass(slots=True)
class Watch:
    """Samples over time."""

    memory: list[tuple[float, float]] = field(default_factory=list)
    server: list[float] = field(default_factory=list)
    generator: list[float] = field(default_factory=list)
    joined_from: int | None = None
    """Samples from here on are of more people: they say nothing of a slope."""


async def metrics(target: Target) -> dict[str, float]:
    """The worker's counters by name (labels kept in the name); empty when the server shows none."""
    try:
        async with aiohttp.ClientSession() as http, http.get(f"{target.http_url}/metrics") as response:
            text = await response.text() if response.status == 200 else ""
    except aiohttp.ClientError:
        return {}
    found = re.findall(r"^(tongchuang_media_[a-z_]+(?:\{[^}]*\})?) ([0-9.e+]+)$", text, re.MULTILINE)
    return {name: float(value) for name, value in found}


async def watch(target: Target, into: Watch) -> None:
    while True:
        cpu, own, start = cpu_seconds(target.media_pids), time.process_time(), time.monotonic()
        await asyncio.sleep(SAMPLE_S)
        took = time.monotonic() - start
        into.memory.append((time.monotonic(), float(resident_bytes(target.media_pids))))
        into.server.append((cpu_seconds(target.media_pids) - cpu) / took)
        into.generator.append((time.process_time() - own) / took)


async def fill(crowd: Crowd, size: int) -> None:
    """The class comes in, one after the other."""
    for index in range(size):
        video = VideoPlan.simulcast_720p() if index == 0 else VideoPlan.single(320, 180, 15, 150_000)
        audio = AudioPlan(is_talking=index < TALKING)
        await crowd.join(crowd.make(video=video, audio=audio, sections=(3, 3)))


async def burst(crowds: list[Crowd], count: int, within_s: float) -> list[float]:
    """`count` more come in evenly within the time, a class per crowd; ms from join to each one's first picture."""

    async def one_more(index: int) -> Participant:
        await asyncio.sleep(index * within_s / count)
        crowd = crowds[index % len(crowds)]
        is_teacher = index < len(crowds)
        video = VideoPlan.single(320, 180, 15, 150_000) if is_teacher else None
        one = crowd.make(video=video, audio=AudioPlan(is_talking=is_teacher), sections=(0, 0) if is_teacher else (3, 3))
        await crowd.join(one)
        return one

    joined = await asyncio.gather(*(one_more(index) for index in range(count)))
    for crowd in crowds:
        await crowd.media_everywhere()
    pupils = [one for one in joined if one.options.video is None]
    return [(min(one.receiver.first_frames_us.values()) - one.open_us) / 1000 for one in pupils]


async def visit(crowd: Crowd, count: int, within_s: float) -> list[float]:
    """`count` more come into the class itself, muted and with a page's tiles; ms from join to each one's first picture.

    Why tiles: 90 people who took all 30 videos would ask for 100,000 packets per second.
    """

    async def one_more(index: int) -> Participant:
        await asyncio.sleep(index * within_s / count)
        one = crowd.make(sections=(3, 3), tile=TILE, tiles=TILES)
        await crowd.join(one)
        return one

    joined = await asyncio.gather(*(one_more(index) for index in range(count)))
    await crowd.media_everywhere()
    return [(min(one.receiver.first_frames_us.values()) - one.open_us) / 1000 for one in joined]


def gaps(crowd: Crowd) -> tuple[int, int]:
    """(sequence numbers that never came, retransmissions) over all streams of all receivers."""
    missing = recovered = 0
    for one in crowd.people:
        for stream in one.receiver.streams.values():
            if stream.rtx_of is None:
                missing += len(stream.missing) + stream.given_up
                recovered += stream.recovered
    return missing, recovered


async def run(options: argparse.Namespace) -> int:
    print(machine())
    async with contextlib.AsyncExitStack() as stack:
        target = (await chosen(options, stack))[0]
        place(target)
        quiet_generator()
        crowd = await stack.enter_async_context(Crowd(target))
        start = time.monotonic()
        await fill(crowd, options.size)
        await crowd.media_everywhere(options.size - 1)
        print(f"classroom: {options.size} in and seeing everyone after {time.monotonic() - start:.1f} s")
        await asyncio.sleep(SETTLE_S)
        into = Watch()
        watching = asyncio.create_task(watch(target, into))
        before, received = await metrics(target), crowd.received()
        start = time.monotonic()
        try:
            await asyncio.sleep(options.minutes * 60 / 2)
            if options.joiners:
                into.joined_from = len(into.memory)
                if options.same_room:
                    where = "the same room"
                    times = await visit(crowd, options.joiners, options.within)
                else:
                    classes = -(-options.joiners // options.size)
                    where = f"{classes} other rooms"
                    others = [await stack.enter_async_context(Crowd(target)) for _ in range(classes)]
                    times = await burst(others, options.joiners, options.within)
                print(
                    f"  {options.joiners} more within {options.within:g} s into {where}: "
                    f"first picture {summary(times, 'ms', 0)}"
                )
            await asyncio.sleep(options.minutes * 60 / 2)
        finally:
            watching.cancel()
        return await report(target, crowd, into, before, received, time.monotonic() - start)


async def report(
    target: Target, crowd: Crowd, into: Watch, before: dict[str, float], received: int, took: float
) -> int:
    after = await metrics(target)
    rate = (crowd.received() - received) / took
    of_the_class = into.memory[: into.joined_from]
    settled = of_the_class[int(len(of_the_class) * SETTLED_SHARE) :]
    missing, recovered = gaps(crowd)
    shares = [100 * share for share in into.server]
    print(f"  {took / 60:.1f} min, {rate:,.0f} packets/s out; server {summary(shares, '%')} of its core")
    print(
        f"  memory {into.memory[-1][1] / 1e6:.0f} MB, slope {slope_per_hour(settled) / 1e6:+.1f} MB/h; "
        f"sequence numbers that never came {missing}, retransmitted {recovered}, "
        f"undecryptable {crowd.undecryptable()}, late frames of the generator {crowd.late_frames()}"
    )
    grown = {
        name: value - before.get(name, 0) for name, value in after.items() if name.endswith("_total") or "{" in name
    }
    lost = 0.0
    for name, value in sorted(grown.items()):
        reason = re.search(r'dropped.*reason="(\w+)"', name)
        if reason is not None and value:
            is_choice = reason[1] in BY_CHOICE
            lost += 0 if is_choice else value
            print(f"  dropped {reason[1]}: {value:,.0f}{' (by choice)' if is_choice else ''}")
    if after:
        print(f"  received but not forwarded (without choices): {lost:,.0f}")
    else:
        print("  no /metrics of ours at this server: only the receivers' count above")
    reason_to_refuse = refuse_if_busy(max(into.generator, default=0.0))
    print(f"  generator {summary([100 * share for share in into.generator], '%')}")
    if reason_to_refuse is not None:
        print(f"  {reason_to_refuse}")
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="bench classroom", description=__doc__)
    made.add_argument("--minutes", type=float, default=1 / 3)
    made.add_argument("--size", type=int, default=30)
    made.add_argument("--joiners", type=int, default=0, help="this many more join other rooms in the middle")
    made.add_argument("--same-room", action="store_true", help="they join the class instead")
    made.add_argument("--within", type=float, default=10.0, help="seconds over which they come")
    add_arguments(made)
    return made
