"""Many pupils of a scheduled lesson at once, each by a card of their own: page and signalling, no browser, no media.

So that a lead's page can be shown a full class. In a thread, because the test's own has Playwright's loop.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from aiohttp import ClientSession, DummyCookieJar

from bench.pupil import Page
from tests.fakes.signal_client import SignalClient

WITHIN_S = 120  # hang guard

_T = TypeVar("_T")


class Crowd:
    """Everything returns when it has happened."""

    def __init__(self, base_url: str, lesson: str, loop: asyncio.AbstractEventLoop) -> None:
        self._base_url, self._lesson, self._loop = base_url, lesson, loop
        self._pages: list[Page] = []
        self._clients: list[tuple[SignalClient, asyncio.Task[int | None]]] = []
        self._http: ClientSession | None = None

    def _do(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(WITHIN_S)

    def come(self, codes: Sequence[str]) -> None:
        """Into the lobby."""
        self._do(self._come(codes))

    def be_in_the_room(self, count: int) -> None:
        """Let in, and in the media room."""
        self._do(self._be_in(count))

    def raise_hands(self, count: int) -> None:
        self._do(self._each(count, "hand_raise"))

    def say(self, texts: Sequence[str]) -> None:
        self._do(self._say(texts))

    def leave(self) -> None:
        self._do(self._leave())

    async def _come(self, codes: Sequence[str]) -> None:
        for code in codes:
            page = Page(self._base_url, self._lesson, code)
            async with ClientSession(cookie_jar=DummyCookieJar()) as http:
                await page.join_by_card(http, code)
            await page.connect()
            self._pages.append(page)

    async def _be_in(self, count: int) -> None:
        if self._http is None:
            self._http = ClientSession(cookie_jar=DummyCookieJar())
        for page in self._pages[len(self._clients) : count]:
            await page.until(lambda one: one.is_admitted)
            status, answer = await page.token(self._http)
            assert status == 200, answer
            client = await SignalClient.join(self._http, self._base_url, answer["token"])
            await client.next_of("join")
            self._clients.append((client, asyncio.create_task(client.until_closed())))

    async def _each(self, count: int, event: str) -> None:
        for page in self._pages[:count]:
            assert (await page.say(event))["ok"]

    async def _say(self, texts: Sequence[str]) -> None:
        for page, text in zip(self._pages, texts, strict=False):
            assert (await page.say("chat_send", client_id="1", to="everyone", text=text))["ok"]

    async def _leave(self) -> None:
        for client, reading in self._clients:
            reading.cancel()
            await client.socket.close()
        for page in self._pages:
            await page.leave()
        if self._http is not None:
            await self._http.close()


@contextmanager
def class_crowd(base_url: str, lesson: str) -> Iterator[Crowd]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    crowd = Crowd(base_url, lesson, loop)
    try:
        yield crowd
    finally:
        crowd.leave()
        loop.call_soon_threadsafe(loop.stop)
        thread.join(WITHIN_S)
        loop.close()
