"""/api/v1/calendar-replies: a program that reads the mailbox hands in what calendar programs answered."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from server.lessons import Lesson, LessonState
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

PATH = "/api/v1/calendar-replies"
LIN = "lin@chenguang.example"


def reply(lesson: Lesson, answer: str = "ACCEPTED", *, by: str = LIN, comment: str = "") -> str:
    """What a calendar program writes: the event again, one attendee, METHOD:REPLY."""
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//a calendar program//EN", "METHOD:REPLY", "BEGIN:VEVENT",
        f"UID:lesson-{lesson.id}@tongchuang", f"SEQUENCE:{lesson.version - 1}", "DTSTAMP:20261122T080000Z",
        f"DTSTART:{lesson.starts_at:%Y%m%dT%H%M%SZ}", f"ATTENDEE;PARTSTAT={answer}:MAILTO:{by}",
        *([f"COMMENT:{comment}"] if comment else []), "END:VEVENT", "END:VCALENDAR", "",
    ]  # fmt: skip
    return "\r\n".join(lines)


def as_mail(content: str) -> str:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = LIN, "class@school.example", "Accepted: 沙漠與海島"
    mail.set_content("Ms. Lin has accepted.")
    mail.add_alternative(content, subtype="calendar", params={"method": "REPLY"})
    return mail.as_string()


@pytest.mark.parametrize("is_mail", [False, True])
async def test_the_mailbox_by_program_counts_as_its_owners_answer(staff: Staff, house: House, is_mail: bool) -> None:  # noqa: F811
    asked = await house.demo("desert")
    assert asked.state is LessonState.PROPOSED
    await staff.become("it")
    program = Program(staff)
    file = as_mail(reply(asked)) if is_mail else reply(asked)
    taken = await program.send(PATH, {"file": file})
    assert (taken["answer"], taken["by"]["id"], taken["side"]) == ("accepted", "ac_demo_lin", "b")
    assert (taken["lesson"]["id"], taken["lesson"]["state"], taken["lesson"]["version"]) == (asked.id, "confirmed", 2)
    now = await house.demo("desert")
    assert now.sides[1].confirmed_by == "ac_demo_lin"
    entries = await house.people.audit.read(AuditFilter(action_prefix="lesson.reply_handed_in"))
    assert [(one.actor, one.detail) for one in entries.entries] == [("ac_demo_it", {"of": "ac_demo_lin"})]
    again = await program.send(PATH, {"file": file}, 409)
    assert (again["code"], set(again["titles"])) == ("lesson_state", {"en", "zh-Hant-TW"})


async def test_a_no_by_program_brings_its_word(staff: Staff, house: House) -> None:  # noqa: F811
    await staff.become("lin")
    program = Program(staff)
    taken = await program.send(PATH, {"file": reply(await house.demo("desert"), "DECLINED", comment="exam week")})
    assert (taken["answer"], taken["lesson"]["state"]) == ("declined", "cancelled")
    assert taken["lesson"]["closing_note"] == "exam week"


@pytest.mark.parametrize("who", ["ortega", "su", "rivera"])
async def test_who_may_not_answer_for_that_side_learns_nothing(staff: Staff, house: House, who: str) -> None:  # noqa: F811
    """Of the other side, a colleague, a stranger: a lesson that exists and one that does not read alike."""
    asked = await house.demo("desert")
    file = reply(asked)
    await staff.become(who)
    program = Program(staff)
    real = await program.send(PATH, {"file": file}, 400)
    made_up = await program.send(PATH, {"file": file.replace(asked.id, "le_madeup23456")}, 400)
    assert real == made_up
    assert real["code"] == "calendar_reply_other"
    assert await house.demo("desert") == asked


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ({"file": "needle"}, 400, "calendar_reply_invalid"),
        ({"file": "maybe"}, 400, "calendar_reply_undecided"),
        ({"file": "old"}, 400, "calendar_reply_overtaken"),
        ({"file": "\ud800"}, 400, "invalid_request"),
        ({"file": ""}, 400, "invalid_request"),
        ({"file": "x" * 200_001}, 400, "invalid_request"),
        ({"file": "x" * 300_000}, 413, "body_too_large"),
        ({"file": "needle", "for": "ac_demo_lin"}, 400, "invalid_request"),
        ({}, 400, "invalid_request"),
    ],
)
async def test_what_is_no_answer_to_this_hour_is_refused_in_words(
    staff: Staff,  # noqa: F811
    house: House,  # noqa: F811
    sent: dict[str, str],
    status: int,
    code: str,
) -> None:
    asked = await house.demo("desert")
    files = {"maybe": reply(asked, "TENTATIVE"), "old": reply(asked).replace("SEQUENCE:0", "SEQUENCE:7")}
    body = {name: files.get(value, value) for name, value in sent.items()}
    await staff.become("it")
    problem = await Program(staff).send(PATH, body, status)
    assert problem["code"] == code
    assert set(problem["titles"]) == {"en", "zh-Hant-TW"}
    assert "needle" not in str(problem)
    assert await house.demo("desert") == asked


async def test_only_verified_adults_may_hand_in_at_all(staff: Staff, house: House) -> None:  # noqa: F811
    answer = await staff.client.post(PATH, json={"file": reply(await house.demo("desert"))})
    assert answer.status in (401, 403)
    assert (await house.demo("desert")).version == 1
