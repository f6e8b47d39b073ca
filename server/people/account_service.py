"""Accounts of adults: who they are, what they may be, whether somebody vouched for them (C19)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from server.errors import Conflict, ErrorCode, InvalidInput, LimitExceeded, Unauthorized
from server.ids import AccountId, SchoolId
from server.pair import LocalizedText
from server.people.account_repository import (
    Kept,
    accounts_of_school,
    accounts_with_role,
    find_accounts,
    lock_administrators,
    put_roles,
    update_account,
)
from server.people.authority import check_authority, check_may_give, check_roles
from server.people.links import Links
from server.people.model import LANGUAGES, Account, Language, Role
from server.people.parts import Parts
from server.people.sign_in_repository import delete_links, delete_sign_ins
from server.people.sign_ins import SignIns
from server.people.text import clean_name, is_storable


class AccountService(SignIns, Links):
    """Everything about accounts under one name; signing in and one-time links stand in files of their own."""

    def __init__(self, parts: Parts) -> None:
        SignIns.__init__(self, parts)
        Links.__init__(self, parts)
        # Whoever found an open browser guesses the old password no faster than at the door.
        self._old_passwords = parts.limits.limit("old-password", burst=10, per_second=1 / 30)

    async def find(self, account_id: AccountId) -> Account | None:
        return (await self.find_many([account_id])).get(account_id)

    async def find_many(self, ids: Iterable[AccountId]) -> dict[AccountId, Account]:
        async with self._parts.database.read() as connection:
            return await find_accounts(connection, ids)

    async def of_school(self, school_id: SchoolId) -> tuple[Account, ...]:
        """By name; also the invited and the disabled."""
        if not is_storable(school_id):
            return ()
        async with self._parts.database.read() as connection:
            return await accounts_of_school(connection, school_id)

    async def administrators(self) -> tuple[Account, ...]:
        """Those of the whole installation: IT administrators and liaison officers."""
        async with self._parts.database.read() as connection:
            return await accounts_with_role(connection, Role.IT_ADMINISTRATOR, Role.LIAISON_OFFICER)

    async def verify(self, account_id: AccountId, by: AccountId | None) -> Account:
        """C19. Again changes nothing. Raises Forbidden(ROLE_REFUSED), also for oneself."""
        async with self._parts.change(account_id) as (connection, kept):
            await self._check(connection, kept, by)
            if kept.account.is_verified:
                return kept.account
            now = self._parts.clock.now()
            await update_account(connection, account_id, verified_at=now)
            await self._audit(connection, "account.verified", kept.account, by)
        return replace(kept.account, verified_at=now)

    async def disable(self, account_id: AccountId, by: AccountId | None) -> Account:
        """Signed out everywhere at once; links end. Raises Forbidden, Conflict(LAST_ADMINISTRATOR)."""
        async with self._parts.change(account_id) as (connection, kept):
            await self._check(connection, kept, by)
            await self._check_not_last(connection, kept, frozenset())
            now = self._parts.clock.now()
            await update_account(connection, account_id, disabled_at=now)
            await delete_sign_ins(connection, account_id)
            await delete_links(connection, account_id)
            await self._audit(connection, "account.disabled", kept.account, by)
        return replace(kept.account, disabled_at=now)

    async def enable(self, account_id: AccountId, by: AccountId | None) -> Account:
        """Raises Forbidden."""
        async with self._parts.change(account_id) as (connection, kept):
            await self._check(connection, kept, by)
            await update_account(connection, account_id, disabled_at=None)
            await self._audit(connection, "account.enabled", kept.account, by)
        return replace(kept.account, disabled_at=None)

    async def set_roles(self, account_id: AccountId, roles: frozenset[Role], by: AccountId | None) -> Account:
        """Raises Forbidden(ROLE_REFUSED), InvalidInput(ROLE_REFUSED), Conflict(LAST_ADMINISTRATOR)."""
        async with self._parts.change(account_id) as (connection, kept):
            actor = await self._check(connection, kept, by)
            check_roles(kept.account.school_id, roles)
            check_may_give(actor, kept.account.school_id, roles, to=account_id)
            await self._check_not_last(connection, kept, roles)
            await put_roles(connection, account_id, roles)
            detail = {"before": sorted(kept.account.roles), "after": sorted(roles)}
            await self._audit(connection, "account.roles_set", kept.account, by, detail)
        return replace(kept.account, roles=roles)

    async def change_own(self, account_id: AccountId, *, name: LocalizedText, language: Language) -> Account:
        name = clean_name(name)
        if language not in LANGUAGES:
            raise InvalidInput(ErrorCode.TEXT_INVALID, "language")
        async with self._parts.change(account_id) as (connection, kept):
            await update_account(connection, account_id, name_en=name.en, name_zh=name.zh, language=language)
            await self._audit(connection, "account.changed", kept.account, account_id)
        return replace(kept.account, name=name, language=language)

    async def change_password(self, account_id: AccountId, old: str, new: str, *, keep: str | None = None) -> None:
        """Signs out everywhere but the sign-in `keep`. Raises Unauthorized(SIGN_IN_FAILED), LimitExceeded."""
        if not await self._old_passwords.take(account_id):
            raise LimitExceeded(ErrorCode.RATE_LIMITED, "old password")
        async with self._parts.database.read() as connection:
            hashed = (await self._parts.existing(connection, account_id)).password_hash
        if not await self._parts.passwords.matches(old, hashed):
            raise Unauthorized(ErrorCode.SIGN_IN_FAILED, "old password")
        await self._old_passwords.give_back(account_id)
        renewed = await self._parts.passwords.hash(new)
        async with self._parts.change(account_id) as (writing, kept):
            if kept.password_hash != hashed:
                raise Unauthorized(ErrorCode.SIGN_IN_FAILED, "changed meanwhile")
            await update_account(writing, account_id, password_hash=renewed)
            await delete_sign_ins(writing, account_id, keep=keep)
            await delete_links(writing, account_id)
            await self._audit(writing, "account.password_changed", kept.account, account_id)

    async def _check(self, connection: AsyncConnection, kept: Kept, by: AccountId | None) -> Account | None:
        actor = None if by is None else (await self._parts.existing(connection, by)).account
        check_authority(actor, kept.account)
        return actor

    async def _check_not_last(self, connection: AsyncConnection, kept: Kept, roles: frozenset[Role]) -> None:
        """Somebody must stay who can let others in."""
        if Role.IT_ADMINISTRATOR not in kept.account.roles or Role.IT_ADMINISTRATOR in roles:
            return
        await lock_administrators(connection)
        others = await accounts_with_role(connection, Role.IT_ADMINISTRATOR)
        can_act = [one for one in others if one.has_password and not one.is_disabled and one.id != kept.account.id]
        if not can_act:
            raise Conflict(ErrorCode.LAST_ADMINISTRATOR, "nobody else")
