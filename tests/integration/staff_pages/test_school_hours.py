"""Bells, calendar and closures of a school by its page: checked by line, looked at first, never moving a lesson."""

from __future__ import annotations

from datetime import date, time
from html import unescape

import pytest

from server.app import AppParts
from server.availability import Owner, Painted, PaintState
from server.lessons import Lesson, Lessons, Proposal
from server.pair import LocalizedText, Side
from server.people import Account, AuditFilter, Role, School
from tests.integration.staff_pages.conftest import House
from tests.integration.staff_pages.web_user import Seen


@pytest.fixture
def lessons(parts: AppParts) -> Lessons:
    assert parts.lessons is not None
    return parts.lessons


class Case:
    def __init__(self, house: House, school: School, lin: Account, lesson: Lesson) -> None:
        self.house = house
        self.school = school
        self.lin = lin
        self.lesson = lesson
        self.path = f"/schools/{school.id}/hours"

    async def page(self) -> Seen:
        return await self.house.anybody.get(self.path)

    async def close(self, first: str, **more: str) -> Seen:
        """Looked at, then saved; a form that is refused comes back by itself."""
        looked = await self.house.anybody.submit(await self.page(), f"{self.path}/closures", first=first, **more)
        return await self.save(looked) if looked.status == 200 else looked

    async def save(self, looked: Seen) -> Seen:
        """The second press, on the page that says what a change does."""
        (form,) = [form for form in looked.forms if "version" in form.values]
        given = {name: values[0] for name, values in form.values.items()}
        return await self.house.anybody.post(form.action, given | {"step": "save"})

    async def file(self, text: str, step: str) -> Seen:
        """By the button of that step, which carries its value."""
        form = (await self.page()).form(f"{self.path}/file")
        given = {name: values[0] for name, values in form.values.items()}
        return await self.house.anybody.post(form.action, given | {"text": text, "step": step})


@pytest.fixture
async def case(house: House, lessons: Lessons) -> Case:
    taipei, tucson = await house.school(), await house.school(Side.UNITED_STATES, "Saguaro School")
    lin = await house.adult(taipei.id, "lin@example.edu")
    ortega = await house.adult(tucson.id, "ortega@example.edu", name="Luis Ortega")
    groups = [
        await house.people.class_groups.create(school.id, name=LocalizedText("5A", "五年甲班"), grade="5", by=None)
        for school in (taipei, tucson)
    ]
    lesson = await lessons.lessons.propose(
        Proposal(
            title=LocalizedText("Typhoons", "颱風"),
            class_groups=(groups[0].id, groups[1].id),
            leads=(lin.id, ortega.id),
            date=date(2026, 10, 27),
            start=time(8, 40),
            minutes=40,
        ),
        by=lin.id,
    )
    await house.sign_in_as(lin)
    return Case(house, taipei, lin, lesson)


async def test_a_school_begins_with_what_is_usual_and_says_so(case: Case) -> None:
    page = await case.page()
    assert "Nothing was entered yet" in page.text
    assert "tw-elementary" in page.html
    assert "do not fit" not in page.text


async def test_a_typhoon_is_two_fields_and_names_the_lessons_it_hits(case: Case, lessons: Lessons) -> None:
    after = await case.close("2026-10-27", reason="typhoon")
    assert "do not fit any more: 1" in after.text
    assert "2026/10/27 週二" in after.text
    assert "Typhoons" in after.text
    # Nothing moves by itself.
    assert (await lessons.lessons.get(case.lesson.id)).version == case.lesson.version
    a, b = (side.class_group_id for side in case.lesson.sides)
    found = await case.house.anybody.get(f"/hours?a={a}&b={b}&from=2026-10-26&weeks=1")
    assert "10/28 週三" in found.text
    assert "10/27 週二 07:40" not in found.text
    removed = await case.save(await case.house.anybody.submit(after, f"{case.path}/closures/remove"))
    assert "No planned lesson is affected" in removed.text
    assert "do not fit" not in removed.text


