"""The term view by its real pages: replacements, changes with one letter, the clock's choice, steps for empty weeks."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from urllib.parse import urlencode

import icalendar
import pytest

from server.app import AppParts
from server.lessons import Lesson, Lessons, LessonState, Proposal, wall_time
from server.pair import LocalizedText, Side
from server.people import Account
from tests.integration.staff_pages.conftest import House
from tests.integration.staff_pages.web_user import Seen

TAIPEI, CALIFORNIA = "Asia/Taipei", "America/Los_Angeles"


@pytest.fixture
def lessons(parts: AppParts) -> Lessons:
    assert parts.lessons is not None
    return parts.lessons


class Term:
    """A pair with a series, Lin of Taipei signed in."""

    def __init__(self, house: House, lessons: Lessons, lin: Account, ortega: Account) -> None:
        self.house, self.services, self.lin, self.ortega = house, lessons, lin, ortega
        self.schools: tuple[str, str] = ("", "")
        self.groups: tuple[str, str] = ("", "")
        self.path = ""

    async def propose(self, dates: list[date], start: time = time(8, 40), anchor: str = "a") -> str:
        series, failed = await self.services.series.propose(
            [
                Proposal(
                    title=LocalizedText("Two mornings", "兩地晨光"),
                    class_groups=self.groups,  # type: ignore[arg-type]  # ids of the fixture
                    leads=(self.lin.id, self.ortega.id),
                    date=on,
                    start=start,
                    minutes=40,
                )
                for on in dates
            ],
            anchor="a" if anchor == "a" else "b",
            every_weeks=1,
            by=self.lin.id,
        )
        assert series is not None
        assert failed == ()
        self.path = f"/series/{series.id}"
        return series.id

    async def confirm(self) -> None:
        await self.services.series.confirm_all(self.path.rsplit("/", 1)[1], by=self.ortega.id)

    async def lessons(self) -> list[Lesson]:
        view = await self.services.series.view(self.path.rsplit("/", 1)[1])
        return list(view.lessons)

    async def hours(self, zone: str = TAIPEI) -> list[str]:
        return [f"{wall_time(one.starts_at, zone).local:%m-%d %H:%M}" for one in await self.lessons()]

    async def page(self) -> Seen:
        return await self.house.anybody.get(self.path)

    async def letters_to(self, account: Account) -> list[str]:
        return [one.letter.text for one in await self.services.letters.page() if one.letter.to == account.email]

    async def close(self, school: int, on: str) -> None:
        """A whole day, by the school's own page."""
        path = f"/schools/{self.schools[school]}/hours"
        page = await self.house.anybody.get(path)
        looked = await self.house.anybody.submit(page, f"{path}/closures", first=on, last=on, reason="typhoon")
        (form,) = [form for form in looked.forms if "version" in form.values]
        given = {name: values[0] for name, values in form.values.items()}
        await self.house.anybody.post(form.action, given | {"step": "save"})


