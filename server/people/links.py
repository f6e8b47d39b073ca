"""One-time links: the first administrator's set-up, invitations, new passwords. Who holds one may use it once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.errors import Conflict, ErrorCode, LimitExceeded, NotFound
from server.ids import AccountId, SchoolId, new_account_id
from server.pair import LocalizedText
from server.people.account_repository import (
    accounts_of_demo_schools,
    find_kept,
    find_kept_by_email,
    insert_account,
    lock_administrators,
    put_roles,
    update_account,
)
from server.people.authority import check_authority, check_may_give, check_roles
from server.people.letters import Letter, invitation_letter, reset_letter
from server.people.model import Account, Language, OneTimeLink, Role, School
from server.people.parts import Parts
from server.people.school_repository import find_schools
from server.people.sign_in_repository import (
    LinkKind,
    delete_links,
    delete_sign_ins,
    find_link,
    insert_link,
    take_link,
)
from server.people.sign_ins import has_administrator
from server.people.text import clean_email, clean_name, email_key

SET_UP_FOR = timedelta(hours=24)
# Over a holiday.
INVITED_FOR = timedelta(days=14)
RESET_FOR = timedelta(hours=1)
# Requests for new passwords that are being worked on; each is two statements and a letter.
MAX_RESETS_AT_ONCE = 50
HERE = LocalizedText("Tongchuang", "同窗")


class Links:
    """Part of `AccountService`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._resets_per_address = parts.limits.limit("reset-address", burst=10, per_second=1 / 60)
        # Three letters, then one in ten minutes: nobody's mailbox is filled by us.
        self._resets_per_account = parts.limits.limit("reset-account", burst=3, per_second=1 / 600)

    # -- the first administrator

    async def make_set_up_link(self) -> OneTimeLink | None:
        """For who starts the server; None when there is an administrator."""
        now = self._parts.clock.now()
        async with self._parts.database.write() as connection:
            if await has_administrator(connection):
                return None
            return await self._link(connection, LinkKind.SET_UP, None, now, SET_UP_FOR)

    async def is_set_up_link(self, token: str) -> bool:
        async with self._parts.database.read() as connection:
            found = await find_link(connection, LinkKind.SET_UP, token, self._parts.clock.now())
            return found is not None and not await has_administrator(connection)

    async def set_up(
        self, token: str, *, email: str, name: LocalizedText, password: str, language: Language = "en"
    ) -> Account:
        """Raises NotFound(LINK_INVALID), Conflict(ALREADY_SET_UP), InvalidInput."""
        if not await self.is_set_up_link(token):
            raise NotFound(ErrorCode.LINK_INVALID, "set-up link")
        hashed = await self._parts.passwords.hash(password)
        async with self._parts.database.write() as connection:
            if await take_link(connection, LinkKind.SET_UP, token, self._parts.clock.now()) is None:
                raise NotFound(ErrorCode.LINK_INVALID, "set-up link")
            return await self._make_first(connection, email, name, language, hashed)

    async def create_first_administrator(
        self, *, email: str, name: LocalizedText, password: str, language: Language = "en"
    ) -> Account:
        """Verified from the start. Raises Conflict(ALREADY_SET_UP), InvalidInput."""
        hashed = await self._parts.passwords.hash(password)
        async with self._parts.database.write() as connection:
            return await self._make_first(connection, email, name, language, hashed)

    async def prepare_first_administrator(
        self, *, email: str, name: LocalizedText, language: Language = "en"
    ) -> OneTimeLink:
        """As above, but the password is chosen by whoever opens the link. Again for the same address: a new link."""
        now = self._parts.clock.now()
        async with self._parts.database.write() as connection:
            account = await self._make_first(connection, email, name, language, None)
            return await self._link(connection, LinkKind.INVITATION, account, now, SET_UP_FOR)

    async def _make_first(
        self, connection: AsyncConnection, email: str, name: LocalizedText, language: Language, hashed: str | None
    ) -> Account:
        await lock_administrators(connection)
        if await has_administrator(connection):
            raise Conflict(ErrorCode.ALREADY_SET_UP, "there is an administrator")
        now = self._parts.clock.now()
        email, name = clean_email(email), clean_name(name)
        kept = await find_kept_by_email(connection, email)
        if kept is not None and kept.password_hash is not None:
            raise Conflict(ErrorCode.EMAIL_TAKEN, "an account that can sign in already")
        # Whoever clicked around in the demo before is signed out now.
        for account in await accounts_of_demo_schools(connection):
            await delete_sign_ins(connection, account.id)
        account = Account(
            id=new_account_id() if kept is None else kept.account.id,
            school_id=None if kept is None else kept.account.school_id,
            email=email,
            name=name,
            language=language,
            roles=frozenset({Role.IT_ADMINISTRATOR}) | (frozenset() if kept is None else kept.account.roles),
            has_password=hashed is not None,
            verified_at=now,
        )
        if kept is None:
            await insert_account(connection, account, now, hashed)
        else:
            await update_account(
                connection,
                account.id,
                name_en=name.en,
                name_zh=name.zh,
                language=language,
                verified_at=now,
                disabled_at=None,
                password_hash=hashed,
            )
            await put_roles(connection, account.id, account.roles)
        await self._parts.audit.write("account.first_administrator", account.id, by=None, connection=connection)
        return account

    # -- invitations

    async def invite(
        self,
        *,
        school_id: SchoolId | None,
        email: str,
        name: LocalizedText,
        roles: frozenset[Role],
        by: AccountId | None,
        language: Language | None = None,
        is_verified: bool = False,
    ) -> OneTimeLink:
        """An account that waits for its password. `is_verified`: the inviter vouches for this adult at once (C19).

        Raises Forbidden(ROLE_REFUSED), Conflict(EMAIL_TAKEN), NotFound (no such school), InvalidInput.
        """
        now = self._parts.clock.now()
        email, name = clean_email(email), clean_name(name)
        check_roles(school_id, roles)
        try:
            async with self._parts.database.write() as connection:
                actor = None if by is None else (await self._parts.existing(connection, by)).account
                check_may_give(actor, school_id, roles)
                school = await self._school(connection, school_id)
                if await find_kept_by_email(connection, email) is not None:
                    raise Conflict(ErrorCode.EMAIL_TAKEN, "there is one")
                account = Account(
                    id=new_account_id(),
                    school_id=school_id,
                    email=email,
                    name=name,
                    language=language or (school.language if school else "en"),
                    roles=roles,
                    has_password=False,
                    verified_at=now if is_verified else None,
                )
                await insert_account(connection, account, now)
                link = await self._link(connection, LinkKind.INVITATION, account, now, INVITED_FOR)
                detail = {"roles": sorted(roles), "is_verified": is_verified}
                await self._audit(connection, "account.invited", account, by, detail)
        except IntegrityError as error:
            # Two invitations of one address at the same time.
            raise Conflict(ErrorCode.EMAIL_TAKEN, "there is one") from error
        return await self._mail_invitation(link, school)

    async def renew_invitation(self, account_id: AccountId, by: AccountId | None) -> OneTimeLink:
        """For one that expired or was lost; the earlier link ends. Raises Forbidden, NotFound."""
        now = self._parts.clock.now()
        async with self._parts.change(account_id) as (connection, kept):
            actor = None if by is None else (await self._parts.existing(connection, by)).account
            check_authority(actor, kept.account)
            if kept.password_hash is not None or kept.account.is_disabled:
                raise NotFound(ErrorCode.NOT_FOUND, "nobody waits for an invitation")
            school = await self._school(connection, kept.account.school_id)
            link = await self._link(connection, LinkKind.INVITATION, kept.account, now, INVITED_FOR)
            await self._audit(connection, "account.invited", kept.account, by, {"again": True})
        return await self._mail_invitation(link, school)

    async def find_invitation(self, token: str) -> Account | None:
        return await self._account_of(LinkKind.INVITATION, token)

    async def accept_invitation(
        self, token: str, password: str, *, name: LocalizedText | None = None, language: Language | None = None
    ) -> Account:
        """Raises NotFound(LINK_INVALID), InvalidInput."""
        values: dict[str, object] = {} if language is None else {"language": language}
        if name is not None:
            name = clean_name(name)
            values |= {"name_en": name.en, "name_zh": name.zh}
        account = await self._use(LinkKind.INVITATION, token, password, "account.accepted", values)
        return replace(account, name=name or account.name, language=language or account.language)

    # -- new passwords

    async def request_reset(self, email: str, address: str) -> None:
        """Neither the answer nor its time tells whether there is such an account. Raises LimitExceeded."""
        if not await self._resets_per_address.take(address):
            raise LimitExceeded(ErrorCode.RATE_LIMITED, "reset")
        if not self._parts.mailer.is_configured or len(self._parts.tasks) >= MAX_RESETS_AT_ONCE:
            return
        if await self._resets_per_account.take(email_key(email)):
            self._parts.tasks.start(self._mail_reset(email), name="reset")

    async def make_reset_link(self, account_id: AccountId, by: AccountId | None) -> OneTimeLink:
        """Shown to an administrator or coordinator, who hands it over. Raises Forbidden(ROLE_REFUSED), NotFound."""
        now = self._parts.clock.now()
        async with self._parts.change(account_id) as (connection, kept):
            actor = None if by is None else (await self._parts.existing(connection, by)).account
            check_authority(actor, kept.account)
            if kept.password_hash is None or kept.account.is_disabled:
                raise NotFound(ErrorCode.NOT_FOUND, "there is no password to reset")
            await self._audit(connection, "account.reset_link_made", kept.account, by)
            return await self._link(connection, LinkKind.RESET, kept.account, now, RESET_FOR)

    async def find_reset(self, token: str) -> Account | None:
        return await self._account_of(LinkKind.RESET, token)

    async def reset(self, token: str, password: str) -> Account:
        """And signs out everywhere. Raises NotFound(LINK_INVALID), InvalidInput."""
        return await self._use(LinkKind.RESET, token, password, "account.password_reset")

    async def _mail_reset(self, email: str) -> None:
        now = self._parts.clock.now()
        async with self._parts.database.write() as connection:
            kept = await find_kept_by_email(connection, email)
            if kept is None or kept.password_hash is None or kept.account.is_disabled:
                return
            link = await self._link(connection, LinkKind.RESET, kept.account, now, RESET_FOR)
        minutes = int(RESET_FOR.total_seconds() // 60)
        await self._mail(kept.account, reset_letter(kept.account.name, self._parts.origin + link.path, minutes))

    # -- shared

    async def _link(
        self, connection: AsyncConnection, kind: LinkKind, account: Account | None, now: datetime, lasts: timedelta
    ) -> OneTimeLink:
        token = await insert_link(connection, kind, None if account is None else account.id, now, now + lasts)
        return OneTimeLink(path=f"/{kind}/{token}", expires_at=now + lasts, account=account)

    async def _account_of(self, kind: LinkKind, token: str) -> Account | None:
        async with self._parts.database.read() as connection:
            row = await find_link(connection, kind, token, self._parts.clock.now())
            kept = None if row is None else await find_kept(connection, row.account_id)
        return None if kept is None or kept.account.is_disabled else kept.account

    async def _use(
        self, kind: LinkKind, token: str, password: str, action: str, values: Mapping[str, object] | None = None
    ) -> Account:
        """Sets the password. Why hashed first: no transaction waits for it; and only for links that are real."""
        if await self._account_of(kind, token) is None:
            raise NotFound(ErrorCode.LINK_INVALID, kind)
        hashed = await self._parts.passwords.hash(password)
        async with self._parts.database.write() as connection:
            row = await take_link(connection, kind, token, self._parts.clock.now())
            kept = None if row is None else await find_kept(connection, row.account_id)
            if kept is None or kept.account.is_disabled:
                raise NotFound(ErrorCode.LINK_INVALID, kind)
            await update_account(connection, kept.account.id, password_hash=hashed, **(values or {}))
            await delete_links(connection, kept.account.id)
            await delete_sign_ins(connection, kept.account.id)
            await self._audit(connection, action, kept.account, kept.account.id)
        return replace(kept.account, has_password=True)

    async def _mail_invitation(self, link: OneTimeLink, school: School | None) -> OneTimeLink:
        if link.account is None or not self._parts.mailer.is_configured:
            return link
        place = HERE if school is None else school.name
        url = self._parts.origin + link.path
        is_mailed = await self._mail(link.account, invitation_letter(link.account.name, place, url, INVITED_FOR.days))
        return replace(link, is_mailed=is_mailed)

    async def _mail(self, account: Account, letter: Letter) -> bool:
        return await self._parts.mailer.send(account.email, letter.subject, letter.text)

    async def _school(self, connection: AsyncConnection, school_id: SchoolId | None) -> School | None:
        if school_id is None:
            return None
        found = await find_schools(connection, [school_id])
        if school_id not in found:
            raise NotFound(ErrorCode.NOT_FOUND, f"school {school_id}")
        return found[school_id]

    async def _audit(
        self,
        connection: AsyncConnection,
        action: str,
        account: Account,
        by: AccountId | None,
        detail: Mapping[str, object] | None = None,
    ) -> None:
        await self._parts.audit.write(
            action, account.id, by=by, school_id=account.school_id, detail=detail, connection=connection
        )
