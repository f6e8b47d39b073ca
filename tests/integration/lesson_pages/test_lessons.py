"""Lessons by their pages, without a script: propose, look at both clocks, answer, move, staff, open, sign, report."""

from __future__ import annotations

import re

import pytest

from server.lessons import LessonState
from tests.integration.lesson_pages.conftest import House, Staff
from tests.integration.staff_pages.web_user import Seen

S = LessonState


def heading(seen: Seen) -> str:
    found = re.search(r'class="press-title"[^>]*><span[^>]*>([^<]*)<', seen.html)
    assert found is not None, seen.text[:300]
    return found[1]


def steps(seen: Seen) -> list[str]:
    return re.findall(r'class="path-step" data-mark="(\w+)"', seen.html)


async def test_my_lessons_stand_by_what_they_wait_for(house: House, staff: Staff) -> None:
    await staff.become("lin")
    seen = await staff.page("/lessons")
    order = [
        seen.text.index(words) for words in ("Now", "Weather and typhoons", "Waiting for you", "A day at our school")
    ]
    assert order == sorted(order)
    assert seen.text.index("Next lessons") < seen.text.index("Breakfast on two sides")
    assert "The river near my home" not in seen.text, "another pair's"
    assert f"/lessons/{(await house.demo('typhoon')).id}" in seen.links


@pytest.mark.parametrize(
    ("who", "lesson", "said", "done"),
    [
        ("lin", "typhoon", "Open the lobby, so that pupils can arrive.", 2),
        ("lin", "desert", "Does this hour work for your class?", 0),
        ("ortega", "desert", "Waiting for the partner’s answer.", 0),
        ("lin", "schoolday", "Look at the attendance and sign it.", 5),
        ("ortega", "schoolday", "Waiting for the signature of the attendance.", 5),
        ("lin", "breakfast", "Both sides said yes. Check the authorisations.", 1),
        ("hsu", "wind", "A school authorisation is missing.", 1),
        ("begay", "wind", "A school authorisation is missing.", 1),
        ("cruz", "harbour", "This lesson is complete.", 8),
        ("huang", "river", "Waiting for the partner’s answer.", 0),
        ("davis", "streetfood", "This lesson was cancelled.", 1),
    ],
)
async def test_the_page_says_what_to_press(
    house: House, staff: Staff, who: str, lesson: str, said: str, done: int
) -> None:
    await staff.become(who)
    seen = await staff.page(f"/lessons/{(await house.demo(lesson)).id}")
    assert seen.status == 200
    assert heading(seen) == said
    assert steps(seen).count("done") == done
    assert "<script>" not in seen.html
    assert not seen.reader.handlers


async def test_both_walls_stand_on_the_page_with_both_weekdays(house: House, staff: Staff) -> None:
    lesson = await house.demo("breakfast")
    for language, words in (("en", "Tuesday, December 1"), ("zh-Hant-TW", "11月30日星期一")):
        await staff.become("lin", language)
        seen = await staff.page(f"/lessons/{lesson.id}?lang={language}")
        assert "12/1 週二 07:40–08:20" in seen.text
        assert "Mon Nov 30 3:40–4:20 PM" in seen.text
        assert words in seen.text
        assert {"en": "one day earlier", "zh-Hant-TW": "早一天"}[language] in seen.text


