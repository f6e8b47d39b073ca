"""From an hour to a term: planned, proposed in one go, accepted in one go, by the real pages."""

from __future__ import annotations

import re
from datetime import date, time
from html import unescape
from urllib.parse import urlencode

import pytest

from server.app import AppParts
from server.errors import ErrorCode
from server.ids import ClassGroupId
from server.lessons import Lessons, LessonState, Proposal
from server.pair import LocalizedText, Side
from server.people import Account
from tests.integration.staff_pages.conftest import House


@pytest.fixture
def lessons(parts: AppParts) -> Lessons:
    assert parts.lessons is not None
    return parts.lessons


class Pair:
    def __init__(self, house: House, lin: Account, ortega: Account, groups: tuple[ClassGroupId, ClassGroupId]) -> None:
        self.house = house
        self.lin = lin
        self.ortega = ortega
        self.groups = groups

    def query(self, **more: object) -> dict[str, str]:
        a, b = self.groups
        # A Tuesday in term on both sides of the Pacific; the American clocks go back on 1 November.
        asked = {"group_a": a, "group_b": b, "date": "2026-10-27", "start": "08:40", "minutes": 40, **more}
        return {name: str(value) for name, value in asked.items()}


@pytest.fixture
async def pair(house: House) -> Pair:
    taipei = await house.school()
    pasadena = await house.people.schools.create(
        side=Side.UNITED_STATES,
        name=LocalizedText("Arroyo School", "阿羅約小學"),
        place=LocalizedText("Pasadena", "帕薩迪納"),
        zone="America/Los_Angeles",
        language="en",
        by=None,
    )
    lin = await house.adult(taipei.id, "lin@example.edu")
    ortega = await house.adult(pasadena.id, "ortega@example.edu", name="Luis Ortega")
    groups = [
        await house.people.class_groups.create(school.id, name=LocalizedText("5A", "五年甲班"), grade="5", by=None)
        for school in (taipei, pasadena)
    ]
    await house.sign_in_as(lin)
    return Pair(house, lin, ortega, (groups[0].id, groups[1].id))


async def test_three_inputs_make_a_term_with_the_seam_of_the_clock_change(pair: Pair) -> None:
    """Number, rhythm and anchor; the classes and the hour come along from the list of hours."""
    page = await pair.house.anybody.get("/series/new?" + urlencode(pair.query(lessons=8)))
    assert page.status == 200
    inputs = re.findall(r'name="(lessons|every_weeks|anchor)"', page.html.split("</form>")[1])
    assert len(set(inputs)) == 3
    assert page.html.count('class="series-number"') == 8
    assert "From lesson 2 on, a clock has changed: 17:40 becomes 16:40" in page.text
    other = await pair.house.anybody.get("/series/new?" + urlencode(pair.query(lessons=8, anchor="b")))
    assert "08:40 becomes 09:40" in other.text


async def fill_in(pair: Pair, **question: object) -> dict[str, str]:
    """The form as a browser would send it: every lesson with the hour that stands on the page."""
    asked = pair.query(lessons=3, **question)
    page = await pair.house.anybody.get("/series/new?" + urlencode(asked))
    token = re.search(r'name="csrf" value="([^"]+)"', page.html)
    assert token
    slots = dict(re.findall(r'type="hidden" name="(slot_\d+)" value="([^"]+)"', page.html))
    for name, key in re.findall(r'type="radio" name="(slot_\d+)" value="([^"]+)" checked', page.html):
        slots[name] = key
    assert len(slots) == 3
    said = {"title_en": "Two mornings", "title_zh": "兩地晨光", "partner_lead": pair.ortega.id, "csrf": token[1]}
    return asked | slots | said


async def propose(pair: Pair, fields: dict[str, str] | None = None) -> str:
    """The address of the new series."""
    answer = await pair.house.anybody.post("/series/new", fields or await fill_in(pair))
    assert answer.status == 200, answer.text
    return answer.path


