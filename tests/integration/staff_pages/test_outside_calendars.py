"""Calendars kept elsewhere, by the real pages, a real address on loopback, and the search that they change."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from structlog.testing import capture_logs

from server.app import AppParts
from server.availability import READ_EVERY, OutsideCalendars, OutsideStore, Owner
from server.http.fetching import Fetcher
from server.ids import ClassGroupId
from server.lessons import Lessons
from server.pair import LocalizedText, Side
from server.people import Account, Role, School
from server.sealing import Seal
from server.storage import Database, database_url_for
from tests.integration.staff_pages.conftest import House
from tests.integration.staff_pages.web_user import Seen, best_first

OWN = "/account/calendars"
SECRET = "needle-5ecret"


@dataclass
class Elsewhere:
    """A calendar on another machine, as the test wants it to be."""

    body: str = ""
    status: int = 200
    asked: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    address: str = ""


@pytest.fixture
async def elsewhere() -> AsyncIterator[Elsewhere]:
    there = Elsewhere()

    async def calendar(request: web.Request) -> web.Response:
        there.asked.append(request.path)
        there.marks.append(request.headers.get("If-None-Match", "") + request.headers.get("If-Modified-Since", ""))
        mark = f'"{hash(there.body)}"'
        if there.status == 200 and request.headers.get("If-None-Match") == mark:
            return web.Response(status=304)
        return web.Response(text=there.body, status=there.status, headers={"ETag": mark})

    async def go(request: web.Request) -> web.Response:
        raise web.HTTPFound(request.query["to"])

    app = web.Application()
    app.router.add_get(f"/{SECRET}.ics", calendar)
    app.router.add_get("/go", go)
    async with TestServer(app) as server:
        there.address = str(server.make_url(f"/{SECRET}.ics"))
        yield there


@pytest.fixture
def parts(parts: AppParts) -> AppParts:
    """This machine's own address stands for the rest of the world; every other one is as guarded as ever."""
    assert parts.lessons is not None
    fetcher = Fetcher(is_allowed=lambda address: address == "127.0.0.1", ports=None)
    calendars = OutsideCalendars(parts.lessons.outside_calendars.store, fetcher, parts.clock)
    return replace(parts, lessons=replace(parts.lessons, outside_calendars=calendars))


@pytest.fixture
def lessons(parts: AppParts) -> Lessons:
    assert parts.lessons is not None
    return parts.lessons


@dataclass
class Case:
    house: House
    school: School
    lin: Account
    a: ClassGroupId
    b: ClassGroupId
    tuesday: date

    async def add(self, path: str = OWN, **given: str | bytes) -> Seen:
        page = await self.house.anybody.get(path)
        return await self.house.anybody.submit(page, path, **given)

    async def has_tuesday(self) -> bool:
        monday = self.tuesday - timedelta(days=1)
        seen = await self.house.anybody.get(f"/hours?a={self.a}&b={self.b}&from={monday}&weeks=1&all=1")
        assert seen.status == 200
        shown = best_first(seen.text)
        return f"{self.tuesday.month}/{self.tuesday.day} 週二" in shown


@pytest.fixture
async def case(house: House, lessons: Lessons) -> Case:
    taipei, tucson = await house.school(), await house.school(Side.UNITED_STATES, "Saguaro School")
    lin = await house.adult(taipei.id, "lin@example.edu")
    await house.adult(taipei.id, "chief@example.edu", frozenset({Role.COORDINATOR}), name="Chief Wu")
    groups = [
        await house.people.class_groups.create(school.id, name=LocalizedText("5A", "五年甲班"), grade="5", by=None)
        for school in (taipei, tucson)
    ]
    await lessons.class_teachers.put(lin.id, [groups[0].id])
    await house.sign_in_as(lin)
    return Case(house, taipei, lin, groups[0].id, groups[1].id, date(2026, 10, 27))


def busy(on: date, *more: str) -> str:
    whole = f"BEGIN:VEVENT\nUID:1\nDTSTART;VALUE=DATE:{on:%Y%m%d}\nSUMMARY:NEEDLE funeral\nEND:VEVENT\n"
    return f"BEGIN:VCALENDAR\nVERSION:2.0\n{whole}{''.join(more)}END:VCALENDAR\n".replace("\n", "\r\n")


