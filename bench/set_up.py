"""From nothing to the first lesson of two schools, by the README's steps and the pages' own buttons, with its time.

A browser follows only what is written or shown: the printed link, links that people are handed, buttons. The figure is
a model of people's hands (`bench.hands`) plus what the product took; the paper that a school signs is not in it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bench.hands import Hands
from bench.measure import machine
from bench.target import ROOT, TargetError

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

READY, SET_UP = "Tongchuang is ready: ", "/set-up/"
START_GUARD_S = 180.0
GUARD_MS = 30_000
PASSWORD = "seven quiet herons"
GOAL_S = 600.0
PUPILS = 25
COMMAND = "./tongchuang serve --no-demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    side: str
    school: str
    town: str
    zone: str
    teacher: str
    email: str
    group: str


PLACES = (
    Place(
        side="Taiwan",
        school="Chenguang Elementary School",
        town="Taipei",
        zone="Asia/Taipei",
        teacher="Lin Mei-hua",
        email="lin@chenguang.example",
        group="Class 5A",
    ),
    Place(
        side="United States",
        school="Saguaro Elementary School",
        town="Tucson",
        zone="America/Phoenix",
        teacher="Daniel Ortega",
        email="ortega@saguaro.example",
        group="Room 12",
    ),
)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="bench set-up", description=__doc__.splitlines()[0] if __doc__ else "")
    made.add_argument("--chromium", default="/usr/bin/chromium")
    return made


@asynccontextmanager
async def empty_product(data: Path) -> AsyncIterator[tuple[str, str]]:
    """Its address, and the path of the printed link."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server.cli", "serve", "--no-demo", "--port", "0", "--data", str(data),
        "--media-udp-port", "0", "--media-tcp-port", "0",
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env=os.environ | {"TONGCHUANG_LOG_LEVEL": "warning"},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        url = path = ""
        async with asyncio.timeout(START_GUARD_S):
            while not (url and path):
                line = (await process.stdout.readline()).decode()
                if not line:
                    raise TargetError("serve ended before it was ready")
                if line.startswith(READY):
                    url = line.removeprefix(READY).strip()
                if SET_UP in line:
                    path = SET_UP + line.partition(SET_UP)[2].strip()
        yield url, path
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.communicate()


class Walk:
    def __init__(self, browser: Browser, url: str) -> None:
        self._browser, self._url = browser, url
        self.hands = Hands()

    async def somebody(self) -> Page:
        context = await self._browser.new_context(base_url=self._url, locale="en", permissions=["camera", "microphone"])
        context.set_default_timeout(GUARD_MS)
        return await context.new_page()

    async def set_up(self, page: Page, path: str) -> None:
        hands = self.hands
        await hands.open(page, path)
        await hands.type(page.get_by_label("Your name in English"), "Pat Rivera")
        await hands.type(page.get_by_label("Your name in Chinese"), "李芮沛")
        await hands.type(page.get_by_label("E-mail"), "it@example.edu")
        await hands.type(page.get_by_label("Password"), PASSWORD)
        await hands.type(page.get_by_label("The same again"), PASSWORD)
        await hands.press(page.get_by_role("button", name="Begin"), page)

    async def add_school(self, page: Page, place: Place) -> None:
        hands = self.hands
        await self._next(page)
        await hands.check(page.get_by_label(place.side))
        await hands.type(page.get_by_label("Name in English"), place.school)
        await hands.type(page.get_by_label("Town in English"), place.town)
        await hands.choose(page.get_by_label("Time zone"), value=place.zone)
        await hands.press(page.get_by_role("button", name="Save"), page)

    async def invite(self, page: Page, place: Place) -> str:
        """The link for the teacher."""
        hands = self.hands
        await self._next(page)
        await hands.type(page.get_by_label("Name in English"), place.teacher)
        await hands.type(page.get_by_label("E-mail"), place.email)
        await hands.check(page.get_by_label("I know this person"))
        await hands.press(page.get_by_role("button", name="Invite"), page)
        hands.hand_over()
        return str(await page.get_by_label("Give this link to this person only").input_value())

    async def add_class(self, page: Page, place: Place) -> None:
        hands = self.hands
        await self._next(page)
        await hands.type(page.get_by_label("Name in English"), place.group)
        await hands.type(page.get_by_label("Grade"), "5")
        await hands.press(page.get_by_role("button", name="Save"), page)
        names = "\n".join(f"Pupil {chr(65 + number)}." for number in range(PUPILS))
        await hands.paste(page.get_by_label("Names"), names)
        await hands.press(page.get_by_role("button", name="Look at the names"), page)
        await hands.press(page.get_by_role("button", name="Add these names"), page)

    async def authorise(self, page: Page) -> None:
        hands = self.hands
        await self._next(page)
        # Printing: the shortcut of the browser and its button; the signature on paper is not in the figure.
        hands.keys(3)
        await hands.type(page.get_by_label("Who signed for the school"), "Principal Chen")
        await hands.press(page.get_by_role("button", name="The signed paper is at the school"), page)

    async def accept(self, link: str) -> Page:
        hands, page = self.hands, await self.somebody()
        await hands.open(page, link)
        await hands.type(page.get_by_label("New password"), PASSWORD)
        await hands.type(page.get_by_label("The same again"), PASSWORD)
        await hands.press(page.get_by_role("button", name="Save and sign in"), page)
        return page

    async def propose(self, page: Page) -> None:
        """At the next full five minutes that are still ahead when everybody is ready."""
        hands = self.hands
        begins = datetime.now(ZoneInfo(PLACES[0].zone)) + timedelta(minutes=15)
        begins = begins.replace(minute=begins.minute - begins.minute % 5, second=0, microsecond=0)
        await hands.press(page.get_by_role("link", name="Do this next"), page)
        partner = page.get_by_label("Partner class")
        option = partner.locator("option").filter(has_text=PLACES[1].group).first
        await hands.choose(partner, value=await option.get_attribute("value"))
        await hands.type(page.get_by_label("Title in English"), "Our first lesson")
        await hands.type(page.get_by_label("Date"), begins.date().isoformat())
        await hands.type(page.get_by_label("Begins at"), begins.strftime("%H:%M"))
        await hands.press(page.get_by_role("button", name="Look at both clocks"), page)
        await hands.press(page.get_by_role("button", name="Send the proposal"), page)

    async def confirm(self, page: Page) -> None:
        hands = self.hands
        await self._by_menu(page, "Today")
        await hands.press(page.get_by_role("link", name="Our first lesson").first, page)
        await hands.press(page.get_by_role("button", name="Yes, this hour works"), page)
        await hands.press(page.get_by_role("button", name="Check the authorisations"), page)

    async def print_cards(self, page: Page) -> None:
        hands = self.hands
        await hands.press(page.get_by_role("link", name="Cards for my pupils"), page)
        await hands.press(page.get_by_role("button", name="Make the cards"), page)
        hands.keys(3)

    async def begin_lesson(self, lin: Page, ortega: Page) -> None:
        """Both teachers in, a pupil by card, admitted, begun."""
        hands = self.hands
        code = (await ortega.locator(".join-card-code").first.inner_text()).strip()
        await self._by_menu(lin, "Today")
        await hands.press(lin.get_by_role("link", name="Our first lesson").first, lin)
        await hands.press(lin.get_by_role("button", name="Open the lobby and go in"), lin)
        await hands.act(lin.get_by_role("button", name="Join the lesson"))
        await self._by_menu(ortega, "Today")
        await hands.press(ortega.get_by_role("link", name="Our first lesson").first, ortega)
        await hands.press(ortega.get_by_role("link", name="Enter the classroom"), ortega)
        await hands.act(ortega.get_by_role("button", name="Join the lesson"))
        pupil = await self.somebody()
        await hands.open(pupil, f"/join/{code.replace(' ', '')}")
        await hands.press(pupil.locator("main form button").first, pupil)
        await hands.act(pupil.get_by_role("button", name="Join the lesson"))
        await hands.act(lin.get_by_role("button", name="Admit all"))
        await hands.act(lin.get_by_role("button", name="Start the lesson"))
        await hands.until(pupil.locator("video").first)

    # -- the way there

    async def _by_menu(self, page: Page, name: str) -> None:
        await self.hands.press(page.get_by_role("navigation").get_by_role("link", name=name).first, page)

    async def _next(self, page: Page) -> None:
        """As the README says: Today shows the steps."""
        if not page.url.endswith("/dashboard"):
            await self._by_menu(page, "Today")
        await self.hands.press(page.get_by_role("link", name="Do this next"), page)


