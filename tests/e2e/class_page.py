"""One browser page in a scheduled lesson, and how two teachers come to have one: through the pages that they use."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import Locator, Page, expect

from tests.e2e.camera import wait_for_camera
from tests.e2e.seat import Seat

OpenPage = Callable[..., Page]
TAIPEI = ZoneInfo("Asia/Taipei")
MINUTES = 40
LEAD_MINUTES = 12  # the lobby opens half an hour before


@dataclass(frozen=True)
class Teacher:
    """Of the demo data: the account's key, the name in English and the class group."""

    key: str
    name: str
    group: str


@dataclass(frozen=True)
class Pair:
    """Two teachers who have no lesson today: a class has one lesson at a time, so each test has its own pair."""

    taiwan: Teacher
    america: Teacher


YUNLIN = Pair(Teacher("kuo", "Mr. Kuo", "tw-yunlin-daotian-6a"), Teacher("kim", "Ms. Kim", "us-ca-arroyo-mandarin2"))
TAICHUNG = Pair(
    Teacher("yang", "Mr. Yang", "tw-taichung-liuchuan-4c"), Teacher("patel", "Ms. Patel", "us-ca-olivehill-4g")
)
HUALIEN = Pair(
    Teacher("chang", "Mr. Chang", "tw-hualien-shanhai-901"), Teacher("novak", "Ms. Novak", "us-il-prairie-8c")
)
TAOYUAN = Pair(
    Teacher("cheng", "Mr. Cheng", "tw-taoyuan-putang-803"), Teacher("brooks", "Mr. Brooks", "us-nm-sandia-chinese1")
)
YILAN = Pair(
    Teacher("hsieh", "Ms. Hsieh", "tw-yilan-yulan-805"), Teacher("nakamura", "Mr. Nakamura", "us-hi-naupaka-8")
)
MIAOLI = Pair(
    Teacher("tsai", "Ms. Tsai", "tw-miaoli-tonghua-203"), Teacher("garcia", "Mr. Garcia", "us-nm-riogrande-ap")
)


def sign_in(page: Page, teacher: Teacher) -> Page:
    page.goto("/sign-in?lang=en")
    page.locator(f"form:has([value=ac_demo_{teacher.key}]) button").evaluate("(button) => button.click()")
    page.wait_for_url("**/dashboard*")
    return page


@dataclass(frozen=True)
class Classroom:
    """A lesson whose lobby is open, both leads signed in."""

    lesson: str
    pair: Pair
    taiwan: Page
    america: Page

    @property
    def room(self) -> str:
        return f"/lessons/{self.lesson}/room"

    def print_cards(self, lead: Page, group: str) -> dict[str, str]:
        """Code by pupil's name; new ones every time."""
        lead.goto(f"/class-groups/{group}/cards")
        lead.locator("form[action$='/cards'] button").click()
        lead.locator(".join-card").first.wait_for()
        # A page is drawn while it still comes; only then are all of them there.
        lead.wait_for_load_state()
        cards = lead.locator(".join-card").all()
        return {
            card.locator(".join-card-name").inner_text(): re.sub(
                r"\s", "", card.locator(".join-card-code").inner_text()
            )
            for card in cards
        }


def make_lesson(open_page: OpenPage, pair: Pair, *, adults: int = 1) -> Classroom:
    """One proposes, the other confirms, the authorisations are there, and the lobby is opened."""
    taiwan, america = sign_in(open_page(), pair.taiwan), sign_in(open_page(), pair.america)
    begins = datetime.now(TAIPEI) + timedelta(minutes=LEAD_MINUTES)
    taiwan.goto("/lessons/new")
    taiwan.locator("[name=mine]").select_option(pair.taiwan.group)
    taiwan.locator("[name=partner]").select_option(pair.america.group)
    taiwan.locator("[name=title_en]").fill("Weather and typhoons")
    taiwan.locator("[name=title_zh]").fill("天氣與颱風")
    taiwan.locator("[name=anchor]").select_option("mine")
    taiwan.locator("[name=date]").fill(begins.date().isoformat())
    taiwan.locator("[name=start]").fill(f"{begins:%H:%M}")
    taiwan.locator("[name=minutes]").fill(str(MINUTES))
    taiwan.locator(f"[name=adults_needed][value='{adults}']").check()
    taiwan.get_by_role("button", name="Look at both clocks").click()
    send = taiwan.get_by_role("button", name="Send the proposal")
    # It stands below the choice: before it is there, none to be seen does not mean that there is none.
    send.wait_for()
    lead = taiwan.locator("label", has_text=pair.america.name).locator("[name=partner_lead]")
    if lead.count():
        lead.check()
    send.click()
    taiwan.wait_for_url(re.compile(r"/lessons/le_\w+"))
    found = re.search(r"/lessons/(le_\w+)", taiwan.url)
    assert found
    lesson = found[1]
    press(america, lesson, "confirm")
    press(america, lesson, "consent")
    press(taiwan, lesson, "lobby")
    taiwan.wait_for_url("**/room")
    return Classroom(lesson, pair, taiwan, america)


def press(page: Page, lesson: str, verb: str) -> None:
    page.goto(f"/lessons/{lesson}")
    page.locator(f"form[action='/lessons/{lesson}/{verb}'] button").first.click()


class ClassPage(Seat):
    """The room as one person has it before them."""

    def enter(self, path: str | None = None) -> None:
        """Through the door, as far as the lesson lets this person."""
        if path:
            self.page.goto(path)
        wait_for_camera(self.page)
        self.page.locator(".preview-controls [data-action=microphone][data-on]").wait_for()
        self.page.locator(".join").click()

    def expect_view(self, view: str) -> None:
        expect(self.page.locator(f"tc-classroom[data-view={view}]")).to_be_attached(timeout=90_000)

    def expect_live(self) -> None:
        self.expect_view("room")
        expect(self.dock("camera")).to_have_attribute("data-on", "", timeout=90_000)

    def dock(self, action: str) -> Locator:
        return self.page.locator(f'.dock [data-action="{action}"]')

    def act(self, action: str) -> None:
        if not self.dock(action).is_visible():
            self.dock("more").click()
        self.dock(action).click()

    def show(self, tab: str) -> None:
        self.page.locator(f".rail-tab[data-tab={tab}]").click()

    def tools_of(self, name: str) -> Locator:
        """Opens the dialog about somebody."""
        self.show("people")
        self.page.locator(".person", has_text=name).get_by_role("button").click()
        dialog = self.page.locator("tc-person dialog[open]")
        dialog.wait_for()
        return dialog

    def say(self, text: str, to: str = "everyone") -> None:
        self.page.locator(".chat-form select").select_option(to)
        self.page.locator(".chat-form textarea").fill(text)
        self.page.locator(".chat-form button[type=submit]").click()

    def message(self, text: str) -> Locator:
        return self.page.locator(".message", has_text=text)

    def wait_for_tiles(self, count: int) -> None:
        expect(self.page.locator("tc-tile[data-kind=camera]")).to_have_count(count, timeout=90_000)