async def test_a_teachers_calendar_is_looked_at_kept_read_again_and_removed(
    case: Case, lessons: Lessons, elsewhere: Elsewhere
) -> None:
    broken = "BEGIN:VEVENT\nUID:2\nSUMMARY:backwards\nDTSTART:20261028T020000Z\nDTEND:20261028T010000Z\nEND:VEVENT\n"
    elsewhere.body = busy(case.tuesday, broken)
    calendars, owner = lessons.outside_calendars, Owner.account(case.lin.id)
    with capture_logs() as logs:
        preview = await case.add(address=elsewhere.address, name="School mail")
        assert "Busy times in it: 1" in preview.text
        assert "10/27 週二" in preview.text
        assert "Entry 2 backwards : it ends before it starts" in preview.text
        (shown,) = await calendars.of_owner(owner)
        chinese = await case.house.anybody.get(f"{OWN}?calendar={shown.id}&lang=zh-Hant-TW")
        assert "backwards : 結束時間不晚於開始時間" in chinese.text
        await case.house.anybody.get(f"{OWN}?lang=en")
        assert "NEEDLE" not in preview.html, "when, and never what"
        assert await case.has_tuesday(), "a preview counts nowhere"
        kept = await case.house.anybody.submit(preview, f"{OWN}/keep")
        assert "School mail" in kept.text
        assert "127.0.0.1" in kept.text
        assert not await case.has_tuesday()

        # Not changed, then changed, then away: what was read before still counts, and the owner is told.
        assert await calendars.refresh() == 0
        case.house.clock.advance(seconds=READ_EVERY.total_seconds())
        assert await calendars.refresh() == 1
        assert elsewhere.marks[-1] != ""
        elsewhere.body = busy(case.tuesday + timedelta(days=7))
        case.house.clock.advance(seconds=READ_EVERY.total_seconds())
        await calendars.refresh()
        assert await case.has_tuesday()
        elsewhere.body = busy(case.tuesday)
        case.house.clock.advance(seconds=READ_EVERY.total_seconds())
        await calendars.refresh()
        for status, body in ((500, elsewhere.body), (200, "<html>sign in</html>")):
            elsewhere.status, elsewhere.body = status, body
            case.house.clock.advance(seconds=READ_EVERY.total_seconds())
            assert await calendars.refresh() == 1
        assert not await case.has_tuesday()
        told = await case.house.anybody.get(OWN)
        assert "It could not be read the last time" in told.text
        assert "no calendar in the iCalendar form" in told.text
        (stored,) = await calendars.of_owner(owner)
        assert (stored.failures, stored.error) == (2, "calendar_unreadable")

        gone = await case.house.anybody.submit(told, f"{OWN}/remove")
        assert "School mail" not in gone.text
        assert await case.has_tuesday()
    # The address is a secret: in no page, not even the owner's, and in no line of the log.
    assert all(SECRET not in page.html for page in (preview, kept, told, gone))
    assert SECRET not in repr(logs)
    assert any(one["event"] == "calendar_not_read" for one in logs)


