"""Signing in and out: one answer and one amount of work for every way in which it can fail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from server.errors import ErrorCode, LimitExceeded, NotFound, Unauthorized
from server.guessing import Limit, give_all_back, take_all
from server.ids import AccountId
from server.people.account_repository import (
    Kept,
    accounts_of_demo_schools,
    accounts_with_role,
    find_kept,
    find_kept_by_email,
    update_account,
)
from server.people.model import Account, Role, SignedIn
from server.people.parts import Parts
from server.people.sign_in_repository import (
    delete_old_sign_ins,
    delete_sign_in,
    delete_sign_ins,
    find_sign_in,
    insert_sign_in,
    touch_sign_in,
    trim_sign_ins,
)
from server.people.text import email_key
from server.people.token import hash_of
from server.storage import KeptReads

# A school day and an evening; a week, so that nobody stays signed in on a machine of the staff room over the holidays.
IDLE = timedelta(hours=12)
ABSOLUTE = timedelta(days=7)
SIGN_IN_MAX_AGE_S = int(ABSOLUTE.total_seconds())
# How exact "idle" is; one write per request would be far more than it is worth.
TOUCH_AFTER = timedelta(minutes=10)
# More browsers than a teacher has; beyond, the oldest sign-ins end.
MAX_PER_ACCOUNT = 20
# The adults who are at it at once; a request asks who it is before anything else.
_MOST_KEPT = 1_024

log = structlog.get_logger("tongchuang.people")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sight:
    """A sign-in and whose it is, as the database has them; whether it still counts, the clock says."""

    expires_at: datetime
    seen_at: datetime
    account: Account


class SignIns:
    """Part of `AccountService`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._sights: KeptReads[str, _Sight | None] = KeptReads(parts.database, _MOST_KEPT)
        limit = parts.limits.limit
        # Wrong ones only: the slips of a whole staff room behind one address at eight o'clock; then one in two seconds.
        self._per_address = limit("sign-in-address", burst=60, per_second=0.5)
        # Who guesses from one place gets ten tries, then two a minute.
        self._per_address_and_account = limit("sign-in-address-account", burst=10, per_second=1 / 30)
        # From many places at once. Higher, because it also keeps out the right person.
        self._per_account = limit("sign-in-account", burst=100, per_second=1 / 10)

    async def sign_in(self, email: str, password: str, address: str, *, replaces: str | None = None) -> SignedIn:
        """`replaces`: the token that this browser held before, which ends.

        Raises Unauthorized(SIGN_IN_FAILED) for unknown, wrong, invited-only and disabled alike; LimitExceeded.
        """
        tries = self._tries(email_key(email), address)
        if not await take_all(tries):
            raise LimitExceeded(ErrorCode.RATE_LIMITED, "sign-in")
        async with self._parts.database.read() as connection:
            kept = await find_kept_by_email(connection, email)
        hashed = None if kept is None or kept.account.is_disabled else kept.password_hash
        if not await self._parts.passwords.matches(password, hashed) or kept is None or hashed is None:
            log.info("sign_in_failed", **{"pii.address": address})
            raise Unauthorized(ErrorCode.SIGN_IN_FAILED, "sign-in failed")
        await give_all_back(tries)
        renewed = await self._parts.passwords.hash(password) if self._parts.passwords.is_outdated(hashed) else None
        return await self._start(kept.account.id, replaces, renewed)

    async def sign_in_as(self, account_id: AccountId, *, replaces: str | None = None) -> SignedIn:
        """One of the demo's people, without a password. Raises NotFound for anybody else and outside of demo mode."""
        if all(account.id != account_id for account in await self.demo_accounts()):
            raise NotFound(ErrorCode.NOT_FOUND, "no demo account")
        return await self._start(account_id, replaces)

    async def demo_accounts(self) -> tuple[Account, ...]:
        """Whom anybody may be: nobody outside of demo mode, and nobody once a real administrator is there.

        Why the second: a house with real people in it must not stand open because a setting was forgotten.
        """
        if not self._parts.is_demo or await self.has_administrator():
            return ()
        async with self._parts.database.read() as connection:
            return tuple(one for one in await accounts_of_demo_schools(connection) if not one.is_disabled)

    async def has_administrator(self) -> bool:
        """One who can sign in."""
        async with self._parts.database.read() as connection:
            return await has_administrator(connection)

    async def find_by_token(self, token: str) -> SignedIn | None:
        """Whose cookie this is; None when it is nobody's, has expired, was idle for too long, or was disabled."""
        now = self._parts.clock.now()
        sight = await self._sights.get(hash_of(token), lambda: self._sight(token))
        if sight is None or sight.expires_at <= now or sight.seen_at <= now - IDLE:
            return None
        if now - sight.seen_at >= TOUCH_AFTER:
            async with self._parts.database.write() as writing:
                await touch_sign_in(writing, token, now)
        return SignedIn(token=token, account=sight.account)

    async def _sight(self, token: str) -> _Sight | None:
        async with self._parts.database.read() as connection:
            row = await find_sign_in(connection, token)
            kept = await find_kept(connection, row.account_id) if row is not None else None
        if row is None or kept is None or not self._may_be_signed_in(kept):
            return None
        return _Sight(expires_at=row.expires_at, seen_at=row.seen_at, account=kept.account)

    async def sign_out(self, token: str) -> None:
        """Idempotent."""
        async with self._parts.database.write() as connection:
            await delete_sign_in(connection, token)

    async def sign_out_everywhere(self, account_id: AccountId, by: AccountId | None) -> None:
        async with self._parts.database.write() as connection:
            await delete_sign_ins(connection, account_id)
            await self._parts.audit.write("account.signed_out_everywhere", account_id, by=by, connection=connection)

    def _tries(self, email: str, address: str) -> list[tuple[Limit, str]]:
        return [
            (self._per_address, address),
            (self._per_address_and_account, f"{address} {email}"),
            (self._per_account, email),
        ]

    def _may_be_signed_in(self, kept: Kept) -> bool:
        is_demo_person = kept.password_hash is None
        return not kept.account.is_disabled and (not is_demo_person or (self._parts.is_demo and kept.is_of_demo_school))

    async def _start(self, account_id: AccountId, replaces: str | None, renewed_hash: str | None = None) -> SignedIn:
        """A new token each time: what somebody planted before signing in is worth nothing (session fixation)."""
        now = self._parts.clock.now()
        async with self._parts.change(account_id) as (connection, kept):
            if not self._may_be_signed_in(kept):
                raise Unauthorized(ErrorCode.SIGN_IN_FAILED, "disabled meanwhile")
            if renewed_hash is not None:
                await update_account(connection, account_id, password_hash=renewed_hash)
            if replaces is not None:
                await delete_sign_in(connection, replaces)
            await delete_old_sign_ins(connection, now, now - IDLE)
            token = await insert_sign_in(connection, account_id, now, now + ABSOLUTE)
            await trim_sign_ins(connection, account_id, MAX_PER_ACCOUNT)
            await self._parts.audit.write(
                "account.signed_in", account_id, by=account_id, school_id=kept.account.school_id, connection=connection
            )
        return SignedIn(token=token, account=kept.account)


async def has_administrator(connection: AsyncConnection) -> bool:
    found = await accounts_with_role(connection, Role.IT_ADMINISTRATOR)
    return any(account.has_password and not account.is_disabled for account in found)
