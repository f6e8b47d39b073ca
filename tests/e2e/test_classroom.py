"""A whole lesson in real browsers: leads of two schools in Chromium, a pupil by card in Firefox; and on a phone."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.class_page import (
    HUALIEN,
    TAICHUNG,
    YUNLIN,
    ClassPage,
    Classroom,
    Pair,
    make_lesson,
    sign_in,
)
from tests.e2e.pupils import RECEIVED, ChromiumPupil, FirefoxPupil, Pupil, firefox_pupil

OpenPage = Callable[..., Page]
PHONE = (390, 844)
SEND = ".chat-form button[type=submit]"
# A person's way to the token that only who is admitted gets.
ASK_TOKEN = """
async () => (await fetch(`/api/v1${location.pathname.replace('/room', '/token')}`)).status
"""


class Lesson:
    """Two leads inside, and a pupil of the American school with a card."""

    def __init__(self, open_page: OpenPage, base_url: str, pair: Pair) -> None:
        self.open_page, self.base_url = open_page, base_url
        self.room: Classroom = make_lesson(open_page, pair)
        cards = self.room.print_cards(self.room.america, pair.america.group)
        self.name, self.code = next(iter(cards.items()))
        self.taiwan, self.america = ClassPage(self.room.taiwan), ClassPage(self.room.america)
        self.leads = (self.taiwan, self.america)
        for lead in self.leads:
            lead.enter(self.room.room)
            lead.expect_live()

    def come_by_card(self, pupil: Pupil) -> None:
        """Two taps: the code, and the door."""
        pupil.open(f"{self.base_url}/join?lang=en")
        pupil.write(".ticket-code", self.code.lower())
        pupil.press(".ticket .join")
        self.pass_the_door(pupil)

    def pass_the_door(self, pupil: Pupil) -> None:
        pupil.wait(".preview video:not([hidden])")
        pupil.press("tc-prejoin .join")
        pupil.wait("tc-lobby h1")

    def expect_nothing_in_the_lobby(self, pupil: Pupil) -> None:
        """No media connection, no token, no name and no word of the class."""
        assert pupil.run("() => window.peers.length") == 0
        assert pupil.run(ASK_TOKEN) == 403
        text = pupil.run("() => document.querySelector('main').innerText")
        assert self.room.pair.taiwan.name not in text
        assert pupil.run("() => document.querySelectorAll('.message, .person, tc-tile').length") == 0

    def admit(self, lead: ClassPage) -> None:
        waiting = lead.page.locator(".waiting-one", has_text=self.name)
        waiting.get_by_role("button", name="Admit").click()

    def expect_inside(self, pupil: Pupil, pictures: int = 2) -> None:
        pupil.wait(".class-room")
        pupil.wait(".dock [data-action=camera][data-on]")
        wait_until(self.taiwan.page, lambda: pupil.run(RECEIVED)["pictures"] >= pictures, "the others' pictures")

    def expect_seen_by_leads(self) -> None:
        for lead in self.leads:
            lead.wait_for_tiles(3)
            lead.wait_until(
                lambda lead=lead: len([s for s in lead.inbound("video") if s.get("framesDecoded", 0) > 10]) == 2,  # type: ignore[misc]
                "both other pictures decoded",
            )


def wait_until(page: Page, condition: Callable[[], bool], what: str, *, polls: int = 150) -> None:
    """In the page's own time; the limit is a hang guard."""
    for _ in range(polls):
        if condition():
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"never: {what}")


@contextmanager
def a_pupil(kind: str, open_page: OpenPage) -> Iterator[Pupil]:
    if kind == "firefox":
        with firefox_pupil() as pupil:
            yield pupil
    else:
        yield ChromiumPupil(open_page(size=PHONE, has_touch=True, is_mobile=True))


def open_chat(pupil: Pupil) -> None:
    """On a phone it is a sheet."""
    if not pupil.run("() => document.querySelector('.chat-form textarea')?.checkVisibility() ?? false"):
        pupil.press(".dock [data-action=class]")
    pupil.wait(".chat-form textarea")


