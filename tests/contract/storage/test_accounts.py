"""Who may be what, who may change whom, and what the demo's people may: the same on every engine."""

from __future__ import annotations

import asyncio

import pytest

from server.errors import Conflict, ErrorCode, Forbidden, InvalidInput, NotFound
from server.ids import AccountId, SchoolId
from server.pair import LocalizedText
from server.people import AuditFilter, People, Role, build_people
from server.storage import Database
from tests.contract.storage.conftest import ENGINES
from tests.fakes.clock import FakeClock
from tests.fakes.people import (
    PASSWORD,
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


async def actions(people: People) -> list[str]:
    return [entry.action for entry in (await people.audit.read(AuditFilter())).entries[::-1]]


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
