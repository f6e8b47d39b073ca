"""A PostgreSQL database is saved table by table and comes back, older revisions in their newest form."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from server.backup import Store, back_up_before_upgrade, finish_restore, make_backup, stage_restore
from server.database_file import known_revisions
from server.errors import ErrorCode, Unavailable
from server.storage import current_revision, database_url_for, migrate
from server.storage.engine import create_engine
from server.storage.migrate import load_migrations, upgrade

NOW = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)
ODD = "tab\there, line\nend, back\\slash, 示範 𠮷, \\N"


@pytest.fixture
def store(postgres_url: str, tmp_path: Path) -> Iterator[Store]:
    """A database of its own: a restore replaces all of it."""
    name = f"dump_{secrets.token_hex(4)}"
    asyncio.run(run(postgres_url, f"CREATE DATABASE {name}"))
    data = tmp_path / "data"
    data.mkdir()
    yield Store(data=data, database_url=postgres_url.rpartition("/")[0] + "/" + name)
    asyncio.run(run(postgres_url, f"DROP DATABASE {name} WITH (FORCE)"))


async def run(url: str, statement: str, *values: object) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(statement, *values)]
    finally:
        await connection.close()


def ask(store: Store, statement: str, *values: object) -> list[tuple[object, ...]]:
    return asyncio.run(run(store.database_url, statement, *values))


def make_first_database(store: Store) -> None:
    scripts = load_migrations()

    async def build() -> None:
        engine = create_engine(database_url_for(store.data, store.database_url))
        async with engine.begin() as connection:
            await connection.run_sync(upgrade, scripts, "0001")
        await engine.dispose()

    asyncio.run(build())
    ask(store, "INSERT INTO lesson VALUES ('demo', 'demo-room', 'Demo', $1, true)", ODD)


def test_an_older_database_is_saved_and_comes_back_renewed(store: Store) -> None:
    make_first_database(store)
    saved = back_up_before_upgrade(store, NOW)
    assert saved is not None
    migrate(database_url_for(store.data, store.database_url))
    # A table with a counter and rows that a restore has to throw away.
    kept = finish_restore(store, stage_restore(store, saved), NOW)
    assert kept is not None
    assert ask(store, "SELECT version_num FROM alembic_version") == [(known_revisions()[-1],)]


def test_rows_survive_letter_by_letter(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_first_database(store)
    file = tmp_path / "backup.tar"
    facts = make_backup(store, file, NOW)
    assert (facts.engine, facts.revision) == ("postgresql", "0001")
    ask(store, "DELETE FROM lesson")
    # Up to the revision of the dump only: later ones may drop the table.
    monkeypatch.setattr(
        "server.storage.dump.upgrade", lambda connection, scripts, _: upgrade(connection, scripts, "0001")
    )
    finish_restore(store, stage_restore(store, file), NOW)
    assert ask(store, "SELECT title_zh, is_always_live FROM lesson") == [(ODD, True)]


def test_a_load_that_fails_changes_nothing(store: Store, tmp_path: Path) -> None:
    make_first_database(store)
    file = tmp_path / "backup.tar"
    make_backup(store, file, NOW)
    staged = stage_restore(store, file)
    table = staged / "database" / "lesson.copy"
    table.write_bytes(table.read_bytes() + b"not\ta\trow\n")
    ask(store, "UPDATE lesson SET title_zh = 'now'")
    with pytest.raises(Unavailable) as caught:
        finish_restore(store, staged, NOW)
    assert caught.value.code is ErrorCode.DATABASE_UNUSABLE
    assert ask(store, "SELECT title_zh FROM lesson") == [("now",)]


def test_a_new_database_has_nothing_to_save(store: Store, tmp_path: Path) -> None:
    assert current_revision(database_url_for(store.data, store.database_url)) is None
    with pytest.raises(Unavailable, match="no tables"):
        make_backup(store, tmp_path / "backup.tar", NOW)
    assert back_up_before_upgrade(store, NOW) is None


def test_a_restore_into_a_new_database(store: Store, tmp_path: Path) -> None:
    make_first_database(store)
    file = tmp_path / "backup.tar"
    make_backup(store, file, NOW)
    ask(store, "DROP TABLE lesson_person, lesson, alembic_version")
    assert finish_restore(store, stage_restore(store, file), NOW) is None
    assert ask(store, "SELECT version_num FROM alembic_version") == [(known_revisions()[-1],)]
