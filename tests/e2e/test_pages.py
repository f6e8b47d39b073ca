"""Every page in both languages: accessible, kept to itself, usable by keyboard and on small screens, photographed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, expect

from tests.e2e.camera import wait_for_camera
from tests.e2e.conftest import ARTIFACTS, ROOT
from tests.e2e.seat import Seat

OpenPage = Callable[..., Page]
LANGUAGES = ("en", "zh-Hant-TW")
SIZES = ((1366, 768), (390, 844))
# 400 % of a phone's width, and 200 % of a laptop's.
SMALL = ((320, 640), (683, 384))
PLAIN_PAGES = {"home": "/", "check": "/check", "error": "/no-such-page", "door": "/demo/lesson?seat=lin"}
# Photographs are of every size in both languages. axe judges structure, names and colours, which take most of a page's
# time here: each page in each language and at each width, but not in every pair of them.
JUDGED_WIDTHS = {"en": (820, 390), "zh-Hant-TW": (1366,)}
SEAT_OF = {"en": "ortega", "zh-Hant-TW": "lin"}

# The camera is refused, the microphone is not there.
NO_DEVICES = """
navigator.mediaDevices.getUserMedia = (wish) =>
  Promise.reject(new DOMException('', wish.video ? 'NotAllowedError' : 'NotFoundError'));
"""

AXE = (ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
RUN_AXE = "async () => (await axe.run(document, { resultTypes: ['violations'] })).violations"


def assert_accessible(page: Page, where: str) -> None:
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE)
    found: list[dict[str, Any]] = page.evaluate(RUN_AXE)
    bad = [
        f"{one['impact']} {one['id']}: {[node['target'] for node in one['nodes']]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert bad == [], where


def judge(page: Page, name: str, language: str) -> None:
    """At the widths that are this language's turn."""
    width = page.viewport_size["width"] if page.viewport_size else 0
    if width in JUDGED_WIDTHS[language]:
        assert_accessible(page, f"{name} in {language} at {width}")


def shoot(page: Page, name: str, language: str, *, is_full: bool = False) -> None:
    ARTIFACTS.mkdir(exist_ok=True)
    size = page.viewport_size or {"width": 0, "height": 0}
    path = ARTIFACTS / f"{name}-{language}-{size['width']}x{size['height']}.png"
    page.screenshot(path=path, full_page=is_full)


def with_language(path: str, language: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}lang={language}"


def wait_until_drawn(page: Page) -> None:
    page.wait_for_load_state("load")
    page.evaluate("document.fonts.ready.then(() => true)")
    if page.locator("tc-prejoin").count():
        wait_for_camera(page)
        page.locator('select[data-kind="audioinput"] option[value]').first.wait_for(state="attached")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PLAIN_PAGES)
def test_page_is_accessible_and_photographed(open_page: OpenPage, name: str, language: str) -> None:
    page = open_page(with_language(PLAIN_PAGES[name], language))
    wait_until_drawn(page)
    assert page.evaluate("document.documentElement.lang") == language
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        shoot(page, name, language, is_full=True)
        judge(page, name, language)
    for width, height in SMALL:
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (language, width)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_self_check_finds_everything_in_order(open_page: OpenPage, language: str) -> None:
    page = open_page(with_language("/check", language))
    page.locator(".check-start .button").click()
    for step in ("camera", "microphone"):
        expect(page.locator(f"tc-{step}-step .step")).to_have_attribute("data-state", "good")
    # On a busy machine packets do come late, and the check says so: what matters is that both come back.
    outcome = re.compile("^(good|warn)$")
    expect(page.locator("tc-network-step .step")).to_have_attribute("data-state", outcome)
    back = {"en": "Picture and sound come back", "zh-Hant-TW": "畫面和聲音都"}[language]
    expect(page.locator("tc-network-step")).to_contain_text(back)
    page.locator("tc-sound-step .row .button").first.click()
    ready = {"en": "Everything works.|You can join.", "zh-Hant-TW": "一切正常|可以加入"}[language]
    expect(page.locator(".check-summary")).to_contain_text(re.compile(ready))
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        shoot(page, "check-done", language, is_full=True)
    assert_accessible(page, f"self-check done in {language}")


