"""The engines that every storage contract runs against."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from server.storage import Database, database_url_for, migrate
from tests.contract.storage.postgres import find_binaries, run_postgres

ENGINES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed on this machine (Debian: postgresql)")
    with run_postgres(binaries) as url:
        yield url


@pytest.fixture
def configured_url(engine_name: str, request: pytest.FixtureRequest) -> str:
    """DATABASE_URL as an operator writes it: empty for SQLite in the data folder."""
    return "" if engine_name == "sqlite" else str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def migrated_url(configured_url: str, tmp_path: Path) -> str:
    # Synchronous, as at start: Alembic reads files, and no event loop runs yet.
    migrate(database_url_for(tmp_path, configured_url))
    return configured_url


@pytest.fixture
async def database(migrated_url: str, tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(database_url_for(tmp_path, migrated_url))
    yield database
    if migrated_url:
        async with database.write() as connection:
            await connection.execute(text("TRUNCATE lesson, webhook_seen CASCADE"))
    await database.close()
