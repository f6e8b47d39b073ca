"""Who reaches which page: strangers are sent to sign in, other schools do not exist, forged forms are refused."""

from __future__ import annotations

import pytest

from server.ids import AccountId
from server.pair import LocalizedText, Side
from server.people import Role
from tests.integration.staff_pages.conftest import PASSWORD, House
from tests.integration.staff_pages.web_user import Seen

COORDINATOR = frozenset({Role.TEACHER, Role.COORDINATOR})
NEEDLE = "Needle of Hay"


async def _foreign(house: House) -> tuple[list[str], list[str]]:
    """A school with people, a class and a pupil called NEEDLE: pages that show it, and forms that change it."""
    school = await house.school(Side.UNITED_STATES, NEEDLE)
    account = await house.adult(school.id, "needle@example.edu", name=NEEDLE)
    name = LocalizedText(NEEDLE, NEEDLE)
    group = await house.people.class_groups.create(school.id, name=name, grade="", by=None)
    rosters = house.people.rosters
    (student,) = await rosters.save(group.id, await rosters.preview(group.id, NEEDLE), by=None)
    gets = [
        f"/schools/{school.id}",
        f"/schools/{school.id}/edit",
        f"/schools/{school.id}/people",
        f"/schools/{school.id}/invite",
        f"/class-groups/new?school={school.id}",
        f"/class-groups/{group.id}",
        f"/class-groups/{group.id}/edit",
        f"/class-groups/{group.id}/roster",
        f"/class-groups/{group.id}/authorisation",
        f"/accounts/{account.id}",
        f"/audit?school={school.id}",
    ]
    posts = [
        f"/schools/{school.id}/edit",
        f"/schools/{school.id}/invite",
        f"/class-groups/new?school={school.id}",
        f"/class-groups/{group.id}/edit",
        f"/class-groups/{group.id}/archive",
        f"/class-groups/{group.id}/bring-back",
        f"/class-groups/{group.id}/roster",
        f"/class-groups/{group.id}/roster/preview",
        f"/class-groups/{group.id}/authorisation",
        f"/class-groups/{group.id}/authorisation/revoke",
        f"/students/{student.id}/rename",
        f"/students/{student.id}/remove",
        f"/accounts/{account.id}/verify",
        f"/accounts/{account.id}/roles",
        f"/accounts/{account.id}/link",
        f"/accounts/{account.id}/disable",
        f"/accounts/{account.id}/enable",
    ]
    return gets, posts


def _csrf(page: Seen) -> str:
    return page.form("/sign-out").values["csrf"][0]


async def test_a_stranger_is_sent_to_sign_in_and_comes_back(house: House) -> None:
    gets, posts = await _foreign(house)
    for path in gets:
        page = await house.anybody.get(path)
        assert page.path.startswith("/sign-in?next="), path
        assert NEEDLE not in page.html
    for path in posts:
        page = await house.anybody.post(path, {"name": "x"})
        assert page.status == 401, path
    page = await house.anybody.get(gets[0])
    page = await house.anybody.submit(page, "/sign-in", email="needle@example.edu", password=PASSWORD)
    assert (page.path, NEEDLE in page.text) == (gets[0], True)


@pytest.mark.parametrize("roles", [frozenset({Role.TEACHER}), COORDINATOR], ids=["teacher", "coordinator"])
async def test_another_school_does_not_exist(house: House, roles: frozenset[Role]) -> None:
    gets, posts = await _foreign(house)
    own = await house.school()
    await house.adult(own.id, "lin@example.edu", roles)
    csrf = _csrf(await house.sign_in("lin@example.edu"))
    for path in gets:
        page = await house.anybody.get(path)
        assert (page.status, NEEDLE in page.html) == (404, False), path
    for path in posts:
        page = await house.anybody.post(path, {"csrf": csrf, "name": "x", "names": "x", "roles": "teacher"})
        assert (page.status, NEEDLE in page.html) == (404, False), path
    # The list of schools names partners, without a way in.
    page = await house.anybody.get("/schools")
    assert NEEDLE in page.text
    assert gets[0] not in page.links


async def test_ids_that_do_not_exist_look_the_same(house: House) -> None:
    own = await house.school()
    await house.adult(own.id, "lin@example.edu", COORDINATOR)
    csrf = _csrf(await house.sign_in("lin@example.edu"))
    for path in ("/schools/sc_none", "/class-groups/cg_none", "/accounts/ac_none", "/schools/%00", "/class-groups/%ff"):
        assert (await house.anybody.get(path)).status == 404, path
    assert (await house.anybody.post("/students/st_none/remove", {"csrf": csrf})).status == 404


