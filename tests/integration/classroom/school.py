"""Two schools with a lesson that is on, an application in front of them, and pages that connect to it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import socketio  # type: ignore[import-untyped]  # it ships no types
from aiohttp import ClientSession, CookieJar, web
from aiohttp.test_utils import TestServer

from server.app import AppParts, create_app
from server.classroom import Classroom, ClassroomParts, MediaKey
from server.demo_api import MediaAccess
from server.ids import AccountId, ClassGroupId, LessonId, SchoolId, StudentId
from server.lessons import Lessons, Mode, add_webhooks, build_lessons, pupil_person, room_of
from server.lessons.proposal import Proposal
from server.metrics import Metrics
from server.pair import LocalizedText, Side
from server.people import Account, ClassGroup, People, Role, School, SchoolAuthorisation, Student, build_people
from server.people.seed import Seed, seed_people
from server.storage import Database, database_url_for
from tests.conformance.target import KEY as API_KEY
from tests.conformance.target import SECRET as API_SECRET
from tests.fakes.classroom import KEYS
from tests.fakes.clock import FakeClock
from tests.fakes.media import FakeMedia
from tests.fakes.quick_hasher import QuickHasher

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
LIN, CHEN, ORTEGA, STRANGER = (AccountId(f"ac_{name}") for name in ("lin", "chen", "ortega", "stranger"))
CLASS_A, CLASS_B, CLASS_C = (ClassGroupId(f"cg_{name}") for name in ("a", "b", "c"))
# Long enough for a busy machine; a wait ends as soon as its condition holds.
PATIENCE_S = 20.0
ALL_SOURCES = frozenset({"camera", "microphone", "screen_share", "screen_share_audio"})


def _school(key: str, side: Side, zone: str) -> School:
    name = LocalizedText(f"School {key}", f"{key} 學校")
    return School(id=SchoolId(f"sc_{key}"), side=side, name=name, place=name, zone=zone, language="en", is_demo=True)


def _adult(account_id: AccountId, school: str, name: str, role: Role = Role.TEACHER) -> Account:
    return Account(
        id=account_id,
        school_id=SchoolId(f"sc_{school}"),
        email=f"{account_id}@example.org",
        name=LocalizedText(name, name),
        language="en",
        roles=frozenset({role}),
        verified_at=NOW,
        disabled_at=None,
        has_password=False,
    )


def _group(group_id: ClassGroupId, school: str) -> ClassGroup:
    name = LocalizedText(f"class {group_id}", f"{group_id} 班")
    return ClassGroup(id=group_id, school_id=SchoolId(f"sc_{school}"), name=name, grade="5", archived_at=None)


def _student(key: str, group_id: ClassGroupId, position: int) -> Student:
    return Student(
        id=StudentId(f"st_{key}"),
        class_group_id=group_id,
        display_name=f"Pupil {key}",
        position=position,
        removed_at=None,
    )


def _authorisation(group_id: ClassGroupId, school: str) -> SchoolAuthorisation:
    return SchoolAuthorisation(
        id=f"sa_{group_id}",
        class_group_id=group_id,
        school_id=SchoolId(f"sc_{school}"),
        given_by="the head",
        given_on=NOW.date(),
        text_version="1",
        recorded_by=LIN,
        recorded_at=NOW,
        revoked_at=None,
    )


def seed(pupils_per_class: int = 3) -> Seed:
    return Seed(
        schools=(
            _school("a", Side.TAIWAN, "Asia/Taipei"),
            _school("b", Side.UNITED_STATES, "America/Phoenix"),
            _school("c", Side.TAIWAN, "Asia/Taipei"),
        ),
        accounts=(
            _adult(LIN, "a", "Lin"),
            _adult(CHEN, "a", "Chen"),
            _adult(ORTEGA, "b", "Ortega"),
            _adult(STRANGER, "c", "Stranger"),
            _adult(AccountId("ac_coord"), "b", "Coordinator", Role.COORDINATOR),
        ),
        class_groups=(_group(CLASS_A, "a"), _group(CLASS_B, "b"), _group(CLASS_C, "c")),
        students=tuple(
            _student(f"{group[3:]}{number}", group, number)
            for group in (CLASS_A, CLASS_B, CLASS_C)
            for number in range(pupils_per_class)
        ),
        authorisations=(_authorisation(CLASS_A, "a"), _authorisation(CLASS_B, "b")),
    )


@dataclass
class House:
    """One app process: an application on a database that others may have as well."""

    database: Database
    people: People
    lessons: Lessons
    classroom: Classroom
    clock: FakeClock
    media: FakeMedia
    server: TestServer = field(init=False)
    pages: list[Page] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return str(self.server.make_url("")).rstrip("/")

    async def close(self) -> None:
        for page in self.pages:
            await page.close()
        await self.server.close()
        await self.database.close()

    # -- people with browsers

    async def adult(self, account_id: AccountId) -> Browser:
        signed_in = await self.people.accounts.sign_in_as(account_id)
        return Browser(self, {"tc_sign_in": signed_in.token})

    def nobody(self) -> Browser:
        return Browser(self, {})

    async def media_joined(
        self, lesson_id: LessonId, identity: str, device: str = "", sources: Collection[str] = ALL_SOURCES
    ) -> str:
        """As the media server would say it by a webhook."""
        sid = self.media.join(room_of(lesson_id), identity, device, sources)
        assert self.classroom.caretaker is not None
        await self.classroom.caretaker.on_media(lesson_id, "participant_joined", identity, sid)
        return sid

    async def media_left(self, lesson_id: LessonId, identity: str) -> None:
        sid = self.media.leave(room_of(lesson_id), identity)
        assert self.classroom.caretaker is not None
        await self.classroom.caretaker.on_media(lesson_id, "participant_left", identity, sid)

    async def tick(self, times: int = 1) -> None:
        assert self.classroom.caretaker is not None
        for _ in range(times):
            await self.classroom.caretaker.tick()


class Browser:
    """Cookies of one person, and HTTP with them."""

    def __init__(self, house: House, cookies: dict[str, str]) -> None:
        self.house = house
        self.cookies = cookies

    def session(self) -> ClientSession:
        jar = CookieJar(unsafe=True)
        jar.update_cookies(self.cookies, self.house.server.make_url("/"))
        return ClientSession(self.house.origin, cookie_jar=jar, headers={"Origin": self.house.origin})

    async def get(self, path: str) -> tuple[int, Any]:
        """Status, and JSON or text."""
        async with self.session() as session, session.get(path, allow_redirects=False) as answer:
            is_json = "json" in answer.content_type
            return answer.status, await (answer.json(content_type=None) if is_json else answer.text())

    async def post(self, path: str, data: dict[str, str]) -> tuple[int, str, str]:
        """Status, Location, text; cookies are kept."""
        async with self.session() as session, session.post(path, data=data, allow_redirects=False) as answer:
            self.cookies.update({name: morsel.value for name, morsel in answer.cookies.items()})
            return answer.status, answer.headers.get("Location", ""), await answer.text()

    async def connect(self, lesson_id: str, **auth: Any) -> Page:
        """Raises Refused with the server's code."""
        page = Page(self)
        self.house.pages.append(page)
        await page.connect(lesson_id, **auth)
        return page


