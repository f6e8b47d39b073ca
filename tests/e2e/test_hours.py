"""Finding an hour, a series of it, the other side's answer, bells and a private calendar, in a browser."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import test_lesson_pages as lesson_pages
from tests.e2e.conftest import Product
from tests.e2e.test_lesson_pages import LANGUAGES, Enter, look
from tests.e2e.test_pages import assert_accessible, focus_by_tab, shoot, wait_until_drawn

# The same people's doors as for the lesson pages.
enter = lesson_pages.enter

MINE, THEIRS = "tw-yunlin-daotian-6a", "us-ca-arroyo-mandarin2"


def next_term() -> date:
    """The first of March or October, whichever is next after a fortnight: in the middle of a term on both sides."""
    soonest = date.today() + timedelta(days=14)  # noqa: DTZ011  # any day will do
    return min(
        day
        for year in (soonest.year, soonest.year + 1)
        for day in (date(year, 3, 1), date(year, 10, 1))
        if day >= soonest
    )


PAGES = {
    "hours": "/hours?a={mine}&b={theirs}&from={day}&weeks=2",
    "hours-none": "/hours?a={mine}&b={theirs}&from={day}&weeks=2&tier=both_in_class",
    "calendar": "/account/calendar",
    "calendar-replies": "/calendar-replies",
    "school-hours": "/schools/tw-yunlin-daotian/hours",
    "painting": "/account/availability?week={day}&step=60",
    "calendars": "/account/calendars",
    "bells": "/schools/tw-yunlin-daotian/hours/bells?at=0",
    "school-calendar": "/schools/tw-yunlin-daotian/hours/calendar",
    "school-year": "/schools/tw-yunlin-daotian/hours/calendar/year?at=0",
    "fairness": "/schools/tw-yunlin-daotian/fairness",
    "class-term": "/class-groups/{mine}/term",
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
def test_every_page_of_scheduling_is_accessible_and_photographed(enter: Enter, name: str, language: str) -> None:
    look(enter("kuo", language), name, PAGES[name].format(mine=MINE, theirs=THEIRS, day=next_term()), language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_plan_of_a_series_is_accessible_and_photographed(enter: Enter, language: str) -> None:
    page = enter("kuo", language)
    page.goto(PAGES["hours"].format(mine=MINE, theirs=THEIRS, day=next_term()))
    series = page.locator('a[href^="/series/new"]').first.get_attribute("href")
    assert series is not None
    look(page, "series-new", f"{series}&lessons=8", language)


def test_bells_are_changed_by_keyboard_alone_and_looked_at_first(enter: Enter) -> None:
    """A row is added in place; the look says what the change does, and leads back with everything that was typed."""
    page = enter("kuo", viewport={"width": 390, "height": 844})
    page.goto("/schools/tw-yunlin-daotian/hours/bells?at=0")
    rows = page.locator("#bells fieldset").nth(1).locator(".row")
    before = rows.count()
    page.locator("#add-d0").focus()
    page.keyboard.press("Enter")
    expect(rows).to_have_count(before + 1)
    expect(page.locator(f"#d0_r{before}_name")).to_be_focused()
    page.keyboard.type("Club")
    page.keyboard.press("Enter")
    expect(page.locator(f"#d0_r{before}_end-error")).to_contain_text("Please fill this in.")
    page.locator(f"#d0_r{before}_start").fill("16:10")
    page.locator(f"#d0_r{before}_end").fill("16:50")
    page.get_by_role("button", name=re.compile("See what it changes")).last.press("Enter")
    expect(page.get_by_role("heading", name=re.compile("What the change does"))).to_be_visible()
    assert_accessible(page, "what a change does")
    shoot(page, "lessons-change", "en", is_full=True)
    page.get_by_role("button", name=re.compile("Change something")).press("Enter")
    expect(page.locator(f"#d0_r{before}_name")).to_have_value("Club")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_term_view_and_a_change_of_it_are_accessible_and_photographed(enter: Enter, language: str) -> None:
    """The demo's own series, with its exception and its clock change opened."""
    page = enter("lin", language)
    page.goto("/class-groups/tw-taipei-chenguang-5a/term")
    series = page.locator('a[href^="/series/"]').first.get_attribute("href")
    assert series is not None
    look(page, "term", series, language)
    look(page, "term-change", f"{series}/change?lesson=8&scope=all&weekday=3&start=07:40", language)


