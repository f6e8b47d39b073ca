"""The SQLite file of a data folder, looked at without loading the database layer: is it whole, and of which revision?

Why apart from `server.storage`: its packages take a second to import, and an ordinary start needs neither them nor a
migration.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from server.errors import ErrorCode, Unavailable

FILE_NAME = "tongchuang.sqlite3"
MIGRATIONS = Path(__file__).parent / "storage" / "migrations" / "versions"
# A whole check reads the file once; above this size it would delay the start for longer than a second or two.
MAX_CHECKED_BYTES = 256 * 1024 * 1024
_NUMBERED = re.compile(r"^(\d{4})_\w+\.py$")


def known_revisions() -> tuple[str, ...]:
    """Oldest first. The number in a migration's file name is its revision (a test compares with what Alembic reads)."""
    return tuple(sorted(match[1] for path in MIGRATIONS.iterdir() if (match := _NUMBERED.match(path.name))))


def path_of(data: Path, configured: str = "") -> Path | None:
    """The SQLite file of a data folder and DATABASE_URL; None when that names another kind of database."""
    if not configured:
        return data / FILE_NAME
    scheme, _, rest = configured.partition("://")
    if scheme.partition("+")[0] != "sqlite":
        return None
    # As SQLAlchemy reads it: sqlite:///relative, sqlite:////absolute.
    return Path(rest.partition("?")[0].removeprefix("/"))


def copy_database(source: Path, target: Path) -> None:
    """A consistent copy of a database that others write at the same time (SQLite's online backup), checked.

    Raises Unavailable(DATABASE_UNUSABLE).
    """
    try:
        with (
            closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as ours,
            closing(sqlite3.connect(target)) as copy,
        ):
            # In one step: writers wait for nobody in WAL, and the copy has nothing of two moments.
            ours.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.DatabaseError as error:
        raise Unavailable(ErrorCode.DATABASE_UNUSABLE, f"{source}: {error}") from error
    check_file(target)


def check_file(path: Path) -> None:
    """A damaged file is refused before anything is written to it. Raises Unavailable(DATABASE_UNUSABLE)."""
    if not path.exists() or path.stat().st_size > MAX_CHECKED_BYTES:
        return
    try:
        with closing(sqlite3.connect(path)) as connection:
            result = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        raise Unavailable(ErrorCode.DATABASE_UNUSABLE, f"{path}: {error}") from error
    if result != ("ok",):
        reason = " ".join(str(result[0]).split()) if result else "no answer"
        raise Unavailable(ErrorCode.DATABASE_UNUSABLE, f"{path} is damaged: {reason}")


def revision_of(path: Path) -> str | None:
    """None when there is no database yet, or one without a revision."""
    if not path.exists():
        return None
    try:
        with closing(sqlite3.connect(path)) as connection:
            found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError:
        return None
    return str(found[0]) if found else None


def is_newest(path: Path) -> bool:
    """Whole, and of the newest revision: nothing to migrate. Raises Unavailable when it is damaged."""
    check_file(path)
    return revision_of(path) == known_revisions()[-1]
