"""One lesson over two app processes on one database: with Redis between them, and while it is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from server.classroom.bus import CHANNEL, RedisBus
from server.ids import LessonId
from server.storage import database_url_for, migrate
from tests.contract.storage.postgres import find_binaries, run_postgres
from tests.integration.classroom.conftest import BuildHouse
from tests.integration.classroom.school import (
    CLASS_A,
    CLASS_B,
    LIN,
    ORTEGA,
    PATIENCE_S,
    House,
    Page,
    person,
    pupils,
    seed_database,
    start_lesson,
)
from tests.integration.house.redis_server import RedisServer, run_redis

LIN_PERSON = f"adult-{LIN}"


@pytest.fixture
async def redis() -> AsyncIterator[RedisServer]:
    async with run_redis() as server:
        yield server


async def _two(build: BuildHouse, **parts: str) -> tuple[House, House]:
    one = await build(**parts)
    return one, await build(clock=one.clock, media=one.media, **parts)


async def _class(one: House, two: House) -> tuple[LessonId, Page, Page, Page, Page]:
    """Lin and a pupil of hers at the first process, Ortega and a pupil of his at the second."""
    lesson_id = await start_lesson(one)
    lin = await (await one.adult(LIN)).connect(lesson_id)
    ortega = await (await two.adult(ORTEGA)).connect(lesson_id)
    await one.media_joined(lesson_id, LIN_PERSON)
    a = await (await pupils(one, CLASS_A))[0].connect(lesson_id)
    b = await (await pupils(two, CLASS_B))[0].connect(lesson_id)
    await lin.until(lambda page: len(page.state["lobby"]) == 2)
    await ortega.until(lambda page: len(page.state["lobby"]) == 2 and page.state["seq"] == lin.state["seq"])
    await ortega.do("admit_all")
    for page in (a, b):
        await page.until(lambda page: page.state["you"]["status"] == "admitted")
    return lesson_id, lin, ortega, a, b


async def _talk(pages: tuple[Page, ...], word: str, count: int = 4) -> list[str]:
    """Everybody writes at once; the texts."""
    sent = [(page, f"{word} {number} {index}") for number in range(count) for index, page in enumerate(pages)]

    async def send(page: Page, text: str) -> None:
        await page.do("chat_send", client_id=text.replace(" ", "-"), to="everyone", text=text)

    await asyncio.gather(*(send(page, text) for page, text in sent))
    return [text for _, text in sent]


async def _all_have(pages: tuple[Page, ...], texts: list[str]) -> None:
    for page in pages:
        await page.until(lambda page: len(page.texts()) >= len(texts))
        assert sorted(page.texts()) == sorted(texts), "nothing lost, nothing doubled"
    assert len({tuple(page.texts()) for page in pages}) == 1, "in one order for all"


async def test_a_lesson_over_two_processes_with_redis(build: BuildHouse, redis: RedisServer) -> None:
    one, two = await _two(build, redis_url=redis.url)
    lesson_id, lin, ortega, a, b = await _class(one, two)
    pages = (lin, ortega, a, b)
    await _all_have(pages, await _talk(pages, "hello"))
    # Not stored, so only Redis can have brought it.
    await a.do("react", kind="heart")
    await b.until(lambda page: ("reaction", {"person": person("a0"), "kind": "heart"}) in page.heard)
    await ortega.do("ask_unmute", person=person("a0"), source="camera")
    await a.until(lambda page: any(name == "please_unmute" for name, _ in page.heard))
    # Taken out by the other school's lead, at the other process.
    await ortega.do("remove", person=person("a0"))
    await a.until(lambda page: page.gone == "removed")
    # One page per person, wherever it is.
    lin_again = await (await two.adult(LIN)).connect(lesson_id)
    await lin.until(lambda page: page.gone == "opened_elsewhere")
    assert lin_again.state["you"]["is_lead"]


async def test_without_redis_two_processes_are_only_slower(build: BuildHouse) -> None:
    """What Redis brings is speed: every process reads the store once a second anyway."""
    one, two = await _two(build)
    _, lin, ortega, a, b = await _class(one, two)
    pages = (lin, ortega, a, b)
    await _all_have(pages, await _talk(pages, "hello"))


async def test_redis_may_die_in_the_middle(build: BuildHouse, redis: RedisServer) -> None:
    one, two = await _two(build, redis_url=redis.url)
    _, lin, ortega, a, b = await _class(one, two)
    pages = (lin, ortega, a, b)
    texts = await _talk(pages, "before", 2)
    await redis.stop()
    texts += await _talk(pages, "after", 2)
    await _all_have(pages, texts)
    await a.do("hand_raise")
    await ortega.until(lambda page: page.state["hands"] == [person("a0")])


async def test_the_bus_brings_news_and_outlives_nonsense(redis: RedisServer) -> None:
    heard: asyncio.Queue[LessonId] = asyncio.Queue()

    async def hear(lesson_id: LessonId) -> None:
        heard.put_nowait(lesson_id)
        if lesson_id == "le_bad":
            raise ValueError("one room that cannot be read")

    here, there, publisher = RedisBus(redis.url), RedisBus(redis.url), Redis.from_url(redis.url)
    try:
        here.start(hear)
        there.start(hear)
        async with asyncio.timeout(PATIENCE_S):
            # Until it listens, nothing is heard: that is allowed.
            while heard.empty():
                there.nudge(LessonId("le_first"))
                await asyncio.sleep(0)
            there.nudge(LessonId("le_bad"))
            await publisher.publish(CHANNEL, b"\xff" * 10)
            await publisher.publish(CHANNEL, b"x" * 10_000)
            there.nudge(LessonId("le_last"))
            while await heard.get() != "le_last":
                pass
    finally:
        await publisher.aclose()
        await here.close()
        await there.close()
        await here.close()


@pytest.fixture(scope="module")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed on this machine (Debian: postgresql)")
    with run_postgres(binaries) as url:
        migrate(database_url_for(tmp_path_factory.mktemp("pg"), url))
        yield url


async def test_a_lesson_over_two_processes_on_postgresql(build: BuildHouse, postgres_url: str, data: Path) -> None:
    await seed_database(data, postgres_url)
    one, two = await _two(build, database_url=postgres_url)
    _, lin, ortega, a, b = await _class(one, two)
    pages = (lin, ortega, a, b)
    await _all_have(pages, await _talk(pages, "hello"))
