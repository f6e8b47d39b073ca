"""/api/v1 of a proposed term: looked at, changed in part or in whole, its clock chosen, and the ledger beside it."""

from __future__ import annotations

from typing import Any

from tests.integration.api.test_json_api import Program
from tests.integration.api.test_scheduling_api import HOURS, PLAN
from tests.integration.lesson_pages.conftest import (  # noqa: F401  # fixtures of the same house
    House,
    Staff,
    client,
    demo_database,
    house,
    staff,
)

FAIRNESS = "/api/v1/schools/tw-taipei-chenguang/fairness"


async def propose(staff: Staff, **more: object) -> tuple[Program, str]:  # noqa: F811
    """Lin's three lessons with Ortega on Tuesdays in March 2027, 08:40 in Taipei."""
    await staff.become("lin")
    program = Program(staff)
    named = {"title": {"en": "Needle songs", "zh-Hant-TW": "歌謠"}, "partner_lead": "ac_demo_ortega"}
    made = await program.send("/api/v1/series", {**PLAN, **named, **more}, 201)
    assert made["not_done"] == []
    return program, f"/api/v1/series/{made['id']}"


async def starts(program: Program, path: str) -> list[str]:
    return [one["sides"][0]["starts_at_local"][:16] for one in (await program.ask(path))["lessons"]]


# Saguaro has its spring break in the week between.
MARCH = ["2027-03-02T08:40", "2027-03-09T08:40", "2027-03-23T08:40"]


async def close(program: Program, on: str) -> None:
    version = (await program.ask(HOURS))["version"]
    await program.put(f"{HOURS}/closures", {"version": version, "closures": [{"first": on, "reason": "Typhoon"}]})


async def test_after_a_closure_the_smallest_change_moves_nothing_else(staff: Staff) -> None:  # noqa: F811
    program, path = await propose(staff)
    whole = await program.ask(f"{path}/term")
    assert [one["problem"] for one in whole["plan"]["lessons"]] == [None, None, None]
    assert whole["smallest"] == []
    await close(program, "2027-03-09")
    term = await program.ask(f"{path}/term")
    assert [one["problem"] is None for one in term["plan"]["lessons"]] == [True, False, True]
    (smallest,) = term["smallest"]
    assert (smallest["number"], smallest["starts_at"]) == (2, "2027-03-09T00:40:00Z")
    tried = await program.send(f"{path}/repair", {"seen": term["seen"], "dry_run": True})
    assert (tried["is_stored"], tried["moves"], tried["staying"]) == (False, [smallest], 2)
    assert await starts(program, path) == MARCH
    done = await program.send(f"{path}/repair", {"seen": term["seen"]})
    assert (done["is_stored"], done["moved"], done["not_done"]) == (True, 1, [])
    after = await starts(program, path)
    assert (after[0], after[2]) == (MARCH[0], MARCH[2])
    assert after[1] != MARCH[1]
    fresh = await program.ask(f"{path}/term")
    assert fresh["seen"] == done["seen"] != term["seen"]
    assert fresh["smallest"] == []
    assert (await program.send(f"{path}/repair", {"seen": term["seen"]}, 409))["code"] == "lesson_changed"
    assert (await program.send(f"{path}/repair", {"seen": fresh["seen"]}))["is_stored"] is False


