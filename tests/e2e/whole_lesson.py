"""A lesson with two leads inside and a pupil by card, and what the test saw of the pupil's coming and going."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from playwright.sync_api import Page

from tests.e2e.class_page import ClassPage, Classroom, Pair, make_lesson
from tests.e2e.pupils import RECEIVED, Pupil

OpenPage = Callable[..., Page]
# A person's way to the token that only who is admitted gets.
ASK_TOKEN = """
async () => (await fetch(`/api/v1${location.pathname.replace('/room', '/token')}`)).status
"""


def now() -> datetime:
    return datetime.now(UTC)


# What was not seen fits no time.
_EARLY, _LATE = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass
class Stay:
    """Between which instants somebody came in and went: a command was not given yet, its effect was already seen.

    What is recorded is when the media server heard of it. A page says sooner than that that somebody is out, so that
    only what follows from the media server's word may be taken for the effect: its packets, its entry in the sheet.
    """

    begins_after: datetime
    begins_before: datetime = _EARLY
    ends_after: datetime = _LATE
    ends_before: datetime = _EARLY


def wait_until(page: Page, condition: Callable[[], bool], what: str, *, polls: int = 450) -> None:
    """In the page's own time; the limit is a hang guard."""
    for _ in range(polls):
        if condition():
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"never: {what}")


class Lesson:
    """Two leads inside, and a pupil of the American school with a card."""

    def __init__(self, open_page: OpenPage, base_url: str, pair: Pair) -> None:
        self.open_page, self.base_url = open_page, base_url
        self.room: Classroom = make_lesson(open_page, pair)
        self.cards = self.room.print_cards(self.room.america, pair.america.group)
        self.name, self.code = next(iter(self.cards.items()))
        self.stays: list[Stay] = []
        self.taiwan, self.america = ClassPage(self.room.taiwan), ClassPage(self.room.america)
        self.leads = (self.taiwan, self.america)
        for lead in self.leads:
            lead.enter(self.room.room)
            lead.expect_live()
        known = json.loads(self.america.page.locator("tc-classroom").get_attribute("lesson") or "")
        self.pupils_zone: str = known["sides"][1]["zone"]

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
        waiting.wait_for()
        self.stays.append(Stay(begins_after=now()))
        waiting.get_by_role("button", name="Admit").click()

    def expect_inside(self, pupil: Pupil, pictures: int = 2) -> None:
        wait_until(self.taiwan.page, lambda: pupil.run(RECEIVED)["packets"] > 0, "media")
        self.stays[-1].begins_before = now()
        pupil.wait(".class-room")
        pupil.wait(".dock [data-action=camera][data-on]")
        wait_until(self.taiwan.page, lambda: pupil.run(RECEIVED)["pictures"] >= pictures, "the others' pictures")

    def expect_told_gone(self) -> None:
        """The sheet has it from the media server that the pupil went: no end that is recorded is later than this."""
        wait_until(self.america.page, self._has_ended, "the media server told that the pupil is out")
        self.stays[-1].ends_before = now()

    def _has_ended(self) -> bool:
        """Who is still there is there until now, or until the lesson's end: both to the microsecond. What the media
        server told has whole seconds.
        """
        # The sign-in holds when the page has left the lesson. The API, because the file has no parts of a second.
        answer = self.america.page.request.get(f"/api/v1/lessons/{self.room.lesson}/attendance")
        assert answer.ok, answer.status
        (row,) = (one for one in answer.json()["rows"] if one["name"]["en"] == self.name and not one["is_adult"])
        ends = [datetime.fromisoformat(one["end"]) for one in row["recorded"]]
        return len(ends) == len(self.stays) and not ends[-1].microsecond

    def expect_seen_by_leads(self) -> None:
        for lead in self.leads:
            lead.wait_for_tiles(3)
            lead.wait_until(
                lambda lead=lead: len([s for s in lead.inbound("video") if s.get("framesDecoded", 0) > 10]) == 2,  # type: ignore[misc]
                "both other pictures decoded",
            )
