"""Brings a database to the newest form at start, and says in one sentence when it cannot be used.

Synchronous on purpose: it runs before the event loop does (or in a thread), because Alembic reads files. Alembic is
imported by who needs it: an app process, which migrates nothing, starts a fifth of a second earlier without it.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine
from sqlalchemy import create_engine as create_sync_engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from server.database_file import check_file
from server.errors import ErrorCode, Unavailable
from server.storage.engine import WRITES, create_engine, prepare_sqlite
from server.storage.metadata import metadata

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

MIGRATIONS = Path(__file__).parent / "migrations"


def load_migrations() -> ScriptDirectory:
    """All migration files, read now, so that nothing reads a file while a connection is open."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    scripts.get_heads()
    return scripts


def migrate(url: URL) -> None:
    """Upgrade to the newest revision; one transaction. Raises Unavailable(DATABASE_UNUSABLE)."""
    from alembic.util import CommandError

    scripts = load_migrations()
    try:
        if url.get_backend_name() == "sqlite":
            _migrate_sqlite(url, scripts)
        else:
            asyncio.run(_migrate_async(url, scripts))
    except CommandError as error:
        detail = f"{_place(url)} was written by a newer version of Tongchuang"
        raise Unavailable(ErrorCode.DATABASE_UNUSABLE, detail) from error
    except DBAPIError as error:
        raise Unavailable(ErrorCode.DATABASE_UNUSABLE, f"{_place(url)}: {error.orig}") from error
    except (SQLAlchemyError, OSError) as error:
        raise Unavailable(ErrorCode.DATABASE_UNUSABLE, f"{_place(url)}: {error}") from error


def _place(url: URL) -> str:
    """What a person calls this database; never its password."""
    return str(url.database) if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)


def _migrate_sqlite(url: URL, scripts: ScriptDirectory) -> None:
    check_file(Path(str(url.database)))
    engine = create_sync_engine(url.set(drivername="sqlite"), poolclass=NullPool)
    prepare_sqlite(engine)
    try:
        _upgrade_engine(engine, scripts)
    finally:
        engine.dispose()


def _upgrade_engine(engine: Engine, scripts: ScriptDirectory) -> None:
    with engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
        upgrade(connection, scripts)


async def _migrate_async(url: URL, scripts: ScriptDirectory) -> None:
    engine = create_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(upgrade, scripts)
    finally:
        await engine.dispose()


def upgrade(connection: Connection, scripts: ScriptDirectory, target: str = "head") -> None:
    """What `alembic upgrade TARGET` does, without its env.py: the connection is ours."""

    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext

    def steps(revision: Any, _: MigrationContext) -> Any:
        return scripts._upgrade_revs(target, revision)

    with EnvironmentContext(Config(), scripts, fn=steps) as environment:
        # render_as_batch: SQLite alters a table by making a new one.
        environment.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
        environment.run_migrations()
