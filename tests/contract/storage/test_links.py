"""Set-up links, invitations and new passwords do the same on every engine."""

from __future__ import annotations

import asyncio

import pytest

from server.errors import Conflict, ErrorCode, Forbidden, InvalidInput, LimitExceeded, NotFound, Unauthorized
from server.pair import LocalizedText
from server.people import People, Role
from tests.contract.storage.conftest import ENGINES
from tests.fakes.clock import FakeClock
from tests.fakes.people import (
    PASSWORD,
    Mailbox,
    make_administrator,
    make_adult,
    make_school,
    token_in,
)

ADDRESS = "192.0.2.7"
NAME = LocalizedText("Ms. Lin", "林老師")


@pytest.fixture(params=ENGINES)
def engine_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def all_mailed(people: People) -> None:
    """Resets are worked on behind the answer."""
    async with asyncio.timeout(30):
        while len(people.tasks):  # noqa: ASYNC110  # the tasks are the condition
            await asyncio.sleep(0)


# -- the first administrator


async def test_the_first_administrator_is_the_only_first(people: People) -> None:
    admin = await make_administrator(people)
    assert admin.is_verified
    assert admin.roles == {Role.IT_ADMINISTRATOR}
    assert await people.accounts.has_administrator()
    with pytest.raises(Conflict) as caught:
        await make_administrator(people, "second@example.org")
    assert caught.value.code is ErrorCode.ALREADY_SET_UP
    assert await people.accounts.make_set_up_link() is None


async def test_a_set_up_link_works_once_and_only_while_nobody_is_there(people: People) -> None:
    first, second = await people.accounts.make_set_up_link(), await people.accounts.make_set_up_link()
    assert first is not None
    assert second is not None
    # A process that starts again prints a new one; what was printed before still works.
    assert await people.accounts.is_set_up_link(token_in(first.path))
    admin = await people.accounts.set_up(token_in(first.path), email="a@example.org", name=NAME, password=PASSWORD)
    assert admin.is_verified
    for token in (token_in(first.path), token_in(second.path), "made-up", "", "字\x00"):
        assert not await people.accounts.is_set_up_link(token)
        with pytest.raises(NotFound) as caught:
            await people.accounts.set_up(token, email="b@example.org", name=NAME, password=PASSWORD)
        assert caught.value.code is ErrorCode.LINK_INVALID


async def test_a_set_up_link_survives_a_mistake(people: People) -> None:
    link = await people.accounts.make_set_up_link()
    assert link is not None
    for email, password in (("nonsense", PASSWORD), ("a@example.org", "short")):
        with pytest.raises(InvalidInput):
            await people.accounts.set_up(token_in(link.path), email=email, name=NAME, password=password)
    assert await people.accounts.is_set_up_link(token_in(link.path))


async def test_a_prepared_administrator_chooses_the_password(people: People) -> None:
    lost = await people.accounts.prepare_first_administrator(email="a@example.org", name=NAME)
    # Lost or expired: the same again, and only the newest link works.
    link = await people.accounts.prepare_first_administrator(email="A@example.org", name=NAME)
    assert not await people.accounts.has_administrator()
    with pytest.raises(NotFound):
        await people.accounts.accept_invitation(token_in(lost.path), PASSWORD)
    account = await people.accounts.accept_invitation(token_in(link.path), PASSWORD)
    assert Role.IT_ADMINISTRATOR in account.roles
    assert await people.accounts.has_administrator()
    with pytest.raises(Conflict):
        await people.accounts.prepare_first_administrator(email="b@example.org", name=NAME)


async def test_of_many_first_administrators_at_once_one_is_made(people: People) -> None:
    results = await asyncio.gather(
        *(make_administrator(people, f"{number}@example.org") for number in range(5)), return_exceptions=True
    )
    assert sum(not isinstance(one, Exception) for one in results) == 1
    assert {one.code for one in results if isinstance(one, Conflict)} == {ErrorCode.ALREADY_SET_UP}


# -- invitations and resets


async def test_an_invitation_makes_an_account_that_waits(people: People, mailbox: Mailbox) -> None:
    admin = await make_administrator(people)
    school = await make_school(people)
    link = await people.accounts.invite(
        school_id=school.id, email="t@example.org", name=NAME, roles=frozenset({Role.TEACHER}), by=admin.id
    )
    assert link.is_mailed
    [(to, subject, letter)] = mailbox.letters
    assert to == "t@example.org"
    assert f"https://class.example{link.path}\n" in letter
    assert "Dawn School" in letter
    assert "Dawn學校" in letter
    assert subject
    token = token_in(link.path)
    waiting = await people.accounts.find_invitation(token)
    assert waiting is not None
    assert (waiting.has_password, waiting.is_verified, waiting.language) == (False, False, "zh-Hant-TW")
    # A link of one kind is none of the other.
    assert await people.accounts.find_reset(token) is None
    account = await people.accounts.accept_invitation(token, PASSWORD, name=LocalizedText("Lin", "林"), language="en")
    assert (account.name.en, account.language, account.has_password) == ("Lin", "en", True)
    assert await people.accounts.find(account.id) == account
    with pytest.raises(NotFound):
        await people.accounts.accept_invitation(token, PASSWORD)
    assert (await people.accounts.sign_in("t@example.org", PASSWORD, ADDRESS)).account == account


