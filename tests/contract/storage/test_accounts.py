"""Accounts, sign-ins and one-time links do the same on every engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from server.errors import Conflict, ErrorCode, Forbidden, InvalidInput, LimitExceeded, NotFound, Unauthorized
from server.ids import AccountId, SchoolId
from server.pair import LocalizedText
from server.people import AuditFilter, People, Role, build_people
from server.people.sign_ins import ABSOLUTE, IDLE, MAX_PER_ACCOUNT
from server.storage import Database
from tests.contract.storage.conftest import ENGINES
from tests.fakes.clock import FakeClock
from tests.fakes.people import (
    PASSWORD,
    Mailbox,
    QuickHasher,
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


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def hasher() -> QuickHasher:
    return QuickHasher()


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
async def people(database: Database, clock: FakeClock, hasher: QuickHasher, mailbox: Mailbox) -> AsyncIterator[People]:
    people = build_people(
        database, clock, mailer=mailbox, origin="https://class.example/", is_demo=False, hasher=hasher
    )
    yield people
    await people.close()


async def actions(people: People) -> list[str]:
    return [entry.action for entry in (await people.audit.read(AuditFilter())).entries[::-1]]


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


# -- signing in


async def test_a_sign_in_is_found_by_its_token_only(people: People) -> None:
    admin = await make_administrator(people)
    signed_in = await people.accounts.sign_in(" ADMIN@example.org", PASSWORD, ADDRESS)
    assert signed_in.account == admin
    assert await people.accounts.find_by_token(signed_in.token) == signed_in
    for token in ("", signed_in.token[:-1], signed_in.token + "x", "字\x00", "\ud800"):
        assert await people.accounts.find_by_token(token) is None


async def test_tokens_are_not_in_the_database(people: People, database: Database) -> None:
    await make_administrator(people)
    token = (await people.accounts.sign_in("admin@example.org", PASSWORD, ADDRESS)).token
    async with database.read() as connection:
        rows = [tuple(row) for row in await connection.execute(text("SELECT * FROM sign_in"))]
    assert len(rows) == 1
    assert token not in repr(rows)


async def test_every_failed_sign_in_is_the_same(people: People, hasher: QuickHasher) -> None:
    """Unknown, wrong, disabled, invited only, too short, unreadable: one answer after one comparison each."""
    admin = await make_administrator(people)
    school = await make_school(people)
    await make_adult(people, school, "gone@example.org")
    gone = (await people.accounts.of_school(school.id))[0]
    await people.accounts.disable(gone.id, admin.id)
    await people.accounts.invite(
        school_id=school.id, email="invited@example.org", name=NAME, roles=frozenset({Role.TEACHER}), by=admin.id
    )
    seen = set()
    for email, password in (
        ("nobody@example.org", PASSWORD),
        ("admin@example.org", PASSWORD + "!"),
        ("gone@example.org", PASSWORD),
        ("invited@example.org", PASSWORD),
        ("admin@example.org", "short"),
        ("admin@example.org", "\ud800" * 12),
        ("\ud800\x00", PASSWORD),
        ("x" * 100_000, "y" * 100_000),
    ):
        compared = len(hasher.compared)
        with pytest.raises(Unauthorized) as caught:
            await people.accounts.sign_in(email, password, ADDRESS)
        seen.add(str(caught.value))
        assert len(hasher.compared) == compared + 1, email
    assert seen == {"sign_in_failed: sign-in failed"}


async def test_a_sign_in_replaces_the_browser_s_last_one(people: People) -> None:
    await make_administrator(people)
    before = await people.accounts.sign_in("admin@example.org", PASSWORD, ADDRESS)
    other = await people.accounts.sign_in("admin@example.org", PASSWORD, ADDRESS)
    after = await people.accounts.sign_in("admin@example.org", PASSWORD, ADDRESS, replaces=before.token)
    assert after.token != before.token
    assert await people.accounts.find_by_token(before.token) is None
    assert await people.accounts.find_by_token(other.token) is not None


async def test_idle_and_old_sign_ins_end(people: People, clock: FakeClock) -> None:
    await make_administrator(people)
    token = (await people.accounts.sign_in("admin@example.org", PASSWORD, ADDRESS)).token
    step = IDLE - timedelta(minutes=1)
    used = timedelta(0)
    while used + step < ABSOLUTE:
        clock.advance(seconds=step.total_seconds())
        used += step
        assert await people.accounts.find_by_token(token) is not None
    clock.advance(seconds=(ABSOLUTE - used).total_seconds())
    assert await people.accounts.find_by_token(token) is None

    idle = (await people.accounts.sign_in("admin@example.org", PASSWORD, ADDRESS)).token
    clock.advance(seconds=IDLE.total_seconds())
    assert await people.accounts.find_by_token(idle) is None


async def test_sign_ins_do_not_pile_up(people: People, clock: FakeClock, database: Database) -> None:
    await make_administrator(people)
    tokens = []
    for _ in range(MAX_PER_ACCOUNT + 2):
        clock.advance(seconds=60)
        tokens.append((await people.accounts.sign_in("admin@example.org", PASSWORD, ADDRESS)).token)
    found = [await people.accounts.find_by_token(token) is not None for token in tokens]
    assert found == [False, False] + [True] * MAX_PER_ACCOUNT
    clock.advance(seconds=IDLE.total_seconds())
    await people.accounts.sign_in("admin@example.org", PASSWORD, ADDRESS)
    async with database.read() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM sign_in"))).scalar_one() == 1


async def test_guessing_is_limited_per_account_and_per_address(people: People, clock: FakeClock) -> None:
    await make_administrator(people)

    async def tries(email: str, address: str) -> int:
        """How many until it is refused."""
        for number in range(200):
            try:
                await people.accounts.sign_in(email, "wrong password", address)
            except LimitExceeded:
                return number
            except Unauthorized:
                continue
        return 200

    assert await tries("admin@example.org", ADDRESS) == 10
    # Known or not: the same.
    assert await tries("nobody@example.org", "192.0.2.8") == 10
    # The right password from the same place is refused as well, or the limit would say when it was found.
    with pytest.raises(LimitExceeded):
        await people.accounts.sign_in("admin@example.org", PASSWORD, ADDRESS)
    # From elsewhere the right person still comes in.
    await people.accounts.sign_in("admin@example.org", PASSWORD, "192.0.2.9")
    assert [await tries(f"{number}@example.org", "192.0.2.10") for number in range(7)] == [10] * 6 + [0]
    clock.advance(seconds=3600)
    await people.accounts.sign_in("admin@example.org", PASSWORD, ADDRESS)


async def test_an_outdated_hash_is_renewed_at_sign_in(people: People, hasher: QuickHasher, database: Database) -> None:
    await make_administrator(people)
    hasher.version = 2
    await people.accounts.sign_in("admin@example.org", PASSWORD, ADDRESS)
    async with database.read() as connection:
        kept = (await connection.execute(text("SELECT password_hash FROM account"))).scalar_one()
    assert str(kept).startswith("quick2$")
    await people.accounts.sign_in("admin@example.org", PASSWORD, ADDRESS)


async def test_signing_out(people: People) -> None:
    admin = await make_administrator(people)
    tokens = [(await people.accounts.sign_in("admin@example.org", PASSWORD, ADDRESS)).token for _ in range(3)]
    await people.accounts.sign_out(tokens[0])
    await people.accounts.sign_out(tokens[0])
    assert [await people.accounts.find_by_token(token) is None for token in tokens] == [True, False, False]
    await people.accounts.sign_out_everywhere(admin.id, admin.id)
    assert [await people.accounts.find_by_token(token) is None for token in tokens] == [True, True, True]


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


# -- who may what to whom


async def test_authority(people: People) -> None:
    """C19 and its like, kept by the service whatever page asks."""
    admin = await make_administrator(people)
    here, there = await make_school(people), await make_school(people, name="Dusk")
    coordinator = await make_adult(people, here, "c@example.org", Role.COORDINATOR)
    unverified = await make_adult(people, here, "u@example.org", Role.COORDINATOR, is_verified=False)
    teacher = await make_adult(people, here, "t@example.org", is_verified=False)
    foreign = await make_adult(people, there, "f@example.org", is_verified=False)
    both = await make_adult(people, here, "b@example.org", Role.TEACHER, Role.IT_ADMINISTRATOR)

    for by, of in (
        (teacher, teacher),
        (coordinator, coordinator),
        (admin, admin),
        (unverified, teacher),
        (coordinator, foreign),
        (coordinator, both),
        (coordinator, admin),
        (teacher, foreign),
    ):
        for change in (
            people.accounts.verify(of.id, by.id),
            people.accounts.disable(of.id, by.id),
            people.accounts.enable(of.id, by.id),
            people.accounts.make_reset_link(of.id, by.id),
            people.accounts.set_roles(of.id, frozenset({Role.TEACHER}), by.id),
        ):
            with pytest.raises(Forbidden):
                await change
    assert (await people.accounts.verify(teacher.id, coordinator.id)).is_verified
    assert (await people.accounts.verify(foreign.id, admin.id)).is_verified
    with pytest.raises(Forbidden):
        await people.accounts.set_roles(teacher.id, frozenset({Role.IT_ADMINISTRATOR}), coordinator.id)
    with pytest.raises(Forbidden):
        await people.accounts.invite(
            school_id=there.id, email="n@example.org", name=NAME, roles=frozenset({Role.TEACHER}), by=coordinator.id
        )
    roles = frozenset({Role.TEACHER, Role.COORDINATOR})
    assert (await people.accounts.set_roles(teacher.id, roles, coordinator.id)).roles == roles
    with pytest.raises(NotFound):
        await people.accounts.verify(AccountId("ac_nobody"), admin.id)
    with pytest.raises(NotFound):
        await people.accounts.verify(AccountId("字\x00\ud800"), admin.id)


@pytest.mark.parametrize("roles", [{Role.STUDENT}, {Role.STUDENT, Role.TEACHER}, set()])
async def test_no_account_is_a_pupil_s(people: People, roles: set[Role]) -> None:
    """C1."""
    admin = await make_administrator(people)
    school = await make_school(people)
    with pytest.raises(InvalidInput):
        await people.accounts.invite(
            school_id=school.id, email="kid@example.org", name=NAME, roles=frozenset(roles), by=admin.id
        )
    teacher = await make_adult(people, school, "t@example.org")
    with pytest.raises(InvalidInput):
        await people.accounts.set_roles(teacher.id, frozenset(roles), admin.id)


async def test_a_school_s_role_needs_a_school(people: People) -> None:
    admin = await make_administrator(people)
    with pytest.raises(InvalidInput):
        await people.accounts.invite(
            school_id=None, email="t@example.org", name=NAME, roles=frozenset({Role.TEACHER}), by=admin.id
        )
    with pytest.raises(NotFound):
        await people.accounts.invite(
            school_id=SchoolId("sc_nowhere"),
            email="t@example.org",
            name=NAME,
            roles=frozenset({Role.TEACHER}),
            by=admin.id,
        )


async def test_the_last_administrator_stays(people: People) -> None:
    admin = await make_administrator(people)
    other = await make_adult(people, None, "o@example.org", Role.IT_ADMINISTRATOR)
    await people.accounts.disable(other.id, admin.id)
    with pytest.raises(Forbidden):
        await people.accounts.disable(admin.id, other.id)
    for change in (
        people.accounts.disable(admin.id, None),
        people.accounts.set_roles(admin.id, frozenset({Role.LIAISON_OFFICER}), None),
    ):
        with pytest.raises(Conflict) as caught:
            await change
        assert caught.value.code is ErrorCode.LAST_ADMINISTRATOR
    await people.accounts.enable(other.id, admin.id)
    await people.accounts.set_roles(admin.id, frozenset({Role.LIAISON_OFFICER}), other.id)


async def test_a_disabled_account_is_out_at_once(people: People) -> None:
    admin = await make_administrator(people)
    school = await make_school(people)
    teacher = await make_adult(people, school, "t@example.org")
    token = (await people.accounts.sign_in("t@example.org", PASSWORD, ADDRESS)).token
    link = await people.accounts.make_reset_link(teacher.id, admin.id)
    await people.accounts.disable(teacher.id, admin.id)
    assert await people.accounts.find_by_token(token) is None
    assert await people.accounts.find_reset(token_in(link.path)) is None
    with pytest.raises(NotFound):
        await people.accounts.reset(token_in(link.path), "another long one")
    await people.accounts.enable(teacher.id, admin.id)
    assert await people.accounts.find_by_token(token) is None
    await people.accounts.sign_in("t@example.org", PASSWORD, ADDRESS)


async def test_everything_is_written_down(people: People) -> None:
    admin = await make_administrator(people)
    school = await make_school(people)
    teacher = await make_adult(people, school, "t@example.org", by=admin.id, is_verified=False)
    await people.accounts.verify(teacher.id, admin.id)
    await people.accounts.verify(teacher.id, admin.id)
    await people.accounts.set_roles(teacher.id, frozenset({Role.COORDINATOR}), admin.id)
    await people.accounts.change_own(teacher.id, name=NAME, language="en")
    await people.accounts.disable(teacher.id, admin.id)
    assert await actions(people) == [
        "account.first_administrator",
        "school.created",
        "account.invited",
        "account.accepted",
        "account.verified",
        "account.roles_set",
        "account.changed",
        "account.disabled",
    ]
    entries = (await people.audit.read(AuditFilter(action_prefix="account.roles"))).entries
    assert entries[0].detail == {"before": ["teacher"], "after": ["coordinator"]}
    assert (entries[0].actor, entries[0].subject, entries[0].school_id) == (admin.id, teacher.id, school.id)


# -- the demo


async def test_demo_people_are_for_the_demo_only(database: Database, clock: FakeClock) -> None:
    demo = build_people(database, clock, is_demo=True, hasher=QuickHasher())
    school = await make_school(demo, is_demo=True)
    real = await make_school(demo, name="Real")
    roles = frozenset({Role.TEACHER})
    lin = (await demo.accounts.invite(school_id=school.id, email="l@x.org", name=NAME, roles=roles, by=None)).account
    waiting = (await demo.accounts.invite(school_id=real.id, email="w@x.org", name=NAME, roles=roles, by=None)).account
    assert lin is not None
    assert waiting is not None
    assert await demo.accounts.demo_accounts() == (lin,)
    token = (await demo.accounts.sign_in_as(lin.id)).token
    assert await demo.accounts.find_by_token(token) is not None
    for account_id in (waiting.id, AccountId("ac_nobody")):
        with pytest.raises(NotFound):
            await demo.accounts.sign_in_as(account_id)

    # Started again for real, on the same data: the demo's people are out, and its schools are not shown.
    house = build_people(database, clock, is_demo=False, hasher=QuickHasher())
    assert await house.accounts.find_by_token(token) is None
    assert await house.accounts.demo_accounts() == ()
    assert [one.name.en for one in await house.schools.list()] == ["Real School"]
    with pytest.raises(NotFound):
        await house.accounts.sign_in_as(lin.id)
    assert await house.accounts.make_set_up_link() is not None

    # A demo with a real administrator in it stands open to nobody.
    await make_administrator(demo)
    assert await demo.accounts.find_by_token(token) is None
    with pytest.raises(NotFound):
        await demo.accounts.sign_in_as(lin.id)


async def test_of_many_first_administrators_at_once_one_is_made(people: People) -> None:
    results = await asyncio.gather(
        *(make_administrator(people, f"{number}@example.org") for number in range(5)), return_exceptions=True
    )
    assert sum(not isinstance(one, Exception) for one in results) == 1
    assert {one.code for one in results if isinstance(one, Conflict)} == {ErrorCode.ALREADY_SET_UP}


async def test_two_administrators_cannot_remove_each_other_at_once(people: People) -> None:
    admin = await make_administrator(people)
    other = await make_adult(people, None, "o@example.org", Role.IT_ADMINISTRATOR)
    results = await asyncio.gather(
        people.accounts.disable(other.id, admin.id),
        people.accounts.disable(admin.id, other.id),
        return_exceptions=True,
    )
    assert sum(not isinstance(one, Exception) for one in results) == 1
    assert await people.accounts.has_administrator()
