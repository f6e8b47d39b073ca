"""The demo in a database: written once, found again at every start, cleared of what nobody held."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server.demo_data import write_demo_data
from server.ids import AccountId
from server.lessons import LessonState, SqlLessonRepository, build_lessons
from server.people import build_people
from server.storage import Database, database_url_for, migrate
from tests.fakes.clock import FakeClock
from tests.fakes.quick_hasher import QuickHasher

NOW = datetime(2026, 11, 22, 19, 7, tzinfo=UTC)
S = LessonState


@pytest.fixture
def url(tmp_path: Path) -> Path:
    migrate(database_url_for(tmp_path, ""))
    return tmp_path


@pytest.fixture
async def database(url: Path) -> AsyncIterator[Database]:
    database = Database(database_url_for(url, ""))
    yield database
    await database.close()


async def test_a_second_start_changes_nothing(database: Database) -> None:
    clock = FakeClock(NOW)
    await write_demo_data(database, clock)
    repository = SqlLessonRepository(database)
    first = await repository.in_states(list(S))
    assert len(first) == 8
    clock.advance(seconds=20 * 60)
    await write_demo_data(database, clock)
    assert await repository.in_states(list(S)) == first


async def test_there_is_always_one_that_begins_soon_and_the_untouched_one_goes(database: Database) -> None:
    clock = FakeClock(NOW)
    people = build_people(database, clock, is_demo=True, hasher=QuickHasher())
    lessons = build_lessons(database, people, clock).lessons
    await write_demo_data(database, clock)
    clock.advance(seconds=3 * 3600)
    await write_demo_data(database, clock)
    soon = [one for one in await lessons.of_account(AccountId("ac_demo_lin")) if one.id.startswith("le_demo_typhoon_")]
    assert len(soon) == 1
    held = soon[0]
    assert timedelta() < held.starts_at - clock.now() < timedelta(minutes=16)
    await lessons.open_lobby(held.id, by=None)
    await lessons.start(held.id, by=None)
    await lessons.end(held.id, by=None)
    clock.advance(seconds=3 * 3600)
    await write_demo_data(database, clock)
    soon = [one for one in await lessons.of_account(AccountId("ac_demo_lin")) if one.id.startswith("le_demo_typhoon_")]
    assert [one.state for one in soon] == [S.ENDED, S.CONSENT_CHECKED], "what somebody held stays"
    clock.advance(seconds=31 * 24 * 3600)
    await write_demo_data(database, clock)
    planned = await lessons.in_states([S.PROPOSED, S.CONFIRMED, S.CONSENT_CHECKED])
    assert len(planned) == 5
    assert all(one.starts_at > clock.now() for one in planned)
    assert all(one.starts_at > clock.now() - timedelta(days=30) for one in await lessons.in_states(list(S)))
    await people.close()


async def test_sign_in_needs_no_password_for_the_demo_and_only_for_it(database: Database) -> None:
    clock = FakeClock(NOW)
    await write_demo_data(database, clock)
    people = build_people(database, clock, is_demo=True, hasher=QuickHasher())
    keys = {account.id for account in await people.accounts.demo_accounts()}
    assert {"ac_demo_lin", "ac_demo_ortega", "ac_demo_chiu", "ac_demo_it"} <= keys
    real = build_people(database, clock, is_demo=False, hasher=QuickHasher())
    assert await real.accounts.demo_accounts() == ()
    assert not await real.accounts.has_administrator(), "who tried the demo first can still set up a school"
    await people.close()
    await real.close()