@pytest.fixture
async def term(house: House, lessons: Lessons) -> Term:
    taipei = await house.school()
    pasadena = await house.people.schools.create(
        side=Side.UNITED_STATES,
        name=LocalizedText("Arroyo School", "阿羅約小學"),
        place=LocalizedText("Pasadena", "帕薩迪納"),
        zone=CALIFORNIA,
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
    made = Term(house, lessons, lin, ortega)
    made.schools, made.groups = (taipei.id, pasadena.id), (groups[0].id, groups[1].id)
    return made


# Tuesdays in Taipei, Monday afternoons in California, whose clock goes back on 1 November. It is 20 October.
TUESDAYS = [date(2026, 10, 27), date(2026, 11, 3), date(2026, 11, 10), date(2026, 11, 17)]


async def test_all_lessons_stand_on_both_walls_with_the_seam_of_the_clock(term: Term) -> None:
    await term.propose(TUESDAYS)
    page = await term.page()
    assert page.html.count('<td data-label="#">') == 4
    for words in ("10/27 週二 08:40–09:20", "Mon Oct 26 5:40–6:20 PM", "Mon Nov 2 4:40–5:20 PM"):
        assert words in page.text
    assert page.text.count("another hour than before: a clock has changed") == 1
    assert "Does not fit" not in page.text
    chinese = await term.house.anybody.get(f"{term.path}?lang=zh-Hant-TW")
    assert "時鐘" in chinese.text
    # The sheet is for both schools: its headings and states are in both languages, whoever prints it.
    for one in (page, chinese):
        assert "Proposed" in one.text
        assert "已提議" in one.text


async def test_after_a_closure_the_smallest_change_moves_that_lesson_and_nothing_else(term: Term) -> None:
    await term.propose(TUESDAYS)
    await term.confirm()
    before = await term.hours()
    await term.close(0, "2026-11-03")
    page = await term.page()
    assert "Some lessons do not fit any more" in page.text
    assert "Lessons that stay where they are: 3" in page.text
    assert "the school is closed" in page.text
    # The best of the replacements, each a button of its own.
    moves = [form for form in page.forms if form.action == f"{term.path}/move"]
    assert len(moves) == 4, "the smallest change and three places for the lesson"
    assert all(set(form.values) == {"csrf", "seen", "start_2"} for form in moves)
    letters = await term.letters_to(term.ortega)
    after = await term.house.anybody.post(
        moves[0].action, {name: values[0] for name, values in moves[0].values.items()}
    )
    assert "Lessons proposed at another hour: 1" in after.text
    hours = await term.hours()
    assert [x for n, x in enumerate(hours) if n != 1] == [x for n, x in enumerate(before) if n != 1]
    assert hours[1] != before[1]
    assert [one.state for one in await term.lessons()] == [
        LessonState.CONFIRMED, LessonState.PROPOSED, LessonState.CONFIRMED, LessonState.CONFIRMED,
    ]  # fmt: skip
    (letter,) = set(await term.letters_to(term.ortega)) - set(letters)
    (stored,) = [one.letter for one in await term.services.letters.page() if one.letter.text == letter]
    assert stored.calendar is not None, "one letter asks and tells the calendar, when it is about one lesson"
    assert "proposes another hour for a lesson" in letter
    assert "Mon 2026-11-02 16:40 →" in letter
    assert "Some lessons do not fit" not in (await term.page()).text


async def test_a_replacement_is_one_press_and_old_pages_are_refused(term: Term) -> None:
    await term.propose(TUESDAYS)
    await term.close(0, "2026-11-03")
    page = await term.page()
    form = [one for one in page.forms if one.action == f"{term.path}/move"][1]
    fields = {name: values[0] for name, values in form.values.items()}
    await term.services.lessons.move(
        (await term.lessons())[3].id, date=date(2026, 11, 18), start=time(8, 40), by=term.ortega.id
    )
    refused = await term.house.anybody.post(form.action, fields)
    assert refused.status == 422
    assert "somebody else has just changed" in refused.text.lower()
    assert (await term.hours())[1] == "11-03 08:40"


async def change(term: Term, **fields: object) -> Seen:
    return await term.house.anybody.get(
        f"{term.path}/change?" + urlencode({name: str(value) for name, value in fields.items()})
    )


async def test_from_one_lesson_on_at_another_hour_with_one_letter_accepted_in_one_go(term: Term) -> None:
    """From 3 November on at 09:30 instead: looked at first, then one letter."""
    await term.propose(TUESDAYS)
    await term.confirm()
    letters = await term.letters_to(term.ortega)
    preview = await change(term, lesson=2, scope="following", weekday="", start="09:30")
    assert preview.status == 200
    assert "Lessons that move: 3. Lessons that stay where they are: 1." in preview.text
    for words in ("11/3 週二 08:40–09:20", "11/3 週二 09:30–10:10", "Mon Nov 2 5:30–6:10 PM"):
        assert words in preview.text
    assert await term.hours() == ["10-27 08:40", "11-03 08:40", "11-10 08:40", "11-17 08:40"], "a GET changes nothing"
    after = await term.house.anybody.submit(preview, f"{term.path}/move")
    assert "Lessons proposed at another hour: 3" in after.text
    assert await term.hours() == ["10-27 08:40", "11-03 09:30", "11-10 09:30", "11-17 09:30"]
    new = [one for one in await term.letters_to(term.ortega) if one not in letters]
    (letter,) = [one for one in new if "For your calendar:" not in one]
    assert "Mon 2026-11-02 16:40 → Mon 2026-11-02 17:30" in letter
    assert "2026-10-26" not in letter
    await term.house.sign_in_as(term.ortega)
    sheet = await term.page()
    assert "Lessons that wait for your side: 3" in sheet.text
    done = await term.house.anybody.submit(sheet, f"{term.path}/confirm")
    assert "Lessons accepted: 3" in done.text
    assert {one.state for one in await term.lessons()} == {LessonState.CONFIRMED}


async def test_agreed_lessons_that_are_moved_together_reach_every_calendar_one_event_a_letter(term: Term) -> None:
    """The old hours stand in the calendars of both leads; the one letter asks, and these only tell the calendars."""
    await term.propose(TUESDAYS)
    await term.confirm()
    before = {one.id for one in await term.services.letters.page(limit=200)}
    page = await change(term, lesson=3, scope="following", weekday="", start="09:30")
    await term.house.anybody.submit(page, f"{term.path}/move")
    new = [one.letter for one in await term.services.letters.page(limit=200) if one.id not in before]
    (asking,) = (one for one in new if one.calendar is None)
    assert asking.to == term.ortega.email
    assert "2 lessons to move" in asking.subject
    assert "one short letter for each lesson follows this one (2)" in asking.text
    assert "隨後另有 2 封短信" in asking.text
    moved = (await term.lessons())[2:]
    for account in (term.lin, term.ortega):
        told = [one for one in reversed(new) if one.calendar is not None and one.to == account.email]
        # Together in a mail program: on the letter that asks, or on the proposer's own first.
        root = asking if account is term.ortega else told[0]
        assert {one.follows for one in told if one is not root} == {root.key}
        assert {one.subject.removeprefix("Re: ") for one in told} == {asking.subject}
        words = ("hour proposed for lesson 3.", "hour proposed for lesson 4.")
        assert all(word in one.text for word, one in zip(words, told, strict=True))
        assert all(("other school has been asked" in one.text) is (account is term.lin) for one in told)
        events = {}
        for letter in told:
            assert letter.calendar is not None
            assert "/answer/" not in letter.text, "the other letter asks"
            calendar = icalendar.Calendar.from_ical(letter.calendar.content)
            (event,) = calendar.walk("VEVENT")
            assert isinstance(event, icalendar.Event)
            events[str(event["UID"])] = (str(calendar["METHOD"]), str(event["SEQUENCE"]), event.start)
        assert events == {f"lesson-{one.id}@tongchuang": ("REQUEST", "2", one.starts_at) for one in moved}


async def test_lessons_that_no_calendar_knows_yet_are_moved_with_one_letter_alone(term: Term) -> None:
    await term.propose(TUESDAYS)
    page = await change(term, lesson=3, scope="following", weekday="", start="09:30")
    await term.house.anybody.submit(page, f"{term.path}/move")
    assert not [one for one in await term.services.letters.page(limit=200) if one.letter.calendar is not None]


async def test_all_lessons_to_another_weekday_from_whichever_one_names_it(term: Term) -> None:
    await term.propose(TUESDAYS)
    preview = await change(term, lesson=4, scope="all", weekday=4, start="08:40")
    await term.house.anybody.submit(preview, f"{term.path}/move")
    assert [hour[:5] for hour in await term.hours()] == ["10-30", "11-06", "11-13", "11-20"]


async def test_what_cannot_be_moved_says_why_and_stays(term: Term) -> None:
    await term.propose(TUESDAYS)
    preview = await change(term, lesson=1, scope="all", weekday=3, start="08:40")
    # Thu 12 Nov in Taipei is Wed 11 Nov in California: Veterans Day.
    assert "cannot be moved there" in preview.text
    assert "holiday" in preview.text
    form = next(one for one in preview.forms if one.action == f"{term.path}/move")
    assert form.options["start_3"][0] == "stay"
    assert len(form.options["start_3"]) > 1, "with hours of the same week instead"


async def test_only_one_and_nonsense(term: Term) -> None:
    await term.propose(TUESDAYS)
    preview = await change(term, lesson=2, scope="one", weekday=2, start="08:40")
    assert "Lessons that move: 1. Lessons that stay where they are: 3." in preview.text
    for fields in ({"lesson": 9, "start": "08:40"}, {"lesson": 1, "start": "x"}, {"lesson": "x", "start": "08:40"}):
        assert (await change(term, **fields)).status == 422
    token = preview.forms[-1].values["csrf"][0]
    for value in ("yesterday", "20990101T0000Z"):
        answer = await term.house.anybody.post(
            f"{term.path}/move", {"csrf": token, "seen": "1-1-1-1", "start_2": value}
        )
        assert answer.status == 422, value
    nothing = await term.house.anybody.post(f"{term.path}/move", {"csrf": token, "seen": "1-1-1-1"})
    assert nothing.status == 422
    assert "No lesson was chosen" in nothing.text
    assert [hour[-5:] for hour in await term.hours()] == ["08:40"] * 4


# -- the clock


@pytest.mark.parametrize("kept", ["taiwan", "california"])
async def test_the_banner_comes_14_days_ahead_to_whose_clock_moves_and_whose_hour_jumps(term: Term, kept: str) -> None:
    """California's clock goes forward on Sunday 14 March 2027 at 10:00 UTC."""
    await term.propose([date(2027, 3, 2), date(2027, 3, 9), date(2027, 3, 16), date(2027, 3, 23)])
    if kept == "california":
        for lesson in (await term.lessons())[2:]:
            # 16:40 in California is 07:40 in Taipei from then on.
            await term.services.lessons.move(lesson.id, date=lesson.date, start=time(7, 40), by=term.lin.id)
    for now, is_due in ((datetime(2027, 2, 28, 9, tzinfo=UTC), False), (datetime(2027, 2, 28, 11, tzinfo=UTC), True)):
        term.house.clock.advance(seconds=(now - term.house.clock.now()).total_seconds())
        for account in (term.lin, term.ortega):
            await term.house.sign_in_as(account)
            today = await term.house.anybody.get("/dashboard")
            is_told = is_due and (account is term.ortega or kept == "california")
            assert ("the clock at Arroyo School goes forward 60 minutes" in today.text) is is_told, account.email
            # On the term sheet it is always there to be opened.
            assert "goes forward 60 minutes" in (await term.page()).text


async def test_one_press_keeps_their_time_and_proposes_the_new_hours(term: Term) -> None:
    await term.propose(TUESDAYS)
    await term.confirm()
    await term.house.sign_in_as(term.ortega)
    today = await term.house.anybody.get("/dashboard")
    # Both choices on both walls, before anything is pressed.
    for words in ("Mon Nov 2 4:40–5:20 PM", "Mon Nov 2 5:40–6:20 PM", "11/3 週二 09:40–10:20", "Keep our time"):
        assert words in today.text
    forms = [form for form in today.forms if form.action == f"{term.path}/clock"]
    assert [form.values["anchor"] for form in forms] == [["a"], ["b"]]
    letters = await term.letters_to(term.lin)
    after = await term.house.anybody.post(
        forms[1].action, {name: values[0] for name, values in forms[1].values.items()}
    )
    assert "Lessons proposed at their new hour: 3" in after.text
    assert await term.hours() == ["10-27 08:40", "11-03 09:40", "11-10 09:40", "11-17 09:40"]
    assert (await term.hours(CALIFORNIA))[:2] == ["10-26 17:40", "11-02 17:40"]
    new = [one for one in await term.letters_to(term.lin) if one not in letters]
    assert len([one for one in new if "For your calendar:" not in one]) == 1
    view = await term.services.series.view(term.path.rsplit("/", 1)[1])
    assert view.series.anchor == "b"
    assert [one.anchor for one in view.lessons] == ["a", "b", "b", "b"]
    assert "Chosen: the time at Arroyo School stays" in (await term.page()).text
    assert "goes back 60 minutes" not in (await term.house.anybody.get("/dashboard")).text


async def test_keeping_what_is_planned_moves_nothing_and_is_noted(term: Term) -> None:
    await term.propose(TUESDAYS)
    page = await term.page()
    form = next(one for one in page.forms if one.action == f"{term.path}/clock" and one.values["anchor"] == ["a"])
    after = await term.house.anybody.post(form.action, {name: values[0] for name, values in form.values.items()})
    assert "The lessons stay as they are" in after.text
    assert [hour[-5:] for hour in await term.hours()] == ["08:40"] * 4
    assert [one.version for one in await term.lessons()] == [1] * 4
    wrong = await term.house.anybody.post(
        form.action, {"csrf": form.values["csrf"][0], "anchor": "c", "changes_at": "x", "seen": ""}
    )
    assert wrong.status == 422


# -- weeks without a lesson


async def test_a_week_without_a_common_hour_suggests_a_step_apart_that_can_be_noted(term: Term) -> None:
    # Thanksgiving week: nothing common between Tue 24 and Sat 28 November.
    await term.propose([date(2026, 11, 17), date(2026, 12, 1)])
    page = await term.page()
    assert "No common hour in the week of Mon 23 Nov 2026" in page.text
    assert "exchange a recorded greeting" in page.text
    after = await term.house.anybody.submit(page, f"{term.path}/notes", text="We send needle-note by post.")
    assert "Saved" in after.text
    assert "Week of 11/23 週一 We send needle-note by post." in after.text
    await term.house.sign_in_as(term.ortega)
    assert "needle-note" in (await term.page()).text
    too_long = await term.house.anybody.submit(await term.page(), f"{term.path}/notes", text="x" * 301)
    assert too_long.status == 422
    gone = await term.house.anybody.submit(await term.page(), f"{term.path}/notes", text="")
    assert "needle-note" not in gone.text


async def test_strangers_change_nothing(term: Term) -> None:
    await term.propose(TUESDAYS)
    third = await term.house.school(name="Third School")
    await term.house.adult(third.id, "eve@example.edu", name="Eve")
    seen = await term.house.sign_in("eve@example.edu")
    token = re.search(r'name="csrf" value="([^"]+)"', seen.html)
    assert token
    for path in ("move", "clock", "notes"):
        fields = {"csrf": token[1], "seen": "1-1-1-1", "start_1": "20261028T0040Z", "text": "x", "monday": "2026-11-23"}
        answer = await term.house.anybody.post(f"{term.path}/{path}", fields)
        assert answer.status == 404, path
    assert (await change(term, lesson=1, start="08:40")).status == 404
    assert (await term.hours())[0] == "10-27 08:40"
