"""A lesson held on a media server that was started apart: attendance to the second, by its webhooks alone.

Native SDK clients, a real database, the real route. LIVEKIT_SERVER=path/to/livekit-server holds it on that one as well.
"""

from __future__ import annotations

import asyncio
import csv
import io
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from livekit import api, rtc
from livekit.protocol.models import ParticipantInfo

from server.clock import SystemClock
from server.ids import PersonId, StudentId
from server.lessons import (
    WEBHOOK_PATH,
    AttendanceService,
    Lesson,
    LessonChanges,
    LessonMails,
    LessonService,
    LessonState,
    Proposal,
    Row,
    SqlLessonRepository,
    WebhookSeen,
    add_webhooks,
    adult_person,
    pupil_person,
    wall_time,
)
from server.lessons.attendance import LeftBy
from server.lessons.attendance_repository import SqlAttendanceRepository
from server.pair import LocalizedText
from server.storage import Database, database_url_for, migrate
from tests.conformance.target import KEY, SECRET, Target, free_port, livekit_server, our_server
from tests.conformance.wait import until, until_async
from tests.fakes.directory import FakeDirectory
from tests.fakes.lessons import LIN, ORTEGA, TAIPEI_CLASS, TUCSON_CLASS

LIN_IN_ROOM, ORTEGA_IN_ROOM = adult_person(LIN), adult_person(ORTEGA)
MING, ANA, BEN = (pupil_person(StudentId(f"st_{number}")) for number in (1, 3, 4))
# Webhooks have whole seconds.
SECOND = timedelta(seconds=1)
# The SDK notices by itself that a worker is gone and joins the next one.
RECONNECT_GUARD_S = 60.0
# Each starts a server of its own beside other tests; a hang guard above those within.
pytestmark = pytest.mark.timeout(300)


@dataclass(frozen=True)
class Moment:
    """Something happened between these two readings of the clock."""

    after: datetime
    before: datetime

    def holds(self, at: datetime | None) -> bool:
        return at is not None and self.after - SECOND <= at <= self.before


class House:
    """The app plane with a receiver that can go away and come back, as when the app is restarted."""

    def __init__(self, database: Database, port: int) -> None:
        self.clock = SystemClock()
        self.directory = FakeDirectory()
        repository = SqlLessonRepository(database)
        changes = LessonChanges(
            lessons=repository, directory=self.directory, clock=self.clock, mails=LessonMails(self.directory)
        )
        self.lessons = LessonService(lessons=repository, directory=self.directory, clock=self.clock, changes=changes)
        self.kept = SqlAttendanceRepository(database)
        self.attendance = AttendanceService(
            attendance=self.kept,
            lessons=self.lessons,
            changes=changes,
            directory=self.directory,
            clock=self.clock,
        )
        self.seen: list[WebhookSeen] = []
        self._port = port
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        add_webhooks(app, keys={KEY: SECRET}, attendance=self.attendance, listeners=[self.seen.append])
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def hold_a_lesson(self) -> Lesson:
        """Proposed by Lin for this very minute, confirmed by Ortega, live."""
        here = wall_time(self.clock.now(), "Asia/Taipei").local
        proposal = Proposal(
            title=LocalizedText("Two mornings", "兩地晨光"),
            class_groups=(TAIPEI_CLASS, TUCSON_CLASS),
            leads=(LIN, ORTEGA),
            date=here.date(),
            start=here.time().replace(second=0, microsecond=0),
            minutes=40,
        )
        lesson = await self.lessons.propose(proposal, by=LIN)
        await self.lessons.confirm(lesson.id, by=ORTEGA)
        await self.lessons.check_consent(lesson.id, by=LIN)
        await self.lessons.open_lobby(lesson.id, by=ORTEGA)
        return await self.lessons.start(lesson.id, by=LIN)

    async def row(self, lesson: Lesson, person: PersonId) -> Row:
        return next(row for row in (await self.attendance.sheet(lesson.id)).rows if row.person == person)

    async def until_present(self, lesson: Lesson, *people: PersonId) -> None:
        async def is_so() -> bool:
            return await self.attendance.present(lesson.id) == set(people)

        await until_async(is_so, f"present are {people}")

    async def leaves(self, lesson: Lesson, room: rtc.Room, *others: PersonId) -> Moment:
        """The media server takes the time when it hears of it: later than the client's call, sooner than its word."""
        after = self.clock.now()
        await room.disconnect()
        await self.until_present(lesson, *others)
        return Moment(after, self.clock.now())

    async def until_told(self, lesson: Lesson, *people: PersonId) -> None:
        async def is_so() -> bool:
            presences = await self.kept.presences(lesson.id)
            return all(one.left_by is LeftBy.TOLD for one in presences if one.person in people)

        await until_async(is_so, f"the end of {people} was told")


