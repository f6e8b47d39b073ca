"""A whole lesson in real browsers: leads of two schools in Chromium, a pupil by card in Firefox; and on a phone."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from tests.e2e.class_page import TAICHUNG, YUNLIN, ClassPage, Pair, sign_in
from tests.e2e.conftest import GRACE_S
from tests.e2e.pupils import RECEIVED, ChromiumPupil, FirefoxPupil, Pupil, firefox_pupil
from tests.e2e.whole_lesson import ASK_TOKEN, Lesson, OpenPage, now, wait_until

PHONE = (390, 844)
SEND = ".chat-form button[type=submit]"


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


@pytest.mark.timeout(600)
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
    expect(lesson.taiwan.page.locator("tc-tile[data-kind=screen] video")).to_be_visible()
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
    expect(tools.get_by_role("button", name="Mute")).to_be_visible()


def expect_hung_up(lesson: Lesson, pupil: Pupil) -> None:
    """The page draws what it says first, and its connections end in their own time."""
    script = "() => window.peers.filter((peer) => peer.connectionState !== 'closed').length"
    wait_until(lesson.america.page, lambda: pupil.run(script) == 0, "the pupil's page has no connection")


def be_removed_and_come_back(lesson: Lesson, pupil: Pupil) -> None:
    tools = lesson.taiwan.page.locator("tc-person dialog[open]")
    tools.get_by_role("button", name="Remove…").click()
    lesson.stays[-1].ends_after = now()
    tools.get_by_role("button", name="Remove now").click()
    pupil.wait("tc-gone h1", "A teacher took you out of the lesson.")
    lesson.expect_told_gone()
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
    """One leaves, the other's page is gone: the grace, then the lobby; and in again when one is back."""
    lesson.america.act("leave")
    lesson.america.page.locator("tc-end [data-action=just-leave]").click()
    lesson.america.expect_view("gone")
    lesson.stays[-1].ends_after = now() + timedelta(seconds=GRACE_S)
    lesson.taiwan.page.context.close()
    pupil.wait("tc-notices .banner[data-tone=bad]", "No teacher is in the room.")
    pupil.wait("tc-lobby .banner", "No teacher is in the room yet.")
    lesson.expect_told_gone()
    expect_hung_up(lesson, pupil)
    assert pupil.run(ASK_TOKEN) == 403
    lesson.taiwan = ClassPage(sign_in(lesson.open_page(), lesson.room.pair.taiwan))
    lesson.taiwan.enter(lesson.room.room)
    lesson.taiwan.expect_live()
    lesson.admit(lesson.taiwan)
    lesson.expect_inside(pupil, pictures=1)
    pupil.wait(".dock [data-action=microphone][data-on]")


def end_for_all(lesson: Lesson, pupil: Pupil) -> None:
    lesson.taiwan.act("leave")
    lesson.stays[-1].ends_after = now()
    lesson.taiwan.page.locator("tc-end [data-action=end]").click()
    pupil.wait("tc-gone h1", "The lesson is over.")
    lesson.expect_told_gone()
    lesson.taiwan.expect_view("gone")
    expect_hung_up(lesson, pupil)


def attendance(lesson: Lesson) -> None:
    """In, removed, in again, sent to the lobby, in again: three stays, each as the test saw it to the second."""
    page, a_second = lesson.taiwan.page, timedelta(seconds=1)
    page.goto(f"/lessons/{lesson.room.lesson}/attendance?lang=en")
    row = page.locator("tr", has=page.get_by_role("rowheader", name=re.compile(re.escape(lesson.name)))).first
    expect(row.locator(".intervals > span")).to_have_count(3)
    answer = page.request.get(f"/lessons/{lesson.room.lesson}/attendance.csv")
    rows = list(csv.DictReader(answer.text().lstrip("\ufeff").splitlines()))
    (mine,) = (one for one in rows if one["Name"] == lesson.name)
    times = [
        tuple(read_time(text, lesson.pupils_zone) for text in stay.split(" / ")) for stay in mine["Times"].split("; ")
    ]
    assert len(times) == len(lesson.stays) == 3
    for (start, end), seen in zip(times, lesson.stays, strict=True):
        # The sheet cuts parts of a second off.
        assert seen.begins_after - a_second < start <= seen.begins_before, seen
        assert seen.ends_after - a_second < end <= seen.ends_before, seen
    written = sum((end - start).total_seconds() for start, end in times)
    assert abs(int(mine["Seconds"]) - written) <= len(times)


def read_time(text: str, zone: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZoneInfo(zone))
