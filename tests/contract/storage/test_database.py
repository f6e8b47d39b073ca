"""Transactions, pragmas and migrations hold on every engine; bad databases are refused in one sentence."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.errors import ErrorCode, InvalidInput, Unavailable
from server.lessons.tables import webhook_table
from server.storage import Database, database_url_for, metadata, migrate
from server.storage.migrate import load_migrations
from tests.contract.storage.conftest import ENGINES

assert webhook_table.metadata is metadata

SQLITE_ONLY = ("sqlite",)


@pytest.fixture(params=ENGINES)
def engine_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def _count(database: Database) -> int:
    async with database.read() as connection:
        return int((await connection.execute(text("SELECT count(*) FROM webhook_seen"))).scalar_one())


INSERT = text("INSERT INTO webhook_seen (id, at) VALUES (:id, CURRENT_TIMESTAMP)")


async def test_migrations_and_metadata_agree(database: Database) -> None:
    def differences(connection: Connection) -> list[Any]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with database.read() as connection:
        assert await connection.run_sync(differences) == []


async def test_a_raising_block_changes_nothing(database: Database) -> None:
    async def add_and_fail() -> None:
        async with database.write() as connection:
            await connection.execute(INSERT, {"id": "x"})
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        await add_and_fail()
    assert await _count(database) == 0


async def test_reading_refuses_to_change_anything(database: Database) -> None:
    with pytest.raises(DBAPIError):
        async with database.read() as connection:
            await connection.execute(INSERT, {"id": "x"})
    assert await _count(database) == 0


async def test_a_reader_waits_for_no_writer(database: Database, engine_name: str) -> None:
    async with database.read() as connection:
        before = (await connection.execute(text("SELECT count(*) FROM webhook_seen"))).scalar_one()
        async with database.write() as writing:
            await writing.execute(INSERT, {"id": "x"})
        again = (await connection.execute(text("SELECT count(*) FROM webhook_seen"))).scalar_one()
    # SQLite's readers see the moment of their first statement, PostgreSQL's what was committed meanwhile.
    assert (before, again) == (0, 0 if engine_name == "sqlite" else 1)
    assert await _count(database) == 1


async def test_more_readers_than_connections_wait_for_one_another(database: Database) -> None:
    async def read() -> int:
        async with database.read() as connection:
            await asyncio.sleep(0)
            return int((await connection.execute(text("SELECT 1"))).scalar_one())

    assert sum(await asyncio.gather(*(read() for _ in range(60)))) == 60


async def test_writers_wait_for_one_another(database: Database) -> None:
    async def add(number: int) -> None:
        async with database.write() as connection:
            found = (await connection.execute(text("SELECT count(*) FROM webhook_seen"))).scalar_one()
            await connection.execute(INSERT, {"id": f"{number}-{found}"})

    await asyncio.gather(*(add(number) for number in range(8)))
    assert await _count(database) == 8


@pytest.mark.parametrize("engine_name", SQLITE_ONLY)
async def test_writers_of_one_process_need_no_patience(
    migrated_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever finds the file locked gives up at once: so nobody may find it so.
    monkeypatch.setattr("server.storage.engine.BUSY_TIMEOUT_MS", 0)
    database = Database(database_url_for(tmp_path, migrated_url))

    async def add(number: int) -> None:
        async with database.write() as connection:
            await connection.execute(INSERT, {"id": str(number)})
            await asyncio.sleep(0)

    await asyncio.gather(*(add(number) for number in range(40)))
    assert await _count(database) == 40
    await database.close()


SLOW = text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) SELECT count(*) FROM n")


@pytest.mark.parametrize("times", [0, 1, 2, 3])
async def test_closing_waits_for_a_write_however_often_it_is_cancelled(
    database: Database, migrated_url: str, tmp_path: Path, times: int
) -> None:
    began = asyncio.Event()

    async def add() -> None:
        async with database.write() as connection:
            await connection.execute(INSERT, {"id": "x"})
            began.set()
            await connection.execute(SLOW)

    writing = asyncio.create_task(add())
    await began.wait()
    before = asyncio.all_tasks() - {writing}
    for _ in range(times):
        # Each reaches it at another place: in the statement, in giving it up, in giving the connection back.
        await asyncio.sleep(0)
        writing.cancel()
        await asyncio.sleep(0.01)
    await database.close()
    assert await asyncio.gather(writing, return_exceptions=True)
    assert asyncio.all_tasks() == before, "nobody waits for an answer any more"

    again = Database(database_url_for(tmp_path, migrated_url))
    assert await _count(again) == (0 if times else 1)
    async with again.write() as connection:
        await connection.execute(INSERT, {"id": "y"})
    await again.close()


async def test_answers_and_close(database: Database) -> None:
    assert await database.answers()
    await database.close()
    await database.close()


def test_migrating_twice_is_once(migrated_url: str, tmp_path: Path) -> None:
    migrate(database_url_for(tmp_path, migrated_url))


def test_there_is_one_newest_revision() -> None:
    assert len(load_migrations().get_heads()) == 1


@pytest.mark.parametrize("engine_name", SQLITE_ONLY)
async def test_sqlite_is_durable_and_its_readers_are_impatient(database: Database) -> None:
    async def pragmas(connection: AsyncConnection) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "query_only", "busy_timeout")
        return {name: (await connection.execute(text(f"PRAGMA {name}"))).scalar_one() for name in names}

    both = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    async with database.write() as connection:
        assert await pragmas(connection) == {**both, "query_only": 0, "busy_timeout": 15000}
    async with database.read() as connection:
        assert await pragmas(connection) == {**both, "query_only": 1, "busy_timeout": 1000}


@pytest.mark.parametrize("engine_name", SQLITE_ONLY)
async def test_a_database_that_went_away_does_not_answer(database: Database, tmp_path: Path) -> None:
    await database.close()
    await asyncio.to_thread(shutil.rmtree, tmp_path)
    assert not await database.answers()


def _damage_middle(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096 : 4096 + 2000] = b"\xa5" * 2000
    path.write_bytes(content)


def _replace(path: Path) -> None:
    path.write_bytes(b"this is no database, but it is long enough to look like a file with a header" * 20)


def _from_the_future(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()


@pytest.mark.parametrize("damage", [_damage_middle, _replace, _from_the_future])
def test_a_database_that_cannot_be_used_is_refused(damage: Any, tmp_path: Path) -> None:
    url = database_url_for(tmp_path)
    migrate(url)
    path = tmp_path / "tongchuang.sqlite3"
    damage(path)
    before = path.read_bytes()
    with pytest.raises(Unavailable) as caught:
        migrate(url)
    assert caught.value.code is ErrorCode.DATABASE_UNUSABLE
    assert str(path) in caught.value.detail
    assert "\n" not in caught.value.detail
    assert path.read_bytes() == before


def test_a_password_is_never_in_the_sentence(tmp_path: Path) -> None:
    url = database_url_for(tmp_path, "postgresql://tc:SECRET@127.0.0.1:1/none")
    with pytest.raises(Unavailable) as caught:
        migrate(url)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("configured", ["mysql://x/y", "nonsense", "::::"])
def test_other_databases_are_refused(configured: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput):
        database_url_for(tmp_path, configured)


def test_a_database_of_the_first_release_becomes_one_of_today(tmp_path: Path) -> None:
    """The demo lesson's tables go, whatever is in them."""
    url = database_url_for(tmp_path)
    path = tmp_path / "tongchuang.sqlite3"
    connection = sqlite3.connect(path)
    connection.executescript(
        """
        CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);
        INSERT INTO alembic_version VALUES ('0001');
        CREATE TABLE lesson (id VARCHAR(64) PRIMARY KEY, room VARCHAR(128) NOT NULL UNIQUE,
            title_en VARCHAR(200) NOT NULL, title_zh VARCHAR(200) NOT NULL, is_always_live BOOLEAN NOT NULL);
        CREATE TABLE lesson_person (lesson_id VARCHAR(64) NOT NULL REFERENCES lesson (id) ON DELETE CASCADE,
            seat VARCHAR(64) NOT NULL, position INTEGER NOT NULL, side VARCHAR(8) NOT NULL,
            name_en VARCHAR(200) NOT NULL, name_zh VARCHAR(200) NOT NULL, place_en VARCHAR(200) NOT NULL,
            place_zh VARCHAR(200) NOT NULL, zone VARCHAR(64) NOT NULL, PRIMARY KEY (lesson_id, seat));
        INSERT INTO lesson VALUES ('demo', 'lesson-demo', 'Two mornings', '兩地晨光', 1);
        INSERT INTO lesson_person VALUES
            ('demo', 'lin', 0, 'tw', 'Ms. Lin', '林老師', 'Taipei', '臺北', 'Asia/Taipei');
        """
    )
    connection.commit()
    connection.close()
    migrate(url)
    connection = sqlite3.connect(path)
    columns = {row[1] for row in connection.execute("PRAGMA table_info(lesson)")}
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert connection.execute("SELECT count(*) FROM lesson").fetchone() == (0,)
    connection.close()
    assert "is_always_live" not in columns
    assert {"state", "version", "zone"} <= columns
    assert "lesson_person" not in tables
