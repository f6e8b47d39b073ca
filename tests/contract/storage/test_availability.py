"""Painted hours and who teaches which class do the same on every engine."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from server.availability import ClassTeachers, Owner, Painted, PaintedHours, PaintState
from server.errors import Conflict
from server.ids import AccountId, ClassGroupId
from server.storage import Database
from tests.contract.storage.conftest import ENGINES
from tests.fakes.clock import FakeClock

NOW = datetime(2026, 11, 29, 3, tzinfo=UTC)
MONDAY = date(2026, 11, 30)
LIN, ORTEGA = AccountId("ac_lin"), AccountId("ac_ortega")
CLASS = ClassGroupId("cg_5a")
OWN, ITS = Owner.account(LIN), Owner.class_group(CLASS)
WEEK = [MONDAY + timedelta(days=day) for day in range(7)]


@pytest.fixture(params=ENGINES)
def engine_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def hours(database: Database) -> PaintedHours:
    return PaintedHours(database, FakeClock(NOW))


def one(day: int, start: int, end: int, state: PaintState = PaintState.CANNOT) -> Painted:
    return Painted(on=MONDAY + timedelta(days=day), start_minute=start, end_minute=end, state=state)


async def test_what_is_painted_is_found_again_by_its_date_and_its_owner(hours: PaintedHours) -> None:
    empty = await hours.find(OWN, WEEK[0], WEEK[-1])
    assert (empty.version, empty.hours) == (0, ())
    mine = (one(0, 480, 540), one(0, 1_380, 1_440, PaintState.GLADLY), one(6, 0, 5, PaintState.RELUCTANTLY))
    await hours.put(OWN, reversed(mine), WEEK, version=0, by=LIN)
    await hours.put(ITS, [one(0, 480, 600)], WEEK, version=0, by=None)
    found = await hours.find(OWN, WEEK[0], WEEK[-1])
    assert (found.version, found.hours) == (1, mine)
    assert (await hours.find(OWN, WEEK[1], WEEK[5])).hours == ()
    # An account and a class group of the same id are two owners.
    assert (await hours.find(Owner.class_group(ClassGroupId(LIN)), WEEK[0], WEEK[-1])).hours == ()
    both = await hours.of_many([OWN, ITS, Owner.account(ORTEGA)], WEEK[0], WEEK[-1])
    assert both == {OWN: mine, ITS: (one(0, 480, 600),)}
    assert await hours.of_many([], WEEK[0], WEEK[-1]) == {}


async def test_only_the_dates_that_are_put_change(hours: PaintedHours) -> None:
    await hours.put(OWN, [one(0, 480, 540), one(1, 480, 540)], WEEK, version=0, by=LIN)
    await hours.put(OWN, [one(1, 600, 660)], [WEEK[1]], version=1, by=LIN)
    assert (await hours.find(OWN, WEEK[0], WEEK[-1])).hours == (one(0, 480, 540), one(1, 600, 660))
    with pytest.raises(ValueError, match="not changed"):
        await hours.put(OWN, [one(2, 0, 60)], [WEEK[1]], version=2, by=LIN)


async def test_of_two_who_paint_at_once_one_is_told_and_nothing_is_mixed(hours: PaintedHours) -> None:
    for version in (0, 1):
        rivals = [[one(0, 0, 60)], [one(0, 60, 120)], [one(0, 120, 180)]]
        results = await asyncio.gather(
            *(hours.put(OWN, rival, WEEK, version=version, by=LIN) for rival in rivals), return_exceptions=True
        )
        assert sum(result is None for result in results) == 1
        assert all(isinstance(result, Conflict) for result in results if result is not None)
        found = await hours.find(OWN, WEEK[0], WEEK[-1])
        assert (found.version, len(found.hours)) == (version + 1, 1)


@pytest.mark.parametrize(
    "values", ["60, 60, 'cannot'", "0, 1441, 'cannot'", "-5, 60, 'cannot'", "0, 60, 'on tuesdays'"]
)
async def test_the_database_itself_refuses_what_is_no_hour(database: Database, values: str) -> None:
    statement = f"INSERT INTO painted_hour VALUES ('account', 'ac_x', '2026-11-30', {values})"  # of this test
    with pytest.raises(IntegrityError):
        async with database.write() as connection:
            await connection.execute(text(statement))


async def test_nothing_that_is_stored_knows_a_weekday(database: Database) -> None:
    """An undated weekday poll cannot even be kept: every entry has its date."""
    async with database.read() as connection:
        row = (await connection.execute(text("SELECT * FROM painted_hour"))).keys()
    assert set(row) == {"owner_kind", "owner_id", "on_date", "start_minute", "end_minute", "state"}


async def test_a_teachers_classes_are_these_and_no_others(database: Database) -> None:
    teachers = ClassTeachers(database)
    other = ClassGroupId("cg_6b")
    await teachers.put(LIN, [CLASS, other, CLASS])
    await teachers.put(ORTEGA, [CLASS])
    assert await teachers.of_account(LIN) == {CLASS, other}
    assert await teachers.of_class_groups([CLASS, ClassGroupId("cg_none")]) == {CLASS: (LIN, ORTEGA)}
    await teachers.put(LIN, [other])
    assert await teachers.of_class_groups([CLASS, other]) == {CLASS: (ORTEGA,), other: (LIN,)}
    await teachers.put(LIN, [])
    assert await teachers.of_account(LIN) == frozenset()