def test_the_self_check_says_what_is_wrong_and_what_to_do(open_page: OpenPage) -> None:
    page = open_page("about:blank")
    page.context.add_init_script(NO_DEVICES)
    page.route("**/rtc/**", lambda route: route.abort())
    page.route_web_socket("**/rtc/**", lambda socket: socket.close())
    page.goto("/check?lang=en")
    page.locator(".check-start .button").click()
    expect(page.locator("tc-camera-step")).to_contain_text("choose Allow")
    expect(page.locator("tc-microphone-step")).to_contain_text("No microphone was found.")
    expect(page.locator("tc-network-step")).to_contain_text("could not be reached", timeout=60_000)
    page.locator("tc-sound-step .row .button").nth(1).click()
    expect(page.locator("tc-sound-step")).to_contain_text("Turn the volume up")
    expect(page.locator(".check-summary")).to_contain_text("Below it says what you can do")
    shoot(page, "check-trouble", "en", is_full=True)
    assert_accessible(page, "self-check with troubles")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_room_is_accessible_and_photographed(take_seat: Callable[..., Seat], language: str) -> None:
    seat = take_seat(SEAT_OF[language], language=language)
    other = take_seat(SEAT_OF["en" if language == "zh-Hant-TW" else "zh-Hant-TW"])
    other.act("leave")
    page = seat.page

    def look(name: str) -> None:
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_function(
                "document.querySelector('.room, .goodbye').getBoundingClientRect().width <= innerWidth"
            )
            shoot(page, name, language)
            judge(page, name, language)

    seat.wait_for_people(1)
    look("room-alone")
    other.page.reload()
    other.join()
    seat.wait_for_people(2)
    seat.wait_for_frames()
    look("room")
    for action in ("microphone", "camera"):
        seat.act(action)
        other.act(action)
    expect(page.locator(".tile-empty")).to_have_count(2)
    look("room-cameras-off")
    other.act("camera")
    other.act("microphone")
    seat.act("mode")
    look("room-speaker")
    other.act("screen")
    page.locator("tc-tile[data-kind=screen] video:not([hidden])").wait_for()
    seat.wait_for_frames()
    look("room-screen")
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator(".dock-people").click()
    shoot(page, "room-people", language)
    assert_accessible(page, f"people open in {language}")
    seat.act("settings")
    expect(page.locator("dialog.settings")).to_be_visible()
    look("room-settings")
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 1366, "height": 768})
    seat.act("leave")
    look("left")


def focus_by_tab(page: Page, selector: str) -> None:
    # Why: the key before may have sent a form, and a page that is being left has no focus to ask for.
    page.locator(selector).first.wait_for()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("(s) => document.activeElement?.matches(s) ?? false", selector):
            return
    raise AssertionError(f"Tab never reaches {selector}")


def test_the_keyboard_alone_is_enough(open_page: OpenPage) -> None:
    page = open_page("/")
    focus_by_tab(page, 'a.seat[href*="ortega"]')
    ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert ring == "solid", "the focus is visible"
    page.keyboard.press("Enter")
    page.wait_for_url("**/demo/lesson?seat=ortega")
    wait_until_drawn(page)
    focus_by_tab(page, ".join")
    page.keyboard.press("Enter")
    microphone = page.locator('.dock [data-action="microphone"]')
    expect(microphone).to_have_attribute("data-on", "")
    page.keyboard.press("m")
    expect(microphone).to_contain_text("Mic off")
    page.keyboard.press("v")
    expect(page.locator('.dock [data-action="camera"]')).to_contain_text("Camera off")
    focus_by_tab(page, '.dock [data-action="settings"]')
    page.keyboard.press("Enter")
    expect(page.locator("dialog.settings")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog.settings")).to_be_hidden()
    focus_by_tab(page, '.dock [data-action="leave"]')
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="You left the lesson.")).to_be_visible()


