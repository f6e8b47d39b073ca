"""A quick hasher that counts, a mailbox in place of a mail server, and a school with people in it."""

from __future__ import annotations

from dataclasses import dataclass, field

from argon2.exceptions import VerifyMismatchError

from server.ids import AccountId
from server.outbox import CalendarPart
from server.pair import LocalizedText, Side
from server.people import Account, People, Role, School

PASSWORD = "correct horse battery"


class QuickHasher:
    """Implements `Hasher`; a salt makes two hashes of one password differ, as they should."""

    def __init__(self) -> None:
        self.hashed = 0
        self.compared: list[str] = []
        self.version = 1

    def hash(self, password: str | bytes) -> str:
        self.hashed += 1
        return f"quick{self.version}${self.hashed}${password!r}"

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # noqa: A002  # as argon2 calls it
        self.compared.append(str(hash))
        if str(hash).split("$", 2)[2] != repr(password):
            raise VerifyMismatchError
        return True

    def check_needs_rehash(self, hash: str | bytes) -> bool:  # noqa: A002  # as argon2 calls it
        return not str(hash).startswith(f"quick{self.version}$")


@dataclass
class Mailbox:
    """Implements `Mailer`."""

    is_configured: bool = True
    works: bool = True
    sender: str = "class@school.example"
    letters: list[tuple[str, str, str]] = field(default_factory=list)

    async def send(
        self,
        to: str,
        subject: str,
        text: str,
        *,
        message_id: str | None = None,
        follows: str = "",
        calendar: CalendarPart | None = None,
    ) -> bool:
        if self.works:
            self.letters.append((to, subject, text))
        return self.works

    def post(self, to: str, subject: str, text: str) -> bool:
        self.letters.append((to, subject, text))
        return True

    async def close(self) -> None:
        return None


async def make_administrator(people: People, email: str = "admin@example.org") -> Account:
    return await people.accounts.create_first_administrator(
        email=email, name=LocalizedText("Ada Admin", "管理員"), password=PASSWORD
    )


async def make_school(people: People, side: Side = Side.TAIWAN, name: str = "Dawn", *, is_demo: bool = False) -> School:
    return await people.schools.create(
        side=side,
        name=LocalizedText(f"{name} School", f"{name}學校"),
        place=LocalizedText("Taipei", "臺北") if side is Side.TAIWAN else LocalizedText("Tucson", "土桑"),
        zone="Asia/Taipei" if side is Side.TAIWAN else "America/Phoenix",
        language="zh-Hant-TW" if side is Side.TAIWAN else "en",
        by=None,
        is_demo=is_demo,
    )


async def make_adult(
    people: People,
    school: School | None,
    email: str,
    *roles: Role,
    by: AccountId | None = None,
    is_verified: bool = True,
) -> Account:
    """Who accepted an invitation, with `PASSWORD`."""
    link = await people.accounts.invite(
        school_id=None if school is None else school.id,
        email=email,
        name=LocalizedText(email.partition("@")[0], "老師"),
        roles=frozenset(roles or {Role.TEACHER}),
        by=by,
        is_verified=is_verified,
    )
    return await people.accounts.accept_invitation(token_in(link.path), PASSWORD)


def token_in(path: str) -> str:
    return path.rsplit("/", 1)[1]
