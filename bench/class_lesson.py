"""40 pupils of two schools come in by card within a minute, are let in at once, chat and raise hands for minutes.

The whole product as a school runs it (`serve`: pages, Socket.IO, embedded media); pupils are Socket.IO clients, the
leads are in the media room too. What was acknowledged must be at everybody's page exactly once and in order.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from bench.client import AudioPlan, Participant, ParticipantOptions
from bench.client.dtls import Certificate
from bench.measure import command_line, cpu_seconds, descendants, machine, refuse_if_busy, summary
from bench.pupil import Page
from bench.school import SchoolDay, attendance_of, prepare_school_day
from server.storage import database_url_for, migrate

READY_GUARD_S = 120.0
# What a lively class does: a message and a hand now and then.
CHAT_EVERY_S, HAND_EVERY_S = 20.0, 30.0
ANY_PORT = ("--port", "0", "--media-udp-port", "0", "--media-tcp-port", "0", "--node-ip", "127.0.0.1")


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog="bench class", description=__doc__)
    options.add_argument("--minutes", type=float, default=5.0, help="how long they chat (default 5)")
    options.add_argument("--pupils", type=int, default=20, help="of each class (default 20)")
    options.add_argument("--within", type=float, default=60.0, help="all cards are used within so many seconds")
    options.add_argument("--apps", type=int, default=1, help="app processes; more than 1 need REDIS_URL")
    return options


@dataclass(slots=True)
class Server:
    """`serve` on a data folder of its own."""

    url: str
    pid: int
    key: str
    secret: str = field(repr=False)


@contextlib.asynccontextmanager
async def serving(data: Path, apps: int) -> AsyncIterator[Server]:
    """Started here with keys of its own, ended with SIGTERM."""
    key, secret = "bench", secrets.token_urlsafe(32)
    environment = {**os.environ, "LIVEKIT_API_KEY": key, "LIVEKIT_API_SECRET": secret, "TONGCHUANG_APPS": str(apps)}
    environment |= {"TONGCHUANG_LOG_LEVEL": "warning"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server.cli", "serve", *ANY_PORT, "--data", str(data),
        env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(READY_GUARD_S):
            line = (await process.stdout.readline()).decode()
        if not line:
            raise ValueError("the server did not start")
        yield Server(line.split()[-1], process.pid, key, secret)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


@dataclass(slots=True)
class Figures:
    """Milliseconds, and what was acknowledged: text → sequence number."""

    join: list[float] = field(default_factory=list)
    ack: list[float] = field(default_factory=list)
    sent_at: dict[str, float] = field(default_factory=dict)
    acked: dict[str, int] = field(default_factory=dict)
    hands: int = 0


class Lesson:
    """Everybody in it."""

    def __init__(self, server: Server, day: SchoolDay, http: aiohttp.ClientSession) -> None:
        self.server, self.day, self.http = server, day, http
        self.leads = [Page(server.url, day.lesson_id, lead.person) for lead in day.leads]
        self.pupils = [Page(server.url, day.lesson_id, pupil.person) for pupil in day.pupils]
        self.figures = Figures()
        self._certificate = Certificate()
        self._in_media: list[Participant] = []

    @property
    def everybody(self) -> list[Page]:
        return [*self.leads, *self.pupils]

    async def open(self) -> None:
        """Both leads are there, on the page and with sound."""
        for lead, page in zip(self.day.leads, self.leads, strict=True):
            page.cookies = {"tc_sign_in": lead.token}
            await page.connect()
            options = ParticipantOptions(
                url=self.server.url.replace("http", "ws"), key=self.server.key, secret=self.server.secret,
                room=self.day.room, identity=page.person, audio=AudioPlan(is_talking=False),
                audio_sections=1, video_sections=0,
            )  # fmt: skip
            one = Participant(options, self.http, self._certificate)
            self._in_media.append(one)
            await one.join()
            async with asyncio.timeout(READY_GUARD_S):
                await one.connected.wait()

    async def come_in(self, within_s: float) -> None:
        """Every pupil with the own card, evenly over the time."""

        async def come(index: int, page: Page) -> None:
            await asyncio.sleep(index * within_s / len(self.pupils))
            started = time.monotonic()
            # As a browser's: one connection of its own.
            async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
                await page.join_by_card(http, self.day.pupils[index].code)
                await page.connect()
                status, _ = await page.token(http)
            self.figures.join.append((time.monotonic() - started) * 1000)
            if status != 403:
                raise ValueError(f"{page.person} got a token in the lobby: {status}")

        await asyncio.gather(*(come(index, page) for index, page in enumerate(self.pupils)))

    async def admit_all(self) -> float:
        """Milliseconds until the last pupil's page says so."""
        lead = self.leads[0]
        await lead.until(lambda page: len(page.state["lobby"]) == len(self.pupils))
        await lead.until(lambda page: not page.state.get("lobby_note"))
        started = time.monotonic()
        answer = await lead.say("admit_all")
        if not answer["ok"]:
            raise ValueError(f"admit_all: {answer}")
        for page in self.pupils:
            await page.until(lambda one: one.is_admitted)
        return (time.monotonic() - started) * 1000

    async def talk(self, minutes: float) -> None:
        ends_at = time.monotonic() + minutes * 60
        await asyncio.gather(*(self._talk_one(page, ends_at) for page in self.everybody))

    async def _talk_one(self, page: Page, ends_at: float) -> None:
        chance, number, hand_at = random.Random(page.person), 0, time.monotonic() + HAND_EVERY_S
        await asyncio.sleep(chance.random() * CHAT_EVERY_S)
        while time.monotonic() < ends_at:
            number += 1
            text = f"{page.person} 說 {number}"
            self.figures.sent_at[text] = started = time.monotonic()
            answer = await page.say("chat_send", client_id=str(number), to="everyone", text=text)
            if not answer["ok"]:
                raise ValueError(f"{page.person}: {answer}")
            self.figures.ack.append((time.monotonic() - started) * 1000)
            self.figures.acked[text] = answer["seq"]
            if time.monotonic() >= hand_at:
                hand_at += HAND_EVERY_S
                self.figures.hands += 1
                if not (await page.say("hand_raise"))["ok"] or not (await page.say("hand_lower"))["ok"]:
                    raise ValueError(f"{page.person}: the hand was refused")
            await asyncio.sleep(CHAT_EVERY_S * (0.5 + chance.random()))

    async def settle(self) -> None:
        """Everybody has heard everything."""
        last = max(self.figures.acked.values(), default=0)
        for page in self.everybody:
            await page.until(lambda one: one.state["seq"] >= last)

    def deliveries(self) -> list[float]:
        """Milliseconds from sending to each other page."""
        sent = self.figures.sent_at
        return [(heard.at - sent[heard.text]) * 1000 for page in self.everybody for heard in page.heard]

    async def problems(self) -> list[str]:
        """What was lost, doubled or out of order."""
        found = [problem for page in self.everybody for problem in page.problems]
        acked = self.figures.acked
        for page in self.everybody:
            counts = Counter(heard.text for heard in page.heard)
            found += [f"{page.person} heard {text!r} {counts[text]} times" for text in acked if counts[text] != 1]
            order = [heard.seq for heard in page.heard]
            if order != sorted(order):
                found.append(f"{page.person} heard messages out of order")
            kept = {key: page.state[key] for key in ("seq", "hands", "words", "permissions", "is_locked")}
            states, texts = page.states, page.texts()
            await page.say("sync")
            await page.until(lambda one, before=states: one.states > before)  # type: ignore[misc]  # bound now
            fresh = {key: page.state[key] for key in kept}
            if fresh != kept or page.texts() != texts[-len(page.texts()) :]:
                found.append(f"{page.person}: state and events are not the fresh state")
        return found

    async def close(self) -> None:
        await asyncio.gather(*(page.leave() for page in self.everybody), return_exceptions=True)
        await asyncio.gather(*(one.close() for one in self._in_media), return_exceptions=True)