def test_keys_can_be_turned_off(take_seat: Callable[..., Seat]) -> None:
    """WCAG 2.2, 2.1.4: single-character keys disturb speech input."""
    seat = take_seat("ortega")
    seat.act("settings")
    seat.page.get_by_role("checkbox", name="Keys").uncheck()
    seat.page.keyboard.press("Escape")
    seat.page.keyboard.press("m")
    expect(seat.page.locator('.dock [data-action="microphone"]')).to_contain_text("Mic on")


def test_the_room_fits_320_px_and_200_percent(take_seat: Callable[..., Seat]) -> None:
    seat = take_seat("lin")
    for width, height in SMALL:
        seat.page.set_viewport_size({"width": width, "height": height})
        seat.page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")
        leave = seat.page.locator(".dock-leave")
        leave.scroll_into_view_if_needed()
        box = leave.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["height"] >= 48
        shoot(seat.page, "room-small", "zh-Hant-TW")


def test_the_self_check_turns_its_mark_only_for_who_did_not_ask_for_less_motion(open_page: OpenPage) -> None:
    """Without that wish it does move, so that the other half can fail."""
    for wish, name in (("no-preference", "turn"), ("reduce", "none")):
        page = open_page("about:blank", reduced_motion=wish)
        page.context.add_init_script("navigator.mediaDevices.getUserMedia = () => new Promise(() => {})")
        page.goto("/check?lang=en")
        page.locator("tc-camera-step button").click()
        mark = page.locator("tc-camera-step .step[data-state=running] .step-mark")
        assert mark.evaluate("(one) => getComputedStyle(one).animationName") == name
        moving = page.evaluate("document.getAnimations().filter((one) => one.playState === 'running').length")
        assert (moving > 0) is (wish == "no-preference")


def test_forced_colours_keep_the_room_usable(take_seat: Callable[..., Seat]) -> None:
    seat = take_seat("ortega", forced_colors="active")
    for action in ("microphone", "camera", "leave"):
        button = seat.page.locator(f'.dock [data-action="{action}"]')
        assert button.evaluate("(b) => getComputedStyle(b).borderTopStyle") == "solid"
    shoot(seat.page, "room-forced-colours", "en")


def test_no_page_asks_anybody_else_and_the_policy_refuses_nothing(open_page: OpenPage, base_url: str) -> None:
    asked: list[str] = []
    page = open_page("about:blank")

    def note(request: Request) -> None:
        asked.append(request.url)

    page.context.on("request", note)
    page.on("websocket", lambda socket: asked.append(socket.url))
    home = urlsplit(base_url).netloc
    for path in PLAIN_PAGES.values():
        page.goto(path)
        wait_until_drawn(page)
        assert page.evaluate("window.refused") == [], path
    seat = Seat(page)
    seat.join()
    seat.wait_for_people(1)
    assert any(url.startswith("ws") for url in asked), "the lesson's own socket was seen"
    strangers = [url for url in asked if not url.startswith(("data:", "blob:")) and urlsplit(url).netloc != home]
    assert strangers == []
    assert page.evaluate("window.refused") == []
    servers = page.evaluate("window.peers.flatMap((peer) => peer.getConfiguration().iceServers ?? [])")
    assert servers == [], "no STUN or TURN server of somebody else"


def test_the_policy_does_refuse(open_page: OpenPage) -> None:
    """Shows that the watch above can fail: an inline style is refused and noted."""
    page = open_page("/")
    page.evaluate("document.body.setAttribute('style', 'color: red')")
    page.wait_for_function("window.refused.length > 0")
    assert "style-src" in page.evaluate("window.refused[0]")


def test_hashed_files_are_kept_and_compressed(open_page: OpenPage, base_url: str) -> None:
    page = open_page("/demo/lesson?seat=lin")
    script = page.locator("script[type=module]").get_attribute("src")
    response = page.request.get(f"{base_url}{script}", headers={"Accept-Encoding": "gzip"})
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["content-encoding"] == "gzip"
