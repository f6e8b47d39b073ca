"""A lesson with many in it: what is received, a lead's page with forty pupils, a class that shares one big screen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.class_crowd import class_crowd
from tests.e2e.class_page import HUALIEN, ClassPage
from tests.e2e.conftest import page_opener
from tests.e2e.pupils import RECEIVED, ChromiumPupil
from tests.e2e.test_classroom_pages import look
from tests.e2e.test_pages import LANGUAGES, shoot
from tests.e2e.whole_lesson import Lesson, OpenPage, wait_until

MOVING = """
async () => {
  const frames = async () => {
    const found = new Map();
    for (const peer of window.peers) for (const one of (await peer.getStats()).values())
      if (one.type === 'inbound-rtp' && one.kind === 'video') found.set(one.id, one.framesDecoded ?? 0);
    return found;
  };
  const before = await frames();
  await new Promise((done) => setTimeout(done, 1500));
  return [...await frames()].filter(([id, count]) => count > (before.get(id) ?? 0)).length;
}
"""


@pytest.fixture(scope="module")
def lesson(browser: Browser, base_url: str) -> Iterator[Lesson]:
    """One for all tests of this file, in the order in which they stand; each also runs alone."""
    with page_opener(browser, base_url) as open_page:
        yield Lesson(open_page, base_url, HUALIEN)


@pytest.mark.timeout(600)
def test_only_the_page_that_is_shown_is_received_and_the_space_bar_opens_the_microphone(
    lesson: Lesson, open_page: OpenPage
) -> None:
    taiwan, america = lesson.leads
    pupil = ChromiumPupil(open_page(size=(500, 400)))
    lesson.come_by_card(pupil)
    lesson.admit(taiwan)
    taiwan.wait_for_tiles(3)
    wait_until(taiwan.page, lambda: taiwan.page.evaluate(MOVING) == 2, "both others move")
    taiwan.page.set_viewport_size({"width": 340, "height": 640})
    pager = taiwan.page.locator(".pager")
    expect(pager).to_be_visible()
    pages = int(pager.locator(".pager-place").inner_text().split()[-1])
    assert pages > 1
    shown = taiwan.page.locator("tc-tile[data-kind=camera]:not([data-identity^=adult-ac_demo_chang])")
    for _ in range(pages):
        wait_until(
            taiwan.page,
            lambda: taiwan.page.evaluate(MOVING) == shown.count(),
            "what is on the page moves, and only that",
        )
        following = pager.get_by_role("button", name="Next page")
        if following.is_enabled():
            following.click()
    america.act("settings")
    america.page.get_by_role("checkbox", name="Less data").check()
    america.page.get_by_role("checkbox", name="Push to talk").check()
    america.page.keyboard.press("Escape")
    wait_until(america.page, lambda: america.page.evaluate(MOVING) == 1, "one picture")
    talk = america.dock("talk")
    expect(talk).to_contain_text("Hold to talk")
    america.page.keyboard.down("Space")
    expect(talk).to_contain_text("You are heard")
    america.page.keyboard.up("Space")
    expect(talk).to_contain_text("Hold to talk")
    america.act("settings")
    america.page.get_by_role("checkbox", name="Less data").uncheck()
    america.page.get_by_role("checkbox", name="Push to talk").uncheck()
    america.page.keyboard.press("Escape")


# Every track that the page opens, by the way it came.
KEEP_TRACKS = """
(() => {
  window.opened = [];
  for (const way of ['getUserMedia', 'getDisplayMedia']) {
    const open = navigator.mediaDevices[way].bind(navigator.mediaDevices);
    navigator.mediaDevices[way] = async (...wish) => {
      const stream = await open(...wish);
      window.opened.push(...stream.getTracks().map((track) => [way, track]));
      return stream;
    };
  }
})()
"""
CAMERA, SHARE = "getUserMedia video", "getDisplayMedia video"
RUNNING = """
() => window.opened.filter(([, track]) => track.readyState === 'live').map(([way, track]) => `${way} ${track.kind}`)
"""


@pytest.mark.timeout(600)
def test_what_a_lead_stops_ends_in_the_pupils_own_browser(lesson: Lesson, open_page: OpenPage) -> None:
    """The camera and the capture of the screen are off there, not only unseen by others, and a line says why."""
    taiwan, america = lesson.leads
    taiwan.page.set_viewport_size({"width": 1366, "height": 768})
    pupil = ChromiumPupil(open_page("about:blank", size=(1366, 768)))
    pupil.page.context.add_init_script(KEEP_TRACKS)
    lesson.come_by_card(pupil)
    lesson.admit(taiwan)
    lesson.expect_inside(pupil)
    tools = taiwan.tools_of(lesson.name)
    notices, screen = pupil.page.locator("tc-notices"), america.page.locator("tc-tile[data-kind=screen] video")

    def share() -> None:
        pupil.press('.dock [data-action="screen"]')
        expect(screen).to_be_visible()
        assert {SHARE, "getDisplayMedia audio"} < set(pupil.run(RUNNING))

    def expect_off(track: str, line: str) -> None:
        expect(notices).to_contain_text(line)
        wait_until(pupil.page, lambda: track not in pupil.run(RUNNING), f"{track} has ended")

    may_share = tools.get_by_role("checkbox", name="Share the screen")
    may_share.check()
    share()
    tools.get_by_role("button", name="Stop the sharing").click()
    expect_off(SHARE, "A teacher stopped your screen share.")
    assert "getDisplayMedia audio" not in pupil.run(RUNNING)
    expect(screen).to_have_count(0)
    expect(pupil.page.locator('.dock [data-action="screen"]')).to_contain_text("Share screen")
    share()
    may_share.uncheck()
    expect_off(SHARE, "Only teachers share their screen now.")
    expect(screen).to_have_count(0)
    expect(pupil.page.locator('.dock [data-action="screen"]')).to_have_count(0)

    assert CAMERA in pupil.run(RUNNING)
    tools.get_by_role("button", name="Stop the camera").click()
    expect_off(CAMERA, "A teacher turned your camera off.")
    camera = pupil.page.locator('.dock [data-action="camera"]')
    expect(camera).to_contain_text("Camera off")
    camera.click()
    expect(camera).to_contain_text("Camera on")
    assert CAMERA in pupil.run(RUNNING), "and what was stopped can be seen running"
    tools.get_by_role("checkbox", name="Use the camera").uncheck()
    expect_off(CAMERA, "A teacher switched cameras off for now.")
    expect(camera).to_be_disabled()
    tools.get_by_role("checkbox", name="Use the camera").check()
    expect(notices).to_contain_text("You may use your camera again.")
    expect(camera).to_be_enabled()
    assert CAMERA not in pupil.run(RUNNING), "only the pupil switches it on again"
    taiwan.page.keyboard.press("Escape")


TEXTS = (
    "Good morning from Hualien! 早安！",
    "What does 颱風 sound like in English?",
    "It is 38 degrees here today, and no wind at all.",
    "老師，我聽不太清楚",
    "We had a typhoon day last week. 上星期放了颱風假。",
    "I can hear you now",
)


@pytest.mark.timeout(600)
def test_a_lead_can_use_the_page_with_forty_pupils(lesson: Lesson, base_url: str) -> None:
    """All but five let in, hands, chat; looked at in both languages and three sizes."""
    lead, cards = lesson.taiwan, cards_of_taiwan(lesson)
    codes = [*cards.values(), *(code for code in lesson.cards.values() if code != lesson.code)]
    late = 5
    with class_crowd(base_url, lesson.room.lesson) as crowd:
        crowd.come(codes[:-late])
        expect(lead.page.locator("#waiting-title .count")).to_have_text(str(len(codes) - late))
        lead.page.get_by_role("button", name="Admit all").click()
        crowd.be_in_the_room(len(codes) - late)
        crowd.come(codes[-late:])
        crowd.raise_hands(6)
        crowd.say(TEXTS)
        expect(lead.page.locator("#waiting-title .count")).to_have_text(str(late))
        lead.page.set_viewport_size({"width": 1366, "height": 768})
        lead.show("class")
        expect(lead.message(TEXTS[-1])).to_be_visible()
        for language in LANGUAGES:
            speak(lead.page, language)
            for tab in ("class", "people"):
                lead.page.set_viewport_size({"width": 1366, "height": 768})
                lead.show(tab)
                look(lead.page, f"forty-{tab}", language)
            expect_usable(lead.page)
            lead.act("people")
            expect(lead.page.locator(".person").first).to_be_in_viewport()
            shoot(lead.page, "class-forty-sheet", language)
            lead.act("people")
        speak(lead.page, "en")


def speak(page: Page, language: str) -> None:
    if page.evaluate("document.documentElement.lang") != language:
        page.locator(".top .language:not(.report-button)").click()
    page.wait_for_function(f"document.documentElement.lang === '{language}'")


def expect_usable(page: Page) -> None:
    """On a phone: pictures, who waits and the controls at once, each within reach."""
    assert page.viewport_size == {"width": 390, "height": 844}
    stage = page.locator("tc-class-stage").bounding_box()
    assert stage is not None
    assert stage["height"] >= 300
    for selector in (".waiting-all [data-main]", ".dock [data-action=microphone]", ".dock [data-action=leave]"):
        expect(page.locator(selector)).to_be_in_viewport(ratio=1)


def cards_of_taiwan(lesson: Lesson) -> dict[str, str]:
    page = lesson.taiwan.page.context.new_page()
    cards = lesson.room.print_cards(page, HUALIEN.taiwan.group)
    page.close()
    return cards


# What a companion must never do, and what it sends.
COUNT_OPENED = """
  const open = navigator.mediaDevices.getUserMedia; window.opened = 0;
  navigator.mediaDevices.getUserMedia = (...a) => (window.opened++, open.apply(navigator.mediaDevices, a));