async def test_a_teacher_neither_invites_nor_verifies_nor_reads_the_log(house: House) -> None:
    school = await house.school()
    await house.adult(school.id, "lin@example.edu")
    other = await house.adult(school.id, "new@example.edu", is_verified=False)
    page = await house.sign_in("lin@example.edu")
    csrf = _csrf(page)
    assert "/audit" not in page.links
    for path in (f"/schools/{school.id}/invite", "/audit", "/schools/new", f"/schools/{school.id}/edit"):
        assert (await house.anybody.get(path)).status == 403, path
    for path in (f"/accounts/{other.id}/verify", f"/accounts/{other.id}/disable", "/schools/new"):
        assert (await house.anybody.post(path, {"csrf": csrf})).status == 403, path
    assert not (await house.find(other.id)).is_verified


async def test_nobody_verifies_themselves(house: House) -> None:
    school = await house.school()
    await house.administrator()
    me = await house.adult(school.id, "lin@example.edu", COORDINATOR, is_verified=False)
    csrf = _csrf(await house.sign_in("lin@example.edu"))
    page = await house.anybody.get(f"/schools/{school.id}")
    assert "You may see your colleagues once you are verified." in page.text
    assert (await house.anybody.get("/class-groups")).status == 403
    assert (await house.anybody.post(f"/accounts/{me.id}/verify", {"csrf": csrf})).status == 403
    assert not (await house.find(me.id)).is_verified
    await house.sign_in("it@example.edu")
    people = await house.anybody.get(f"/schools/{school.id}/people")
    page = await house.anybody.submit(people, f"/accounts/{me.id}/verify")
    assert "Verified: this person may lead lessons now." in page.text
    assert (await house.find(me.id)).is_verified


async def test_a_forged_form_is_refused(house: House) -> None:
    school = await house.school()
    await house.adult(school.id, "lin@example.edu")
    csrf = _csrf(await house.sign_in("lin@example.edu"))
    name = {"name_en": "Stolen", "language": "en"}
    for given, origin in (({}, None), ({"csrf": "x"}, None), ({"csrf": csrf}, "https://evil.example")):
        page = await house.anybody.post("/account", {**name, **given}, origin=origin)
        assert page.status == 403
    assert "Stolen" not in (await house.anybody.get("/account")).html
    page = await house.anybody.post("/account", {**name, "csrf": csrf})
    assert page.form("/account").values["name_en"] == ["Stolen"]


@pytest.mark.parametrize(
    "next_path", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", "/\n/x"]
)
async def test_sign_in_leads_to_no_other_site(house: House, next_path: str) -> None:
    school = await house.school()
    await house.adult(school.id, "lin@example.edu")
    page = await house.anybody.post("/sign-in", {"email": "lin@example.edu", "password": PASSWORD, "next": next_path})
    assert (page.status, page.path) == (200, "/dashboard")


async def test_roles_that_somebody_may_not_give(house: House) -> None:
    school = await house.school()
    await house.adult(school.id, "lin@example.edu", COORDINATOR)
    teacher = await house.adult(school.id, "new@example.edu")
    csrf = _csrf(await house.sign_in("lin@example.edu"))
    page = await house.anybody.get(f"/accounts/{teacher.id}")
    assert page.form(f"/accounts/{teacher.id}/roles").options["roles"] == ["teacher", "coordinator"]
    page = await house.anybody.post(f"/accounts/{teacher.id}/roles", {"csrf": csrf, "roles": "it_administrator"})
    assert page.status == 422
    assert "notice" in page.html
    assert (await house.find(AccountId(teacher.id))).roles == frozenset({Role.TEACHER})


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"email=%ff%fe&password=%00", "application/x-www-form-urlencoded"),
        (b"email=\xff\xfe", "application/x-www-form-urlencoded"),
        (b"email=x", "application/x-www-form-urlencoded; charset=nonsense"),
        (b"--nothing", "multipart/form-data; boundary=x"),
        (b"email=x", "multipart/form-data"),
        (b"{}", "application/json"),
    ],
)
async def test_a_body_that_is_no_form(house: House, body: bytes, kind: str) -> None:
    school = await house.school()
    await house.adult(school.id, "lin@example.edu")
    headers = {"Content-Type": kind, "Origin": str(house.client.make_url("")).rstrip("/")}
    for path in ("/sign-in", "/reset"):
        answer = await house.client.post(path, data=body, headers=headers)
        assert answer.status in (400, 401, 422), path
    await house.sign_in("lin@example.edu")
    answer = await house.client.post("/account", data=body, headers=headers)
    assert answer.status in (400, 403)
