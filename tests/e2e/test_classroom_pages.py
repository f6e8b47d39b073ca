"""The classroom's page in every state, both languages and three sizes, over a fake that speaks the protocol: no media.

What needs sound and picture is in test_classroom.py. Photographs go to tests/artifacts.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, expect

from tests.e2e.camera import wait_for_camera
from tests.e2e.conftest import ROOT
from tests.e2e.test_pages import LANGUAGES, focus_by_tab, judge, shoot, with_language
from tests.fakes.classroom_scene import both, instant, member
from tests.fakes.classroom_server import READY

OpenPage = Callable[..., Page]
SIZES = ((1366, 768), (820, 1180), (390, 844))
WITHIN_S = 60  # hang guard
HOSTILE = "\u202egnp.exe " + "A very long name " * 12


class Fake:
    def __init__(self, url: str) -> None:
        self.url = url

    def do(self, page: Page, what: str, **values: Any) -> None:
        page.request.post(f"{self.url}/fake/{what}", data=values)

    def heard(self, page: Page) -> list[list[Any]]:
        answer: list[list[Any]] = page.request.get(f"{self.url}/fake/heard").json()
        return answer


@pytest.fixture(scope="module")
def fake_url() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.fakes.classroom_server", "0", str(ROOT / "web" / "dist")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    guard = threading.Timer(WITHIN_S, process.kill)
    guard.start()
    assert process.stdout is not None
    line = process.stdout.readline()
    guard.cancel()
    assert line.startswith(READY)
    yield line.removeprefix(READY).strip()
    process.terminate()
    process.wait()
    process.stdout.close()


@pytest.fixture
def fake(fake_url: str, open_page: OpenPage) -> Fake:
    fake = Fake(fake_url)
    fake.do(open_page("about:blank"), "reset")
    return fake


def door(fake: Fake, open_page: OpenPage, person: str, *, language: str = "en", **options: Any) -> Page:
    page = open_page("about:blank", **options)
    page.goto(f"{fake.url}/lessons/le_fake/room?as={person}&lang={language}")
    wait_for_camera(page)
    return page


def inside(fake: Fake, open_page: OpenPage, person: str, **options: Any) -> Page:
    page = door(fake, open_page, person, **options)
    page.locator(".join").click()
    page.locator(".class-room").wait_for()
    return page


def message(id_: str, person: str, text: str, **more: Any) -> dict[str, Any]:
    said = {"message": id_, "at": instant(0), "from": person, "name": both("Noah"), "side": "b", "to": "everyone"}
    return {**said, "text": text, "status": "shown", "why": [], **more}


def furnish(fake: Fake, page: Page) -> None:
    """Words, chat, hands, somebody who waits and a report."""
    held = message("m91", "pupil-noah", "noah@example.com", status="held", why=["email"])
    waiting = {"person": "pupil-mia", "name": both("Mia"), "side": "b", "since": instant(-1), "note": "second_device"}
    report = {"report": "r1", "at": instant(0), "by": "pupil-ava", "name": both("Ava"), "about": "m91", "text": "Look"}
    word = {"word": "w1", "en": "typhoon", "zh": "颱風", "note": "tái fēng"}
    put = {
        "words": [word],
        "chat": [message("m90", "pupil-noah", "你好 hello"), held],
        "lobby": [waiting],
        "reports": [report],
    }
    fake.do(page, "change", kind="all", put=put, hands=["pupil-ava", "pupil-noah"])


def look(page: Page, name: str, language: str) -> None:
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")
        shoot(page, f"class-{name}", language)
        judge(page, name, language)


def dock(page: Page, action: str) -> None:
    button = page.locator(f'.dock [data-action="{action}"]')
    if not button.is_visible():
        page.locator('.dock [data-action="more"]').click()
    button.click()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_way_in_is_accessible_and_photographed(fake: Fake, open_page: OpenPage, language: str) -> None:
    page = open_page("about:blank")
    for name, path in (("join", "/join"), ("join-refused", "/join?problem=1&code=ABCD-2345")):
        page.goto(fake.url + with_language(path, language))
        look(page, name, language)
    fake.do(page, "note", person="pupil-ava", note="waiting")
    page = door(fake, open_page, "pupil-ava", language=language)
    look(page, "door", language)
    page.locator(".join").click()
    page.locator("tc-lobby").wait_for()
    look(page, "lobby", language)
    for note in ("second_device", "returned", "removed"):
        fake.do(page, "note", person="pupil-ava", note=note)
        expect(page.locator("tc-lobby .banner")).to_have_attribute("data-tone", "sun")
    look(page, "lobby-removed", language)
    fake.do(page, "send", message="gone", payload={"why": "removed"})
    page.locator("tc-gone h1").wait_for()
    look(page, "gone", language)
    assert page.evaluate("window.refused") == []


@pytest.mark.timeout(300)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_leads_room_is_accessible_and_photographed(fake: Fake, open_page: OpenPage, language: str) -> None:
    page = inside(fake, open_page, "adult-lin", language=language)
    furnish(fake, page)
    page.locator(".waiting-one").wait_for()
    look(page, "lead", language)
    fake.do(page, "change", kind="grace_started", grace_ends_at=instant(1))
    fake.do(page, "change", kind="lesson_changed", lesson={"ends_at": instant(3)})
    expect(page.locator("tc-notices .banner[data-tone=bad]")).to_be_visible()
    look(page, "lead-grace-and-bell", language)
    for action in ("tools", "leave", "settings"):
        dock(page, action)
        page.locator("dialog[open]").wait_for()
        look(page, f"lead-{action}", language)
        page.keyboard.press("Escape")
    page.set_viewport_size({"width": 1366, "height": 768})
    page.locator(".rail-tab[data-tab=people]").click()
    look(page, "lead-people", language)
    page.set_viewport_size({"width": 1366, "height": 768})
    page.locator("[data-person=pupil-ming] button").click()
    page.locator("tc-person dialog[open]").wait_for()
    look(page, "lead-person", language)
    page.keyboard.press("Escape")
    page.locator(".report-button").click()
    look(page, "report", language)
    assert page.evaluate("window.refused") == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_companions_page_is_accessible_and_photographed(fake: Fake, open_page: OpenPage, language: str) -> None:
    """No camera is opened for it, and nothing comes in until it is chosen."""
    page = open_page("about:blank")
    page.context.add_init_script(
        "const open = navigator.mediaDevices.getUserMedia; window.opened = 0;"
        "navigator.mediaDevices.getUserMedia = (...a) => (window.opened++, open.apply(navigator.mediaDevices, a))"
    )
    rights = {"chat": True, "microphone": False, "camera": False, "screen_share": False}
    one = {**member("pupil-noah", both("Noah"), "b"), "is_companion": True, "allowed": rights}
    fake.do(page, "change", kind="mode", put={"people": [one]})
    page.goto(f"{fake.url}/lessons/le_fake/room?as=pupil-noah&lang={language}")
    page.locator(".companion-door").wait_for()
    look(page, "companion-door", language)
    page.locator(".join").click()
    page.locator(".class-room").wait_for()
    furnish(fake, page)
    look(page, "companion", language)
    expect(page.locator("tc-class-stage")).to_have_count(0)
    dock(page, "see")
    expect(page.locator("tc-class-stage")).to_have_count(1)
    assert page.evaluate("window.opened") == 0


def test_after_a_lost_event_the_page_asks_for_everything_again(fake: Fake, open_page: OpenPage) -> None:
    page = inside(fake, open_page, "pupil-ava")
    fake.do(page, "skip")
    fake.do(page, "change", kind="chat_sent", put={"chat": [message("m50", "pupil-noah", "after the gap")]})
    expect(page.locator(".message", has_text="after the gap")).to_be_visible()
    assert ["pupil-ava", "sync", {}] in fake.heard(page)


def test_a_cut_connection_comes_back_with_everything(fake: Fake, open_page: OpenPage) -> None:
    page = inside(fake, open_page, "pupil-ava")
    page.context.set_offline(True)
    fake.do(open_page("about:blank"), "cut", person="pupil-ava")
    notice = page.locator("tc-notices", has_text="Chat and hands are being connected again.")
    expect(notice).to_be_visible()
    page.locator(".chat-form textarea").fill("said while away")
    page.locator(".chat-form textarea").press("Enter")
    expect(page.locator(".message[data-status=pending]")).to_contain_text("said while away")
    page.context.set_offline(False)
    expect(notice).to_have_count(0)
    expect(page.locator(".message:not([data-status=pending])", has_text="said while away")).to_have_count(1)
    expect(page.locator(".message[data-status=pending]")).to_have_count(0)


def test_the_language_changes_everywhere_at_once(fake: Fake, open_page: OpenPage) -> None:
    page = inside(fake, open_page, "adult-lin")
    furnish(fake, page)
    page.locator(".waiting-one").wait_for()
    sockets = page.evaluate("window.sockets.length")
    page.get_by_role("button", name="中文", exact=True).click()
    expect(page.locator(".dock-leave .word")).to_have_text("離開")
    for selector, text in (
        ("#waiting-title", "等候中"),
        ("#words-title", "今日單字"),
        ("#chat-title", "聊天"),
        (".message-held", "電子郵件地址"),
        (".waiting-note", "第二台裝置"),
        (".report-button", "通報問題"),
    ):
        expect(page.locator(selector)).to_contain_text(text)
    assert page.evaluate("window.sockets.length") == sockets


def test_what_a_pupil_may_not_is_said_and_switched_off(fake: Fake, open_page: OpenPage) -> None:
    page = inside(fake, open_page, "pupil-ava")
    rights = {"chat": False, "microphone": False, "camera": True, "screen_share": False}
    one = {**member("pupil-ava", both("Ava"), "b"), "allowed": rights}
    fake.do(page, "change", kind="permission_set", put={"people": [one]})
    expect(page.locator("tc-notices")).to_contain_text("A teacher closed the chat for now.")
    expect(page.locator(".chat-form")).to_contain_text("You can still write to the teachers.")
    expect(page.locator(".chat-form option")).to_have_text(["to the teachers"])
    expect(page.locator('.dock [data-action="microphone"]')).to_be_disabled()
    expect(page.locator('.dock [data-action="screen"]')).to_have_count(0)


def test_the_keyboard_is_enough(fake: Fake, open_page: OpenPage) -> None:
    page = inside(fake, open_page, "adult-lin")
    furnish(fake, page)
    page.locator(".waiting-one").wait_for()
    page.keyboard.press("h")
    expect(page.locator('.dock [data-action="hand"]')).to_contain_text("Hand down")
    second = {"person": "pupil-zoe", "name": both("Zoe"), "side": "b", "since": instant(-1), "note": None}
    fake.do(page, "change", kind="came", put={"lobby": [second]})
    expect(page.locator(".waiting-one").first).to_be_hidden()  # two take one line
    focus_by_tab(page, ".waiting-all .button[data-main]")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    focus_by_tab(page, ".waiting-more")
    page.keyboard.press("Enter")
    expect(page.locator(".waiting-one", has_text="Zoe").get_by_role("button", name="Admit")).to_be_visible()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".waiting-one")).to_have_count(0)
    focus_by_tab(page, ".chat-form textarea")
    page.keyboard.type("hhh")
    page.keyboard.press("Enter")
    expect(page.locator(".message[data-message]", has_text="hhh")).to_be_visible()
    expect(page.locator('.dock [data-action="hand"]')).to_contain_text("Hand down")  # typing is no command
    focus_by_tab(page, '.dock [data-action="tools"]')
    page.keyboard.press("Enter")
    expect(page.locator("tc-tools dialog[open]")).to_be_visible()
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.dataset.action") == "tools", "the focus goes back"


def test_hostile_names_stay_in_their_place(fake: Fake, open_page: OpenPage) -> None:
    page = inside(fake, open_page, "adult-lin")
    evil = member("pupil-evil", both(HOSTILE), "b")
    said = message("m70", "pupil-evil", "\u202e<img src=x onerror=alert(1)>" + "W" * 400, name=both(HOSTILE))
    fake.do(page, "change", kind="came", put={"people": [evil], "chat": [said]}, hands=["pupil-evil"])
    page.locator("[data-message=m70]").wait_for()
    assert page.locator("[data-message=m70] img").count() == 0
    assert page.locator("[data-message=m70] bdi").first.inner_text() == HOSTILE.strip()
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.set_viewport_size({"width": 1366, "height": 768})
    for selector in (".hand-name", ".message-from"):
        box = page.locator(selector).first.bounding_box()
        assert box is not None
        assert box["height"] <= 60, "two lines"


def test_with_reduced_motion_nothing_moves(fake: Fake, open_page: OpenPage) -> None:
    """And without that wish it does, so that the first half can fail."""
    for wish, moves in (("no-preference", True), ("reduce", False)):
        page = inside(fake, open_page, "pupil-ava", reduced_motion=wish)
        fake.do(page, "send", message="reaction", payload={"person": "pupil-noah", "kind": "clap"})
        page.locator(".reaction").wait_for()
        name = page.locator(".reaction").evaluate("(one) => getComputedStyle(one).animationName")
        assert (name != "none") is moves
        running = page.evaluate(
            "document.getAnimations().filter((one) => one.effect.target?.className === 'reaction').length"
        )
        assert moves or running == 0
        page.context.close()


def test_no_page_asks_anybody_else(fake: Fake, open_page: OpenPage) -> None:
    asked: list[str] = []
    page = open_page("about:blank")

    def note(request: Request) -> None:
        asked.append(request.url)

    page.context.on("request", note)
    page.on("websocket", lambda socket: asked.append(socket.url))
    page.goto(f"{fake.url}/lessons/le_fake/room?as=pupil-ava&lang=en")
    wait_for_camera(page)
    page.locator(".join").click()
    page.locator(".class-room").wait_for()
    assert any("/socket.io/" in url and url.startswith("ws") for url in asked)
    assert not any("transport=polling" in url for url in asked), "WebSocket only"
    home = urlsplit(fake.url).netloc
    assert [url for url in asked if not url.startswith(("data:", "blob:")) and urlsplit(url).netloc != home] == []
    assert page.evaluate("window.refused") == []


def test_a_card_is_entered_without_script(fake: Fake, open_page: OpenPage) -> None:
    """The form posts by itself; only the room needs script, and says so."""
    page = open_page("about:blank", java_script_enabled=False)
    page.goto(f"{fake.url}/join?lang=en")
    form = page.locator("form.ticket")
    assert form.get_attribute("method") == "post"
    assert form.get_attribute("action") == "/join"
    expect(form.locator("[name=code]")).to_be_visible()
    page.goto(f"{fake.url}/lessons/le_fake/room?as=pupil-ava&lang=en")
    expect(page.locator("noscript .unbuilt, .unbuilt")).to_contain_text("needs JavaScript")
