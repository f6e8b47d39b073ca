"""/api/v1 of scheduling: hours, series and a school's day by program alone, refused in words, stored by version."""

from __future__ import annotations

from typing import Any

import pytest

from server.ids import SchoolId
from server.lessons import bells_in, values_of
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
HOURS = "/api/v1/schools/tw-taipei-chenguang/hours"
PLAN = {"a": MINE, "b": THEIRS, "date": "2027-03-02", "start": "08:40", "minutes": 40, "lessons": 3}


async def put(program: Program, part: str, body: Any, status: int = 200) -> Any:
    return await program.put(f"{HOURS}/{part}", body, status)


async def test_from_two_classes_to_a_term_by_program_alone(staff: Staff) -> None:  # noqa: F811
    await staff.become("lin")
    program = Program(staff)
    classes = {one["id"]: one for one in (await program.ask("/api/v1/classes"))["classes"]}
    assert classes[THEIRS]["side"] == "us"
    found = await program.ask(f"/api/v1/overlap?a={MINE}&b={THEIRS}&from=2027-03-01&weeks=2&minutes=40")
    assert {slot["a"]["weekday"] for slot in found["slots"]} <= {"tue", "wed", "thu", "fri", "sat"}
    assert found["from"] == "2027-03-01"
    none = await program.ask(f"/api/v1/overlap?a={MINE}&b={THEIRS}&from=2027-03-01&weeks=1&tier=both_in_class")
    assert none["slots"] == []
    assert {one["code"] for one in none["none_because"]} & {"no_common_school_hours", "only_worse_tiers"}
    assert none["relaxations"]
    plan = await program.send("/api/v1/series/plan", PLAN)
    assert [one["number"] for one in plan["lessons"]] == [1, 2, 3]
    assert plan["lessons"][0]["slot"]["a"]["start"] == "08:40"
    title = {"title": {"en": "Songs", "zh-Hant-TW": "歌謠"}, "partner_lead": "ac_demo_ortega"}
    smuggled = {**PLAN, **title, "starts": {"1": "2027-03-02T05:00:00Z"}}
    assert (await program.send("/api/v1/series", smuggled, 400))["code"] == "invalid_request"
    made = await program.send("/api/v1/series", {**PLAN, **title, "starts": {"2": None}}, 201)
    assert len(made["lessons"]) == 2
    assert made["not_done"] == []
    again = await program.send("/api/v1/series", {**PLAN, **title}, 201)
    assert {one["code"] for one in again["not_done"]} <= {"lesson_double_booked"}
    await staff.become("ortega")
    other = Program(staff)
    path = f"/api/v1/series/{made['id']}"
    assert {one["state"] for one in (await other.ask(path))["lessons"]} == {"proposed"}
    assert {one["state"] for one in (await other.send(f"{path}/confirm", {}))["lessons"]} == {"confirmed"}
    await staff.become("rivera")
    assert "Songs" not in str(await Program(staff).ask(path, 404))


@pytest.mark.parametrize(
    "query",
    ["", "a=x", f"a={MINE}&b={THEIRS}&weeks=99", f"a={MINE}&b={THEIRS}&tier=never", f"a={MINE}&b={THEIRS}&more=1",
     f"a={MINE}&b={THEIRS}&from=0001-01-01"],
)  # fmt: skip
async def test_a_question_that_cannot_be_read_is_refused(staff: Staff, query: str) -> None:  # noqa: F811
    await staff.become("lin")
    assert (await Program(staff).ask(f"/api/v1/overlap?{query}", 400))["code"] == "invalid_request"


async def test_what_cannot_be_planned_is_said(staff: Staff) -> None:  # noqa: F811
    await staff.become("lin")
    program = Program(staff)
    assert (await program.send("/api/v1/series/plan", {**PLAN, "start": "03:00"}, 400))[
        "code"
    ] == "series_not_plannable"
    assert (await program.send("/api/v1/series/plan", {**PLAN, "lessons": 21}, 400))["code"] == "invalid_request"
    assert (await program.send("/api/v1/series/plan", {**PLAN, "b": MINE}, 404))["code"] == "not_found"
    # The other side's classes are not planned for them.
    await program.send("/api/v1/series/plan", {**PLAN, "a": THEIRS, "b": MINE}, 404)