async def test_a_whole_lesson_from_proposal_to_report(house: House, staff: Staff) -> None:
    lin = await staff.become("lin")
    page = await lin.get("/lessons/new?group_b=us-az-saguaro-5b&date=2026-11-24&start=08:40&minutes=40")
    look = await lin.submit(page, "/lessons/new", title_en="Games we play", title_zh="我們玩的遊戲")
    assert "11/24 週二 08:40–09:20" in look.text
    assert "Mon Nov 23 5:40–6:20 PM" in look.text
    assert "In Tucson it is still the day before." in look.text
    assert len(await house.lessons.lessons.in_states([S.PROPOSED])) == 2, "nothing was sent yet"
    sent = await staff.press(look, "/lessons/new", partner_lead="ac_demo_ortega", step="send")
    assert sent.status == 200
    assert heading(sent) == "Waiting for the partner’s answer."
    assert "Proposed. Your partner was told." in sent.text
    path = sent.path

    ortega = await staff.become("ortega")
    board = await ortega.get("/dashboard")
    assert "Ms. Lin proposes a lesson:" in board.text
    seen = await ortega.get(path)
    seen = await ortega.submit(seen, f"{path}/confirm")
    assert heading(seen) == "Both sides said yes. Check the authorisations."
    seen = await ortega.submit(seen, f"{path}/consent")
    assert heading(seen) == "Everything is ready for the lesson."

    lesson = await house.lessons.lessons.get(path.rsplit("/", 1)[1])  # type: ignore[arg-type]  # an id from the page
    house.clock.advance(seconds=(lesson.lobby_opens_at - house.clock.now()).total_seconds())
    lin = await staff.become("lin")
    seen = await lin.get(path)
    assert heading(seen) == "Open the lobby, so that pupils can arrive."
    await staff.press(seen, f"{path}/lobby")
    assert heading(await lin.get(path)) == "The classroom is open. Go in."

    await house.lessons.lessons.start(lesson.id, by=None)
    house.clock.advance(seconds=45 * 60)
    await house.lessons.lessons.end(lesson.id, by=None)
    for who in ("lin", "ortega"):
        user = await staff.become(who)
        sheet = await user.get(f"{path}/attendance")
        seen = await user.submit(sheet, f"{path}/attendance/sign")
    assert heading(seen) == "Attendance is signed. Write a few lines."
    user = staff.browser
    seen = await user.submit(seen, f"{path}/report", report="All of us sang.\nNext time: drums.")
    assert heading(seen) == "This lesson is complete."
    assert "All of us sang." in seen.text
    for line in ("proposed the lesson", "confirmed the hour", "opened the lobby", "wrote the report"):
        assert line in seen.text


async def test_the_hour_of_the_partner_can_be_the_anchor(house: House, staff: Staff) -> None:
    ortega = await staff.become("ortega")
    page = await ortega.get(
        "/lessons/new?group_a=tw-taipei-chenguang-5a&group_b=us-az-saguaro-5b&date=2026-11-24&start=08:40"
    )
    form = page.form("/lessons/new")
    assert form.values["mine"] == ["us-az-saguaro-5b"]
    assert form.values["partner"] == ["tw-taipei-chenguang-5a"]
    assert form.values["anchor"] == ["partner"], "the hour finder gave the first class's wall"
    look = await ortega.submit(page, "/lessons/new", title_en="A", title_zh="甲")
    assert "11/24 週二 08:40–09:20" in look.text
    assert "In Taipei it is already the next day." in look.text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"title_en": " ", "title_zh": ""}, "Please give a title in at least one language."),
        ({"partner": "tw-taipei-chenguang-5a"}, "Please choose one of these."),
        ({"partner": "cg_nothing"}, "Please choose one of these."),
        ({"mine": "us-az-saguaro-5b"}, "Please choose one of these."),
        ({"date": "soon"}, "Please give a date"),
        ({"date": "9999-12-31"}, "Please give a date"),
        ({"start": "25:00"}, "Please give a time"),
        ({"minutes": "400"}, "Please give a whole number."),
        ({"partner": "us-ca-bayview-5r", "anchor": "partner", "date": "2027-03-14", "start": "02:30"}, "02:30"),
    ],
)
async def test_a_wrong_proposal_comes_back_with_what_was_typed(
    house: House, staff: Staff, change: dict[str, str], words: str
) -> None:
    lin = await staff.become("lin")
    page = await lin.get("/lessons/new")
    values = {
        "partner": "us-az-saguaro-5b", "title_en": "Kept", "title_zh": "留著", "date": "2026-11-24", "start": "08:40",
        "minutes": "40", "anchor": "mine",
    }  # fmt: skip
    seen = await staff.press(page, "/lessons/new", **(values | change))
    assert seen.status == 422
    assert words in seen.html
    assert ("2026-11-24" if "title_zh" in change else "留著") in seen.html
    assert len(await house.lessons.lessons.in_states([S.PROPOSED])) == 2


