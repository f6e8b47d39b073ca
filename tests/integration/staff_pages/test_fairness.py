"""The fairness ledger by its pages: what took place beside what is planned, who was there, and hours to take turns."""

from __future__ import annotations

from datetime import date, time

import pytest

from server.app import AppParts
from server.ids import AccountId
from server.lessons import Lesson, Lessons, Proposal, SeedPresence, add_presences, adult_person
from server.pair import LocalizedText, Side
from server.people import Account, Role
from server.storage import Database
from tests.integration.staff_pages.conftest import House


@pytest.fixture
def lessons(parts: AppParts) -> Lessons:
    assert parts.lessons is not None
    return parts.lessons


class Pair:
    def __init__(self, house: House, lessons: Lessons, lin: Account, hayes: Account, schools: tuple[str, str]) -> None:
        self.house, self.services, self.lin, self.hayes, self.schools = house, lessons, lin, hayes, schools
        self.groups: tuple[str, str] = ("", "")

    async def lesson(self, on: date, start: time) -> Lesson:
        """Confirmed. Taipei's wall; Tucson is 15 hours behind."""
        lesson = await self.services.lessons.propose(
            Proposal(
                title=LocalizedText("Two mornings", "兩地晨光"),
                class_groups=self.groups,  # type: ignore[arg-type]  # ids of the fixture
                leads=(self.lin.id, self.hayes.id),
                date=on,
                start=start,
                minutes=40,
            ),
            by=self.lin.id,
        )
        return await self.services.lessons.confirm(lesson.id, by=self.hayes.id)

    async def hold(self, lesson: Lesson) -> None:
        clock, service = self.house.clock, self.services.lessons
        clock.advance(seconds=(lesson.starts_at - clock.now()).total_seconds())
        await service.check_consent(lesson.id, by=self.lin.id)
        await service.open_lobby(lesson.id, by=self.lin.id)
        await service.start(lesson.id, by=self.lin.id)
        await service.end(lesson.id, by=self.lin.id)

    async def ledger(self, school: int = 0) -> dict[str, list[dict[str, object]]]:
        await self.house.sign_in_as(self.lin)  # a sign-in does not last until the lesson
        page = await self.house.client.get(f"/api/v1/schools/{self.schools[school]}/fairness")
        assert page.status == 200
        found: dict[str, list[dict[str, object]]] = await page.json()
        return found


@pytest.fixture
async def pair(house: House, lessons: Lessons) -> Pair:
    taipei, tucson = await house.school(), await house.school(Side.UNITED_STATES, "Saguaro School")
    lin = await house.adult(taipei.id, "lin@example.edu", frozenset({Role.TEACHER, Role.COORDINATOR}))
    hayes = await house.adult(tucson.id, "hayes@example.edu", name="Hayes")
    made = Pair(house, lessons, lin, hayes, (taipei.id, tucson.id))
    groups = []
    for school in (taipei, tucson):
        group = await house.people.class_groups.create(school.id, name=LocalizedText("5A", "五甲"), grade="5", by=None)
        await house.people.class_groups.authorise(
            group.id, given_by="P", given_on=date(2026, 10, 1), text_version="1", by=lin.id
        )
        groups.append(group.id)
    made.groups = (groups[0], groups[1])
    await house.sign_in_as(lin)
    return made


def figures(line: dict[str, object]) -> tuple[object, ...]:
    keys = ("lessons", "burden_minutes", "weighted_minutes", "best_possible", "planned_lessons")
    return tuple(line[key] for key in keys)


async def test_it_counts_lessons_that_took_place_beside_those_planned(pair: Pair) -> None:
    """Tue 08:40 in Taipei is Mon 17:40 in Tucson: 20 minutes after school, 20 in the evening are counted as evening."""
    held = await pair.lesson(date(2026, 10, 27), time(8, 40))
    await pair.lesson(date(2026, 11, 3), time(7, 40))
    await pair.hold(held)
    ledger = await pair.ledger()
    lines = {name: figures(line) for name, line in zip(("first", "second"), ledger["countries"], strict=True)}
    # A lesson in two windows has the worse one's weight; the least is 07:40, which is 16:40 in Tucson.
    assert lines == {"first": (1, 40, 80, 40, 1), "second": (1, 0, 0, 0, 1)}
    assert [figures(line)[:3] for line in ledger["teachers"]] == [(1, 40, 80), (1, 0, 0)]
    names = [line["name"] for line in ledger["schools"]]
    assert names[0] == {"en": "Saguaro School", "zh-Hant-TW": "Saguaro School"}
    page = await pair.house.anybody.get(f"/schools/{pair.schools[0]}/fairness")
    assert "Saguaro School" in page.text
    assert "1 lesson, 40 min" in page.text


