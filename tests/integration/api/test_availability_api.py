"""/api/v1 of painted hours and of calendars kept elsewhere: by date alone, by version, and nothing to strangers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from server.availability import OutsideCalendar, Owner, Source, Taken
from server.ids import AccountId, ClassGroupId, SchoolId
from server.people import AuditFilter
from tests.integration.api.test_json_api import Program
from tests.integration.lesson_pages.conftest import (  # noqa: F401  # fixtures of the same house
    House,
    Staff,
    client,
    demo_database,
    house,
    staff,
)

MINE, THEIRS = "tw-taipei-chenguang-5a", "us-az-saguaro-5b"
OWN, CLASS = "/api/v1/account/availability", f"/api/v1/class-groups/{MINE}/availability"
CALENDARS, OF_SCHOOL = "/api/v1/account/calendars", "/api/v1/schools/tw-taipei-chenguang/calendars"
DAY = "2026-12-01"
HOUR = {"date": DAY, "start": "08:40", "end": "10:10", "state": "cannot"}
RANGE = {"from": "2026-11-30", "to": "2026-12-06"}
FEED = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20261215\r\n"
    "SUMMARY:NEEDLE funeral\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:2\r\nSUMMARY:backwards\r\n"
    "DTSTART:20261216T020000Z\r\nDTEND:20261216T010000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def body(*hours: dict[str, str], version: int = 0, **more: object) -> dict[str, Any]:
    return {"version": version, **RANGE, "hours": list(hours), **more}


async def test_my_hours_are_written_by_date_and_read_back(staff: Staff) -> None:  # noqa: F811
    await staff.become("lin")
    program = Program(staff)
    empty = await program.ask(OWN)
    assert (empty["version"], empty["hours"], empty["from"], empty["zone"]) == (0, [], "2026-11-23", "Asia/Taipei")
    next_to_it = HOUR | {"start": "10:10", "end": "24:00"}
    tried = await program.put(OWN, body(HOUR, next_to_it, dry_run=True))
    assert (tried["is_stored"], tried["version"]) == (False, 0)
    assert (await program.ask(OWN))["version"] == 0
    stored = await program.put(OWN, body(HOUR, next_to_it))
    assert stored == {"version": 1, "is_stored": True, "hours": [HOUR | {"end": "24:00"}]}
    # Of another range the first one stays; what is left out of its own range is wiped.
    later = HOUR | {"date": "2026-12-08", "state": "gladly"}
    await program.put(OWN, {"version": 1, "from": "2026-12-08", "to": "2026-12-08", "hours": [later]})
    seen = await program.ask(f"{OWN}?from=2026-11-30&to=2026-12-31")
    assert [(one["date"], one["state"]) for one in seen["hours"]] == [(DAY, "cannot"), ("2026-12-08", "gladly")]
    assert (await program.put(OWN, body(version=1), 409))["code"] == "conflict"
    assert (await program.put(OWN, body(version=1, dry_run=True), 409))["code"] == "conflict"
    await program.put(OWN, body(version=2))
    assert (await program.ask(f"{OWN}?from={DAY}&to={DAY}"))["hours"] == []
    assert (await program.put(f"{OWN}/classes", {"class_group_ids": [MINE]}))["class_group_ids"] == [MINE]
    assert (await program.ask(OWN))["class_group_ids"] == [MINE]
    await program.put(f"{OWN}/classes", {"class_group_ids": [THEIRS]}, 404)


@pytest.mark.parametrize(
    "hour",
    [
        {"date": "tue"}, {"date": None}, {"start": "8:40"}, {"start": "08:42"}, {"end": "24:05"}, {"state": "maybe"},
        {"weekday": "tue"},
    ],
)  # fmt: skip
async def test_an_undated_weekday_cannot_be_expressed(staff: Staff, house: House, hour: dict[str, Any]) -> None:  # noqa: F811
    await staff.become("lin")
    program = Program(staff)
    assert (await program.put(OWN, body(HOUR | hour), 400))["code"] == "invalid_request"
    undated = {name: value for name, value in HOUR.items() if name != "date"} | {"weekday": "tue"}
    assert (await program.put(OWN, body(undated), 400))["code"] == "invalid_request"
    painting = await house.lessons.painted.find(Owner.account(AccountId("ac_demo_lin")), date.min, date.max)
    assert painting.version == 0


async def test_what_cannot_be_painted_is_said_by_its_place(staff: Staff) -> None:  # noqa: F811
    await staff.become("lin")
    program = Program(staff)

    async def problems(sent: dict[str, Any]) -> list[tuple[str, str]]:
        told = await program.put(OWN, sent, 400)
        assert told["code"] == "hours_not_paintable"
        assert all(one["text"]["zh-Hant-TW"] and one["expected"] == one["text"]["en"] for one in told["problems"])
        return [(one["where"], one["code"]) for one in told["problems"]]

    backwards, elsewhere = HOUR | {"end": "08:00"}, HOUR | {"date": "2026-12-20"}
    assert await problems(body(HOUR, backwards, elsewhere)) == [("hours[1]", "order"), ("hours[2]", "outside_range")]
    assert await problems(body(HOUR, HOUR | {"start": "10:00", "end": "11:00"})) == [("hours[1]", "overlap")]
    assert await problems(body() | {"from": "2026-11-22"}) == [("from", "past")]
    assert await problems(body() | {"from": "2028-01-01", "to": "2028-01-02"}) == [
        ("from", "too_far"),
        ("to", "too_far"),
    ]
    assert await problems(body() | {"to": "2027-06-01"}) == [("to", "too_many_days")]
    assert await problems(body() | {"to": "2026-11-29"}) == [("to", "order")]
    assert (await program.ask(f"{OWN}?from=2026-12-02&to=2026-12-01", 400))["code"] == "hours_not_paintable"
    assert (await program.ask(f"{OWN}?week=1", 400))["code"] == "invalid_request"
    # On a Sunday in March the clock of California skips 02:00 to 03:00.
    await staff.become("rivera")
    sunday = {"version": 0, "from": "2027-03-14", "to": "2027-03-14"}
    skipped = HOUR | {"date": "2027-03-14", "start": "02:00", "end": "03:00"}
    program = Program(staff)
    assert await problems(sunday | {"hours": [skipped]}) == [("hours[0]", "skipped_hour")]
    assert (await program.ask(OWN))["version"] == 0


async def test_a_class_is_painted_by_its_coordinator_and_written_down(staff: Staff, house: House) -> None:  # noqa: F811
    await staff.become("lin")
    teacher = Program(staff)
    assert (await teacher.ask(CLASS))["may_paint"] is False
    assert (await teacher.put(CLASS, body(HOUR), 403))["code"] == "forbidden"
    await staff.become("chiu")
    program = Program(staff)
    assert (await program.ask(CLASS))["may_paint"] is True
    await program.put(CLASS, body(HOUR, dry_run=True))
    assert (await house.people.audit.read(AuditFilter(action_prefix="class_hours."))).entries == ()
    await program.put(CLASS, body(HOUR))
    (entry,) = (await house.people.audit.read(AuditFilter(action_prefix="class_hours."))).entries
    assert (entry.action, entry.detail["from"], entry.detail["dates"]) == ("class_hours.painted", "2026-11-30", 7)
    await house.people.class_groups.archive(ClassGroupId(MINE), by=AccountId("ac_demo_chiu"))
    assert (await program.ask(CLASS))["may_paint"] is False
    assert (await program.put(CLASS, body(version=1), 409))["code"] == "conflict"
    assert len((await program.ask(f"{CLASS}?from={DAY}"))["hours"]) == 1
    # Whoever is of another school learns nothing: neither of the hours nor of the class.
    await staff.become("hayes")
    stranger = Program(staff)
    for told in (await stranger.ask(f"{CLASS}?from={DAY}", 404), await stranger.put(CLASS, body(), 404)):
        assert "cannot" not in str(told)
        assert told == await stranger.ask("/api/v1/class-groups/cg_nothing/availability", 404)


async def test_a_calendar_is_looked_at_kept_and_removed(staff: Staff, house: House) -> None:  # noqa: F811
    await staff.become("lin")
    program = Program(staff)
    preview = await program.send(CALENDARS, {"name": "Mine", "file": FEED}, 201)
    assert [(one["first"], one["summary"]) for one in preview["times"]] == [("2026-12-15", "")]
    assert "NEEDLE" not in str(preview), "when, and never what"
    (left_out,) = preview["calendar"]["left_out"]
    assert (left_out["code"], left_out["event"]) == ("no_length", 2)
    assert left_out["text"] == {"en": "it ends before it starts", "zh-Hant-TW": "結束時間不晚於開始時間"}
    chosen = {"calendar": preview["calendar"]["id"]}
    assert (await program.send(f"{CALENDARS}/keep", chosen))["calendars"][0]["is_kept"] is True
    assert (await program.ask(f"{CALENDARS}/times?calendar={chosen['calendar']}"))["times"] == preview["times"]
    # It is nobody else's, also not by its id.
    await staff.become("su")
    other = Program(staff)
    assert (await other.ask(CALENDARS))["calendars"] == []
    await other.ask(f"{CALENDARS}/times?calendar={chosen['calendar']}", 404)
    await other.send(f"{CALENDARS}/remove", chosen, 404)
    await staff.become("lin")
    program = Program(staff)
    assert (await program.send(f"{CALENDARS}/remove", chosen))["calendars"] == []
    await program.send(f"{CALENDARS}/remove", chosen, 404)
    actions = [one.action for one in (await house.people.audit.read(AuditFilter(action_prefix="calendar."))).entries]
    assert actions == ["calendar.removed", "calendar.kept"]


async def test_an_address_is_told_to_nobody(staff: Staff, house: House) -> None:  # noqa: F811
    now = datetime(2026, 11, 22, tzinfo=UTC)
    kept = OutsideCalendar(
        id="oc_1",
        owner=Owner.school(SchoolId("tw-taipei-chenguang")),
        name="District",
        host="district.example",
        zone="Asia/Taipei",
        is_kept=True,
        added_by=AccountId("ac_demo_chiu"),
        added_at=now,
        read_at=now,
        covers_until=date(2027, 12, 1),
        failures=0,
        error="",
        left_out=(),
    )
    source = Source(address="https://district.example/needle-5ecret.ics")
    store, later = house.lessons.outside_calendars.store, now + timedelta(days=9)
    await store.add(kept, source, Taken(times=(), left_out=()), later)
    await store.failed(kept.id, "address_unreachable", later)
    await staff.become("chiu")
    program = Program(staff)
    (told,) = (await program.ask(OF_SCHOOL))["calendars"]
    assert (told["host"], told["error"]) == ("district.example", "address_unreachable")
    assert "needle" not in str(told)
    refused = await program.send(OF_SCHOOL, {"address": "https://127.0.0.1/needle-5ecret.ics"}, 400)
    assert refused["code"] == "address_refused"
    assert "needle" not in str(refused)
    school = await program.send(OF_SCHOOL, {"file": FEED}, 201)
    assert [one["summary"] for one in school["times"]] == ["NEEDLE funeral"]
    for sent in ({}, {"file": FEED, "address": "https://x.example/needle"}, {"file": ""}, {"url": "needle"}):
        told = await program.send(OF_SCHOOL, sent, 400)
        assert told["code"] == "invalid_request"
        assert "needle" not in str(told)
    assert (await program.send(OF_SCHOOL, {"file": "<html>"}, 400))["code"] == "calendar_unreadable"
    # A teacher of the school may not, and whoever is of another does not learn that it has calendars.
    await staff.become("lin")
    assert "district" not in str(await Program(staff).ask(OF_SCHOOL, 403))
    await staff.become("hayes")
    stranger = Program(staff)
    assert "district" not in str(await stranger.ask(OF_SCHOOL, 404))
    await stranger.send(f"{OF_SCHOOL}/remove", {"calendar": "oc_1"}, 404)
    assert len(await house.lessons.outside_calendars.of_owner(kept.owner)) == 2


async def test_who_is_not_signed_in_may_nothing(staff: Staff) -> None:  # noqa: F811
    stranger = Program(staff)
    for path in (OWN, CLASS, CALENDARS, f"{CALENDARS}/times?calendar=oc_1", OF_SCHOOL):
        assert (await stranger.ask(path, 401))["code"] == "sign_in_needed"