async def test_a_move_is_looked_at_before_it_is_sent_and_must_be_confirmed_again(house: House, staff: Staff) -> None:
    lesson = await house.demo("breakfast")
    path = f"/lessons/{lesson.id}"
    rivera = await staff.become("rivera")
    page = await rivera.get(f"{path}/move")
    form = page.form(f"{path}/move")
    # The lesson follows Taipei's clock, and she reads her own: what she types is never their night.
    assert (lesson.anchor, form.values["anchor"]) == ("a", ["mine"])
    assert (form.values["date"], form.values["start"]) == (["2026-11-30"], ["15:40"])
    led = (await rivera.get(f"{path}/move?date=2026-12-02&start=08:40")).form(f"{path}/move")
    assert (led.values["anchor"], led.values["start"]) == (["partner"], ["08:40"]), "a better hour is told on its clock"
    look = await staff.press(page, f"{path}/move", date="2026-12-01", step="look")
    assert "12/2 週三 07:40–08:20" in look.text
    assert (await house.demo("breakfast")).date == lesson.date
    seen = await staff.press(look, f"{path}/move", step="send")
    assert heading(seen) == "Waiting for the partner’s answer."
    await staff.become("lin")
    assert "Ms. Rivera moved to another hour, please answer:" in (await staff.page("/dashboard")).text
    assert heading(await staff.page(path)) == "Does this hour work for your class?"
    # what was true when the page was drawn is not any more
    again = await staff.browser.post(f"{path}/confirm", {**_csrf(await staff.page(path)), "version": "1"})
    assert again.status == 409
    assert "Does this hour work" in again.text


def _csrf(seen: Seen) -> dict[str, str]:
    return {"csrf": next(form.values["csrf"][0] for form in seen.forms if "csrf" in form.values)}


async def test_declining_and_cancelling_give_the_reason_to_the_other_side(house: House, staff: Staff) -> None:
    desert, breakfast = await house.demo("desert"), await house.demo("breakfast")
    lin = await staff.become("lin")
    seen = await lin.get(f"/lessons/{desert.id}")
    seen = await lin.submit(seen, f"/lessons/{desert.id}/decline", reason="校慶當天 <b>不行</b>")
    assert heading(seen) == "This lesson was cancelled."
    seen = await lin.get(f"/lessons/{breakfast.id}")
    empty = await lin.submit(seen, f"/lessons/{breakfast.id}/cancel", reason="  ")
    assert empty.status == 422
    assert "Please fill this in." in empty.text
    seen = await lin.submit(seen, f"/lessons/{breakfast.id}/cancel", reason="Typhoon")
    assert heading(seen) == "This lesson was cancelled."
    await staff.become("ortega")
    board = await staff.page("/dashboard")
    assert "Ms. Lin declined:" in board.text
    assert "&lt;b&gt;不行" in board.html
    assert "<b>不行" not in board.html


async def test_a_substitute_minutes_before_and_the_people_of_ones_own_side(house: House, staff: Staff) -> None:
    lesson = await house.demo("typhoon")
    path = f"/lessons/{lesson.id}"
    lin = await staff.become("lin")
    seen = await lin.get(path)
    assert "ac_demo_ortega" not in seen.form(f"{path}/substitute").options["substitute"], "of the other school"
    seen = await lin.submit(seen, f"{path}/substitute", substitute="ac_demo_su")
    assert "Mr. Su" in seen.text
    seen = await lin.submit(seen, f"{path}/co-teachers", co_teachers=["ac_demo_chiu"])
    seen = await lin.submit(seen, f"{path}/mode", mode="class_to_class")
    assert "Class to class: one big screen" in seen.text
    seen = await lin.submit(seen, f"{path}/lead", lead="ac_demo_su")
    side = (await house.demo("typhoon")).sides[0]
    assert (side.lead, side.co_teachers, side.substitute) == ("ac_demo_su", ("ac_demo_lin", "ac_demo_chiu"), None)
    seen = await lin.submit(seen, f"{path}/co-teachers", co_teachers=["ac_demo_lin"])
    assert (await house.demo("typhoon")).sides[0].co_teachers == ("ac_demo_lin",)
    other = await staff.become("ortega")
    theirs = await other.get(path)
    assert "ac_demo_su" not in theirs.form(f"{path}/substitute").options["substitute"]