"""
SENDS = """
async () => {
  let packets = 0;
  for (const peer of window.peers) for (const one of (await peer.getStats()).values())
    if (one.type === 'outbound-rtp') packets += one.packetsSent ?? 0;
  return packets;
}
"""


@pytest.mark.timeout(600)
def test_a_class_shares_one_big_screen_and_tablets_stay_silent(lesson: Lesson, open_page: OpenPage) -> None:
    taiwan, america = lesson.leads
    speak(taiwan.page, "en")
    name, code = list(cards_of_taiwan(lesson).items())[-1]  # no hand of the class before is up
    taiwan.page.set_viewport_size({"width": 1366, "height": 768})
    screen = open_the_big_screen(taiwan)
    screen.enter()
    screen.expect_live()
    shown = america.page.locator("tc-tile[data-identity=screen-a]")
    expect(shown.locator("video")).to_be_visible()
    page = open_page("about:blank", size=(820, 1180))
    page.context.add_init_script(COUNT_OPENED)
    page.goto("/join?lang=en")
    page.locator(".ticket-code").fill(code)
    page.locator(".ticket .join").click()
    page.locator(".companion-door .join").click()
    taiwan.page.locator(".waiting-one").get_by_role("button", name="Admit").click()
    page.locator(".class-room[data-companion]").wait_for()
    screen.wait_for_frames()
    stay_silent(page)
    choose_what_comes(page)
    page.locator('.dock [data-action="hand"]').click()
    expect(america.page.locator(".hand", has_text=name)).to_have_count(1)
    assert page.evaluate("window.opened") == 0
    assert page.evaluate(SENDS) == 0
    expect(shown).to_have_count(1)
    again = ClassPage(taiwan.page.context.new_page())
    again.enter(screen.page.url)
    again.expect_live()
    screen.expect_view("gone")
    expect(screen.page.locator("tc-gone h1")).to_contain_text("opened")
    expect(shown).to_have_count(1)


def open_the_big_screen(lead: ClassPage) -> ClassPage:
    lead.act("tools")
    lead.page.get_by_role("checkbox", name="Class to class").check()
    with lead.page.context.expect_page() as opened:
        lead.page.get_by_role("link", name="Open the big screen").click()
    lead.page.keyboard.press("Escape")
    return ClassPage(opened.value)


def stay_silent(page: Page) -> None:
    """Connected, and nothing comes: asked after the big screen beside it had pictures for a while."""
    wait_until(page, lambda: page.evaluate("window.peers.length") > 0, "a connection")
    assert page.evaluate(RECEIVED)["packets"] == 0
    assert page.evaluate(SENDS) == 0


def choose_what_comes(page: Page) -> None:
    see, hear = (page.locator(f'.dock [data-action="{action}"]') for action in ("see", "hear"))
    see.click()
    wait_until(page, lambda: page.evaluate(MOVING) == 1, "one picture")
    assert page.evaluate(RECEIVED)["energy"] == 0
    see.click()
    wait_until(page, lambda: page.evaluate(MOVING) == 0, "no picture any more")
    hear.click()
    wait_until(page, lambda: page.evaluate(RECEIVED)["energy"] > 0.01, "the others' voices")
    hear.click()
    before = [-1]

    def is_still() -> bool:
        before[:] = [*before[-1:], page.evaluate(RECEIVED)["packets"]]
        return before[0] == before[-1]

    wait_until(page, is_still, "silence again")
