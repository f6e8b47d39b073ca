"""A hasher that costs nothing, for tests that are not about passwords."""

from __future__ import annotations

from argon2.exceptions import VerifyMismatchError


class QuickHasher:
    """Implements `server.people.password.Hasher`; keeps the text, so it is for tests only."""

    def hash(self, password: str | bytes) -> str:
        return f"quick:{password!r}"

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # noqa: A002  # argon2's own name
        if hash != f"quick:{password!r}":
            raise VerifyMismatchError
        return True

    def check_needs_rehash(self, hash: str | bytes) -> bool:  # noqa: A002  # argon2's own name
        return False
