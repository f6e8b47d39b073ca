"""A school year by form: a pasted list becomes rows, holidays with class, looked at before it is stored, and drawn."""

from __future__ import annotations

from server.app import AppParts
from server.lessons import calendar_in, years_in
from tests.integration.staff_pages.test_school_hours import Case, case, lessons  # noqa: F401  # fixtures
from tests.integration.staff_pages.web_user import Seen


async def send(case: Case, page: Seen, step: str, **given: str) -> Seen:  # noqa: F811
    form = page.form(f"{case.path}/calendar/year")
    values = {name: one[0] for name, one in form.values.items() if one}
    return await case.house.anybody.post(form.action, values | given | {"step": step})


async def test_a_published_list_becomes_a_calendar(case: Case, parts: AppParts) -> None:  # noqa: F811
    assert parts.lessons is not None
    files = parts.lessons.school_files
    house = case.house
    shown = await house.anybody.get(f"{case.path}/calendar")
    assert "Not confirmed yet" in shown.text
    # 8 October is what every Thursday is, and the tenth a holiday of the country by its name.
    assert "9 holiday: 國慶日（補假）" in shown.text or "國慶日" in shown.text
    page = await house.anybody.get(f"{case.path}/calendar/year?at=2")
    assert page.form(f"{case.path}/calendar/year").values["label"] == ["115"]
    page = await send(case, page, "read", paste="115/10/26-30 秋假\nhello there\n11/28 校慶", confirmed="1")
    form = page.form(f"{case.path}/calendar/year")
    assert [form.values[f"b0_{name}"] for name in ("name", "first", "last")] == [
        ["秋假"],
        ["2026-10-26"],
        ["2026-10-30"],
    ]
    assert form.values["b1_name"] == ["校慶"]
    # The line that could not be read stays where it was typed, with what is wrong.
    assert form.values["paste"] == ["hello there"]
    assert "這一行沒有日期" in page.text
    assert await files.find(case.school.id) is None
    refused = await send(case, page, "look", b1_last="2026-11-01", paste="")
    assert refused.status == 422
    assert 'id="b1_last-error"' in refused.html
    looked = await send(case, refused, "look", b1_last="", class_on="2026-10-09")
    assert "Planned lessons that fall out" in looked.text
    assert "10/27 週二 08:40–09:20" in looked.text
    # The best instead lies outside the break.
    assert "10/2" in looked.text.split("Best instead")[1]
    saved = await send(case, looked, "save")
    assert saved.path == case.path
    assert "do not fit any more: 1" in saved.text
    # The way on stands there still.
    assert any(link.startswith(f"/lessons/{case.lesson.id}/move?date=") for link in saved.links)
    stored = await files.find(case.school.id)
    assert stored is not None
    calendar = calendar_in(stored.text)
    assert [one["label"] for one in years_in(calendar)] == ["113", "114", "115"]
    assert calendar["usual_terms"]
    year = years_in(calendar)[2]
    assert year["confirmed"] == "true"
    assert year["make_up_days"] == [{"date": "2026-10-09", "follows": "2026-10-09"}]
    drawn = await house.anybody.get(f"{case.path}/calendar?at=2")
    assert "26 break: Fall break" in drawn.text
    assert "28 holiday: 校慶" in drawn.text
    assert "Confirmed 已確認" in drawn.text


async def test_a_new_year_and_nonsense_of_an_address(case: Case) -> None:  # noqa: F811
    page = await case.house.anybody.get(f"{case.path}/calendar/year")
    form = page.form(f"{case.path}/calendar/year")
    assert (form.values["label"], form.values["first"]) == (["116"], ["2027-08-01"])
    page = await send(case, page, "add:m", label="116 學年")
    assert page.form(f"{case.path}/calendar/year").values["label"] == ["116 學年"]
    for nonsense in ("at=99", "at=-1", "at=x", "at=٣"):
        assert (await case.house.anybody.get(f"{case.path}/calendar?{nonsense}")).status == 200, nonsense
        assert (await case.house.anybody.get(f"{case.path}/calendar/year?{nonsense}")).status == 200, nonsense
    looked = await send(case, page, "look", first="1999-01-01")
    assert looked.status == 422
    looked = await send(case, page, "look", version="7")
    assert "Somebody changed these hours meanwhile" in looked.text


async def test_a_stranger_sees_no_calendar(case: Case) -> None:  # noqa: F811
    await case.house.sign_in("ortega@example.edu")
    assert (await case.house.anybody.get(f"{case.path}/calendar")).status == 404
    assert (await case.house.anybody.get(f"{case.path}/calendar/year?at=0")).status == 404