async def test_a_lesson_in_an_hour_that_was_offered_by_hand_fits_while_the_paint_stands(
    case: Case, lessons: Lessons
) -> None:
    """06:00 is before the bells: it is listed as not fitting only when nobody offers that date any more."""
    moved = await lessons.lessons.move(
        case.lesson.id, date=date(2026, 10, 27), start=time(6, 0), by=case.lin.id, version=case.lesson.version
    )
    assert "do not fit these hours" in (await case.page()).text
    owner = Owner.class_group(moved.sides[0].class_group_id)
    on = date(2026, 10, 27)
    early = Painted(on=on, start_minute=360, end_minute=420, state=PaintState.GLADLY)
    await lessons.painted.put(owner, [early], [on], version=0, by=case.lin.id)
    assert "do not fit" not in (await case.page()).text
    # The bells may change as they will: that date was offered beside them.
    days = "days: {full: [{name: P1, start: 10:00, end: 10:40}]}"
    week = "week: {mon: full, tue: full, wed: full, thu: full, fri: full}"
    text = (await case.house.anybody.get(f"{case.path}.yaml")).html
    looked = await case.file(text + "bells: [{first: 2020-01-01, " + days + ", " + week + "}]\n", "look")
    assert "No planned lesson is affected" in looked.text
    # A closure wins over whatever is painted.
    assert "do not fit any more: 1" in (await case.close("2026-10-27", reason="typhoon")).text
    # What is withheld by hand is no matter of the school's file; what is wiped opens nothing.
    version = (await lessons.painted.find(owner, on, on)).version
    await lessons.painted.put(owner, [], [on], version=version, by=case.lin.id)
    assert "do not fit these hours" in (await case.page()).text


async def test_a_morning_at_a_distance_hits_the_class_that_does_not_join_from_home(case: Case) -> None:
    after = await case.close("2026-10-27", part="morning", mode="distance")
    assert "do not fit any more: 1" in after.text
    assert "teaching at a distance" in after.text


async def test_the_file_is_looked_at_before_it_is_saved(case: Case, lessons: Lessons) -> None:
    stored = await case.house.anybody.get(f"{case.path}.yaml")
    days = "days: {full: [{name: P1, start: 10:00, end: 10:40}]}"
    week = "week: {mon: full, tue: full, wed: full, thu: full, fri: full}"
    text = stored.html + "bells: [{first: 2020-01-01, " + days + ", " + week + "}]\n"
    looked = await case.file(text, "look")
    assert "Planned lessons that fall out" in looked.text
    # On both walls, and the nearest hour of the new bells instead: the form that moves it begins with that.
    assert "2026/10/27" not in looked.text
    assert "10/27 週二 08:40–09:20" in looked.text
    assert "Mon Oct 26 5:40–6:20 PM" in looked.text
    assert "10/27 週二 10:00–10:40" in looked.text
    (move,) = [link for link in looked.links if "/move?" in link]
    assert move == f"/lessons/{case.lesson.id}/move?date=2026-10-27&start=10:00"
    form = (await case.house.anybody.get(move)).form(f"/lessons/{case.lesson.id}/move")
    assert (form.values["date"], form.values["start"]) == (["2026-10-27"], ["10:00"])
    assert await lessons.school_files.find(case.school.id) is None
    saved = await case.file(text, "save")
    assert "do not fit any more: 1" in saved.text
    found = await lessons.school_files.find(case.school.id)
    assert found is not None
    assert (found.version, found.changed_by) == (1, case.lin.id)
    entries = (await case.house.people.audit.read(AuditFilter(school_id=case.school.id))).entries
    assert entries[0].action == "school_hours.change"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("bells: nonsense\n", "Line"),
        ("zone: America/Phoenix\n", "Line"),
        ("closures: [{first: 2026-13-40}]\n", "Line"),
        ("unknown: 1\n", "no such key"),
        ("{[", "Line"),
        ("a: &a [*a, *a]\n", "Line"),
    ],
)
async def test_a_broken_file_is_refused_by_line_and_what_was_typed_stays(
    case: Case, lessons: Lessons, change: str, said: str
) -> None:
    stored = await case.house.anybody.get(f"{case.path}.yaml")
    answer = await case.file(stored.html + change, "save")
    assert answer.status == 422
    assert said in answer.text
    assert change.strip() in unescape(answer.html)
    assert await lessons.school_files.find(case.school.id) is None


async def test_of_two_who_change_at_once_the_second_is_told(case: Case, lessons: Lessons) -> None:
    seen = await case.page()
    await case.close("2026-11-04")
    answer = await case.house.anybody.submit(seen, f"{case.path}/closures", first="2026-11-05")
    assert answer.status == 422
    found = await lessons.school_files.find(case.school.id)
    assert found is not None
    assert "2026-11-05" not in found.text


@pytest.mark.parametrize("first", ["", "tomorrow", "2026-02-30"])
async def test_a_closure_without_a_date_is_refused(case: Case, first: str) -> None:
    assert (await case.close(first)).status == 422


async def test_a_reason_is_text_on_every_page(case: Case) -> None:
    after = await case.close("2026-11-04", reason='"><script>alert(1)</script>')
    assert "<script>alert" not in after.html


async def test_a_stranger_learns_nothing_and_a_partner_changes_nothing(case: Case) -> None:
    house = case.house
    await house.sign_in("ortega@example.edu")
    assert (await case.page()).status == 404
    third = await house.adult(case.school.id, "wu@example.edu", frozenset({Role.TEACHER}), is_verified=False, name="Wu")
    await house.sign_in_as(third)
    assert (await case.page()).status == 403