# Every field that somebody changes, counted by the browser itself; the tab keeps the count over the pages.
COUNT_INPUTS = """for (const kind of ['input', 'change']) document.addEventListener(kind, (event) => {
  const counted = new Set(JSON.parse(sessionStorage.getItem('counted') ?? '[]'));
  counted.add(`${location.pathname}#${event.target.name}`);
  sessionStorage.setItem('counted', JSON.stringify([...counted]));
}, true);"""


def counted(page: Page) -> list[str]:
    return list(page.evaluate("JSON.parse(sessionStorage.getItem('counted') ?? '[]')"))


def test_three_inputs_find_an_hour_and_three_more_a_term(enter: Enter) -> None:
    """From the bare page on, without anything in its address; what is not touched is filled in. The date counts as an
    input too: without it the search begins today, which may lie in a break."""
    page = enter("kuo", viewport={"width": 1366, "height": 768})
    page.add_init_script(COUNT_INPUTS)
    page.goto("/hours")
    page.get_by_label(re.compile("^Their class")).select_option(THEIRS)
    page.get_by_label(re.compile("^From")).fill(next_term().isoformat())
    page.get_by_role("button", name=re.compile("Show the hours")).click()
    expect(page.get_by_role("heading", name=re.compile("Hours that work: [1-9]"))).to_be_visible()
    first = counted(page)
    assert set(first) == {"/hours#b", "/hours#from"}, "two of the three that may be needed"
    expect(page.locator(".hour-chip").first).to_be_visible()
    page.locator(".slot").first.get_by_role("link", name=re.compile("Make a series")).click()
    expect(page.locator(".series-number")).to_have_count(8)
    # Eight lessons are the form's own suggestion, and so is who leads on the other side.
    for label, words in {"Title in English": "Two mornings", "Title in Chinese": "兩地晨光"}.items():
        page.get_by_label(re.compile(f"^{label}")).fill(words)
    assert page.locator("[required]:invalid").count() == 0, "nothing else has to be filled in"
    assert len(counted(page)) - len(first) == 2, "of three that may be needed"
    page.get_by_role("button", name=re.compile("Propose these lessons")).click()
    expect(page.locator("tbody tr:not(.term-week, .term-exception)")).to_have_count(8)
    where = page.url
    other = enter("kim", viewport={"width": 390, "height": 844})
    other.goto(where)
    other.get_by_role("button", name=re.compile("Accept all of them")).click()
    expect(other.get_by_role("status")).to_contain_text("Lessons accepted: 8")
    page.reload()
    expect(page.locator("tbody .chip").first).to_contain_text("Confirmed")
    # One of them is moved by the other side; the rest stay.
    other.locator("tbody a").first.click()
    expect(other.get_by_role("heading", name=re.compile("Two mornings"))).to_be_visible()


def press_by_keys(page: Page, selector: str) -> None:
    """Tab until it has the focus, visibly, then Enter."""
    focus_by_tab(page, selector)
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none", selector
    page.keyboard.press("Enter")


