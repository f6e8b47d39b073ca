"""How soon a lead's tool takes effect: from the command to the last media packet that still reached somebody else.

The whole product (`serve`: Socket.IO, database, embedded media), pupils of two schools publishing sound and picture at
packet level. They are hostile: whatever the server says to them, they go on sending, so that only what the server
itself does is seen. The other school's lead receives everybody and notes when each stream's last packet came.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from bench.class_lesson import READY_GUARD_S, Server, serving
from bench.client import AudioPlan, Participant, ParticipantOptions, VideoPlan
from bench.client.dtls import Certificate
from bench.client.path import now_us
from bench.measure import descendants, machine, prefer, refuse_if_busy, summary
from bench.pupil import Page
from bench.school import SchoolDay, prepare_school_day
from server.storage import database_url_for, migrate

# So long nothing of a stream: it has ended (a talking microphone sends every 20 ms, a camera every 67).
SILENT_US = 400_000
# Flowing: its newest packet is not older.
FLOWING_US = 150_000
# A tool that has no effect within this is none.
EFFECT_GUARD_S = 10.0
POLL_S = 0.02
GOAL_MS = 200
MICROPHONE, CAMERA, SHARE = "microphone", "camera", "screen_share"

Track = tuple[str, str]
"""Identity and source."""


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog="bench tools", description=__doc__)
    options.add_argument("--rounds", type=int, default=30, help="each tool so often (default 30)")
    options.add_argument("--pupils", type=int, default=6, help="of each class, all talking and seen (default 6)")
    options.add_argument("--apps", type=int, default=1, help="app processes; more than 1 need REDIS_URL")
    return options


@dataclass(slots=True)
class Times:
    """Milliseconds of one tool. `late`: rounds without an effect."""

    effect: list[float] = field(default_factory=list)
    ack: list[float] = field(default_factory=list)
    late: int = 0


class Somebody:
    """A page and its media."""

    def __init__(self, page: Page, code: str = "", *, shares: bool = False) -> None:
        self.page, self.code, self.shares = page, code, shares
        self.media: Participant | None = None

    @property
    def key(self) -> str:
        return self.page.person

    @property
    def sources(self) -> tuple[str, ...]:
        return (MICROPHONE, CAMERA, SHARE) if self.shares else (MICROPHONE, CAMERA)


class Class:
    """Everybody in the lesson: two leads, of whom the first acts and the second watches, and the pupils."""

    def __init__(self, server: Server, day: SchoolDay, http: aiohttp.ClientSession) -> None:
        self.server, self._http, self._certificate = server, http, Certificate()
        self.acting, self.watching = (
            Somebody(self._page(day, lead.person, {"tc_sign_in": lead.token})) for lead in day.leads
        )
        self.pupils = [
            Somebody(self._page(day, pupil.person, {}), pupil.code, shares=index == 0)
            for index, pupil in enumerate(day.pupils)
        ]

    def _page(self, day: SchoolDay, person: str, cookies: dict[str, str]) -> Page:
        page = Page(self.server.url, day.lesson_id, person)
        page.cookies = cookies
        return page

    # -- in

    async def open(self) -> None:
        for lead in (self.acting, self.watching):
            await lead.page.connect()
            await self.join_media(lead)
        await self.acting.page.until(lambda page: not page.state.get("lobby_note"))
        await self.act("start")
        await self.act("permit", what=SHARE, allowed=True)
        for pupil in self.pupils:
            async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
                await pupil.page.join_by_card(http, pupil.code)
            await self.come_in(pupil)

    async def come_in(self, pupil: Somebody) -> None:
        """From the lobby into the room, sound and picture on."""
        await pupil.page.connect()
        key = pupil.key
        await self.acting.page.until(lambda page: any(one["person"] == key for one in page.state["lobby"]))
        await self.act("admit", people=[key])
        await pupil.page.until(lambda page: page.is_admitted)
        await self.join_media(pupil)

    async def join_media(self, one: Somebody) -> None:
        """With the token that the product gives; an earlier connection is let go."""
        await self.drop_media(one)
        options = ParticipantOptions(
            url=self.server.url.replace("http", "ws"), identity=one.key, token=await self._token(one),
            audio=AudioPlan(is_talking=True, has_dtx=False),
            video=VideoPlan.single(320, 180, 15, 150_000),
            share=VideoPlan.single(1280, 720, 15, 600_000, SHARE) if one.shares else None,
            notes_arrivals=True,
        )  # fmt: skip
        media = one.media = Participant(options, self._http, self._certificate)
        await media.join()
        async with asyncio.timeout(READY_GUARD_S):
            await media.connected.wait()
            await media.published.wait()

    async def _token(self, one: Somebody) -> str:
        """Asked again as a page does: a round may come before the limit of tokens allows the next."""
        async with asyncio.timeout(READY_GUARD_S):
            while True:
                status, answer = await one.page.token(self._http)
                if status == 200:
                    return str(answer["token"])
                if status != 429:
                    raise ValueError(f"{one.key}: no token, {status} {answer}")
                await asyncio.sleep(0.5)

    async def drop_media(self, one: Somebody) -> None:
        media, one.media = one.media, None
        if media is not None:
            await media.close()

    async def act(self, event: str, **payload: Any) -> None:
        answer = await self.acting.page.say(event, **payload)
        if not answer["ok"]:
            raise ValueError(f"{event}: {answer}")

    async def close(self) -> None:
        everybody = [self.acting, self.watching, *self.pupils]
        await asyncio.gather(*(one.page.leave() for one in everybody), return_exceptions=True)
        await asyncio.gather(*(self.drop_media(one) for one in everybody), return_exceptions=True)

    # -- what the watcher sees

    def newest_us(self, tracks: Iterable[Track]) -> list[int]:
        """When the newest packet of each came; 0 for one that never did."""
        media = self.watching.media
        assert media is not None
        newest: dict[Track, int] = {}
        for stream, at_us in media.arrivals.items():
            owner = media.owners.get(stream.track_sid)
            if owner is not None and stream.rtx_of is None:
                newest[owner] = max(newest.get(owner, 0), at_us)
        return [newest.get(track, 0) for track in tracks]

    async def flowing(self, tracks: list[Track]) -> None:
        async with asyncio.timeout(READY_GUARD_S):
            while min(self.newest_us(tracks)) < now_us() - FLOWING_US:  # noqa: ASYNC110  # receivers set no events
                await asyncio.sleep(POLL_S)

    async def silent(self, tracks: list[Track]) -> int | None:
        """When the last packet of all of them came; None when they do not end."""
        give_up_us = now_us() + round(EFFECT_GUARD_S * 1_000_000)
        while (newest := max(self.newest_us(tracks))) > now_us() - SILENT_US:
            if now_us() > give_up_us:
                return None
            await asyncio.sleep(POLL_S)
        return newest


@dataclass(frozen=True, slots=True)
class Tool:
    """`tracks`: what must end; `back`: everything as before."""

    name: str
    event: str
    payload: dict[str, Any]
    tracks: list[Track]
    back: Callable[[], Awaitable[None]]


def tools(lesson: Class, number: int) -> list[Tool]:
    """One round; the pupil it is about changes from round to round."""
    one, sharing = lesson.pupils[number % len(lesson.pupils)], lesson.pupils[0]
    microphones = [(pupil.key, MICROPHONE) for pupil in lesson.pupils]

    async def unmute() -> None:
        for pupil in lesson.pupils:
            assert pupil.media is not None
            pupil.media.unmute()

    async def permit_again() -> None:
        await lesson.act("permit", what=MICROPHONE, allowed=True)
        await asyncio.gather(*(lesson.join_media(pupil) for pupil in lesson.pupils))

    everything = [(one.key, source) for source in one.sources]
    return [
        Tool("mute one", "mute", {"people": [one.key], "source": MICROPHONE}, [(one.key, MICROPHONE)], unmute),
        Tool("mute all pupils", "mute", {"people": "pupils", "source": MICROPHONE}, microphones, unmute),
        Tool("stop a camera", "mute", {"people": [one.key], "source": CAMERA}, [(one.key, CAMERA)], unmute),
        Tool("stop a share", "mute", {"people": [sharing.key], "source": SHARE}, [(sharing.key, SHARE)], unmute),
        Tool("remove", "remove", {"person": one.key}, everything, lambda: lesson.come_in(one)),
        Tool("withdraw microphones", "permit", {"what": MICROPHONE, "allowed": False}, microphones, permit_again),
    ]


async def use(lesson: Class, tool: Tool, into: Times) -> None:
    await lesson.flowing(tool.tracks)
    started_us = now_us()
    await lesson.act(tool.event, **tool.payload)
    into.ack.append((now_us() - started_us) / 1000)
    ended_us = await lesson.silent(tool.tracks)
    if ended_us is None:
        into.late += 1
    else:
        into.effect.append(max(0, ended_us - started_us) / 1000)
    await tool.back()


async def run(options: argparse.Namespace) -> int:
    print(machine())
    with tempfile.TemporaryDirectory(prefix="tongchuang-bench-") as folder:
        data = Path(folder)
        await asyncio.to_thread(migrate, database_url_for(data))
        day = await prepare_school_day(data, options.pupils)
        async with serving(data, options.apps) as server, aiohttp.ClientSession() as http:
            prefer([*descendants(server.pid), os.getpid()])
            lesson = Class(server, day, http)
            try:
                await lesson.open()
                return await _measure(lesson, options.rounds)
            finally:
                await lesson.close()


async def _measure(lesson: Class, rounds: int) -> int:
    times: dict[str, Times] = {}
    own, started = time.process_time(), time.monotonic()
    for number in range(rounds):
        for tool in tools(lesson, number):
            await use(lesson, tool, times.setdefault(tool.name, Times()))
    share = (time.process_time() - own) / (time.monotonic() - started)
    print(f"tools: {len(lesson.pupils)} pupils with sound and picture, one of them shares; {rounds} rounds")
    for name, one in times.items():
        print(f"tools: {name + ', last packet after, ms:':42} {summary(one.effect)}")
        print(f"tools: {name + ', acknowledged after, ms:':42} {summary(one.ack)}")
        if one.late:
            print(f"tools: PROBLEM {name}: {one.late} times without effect")
    print(f"tools: generator {share:.0%} of a core, load {os.getloadavg()[0]:.1f}, goal {GOAL_MS} ms")
    if refusal := refuse_if_busy(share):
        print(refusal)
        return 1
    return 1 if any(one.late for one in times.values()) else 0
