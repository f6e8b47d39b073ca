"""Classes and their names by the pages: typed, pasted, uploaded, changed, removed, authorised."""

from __future__ import annotations

import pytest

from server.ids import ClassGroupId
from server.pages.authorisation_text import LETTER, TEXT_VERSION
from server.pages.roster_views import quoted
from server.pair import LocalizedText
from server.people import AuditFilter, Role, School, parse_roster
from tests.integration.staff_pages.conftest import House

COORDINATOR = frozenset({Role.TEACHER, Role.COORDINATOR})


async def _class(house: House) -> tuple[School, str]:
    school = await house.school()
    account = await house.adult(school.id, "lin@example.edu", COORDINATOR)
    name = LocalizedText("Class 5A", "五年甲班")
    group = await house.people.class_groups.create(school.id, name=name, grade="5", by=account.id)
    await house.sign_in_as(account)
    return school, f"/class-groups/{group.id}"


async def _names(house: House, path: str) -> list[str]:
    group_id = ClassGroupId(path.rsplit("/", 1)[1])
    return [student.display_name for student in await house.people.rosters.students(group_id)]


async def test_typed_names_are_looked_at_before_they_are_stored(house: House) -> None:
    _, path = await _class(house)
    user = house.anybody
    page = await user.submit(
        await user.get(f"{path}/roster"), f"{path}/roster/preview", names="Ava\n=SUM(A1)\n小明\nAva"
    )
    assert await _names(house, path) == []
    assert "These lines are left out" in page.text
    assert "This name is in the list twice." in page.text
    page = await user.submit(page, f"{path}/roster")
    assert (page.path, "Names added to the class: 2." in page.text) == (path, True)
    assert await _names(house, path) == ["Ava", "小明"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp950"])
async def test_a_file_of_the_school(house: House, encoding: str) -> None:
    _, path = await _class(house)
    user = house.anybody
    table = '座號,姓名,生日\n1,"林, 美華",2015-01-01\n2,小明,2015-02-02\n'.encode(encoding)
    page = await user.submit(await user.get(f"{path}/roster"), f"{path}/roster/preview", file=table)
    assert "These columns are not stored" in page.text
    assert "生日" in page.text
    assert "2015" not in page.text
    page = await user.submit(page, f"{path}/roster")
    assert await _names(house, path) == ["林, 美華", "小明"]


async def test_a_file_that_is_none(house: House) -> None:
    _, path = await _class(house)
    user = house.anybody
    form = await user.get(f"{path}/roster")
    for content in (b"\xff\xd8\xff\xe0" + bytes(range(128, 255)) * 10, b"x" * 210_000):
        page = await user.submit(form, f"{path}/roster/preview", file=content)
        assert page.status in (200, 422)
        assert await _names(house, path) == []
    page = await user.submit(form, f"{path}/roster/preview", names="  ")
    assert (page.status, "Please type names or choose a file." in page.text) == (422, True)


async def test_a_preview_that_is_saved_twice_adds_nobody_twice(house: House) -> None:
    _, path = await _class(house)
    user = house.anybody
    preview = await user.submit(await user.get(f"{path}/roster"), f"{path}/roster/preview", names="Ava\nBo")
    await user.submit(preview, f"{path}/roster")
    page = await user.submit(preview, f"{path}/roster")
    assert (page.status, "This name is in the class already." in page.text) == (409, True)
    assert await _names(house, path) == ["Ava", "Bo"]


@pytest.mark.parametrize("names", [["Lin, Ava", 'Bo "B"'], ["a;b", "c"], ["name"], ["姓名 一", "x\ty"[:1]]])
def test_names_read_back_as_they_were_shown(names: list[str]) -> None:
    assert list(parse_roster(quoted(names)).good) == names


async def test_a_name_is_changed_and_removed(house: House) -> None:
    _, path = await _class(house)
    user, rosters = house.anybody, house.people.rosters
    group_id = ClassGroupId(path.rsplit("/", 1)[1])
    await rosters.save(group_id, await rosters.preview(group_id, "Ava\nBo"), by=None)
    ava, bo = await rosters.students(group_id)
    page = await user.submit(await user.get(path), f"/students/{ava.id}/rename", name="=EVIL")
    assert page.status == 422
    form = page.form(f"/students/{ava.id}/rename")
    assert form.values["name"] == ["=EVIL"]
    assert page.form(f"/students/{bo.id}/rename").values["name"] == ["Bo"]
    page = await user.submit(page, f"/students/{ava.id}/rename", name="Ava R.")
    assert "The name was changed." in page.text
    page = await user.submit(page, f"/students/{bo.id}/remove")
    assert await _names(house, path) == ["Ava R."]
    csrf = page.form("/sign-out").values["csrf"][0]
    assert (await user.post(f"/students/{bo.id}/rename", {"csrf": csrf, "name": "Back"})).status == 404


async def test_the_schools_authorisation(house: House) -> None:
    _, path = await _class(house)
    user, there = house.anybody, f"{path}/authorisation"
    page = await user.get(there)
    for item in (LETTER.title, LETTER.opening, *LETTER.items):
        assert item.zh in page.text
        assert item.en.replace("'", "'") in page.text
    page = await user.submit(page, there, given_by="", given_on="2099-01-01")
    assert (page.status, "Please fill this in." in page.text) == (422, True)
    page = await user.submit(page, there, given_by="陳校長", given_on="2099-01-01")
    assert "This day has not come yet." in page.text
    page = await user.submit(page, there, given_by="陳校長", given_on="2026-10-01")
    assert page.path == path
    assert "2026/10/1 週四" in page.text
    (record,) = await house.people.class_groups.authorisations(ClassGroupId(path.rsplit("/", 1)[1]))
    assert (record.given_by, record.text_version) == ("陳校長", TEXT_VERSION)
    page = await user.submit(await user.get(there), f"{there}/revoke")
    assert "The authorisation was revoked." in page.text
    assert "Earlier records" in page.text


async def test_an_archived_class_is_out_of_the_list_and_comes_back(house: House) -> None:
    _, path = await _class(house)
    user, group = house.anybody, ClassGroupId(path.rsplit("/", 1)[1])
    page = await user.submit(await user.get(path), f"{path}/archive")
    assert page.path == "/class-groups"
    assert "In the archive: 1" in page.text
    page = await user.get(path)
    assert "This class is in the archive" in page.text
    assert f"{path}/roster" not in page.links
    page = await user.submit(page, f"{path}/bring-back")
    assert (page.path, f"{path}/roster" in page.links) == (path, True)
    assert "The class is back" in page.text
    assert "In the archive" not in (await user.get("/class-groups")).text
    # Twice, as by the back button: nothing happens and nothing is written.
    await house.people.class_groups.bring_back(group, None)
    found = await house.people.audit.read(AuditFilter(action_prefix="class_group.brought_back"))
    assert [entry.subject for entry in found.entries] == [group]


async def test_the_log_in_pages_and_by_filter(house: House) -> None:
    school, _ = await _class(house)
    other = await house.school(name="Other School")
    for number in range(60):
        await house.people.audit.write("roster.seen", f"cg_{number}", by="system", school_id=school.id)
    await house.people.audit.write("account.verified", "ac_needle", by="system", school_id=other.id)
    user = house.anybody
    page = await user.get("/audit?about=roster.")
    assert page.text.count("roster.seen") == 50
    (older,) = [link for link in page.links if "before=" in link and "lang=" not in link]
    assert "about=roster." in older
    page = await user.get(older)
    assert page.text.count("roster.seen") == 10
    assert [link for link in page.links if "before=" in link and "lang=" not in link] == []
    assert "ac_needle" not in (await user.get("/audit")).html
    assert "Nothing is on record for this." in (await user.get("/audit?about=report.")).text
    await house.administrator()
    await house.sign_in("it@example.edu")
    assert "ac_needle" in (await user.get("/audit")).html
    assert "ac_needle" not in (await user.get(f"/audit?school={school.id}")).html