class Refused(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Page:
    """A browser's page: the reducer of docs/protocol/classroom.md, and everything that it was told."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self._http = ClientSession()
        self.io = socketio.AsyncClient(reconnection=False, http_session=self._http)
        self.state: dict[str, Any] = {}
        self.heard: list[tuple[str, Any]] = []
        self.gone: str | None = None
        self._news = asyncio.Event()
        self._refusal: Any = None
        self._ends: list[str] = []
        for name in ("state", "event", "reaction", "please_unmute", "alert", "gone"):
            self.io.on(name, self._on(name), namespace="/classroom")
        self.io.on("connect_error", self._on_refusal, namespace="/classroom")
        self.io.on("disconnect", lambda *reason: self._on_end(), namespace="/classroom")

    async def connect(self, lesson_id: str, headers: dict[str, str] | None = None, **auth: Any) -> None:
        cookie = "; ".join(f"{name}={value}" for name, value in self.browser.cookies.items())
        sent = {"Cookie": cookie, "Origin": self.browser.house.origin, **(headers or {})}
        try:
            await self.io.connect(
                self.browser.house.origin,
                headers=sent,
                auth={"lesson": lesson_id, **auth},
                transports=["websocket"],
                namespaces=["/classroom"],
                wait_timeout=PATIENCE_S,
            )
        except socketio.exceptions.ConnectionError as error:
            await self._http.close()
            code = self._refusal["data"]["code"] if isinstance(self._refusal, dict) else str(error)
            raise Refused(code) from None
        await self.until(lambda page: bool(page.state) or page.gone is not None)

    @property
    def is_connected(self) -> bool:
        return bool(self.io.connected) and not self._ends

    def _on_end(self) -> None:
        self._ends.append("end")
        self._news.set()

    def _on_refusal(self, data: Any) -> None:
        self._refusal = data

    def _on(self, name: str) -> Callable[[Any], None]:
        def hear(payload: Any) -> None:
            self.heard.append((name, payload))
            if name == "state":
                self.state = payload
            elif name == "event":
                self._apply(payload)
            elif name == "gone":
                self.gone = payload["why"]
            self._news.set()

        return hear

    def _apply(self, event: dict[str, Any]) -> None:
        assert event["seq"] == self.state["seq"] + 1, (event, self.state["seq"])
        state = {**self.state, **event.get("set", {}), "seq": event["seq"]}
        for name, entries in event.get("put", {}).items():
            keys = {entry[KEYS[name]] for entry in entries}
            state[name] = [entry for entry in state[name] if entry[KEYS[name]] not in keys] + entries
        for name, keys in event.get("drop", {}).items():
            state[name] = [entry for entry in state[name] if entry[KEYS[name]] not in keys]
        self.state = state

    async def until(self, condition: Callable[[Page], bool]) -> Page:
        """Wait for what is heard to make `condition` true."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition(self):
                self._news.clear()
                await self._news.wait()
        return self

    async def say(self, event: str, **payload: Any) -> dict[str, Any]:
        """The ack."""
        answer: dict[str, Any] = await self.io.call(event, payload, namespace="/classroom", timeout=PATIENCE_S)
        return answer

    async def do(self, event: str, **payload: Any) -> dict[str, Any]:
        answer = await self.say(event, **payload)
        assert answer["ok"], answer
        return answer

    async def code(self, event: str, **payload: Any) -> str:
        answer = await self.say(event, **payload)
        assert not answer["ok"], answer
        return str(answer["code"])

    async def close(self) -> None:
        await self.io.disconnect()
        await self._http.close()

    def texts(self) -> list[str]:
        return [message["text"] for message in sorted(self.state["chat"], key=lambda one: one["seq"])]

    def people(self) -> set[str]:
        return {person["person"] for person in self.state["people"]}

    def lobby(self) -> dict[str, str | None]:
        return {person["person"]: person["note"] for person in self.state["lobby"]}


async def build_house(
    data: Path,
    *,
    clock: FakeClock | None = None,
    media: FakeMedia | None = None,
    redis_url: str = "",
    database_url: str = "",
    media_url: str = "",
    port: int | None = None,
) -> House:
    """`media_url`: a real media server with `API_KEY`, which posts its webhooks to `port`; else the one in memory."""
    clock, media = clock or FakeClock(NOW), media or FakeMedia()
    # In a thread: an application reads its templates and word lists when it is made.
    house, app = await asyncio.to_thread(_compose, data, clock, media, redis_url, database_url, media_url)
    house.server = TestServer(app, port=port)
    await house.server.start_server()
    return house


def _compose(
    data: Path, clock: FakeClock, media: FakeMedia, redis_url: str, database_url: str, media_url: str
) -> tuple[House, web.Application]:
    database = Database(database_url_for(data, database_url))
    people = build_people(database, clock, is_demo=True, hasher=QuickHasher())
    lessons = build_lessons(database, people, clock)
    key = MediaKey(api_key=API_KEY, api_secret=API_SECRET, url=None)
    classroom = Classroom(
        ClassroomParts(
            database=database,
            people=people,
            lessons=lessons,
            clock=clock,
            media_url=media_url,
            media_key=key,
            card_secret=b"s" * 32,
            redis_url=redis_url,
        ),
        None if media_url else media,
    )

    async def no_figures() -> bytes:
        return b""

    parts = AppParts(
        access=MediaAccess(api_key=API_KEY, api_secret=API_SECRET, url=None, ports=lambda: {"udp": [], "tcp": []}),
        clock=clock,
        metrics=Metrics(),
        render_metrics=no_figures,
        health={"database": database.answers},
        add_media=lambda _: None,
        add_webhooks=lambda app: add_webhooks(
            app, keys={API_KEY: API_SECRET}, attendance=lessons.attendance, listeners=(classroom.on_webhook,)
        ),
        people=people,
        lessons=lessons,
        classroom=classroom,
        is_demo=True,
    )
    return House(database, people, lessons, classroom, clock, media), create_app(parts)


async def start_lesson(
    house: House, *, adults_needed: int = 1, is_live: bool = True, mode: Mode = Mode.INDIVIDUAL
) -> LessonId:
    """Proposed by Lin for ten minutes from now, agreed, and its lobby open."""
    service = house.lessons.lessons
    start = (NOW + timedelta(hours=8, minutes=10)).time()
    lesson = await service.propose(
        Proposal(
            title=LocalizedText("Two mornings", "兩地晨光"),
            class_groups=(CLASS_A, CLASS_B),
            leads=(LIN, ORTEGA),
            co_teachers=((CHEN,), ()),
            date=(NOW + timedelta(hours=8)).date(),
            start=time(start.hour, start.minute),
            minutes=40,
            adults_needed=adults_needed,
            modes=(mode, Mode.INDIVIDUAL),
        ),
        by=LIN,
    )
    await service.confirm(lesson.id, by=ORTEGA)
    await service.check_consent(lesson.id, by=LIN)
    await service.open_lobby(lesson.id, by=LIN)
    if is_live:
        await service.start(lesson.id, by=LIN)
    return lesson.id


async def pupil(house: House, group_id: ClassGroupId, number: int = 0) -> Browser:
    """A pupil with a card of a fresh print of the whole class: print once per test and class."""
    return (await pupils(house, group_id))[number]


async def pupils(house: House, group_id: ClassGroupId) -> list[Browser]:
    cards = await house.classroom.cards.print(group_id, LIN)
    return [await with_card(house, card.code) for card in cards]


async def with_card(house: House, code: str) -> Browser:
    browser = house.nobody()
    status, location, _ = await browser.post("/join", {"code": code})
    assert status == 303, location
    assert re.fullmatch(r"/lessons/le_\w+/room", location)
    return browser


def person(key: str) -> str:
    return pupil_person(StudentId(f"st_{key}"))


async def seed_database(data: Path, database_url: str = "", pupils_per_class: int = 3) -> None:
    database = Database(database_url_for(data, database_url))
    await seed_people(database, seed(pupils_per_class), NOW)
    await database.close()
