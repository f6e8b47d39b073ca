"""The SQLite file of a data folder, looked at without loading the database layer: is it whole, and of which revision?

Why apart from `server.storage`: its packages take a second to import, and an ordinary start needs neither them nor a
migration.
"""

from __future__ import annotations

import re
import sqlite3
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


def check_file(path: Path) -> None:
    """A damaged file is refused before anything is written to it. Raises Unavailable(DATABASE_UNUSABLE)."""
    if not path.exists() or path.stat().st_size > MAX_CHECKED_BYTES:
        return
    connection = sqlite3.connect(path)
    try:
        result = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        raise Unavailable(ErrorCode.DATABASE_UNUSABLE, f"{path}: {error}") from error
    finally:
        connection.close()
    if result != ("ok",):
        reason = " ".join(str(result[0]).split()) if result else "no answer"
        raise Unavailable(ErrorCode.DATABASE_UNUSABLE, f"{path} is damaged: {reason}")


def revision_of(path: Path) -> str | None:
    """None when there is no database yet, or one without a revision."""
    if not path.exists():
        return None
    connection = sqlite3.connect(path)
    try:
        found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError:
        return None
    finally:
        connection.close()
    return str(found[0]) if found else None


def is_newest(data: Path) -> bool:
    """Whole, and of the newest revision: nothing to migrate. Raises Unavailable when it is damaged."""
    path = data / FILE_NAME
    check_file(path)
    return revision_of(path) == known_revisions()[-1]