async def test_a_school_s_day_is_read_tried_and_stored(staff: Staff, house: House) -> None:  # noqa: F811
    await staff.become("lin")
    program = Program(staff)
    seen = await program.ask(HOURS)
    assert (seen["version"], seen["zone"]) == (0, "Asia/Taipei")
    assert seen["bells"][0]["days"]["full"][1]["start"] == "08:40"
    # What was read can be sent back, and changes nothing.
    assert (await put(program, "bells", {"version": 0, "bells": seen["bells"], "dry_run": True}))["lessons_hit"] == []
    assert (await put(program, "calendar", {"version": 0, "calendar": seen["calendar"], "dry_run": True})) == {
        "version": 0, "is_stored": False, "lessons_hit": [],
    }  # fmt: skip
    closures = {"version": 0, "closures": [{"first": "2026-11-24", "last": "2026-12-31", "reason": "No water"}]}
    tried = await put(program, "closures", closures | {"dry_run": True})
    assert tried["is_stored"] is False
    hit = {one["lesson_id"] for one in tried["lessons_hit"]}
    assert hit
    assert all(one["sides"][0]["date"] < "2027-01-01" for one in tried["lessons_hit"])
    assert await house.lessons.school_files.find(SchoolId("tw-taipei-chenguang")) is None
    stored = await put(program, "closures", closures)
    assert (stored["version"], stored["is_stored"]) == (1, True)
    assert {one["lesson_id"] for one in stored["lessons_hit"]} == hit
    assert (await put(program, "closures", closures, 409))["code"] == "conflict"
    later = {**seen["bells"][0], "first": "2027-02-08"}
    await put(program, "bells", {"version": 1, "bells": [*seen["bells"], later]})
    file = await house.lessons.school_files.find(SchoolId("tw-taipei-chenguang"))
    assert file is not None
    assert [one["first"] for one in bells_in(file.text)][-1] == "2027-02-08"
    assert values_of(file.text)["closures"][0]["reason"] == "No water"
    assert [one["reason"] for one in (await program.ask(HOURS))["closures"]] == ["No water"]
    parts = [one.detail["part"] for one in (
        await house.people.audit.read(AuditFilter(action_prefix="school_hours."))
    ).entries]  # fmt: skip
    assert parts == ["bells", "closures"]


async def test_what_is_wrong_with_hours_is_said_by_its_place(staff: Staff) -> None:  # noqa: F811
    await staff.become("lin")
    program = Program(staff)
    row = {"name": "P1", "start": "09:00", "end": "09:40"}
    bells = {"first": "2026-08-01", "days": {"full": [row, row]}, "week": {"mon": "full"}}
    problem = await put(program, "bells", {"version": 0, "bells": [bells]}, 400)
    assert problem["code"] == "school_file_invalid"
    assert problem["problems"][0]["where"].startswith("bells[0]")
    assert "overlap" in problem["problems"][0]["expected"]
    assert "line" not in problem["problems"][0]
    assert problem["problems"][0]["code"] == "periods_in_order"
    assert "不重疊" in problem["problems"][0]["text"]["zh-Hant-TW"]
    problem = await put(program, "file", {"version": 0, "file": "school: x\nzone: nowhere\n"}, 400)
    assert {one["line"] for one in problem["problems"]} >= {2}
    assert (await put(program, "bells", {"version": 0, "bells": []}, 400))["code"] == "invalid_request"
    more = {"version": 0, "closures": [{"first": "2026-11-24", "more": 1}]}
    assert (await put(program, "closures", more, 400))["code"] == "invalid_request"
    assert (await program.ask(HOURS))["version"] == 0


async def test_who_may_not(staff: Staff) -> None:  # noqa: F811
    stranger = Program(staff)
    for path in (HOURS, "/api/v1/classes", "/api/v1/overlap?a=x&b=y", "/api/v1/series/se_nothing"):
        assert (await stranger.ask(path, 401))["code"] == "sign_in_needed"
    await staff.become("ortega")
    other = Program(staff)
    await other.ask(HOURS, 404)
    await put(other, "closures", {"version": 0, "closures": []}, 404)
    await other.ask("/api/v1/series/se_nothing", 404)