async def test_whoever_was_there_has_given_the_time(pair: Pair, parts: AppParts) -> None:
    held = await pair.lesson(date(2026, 10, 27), time(8, 40))
    unattended = await pair.lesson(date(2026, 10, 28), time(8, 40))
    substitute = await pair.house.adult(pair.hayes.school_id, "lopez@example.edu", name="Lopez")
    await pair.services.lessons.name_substitute(held.id, substitute.id, by=pair.hayes.id)
    await pair.hold(held)
    await pair.hold(unattended)
    presences = [
        SeedPresence(
            lesson_id=lesson.id,
            person=adult_person(AccountId(who)),
            joined_at=lesson.starts_at,
            left_at=lesson.ends_at,
        )
        # Of the second lesson only one side came: it did not take place.
        for lesson, who in ((held, pair.lin.id), (held, substitute.id), (unattended, pair.lin.id))
    ]
    database = pair.services.terms.records._database  # the test writes what the media server would tell
    assert isinstance(database, Database)
    await add_presences(database, presences)
    ledger = await pair.ledger()
    by_name = {str(line["name"]["en"]): figures(line)[:2] for line in ledger["teachers"]}  # type: ignore[index]  # JSON
    assert by_name == {"Lopez": (1, 40), "Mei Lin": (1, 0)}


async def test_it_proposes_an_hour_at_which_tucson_gives_less_as_a_link_into_a_series(pair: Pair) -> None:
    for on in (date(2026, 10, 27), date(2026, 11, 3), date(2026, 11, 10)):
        await pair.lesson(on, time(9, 30))
    page = await pair.house.anybody.get(f"/schools/{pair.schools[0]}/fairness")
    assert "Saguaro School gives" in page.text
    link = next(one for one in page.links if one.startswith("/series/new?"))
    form = await pair.house.anybody.get(link)
    assert form.status == 200
    assert form.html.count('class="series-number"') == 4
    # From the other side the same page leads to a series of its own class.
    await pair.house.sign_in_as(pair.hayes)
    other = await pair.house.anybody.get(f"/schools/{pair.schools[1]}/fairness")
    link = next(one for one in other.links if one.startswith("/series/new?"))
    assert f"group_a={pair.groups[1]}" in link
    assert (await pair.house.anybody.get(link)).html.count('class="series-number"') == 4


async def test_an_even_pair_and_an_empty_school_are_said_plainly(pair: Pair) -> None:
    page = await pair.house.anybody.get(f"/schools/{pair.schools[0]}/fairness")
    assert "There is no lesson yet." in page.text
    assert "Take turns" not in page.text


async def test_all_lessons_of_a_class_and_of_a_pair_on_both_walls(pair: Pair) -> None:
    first = await pair.lesson(date(2026, 10, 27), time(8, 40))
    page = await pair.house.anybody.get(f"/class-groups/{pair.groups[0]}/term")
    for words in ("10/27 週二 08:40–09:20", "Mon Oct 26 5:40–6:20 PM"):
        assert words in page.text
    assert f"/lessons/{first.id}" in page.links
    assert first.id in (await pair.house.anybody.get(f"/class-groups/{pair.groups[0]}/term?with={pair.groups[1]}")).html
    nobody = await pair.house.anybody.get(f"/class-groups/{pair.groups[0]}/term?with=cg_needle")
    assert first.id not in nobody.html
    # The other school's class is theirs to look at.
    assert (await pair.house.anybody.get(f"/class-groups/{pair.groups[1]}/term")).status in (403, 404)
    await pair.house.sign_in_as(pair.hayes)
    theirs = await pair.house.anybody.get(f"/class-groups/{pair.groups[1]}/term")
    assert theirs.text.index("Mon Oct 26") < theirs.text.index("10/27 週二")


async def test_strangers_see_no_ledger(pair: Pair) -> None:
    await pair.lesson(date(2026, 10, 27), time(8, 40))
    for path in (f"/schools/{pair.schools[1]}/fairness", f"/api/v1/schools/{pair.schools[1]}/fairness"):
        answer = await pair.house.anybody.get(path)
        assert answer.status in (403, 404), path
        assert "Hayes" not in answer.html