async def run(options: argparse.Namespace) -> int:
    print(machine())
    with tempfile.TemporaryDirectory(prefix="tongchuang-bench-") as folder:
        data = Path(folder)
        await asyncio.to_thread(migrate, database_url_for(data))
        day = await prepare_school_day(data, options.pupils)
        async with serving(data, options.apps) as server, aiohttp.ClientSession() as http:
            lesson = Lesson(server, day, http)
            try:
                busy = await _measure(lesson, options)
            finally:
                await lesson.close()
        _, sheet = await attendance_of(data, day.lesson_id)
        present = sum(row.seconds > 0 for row in sheet.rows)
        print(f"class: attendance of {present} in the media room (the leads), {len(sheet.rows)} on the sheet")
    return busy


async def _measure(lesson: Lesson, options: argparse.Namespace) -> int:
    own, started = time.process_time(), time.monotonic()
    pids = {"app": [], "media": [], "parent": [lesson.server.pid]}  # type: dict[str, list[int]]
    for pid in descendants(lesson.server.pid):
        pids["app" if "app_process" in command_line(pid) else "media"].append(pid)
    cpu = {name: cpu_seconds(of) for name, of in pids.items()}
    await lesson.open()
    await lesson.come_in(options.within)
    figures = lesson.figures
    print(f"class: card to lobby, ms: {summary(figures.join)} ({len(figures.join)} pupils within {options.within:g} s)")
    print(f"class: admitted all at once: the last page knew after {await lesson.admit_all():.0f} ms")
    if not (await lesson.leads[0].say("start"))["ok"]:
        raise ValueError("the lesson does not start")
    await lesson.talk(options.minutes)
    await lesson.settle()
    took = time.monotonic() - started
    share = (time.process_time() - own) / took
    deliveries = lesson.deliveries()
    print(f"class: {len(figures.acked)} messages, {2 * figures.hands} hands up and down in {options.minutes:g} min")
    print(f"class: acknowledged, ms: {summary(figures.ack)}")
    print(f"class: at each of {len(lesson.everybody)} pages, ms: {summary(deliveries)} ({len(deliveries)} deliveries)")
    used = {name: (cpu_seconds(of) - cpu[name]) / took for name, of in pids.items()}
    print(
        "class: cores used: "
        + ", ".join(f"{name} {value:.2f}" for name, value in used.items())
        + f", generator {share:.2f}"
    )
    problems = await lesson.problems()
    for problem in problems[:20]:
        print("class: PROBLEM", problem)
    print(f"class: {len(problems)} lost, doubled, out of order or not equal to the fresh state")
    if refusal := refuse_if_busy(share):
        print(refusal)
        return 1
    return 1 if problems else 0