async def test_one_lesson_takes_a_replacement(staff: Staff) -> None:  # noqa: F811
    program, path = await propose(staff)
    await close(program, "2027-03-09")
    term = await program.ask(f"{path}/term")
    chosen = term["plan"]["lessons"][1]["replacements"][-1]
    sent: dict[str, Any] = {"seen": term["seen"], "starts": {"2": chosen["start_at"]}}
    tried = await program.send(f"{path}/move", sent | {"dry_run": True})
    assert [(one["number"], one["slot"]["start_at"]) for one in tried["moves"]] == [(2, chosen["start_at"])]
    done = await program.send(f"{path}/move", sent)
    assert (done["moved"], done["staying"]) == (1, 2)
    assert (await program.ask(path))["lessons"][1]["starts_at"] == chosen["start_at"]
    # An hour that does not fit is not taken: what is wrong and what would be instead is told.
    seen = done["seen"]
    night = await program.send(f"{path}/move", {"seen": seen, "starts": {"3": "2027-03-15T19:00:00Z"}})
    (move,) = night["moves"]
    assert (night["is_stored"], move["slot"]) == (False, None)
    assert move["problem"]["text"]["zh-Hant-TW"]
    assert move["replacements"]
    for wrong in ({"9": chosen["start_at"]}, {}, {"2": "2027-03-10T08:40:00"}, {"2": "9999-12-31T23:59:59Z"}):
        code = (await program.send(f"{path}/move", {"seen": seen, "starts": wrong}, 400))["code"]
        assert code in ("invalid_request", "lesson_time_invalid")
    assert (await starts(program, path))[2] == MARCH[2]


async def test_one_all_following_or_all_take_another_hour(staff: Staff) -> None:  # noqa: F811
    program, path = await propose(staff)

    async def change(status: int = 200, **fields: object) -> Any:
        seen = (await program.ask(f"{path}/term"))["seen"]
        return await program.send(f"{path}/change", {"seen": seen, **fields}, status)

    tried = await change(lesson=2, scope="following", weekday="wed", start="07:50", dry_run=True)
    assert [one["number"] for one in tried["moves"]] == [2, 3]
    assert [one["slot"]["a"]["date"] for one in tried["moves"]] == ["2027-03-10", "2027-03-24"]
    assert await starts(program, path) == MARCH
    # Of that Tuesday another agreed lesson has that hour: told with what could be instead, and nothing moves.
    stuck = await change(lesson=2, start="07:50")
    assert (stuck["is_stored"], stuck["moves"][0]["problem"]["code"]) == (False, "lesson_agreed")
    assert (await change(lesson=2, weekday="wed", start="07:50"))["moved"] == 1
    assert await starts(program, path) == [MARCH[0], "2027-03-10T07:50", MARCH[2]]
    assert (await change(lesson=2, scope="all", weekday="thu", start="07:50"))["moved"] == 3
    assert await starts(program, path) == ["2027-03-04T07:50", "2027-03-11T07:50", "2027-03-25T07:50"]
    assert (await change(400, lesson=9, start="07:50"))["code"] == "lesson_time_invalid"
    assert (await change(400, lesson=1, start="07:50", weekday="tuesday"))["code"] == "invalid_request"
    assert (await change(400, lesson=1, start="07:50+08:00"))["code"] == "invalid_request"
    # The other side was asked: it is shown the same, and may change it too.
    await staff.become("ortega")
    other = Program(staff)
    assert {one["state"] for one in (await other.ask(path))["lessons"]} == {"proposed"}
    seen = (await other.ask(f"{path}/term"))["seen"]
    tried = await other.send(f"{path}/change", {"seen": seen, "lesson": 1, "start": "17:40", "dry_run": True})
    assert tried["moves"][0]["slot"]["b"]["start"] == "17:40"