async def test_the_address_reaches_nothing_of_our_own_and_no_other_persons_calendar(
    case: Case, lessons: Lessons, elsewhere: Elsewhere
) -> None:
    elsewhere.body = busy(case.tuesday)
    port = elsewhere.address.split(":")[2].split("/")[0]
    wrong = [
        f"http://127.0.0.2:{port}/{SECRET}.ics",
        f"http://[::1]:{port}/{SECRET}.ics",
        f"http://[::ffff:127.0.0.3]:{port}/{SECRET}.ics",
        f"http://[64:ff9b::7f00:2]:{port}/{SECRET}.ics",
        "http://169.254.169.254/latest/meta-data/",
        f"http://me:pass@127.0.0.1:{port}/{SECRET}.ics",
        "file:///etc/passwd",
        "gopher://127.0.0.1/1",
        "javascript:alert(1)",
        # A redirect is looked at like an address that was typed.
        elsewhere.address.replace(f"/{SECRET}.ics", f"/go?to=http://127.0.0.2:{port}/{SECRET}.ics"),
        elsewhere.address.replace(f"/{SECRET}.ics", "/go?to=file:///etc/passwd"),
        elsewhere.address.replace(f"/{SECRET}.ics", "/nothing"),
    ]
    for address in wrong:
        seen = await case.add(address=address)
        assert seen.status == 422, address
        assert SECRET not in seen.html
        assert "root:" not in seen.html
    assert elsewhere.asked == []
    assert (await case.add()).status == 422
    assert (await case.add(file=b"<html>no calendar</html>")).status == 422
    assert await lessons.outside_calendars.of_owner(Owner.account(case.lin.id)) == ()

    mine = await case.add(address=elsewhere.address, name="NEEDLE of Lin")
    calendar_id = mine.path.split("calendar=")[1]
    await case.house.sign_in("chief@example.edu")
    other = await case.house.anybody.get(f"{OWN}?calendar={calendar_id}")
    assert "NEEDLE" not in other.html
    csrf = re.search(r'name="csrf" value="([^"]+)"', other.html)
    assert csrf
    for verb in ("keep", "remove"):
        refused = await case.house.anybody.post(f"{OWN}/{verb}", {"csrf": csrf[1], "calendar": calendar_id})
        assert refused.status == 404
    assert len(await lessons.outside_calendars.of_owner(Owner.account(case.lin.id))) == 1


async def test_a_coordinator_takes_days_off_from_the_schools_calendar_one_by_one(case: Case, lessons: Lessons) -> None:
    path = f"/schools/{case.school.id}/calendars"
    assert (await case.house.anybody.get(path)).status == 403, "a teacher does not"
    await case.house.sign_in("chief@example.edu")
    days = [
        (case.tuesday, "School anniversary 補假"),
        (case.tuesday + timedelta(days=1), '"><script>alert(1)</script>'),
    ]
    events = "".join(
        f"BEGIN:VEVENT\nUID:{number}\nDTSTART;VALUE=DATE:{on:%Y%m%d}\nSUMMARY:{name}\nEND:VEVENT\n"
        for number, (on, name) in enumerate(days)
    )
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\n{events}END:VCALENDAR\n".replace("\n", "\r\n")
    preview = await case.add(path, file=text.encode(), name="Year plan")
    assert "Whole days in it: 2" in preview.text
    kept = await case.house.anybody.submit(preview, f"{path}/keep")
    assert await case.has_tuesday(), "nothing is closed before the coordinator says so"
    form = kept.form(f"{path}/closures")
    assert form.values["day"] == ["0"], "what sounds like a day off is ticked"
    assert "<script>alert" not in kept.html
    after = await case.house.anybody.submit(kept, f"{path}/closures")
    assert after.path == f"/schools/{case.school.id}/hours"
    assert "School anniversary 補假" in after.text
    assert not await case.has_tuesday()
    file = await lessons.school_files.find(case.school.id)
    assert file is not None
    assert "script" not in file.text
    again = await case.house.anybody.get(kept.path)
    assert "entered already" in again.text


async def test_without_the_key_of_its_address_a_calendar_says_what_to_do(
    case: Case, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    """A database that was put back without the data folder: what was read still counts, and the way on is named."""
    elsewhere.body = busy(case.tuesday)
    preview = await case.add(address=elsewhere.address, name="School mail")
    await case.house.anybody.submit(preview, f"{OWN}/keep")
    case.house.clock.advance(seconds=READ_EVERY.total_seconds())
    database = Database(database_url_for(tmp_path / "data", ""))
    stranger = OutsideStore(database, Seal(b"\1" * 32))
    with capture_logs() as logs:
        assert await OutsideCalendars(stranger, Fetcher(), case.house.clock).refresh() == 1
    await database.close()
    assert SECRET not in str(logs)
    page = await case.house.anybody.get(OWN)
    assert "remove the calendar and add it again" in page.text
    assert not await case.has_tuesday()
