"""Passwords: argon2id as RFC 9106 has it, and the same work whoever is asked about."""

from __future__ import annotations

import asyncio
import threading

import pytest

from server.errors import ErrorCode, InvalidInput, LimitExceeded
from server.people.password import AT_ONCE, MAX_LENGTH, MAX_WAITING, Passwords, check_password
from tests.fakes.people import QuickHasher


@pytest.mark.parametrize(
    "password", ["", "x" * 9, "\u3000" * 9, "x" * (MAX_LENGTH + 1), "x" * 1_000_000, "\ud800" * 12]
)
def test_what_is_no_password(password: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_password(password)
    assert caught.value.code is ErrorCode.PASSWORD_INVALID


@pytest.mark.parametrize("password", ["x" * 10, "十個字的密碼就可以了", " spaces count ", "aaaaaaaaaa"])
def test_length_is_all_that_counts(password: str) -> None:
    assert check_password(password) == password


def test_two_keyboards_type_the_same() -> None:
    assert check_password("ｐａｓｓｗｏｒｄ１２３") == check_password("password123")


async def test_the_real_hasher() -> None:
    passwords = Passwords()
    hashed = await passwords.hash("correct horse")
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert "correct" not in hashed
    assert await passwords.hash("correct horse") != hashed
    assert await passwords.matches("correct horse", hashed)
    assert not await passwords.matches("correct house", hashed)
    assert not await passwords.matches("correct horse", None)
    assert not await passwords.matches("correct horse", "no hash at all")
    assert not passwords.is_outdated(hashed)
    assert passwords.is_outdated("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$" + "A" * 43)


async def test_nobody_costs_as_much_as_somebody() -> None:
    hasher = QuickHasher()
    passwords = Passwords(hasher)
    hashed = await passwords.hash("correct horse")
    # The first ever makes what nobody is compared with.
    await passwords.matches("correct horse", hashed)
    made = hasher.hashed
    for password, against in (("correct horse", hashed), ("correct horse", None), ("short", hashed), ("\ud800", None)):
        before = len(hasher.compared)
        await passwords.matches(password, against)
        assert len(hasher.compared) == before + 1
    assert hasher.hashed == made
    # Never against a hash that a password could be found for.
    assert hashed not in hasher.compared[2:]


async def test_a_few_at_a_time_and_a_bounded_queue() -> None:
    running, most, lock, go = 0, 0, threading.Lock(), threading.Event()

    class SlowHasher(QuickHasher):
        def hash(self, password: str | bytes) -> str:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
            go.wait(30)
            with lock:
                running -= 1
            return super().hash(password)

    passwords = Passwords(SlowHasher())
    tasks = [asyncio.create_task(passwords.hash(f"password {number}")) for number in range(AT_ONCE + MAX_WAITING)]
    async with asyncio.timeout(30):
        while running < AT_ONCE:  # noqa: ASYNC110  # threads say so, not tasks
            await asyncio.sleep(0)
    with pytest.raises(LimitExceeded):
        await passwords.hash("one too many")
    tasks[-1].cancel()
    go.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert sum(isinstance(one, str) for one in results) == AT_ONCE + MAX_WAITING - 1
    assert most == AT_ONCE
    assert await passwords.hash("and on it goes")