def _servers() -> list[str]:
    return ["ours", *(["livekit-server"] if os.environ.get("LIVEKIT_SERVER") else [])]


@pytest.fixture(params=_servers())
def apart(request: pytest.FixtureRequest) -> Iterator[tuple[Target, int]]:
    """The media server in a process of its own, and the port that it posts webhooks to."""
    port = free_port()
    url = f"http://127.0.0.1:{port}{WEBHOOK_PATH}"
    with ExitStack() as last:
        ours = request.param == "ours"
        server = our_server(url) if ours else livekit_server(os.environ["LIVEKIT_SERVER"], url)
        yield last.enter_context(server), port


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    migrate(database_url_for(tmp_path))
    return tmp_path


@pytest.fixture
async def house(apart: tuple[Target, int], stored: Path) -> AsyncIterator[House]:
    database = Database(database_url_for(stored))
    house = House(database, apart[1])
    await house.start()
    yield house
    await house.stop()
    await database.close()


Join = Callable[[Lesson, PersonId], Awaitable[tuple[rtc.Room, Moment]]]


@pytest.fixture
async def join(apart: tuple[Target, int]) -> AsyncIterator[Join]:
    rooms: list[rtc.Room] = []

    async def enter(lesson: Lesson, person: PersonId) -> tuple[rtc.Room, Moment]:
        after = SystemClock().now()
        room = rtc.Room()
        rooms.append(room)
        await room.connect(apart[0].url, apart[0].token(person, lesson.room))
        return room, Moment(after, SystemClock().now())

    yield enter
    for room in rooms:
        await room.disconnect()


async def another_second() -> None:
    """The clock shows another second: within one and the same there is neither presence nor absence to see."""
    last = SystemClock().now()
    await until(lambda: SystemClock().now() >= last + SECOND, "a second has passed")


async def list_in(target: Target, room: str) -> Sequence[ParticipantInfo]:
    async with target.api() as server:
        try:
            listed = await server.room.list_participants(api.ListParticipantsRequest(room=room))
        except api.TwirpError as error:
            if error.code == api.TwirpErrorCode.NOT_FOUND:
                return []
            raise
    return listed.participants


async def is_out(target: Target, room: str, person: PersonId) -> bool:
    return all(one.identity != person for one in await list_in(target, room))