async def test_a_series_is_proposed_with_one_letter_and_accepted_at_once(pair: Pair, lessons: Lessons) -> None:
    where = await propose(pair)
    assert re.fullmatch(r"/series/se_\w+", where)
    mine = await lessons.lessons.of_account(pair.lin.id)
    assert [lesson.date for lesson in mine] == [date(2026, 10, 27), date(2026, 11, 3), date(2026, 11, 10)]
    assert {lesson.state for lesson in mine} == {LessonState.PROPOSED}
    (letter,) = [one.letter for one in await lessons.letters.page() if one.letter.to == pair.ortega.email]
    assert where in letter.text
    # Monday afternoon in California, an hour earlier on the clock after the change.
    assert "Mon 2026-10-26 17:40" in letter.text
    assert "Mon 2026-11-02 16:40" in letter.text
    await pair.house.sign_in_as(pair.ortega)
    sheet = await pair.house.anybody.get(where)
    assert "Lessons that wait for your side: 3" in sheet.text
    assert "another hour than before" in sheet.text
    after = await pair.house.anybody.submit(sheet, f"{where}/confirm")
    assert "Lessons accepted: 3" in after.text
    assert "wait for your side" not in after.text
    assert {one.state for one in await lessons.lessons.of_account(pair.lin.id)} == {LessonState.CONFIRMED}


async def test_hours_with_an_agreed_lesson_are_left_out_of_the_plan_and_it_says_why(
    pair: Pair, lessons: Lessons
) -> None:
    """The first lesson of the new series too; what is proposed instead is accepted by the booking."""
    first = await propose(pair)
    await lessons.series.confirm_all(first.rsplit("/", 1)[1], by=pair.ortega.id)
    page = await pair.house.anybody.get("/series/new?" + urlencode(pair.query(lessons=3, date="2026-11-03")))
    assert page.text.count("already has another lesson agreed for this hour") == 2
    fields = await fill_in(pair, date="2026-11-03")
    taken = {f"{one.starts_at:%Y%m%dT%H%MZ}" for one in await lessons.lessons.of_account(pair.lin.id)}
    assert not taken & {fields[f"slot_{number}"] for number in (1, 2, 3)}
    where = await propose(pair, fields)
    view = await lessons.series.view(where.rsplit("/", 1)[1])
    assert len(view.lessons) == 3
    assert (await lessons.series.confirm_all(view.series.id, by=pair.ortega.id))[0] == 3


@pytest.mark.parametrize("whose", ["proposer", "partner"])
async def test_a_lesson_of_either_lead_with_another_class_is_in_the_way(
    pair: Pair, lessons: Lessons, whose: str
) -> None:
    """Nobody chose these leads as teachers of the class: it is enough that they would lead."""
    others, deputies = [], []
    for number, account in enumerate((pair.lin, pair.ortega)):
        assert account.school_id
        name = LocalizedText("6C", "六年丙班")
        others.append(await pair.house.people.class_groups.create(account.school_id, name=name, grade="6", by=None))
        deputies.append(await pair.house.adult(account.school_id, f"deputy{number}@example.edu", name="Deputy"))
    leads = (pair.lin, deputies[1]) if whose == "proposer" else (deputies[0], pair.ortega)
    proposal = proposal_on(date(2026, 11, 3), (others[0].id, others[1].id), leads)
    lesson = await lessons.lessons.propose(proposal, by=leads[0].id)
    await lessons.lessons.confirm(lesson.id, by=leads[1].id)
    asked = pair.query(lessons=3, partner_lead=pair.ortega.id)
    page = await pair.house.anybody.get("/series/new?" + urlencode(asked))
    assert page.text.count("already has another lesson agreed for this hour") == 1
    assert "6C" not in page.text, "with whom, and which class, is nobody's business"


