"""What was read is kept until somebody, in whichever process, commits something; then it is read again."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

import pytest
from sqlalchemy import text

from server.storage import Database, KeptReads, database_url_for
from tests.contract.storage.conftest import ENGINES

INSERT = text("INSERT INTO webhook_seen (id, at) VALUES (:id, CURRENT_TIMESTAMP)")
# What another process of ours does, alone.
WRITER = """
import asyncio, sys
from sqlalchemy import make_url, text
from server.storage import Database

async def main():
    database = Database(make_url(sys.argv[1]))
    async with database.write() as connection:
        await connection.execute(text("INSERT INTO webhook_seen (id, at) VALUES ('elsewhere', CURRENT_TIMESTAMP)"))
    await database.close()

asyncio.run(main())
"""


@pytest.fixture(params=ENGINES)
def engine_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Counter:
    """Counts rows, and how often it was really asked."""

    def __init__(self, database: Database) -> None:
        self.reads = 0
        self._database = database
        self._kept: KeptReads[str, int] = KeptReads(database, 2)

    async def count(self, key: str = "all") -> int:
        return await self._kept.get(key, self._read)

    async def _read(self) -> int:
        self.reads += 1
        async with self._database.read() as connection:
            return int((await connection.execute(text("SELECT count(*) FROM webhook_seen"))).scalar_one())


async def _add(database: Database, name: str) -> None:
    async with database.write() as connection:
        await connection.execute(INSERT, {"id": name})


async def test_nothing_is_read_twice_while_nobody_writes(database: Database) -> None:
    counter = Counter(database)
    assert [await counter.count() for _ in range(5)] == [0] * 5
    assert counter.reads == 1


async def test_every_commit_is_seen_at_once(database: Database) -> None:
    counter = Counter(database)
    for number in range(1, 4):
        await _add(database, str(number))
        assert await counter.count() == number
        assert await counter.count() == number
    assert counter.reads == 3


async def test_what_is_not_committed_is_not_seen(database: Database) -> None:
    counter = Counter(database)
    assert await counter.count() == 0

    async def add_and_fail() -> None:
        async with database.write() as connection:
            await connection.execute(INSERT, {"id": "x"})
            assert await counter.count() == 0
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        await add_and_fail()
    assert await counter.count() == 0


async def test_another_process_is_seen_too(database: Database, migrated_url: str, tmp_path: Path) -> None:
    counter = Counter(database)
    assert await counter.count() == 0
    url = database_url_for(tmp_path, migrated_url).render_as_string(hide_password=False)
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", WRITER, url], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert await counter.count() == 1


async def test_a_write_between_the_look_and_the_read_is_not_lost(database: Database) -> None:
    """The value has it already; what matters is that it is not taken for older, or newer, than it is."""
    kept: KeptReads[str, int] = KeptReads(database, 2)
    counter = Counter(database)

    async def read() -> int:
        value = await counter.count("inner")
        await _add(database, f"late-{value}")
        return value

    assert await kept.get("x", read) == 0
    assert await kept.get("x", read) == 1


async def test_only_what_is_missing_is_asked_for(database: Database) -> None:
    kept: KeptReads[str, str] = KeptReads(database, 3)
    asked: list[list[str]] = []

    async def read(keys: Collection[str]) -> dict[str, str]:
        asked.append(list(keys))
        return {key: key.upper() for key in keys}

    assert await kept.get_many(["a", "b"], read) == {"a": "A", "b": "B"}
    assert await kept.get_many(["a", "b", "c"], read) == {"a": "A", "b": "B", "c": "C"}
    # "a" was asked for longest ago, and there is room for three
    assert await kept.get_many(["b", "c", "d"], read) == {"b": "B", "c": "C", "d": "D"}
    assert await kept.get_many(["a"], read) == {"a": "A"}
    assert asked == [["a", "b"], ["c"], ["d"], ["a"]]


async def test_a_failed_read_keeps_nothing(database: Database) -> None:
    kept: KeptReads[str, int] = KeptReads(database, 2)

    async def fail() -> int:
        raise LookupError("not now")

    async def one() -> int:
        return 1

    with pytest.raises(LookupError):
        await kept.get("x", fail)
    assert await kept.get("x", one) == 1


async def test_what_was_kept_before_a_close_is_read_again_or_still_true(database: Database) -> None:
    """Numbers of SQLite's new connection begin anew, and are never taken for those of the old one."""
    counter = Counter(database)
    for number in range(3):
        await _add(database, str(number))
        assert await counter.count() == number + 1
    await database.close()
    for number in range(3, 9):
        await _add(database, str(number))
        assert await counter.count() == number + 1
