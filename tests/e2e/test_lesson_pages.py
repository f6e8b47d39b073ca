"""The lesson pages in a browser: from nothing to the first lesson, photographed, accessible, printed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.conftest import Product
from tests.e2e.school_house import NAMES, Administrator, accept_invitation, run_empty_product
from tests.e2e.test_pages import SMALL, assert_accessible, focus_by_tab, judge, shoot, wait_until_drawn

LANGUAGES = ("en", "zh-Hant-TW")
SIZES = ((1366, 768), (820, 1180), (390, 844))
CARDS = "/class-groups/us-ca-bayview-5r/cards"

Enter = Callable[..., Page]


@pytest.fixture
def enter(browser: Browser, product: Product) -> Iterator[Enter]:
    """Signs in as one of the demo people, in a browser of their own."""
    contexts: list[BrowserContext] = []

    def go_in(key: str, language: str = "en", **options: Any) -> Page:
        context = browser.new_context(base_url=product.url, locale=language, **options)
        contexts.append(context)
        context.add_cookies([{"name": "lang", "value": language, "url": product.url}])
        page = context.new_page()
        # Not by the page: its buttons have a test of their own.
        came = page.request.post(
            "/demo/sign-in", form={"account": f"ac_demo_{key}"}, headers={"Origin": product.url}, max_redirects=0
        )
        assert came.status == 303, came.status
        return page

    yield go_in
    for context in contexts:
        context.close()


def lesson_path(page: Page, word: str) -> str:
    """Of a demo lesson, by the word in its id, from the list of lessons."""
    if urlsplit(page.url).path != "/lessons":
        page.goto("/lessons")
    found = page.locator(f'a[href*="/le_demo_{word}_"]').first.get_attribute("href")
    assert found is not None
    return found.removesuffix("/room")


def look(page: Page, name: str, path: str, language: str) -> None:
    page.goto(path)
    wait_until_drawn(page)
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.lang") == language, name
        shoot(page, f"lessons-{name}", language, is_full=True)
        judge(page, name, language)
    for width, height in SMALL:
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (name, language, width)


def test_one_of_the_demo_people_comes_in_by_the_buttons(open_page: Callable[..., Page]) -> None:
    page = open_page("/sign-in?next=/lessons")
    form = page.locator('form:has(input[name="account"][value="ac_demo_kuo"])')
    expect(form.locator("button")).to_be_hidden()
    page.locator("details:has(form) > summary").first.click()
    form.locator("button").click()
    page.wait_for_url("**/lessons")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_accessible_and_photographed(enter: Enter, language: str) -> None:
    page = enter("lin", language)
    paths = {word: lesson_path(page, word) for word in ("typhoon", "desert", "schoolday", "breakfast")}
    look(page, "list", "/lessons", language)
    # The hours over noon are the longest, and the demo's lesson of the day crosses it only on some hours.
    page.set_viewport_size({"width": 320, "height": 640})
    longest = "11:45\u202fAM–12:25\u202fPM"
    page.locator(".stay-hours").evaluate_all(
        "(all, text) => all.forEach((one) => { one.textContent = text; })", longest
    )
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, "the longest hours"
    look(page, "dashboard", "/dashboard", language)
    look(page, "new", "/lessons/new?group_b=us-az-saguaro-5b&date=2027-03-16&start=08:40", language)
    look(page, "answer", paths["desert"], language)
    look(page, "before", paths["typhoon"], language)
    look(page, "move", f"{paths['breakfast']}/move", language)
    look(page, "sign", paths["schoolday"], language)
    look(page, "attendance", f"{paths['schoolday']}/attendance", language)
    look(page, "cards", "/class-groups/tw-taipei-chenguang-5a/cards", language)
    for who, word in (("hsu", "wind"), ("cruz", "harbour"), ("davis", "streetfood")):
        other = enter(who, language)
        look(other, word, lesson_path(other, word), language)


def test_both_clocks_follow_while_an_hour_is_chosen(enter: Enter) -> None:
    page = enter("ortega", viewport={"width": 1366, "height": 768})
    page.goto("/lessons/new")
    walls = page.locator("tc-other-side")
    expect(walls).to_contain_text("Choose both classes")
    page.get_by_label("Partner class").select_option("tw-taipei-chenguang-5a")
    page.get_by_label("Date").fill("2027-03-15")
    page.get_by_label("Begins at").fill("16:40")
    expect(walls).to_contain_text("Mon Mar 15")
    expect(walls).to_contain_text("4:40–5:20 PM")
    expect(walls).to_contain_text("3/16 週二")
    expect(walls).to_contain_text("07:40–08:20")
    page.get_by_label("Whose clock").select_option("partner")
    expect(walls).to_contain_text("3/15 週一")
    expect(walls).to_contain_text("1:40–2:20 AM")


def test_the_cards_are_printed_ten_to_a_page_of_a4(enter: Enter, tmp_path: Path) -> None:
    page = enter("rivera", viewport={"width": 1366, "height": 768})
    page.goto(CARDS)
    page.locator("main form button").first.click()
    cards = page.locator(".join-card")
    expect(cards).to_have_count(17)
    expect(cards.first.locator(".join-card-code")).to_have_text(re.compile(r"^[A-Z2-9]{4}-[A-Z2-9]{4}$"))
    wait_until_drawn(page)
    shoot(page, "lessons-card-sheet", "en", is_full=True)
    assert_accessible(page, "card sheet")
    for width, height in SMALL:
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, width
    for paper, most in (("A4", 10), ("Letter", 8)):
        pdf = page.pdf(path=tmp_path / f"{paper}.pdf", format=paper)
        # Chromium writes one «/Type /Page» object per page.
        pages = len(re.findall(rb"/Type\s*/Page[^s]", pdf))
        assert pages == -(-17 // most), paper
    page.emulate_media(media="print")
    # A4 less its margins, in CSS pixels.
    page.set_viewport_size({"width": 718, "height": 1047})
    expect(page.locator(".bar")).to_be_hidden()
    shoot(page, "lessons-card-print", "en", is_full=True)
    boxes = [card.bounding_box() for card in cards.all()[:10]]
    assert all(box is not None and box["y"] + box["height"] <= 1047 for box in boxes)
    page.emulate_media(media="screen")
    page.goto(CARDS)
    expect(page.locator("main")).to_contain_text("Cards of this class exist already.")


def test_the_keyboard_alone_answers_a_proposal(enter: Enter) -> None:
    page = enter("huang", viewport={"width": 1366, "height": 768})
    page.goto(lesson_path(page, "river"))
    focus_by_tab(page, ".confirm > summary")
    page.keyboard.press("Enter")
    reason = page.locator('textarea[name="reason"]')
    expect(reason).to_be_visible()
    focus_by_tab(page, 'textarea[name="reason"]')
    page.keyboard.type("A school trip")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#press")).to_contain_text("This lesson was cancelled.")
    expect(page.locator("main")).to_contain_text("A school trip")


def test_from_nothing_to_the_first_lesson_without_a_script(browser: Browser, tmp_path: Path) -> None:
    """The path of the README, by its buttons alone."""
    with run_empty_product(tmp_path / "data") as product:
        contexts: list[BrowserContext] = []

        def somebody() -> Page:
            contexts.append(browser.new_context(base_url=product.url, locale="en", java_script_enabled=False))
            return contexts[-1].new_page()

        office = somebody()
        admin = Administrator(office)
        admin.set_up(product.set_up_path)
        teachers: dict[str, Page] = {}
        groups: dict[str, str] = {}
        for side, english, town, zone, name in (
            ("Taiwan", "Chenguang School", "Taipei", "Asia/Taipei", "Lin Mei-hua"),
            ("United States", "Saguaro School", "Tucson", "America/Phoenix", "Daniel Ortega"),
        ):
            school = admin.add_school(side, english, "", town, zone)
            link = admin.invite(school, name, f"{name[:3].lower()}@example.edu", vouch=True)
            groups[side] = admin.add_class(school, f"Class of {town}", "", "5")
            admin.add_names(groups[side], NAMES)
            admin.authorise(groups[side])
            teachers[side] = somebody()
            accept_invitation(teachers[side], link)

        lin, ortega = teachers["Taiwan"], teachers["United States"]
        lin.goto("/lessons/new")
        lin.get_by_label("Partner class").select_option(groups["United States"])
        lin.get_by_label("Title in English").fill("Hello")
        lin.get_by_label("Title in Chinese").fill("你好")
        lin.get_by_label("Date").fill("2027-03-16")
        lin.get_by_label("Begins at").fill("07:40")
        lin.get_by_role("button", name="Look at both clocks").click()
        expect(lin.locator(".both-walls")).to_contain_text("3/16 週二")
        expect(lin.locator(".both-walls")).to_contain_text("Mon Mar 15")
        expect(lin.locator(".both-walls")).to_contain_text("4:40–5:20 PM")
        lin.get_by_role("button", name="Send the proposal").click()
        expect(lin.locator("#press")).to_contain_text("Waiting for the partner’s answer.")
        path = lin.url.removeprefix(product.url)

        ortega.goto("/dashboard")
        ortega.get_by_role("link", name="Hello").first.click()
        ortega.get_by_role("button", name="Yes, this hour works").click()
        ortega.get_by_role("button", name="Check the authorisations").click()
        expect(ortega.locator("#press")).to_contain_text("Everything is ready for the lesson.")
        ortega.get_by_role("link", name="Cards for my pupils").click()
        ortega.get_by_role("button", name="Make the cards").click()
        expect(ortega.locator(".join-card")).to_have_count(len(NAMES))

        lin.goto(path)
        expect(lin.locator("#press")).to_contain_text("Everything is ready for the lesson.")
        for context in contexts:
            context.close()