def proposal_on(on: date, class_groups: tuple[ClassGroupId, ClassGroupId], leads: tuple[Account, Account]) -> Proposal:
    return Proposal(
        title=LocalizedText("Other", "其他"),
        class_groups=class_groups,
        leads=(leads[0].id, leads[1].id),
        anchor="a",
        date=on,
        start=time(8, 40),
        minutes=40,
    )


async def test_an_hour_given_away_after_the_plan_was_seen_is_looked_at_again(pair: Pair, lessons: Lessons) -> None:
    """Nobody proposes a replacement that they have not seen; what was typed stays."""
    seen = await fill_in(pair)
    first = await propose(pair)
    await lessons.series.confirm_all(first.rsplit("/", 1)[1], by=pair.ortega.id)
    before = len(await lessons.lessons.of_account(pair.lin.id))
    answer = await pair.house.anybody.post("/series/new", seen)
    assert answer.status == 422
    assert "Please look at it once more" in answer.text
    assert 'value="Two mornings"' in answer.html
    assert len(await lessons.lessons.of_account(pair.lin.id)) == before


async def test_a_lesson_that_is_given_away_in_the_last_moment_leaves_the_others(pair: Pair, lessons: Lessons) -> None:
    first = await propose(pair)
    await lessons.series.confirm_all(first.rsplit("/", 1)[1], by=pair.ortega.id)
    dates = (date(2026, 11, 10), date(2026, 11, 17))
    proposals = [proposal_on(on, pair.groups, (pair.lin, pair.ortega)) for on in dates]
    series, failed = await lessons.series.propose(proposals, anchor="a", every_weeks=1, by=pair.lin.id)
    assert series is not None
    assert len(series.lessons) == 1
    assert [(one.number, one.error.code) for one in failed] == [(1, ErrorCode.LESSON_DOUBLE_BOOKED)]


@pytest.mark.parametrize("smuggled", ["20261028T030000Z", "20990101T0000Z", ""])
async def test_a_start_that_is_not_in_the_plan_cannot_be_smuggled_in(
    pair: Pair, lessons: Lessons, smuggled: str
) -> None:
    fields = await fill_in(pair) | {"slot_2": smuggled}
    answer = await pair.house.anybody.post("/series/new", fields)
    assert answer.status == 422
    assert await lessons.lessons.of_account(pair.lin.id) == []
    left_out = await propose(pair, fields | {"slot_2": "none"})
    view = await lessons.series.view(left_out.rsplit("/", 1)[1])
    assert [lesson.date for lesson in view.lessons] == [date(2026, 10, 27), date(2026, 11, 10)]


async def test_strangers_learn_nothing_of_a_series(pair: Pair) -> None:
    where = await propose(pair)
    third = await pair.house.school(name="Third School")
    await pair.house.adult(third.id, "eve@example.edu", name="Eve")
    await pair.house.sign_in("eve@example.edu")
    assert (await pair.house.anybody.get(where)).status == 404
    assert (await pair.house.anybody.get("/series/se_nothing")).status == 404
    assert (await pair.house.anybody.get("/series/new?" + urlencode(pair.query()))).status == 404


@pytest.mark.parametrize(
    "more",
    [{"date": "x"}, {"start": ""}, {"minutes": "9999"}, {"group_b": "nothing"}],
)
async def test_an_hour_that_cannot_be_read_is_not_found(pair: Pair, more: dict[str, str]) -> None:
    assert (await pair.house.anybody.get("/series/new?" + urlencode(pair.query(**more)))).status == 404


@pytest.mark.parametrize("more", [{"lessons": "900"}, {"every_weeks": "x"}, {"anchor": "z"}])
async def test_other_nonsense_takes_its_default(pair: Pair, more: dict[str, str]) -> None:
    assert (await pair.house.anybody.get("/series/new?" + urlencode(pair.query(**more)))).status == 200


async def test_an_hour_at_which_nothing_can_begin_says_so(pair: Pair) -> None:
    page = await pair.house.anybody.get("/series/new?" + urlencode(pair.query(start="03:00")))
    assert "A series cannot begin at this hour" in unescape(page.text)