async def walk(url: str, path: str, started_s: float, chromium: str) -> Hands:
    from playwright.async_api import async_playwright  # a heavy import that only this bench and `join` need

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
        )
        try:
            walk = Walk(browser, url)
            hands = walk.hands
            office = await walk.somebody()
            hands.begin("1. serve --no-demo, the printed link, the first administrator")
            hands.keys(len(COMMAND) + 1)
            hands.step.answers_s += started_s
            await walk.set_up(office, path)
            hands.begin("2. two schools")
            for place in PLACES:
                await walk.add_school(office, place)
            hands.begin("3. a teacher of each, vouched for")
            links = [await walk.invite(office, place) for place in PLACES]
            hands.begin(f"4. a class of each, with {PUPILS} names")
            for place in PLACES:
                await walk.add_class(office, place)
            hands.begin("5. both authorisations on record")
            for _ in PLACES:
                await walk.authorise(office)
            hands.begin("6. both teachers in, proposed, confirmed")
            lin, ortega = [await walk.accept(link) for link in links]
            await walk.propose(lin)
            await walk.confirm(ortega)
            hands.begin("7. the cards of a class")
            await walk.print_cards(ortega)
            hands.begin("8. lobby, the first pupil, begin")
            await walk.begin_lesson(lin, ortega)
        except Exception:
            for number, context in enumerate(browser.contexts):
                for page in context.pages:
                    words = " ".join((await page.locator("body").inner_text()).split())
                    print(f"  {number}: {page.url} · {words[:900]}", file=sys.stderr)
            raise
        finally:
            await browser.close()
    return hands


def report(hands: Hands) -> float:
    print(f"{'step':66} pages  keys  points  hands s  answers s  reading s")
    for step in hands.steps:
        print(
            f"{step.name:66} {step.pages:5} {step.keys:5} {step.points:7} {step.hands_s:8.1f} {step.answers_s:10.1f}"
            f" {step.reading_s:10.1f}"
        )
    known = sum(step.hands_s + step.answers_s for step in hands.steps)
    reading = sum(step.reading_s for step in hands.steps)
    print(f"who knows the way: {known / 60:.1f} min; who reads each new page whole: {(known + reading) / 60:.1f} min")
    print(f"goal: {GOAL_S / 60:.0f} min; without the signature on paper, and after the first start's installation")
    return known


async def run(options: argparse.Namespace) -> int:
    print(machine())
    with tempfile.TemporaryDirectory(prefix="tc-set-up-") as folder:
        began = time.monotonic()
        async with empty_product(Path(folder) / "data") as (url, path):
            hands = await walk(url, path, time.monotonic() - began, options.chromium)
    return 0 if report(hands) <= GOAL_S else 1
