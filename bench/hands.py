"""What hands and eyes need for a page: the keystroke-level model (Card, Moran, Newell 1980) beside a browser.

K a key or a button, P pointing with a mouse, H a hand from keyboard to mouse or back, M making up one's mind; to them
comes how long the product took to answer, measured. The model is of somebody who knows the way; for who does not, the
words of each page that is seen for the first time are counted too, as read whole.
"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.async_api import Locator, Page

# Card, Moran, Newell: an average typist who is no secretary, pointing, homing, preparing in mind.
K_S, P_S, H_S, M_S = 0.28, 1.1, 0.4, 1.35
# Zhuyin: two to three signs, the tone, and now and then a choice.
KEYS_PER_CHINESE = 4
# Brysbaert 2019: silent reading of English prose by adults.
WORDS_PER_MINUTE = 238
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_ID = re.compile(r"(sc|cg|le|ac|st|se)_[\w-]+|/[A-Za-z0-9_-]{30,}")


@dataclass(slots=True)
class Step:
    """One step of the README, as it was done."""

    name: str
    keys: int = 0
    points: int = 0
    homings: int = 0
    thoughts: int = 0
    answers_s: float = 0.0
    words: int = 0
    pages: int = 0

    @property
    def hands_s(self) -> float:
        return self.keys * K_S + self.points * P_S + self.homings * H_S + self.thoughts * M_S

    @property
    def reading_s(self) -> float:
        return self.words * 60 / WORDS_PER_MINUTE


@dataclass(slots=True)
class Hands:
    """Does and counts. One pair of hands for all people: nobody works beside another."""

    steps: list[Step] = field(default_factory=list)
    _is_on_mouse: bool = True
    _seen: set[str] = field(default_factory=set)

    @property
    def step(self) -> Step:
        return self.steps[-1]

    def begin(self, name: str) -> None:
        self.steps.append(Step(name))

    def keys(self, number: int) -> None:
        self.step.homings += self._is_on_mouse
        self._is_on_mouse = False
        self.step.keys += number

    def point(self, clicks: int = 1) -> None:
        self.step.homings += not self._is_on_mouse
        self._is_on_mouse = True
        self.step.points += 1
        self.step.keys += clicks

    def think(self) -> None:
        self.step.thoughts += 1

    async def type(self, field_: Locator, text: str) -> None:
        """Into a field, reached by Tab from the one before, else by the mouse."""
        self.think()
        if self._is_on_mouse:
            self.point()
        else:
            self.keys(1)
        await field_.fill(text)
        chinese = len(_CHINESE.findall(text))
        self.keys(len(text) - chinese + chinese * KEYS_PER_CHINESE)

    async def paste(self, field_: Locator, text: str) -> None:
        """From a spreadsheet: there a column is marked and copied; back, into the field, paste."""
        self.think()
        self.point(2)
        self.keys(2 + 2)
        self.point()
        self.keys(2)
        await field_.fill(text)

    async def check(self, box: Locator) -> None:
        self.think()
        self.point()
        await box.check()

    async def choose(self, box: Locator, *, value: str | None = None, label: str | None = None) -> None:
        """A list opened and a line of it taken."""
        self.think()
        self.point()
        self.point()
        await box.select_option(value=value, label=label)

    async def press(self, what: Locator, page: Page) -> None:
        """A button or a link that leads to a page."""
        self.think()
        self.point()
        async with self._answered(page):
            await what.click()

    async def act(self, what: Locator) -> None:
        """A button that stays on its page."""
        self.think()
        self.point()
        await self.until(what)
        await what.click()

    async def until(self, what: Locator) -> None:
        """Waiting for something to be there."""
        began = time.monotonic()
        await what.wait_for()
        self.step.answers_s += time.monotonic() - began

    async def open(self, page: Page, path: str) -> None:
        """A link that somebody was given: one press where it stands."""
        self.think()
        self.point()
        began = time.monotonic()
        await page.goto(path)
        self.step.answers_s += time.monotonic() - began
        await self._look(page)

    def hand_over(self) -> None:
        """A link marked, copied, and sent by whatever the two use: one more window, paste, Return."""
        self.think()
        self.point()
        self.keys(4)
        self.point()
        self.keys(3)

    @asynccontextmanager
    async def _answered(self, page: Page) -> AsyncIterator[None]:
        began = time.monotonic()
        async with page.expect_navigation(timeout=60_000):
            yield
        self.step.answers_s += time.monotonic() - began
        await self._look(page)

    async def _look(self, page: Page) -> None:
        self.step.pages += 1
        kind = _ID.sub("*", page.url.split("?")[0])
        if kind not in self._seen:
            self._seen.add(kind)
            self.step.words += len((await page.locator("main").first.inner_text()).split())
