"""What the services of this package stand on, and the one transaction that all of their changes go through."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from server.clock import Clock
from server.errors import ErrorCode, NotFound
from server.guessing import Limits
from server.ids import AccountId
from server.people.account_repository import Kept, find_kept
from server.people.audit import AuditLog
from server.people.mail import Mailer, NoMailer
from server.people.password import Passwords
from server.storage import Database
from server.tasks import TaskOwner


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """`origin`: where links in letters lead, e.g. https://class.school.example."""

    database: Database
    clock: Clock
    audit: AuditLog
    passwords: Passwords
    limits: Limits
    mailer: Mailer = field(default_factory=NoMailer)
    tasks: TaskOwner = field(default_factory=lambda: TaskOwner("people"))
    origin: str = ""
    is_demo: bool = False

    @asynccontextmanager
    async def change(self, account_id: AccountId) -> AsyncIterator[tuple[AsyncConnection, Kept]]:
        """A write transaction with the account as it is in it. Raises NotFound."""
        async with self.database.write() as connection:
            yield connection, await self.existing(connection, account_id, lock=True)

    async def existing(self, connection: AsyncConnection, account_id: AccountId, *, lock: bool = False) -> Kept:
        """Raises NotFound."""
        kept = await find_kept(connection, account_id, lock=lock)
        if kept is None:
            raise NotFound(ErrorCode.NOT_FOUND, f"account {account_id}")
        return kept