@pytest.mark.timeout(600)  # a minute of grace is a minute
@pytest.mark.parametrize(("kind", "pair"), [("firefox", YUNLIN), ("phone", TAICHUNG)])
def test_a_whole_lesson(open_page: OpenPage, base_url: str, kind: str, pair: Pair) -> None:
    lesson = Lesson(open_page, base_url, pair)
    taiwan, _america = lesson.leads
    with a_pupil(kind, open_page) as pupil:
        lesson.come_by_card(pupil)
        lesson.expect_nothing_in_the_lobby(pupil)
        lesson.admit(taiwan)
        lesson.expect_inside(pupil)
        lesson.expect_seen_by_leads()
        hear_one_another(lesson, pupil)
        taiwan.page.locator("[data-action=start]").click()
        pupil.wait_gone("tc-notices .banner[data-tone=calm] [data-action=start]")
        share_a_screen(lesson, pupil)
        talk_and_raise_a_hand(lesson, pupil)
        be_muted_by_the_other_school(lesson, pupil)
        be_removed_and_come_back(lesson, pupil)
        lose_the_adults(lesson, pupil)
        end_for_all(lesson, pupil)
    attendance(lesson)


def hear_one_another(lesson: Lesson, pupil: Pupil) -> None:
    for lead in lesson.leads:
        assert lead.listen().decibels > -60
    if isinstance(pupil, FirefoxPupil):
        wait_until(lesson.taiwan.page, lambda: pupil.run(RECEIVED)["energy"] > 0.01, "a tone with energy")
    else:
        wait_until(lesson.taiwan.page, lambda: pupil.run(RECEIVED)["packets"] > 100, "sound and picture")


def share_a_screen(lesson: Lesson, pupil: Pupil) -> None:
    america = lesson.america
    america.act("screen")
    pupil.wait("tc-tile[data-kind=screen] video:not([hidden])")
    before = pupil.run(RECEIVED)["frames"]
    wait_until(america.page, lambda: pupil.run(RECEIVED)["frames"] > before + 20, "pictures of the screen")
    expect(lesson.taiwan.page.locator("tc-tile[data-kind=screen] video")).to_be_visible(timeout=30_000)
    america.act("screen")
    pupil.wait_gone("tc-tile[data-kind=screen]")


def talk_and_raise_a_hand(lesson: Lesson, pupil: Pupil) -> None:
    taiwan, america = lesson.leads
    taiwan.say("你好，大家好！")
    open_chat(pupil)
    pupil.wait(".message", "你好，大家好！")
    pupil.write(".chat-form textarea", "my number is 0912 345 678")
    pupil.press(SEND)
    pupil.wait(".message[data-status=held]", "Only you and the teachers see it.")
    held = america.message("0912 345 678")
    expect(held).to_contain_text("a phone number")
    held.get_by_role("button", name="Release").click()
    pupil.wait(".message[data-status=shown]", "0912 345 678")
    expect(taiwan.message("0912 345 678")).to_have_attribute("data-status", "shown")
    america.say("Only for us two.", "between_leads")
    expect(taiwan.message("Only for us two.")).to_contain_text("between the leads")
    assert "Only for us two." not in pupil.run("() => document.body.textContent")
    pupil.press(".dock [data-action=hand]")
    for lead in lesson.leads:
        expect(lead.page.locator(".hand", has_text=lesson.name)).to_contain_text("1")
    taiwan.page.locator(".hand", has_text=lesson.name).get_by_role("button", name="Lower").click()
    pupil.wait(".dock [data-action=hand]", "Hand up")


def be_muted_by_the_other_school(lesson: Lesson, pupil: Pupil) -> None:
    """The lead of Taiwan mutes the pupil of the American school; unmuting stays the pupil's own."""
    tools = lesson.taiwan.tools_of(lesson.name)
    tools.get_by_role("button", name="Mute").click()
    pupil.wait(".dock [data-action=microphone]:not([data-on])", "Mic off")
    pupil.wait("tc-notices .banner", "A teacher muted your microphone.")
    tools.get_by_role("button", name="Ask to unmute").click()
    pupil.wait("tc-asked dialog", "asks you to speak")
    pupil.press("tc-asked dialog .button[data-main]")
    pupil.wait(".dock [data-action=microphone][data-on]", "Mic on")
    expect(tools.get_by_role("button", name="Mute")).to_be_visible(timeout=20_000)


