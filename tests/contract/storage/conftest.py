"""The engines that every storage contract runs against."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from server.people import People, build_people
from server.storage import Database, database_url_for, metadata, migrate
from tests.contract.storage.postgres import find_binaries, run_postgres
from tests.fakes.clock import FakeClock
from tests.fakes.people import Mailbox, QuickHasher

ENGINES = ("sqlite", "postgresql")
ROOT = Path(__file__).parents[3]

# Every module that has a table, so that a new package cannot be forgotten when tables and migrations are compared.
for _path in sorted((ROOT / "server").rglob("*.py")):
    if "= Table(" in _path.read_text("utf-8"):
        importlib.import_module(".".join(_path.relative_to(ROOT).with_suffix("").parts))


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
            # The audit log refuses to be emptied; that it does is tested.
            await connection.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER ALL"))
            await connection.execute(text(f"TRUNCATE {', '.join(sorted(metadata.tables))} CASCADE"))
            await connection.execute(text("ALTER TABLE audit_entry ENABLE TRIGGER ALL"))
    await database.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def hasher() -> QuickHasher:
    return QuickHasher()


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
async def people(database: Database, clock: FakeClock, hasher: QuickHasher, mailbox: Mailbox) -> AsyncIterator[People]:
    people = build_people(
        database, clock, mailer=mailbox, origin="https://class.example/", is_demo=False, hasher=hasher
    )
    yield people
    await people.close()
