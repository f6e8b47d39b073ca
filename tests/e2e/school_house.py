"""A product without demo data, set up by its own pages: the first administrator, two schools, people, classes."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[2]
READY = "Tongchuang is ready: "
SET_UP = "/set-up/"
READY_WITHIN_S = 120  # hang guard: the first start makes database and keys
STOP_WITHIN_S = 15
PASSWORD = "seven quiet herons"
LONG_NAME = "Saint Bartholomew of the Upper Rincon Valley Dual-Language Immersion Academy"
NAMES = ["Ava R.", "小明", "王小美", "Maximilian Alexander Featherstonehaugh", "Zoë", "林美華", "José Luis"]


@dataclass(frozen=True)
class EmptyProduct:
    """A running product that nobody has set up yet."""

    url: str
    set_up_path: str


@contextmanager
def run_empty_product(data: Path) -> Iterator[EmptyProduct]:
    command = [sys.executable, "-m", "server.cli", "serve", "--no-demo", "--port", "0", "--data", str(data)]
    command += ["--media-udp-port", "0", "--media-tcp-port", "0"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    guard = threading.Timer(READY_WITHIN_S, process.kill)
    guard.start()
    assert process.stdout is not None
    url = next((line.removeprefix(READY).strip() for line in process.stdout if line.startswith(READY)), "")
    link = next((line for line in process.stdout if SET_UP in line), "") if url else ""
    guard.cancel()
    try:
        assert url, "serve ended without its ready line"
        yield EmptyProduct(url, SET_UP + link.partition(SET_UP)[2].strip())
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_WITHIN_S)
        finally:
            process.kill()
            process.stdout.close()


class Administrator:
    """Presses the buttons that a first-time administrator presses, in English."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def set_up(self, path: str) -> None:
        page = self.page
        page.goto(path)
        page.get_by_label("Your name in English").fill("Pat Rivera")
        page.get_by_label("Your name in Chinese").fill("李芮沛")
        page.get_by_label("E-mail").fill("it@example.edu")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_label("The same again").fill(PASSWORD)
        page.get_by_role("button", name="Begin").click()
        page.wait_for_url("**/dashboard")

    def add_school(self, side: str, english: str, chinese: str, town: str, zone: str) -> str:
        page = self.page
        page.goto("/schools/new")
        page.get_by_label(side).check()
        page.get_by_label("Name in English").fill(english)
        page.get_by_label("Name in Chinese").fill(chinese)
        page.get_by_label("Town in English").fill(town)
        page.get_by_label("Time zone").select_option(zone)
        page.get_by_label("中文（臺灣）" if side == "Taiwan" else "English", exact=True).check()
        page.get_by_role("button", name="Save").click()
        page.wait_for_url("**/schools/sc_*")
        return page.url.rsplit("/", 1)[1]

    def invite(self, school: str, name: str, email: str, *, vouch: bool, coordinator: bool = False) -> str:
        """The invitation's path."""
        page = self.page
        page.goto(f"/schools/{school}/invite")
        page.get_by_label("Name in English").fill(name)
        page.get_by_label("E-mail").fill(email)
        if coordinator:
            page.get_by_label("Coordinator").check()
        if vouch:
            page.get_by_label("I know this person").check()
        page.get_by_role("button", name="Invite").click()
        return str(page.get_by_label("Give this link to this person only").input_value()).partition(page_origin(page))[
            2
        ]

    def add_class(self, school: str, english: str, chinese: str, grade: str) -> str:
        page = self.page
        page.goto(f"/class-groups/new?school={school}")
        page.get_by_label("Name in English").fill(english)
        page.get_by_label("Name in Chinese").fill(chinese)
        page.get_by_label("Grade").fill(grade)
        page.get_by_role("button", name="Save").click()
        page.wait_for_url("**/roster")
        return page.url.rsplit("/", 2)[1]

    def add_names(self, group: str, names: list[str]) -> None:
        page = self.page
        page.goto(f"/class-groups/{group}/roster")
        page.get_by_label("Names").fill("\n".join(names))
        page.get_by_role("button", name="Look at the names").click()
        page.get_by_role("button", name="Add these names").click()
        page.wait_for_url(f"**/class-groups/{group}")

    def authorise(self, group: str) -> None:
        page = self.page
        page.goto(f"/class-groups/{group}/authorisation")
        page.get_by_label("Who signed for the school").fill("Principal Chen 陳校長")
        page.get_by_role("button", name="The signed paper is at the school").click()
        page.wait_for_url(f"**/class-groups/{group}")


def page_origin(page: Page) -> str:
    return str(page.evaluate("location.origin"))


def accept_invitation(page: Page, path: str) -> None:
    page.goto(path)
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_label("The same again").fill(PASSWORD)
    page.get_by_role("button", name="Save and sign in").click()
    page.wait_for_url("**/dashboard")


def sign_in(page: Page, email: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/dashboard")


def chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("google-chrome")