def be_removed_and_come_back(lesson: Lesson, pupil: Pupil) -> None:
    tools = lesson.taiwan.page.locator("tc-person dialog[open]")
    tools.get_by_role("button", name="Remove…").click()
    tools.get_by_role("button", name="Remove now").click()
    pupil.wait("tc-gone h1", "A teacher took you out of the lesson.")
    for lead in lesson.leads:
        lead.wait_for_tiles(2)
    assert pupil.run(ASK_TOKEN) == 403
    pupil.press("[data-action=again]")
    lesson.pass_the_door(pupil)
    pupil.wait("tc-lobby .banner", "A teacher took you out of the lesson.")
    lesson.expect_nothing_in_the_lobby(pupil)
    expect(lesson.america.page.locator(".waiting-one", has_text=lesson.name)).to_contain_text("Was removed before.")
    lesson.admit(lesson.america)
    lesson.expect_inside(pupil)


def lose_the_adults(lesson: Lesson, pupil: Pupil) -> None:
    """One leaves, the other's page is gone: a minute of grace, then the lobby; and in again when one is back."""
    lesson.america.act("leave")
    lesson.america.page.locator("tc-end [data-action=just-leave]").click()
    lesson.america.expect_view("gone")
    lesson.taiwan.page.context.close()
    pupil.wait("tc-notices .banner[data-tone=bad]", "No teacher is in the room.")
    pupil.wait("tc-lobby .banner", "No teacher is in the room yet.")
    assert pupil.run("() => window.peers.filter((peer) => peer.connectionState !== 'closed').length") == 0
    assert pupil.run(ASK_TOKEN) == 403
    lesson.taiwan = ClassPage(sign_in(lesson.open_page(), lesson.room.pair.taiwan))
    lesson.taiwan.enter(lesson.room.room)
    lesson.taiwan.expect_live()
    lesson.admit(lesson.taiwan)
    lesson.expect_inside(pupil, pictures=1)
    pupil.wait(".dock [data-action=microphone][data-on]")


def end_for_all(lesson: Lesson, pupil: Pupil) -> None:
    lesson.taiwan.act("leave")
    lesson.taiwan.page.locator("tc-end [data-action=end]").click()
    pupil.wait("tc-gone h1", "The lesson is over.")
    lesson.taiwan.expect_view("gone")
    assert pupil.run("() => window.peers.filter((peer) => peer.connectionState !== 'closed').length") == 0


def attendance(lesson: Lesson) -> None:
    """In, removed, in again, sent to the lobby, in again: three stays, and every second of them counted once."""
    page = lesson.taiwan.page
    page.goto(f"/lessons/{lesson.room.lesson}/attendance?lang=en")
    row = page.locator("tr", has=page.get_by_role("rowheader", name=re.compile(re.escape(lesson.name)))).first
    expect(row.locator(".intervals > span")).to_have_count(3)
    answer = page.request.get(f"/lessons/{lesson.room.lesson}/attendance.csv")
    rows: list[dict[str, Any]] = list(csv.DictReader(answer.text().lstrip("\ufeff").splitlines()))
    assert any(lesson.name in str(one.values()) for one in rows)


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


@pytest.mark.timeout(300)
def test_only_the_page_that_is_shown_is_received_and_the_space_bar_opens_the_microphone(
    open_page: OpenPage, base_url: str
) -> None:
    lesson = Lesson(open_page, base_url, HUALIEN)
    taiwan, america = lesson.leads
    pupil = ChromiumPupil(open_page(size=(500, 400)))
    lesson.come_by_card(pupil)
    lesson.admit(taiwan)
    taiwan.wait_for_tiles(3)
    wait_until(taiwan.page, lambda: taiwan.page.evaluate(MOVING) == 2, "both others move")
    taiwan.page.set_viewport_size({"width": 390, "height": 640})
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
