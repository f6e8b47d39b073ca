"""The database: engine, metadata, migrations and unit of work. Each package keeps its own tables and repository."""

from __future__ import annotations

from server.storage.database import Database, database_url_for
from server.storage.dump import current_revision, dump_tables, load_tables
from server.storage.kept_reads import KeptReads
from server.storage.kept_statement import equals, is_among
from server.storage.metadata import metadata
from server.storage.migrate import migrate
from server.storage.types import UtcDateTime

__all__ = [
    "Database",
    "KeptReads",
    "UtcDateTime",
    "current_revision",
    "database_url_for",
    "dump_tables",
    "equals",
    "is_among",
    "load_tables",
    "metadata",
    "migrate",
]
