"""The store of a room's events: nothing lost, nothing doubled, the same on every engine, also with two writers."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from server.classroom import events as e
from server.classroom.apply import fold
from server.classroom.model import Reason, Role, State, To, What
from server.classroom.store import EventStore
from server.errors import Conflict, ErrorCode
from server.ids import LessonId
from server.pair import LocalizedText
from server.storage import Database, database_url_for, metadata
from tests.contract.storage.conftest import ENGINES
from tests.fakes.classroom import LIN, MEI, lesson_info
from tests.fakes.clock import FakeClock


@pytest.fixture(params=ENGINES)
def engine_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def lesson_id() -> LessonId:
    return LessonId(f"le_{secrets.token_hex(6)}")


@pytest.fixture
def store(database: Database) -> EventStore:
    return EventStore(database)


NOW = FakeClock().now()
ONE_OF_EACH: tuple[e.Event, ...] = (
    e.LessonChanged(lesson=lesson_info()),
    e.Came(person=LIN, name=LocalizedText("Lin", "林"), side="a", role=Role.LEAD, connection="x:1"),
    e.Came(person=MEI, name=LocalizedText("小美", "小美"), side="a", role=Role.PUPIL, connection="x:2", device="d"),
    e.SecondDevice(person=MEI, device="d2", connection="x:3"),
    e.WentAway(person=MEI, connection="x:3"),
    e.Admitted(people=(MEI,)),
    e.ChatSent(person=MEI, to=To.EVERYONE, text="'; DROP TABLE x; -- 𠮷 🌅", client_id="1"),
    e.ChatHeld(person=MEI, to=To.EVERYONE, text="0912", client_id="2", why=(Reason.PHONE, Reason.LINK)),
    e.ChatReleased(message="m8"),
    e.ChatDiscarded(message="m8"),
    e.HandRaised(person=MEI),
    e.HandLowered(person=MEI),
    e.HandsCleared(),
    e.WordPut(word=None, en="window", zh="窗", note=""),
    e.WordRemoved(word="w14"),
    e.LockSet(locked=True),
    e.PermissionSet(what=What.CAMERA, allowed=False),
    e.PersonPermissionSet(person=MEI, what=What.CHAT, allowed=None),
    e.AdultsChanged(person=LIN, sid="PA_1", is_present=True),
    e.GraceStarted(ends_at=NOW + timedelta(seconds=60, microseconds=123456)),
    e.GraceCancelled(),
    e.Reported(report="r1", person=MEI, about="m8", text="help"),
    e.ReturnedToLobby(people=(MEI,)),
    e.Refused(person=MEI),
    e.Removed(person=MEI),
)


async def test_every_kind_comes_back_as_it_was(store: EventStore, lesson_id: LessonId) -> None:
    assert {type(event) for event in ONE_OF_EACH} == set(get_args(e.Event))
    written = await store.write(lesson_id, State(), lambda _: ONE_OF_EACH, by=LIN, at=NOW)
    read = await store.read(lesson_id, 0)
    assert read == written.added
    assert [recorded.event for recorded in read] == list(ONE_OF_EACH)
    assert fold(State(), read) == written.state
    assert await store.read(lesson_id, 20) == written.added[20:]


async def test_nothing_decided_is_nothing_written(store: EventStore, lesson_id: LessonId) -> None:
    written = await store.write(lesson_id, State(), lambda _: (), by=None, at=NOW)
    assert written.added == ()
    assert await store.newest([lesson_id]) == {}


async def test_a_refused_command_writes_nothing(store: EventStore, lesson_id: LessonId) -> None:
    def refuse(_: State) -> tuple[e.Event, ...]:
        raise Conflict(ErrorCode.ROOM_LOCKED)

    with pytest.raises(Conflict):
        await store.write(lesson_id, State(), refuse, by=LIN, at=NOW)
    assert await store.read(lesson_id, 0) == ()


async def test_what_goes_along_is_written_with_it_or_not_at_all(store: EventStore, lesson_id: LessonId) -> None:
    async def fail(connection: AsyncConnection, before: State, added: Any) -> None:
        raise RuntimeError("no disk")

    with pytest.raises(RuntimeError, match="no disk"):
        await store.write(lesson_id, State(), lambda _: (e.HandsCleared(),), by=LIN, at=NOW, also=fail)
    assert await store.read(lesson_id, 0) == ()


async def test_two_writers_lose_and_double_nothing(
    store: EventStore, lesson_id: LessonId, migrated_url: str, tmp_path: Path
) -> None:
    """Each with connections and a state of its own, as two app processes; both at once and each many times at once."""
    other_database = Database(database_url_for(tmp_path, migrated_url))
    stores = (store, EventStore(other_database))
    await store.write(lesson_id, State(), lambda _: ONE_OF_EACH[:6], by=None, at=NOW)
    states = [State(), State()]

    async def send(writer: int, number: int) -> int:
        text = f"{writer}-{number}"

        def decide(state: State) -> tuple[e.Event, ...]:
            # What is decided upon is whole: everything before has its place.
            assert state.seq >= 6
            return (e.ChatSent(person=MEI, to=To.EVERYONE, text=text, client_id=text),)

        written = await stores[writer].write(lesson_id, states[writer], decide, by=MEI, at=NOW)
        if written.state.seq > states[writer].seq:
            states[writer] = written.state
        return written.added[0].seq

    given = await asyncio.gather(*(send(writer, number) for number in range(15) for writer in (0, 1)))
    await other_database.close()
    history = await store.read(lesson_id, 0)
    assert [recorded.seq for recorded in history] == list(range(1, len(history) + 1))
    assert sorted(given) == list(range(7, 37))
    sent = {recorded.seq: recorded.event for recorded in history[6:]}
    texts = {event.text for event in sent.values() if isinstance(event, e.ChatSent)}
    assert texts == {f"{writer}-{number}" for number in range(15) for writer in (0, 1)}


async def test_open_lessons_are_known_until_they_end(store: EventStore, lesson_id: LessonId) -> None:
    written = await store.write(lesson_id, State(), lambda _: ONE_OF_EACH[:1], by=None, at=NOW)
    assert lesson_id in await store.open_lessons()
    ended = e.LessonChanged(lesson=replace(lesson_info(), state="ended"))
    await store.write(lesson_id, written.state, lambda _: (ended,), by=None, at=NOW)
    assert lesson_id not in await store.open_lessons()
    assert await store.newest([lesson_id]) == {lesson_id: 2}


async def test_processes_that_fell_silent_are_forgotten(store: EventStore) -> None:
    await store.beat("old", NOW, NOW)
    await store.beat("new", NOW + timedelta(seconds=20), NOW + timedelta(seconds=5))
    assert "old" not in await store.instances()
    assert "new" in await store.instances()
    await store.forget("new")
    assert "new" not in await store.instances()


async def test_tables_and_migrations_agree(database: Database) -> None:
    def is_ours(_: Any, name: str | None, kind: str, __: bool, ___: Any) -> bool:
        return kind != "table" or (name or "").startswith("classroom")

    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"include_object": is_ours})
        return list(compare_metadata(context, metadata))

    assert "classroom_event" in metadata.tables
    async with database.read() as connection:
        assert await connection.run_sync(differences) == []
