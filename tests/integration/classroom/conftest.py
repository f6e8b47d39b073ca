"""A database with two schools, made once; a house on a copy of it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from server.ids import LessonId
from server.storage import database_url_for, migrate
from tests.integration.classroom.school import House, build_house, seed_database, start_lesson

BuildHouse = Callable[..., Awaitable[House]]


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("classroom")
    migrate(database_url_for(folder, ""))
    asyncio.run(seed_database(folder))
    return folder


@pytest.fixture
def data(seeded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(seeded, tmp_path / "data"))


@pytest.fixture
async def build(data: Path) -> AsyncIterator[BuildHouse]:
    """Several on the same data are several app processes."""
    built: list[House] = []

    async def build_one(**parts: object) -> House:
        house = await build_house(data, **parts)  # type: ignore[arg-type]  # named as in build_house
        built.append(house)
        return house

    yield build_one
    for house in built:
        await house.close()


@pytest.fixture
async def house(build: BuildHouse) -> House:
    return await build()


@pytest.fixture
async def lesson_id(house: House) -> LessonId:
    return await start_lesson(house)
