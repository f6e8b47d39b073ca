"""The pages for adults in a browser: set up from nothing, photographed in both languages, accessible, scriptless."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from server.pages.forms import MAX_UPLOAD_BYTES
from tests.e2e.school_house import (
    LONG_NAME,
    NAMES,
    Administrator,
    EmptyProduct,
    accept_invitation,
    run_empty_product,
    sign_in,
)
from tests.e2e.test_pages import SMALL, assert_accessible, focus_by_tab, judge, shoot, wait_until_drawn

LANGUAGES = ("en", "zh-Hant-TW")
SIZES = ((1366, 768), (820, 1180), (390, 844))
BAD_LINES = "小華\n=SUM(A1)\nava@example.edu\n小華\n\u202eevil\nBo, Lee, extra\n"


@dataclass
class School:
    """What was set up, and who may look at it."""

    url: str
    taipei: str
    tucson: str
    group: str
    empty_group: str
    teacher: str


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmptyProduct]:
    with run_empty_product(tmp_path_factory.mktemp("house") / "data") as product:
        yield product


NewPage = Callable[..., Page]


@pytest.fixture(scope="module")
def new_page(browser: Browser, empty: EmptyProduct) -> Iterator[NewPage]:
    contexts: list[BrowserContext] = []

    def make(language: str = "en", **options: Any) -> Page:
        context = browser.new_context(base_url=empty.url, locale=language, **options)
        contexts.append(context)
        context.add_cookies([{"name": "lang", "value": language, "url": empty.url}])
        return context.new_page()

    yield make
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def school(empty: EmptyProduct, new_page: NewPage) -> School:
    """By the pages only, without JavaScript; the states on the way are photographed."""
    page = new_page(java_script_enabled=False, viewport={"width": 1366, "height": 768})
    admin = Administrator(page)
    page.goto(empty.set_up_path)
    shoot(page, "staff-set-up", "en", is_full=True)
    admin.set_up(empty.set_up_path)
    shoot(page, "staff-first-steps", "en", is_full=True)
    for name, path in (("schools-empty", "/schools"), ("class-groups-none", "/class-groups")):
        page.goto(path)
        shoot(page, f"staff-{name}", "en", is_full=True)
    taipei = admin.add_school("Taiwan", "Chenguang Elementary School", "晨光國小", "Taipei", "Asia/Taipei")
    shoot(page, "staff-school-empty", "en", is_full=True)
    tucson = admin.add_school("United States", LONG_NAME, "", "Tucson", "America/Phoenix")
    admin.invite(taipei, "Lin Mei-hua", "lin@example.edu", vouch=True)
    shoot(page, "staff-link-made", "en", is_full=True)
    ortega = admin.invite(tucson, "Daniel Ortega", "ortega@example.edu", vouch=True, coordinator=True)
    waiting = admin.invite(tucson, "Jo Newcomer", "newcomer@example.edu", vouch=False)
    page.goto("/dashboard")
    shoot(page, "staff-first-steps-half", "en", is_full=True)
    group = admin.add_class(tucson, "Class 5A", "", "Grade 5")
    admin.add_names(group, [*NAMES, *(f"Pupil {number}" for number in range(8, 31))])
    admin.authorise(group)
    empty_group = admin.add_class(taipei, "", "五年甲班", "五年級")
    for path in (ortega, waiting):
        accept_invitation(new_page(java_script_enabled=False), path)
    return School(empty.url, taipei, tucson, group, empty_group, "ortega@example.edu")


def _pages(school: School) -> dict[str, str]:
    return {
        "dashboard": "/dashboard",
        "account": "/account",
        "school": f"/schools/{school.tucson}",
        "school-edit": f"/schools/{school.tucson}/edit",
        "people": f"/schools/{school.tucson}/people",
        "invite": f"/schools/{school.tucson}/invite",
        "class-groups": "/class-groups",
        "class-group-new": f"/class-groups/new?school={school.tucson}",
        "class-group": f"/class-groups/{school.group}",
        "roster": f"/class-groups/{school.group}/roster",
        "authorisation": f"/class-groups/{school.group}/authorisation",
        "audit": "/audit",
    }


def _administrators_pages(school: School) -> dict[str, str]:
    return {
        "schools": "/schools",
        "school-new": "/schools/new",
        "class-groups-all": "/class-groups",
        "class-group-empty": f"/class-groups/{school.empty_group}",
        "authorisation-empty": f"/class-groups/{school.empty_group}/authorisation",
        "invite-administrator": "/administrators/invite",
        "dashboard-administrator": "/dashboard",
    }


OPEN_PAGES = {"sign-in": "/sign-in", "reset": "/reset", "link-ended": "/invitation/nothing", "home": "/"}


def _look(page: Page, name: str, path: str, language: str) -> None:
    page.goto(path)
    wait_until_drawn(page)
    assert page.evaluate("document.documentElement.lang") == language, name
    _photograph(page, name, language)
    for width, height in SMALL:
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (name, language, width)


def _photograph(page: Page, name: str, language: str) -> None:
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        shoot(page, f"staff-{name}", language, is_full=True)
        judge(page, name, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_open_pages(new_page: NewPage, language: str) -> None:
    page = new_page(language)
    for name, path in OPEN_PAGES.items():
        _look(page, name, path, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_of_a_coordinator(new_page: NewPage, school: School, language: str) -> None:
    page = new_page("en")
    sign_in(page, school.teacher)
    page.context.add_cookies([{"name": "lang", "value": language, "url": school.url}])
    for name, path in _pages(school).items():
        _look(page, name, path, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_of_the_administrator(new_page: NewPage, school: School, language: str) -> None:
    page = new_page("en")
    sign_in(page, "it@example.edu")
    page.context.add_cookies([{"name": "lang", "value": language, "url": school.url}])
    page.goto(f"/schools/{school.tucson}/people")
    person = page.locator(".more-link").first.get_attribute("href")
    assert person is not None
    for name, path in {**_administrators_pages(school), "person": person}.items():
        _look(page, name, path, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_refused_forms(new_page: NewPage, school: School, language: str) -> None:
    page = new_page("en")
    sign_in(page, school.teacher)
    page.context.add_cookies([{"name": "lang", "value": language, "url": school.url}])
    page.goto(f"/class-groups/{school.group}/roster")
    page.locator("textarea").fill(BAD_LINES)
    page.locator("main form .button").click()
    page.wait_for_url("**/preview")
    _photograph(page, "roster-preview", language)
    page.goto(f"/schools/{school.tucson}/invite")
    page.locator("input[name=email]").evaluate("(field) => { field.type = 'text'; field.form.noValidate = true; }")
    page.locator("input[name=email]").fill("nobody")
    page.locator("main form .button").click()
    expect(page.locator(".field-error").first).to_be_visible()
    # The browser gives it the focus when it draws the page, not when it has read this far.
    expect(page.locator(".notice[autofocus]"), "the summary of errors").to_be_focused()
    _photograph(page, "invite-wrong", language)


def test_a_file_that_is_too_large_is_said_before_it_is_sent(new_page: NewPage, school: School) -> None:
    """What was typed beside it stays."""
    page = new_page("en")
    sign_in(page, school.teacher)
    page.goto(f"/class-groups/{school.group}/roster")
    page.locator("textarea").fill("Ava\nBo")
    file = page.locator("input[type=file]")
    file.set_input_files({"name": "class.csv", "mimeType": "text/csv", "buffer": b"x" * (MAX_UPLOAD_BYTES + 1)})
    page.locator("main form .button").click()
    assert page.url.endswith("/roster")
    assert "up to 200 kB" in file.evaluate("(one) => one.validationMessage")
    assert page.locator("textarea").input_value() == "Ava\nBo"
    file.set_input_files({"name": "class.csv", "mimeType": "text/csv", "buffer": b"name\n" + b"x" * 20})
    page.locator("main form .button").click()
    page.wait_for_url("**/preview")


def test_somebody_not_verified_is_told_what_happens(new_page: NewPage, school: School) -> None:
    for language in LANGUAGES:
        page = new_page("en", viewport={"width": 1366, "height": 768})
        sign_in(page, "newcomer@example.edu")
        page.context.add_cookies([{"name": "lang", "value": language, "url": school.url}])
        for name, path in (("dashboard", "/dashboard"), ("school", f"/schools/{school.tucson}")):
            page.goto(path)
            shoot(page, f"staff-{name}-unverified", language, is_full=True)
            assert_accessible(page, f"unverified {name} in {language}")
        assert page.locator(".bar-nav a").count() == 2


def test_the_keyboard_alone_signs_in_and_adds_a_class(new_page: NewPage, school: School) -> None:
    page = new_page("en")
    page.goto("/sign-in")
    focus_by_tab(page, "input[name=email]")
    page.keyboard.type(school.teacher)
    focus_by_tab(page, "input[name=password]")
    page.keyboard.type("seven quiet herons")
    page.keyboard.press("Enter")
    page.wait_for_url("**/dashboard")
    focus_by_tab(page, '.bar-nav a[href="/class-groups"]')
    page.keyboard.press("Enter")
    page.wait_for_url("**/class-groups")
    focus_by_tab(page, 'main a[href^="/class-groups/new"]')
    page.keyboard.press("Enter")
    page.wait_for_url("**/class-groups/new*")
    focus_by_tab(page, "input[name=name_en]")
    page.keyboard.type("Class 6B")
    page.keyboard.press("Enter")
    page.wait_for_url("**/roster")
    expect(page.locator(".flash")).to_contain_text("The class is there.")
    expect(page.locator(".flash")).to_contain_text("班級已建立")


def test_a_copied_link_and_a_printed_text(new_page: NewPage, school: School, tmp_path: Path) -> None:
    page = new_page("en", viewport={"width": 1366, "height": 768})
    sign_in(page, school.teacher)
    page.goto(f"/class-groups/{school.group}/authorisation")
    page.emulate_media(media="print")
    for gone in (".bar", ".staff-foot", "aside.no-print"):
        assert page.locator(gone).is_hidden(), gone
    assert page.locator(".letter-signature").is_visible()
    shoot(page, "staff-authorisation-print", "en", is_full=True)
    # One sheet: Chromium's own count of A4 pages.
    pdf = tmp_path / "letter.pdf"
    page.pdf(path=pdf, format="A4")
    assert pdf.read_bytes().count(b"/Type /Page\n") == 1