async def test_whose_clock_stays_is_chosen(staff: Staff) -> None:  # noqa: F811
    """California's clock goes forward on 14 March 2027."""
    await staff.become("lin")
    program = Program(staff)
    pair = {"a": PLAN["a"], "b": "us-ca-bayview-5r"}
    query = f"a={pair['a']}&b={pair['b']}&from=2027-03-01&weeks=1&minutes=40&tier=evening"
    slot = next(one for one in (await program.ask(f"/api/v1/overlap?{query}"))["slots"] if one["a"]["weekday"] == "wed")
    body = {
        **pair, "date": slot["a"]["date"], "start": slot["a"]["start"], "minutes": 40, "lessons": 4, "anchor": "a",
        "title": {"en": "Needle songs", "zh-Hant-TW": "歌謠"}, "partner_lead": "ac_demo_rivera",
    }  # fmt: skip
    path = f"/api/v1/series/{(await program.send('/api/v1/series', body, 201))['id']}"
    term = await program.ask(f"{path}/term")
    (notice,) = term["clock"]
    assert (notice["changes_at"], notice["side"], notice["shift_minutes"]) == ("2027-03-14T10:00:00Z", "b", 60)
    assert (notice["stays"], notice["chosen"], notice["is_due"]) == ("a", None, False)
    before = await starts(program, path)
    sent = {"seen": term["seen"], "changes_at": notice["changes_at"], "anchor": "b"}
    tried = await program.send(f"{path}/clock", sent | {"dry_run": True})
    assert [one["number"] for one in tried["moves"]] == [one["number"] for one in notice["lessons"]]
    assert (await program.ask(f"{path}/term"))["clock"][0]["chosen"] is None
    done = await program.send(f"{path}/clock", sent)
    assert done["is_stored"]
    assert done["moved"] + len(done["not_done"]) == len(notice["lessons"])
    assert (await program.ask(f"{path}/term"))["clock"][0]["chosen"] == "b"
    assert await starts(program, path) != before
    wrong = sent | {"seen": done["seen"], "changes_at": "2027-03-14T11:00:00Z"}
    await program.send(f"{path}/clock", wrong, 404)
    assert (await program.send(f"{path}/clock", sent, 409))["code"] == "lesson_changed"


async def test_a_week_without_a_lesson_has_its_note(staff: Staff) -> None:  # noqa: F811
    program, path = await propose(staff)
    note = {"monday": "2027-03-22", "text": "  Letters   instead "}
    assert (await program.put(f"{path}/notes", note))["notes"] == [{"monday": "2027-03-22", "text": "Letters instead"}]
    assert (await program.ask(f"{path}/term"))["notes"][0]["text"] == "Letters instead"
    assert (await program.put(f"{path}/notes", note | {"monday": "2027-03-23"}, 400))["code"] == "lesson_text"
    assert (await program.put(f"{path}/notes", note | {"text": "x" * 301}, 400))["code"] == "invalid_request"
    assert (await program.put(f"{path}/notes", note | {"text": ""}))["notes"] == []


async def test_the_ledger_is_for_the_school_alone(staff: Staff) -> None:  # noqa: F811
    program, _ = await propose(staff)
    ledger = await program.ask(FAIRNESS)
    assert ledger["school_id"] == "tw-taipei-chenguang"
    assert {one["name"]["en"] for one in ledger["countries"]} == {"Taiwan", "United States"}
    assert "Mr. Ortega" in {one["name"]["en"] for one in ledger["teachers"]}
    pair = next(one for one in ledger["pairs"] if PLAN["b"] in (one["a"], one["b"]))
    assert pair["planned_lessons"] >= 3
    await staff.become("ortega")
    told = await Program(staff).ask(FAIRNESS, 404)
    assert "Ortega" not in str(told)


async def test_strangers_neither_see_nor_change_a_term(staff: Staff) -> None:  # noqa: F811
    program, path = await propose(staff)
    seen = (await program.ask(f"{path}/term"))["seen"]
    await staff.become("rivera")
    stranger = Program(staff)
    answers = [await stranger.ask(f"{path}/term", 404)]
    for part, sent in (
        ("change", {"seen": seen, "lesson": 1, "start": "07:50"}),
        ("move", {"seen": seen, "starts": {"1": "2027-03-03T00:40:00Z"}}),
        ("repair", {"seen": seen}),
        ("clock", {"seen": seen, "changes_at": "2027-03-14T10:00:00Z", "anchor": "b"}),
    ):
        answers.append(await stranger.send(f"{path}/{part}", sent, 404))
    answers.append(await stranger.put(f"{path}/notes", {"monday": "2027-03-22", "text": "Mine"}, 404))
    assert all("eedle" not in str(one) for one in answers)
    staff.client.session.cookie_jar.clear()
    assert (await Program(staff).ask(f"{path}/term", 401))["code"] == "sign_in_needed"
    await staff.become("lin")
    program = Program(staff)
    assert await starts(program, path) == MARCH
    assert (await program.ask(f"{path}/term"))["notes"] == []
