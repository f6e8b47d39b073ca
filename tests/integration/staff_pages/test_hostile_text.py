"""What somebody typed is text on every page that shows it, in both languages: no element, no handler, no template."""

from __future__ import annotations

import pytest

from server.pair import LocalizedText, Side
from server.people import Role
from tests.integration.staff_pages.conftest import House
from tests.integration.staff_pages.web_user import Seen

EVIL = "<img src=x onerror=pwn()>\"'&{{7*7}}"
EVIL_PUPIL = "<b onclick=pwn()>\"'&{{7*7}}%(x)s"
COORDINATOR = frozenset({Role.TEACHER, Role.COORDINATOR})


def _assert_plain(page: Seen) -> None:
    assert page.reader.handlers == [], page.path
    assert page.reader.scripts_inline == 0, page.path
    assert not {"img", "b"} & set(page.reader.elements), page.path
    assert "49" not in page.text.replace("7*7", ""), page.path


@pytest.mark.parametrize("language", ["en", "zh-Hant-TW"])
async def test_stored_text_is_escaped_everywhere(house: House, language: str) -> None:
    evil = LocalizedText(EVIL, f"中{EVIL}")
    people = house.people
    school = await people.schools.create(
        side=Side.TAIWAN, name=evil, place=evil, zone="Asia/Taipei", language="en", by=None
    )
    admin = await house.administrator()
    account = await house.adult(school.id, "evil@example.edu", COORDINATOR, name=EVIL)
    await house.adult(school.id, "other@example.edu", name=EVIL, is_verified=False)
    group = await people.class_groups.create(school.id, name=evil, grade="<i>5</i>", by=account.id)
    await people.rosters.save(group.id, await people.rosters.preview(group.id, EVIL_PUPIL), by=account.id)
    (student,) = await people.rosters.students(group.id)
    assert student.display_name == EVIL_PUPIL
    today = house.clock.now().date()
    await people.class_groups.authorise(group.id, given_by=EVIL, given_on=today, text_version="t", by=account.id)
    invitation = await people.accounts.make_reset_link(account.id, by=admin.id)

    shown = {
        f"/schools/{school.id}": EVIL,
        f"/schools/{school.id}/people": EVIL,
        f"/schools/{school.id}/edit": None,
        "/class-groups": EVIL,
        f"/class-groups/{group.id}": EVIL_PUPIL,
        f"/class-groups/{group.id}/edit": None,
        f"/class-groups/{group.id}/roster": EVIL,
        f"/class-groups/{group.id}/authorisation": EVIL,
        "/account": EVIL,
        "/dashboard": EVIL,
        "/audit": EVIL,
    }
    await house.sign_in_as(account)
    for path, text in shown.items():
        page = await house.anybody.get(f"{path}?lang={language}")
        assert page.status == 200, path
        assert text is None or text in page.text, path
        _assert_plain(page)
        assert page.headers["Cache-Control"] == "no-store"
    await house.sign_in_as(admin)
    for path in ("/schools", f"/accounts/{account.id}", "/audit"):
        page = await house.anybody.get(f"{path}?lang={language}")
        assert EVIL in page.text, path
        _assert_plain(page)
    house.client.session.cookie_jar.clear()
    page = await house.anybody.get(f"{invitation.path}?lang={language}")
    assert EVIL in page.text
    _assert_plain(page)


async def test_what_is_typed_comes_back_escaped(house: House) -> None:
    school = await house.school()
    account = await house.adult(school.id, "lin@example.edu", COORDINATOR)
    group = await house.people.class_groups.create(school.id, name=LocalizedText("5A", "5A"), grade="", by=account.id)
    await house.sign_in_as(account)
    user, path = house.anybody, f"/class-groups/{group.id}/roster"
    form = await user.get(path)
    page = await user.submit(form, f"{path}/preview", names=f"</textarea>{EVIL_PUPIL}\n=cmd|x\n\u202eevil")
    _assert_plain(page)
    assert page.form(f"{path}/preview").values["names"][0].startswith("</textarea><b onclick")
    invite = f"/schools/{school.id}/invite"
    page = await user.submit(await user.get(invite), invite, name_en="</input>" + EVIL, email='"><script>x</script>')
    assert page.status == 422
    _assert_plain(page)
    assert page.form(invite).values["name_en"] == ["</input>" + EVIL]
    for query in ("?school=<script>", "?about=<script>&actor=<script>&before=<script>", "?before=99999999999999999999"):
        page = await user.get(f"/audit{query}")
        assert page.status in (200, 404)
        _assert_plain(page)
