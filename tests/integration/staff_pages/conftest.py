"""The real application with people on a temporary SQLite, and people who use it by its pages."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from server.app import AppParts, create_app
from server.demo_api import MediaAccess
from server.ids import AccountId, SchoolId
from server.lessons import build_lessons
from server.metrics import Metrics
from server.pair import LocalizedText, Side
from server.people import Account, People, Role, School, build_people
from server.sealing import Seal
from server.storage import Database, database_url_for, migrate
from tests.fakes.clock import FakeClock
from tests.fakes.quick_hasher import QuickHasher
from tests.integration.staff_pages.web_user import Client, Seen, WebUser

PASSWORD = "seven quiet herons"


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrated once: each test starts from a copy."""
    folder = tmp_path_factory.mktemp("empty")
    migrate(database_url_for(folder, ""))
    return folder


@pytest.fixture
def is_demo() -> bool:
    return False


class House:
    """An application, its services, and the people of it that a test needs."""

    def __init__(self, people: People, client: Client, clock: FakeClock) -> None:
        self.people = people
        self.client = client
        self.clock = clock
        self.anybody = WebUser(client)

    async def administrator(self) -> Account:
        return await self.people.accounts.create_first_administrator(
            email="it@example.edu", name=LocalizedText("Pat Admin", "管理員"), password=PASSWORD
        )

    async def school(self, side: Side = Side.TAIWAN, name: str = "Chenguang School") -> School:
        is_tw = side is Side.TAIWAN
        return await self.people.schools.create(
            side=side,
            name=LocalizedText(name, "晨光國小" if is_tw else name),
            place=LocalizedText("Taipei", "臺北") if is_tw else LocalizedText("Tucson", "土桑"),
            zone="Asia/Taipei" if is_tw else "America/Phoenix",
            language="zh-Hant-TW" if is_tw else "en",
            by=None,
        )

    async def adult(
        self,
        school_id: SchoolId | None,
        email: str,
        roles: frozenset[Role] = frozenset({Role.TEACHER}),
        *,
        is_verified: bool = True,
        name: str = "Mei Lin",
    ) -> Account:
        link = await self.people.accounts.invite(
            school_id=school_id,
            email=email,
            name=LocalizedText(name, name),
            roles=roles,
            by=None,
            language="en",
            is_verified=is_verified,
        )
        return await self.people.accounts.accept_invitation(link.path.rsplit("/", 1)[1], PASSWORD)

    async def sign_in(self, email: str, password: str = PASSWORD) -> Seen:
        """In the browser of `anybody`, as somebody else from now on."""
        self.client.session.cookie_jar.clear()
        page = await self.anybody.get("/sign-in")
        return await self.anybody.submit(page, "/sign-in", email=email, password=password)

    async def sign_in_as(self, account: Account) -> Seen:
        return await self.sign_in(account.email)

    async def find(self, account_id: AccountId) -> Account:
        account = await self.people.accounts.find(account_id)
        assert account is not None
        return account


@pytest.fixture
def data(empty_database: Path, tmp_path: Path) -> Path:
    data = tmp_path / "data"
    shutil.copytree(empty_database, data)
    return data


@pytest.fixture
async def database(data: Path) -> AsyncIterator[Database]:
    database = Database(database_url_for(data, ""))
    yield database
    await database.close()


@pytest.fixture
def parts(database: Database, is_demo: bool) -> AppParts:
    clock, metrics = FakeClock(), Metrics()
    people = build_people(database, clock, is_demo=is_demo, hasher=QuickHasher())

    async def no_figures() -> bytes:
        return b""

    return AppParts(
        access=MediaAccess(api_key="APItest", api_secret="x" * 32, url=None, ports=lambda: {"udp": [], "tcp": []}),
        clock=clock,
        metrics=metrics,
        render_metrics=no_figures,
        health={"database": database.answers},
        add_media=lambda _: None,
        people=people,
        lessons=build_lessons(database, people, clock, origin="https://class.example.edu", seal=Seal(bytes(32))),
        is_demo=is_demo,
    )


@pytest.fixture
def app(parts: AppParts) -> web.Application:
    """Outside of the event loop, as at start: templates and catalogues are read from files."""
    return create_app(parts)


@pytest.fixture
async def house(parts: AppParts, app: web.Application) -> AsyncIterator[House]:
    assert parts.people is not None
    assert isinstance(parts.clock, FakeClock)
    async with TestClient(TestServer(app)) as client:
        yield House(parts.people, client, parts.clock)
