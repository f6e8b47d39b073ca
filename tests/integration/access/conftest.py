"""The whole application, as `serve` composes it, with two schools in a lesson, one outside, and needles everywhere."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiosqlite.core
import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer
from blockbuster import BlockBuster

from server.access import SEAT_COOKIE, SIGN_IN_COOKIE, Adult, Pupil, Viewer, Visitor
from server.access.forgery import csrf_of
from server.app import AppParts, create_app
from server.classroom import Classroom, ClassroomParts, MediaKey
from server.demo_api import MediaAccess
from server.ids import AccountId, ClassGroupId
from server.lessons import Lesson, LessonFacts, Lessons, Proposal, add_webhooks, build_lessons
from server.lessons.series import Series, SeriesRepository, new_series_id
from server.media_host import MediaHost
from server.metrics import Metrics
from server.pair import LocalizedText, Side
from server.people import Account, ClassGroup, People, Role, School, Student, build_people
from server.sealing import Seal
from server.storage import Database, database_url_for, migrate
from server.worker_directory import WorkerDirectory
from tests.fakes.clock import FakeClock
from tests.fakes.people import PASSWORD, QuickHasher, make_administrator, make_adult, make_school

Client = TestClient[web.Request, web.Application]
# Monday morning in Taipei, Sunday evening in Arizona.
NOW = datetime(2026, 10, 18, 23, 30, tzinfo=UTC)
SECRET = "0123456789abcdef0123456789abcdef"

# What nobody outside of the two schools may read on any page, refused or not.
NEEDLES = re.compile(r"needle-(pupil|title|mail|report|reason)", re.IGNORECASE)


@dataclass
class World:
    people: People
    lessons: Lessons
    classroom: Classroom
    clock: FakeClock
    client: Client
    app: web.Application
    schools: dict[str, School] = field(default_factory=dict)
    groups: dict[str, ClassGroup] = field(default_factory=dict)
    students: dict[str, Student] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    lesson: dict[str, Lesson] = field(default_factory=dict)
    series: dict[str, Series] = field(default_factory=dict)
    viewers: dict[str, Viewer] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    _fresh: dict[str, Viewer] = field(default_factory=dict)
    _facts: dict[str, LessonFacts] = field(default_factory=dict)

    async def ask(
        self, who: str, method: str, path: str, form: dict[str, str] | None = None
    ) -> tuple[ClientResponse, str]:
        """As a browser of theirs does, with its cookie, its origin and its word; redirects are not followed."""
        viewer = self.viewers[who]
        headers = {"Origin": f"http://127.0.0.1:{self.client.port}", "Cookie": self.cookies[who]}
        data = {**(form or {}), "csrf": viewer.csrf if isinstance(viewer, Adult) else "none"}
        answer = await self.client.request(
            method,
            path,
            headers=headers,
            data=None if method in ("GET", "HEAD") else data,
            allow_redirects=False,
        )
        return answer, await answer.text(errors="replace")

    async def refreshed(self, who: str) -> Viewer:
        """With the account as it is since the last `turned`."""
        viewer = self.viewers[who]
        if not isinstance(viewer, Adult):
            return viewer
        if who not in self._fresh:
            account = await self.people.accounts.find(viewer.account.id)
            assert account is not None
            self._fresh[who] = Adult(account=account, csrf=viewer.csrf)
        return self._fresh[who]

    async def facts(self, key: str) -> LessonFacts:
        """Of a lesson, as it is since the last `turned`."""
        if key not in self._facts:
            facts = await self.lessons.lessons.facts(self.lesson[key].id)
            assert facts is not None
            self._facts[key] = facts
        return self._facts[key]

    def turned(self) -> None:
        """Something has happened to somebody: what is judged by is read again."""
        self._fresh.clear()
        self._facts.clear()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("access")
    migrate(database_url_for(folder, ""))
    return folder


class _AtOnce:
    """In place of the queue to aiosqlite's thread: each call is made where it is asked for.

    Why: two hops between threads per statement are nine tenths of what these thousands of requests cost.
    """

    def put_nowait(self, item: tuple[asyncio.Future[Any] | None, Callable[[], Any]]) -> None:
        future, call = item
        try:
            result = call()
        except BaseException as error:
            if future is None:
                raise
            future.set_exception(error)
        else:
            if future is not None:
                future.set_result(result)


class _NoThread:
    def __init__(self, **_: Any) -> None:
        self.daemon = True

    def start(self) -> None: ...


@pytest.fixture
def database(
    migrated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_blocking_calls: BlockBuster | None
) -> Database:
    assert no_blocking_calls is not None
    for function in no_blocking_calls.functions.values():
        function.can_block_in("access/conftest.py", "put_nowait")
    monkeypatch.setattr(aiosqlite.core, "SimpleQueue", _AtOnce)
    monkeypatch.setattr(aiosqlite.core, "Thread", _NoThread)
    data = tmp_path / "data"
    shutil.copytree(migrated, data)
    return Database(database_url_for(data, ""))


@pytest.fixture
def parts(database: Database, tmp_path: Path) -> AppParts:
    clock, metrics = FakeClock(NOW), Metrics()
    people = build_people(database, clock, is_demo=True, hasher=QuickHasher())
    lessons = build_lessons(database, people, clock, origin="https://class.example", seal=Seal(bytes(32)))
    classroom = Classroom(
        ClassroomParts(
            database=database,
            people=people,
            lessons=lessons,
            clock=clock,
            # Nobody is there: what the media server would be told is not what is judged here.
            media_url="http://127.0.0.1:9",
            media_key=MediaKey(api_key="APItest", api_secret=SECRET, url=None),
            card_secret=b"secret" * 8,
        )
    )

    async def no_figures() -> bytes:
        return b""

    return AppParts(
        access=MediaAccess(api_key="APItest", api_secret=SECRET, url=None, ports=lambda: {"udp": [], "tcp": []}),
        clock=clock,
        metrics=metrics,
        render_metrics=no_figures,
        health={"database": database.answers},
        add_media=MediaHost(WorkerDirectory(1), {}).add_to,
        add_webhooks=lambda app: add_webhooks(app, keys={"APItest": SECRET}, attendance=lessons.attendance),
        people=people,
        lessons=lessons,
        classroom=classroom,
        is_demo=True,
        dist=tmp_path,
    )


@pytest.fixture
def app(parts: AppParts) -> web.Application:
    """Outside of the event loop, as at start: templates and catalogues are read from files."""
    return create_app(parts)


@pytest.fixture
async def world(parts: AppParts, app: web.Application, database: Database) -> AsyncIterator[World]:
    assert parts.people is not None
    assert parts.lessons is not None
    assert parts.classroom is not None
    assert isinstance(parts.clock, FakeClock)
    async with TestClient(TestServer(app)) as client:
        world = World(parts.people, parts.lessons, parts.classroom, parts.clock, client, app)
        await _fill(world, database)
        yield world
    await database.close()


async def _fill(world: World, database: Database) -> None:
    people = world.people
    world.accounts["it"] = await make_administrator(people, "it@needle-mail.example")
    for key, side in (("a", Side.TAIWAN), ("b", Side.UNITED_STATES), ("c", Side.TAIWAN)):
        school = await make_school(people, side, f"School {key}")
        world.schools[key] = school
        group = await people.class_groups.create(school.id, name=LocalizedText(f"Group {key}", ""), grade="5", by=None)
        world.groups[key] = group
        preview = await people.rosters.preview(group.id, f"Needle-pupil {key} one\nNeedle-pupil {key} two")
        for student in await people.rosters.save(group.id, preview, None):
            world.students[f"{key}{student.position}"] = student
        for name, roles in (("lead", (Role.TEACHER,)), ("coordinator", (Role.COORDINATOR,))):
            email = f"{name}_{key}@needle-mail.example"
            world.accounts[f"{name}_{key}"] = await make_adult(people, school, email, *roles)
        await people.class_groups.authorise(
            group.id,
            given_by="Principal",
            given_on=NOW.date(),
            text_version="1",
            by=world.accounts[f"coordinator_{key}"].id,
        )
    here = world.schools["a"]
    for name, is_verified in (("teacher_a", True), ("unverified_a", False)):
        email = f"{name}@needle-mail.example"
        world.accounts[name] = await make_adult(people, here, email, is_verified=is_verified)
    world.accounts["liaison"] = await make_adult(people, None, "liaison@needle-mail.example", Role.LIAISON_OFFICER)
    world.lesson["ab"] = await _lesson(world, "a", "b", hours=1)
    world.lesson["cb"] = await _lesson(world, "c", "b", hours=3)
    for key, lesson in world.lesson.items():
        series = Series(
            id=new_series_id(),
            anchor="a",
            every_weeks=1,
            created_by=lesson.created_by,
            created_at=NOW,
            lessons=(lesson.id,),
        )
        await SeriesRepository(database).add(series)
        world.series[key] = series
    await _viewers(world)


async def _lesson(world: World, own: str, other: str, *, hours: int) -> Lesson:
    """Confirmed by both and checked; in an hour or more."""
    service, leads = world.lessons.lessons, (world.accounts[f"lead_{own}"], world.accounts[f"lead_{other}"])
    at = (NOW + timedelta(hours=8 + hours)).replace(tzinfo=None)
    lesson = await service.propose(
        Proposal(
            title=LocalizedText(f"Needle-title {own}{other}", ""),
            class_groups=(world.groups[own].id, world.groups[other].id),
            leads=(leads[0].id, leads[1].id),
            date=at.date(),
            start=at.time(),
            minutes=40,
        ),
        by=leads[0].id,
    )
    await service.confirm(lesson.id, by=leads[1].id)
    return await service.check_consent(lesson.id, by=leads[0].id)


async def _viewers(world: World) -> None:
    world.viewers["visitor"], world.cookies["visitor"] = Visitor(), ""
    for name, account in world.accounts.items():
        token = (await world.people.accounts.sign_in(account.email, PASSWORD, "192.0.2.1")).token
        world.viewers[name] = Adult(account=account, csrf=csrf_of(token))
        world.cookies[name] = f"{SIGN_IN_COOKIE}={token}"
    for name, key, lesson in (("pupil_a", "a", "ab"), ("pupil_b", "b", "ab"), ("pupil_c", "c", "cb")):
        cards = await world.classroom.cards.print(
            ClassGroupId(world.groups[key].id), AccountId(world.accounts["it"].id)
        )
        card = await world.classroom.cards.find(cards[0].code)
        assert card is not None
        seat = await world.classroom.seats.take(card, world.lesson[lesson], None)
        pupil = await world.classroom.seats.find(seat.token)
        assert isinstance(pupil, Pupil)
        world.viewers[name], world.cookies[name] = pupil, f"{SEAT_COOKIE}={seat.token}"