async def test_a_lobby_waits_for_its_half_hour_and_for_the_authorisation(house: House, staff: Staff) -> None:
    lesson = await house.demo("typhoon")
    group = lesson.sides[1].class_group_id
    await house.people.class_groups.revoke(group, None)
    lin = await staff.become("lin")
    seen = await lin.get(f"/lessons/{lesson.id}")
    seen = await lin.submit(seen, f"/lessons/{lesson.id}/lobby")
    assert seen.status == 409
    assert "authorisation" in seen.text
    wind = await house.demo("wind")
    begay = await staff.become("begay")
    seen = await begay.get(f"/lessons/{wind.id}")
    assert f"/class-groups/{wind.sides[1].class_group_id}/authorisation" in seen.links
    assert "Your school has not recorded" in seen.text


async def test_strangers_find_nothing_and_coordinators_only_their_school(house: House, staff: Staff) -> None:
    typhoon, river = await house.demo("typhoon"), await house.demo("river")
    anonymous = staff.browser
    assert (await anonymous.get(f"/lessons/{typhoon.id}")).path.startswith("/sign-in")
    await staff.become("rivera")
    for path in (f"/lessons/{typhoon.id}", f"/lessons/{typhoon.id}/attendance", "/lessons/le_demo_nothing"):
        seen = await staff.page(path)
        assert seen.status == 404
        assert "typhoon" not in seen.text.lower()
    assert (await staff.browser.post(f"/lessons/{typhoon.id}/cancel", {"reason": "x"})).status in (403, 404)
    await staff.become("chiu")
    assert "Weather and typhoons" in (await staff.page("/lessons")).text
    assert (await staff.page(f"/lessons/{river.id}")).status == 404
    for page in ("/lessons/new", f"/lessons/{typhoon.id}/move"):
        assert (await staff.page(page)).status == 200
    # a form without its word is another site's
    assert (await staff.browser.post(f"/lessons/{typhoon.id}/cancel", {"reason": "x"})).status == 403
    assert (await house.demo("typhoon")).state is S.CONSENT_CHECKED


async def test_nobody_is_shown_a_button_that_would_refuse_them(house: House, staff: Staff) -> None:
    """A coordinator answers for the school but opens no lobby; the administrator only looks."""
    typhoon, desert = await house.demo("typhoon"), await house.demo("desert")
    await staff.become("lin")
    assert '<a class="button" data-main href="/lessons/le_demo_typhoon' in (await staff.page("/lessons")).html
    await staff.become("chiu")
    assert '<a class="button" data-main href="/lessons/le_demo_typhoon' not in (await staff.page("/lessons")).html
    seen = await staff.page(f"/lessons/{typhoon.id}")
    assert heading(seen) == "Open the lobby, so that pupils can arrive."
    assert f"/lessons/{typhoon.id}/lobby" not in [form.action for form in seen.forms]
    seen = await staff.page(f"/lessons/{desert.id}")
    seen = await staff.browser.submit(seen, f"/lessons/{desert.id}/confirm")
    assert heading(seen) == "Both sides said yes. Check the authorisations."
    await staff.become("it")
    for lesson in (typhoon, desert):
        seen = await staff.page(f"/lessons/{lesson.id}")
        assert seen.status == 200
        assert [form.action for form in seen.forms if form.action.startswith("/lessons/")] == []
        assert "Your side" not in seen.text