async def test_a_lesson_from_proposal_to_report(house: House, join: Join, apart: tuple[Target, int]) -> None:
    lesson = await house.hold_a_lesson()
    lin, lin_came = await join(lesson, LIN_IN_ROOM)
    await join(lesson, ORTEGA_IN_ROOM)
    ana, ana_came = await join(lesson, ANA)
    ben, ben_came = await join(lesson, BEN)
    await house.until_present(lesson, LIN_IN_ROOM, ORTEGA_IN_ROOM, ANA, BEN)

    await another_second()
    # Ana leaves and comes back; Ben's card is used on a second device, which takes over.
    ana_left = await house.leaves(lesson, ana, LIN_IN_ROOM, ORTEGA_IN_ROOM, BEN)
    await another_second()
    _, ana_came_again = await join(lesson, ANA)
    await join(lesson, BEN)
    await until(lambda: not ben.isconnected(), "the first device was sent away")
    await house.until_present(lesson, LIN_IN_ROOM, ORTEGA_IN_ROOM, ANA, BEN)

    await another_second()
    lin_left = await house.leaves(lesson, lin, ORTEGA_IN_ROOM, ANA, BEN)
    ended = await house.lessons.end(lesson.id, by=ORTEGA)
    async with apart[0].api() as server:
        await server.room.delete_room(api.DeleteRoomRequest(room=lesson.room))
    await house.until_present(lesson)
    await house.until_told(lesson, LIN_IN_ROOM, ORTEGA_IN_ROOM, ANA, BEN)
    assert ended.ended_at is not None
    # A media server may answer to the deletion before it has done with everybody: its own word on each is the bound.
    closed = Moment(ended.ended_at, house.clock.now())

    lin_row, ana_row, ben_row = [await house.row(lesson, one) for one in (LIN_IN_ROOM, ANA, BEN)]
    assert lin_came.holds(lin_row.first_at)
    assert lin_left.holds(lin_row.last_at)
    [first, second] = ana_row.recorded
    assert ana_came.holds(first.start)
    assert ana_left.holds(first.end)
    assert ana_came_again.holds(second.start)
    assert closed.holds(second.end)
    [whole] = ben_row.recorded
    assert ben_came.holds(whole.start)
    assert closed.holds(whole.end)
    assert not (await house.row(lesson, MING)).was_there
    await until(lambda: house.seen[-1].event == "room_finished", "the room's end was told")
    assert house.seen[0].event == "room_started"
    assert len({one.id for one in house.seen}) == len(house.seen)

    for by in (LIN, ORTEGA):
        await house.attendance.sign(lesson.id, by=by)
    reported = await house.lessons.report(lesson.id, "We counted in two languages.", by=LIN)
    assert reported.state is LessonState.REPORTED
    text = (await house.attendance.csv(lesson.id, "en")).decode("utf-8-sig")
    by_name = {line["Name"]: line for line in csv.DictReader(io.StringIO(text))}
    assert int(by_name["Ana"]["Seconds"]) == ana_row.seconds
    assert by_name["小明"]["Present"] == "no"


async def test_what_happens_while_the_app_is_restarted_is_made_good(
    house: House, join: Join, apart: tuple[Target, int]
) -> None:
    lesson = await house.hold_a_lesson()
    ana, _ = await join(lesson, ANA)
    await join(lesson, BEN)
    await house.until_present(lesson, ANA, BEN)
    await another_second()
    await house.stop()
    after = house.clock.now()
    await ana.disconnect()
    await until_async(lambda: is_out(apart[0], lesson.room, ANA), "the media server has heard of it")
    ana_left = Moment(after, house.clock.now())
    _, ming_came = await join(lesson, MING)
    await house.start()
    # At once, by asking the media server …
    await house.attendance.reconcile(lambda room: list_in(apart[0], room))
    assert await house.attendance.present(lesson.id) == {BEN, MING}
    assert ming_came.holds((await house.row(lesson, MING)).first_at)
    # … and to the second, when it repeats what nobody took.
    await house.until_told(lesson, ANA)
    assert ana_left.holds((await house.row(lesson, ANA)).last_at)
    assert await house.attendance.present(lesson.id) == {BEN, MING}


async def test_a_worker_that_is_killed_interrupts_nobodys_attendance(
    house: House, join: Join, apart: tuple[Target, int]
) -> None:
    if not apart[0].is_ours:
        pytest.skip("how another server is built is not ours to break")
    lesson = await house.hold_a_lesson()
    ana, ana_came = await join(lesson, ANA)
    await join(lesson, BEN)
    await house.until_present(lesson, ANA, BEN)
    await another_second()
    first_rooms = {one.room_sid for one in await house.kept.presences(lesson.id)}
    is_back = asyncio.Event()
    ana.on("reconnected", is_back.set)
    [worker] = apart[0].media_workers()
    os.kill(worker, signal.SIGKILL)

    async def are_back() -> bool:
        open_ones = [one for one in await house.kept.presences(lesson.id) if one.is_open]
        return {one.person for one in open_ones} == {ANA, BEN} and not {one.room_sid for one in open_ones} & first_rooms

    try:
        await until_async(are_back, "both are in the new room", RECONNECT_GUARD_S)
        # The media server hears of it first.
        await until(is_back.is_set, "Ana's client has noticed as well")
        ana_left = await house.leaves(lesson, ana, BEN)
        [whole] = (await house.row(lesson, ANA)).recorded
        assert ana_came.holds(whole.start)
        assert ana_left.holds(whole.end)
    except (AssertionError, ValueError) as error:
        error.add_note(f"connections: {await house.kept.presences(lesson.id)}")
        error.add_note("the media server said:\n" + "\n".join(list(apart[0].log)[-40:]))
        raise
