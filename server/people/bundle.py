"""The services put together."""

from __future__ import annotations

from dataclasses import dataclass

from server.clock import Clock
from server.guessing import Limits, OwnLimits
from server.people.account_service import AccountService
from server.people.audit import AuditLog
from server.people.class_group_service import ClassGroupService
from server.people.mail import Mailer, NoMailer
from server.people.parts import Parts
from server.people.password import Hasher, Passwords
from server.people.roster_service import RosterService
from server.people.school_service import SchoolService
from server.storage import Database
from server.tasks import TaskOwner


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    accounts: AccountService
    schools: SchoolService
    class_groups: ClassGroupService
    rosters: RosterService
    audit: AuditLog
    mailer: Mailer
    tasks: TaskOwner

    async def close(self) -> None:
        """Letters that wait are not sent. Idempotent; before the database."""
        await self.tasks.close()
        await self.mailer.close()


def build_people(
    database: Database,
    clock: Clock,
    *,
    mailer: Mailer | None = None,
    origin: str = "",
    is_demo: bool = False,
    hasher: Hasher | None = None,
    limits: Limits | None = None,
) -> People:
    """`origin`: where links in letters lead. `hasher`: argon2id unless a test hands in something quick. `limits`: of
    guessing; this process's own unless they are shared."""
    parts = Parts(
        database=database,
        clock=clock,
        audit=AuditLog(database, clock),
        passwords=Passwords(hasher),
        limits=limits or OwnLimits(clock),
        mailer=NoMailer() if mailer is None else mailer,
        origin=origin.rstrip("/"),
        is_demo=is_demo,
    )
    return People(
        accounts=AccountService(parts),
        schools=SchoolService(parts),
        class_groups=ClassGroupService(parts),
        rosters=RosterService(parts),
        audit=parts.audit,
        mailer=parts.mailer,
        tasks=parts.tasks,
    )
