"""The whole product with a media server that was started apart (LIVEKIT_URL): the same lesson, the same attendance.

LIVEKIT_SERVER=path/to/livekit-server holds it on that one as well: nothing here knows which it is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from bench.pupil import Page
from bench.school import attendance_of, prepare_school_day
from server.clock import SystemClock
from server.lessons import WEBHOOK_PATH, LessonState
from server.storage import database_url_for, migrate
from tests.conformance.client import Client
from tests.conformance.target import KEY, SECRET, Target, free_port, livekit_server, our_server
from tests.conformance.wait import until
from tests.integration.house.command import StartCommand

SERVERS = ["ours", *(["livekit-server"] if os.environ.get("LIVEKIT_SERVER") else [])]
PUPILS_PER_CLASS = 1


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    migrate(database_url_for(folder))
    return folder


@pytest.fixture(params=SERVERS)
def outside(request: pytest.FixtureRequest) -> Iterator[tuple[Target, int]]:
    """A media server that posts to the address where the app is going to be."""
    port = free_port()
    url = f"http://127.0.0.1:{port}{WEBHOOK_PATH}"
    with ExitStack() as stack:
        ours = request.param == "ours"
        server = our_server(url) if ours else livekit_server(os.environ["LIVEKIT_SERVER"], url)
        yield stack.enter_context(server), port


async def join_media(page: Page, http: aiohttp.ClientSession, outside: Target) -> Client:
    status, token = await page.token(http)
    assert (status, token["url"]) == (200, outside.url)
    client = Client(page.person)
    await client.room.connect(token["url"], token["token"])
    return client


# Why so long: on a busy machine each of its processes takes many seconds to load.
@pytest.mark.timeout(300)
async def test_a_lesson_is_held_on_an_outside_server(
    start: StartCommand, http: aiohttp.ClientSession, data: Path, outside: tuple[Target, int]
) -> None:
    media, port = outside
    day = await prepare_school_day(data, PUPILS_PER_CLASS)
    async with AsyncExitStack() as stack:
        keys = {"LIVEKIT_URL": media.url, "LIVEKIT_API_KEY": KEY, "LIVEKIT_API_SECRET": SECRET}
        serve = await start("serve", "--port", str(port), **keys)
        await serve.ready()
        names = [*(lead.person for lead in day.leads), *(pupil.person for pupil in day.pupils)]
        pages = {name: Page(serve.url, day.lesson_id, name) for name in names}
        for page in pages.values():
            stack.push_async_callback(page.leave)
        lin, ortega = (pages[lead.person] for lead in day.leads)
        first, second = (pages[pupil.person] for pupil in day.pupils)
        clients: dict[str, Client] = {}

        async def enter(page: Page) -> Client:
            client = await join_media(page, http, media)
            stack.push_async_callback(client.close)
            clients[page.person] = client
            return client

        for lead, page in zip(day.leads, (lin, ortega), strict=True):
            page.cookies = {"tc_sign_in": lead.token}
            await page.connect()
            await enter(page)
        for pupil, page in zip(day.pupils, (first, second), strict=True):
            await page.join_by_card(http, pupil.code)
            await page.connect()
            assert (await page.token(http))[0] == 403
        # Adults are known to be there by webhooks; before that nobody is let in (C14).
        await first.until(lambda page: page.state["lobby_note"] == "waiting")
        await lin.until(lambda page: len(page.state["lobby"]) == 2)
        assert (await lin.say("admit_all"))["ok"]
        assert (await ortega.say("start"))["ok"]
        for page in (first, second):
            await page.until(lambda page: page.is_admitted)
            await enter(page)
        await clients[lin.person].sees(first.person)
        await clients[lin.person].sees(second.person)
        # Somebody who is there for less than a second is there for no time.
        entered_at = SystemClock().now()
        await until(lambda: SystemClock().now() >= entered_at + timedelta(seconds=1), "a second has passed")
        # The other school's lead sends a pupil out: by the outside server's RoomService.
        removed = clients[first.person]
        assert (await ortega.say("remove", person=first.person))["ok"]
        await until(lambda: not removed.room.isconnected(), "the pupil is out of the media room")
        assert (await first.token(http))[0] in (401, 403, 404)
        assert (await lin.say("end"))["ok"]
        await second.until(lambda page: page.gone == "ended")
        await until(lambda: not clients[second.person].room.isconnected(), "the media room is closed")
        assert (await serve.stop())[0] == 0
    state, sheet = await attendance_of(data, day.lesson_id)
    assert state is LessonState.ENDED
    rows = {str(row.person): row for row in sheet.rows}
    assert set(rows) == set(pages)
    for row in rows.values():
        [whole] = row.recorded
        assert sheet.lesson.started_at is not None
        assert sheet.lesson.ended_at is not None
        assert whole.start <= sheet.lesson.ended_at
        assert whole.seconds > 0
    assert rows[first.person].last_at <= rows[second.person].last_at  # type: ignore[operator]  # both were there
