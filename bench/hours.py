"""Find an hour over HTTP: an open loop of questions by signed-in coordinators against the whole product on demo data.

Open loop: a question is due by the clock whether or not the last one was answered, and is timed from when it was due.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import tempfile
import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlencode

import aiohttp

from bench.class_lesson import serving
from bench.measure import (
    SERVER_CORE,
    cpu_seconds,
    descendants,
    in_real_time,
    machine,
    pin,
    prefer,
    quantile,
    quiet_generator,
    refuse_if_busy,
    summary,
)
from server.clock import SystemClock
from server.demo_data import write_demo_data
from server.people import Account, build_people
from server.storage import Database, database_url_for, migrate

GOAL_P99_MS = 25.0
COOKIE = "tc_sign_in"
# As people ask: a month, sometimes a fortnight or a term; from one of the next Mondays.
WEEKS = (4, 4, 4, 2, 8)
MONDAYS = 4
WARM_UP = 60


def parser() -> argparse.ArgumentParser:
    arguments = argparse.ArgumentParser(prog="bench hours", description=__doc__)
    arguments.add_argument("--rate", type=float, default=50.0, help="questions a second (default 50)")
    arguments.add_argument("--seconds", type=float, default=60.0, help="for how long (default 60)")
    arguments.add_argument("--apps", type=int, default=1, help="app processes (default 1; more need REDIS_URL)")
    arguments.add_argument("--path", default="/hours", help="what is asked (default the page /hours)")
    arguments.add_argument("--realtime", action="store_true", help="before other work (SCHED_RR): on a busy machine")
    arguments.add_argument("--seed", type=int, default=1)
    return arguments


async def prepare(data: Path) -> tuple[list[str], list[tuple[str, str]]]:
    """Demo schools; sign-ins of their teachers and (class group of Taiwan, class group of the US) to ask about."""
    clock = SystemClock()
    database = Database(database_url_for(data))
    try:
        await write_demo_data(database, clock)
        people = build_people(database, clock, is_demo=True)
        schools = await people.schools.list()
        tokens: list[str] = []
        groups: dict[str, list[str]] = {"tw": [], "us": []}
        for school in schools:
            accounts: Sequence[Account] = await people.accounts.of_school(school.id)
            able = [one for one in accounts if one.is_verified and not one.is_disabled]
            tokens += [(await people.accounts.sign_in_as(one.id)).token for one in able[:1]]
            of_school = await people.class_groups.of_school(school.id)
            groups["tw" if school.zone == "Asia/Taipei" else "us"] += [str(one.id) for one in of_school]
        await people.close()
    finally:
        await database.close()
    return tokens, [(a, b) for a in groups["tw"] for b in groups["us"]]


def questions(pairs: Sequence[tuple[str, str]], path: str, number: int, seed: int) -> list[str]:
    chance = random.Random(seed)
    today = date.today()  # noqa: DTZ011 - any Monday will do
    mondays = [today + timedelta(days=7 * week - today.weekday()) for week in range(1, MONDAYS + 1)]
    found = []
    for _ in range(number):
        a, b = chance.choice(pairs)
        fields = {"a": a, "b": b, "from": chance.choice(mondays).isoformat(), "weeks": chance.choice(WEEKS)}
        found.append(f"{path}?{urlencode(fields)}")
    return found


class Asking:
    """`took`: milliseconds from when a question was due."""

    def __init__(self, http: aiohttp.ClientSession, url: str, tokens: Sequence[str]) -> None:
        self._http, self._url, self._tokens = http, url, tokens
        self.took: list[float] = []
        self.problems: list[str] = []

    async def one(self, path: str, due: float, number: int) -> None:
        cookies = {"Cookie": f"{COOKIE}={self._tokens[number % len(self._tokens)]}"}
        try:
            async with self._http.get(self._url + path, headers=cookies, allow_redirects=False) as response:
                body = await response.read()
                if response.status != 200 or len(body) < 500:
                    self.problems.append(f"{response.status} {path}")
        except (aiohttp.ClientError, TimeoutError) as error:
            self.problems.append(f"{type(error).__name__} {path}")
        self.took.append((time.perf_counter() - due) * 1000)

    async def at_rate(self, paths: Sequence[str], rate: float) -> None:
        started = time.perf_counter()
        running = set()
        for number, path in enumerate(paths):
            due = started + number / rate
            await asyncio.sleep(max(due - time.perf_counter(), 0))
            task = asyncio.create_task(self.one(path, due, number))
            running.add(task)
            task.add_done_callback(running.discard)
        await asyncio.gather(*running)


async def run(options: argparse.Namespace) -> int:
    print(machine())
    with tempfile.TemporaryDirectory(prefix="tongchuang-bench-") as folder:
        data = Path(folder)
        await asyncio.to_thread(migrate, database_url_for(data))
        tokens, pairs = await prepare(data)
        connector = aiohttp.TCPConnector(limit=0)
        async with serving(data, options.apps) as server, aiohttp.ClientSession(connector=connector) as http:
            pids = [server.pid, *descendants(server.pid)]
            # One has a core to itself; several have the machine, as at a school.
            if options.apps == 1:
                pin(pids, SERVER_CORE)
            prefer(pids)
            quiet_generator()
            if options.realtime:
                in_real_time([*pids, os.getpid()])
            return await _measure(Asking(http, server.url, tokens), pids, pairs, options)


async def _measure(
    asking: Asking, pids: Sequence[int], pairs: Sequence[tuple[str, str]], options: argparse.Namespace
) -> int:
    number = int(options.rate * options.seconds)
    paths = questions(pairs, options.path, number, options.seed)
    await asking.at_rate(paths[:WARM_UP], min(options.rate, 10.0))
    asking.took.clear()
    server, own, started = cpu_seconds(pids), time.process_time(), time.monotonic()
    await asking.at_rate(paths, options.rate)
    took = time.monotonic() - started
    used, share = (cpu_seconds(pids) - server) / took, (time.process_time() - own) / took
    print(
        f"hours: {number} of {options.path} at {options.rate:g}/s, {len(pairs)} pairs, {options.apps} app process(es)"
    )
    print(f"hours: {summary(asking.took, 'ms')}")
    print(
        f"hours: cores used: server {used:.2f} ({used * took * 1000 / number:.1f} ms a question), generator {share:.2f}"
    )
    for problem in asking.problems[:10]:
        print("hours: PROBLEM", problem)
    if refusal := refuse_if_busy(share):
        print(refusal)
        return 1
    is_fast = quantile(asking.took, 0.99) < GOAL_P99_MS
    print(f"hours: p99 below {GOAL_P99_MS:g} ms: {'yes' if is_fast else 'NO'}; {len(asking.problems)} failed")
    return 0 if is_fast and not asking.problems else 1
