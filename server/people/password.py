"""Passwords: argon2id (RFC 9106) in a thread, never on the event loop; as much work for a wrong name as a right one.

NIST SP 800-63B: a minimal length and nothing about which characters; NFKC, so that two keyboards type the same.
"""

from __future__ import annotations

import asyncio
import secrets
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from server.errors import ErrorCode, InvalidInput, LimitExceeded

MIN_LENGTH = 10
# Long enough for any sentence, short enough that hashing one costs no more than another.
MAX_LENGTH = 256
# OWASP's least for argon2id: 19 MiB, two passes, one lane; some 40 ms. A lesson on the same cores would feel more.
MEMORY_KIB = 19 * 1024
PASSES = 2
# At once: 2 × 19 MiB, and one core stays free. Waiting: 5 s of sign-ins; more is an attack, not a staff room.
AT_ONCE = 2
MAX_WAITING = 200


class Hasher(Protocol):
    """`argon2.PasswordHasher`, or something quick in tests."""

    def hash(self, password: str | bytes) -> str: ...

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # noqa: A002  # argon2's own name
        ...

    def check_needs_rehash(self, hash: str | bytes) -> bool:  # noqa: A002  # argon2's own name
        ...


def argon2id() -> PasswordHasher:
    return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=1)


def check_password(password: str) -> str:
    """The password as it is hashed. Raises InvalidInput(PASSWORD_INVALID)."""
    normal = unicodedata.normalize("NFKC", password[: 2 * MAX_LENGTH])
    if not MIN_LENGTH <= len(normal) <= MAX_LENGTH or not _is_encodable(normal):
        raise InvalidInput(ErrorCode.PASSWORD_INVALID, "length or characters")
    return normal


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class Passwords:
    """Hashes and compares, a few at a time."""

    def __init__(self, hasher: Hasher | None = None) -> None:
        self._hasher = argon2id() if hasher is None else hasher
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        # Compared with when there is no account: the same work, and never the same password.
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """Raises InvalidInput(PASSWORD_INVALID), LimitExceeded."""
        checked = check_password(password)
        async with self._place():
            return await asyncio.to_thread(self._hasher.hash, checked)

    async def matches(self, password: str, hashed: str | None) -> bool:
        """False for `None` (no such account, no password yet) after exactly as much work. Raises LimitExceeded."""
        try:
            checked = check_password(password)
        except InvalidInput:
            # Never anybody's: but that must not be quicker to learn.
            checked, hashed = secrets.token_hex(8), None
        async with self._place():
            return await asyncio.to_thread(self._matches, checked, hashed)

    def is_outdated(self, hashed: str) -> bool:
        """True when it was made with other parameters: make a new one while the password is at hand."""
        return self._hasher.check_needs_rehash(hashed)

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        """One of the few places at the hasher, with a bounded queue before it."""
        if self._waiting >= MAX_WAITING:
            raise LimitExceeded(ErrorCode.RATE_LIMITED, "too many sign-ins wait")
        self._waiting += 1
        try:
            await self._turn.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turn.release()

    def _matches(self, password: str, hashed: str | None) -> bool:
        if self._nobody is None:
            self._nobody = self._hasher.hash(secrets.token_hex(16))
        try:
            return self._hasher.verify(hashed or self._nobody, password) and hashed is not None
        except (VerifyMismatchError, InvalidHashError):
            return False
