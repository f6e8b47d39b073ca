"""Whether anything was committed since one looked last: one cheap question instead of reading everything again."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod

from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import AsyncEngine

from server.storage.reading import data_version, open_to_look


class Versions(ABC):
    """Two equal answers: no transaction of any process became visible in between."""

    @abstractmethod
    async def now(self) -> object: ...

    @abstractmethod
    async def close(self) -> None:
        """Idempotent."""


class SnapshotVersions(Versions):
    """PostgreSQL: a snapshot names the transactions that it does not see, so equal snapshots see the same rows
    (documentation of PostgreSQL, "System Information Functions", pg_current_snapshot)."""

    def __init__(self, reading: AsyncEngine) -> None:
        self._reading = reading
        self._statement = text("SELECT CAST(pg_current_snapshot() AS text)")

    async def now(self) -> object:
        async with self._reading.connect() as connection:
            return (await connection.execute(self._statement)).scalar_one()

    async def close(self) -> None:
        return


class FileVersions(Versions):
    """SQLite: `PRAGMA data_version` of one connection changes when another one, of any process, has committed.

    The connection is its own, and nothing else is done with it: its own commits would go unseen.
    """

    def __init__(self, url: URL) -> None:
        self._url = url
        self._connection: sqlite3.Connection | None = None
        # Numbers of different connections say nothing about one another.
        self._generation = 0

    async def now(self) -> object:
        """A failure counts as a change: who reads then meets it in the usual way."""
        try:
            if self._connection is None:
                self._connection = open_to_look(self._url)
                self._generation += 1
            return self._generation, data_version(self._connection)
        except sqlite3.Error:
            await self.close()
            return object()

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
