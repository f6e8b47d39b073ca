"""The unit of work: one transaction per use case, committed at the end of the block or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext

from sqlalchemy import URL, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.engine import WRITES, create_engine, create_reading_engine, database_url_for
from server.storage.version import FileVersions, SnapshotVersions, Versions
from server.storage.writing import ThreadedSQLite

__all__ = ["Database", "database_url_for"]


class Database:
    """One database, many short transactions. Nothing of it may be awaited while other state is half changed."""

    def __init__(self, url: URL) -> None:
        self._is_sqlite = url.get_backend_name() == "sqlite"
        self._engine = create_engine(url)
        # Why apart: it refuses to write, and reads SQLite without a thread (`server.storage.reading`).
        self._reading = create_reading_engine(url, self._engine)
        self._versions: Versions = FileVersions(url) if self._is_sqlite else SnapshotVersions(self._reading)
        # Why: SQLite has one writer at a time, and lets others knock at random until some give up. In this process
        # they stand in a row instead, without a connection meanwhile; only for other processes they knock.
        self._turn: AbstractAsyncContextManager[object] = asyncio.Lock() if self._is_sqlite else nullcontext()
        self._busy: set[asyncio.Future[None]] = set()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A consistent view; a statement that would change something fails."""
        if not self._is_sqlite:
            async with self._reading.connect() as connection:
                yield connection
            return
        # Why not the same: that closes in a task of its own, lest it be cancelled halfway. Here nothing waits.
        connection = await self._reading.connect()
        try:
            yield connection
        finally:
            await connection.close()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """All or nothing: commits when the block ends, rolls back when it raises. Never one inside of another."""
        ended = self._keep_busy(asyncio.get_running_loop().create_future())
        try:
            async with self._turn:
                connection = await self._engine.connect()
                try:
                    writing = await connection.execution_options(**{WRITES: True})
                    async with writing.begin():
                        yield writing
                finally:
                    # Why a task: to its end, also when whoever wrote is cancelled meanwhile.
                    await asyncio.shield(self._keep_busy(asyncio.create_task(connection.close())))
        finally:
            ended.set_result(None)

    def _keep_busy(self, until: asyncio.Future[None]) -> asyncio.Future[None]:
        """`close` waits for it."""
        self._busy.add(until)
        until.add_done_callback(self._busy.discard)
        return until

    async def version(self) -> object:
        """Equal to an earlier one only if nothing was committed since, by any process."""
        return await self._versions.now()

    async def answers(self) -> bool:
        """For /readyz."""
        try:
            async with self.read() as connection:
                await connection.execute(text("SELECT 1"))
        except (SQLAlchemyError, OSError):
            return False
        return True

    async def close(self) -> None:
        """After the writes that have begun, however they end. Idempotent; never inside of `write`."""
        while self._busy:
            await asyncio.wait(self._busy)
        await self._versions.close()
        await self._reading.dispose()
        await self._engine.dispose()
        if isinstance(self._engine.dialect, ThreadedSQLite):
            await self._engine.dialect.all_ended()
