"""The database: engine, metadata, migrations and unit of work. Each package keeps its own tables and repository."""

from __future__ import annotations

from server.storage.database import Database, database_url_for
from server.storage.metadata import metadata
from server.storage.migrate import migrate
from server.storage.types import UtcDateTime

__all__ = ["Database", "UtcDateTime", "database_url_for", "metadata", "migrate"]
