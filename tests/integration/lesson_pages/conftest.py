"""The real application with the demo's people and lessons on a temporary SQLite, used by its pages."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from server.access import SIGN_IN_COOKIE
from server.app import AppParts, create_app
from server.demo_api import MediaAccess
from server.demo_data import write_demo_data
from server.ids import AccountId, ClassGroupId
from server.lessons import Lesson, Lessons, LessonState, build_lessons
from server.metrics import Metrics
from server.pages.lessons.context import LESSON_PAGES
from server.people import People, Student, build_people
from server.sealing import Seal
from server.storage import Database, database_url_for, migrate
from tests.fakes.clock import FakeClock
from tests.fakes.quick_hasher import QuickHasher
from tests.integration.staff_pages.web_user import Client, Seen, WebUser

# A Sunday evening in UTC: already Monday in Taiwan.
NOW = datetime(2026, 11, 22, 19, 7, tzinfo=UTC)


@dataclass(frozen=True)
class Printed:
    student: Student
    code: str


class FakeCards:
    """Codes in the order of the class; a second print makes others."""

    def __init__(self, people: People, clock: FakeClock) -> None:
        self._people = people
        self._clock = clock
        self.prints: dict[ClassGroupId, datetime] = {}
        self.count = 0

    async def print(self, group_id: ClassGroupId, by: AccountId) -> Sequence[Printed]:
        self.count += 1
        self.prints[group_id] = self._clock.now()
        students = await self._people.rosters.students(group_id, by=by)
        return [Printed(student, f"{self.count}CARD{number:03d}") for number, student in enumerate(students)]

    async def printed_at(self, group_id: ClassGroupId) -> datetime | None:
        return self.prints.get(group_id)


@pytest.fixture(scope="session")
def demo_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrated and filled once: each test starts from a copy."""
    folder = tmp_path_factory.mktemp("demo")
    migrate(database_url_for(folder, ""))

    async def write() -> None:
        database = Database(database_url_for(folder, ""))
        await write_demo_data(database, FakeClock(NOW))
        await database.close()

    asyncio.run(write())
    return folder


@dataclass
class House:
    """An application and its services."""

    database: Database
    people: People
    lessons: Lessons
    cards: FakeCards
    clock: FakeClock
    app: web.Application

    async def demo(self, name: str) -> Lesson:
        """A demo lesson by the word in its id."""
        everything = await self.lessons.lessons.in_states(list(LessonState))
        return next(lesson for lesson in everything if lesson.id.startswith(f"le_demo_{name}_"))


@pytest.fixture
def house(demo_database: Path, tmp_path: Path) -> House:
    data = tmp_path / "data"
    shutil.copytree(demo_database, data)
    clock, metrics = FakeClock(NOW), Metrics()
    database = Database(database_url_for(data, ""))
    people = build_people(database, clock, is_demo=True, hasher=QuickHasher())
    lessons, cards = build_lessons(database, people, clock, seal=Seal(bytes(32))), FakeCards(people, clock)

    async def no_figures() -> bytes:
        return b""

    parts = AppParts(
        access=MediaAccess(api_key="APItest", api_secret="x" * 32, url=None, ports=lambda: {"udp": [], "tcp": []}),
        clock=clock,
        metrics=metrics,
        render_metrics=no_figures,
        health={"database": database.answers},
        add_media=lambda _: None,
        people=people,
        lessons=lessons,
        is_demo=True,
    )
    app = create_app(parts)
    app[LESSON_PAGES] = replace(app[LESSON_PAGES], cards=cards)
    return House(database, people, lessons, cards, clock, app)


@pytest.fixture
async def client(house: House) -> AsyncIterator[Client]:
    async with TestClient(TestServer(house.app)) as client:
        yield client
    await house.database.close()


class Staff:
    """Browsers of demo people, one signed in at a time."""

    def __init__(self, client: Client, people: People) -> None:
        self.client = client
        self.people = people
        self.browser = WebUser(client)

    async def become(self, key: str, language: str = "en") -> WebUser:
        """`lin`, `ortega`, `chiu`, `it` …, reading that language by their own choice."""
        signed_in = await self.people.accounts.sign_in_as(AccountId(f"ac_demo_{key}"))
        self.client.session.cookie_jar.clear()
        cookies = {SIGN_IN_COOKIE: signed_in.token, "lang": language}
        self.client.session.cookie_jar.update_cookies(cookies, self.client.make_url("/"))
        self.browser = WebUser(self.client, language)
        return self.browser

    async def page(self, path: str) -> Seen:
        return await self.browser.get(path)

    async def press(self, page: Seen, action: str, /, **values: str) -> Seen:
        """A form with more than one button: sends what it holds, and what the pressed button adds."""
        held = {name: one[0] for name, one in page.form(action).values.items() if one}
        return await self.browser.post(action, held | values)


@pytest.fixture
def staff(client: Client, house: House) -> Staff:
    return Staff(client, house.people)
