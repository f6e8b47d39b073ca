"""From nothing to two schools, two teachers and two classes with names, by the pages alone."""

from __future__ import annotations

import re

from server.people import Role
from tests.integration.staff_pages.conftest import PASSWORD, House
from tests.integration.staff_pages.web_user import Seen


def _link(page: Seen) -> str:
    found = re.search(r'id="link" value="https?://[^/"]+(/[^"]+)"', page.html)
    assert found is not None
    return found[1]


async def _add_school(house: House, side: str, name: str, zone: str) -> str:
    user = house.anybody
    page = await user.submit(
        await user.get("/schools/new"),
        "/schools/new",
        side=side,
        name_en=name,
        place_en="Town",
        zone=zone,
        language="en",
    )
    assert (page.status, "The school is there." in page.text) == (200, True)
    return page.path.rsplit("/", 1)[1]


async def _add_teacher(house: House, school: str, email: str) -> str:
    user, path = house.anybody, f"/schools/{school}/invite"
    page = await user.submit(await user.get(path), path, name_en="Teacher", email=email, roles="teacher", vouch="yes")
    assert page.status == 200
    return _link(page)


async def _add_class(house: House, school: str) -> str:
    user, path = house.anybody, f"/class-groups/new?school={school}"
    page = await user.submit(await user.get(path), path, name_en="Class 5A", grade="5")
    assert page.path.endswith("/roster")
    preview = await user.submit(page, f"{page.path}/preview", names="小明\nAva\n")
    assert "Names to add 名字 2".replace("名字", "要加入的名字") in preview.text
    return (await user.submit(preview, page.path)).path


async def test_two_schools_from_nothing(house: House) -> None:
    user = house.anybody
    link = await house.people.accounts.make_set_up_link()
    assert link is not None
    page = await user.submit(
        await user.get(link.path),
        link.path,
        name_en="Pat",
        email="it@example.edu",
        language="en",
        password=PASSWORD,
        again=PASSWORD,
    )
    assert (page.path, "First steps" in page.text) == ("/dashboard", True)
    assert '<li class="step-item" data-now>' in page.html
    assert "/schools/new" in page.links

    taipei = await _add_school(house, "tw", "Chenguang School", "Asia/Taipei")
    tucson = await _add_school(house, "us", "Saguaro School", "America/Phoenix")
    links = [await _add_teacher(house, taipei, "lin@example.edu"), await _add_teacher(house, tucson, "o@example.edu")]
    groups = [await _add_class(house, taipei), await _add_class(house, tucson)]
    for group in groups:
        path = f"{group}/authorisation"
        page = await user.submit(await user.get(path), path, given_by="Principal Chen", given_on="2026-10-01")
        assert "The school's authorisation is on record." in page.text
    page = await user.get("/dashboard")
    assert "First steps" not in page.text

    for path in links:
        house.client.session.cookie_jar.clear()
        page = await user.submit(await user.get(path), path, password=PASSWORD, again=PASSWORD)
        assert page.path == "/dashboard"
    teachers = await house.people.accounts.of_school(taipei)  # type: ignore[arg-type]  # read from an address
    assert [(one.is_verified, one.roles) for one in teachers] == [(True, frozenset({Role.TEACHER}))]
    # The teacher's own steps: the class is ready, a lesson is next.
    assert "Plan the first lesson" in page.text
    assert "Do this next" in page.text


async def test_a_set_up_link_works_once(house: House) -> None:
    user = house.anybody
    link = await house.people.accounts.make_set_up_link()
    assert link is not None
    first = await user.get(link.path)
    given = {"name_en": "Pat", "email": "it@example.edu", "language": "en", "password": PASSWORD, "again": PASSWORD}
    await user.submit(first, link.path, **given)
    house.client.session.cookie_jar.clear()
    for page in (await user.get(link.path), await user.submit(first, link.path, **given)):
        assert (page.status, "This link does not work any more" in page.text) == (404, True)
    assert "First steps" not in (await user.get("/dashboard")).text


async def test_what_was_typed_stays_and_every_error_has_two_languages(house: House) -> None:
    user = house.anybody
    link = await house.people.accounts.make_set_up_link()
    assert link is not None
    page = await user.submit(
        await user.get(link.path), link.path, email="no address", language="en", password="short", again="other"
    )
    assert page.status == 422
    for text in (
        "This is no e-mail address. 這不是電子郵件地址。",
        "At least 10 characters, please. 至少 10 個字元。",
    ):
        assert text in page.text
    form = page.form(link.path)
    assert (form.values["email"], form.values["password"]) == (["no address"], [""])
    assert 'aria-invalid="true"' in page.html
    assert 'aria-describedby="email-hint email-error"' in page.html
    assert {"email-hint", "email-error"} <= set(page.reader.ids)


async def test_where_a_school_is_says_its_language_and_the_zone_of_taiwan(house: House) -> None:
    await house.sign_in_as(await house.administrator())
    user = house.anybody
    there = await user.get("/schools/new")
    page = await user.submit(there, "/schools/new", side="tw", name_zh="晨光國小", place_zh="臺北")
    (school,) = await house.people.schools.list()
    assert (page.status, school.zone, school.language) == (200, "Asia/Taipei", "zh-Hant-TW")
    # Its partner is on the other side, which is chosen already; and has many zones, which is asked.
    there = await user.get("/schools/new")
    assert there.form("/schools/new").values["side"] == ["us"]
    page = await user.submit(there, "/schools/new", name_en="Saguaro", place_en="Tucson")
    assert (page.status, "Please choose a time zone of the list." in page.html) == (422, True)
    page = await user.submit(page, "/schools/new", zone="America/Phoenix")
    partner = next(one for one in await house.people.schools.list() if one.id != school.id)
    assert (partner.name.en, partner.zone, partner.language) == ("Saguaro", "America/Phoenix", "en")