async def test_one_link_used_twice_at_once_is_used_once(people: People) -> None:
    admin = await make_administrator(people)
    link = await people.accounts.invite(
        school_id=None, email="l@example.org", name=NAME, roles=frozenset({Role.LIAISON_OFFICER}), by=admin.id
    )
    passwords = [f"password number {number}" for number in range(6)]
    results = await asyncio.gather(
        *(people.accounts.accept_invitation(token_in(link.path), password) for password in passwords),
        return_exceptions=True,
    )
    won = [password for password, result in zip(passwords, results, strict=True) if not isinstance(result, Exception)]
    assert len(won) == 1
    assert all(isinstance(one, NotFound) for one in results if isinstance(one, Exception))
    await people.accounts.sign_in("l@example.org", won[0], ADDRESS)


async def test_links_expire(people: People, clock: FakeClock) -> None:
    admin = await make_administrator(people)
    link = await people.accounts.invite(
        school_id=None, email="l@example.org", name=NAME, roles=frozenset({Role.LIAISON_OFFICER}), by=admin.id
    )
    assert link.account is not None
    clock.advance(seconds=(link.expires_at - clock.now()).total_seconds())
    assert await people.accounts.find_invitation(token_in(link.path)) is None
    renewed = await people.accounts.renew_invitation(link.account.id, admin.id)
    assert await people.accounts.find_invitation(token_in(renewed.path)) is not None


async def test_without_mail_the_inviter_gets_the_link(people: People, mailbox: Mailbox) -> None:
    admin = await make_administrator(people)
    roles = frozenset({Role.LIAISON_OFFICER})
    mailbox.works = False
    link = await people.accounts.invite(school_id=None, email="a@example.org", name=NAME, roles=roles, by=admin.id)
    mailbox.is_configured = False
    other = await people.accounts.invite(school_id=None, email="b@example.org", name=NAME, roles=roles, by=admin.id)
    assert not link.is_mailed
    assert not other.is_mailed
    assert await people.accounts.find_invitation(token_in(link.path)) is not None


async def test_one_address_has_one_account(people: People) -> None:
    admin = await make_administrator(people)
    roles = frozenset({Role.LIAISON_OFFICER})
    results = await asyncio.gather(
        *(
            people.accounts.invite(school_id=None, email=email, name=NAME, roles=roles, by=admin.id)
            for email in ("x@example.org", "X@Example.ORG", "x@example.org", "Admin@example.org")
        ),
        return_exceptions=True,
    )
    assert sum(not isinstance(one, Exception) for one in results) == 1
    assert {one.code for one in results if isinstance(one, Conflict)} == {ErrorCode.EMAIL_TAKEN}


async def test_a_reset_letter_goes_to_accounts_only(people: People, mailbox: Mailbox, clock: FakeClock) -> None:
    admin = await make_administrator(people)
    token = (await people.accounts.sign_in("admin@example.org", PASSWORD, ADDRESS)).token
    await people.accounts.request_reset("nobody@example.org", ADDRESS)
    await people.accounts.request_reset("Admin@example.org", ADDRESS)
    await all_mailed(people)
    [(to, _, letter)] = mailbox.letters
    assert to == "admin@example.org"
    link = letter.partition("https://class.example")[2].split()[0]
    account = await people.accounts.reset(token_in(link), "another long one")
    assert account.id == admin.id
    assert await people.accounts.find_by_token(token) is None
    with pytest.raises(Unauthorized):
        await people.accounts.sign_in("admin@example.org", PASSWORD, ADDRESS)
    await people.accounts.sign_in("admin@example.org", "another long one", ADDRESS)
    with pytest.raises(NotFound):
        await people.accounts.reset(token_in(link), "and another one")


async def test_nobody_s_mailbox_is_filled(people: People, mailbox: Mailbox) -> None:
    await make_administrator(people)
    for number in range(9):
        await people.accounts.request_reset("admin@example.org", f"192.0.2.{number}")
    await all_mailed(people)
    assert len(mailbox.letters) == 3
    for _ in range(10):
        await people.accounts.request_reset("other@example.org", "192.0.2.100")
    with pytest.raises(LimitExceeded):
        await people.accounts.request_reset("other@example.org", "192.0.2.100")


async def test_a_reset_link_by_hand(people: People, clock: FakeClock) -> None:
    admin = await make_administrator(people)
    school = await make_school(people)
    teacher = await make_adult(people, school, "t@example.org")
    link = await people.accounts.make_reset_link(teacher.id, admin.id)
    newer = await people.accounts.make_reset_link(teacher.id, admin.id)
    assert await people.accounts.find_reset(token_in(link.path)) is None
    found = await people.accounts.find_reset(token_in(newer.path))
    assert found is not None
    assert found.id == teacher.id
    clock.advance(seconds=3600)
    assert await people.accounts.find_reset(token_in(newer.path)) is None
    with pytest.raises(Forbidden):
        await people.accounts.make_reset_link(admin.id, teacher.id)


async def test_changing_the_password_needs_the_old_one(people: People) -> None:
    admin = await make_administrator(people)
    here = (await people.accounts.sign_in("admin@example.org", PASSWORD, ADDRESS)).token
    there = (await people.accounts.sign_in("admin@example.org", PASSWORD, ADDRESS)).token
    with pytest.raises(Unauthorized):
        await people.accounts.change_password(admin.id, "not the old one", "a new password", keep=here)
    with pytest.raises(InvalidInput):
        await people.accounts.change_password(admin.id, PASSWORD, "short", keep=here)
    await people.accounts.change_password(admin.id, PASSWORD, "a new password", keep=here)
    assert await people.accounts.find_by_token(here) is not None
    assert await people.accounts.find_by_token(there) is None
    await people.accounts.sign_in("admin@example.org", "a new password", ADDRESS)
