"""Calendars kept elsewhere do the same on every engine: previews, claims, readings, and nothing left after removal."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from scheduler import Interval
from server.availability import LeftOut, OutsideCalendar, OutsideStore, OutsideTime, Owner, Source, Taken
from server.ids import AccountId, SchoolId
from server.sealing import Seal
from server.storage import Database
from tests.contract.storage.conftest import ENGINES

NOW = datetime(2026, 11, 29, 3, tzinfo=UTC)
LIN, ORTEGA = AccountId("ac_lin"), AccountId("ac_ortega")
SEAL = Seal(bytes(32))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SECRET = Source(address="https://calendar.example/needle-secret.ics", etag='"1"', last_modified="Sun")


@pytest.fixture(params=ENGINES)
def engine_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def store(database: Database) -> OutsideStore:
    return OutsideStore(database, SEAL)


def calendar(name: str = "oc_1", owner: Owner | None = None) -> OutsideCalendar:
    return OutsideCalendar(
        id=name,
        owner=owner or Owner.account(LIN),
        name="Mine 我的",
        host="calendar.example",
        zone="Asia/Taipei",
        is_kept=False,
        added_by=LIN,
        added_at=NOW,
        read_at=NOW,
        covers_until=date(2028, 1, 1),
        failures=0,
        error="",
        left_out=(LeftOut(event=2, summary="烤肉", code="broken", why="it cannot be read"),),
    )


def time(hour: int, summary: str = "") -> OutsideTime:
    start = NOW + hour * HOUR
    on = start.date()
    return OutsideTime(start_at=start, end_at=start + HOUR, is_all_day=False, first_on=on, last_on=on, summary=summary)


def taken(*hours: int) -> Taken:
    return Taken(times=tuple(map(time, hours)), left_out=calendar().left_out)


async def busy(store: OutsideStore) -> dict[AccountId, tuple[Interval, ...]]:
    return await store.busy_of([LIN, ORTEGA], NOW, NOW + DAY)


async def test_a_preview_counts_nowhere_and_is_forgotten(store: OutsideStore) -> None:
    await store.add(calendar(), SECRET, taken(1, 2), NOW)
    assert await store.of_owner(Owner.account(LIN)) == (calendar(),)
    assert await store.times("oc_1") == (time(1), time(2))
    assert await busy(store) == {}
    assert await store.claim(NOW + DAY, 9) == []
    assert await store.count(Owner.account(LIN)) == 0
    await store.forget_previews(NOW)
    assert await store.of_owner(Owner.account(LIN)) != ()
    await store.forget_previews(NOW + HOUR)
    assert await store.of_owner(Owner.account(LIN)) == ()
    assert await store.times("oc_1") == ()


async def test_a_kept_one_is_busy_for_its_owner_alone_until_it_is_removed(store: OutsideStore) -> None:
    await store.add(calendar(), SECRET, taken(1, 30), NOW)
    stranger = Owner.account(ORTEGA)
    assert not await store.keep(stranger, "oc_1")
    assert not await store.remove(stranger, "oc_1")
    assert await store.keep(Owner.account(LIN), "oc_1")
    assert await busy(store) == {LIN: (time(1).interval,)}, "of the range alone"
    await store.add(calendar("oc_school", Owner.school(SchoolId(LIN))), SECRET, taken(3), NOW)
    await store.keep(Owner.school(SchoolId(LIN)), "oc_school")
    assert await busy(store) == {LIN: (time(1).interval,)}, "a school of that id is somebody else"
    await store.forget_previews(NOW + DAY)
    assert await store.remove(Owner.account(LIN), "oc_1")
    assert await busy(store) == {}
    assert await store.times("oc_1") == ()


async def test_what_is_due_is_claimed_by_one_and_read_again_later(store: OutsideStore) -> None:
    for name in ("oc_1", "oc_2", "oc_file"):
        await store.add(calendar(name), SECRET if name != "oc_file" else Source(address=""), taken(1), NOW)
        await store.keep(Owner.account(LIN), name)
    claims = await asyncio.gather(*(store.claim(NOW, 9) for _ in range(3)))
    claimed = [one for claim in claims for one in claim]
    assert sorted(one.id for one, _ in claimed) == ["oc_1", "oc_2"], "each once, and no file"
    assert {source for _, source in claimed} == {SECRET}
    assert "needle" not in repr(claimed)
    assert await store.claim(NOW, 9) == []
    await store.was_read("oc_1", NOW, NOW + 3 * HOUR)
    await store.failed("oc_2", "address_unreachable", NOW + HOUR)
    # A process that died while it read is replaced after its claim.
    assert [one.id for one, _ in await store.claim(NOW + HOUR, 9)] == ["oc_2"]
    fresh = replace(SECRET, etag='"2"')
    await store.was_read("oc_2", NOW + HOUR, NOW + DAY, source=fresh, taken=taken(5), covers_until=date(2028, 2, 2))
    found = {one.id: one for one in await store.of_owner(Owner.account(LIN))}
    assert (found["oc_2"].failures, found["oc_2"].error, found["oc_2"].covers_until) == (0, "", date(2028, 2, 2))
    assert await store.times("oc_2") == (time(5),)
    assert await store.times("oc_1") == (time(1),), "not changed"
    await store.failed("oc_1", "address_unreachable", NOW + HOUR)
    await store.failed("oc_1", "calendar_unreadable", NOW + HOUR)
    found = {one.id: one for one in await store.of_owner(Owner.account(LIN))}
    assert (found["oc_1"].failures, found["oc_1"].error) == (2, "calendar_unreadable")


async def test_what_was_removed_while_it_was_read_does_not_come_back(store: OutsideStore) -> None:
    await store.add(calendar(), SECRET, taken(1), NOW)
    await store.keep(Owner.account(LIN), "oc_1")
    await store.claim(NOW, 9)
    await store.remove(Owner.account(LIN), "oc_1")
    await store.was_read("oc_1", NOW, NOW + DAY, source=SECRET, taken=taken(1, 2), covers_until=date(2028, 1, 1))
    assert await store.times("oc_1") == ()
    assert await busy(store) == {}


async def addresses(database: Database) -> list[str]:
    async with database.read() as connection:
        rows = await connection.execute(sa.text("SELECT address FROM outside_calendar ORDER BY id"))
        return list(rows.scalars())


async def test_no_address_stands_in_the_database_and_a_moved_one_opens_nothing(
    store: OutsideStore, database: Database
) -> None:
    for name in ("oc_1", "oc_2"):
        await store.add(calendar(name), SECRET, taken(), NOW)
        await store.keep(Owner.account(LIN), name)
    first, second = await addresses(database)
    assert first.startswith("sealed1:")
    assert "needle" not in first
    assert first != second, "the same address is not seen to be the same"
    # Whoever may write to the database, but not read the data folder, cannot make us ask one calendar for another.
    async with database.write() as connection:
        await connection.execute(sa.text("UPDATE outside_calendar SET address = :it WHERE id = 'oc_2'"), {"it": first})
    claimed = {one.id: source.address for one, source in await store.claim(NOW, 9)}
    assert claimed == {"oc_1": SECRET.address, "oc_2": ""}


async def test_addresses_of_before_are_sealed_once(store: OutsideStore, database: Database) -> None:
    for name in ("oc_1", "oc_file"):
        await store.add(calendar(name), SECRET if name == "oc_1" else Source(address=""), taken(), NOW)
        await store.keep(Owner.account(LIN), name)
    async with database.write() as connection:
        plain = sa.text("UPDATE outside_calendar SET address = :it WHERE id = 'oc_1'")
        await connection.execute(plain, {"it": SECRET.address})
    assert [await store.seal_plain(), await store.seal_plain()] == [1, 0]
    sealed, file = await addresses(database)
    assert sealed.startswith("sealed1:")
    assert file == ""
    ((_, source),) = await store.claim(NOW, 9)
    assert source == SECRET


async def test_an_address_of_another_servers_key_is_told_apart(store: OutsideStore, database: Database) -> None:
    """A database without its data folder: nothing is asked with a broken address."""
    await store.add(calendar(), SECRET, taken(1), NOW)
    await store.keep(Owner.account(LIN), "oc_1")
    stranger = OutsideStore(database, Seal(b"\1" * 32))
    assert await stranger.seal_plain() == 0
    ((found, source),) = await stranger.claim(NOW, 9)
    assert (found.id, source.address) == ("oc_1", "")
