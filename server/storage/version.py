"""Whether anything was committed since one looked last: one cheap question instead of reading everything again."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from itertools import count
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from server.storage.reading import data_version


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

    `reading`: an engine whose connections answer in the caller's thread and never write, or their own commits
    would go unseen.
    """

    def __init__(self, reading: AsyncEngine) -> None:
        self._reading = reading
        self._connection: AsyncConnection | None = None
        self._driver: Any = None
        # Numbers of different connections say nothing about one another.
        self._generations = count()
        self._generation = next(self._generations)

    async def now(self) -> object:
        """A failure counts as a change: who reads then meets it in the usual way."""
        try:
            if self._driver is None:
                await self._connect()
            return self._generation, data_version(self._driver)
        except (SQLAlchemyError, sqlite3.Error):
            await self.close()
            return object()

    async def _connect(self) -> None:
        connection = await self._reading.connect()
        if self._connection is not None:
            # Somebody else was faster while we waited for one.
            await connection.close()
            return
        self._connection = connection
        self._driver = (await connection.get_raw_connection()).driver_connection

    async def close(self) -> None:
        connection, self._connection, self._driver = self._connection, None, None
        self._generation = next(self._generations)
        if connection is not None:
            await connection.close()
