"""Signing in, staying signed in and signing out do the same on every engine."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from server.errors import LimitExceeded, Unauthorized
from server.pair import LocalizedText
from server.people import People, Role
from server.people.sign_ins import ABSOLUTE, IDLE, MAX_PER_ACCOUNT
from server.storage import Database
from tests.contract.storage.conftest import ENGINES
from tests.fakes.clock import FakeClock
from tests.fakes.people import (
    PASSWORD,
    QuickHasher,
    make_administrator,
    make_adult,
    make_school,
)

ADDRESS = "192.0.2.7"
NAME = LocalizedText("Ms. Lin", "林老師")


@pytest.fixture(params=ENGINES)
def engine_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


# -- signing in


async def test_a_sign_in_is_found_by_its_token_only(people: People) -> None:
    admin = await make_administrator(people)
    signed_in = await people.accounts.sign_in(" ADMIN@example.org", PASSWORD, ADDRESS)
    assert signed_in.account == admin
    assert await people.accounts.find_by_token(signed_in.token) == signed_in
    for token in ("", signed_in.token[:-1], signed_in.token + "x", "字\x00", "\ud800"):
        assert await people.accounts.find_by_token(token) is None


async def test_tokens_are_not_in_the_database(people: People, database: Database) -> None:
    await make_administrator(people)
    token = (await people.accounts.sign_in("admin@example.org", PASSWORD, ADDRESS)).token
    async with database.read() as connection:
        rows = [tuple(row) for row in await connection.execute(text("SELECT * FROM sign_in"))]
    assert len(rows) == 1
    assert token not in repr(rows)


async def test_every_failed_sign_in_is_the_same(people: People, hasher: QuickHasher) -> None:
    """Unknown, wrong, disabled, invited only, too short, unreadable: one answer after one comparison each."""
    admin = await make_administrator(people)
    school = await make_school(people)
    await make_adult(people, school, "gone@example.org")
    gone = (await people.accounts.of_school(school.id))[0]
    await people.accounts.disable(gone.id, admin.id)
    await people.accounts.invite(
        school_id=school.id, email="invited@example.org", name=NAME, roles=frozenset({Role.TEACHER}), by=admin.id
    )
    seen = set()
    for email, password in (
        ("nobody@example.org", PASSWORD),
        ("admin@example.org", PASSWORD + "!"),
        ("gone@example.org", PASSWORD),
        ("invited@example.org", PASSWORD),
        ("admin@example.org", "short"),
        ("admin@example.org", "\ud800" * 12),
        ("\ud800\x00", PASSWORD),
        ("x" * 100_000, "y" * 100_000),
    ):
        compared = len(hasher.compared)
        with pytest.raises(Unauthorized) as caught:
            await people.accounts.sign_in(email, password, ADDRESS)
        seen.add(str(caught.value))
        assert len(hasher.compared) == compared + 1, email
    assert seen == {"sign_in_failed: sign-in failed"}


async def test_a_sign_in_replaces_the_browser_s_last_one(people: People) -> None:
    await make_administrator(people)
    before = await people.accounts.sign_in("admin@example.org", PASSWORD, ADDRESS)
    other = await people.accounts.sign_in("admin@example.org", PASSWORD, ADDRESS)
    after = await people.accounts.sign_in("admin@example.org", PASSWORD, ADDRESS, replaces=before.token)
    assert after.token != before.token
    assert await people.accounts.find_by_token(before.token) is None
    assert await people.accounts.find_by_token(other.token) is not None


async def test_idle_and_old_sign_ins_end(people: People, clock: FakeClock) -> None:
    await make_administrator(people)
    token = (await people.accounts.sign_in("admin@example.org", PASSWORD, ADDRESS)).token
    step = IDLE - timedelta(minutes=1)
    used = timedelta(0)
    while used + step < ABSOLUTE:
        clock.advance(seconds=step.total_seconds())
        used += step
        assert await people.accounts.find_by_token(token) is not None
    clock.advance(seconds=(ABSOLUTE - used).total_seconds())
    assert await people.accounts.find_by_token(token) is None

    idle = (await people.accounts.sign_in("admin@example.org", PASSWORD, ADDRESS)).token
    clock.advance(seconds=IDLE.total_seconds())
    assert await people.accounts.find_by_token(idle) is None


async def test_sign_ins_do_not_pile_up(people: People, clock: FakeClock, database: Database) -> None:
    await make_administrator(people)
    tokens = []
    for _ in range(MAX_PER_ACCOUNT + 2):
        clock.advance(seconds=60)
        tokens.append((await people.accounts.sign_in("admin@example.org", PASSWORD, ADDRESS)).token)
    found = [await people.accounts.find_by_token(token) is not None for token in tokens]
    assert found == [False, False] + [True] * MAX_PER_ACCOUNT
    clock.advance(seconds=IDLE.total_seconds())
    await people.accounts.sign_in("admin@example.org", PASSWORD, ADDRESS)
    async with database.read() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM sign_in"))).scalar_one() == 1


async def test_guessing_is_limited_per_account_and_per_address(people: People, clock: FakeClock) -> None:
    await make_administrator(people)

    async def tries(email: str, address: str) -> int:
        """How many until it is refused."""
        for number in range(200):
            try:
                await people.accounts.sign_in(email, "wrong password", address)
            except LimitExceeded:
                return number
            except Unauthorized:
                continue
        return 200

    assert await tries("admin@example.org", ADDRESS) == 10
    # Known or not: the same.
    assert await tries("nobody@example.org", "192.0.2.8") == 10
    # The right password from the same place is refused as well, or the limit would say when it was found.
    with pytest.raises(LimitExceeded):
        await people.accounts.sign_in("admin@example.org", PASSWORD, ADDRESS)
    # From elsewhere the right person still comes in.
    await people.accounts.sign_in("admin@example.org", PASSWORD, "192.0.2.9")
    assert [await tries(f"{number}@example.org", "192.0.2.10") for number in range(7)] == [10] * 6 + [0]
    clock.advance(seconds=3600)
    await people.accounts.sign_in("admin@example.org", PASSWORD, ADDRESS)


async def test_an_outdated_hash_is_renewed_at_sign_in(people: People, hasher: QuickHasher, database: Database) -> None:
    await make_administrator(people)
    hasher.version = 2
    await people.accounts.sign_in("admin@example.org", PASSWORD, ADDRESS)
    async with database.read() as connection:
        kept = (await connection.execute(text("SELECT password_hash FROM account"))).scalar_one()
    assert str(kept).startswith("quick2$")
    await people.accounts.sign_in("admin@example.org", PASSWORD, ADDRESS)


async def test_signing_out(people: People) -> None:
    admin = await make_administrator(people)
    tokens = [(await people.accounts.sign_in("admin@example.org", PASSWORD, ADDRESS)).token for _ in range(3)]
    await people.accounts.sign_out(tokens[0])
    await people.accounts.sign_out(tokens[0])
    assert [await people.accounts.find_by_token(token) is None for token in tokens] == [True, False, False]
    await people.accounts.sign_out_everywhere(admin.id, admin.id)
    assert [await people.accounts.find_by_token(token) is None for token in tokens] == [True, True, True]