def test_a_calendar_address_is_found_by_keys_alone_and_fetched_without_signing_in(enter: Enter) -> None:
    page = enter("kuo")
    page.goto("/lessons")
    press_by_keys(page, 'a[href="/account/calendar"]')
    page.wait_for_url("**/account/calendar")
    press_by_keys(page, 'form[action="/account/calendar"] button')
    focus_by_tab(page, "#address")
    address = page.locator("#address").input_value()
    answer = page.request.get(address)
    assert answer.status == 200
    assert answer.text().startswith("BEGIN:VCALENDAR")
    again = page.request.get(address, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status == 304
    press_by_keys(page, "details.confirm > summary")
    press_by_keys(page, 'form[action="/account/calendar/end"] button')
    expect(page.locator("details.confirm")).to_have_count(0)
    assert page.request.get(address).status == 404


def answer_link(product: Product) -> str:
    """The path in the newest letter that asks for an answer; its reader opens it on a phone."""
    if product.data is None:
        pytest.skip("a product that somebody else started keeps its letters to itself")
    query = "SELECT text FROM outbox_letter WHERE text LIKE '%/answer/%' ORDER BY id DESC LIMIT 1"
    with closing(sqlite3.connect(product.data / "tongchuang.sqlite3")) as database:
        (text,) = database.execute(query).fetchone()
    found = re.search(r"/answer/[\w-]+", text)
    assert found is not None
    return found[0]


def test_an_hour_is_proposed_countered_from_a_phone_accepted_moved_and_in_the_calendar(
    enter: Enter, open_page: Callable[..., Page], product: Product
) -> None:
    """One hour on its whole way; who answers is not signed in. Both languages; the answers by keys alone."""
    kuo = enter("kuo", "zh-Hant-TW", viewport={"width": 1366, "height": 768})
    # Weeks that the series of another test does not reach.
    kuo.goto(PAGES["hours"].format(mine=MINE, theirs=THEIRS, day=next_term() + timedelta(weeks=8)))
    kuo.locator(".slot").last.get_by_role("link", name=re.compile("提議這個時間|Propose this hour")).click()
    kuo.locator('input[name="title_en"]').fill("Night markets")
    kuo.locator('input[name="title_zh"]').fill("夜市")
    kuo.locator("main form button[data-main]").click()
    kuo.locator('button[value="send"]').click()
    expect(kuo.locator("#press")).to_be_visible()
    lesson = re.search(r"/lessons/(le_\w+)", kuo.url)
    assert lesson is not None

    phone = open_page(answer_link(product), size=(390, 844), locale="en")
    wait_until_drawn(phone)
    expect(phone.get_by_role("heading", level=1)).to_contain_text("Does this hour work for your class?")
    press_by_keys(phone, "details.more > summary")
    shoot(phone, "hours-answer", "en", is_full=True)
    assert_accessible(phone, "the answer page on a phone")
    start = phone.get_by_label("Starts at")
    hour, minute = start.input_value().split(":")
    start.fill(f"{hour}:{(int(minute) + 5) % 60:02d}")
    press_by_keys(phone, 'button[value="counter"]')
    expect(phone.locator("main")).to_contain_text("Your answer is with the other side")

    telefon = open_page(answer_link(product), size=(390, 844), locale="zh-Hant-TW")
    wait_until_drawn(telefon)
    assert telefon.evaluate("document.documentElement.lang") == "zh-Hant-TW"
    shoot(telefon, "hours-answer", "zh-Hant-TW", is_full=True)
    assert_accessible(telefon, "the answer page on a phone, in Chinese")
    press_by_keys(telefon, 'button[value="accept"]')
    expect(telefon.locator(".notice[data-tone=good]")).to_be_visible()

    kuo.goto(f"/lessons/{lesson[1]}/move")
    on = kuo.locator('input[name="date"]')
    on.fill((date.fromisoformat(on.input_value()) + timedelta(days=7)).isoformat())
    press_by_keys(kuo, 'button[value="look"]')
    kuo.locator('button[value="send"]').wait_for()
    press_by_keys(kuo, 'button[value="send"]')
    expect(kuo.locator("#press")).to_be_visible()
    kuo.goto("/account/calendar")
    kuo.locator('form[action="/account/calendar"] button').click()
    feed = kuo.request.get(kuo.locator("#address").input_value()).text().replace("\r\n ", "")
    (event,) = [one for one in feed.split("BEGIN:VEVENT") if f"lesson-{lesson[1]}@" in one]
    assert "SEQUENCE:3" in event, "proposed, countered, accepted, moved"
    assert "STATUS:TENTATIVE" in event, "the other side has not agreed to the new date yet"


def test_hours_are_painted_by_mouse_and_by_keys_and_saved(enter: Enter) -> None:
    page = enter("kuo", viewport={"width": 1366, "height": 768})
    page.goto(f"/account/availability?week={next_term()}&step=60")
    cells = page.locator(".paint-grid tbody tr").nth(6).locator("td")
    assert cells.count() == 7, "seven real dates"
    page.get_by_label(re.compile("^gladly")).check()
    # One stroke of the mouse over three dates, then two more hours by the keys.
    cells.nth(2).scroll_into_view_if_needed()
    first, third = cells.nth(0).bounding_box(), cells.nth(2).bounding_box()
    assert first
    assert third
    page.mouse.move(first["x"] + 20, first["y"] + 20)
    page.mouse.down()
    page.mouse.move(third["x"] + 20, third["y"] + 20, steps=12)
    page.mouse.up()
    expect(page.locator("[data-status]")).to_contain_text("not saved yet: 3")
    cells.nth(2).locator("input").focus()
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(page.locator("[data-status]")).to_contain_text("not saved yet: 5")
    page.get_by_role("button", name=re.compile("Save these hours")).click()
    expect(page.locator('.paint-cell[data-state="gladly"]')).to_have_count(5)
    expect(page.locator("[data-status]")).to_contain_text("Nothing is changed yet")
