"""Bells by form: rows without a script, nothing typed is lost, looked at before stored; of two tabs one is told."""

from __future__ import annotations

from server.app import AppParts
from server.lessons import bells_in, values_of
from server.people import AuditFilter
from tests.integration.staff_pages.test_school_hours import Case, case, lessons  # noqa: F401  # fixtures
from tests.integration.staff_pages.web_user import PageForm, Seen

FULL = {"d0_r1_start": "08:50", "d0_r1_end": "09:25"}


def form_of(case: Case, page: Seen) -> PageForm:  # noqa: F811
    """The one that is sent; the other one begins from a template."""
    (form,) = [form for form in page.forms if form.action == f"{case.path}/bells" and form.method == "post"]
    return form


async def send(case: Case, page: Seen, step: str, **given: str) -> Seen:  # noqa: F811
    """The form of bells by one of its buttons."""
    form = form_of(case, page)
    values = {name: one[0] for name, one in form.values.items() if one}
    return await case.house.anybody.post(form.action, values | given | {"step": step})


async def test_new_bells_from_a_date_without_a_script(case: Case, parts: AppParts) -> None:  # noqa: F811
    assert parts.lessons is not None
    files = parts.lessons.school_files
    house = case.house
    links = (await case.page()).links
    assert f"{case.path}/bells?at=0" in links
    page = await house.anybody.get(f"{case.path}/bells?first=2026-10-20")
    form = form_of(case, page)
    assert form.values["first"] == ["2026-10-20"]
    assert [form.values[f"d0_r{row}_name"] for row in range(3)] == [["早自習"], ["P1"], ["P2"]]
    # A row more: what was typed stays, and the keyboard goes to it.
    page = await send(case, page, "add:d0_r", d1_name="Short day", d0_r1_start="08:45")
    form = form_of(case, page)
    assert form.values["d1_name"] == ["Short day"]
    assert form.values["d0_r1_start"] == ["08:45"]
    assert 'name="d0_r9_name" type="text" value="" autocomplete="off" maxlength="60" autofocus' in page.html
    # P1 now runs into P2 and one row is half filled in: each error stands at its field, and nothing is stored.
    refused = await send(case, page, "look", d0_r1_end="09:40", d0_r9_name="Club")
    assert refused.status == 422
    assert 'id="d0_r2_start-error"' in refused.html
    assert "前一列還沒結束：P1" in refused.text
    assert 'id="d0_r9_start" name="d0_r9_start"' in refused.html
    assert form_of(case, refused).values["d0_r1_end"] == ["09:40"]
    assert await files.find(case.school.id) is None
    # Ten minutes later: the planned lesson of 08:40 falls out of its period.
    looked = await send(case, refused, "look", **FULL, d0_r9_name="", d0_r9_start="", d0_r9_end="")
    assert looked.status == 200, looked.text
    assert "Planned lessons that fall out" in looked.text
    assert "10/27 週二 08:40–09:20" in looked.text
    assert await files.find(case.school.id) is None
    back = await send(case, looked, "edit")
    assert form_of(case, back).values["d1_name"] == ["Short day"]
    saved = await send(case, looked, "save")
    assert "do not fit any more: 1" in saved.text
    stored = await files.find(case.school.id)
    assert stored is not None
    entries = bells_in(stored.text)
    assert [one["first"] for one in entries] == ["2000-08-01", "2026-10-20"]
    assert entries[1]["days"]["full"][1] == {"name": "P1", "kind": "instruction", "start": "08:50", "end": "09:25"}
    assert entries[1]["week"]["wed"] == "Short day"
    assert values_of(stored.text)["template"] == "tw-elementary"
    entry = (await house.people.audit.read(AuditFilter(school_id=case.school.id))).entries[0]
    assert (entry.action, dict(entry.detail)) == (
        "school_hours.change", {"version": 1, "lessons_hit": 1, "part": "bells"},
    )  # fmt: skip
    # And taken away again: what holds is what held before.
    page = await house.anybody.get(f"{case.path}/bells?at=1")
    looked = await house.anybody.submit(page, f"{case.path}/bells/remove")
    assert "No planned lesson is affected" in looked.text
    form = looked.form(f"{case.path}/bells/remove")
    await house.anybody.post(form.action, {name: one[0] for name, one in form.values.items()} | {"step": "save"})
    stored = await files.find(case.school.id)
    assert stored is not None
    assert [one["first"] for one in bells_in(stored.text)] == ["2000-08-01"]


async def test_of_two_tabs_the_second_is_told_and_keeps_what_it_typed(case: Case) -> None:  # noqa: F811
    page = await case.house.anybody.get(f"{case.path}/bells?at=0")
    looked = await send(case, page, "look", d0_name="Whole day")
    await case.close("2026-11-04")
    for answer in (await send(case, looked, "save"), await send(case, page, "look", d0_name="Whole day")):
        assert answer.status == 422
        assert "Somebody changed these hours meanwhile" in answer.text
        assert form_of(case, answer).values["d0_name"] == ["Whole day"]
    # Sent again with what is stored now in sight, it goes through and the closure stays.
    looked = await send(case, answer, "look")
    await send(case, looked, "save")
    page = await case.page()
    assert "2026/11/4" in page.text
    assert "Whole day" in page.text


async def test_a_template_of_the_region_begins_the_form(case: Case) -> None:  # noqa: F811
    page = await case.house.anybody.get(f"{case.path}/bells")
    (begin,) = [form for form in page.forms if "template" in form.options]
    assert begin.options["template"] == ["", "tw-elementary", "tw-junior-high", "tw-senior-high"]
    page = await case.house.anybody.get(f"{case.path}/bells?template=tw-senior-high")
    assert form_of(case, page).values["d0_r1_start"] == ["08:10"]
    for nonsense in ("template=../../x", "at=99", "at=-1", "copy=x", "first=" + "9" * 400, "at=٣"):
        assert (await case.house.anybody.get(f"{case.path}/bells?{nonsense}")).status == 200, nonsense


async def test_a_reader_sees_them_and_a_stranger_does_not(case: Case) -> None:  # noqa: F811
    house = case.house
    await house.sign_in("ortega@example.edu")
    assert (await house.anybody.get(f"{case.path}/bells?at=0")).status == 404
    assert (await house.anybody.post(f"{case.path}/bells", {"step": "look"})).status == 403
