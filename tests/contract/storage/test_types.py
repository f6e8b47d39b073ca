"""An instant comes back from every engine as the same instant, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import bindparam, select, text
from sqlalchemy.exc import StatementError

from server.people.audit import audit_table
from server.storage import Database, UtcDateTime
from tests.contract.storage.conftest import ENGINES

TAIPEI = timezone(timedelta(hours=8))


@pytest.fixture(params=ENGINES)
def engine_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def put(database: Database, at: datetime) -> None:
    async with database.write() as connection:
        values = {"at": at, "actor": "a", "action": "b", "subject": "c", "detail": "{}"}
        await connection.execute(audit_table.insert(), values)


@pytest.mark.parametrize(
    "at",
    [
        datetime(2026, 11, 1, 8, 30, 0, 123456, tzinfo=UTC),
        datetime(2026, 11, 1, 16, 30, 0, 1, tzinfo=TAIPEI),
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    ],
)
async def test_the_same_instant_in_utc(database: Database, at: datetime) -> None:
    await put(database, at)
    async with database.read() as connection:
        found = (await connection.execute(select(audit_table.c.at))).scalar_one()
        by_instant = select(audit_table.c.seq).where(
            audit_table.c.at == at.astimezone(TAIPEI if at.year == 2026 else UTC)
        )
        assert len((await connection.execute(by_instant)).all()) == 1
    assert found == at
    assert found.tzinfo is UTC


async def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="without a zone"):
        await put(database, datetime(2026, 11, 1, 8, 30))  # noqa: DTZ001  # the point of the test


async def test_none_stays_none(database: Database) -> None:
    async with database.read() as connection:
        query = text("SELECT CAST(:at AS TIMESTAMP) AS at").bindparams(bindparam("at", None, UtcDateTime()))
        assert (await connection.execute(query)).scalar_one() is None
