"""Letters over real SMTP: what arrives, and what happens when the mail server refuses, hangs up or is not there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from server.outbox import CalendarPart
from server.people import SmtpMailer, parse_smtp_url
from tests.integration.people.smtp_sink import SmtpSink, smtp_sink

TEXT = "Hello Ms. Lin,\n\nhttps://class.example/invitation/abc\n.\n..\n林老師 您好：\n"


@pytest.fixture
async def sink() -> AsyncIterator[SmtpSink]:
    async with smtp_sink() as sink:
        yield sink


def mailer_for(sink: SmtpSink, user: str = "") -> SmtpMailer:
    return SmtpMailer(parse_smtp_url(f"smtp://{user}127.0.0.1:{sink.port}/?from=class%40school.example"))


async def test_a_letter_arrives_as_it_was_written(sink: SmtpSink) -> None:
    mailer = mailer_for(sink)
    assert mailer.is_configured
    assert await mailer.send("lin@school.example", "Invitation 邀請", TEXT)
    [(sender, recipients, letter)] = sink.letters
    assert (sender, recipients) == ("class@school.example", ["lin@school.example"])
    assert letter["To"] == "lin@school.example"
    assert letter["From"] == "Tongchuang 同窗 <class@school.example>"
    assert letter["Subject"] == "Invitation 邀請"
    assert letter["Message-ID"].endswith("@school.example>")
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter.get_content_type() == "text/plain"
    assert letter.get_content().replace("\r\n", "\n") == TEXT
    assert "AUTH" not in sink.commands
    await mailer.close()


async def test_an_invitation_stands_where_calendar_programs_look(sink: SmtpSink) -> None:
    """multipart/mixed of (text, text/calendar; method=…) and the same as a file: as Gmail's own invitations are."""
    content = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:兩地晨光\r\nEND:VCALENDAR\r\n"
    calendar = CalendarPart(method="REQUEST", content=content)
    assert await mailer_for(sink).send("lin@school.example", "Invitation 邀請", TEXT, calendar=calendar)
    [(_, _, letter)] = sink.letters
    assert [part.get_content_type() for part in letter.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/calendar", "application/ics",
    ]  # fmt: skip
    text, invitation, file = (part for part in letter.walk() if not part.is_multipart())
    assert text.get_content().replace("\r\n", "\n") == TEXT
    assert invitation["Content-Type"].params == {"charset": "utf-8", "method": "REQUEST"}
    assert invitation.get_content().replace("\r\n", "\n") == content.replace("\r\n", "\n")
    assert (file.get_filename(), file.get_content()) == ("lesson.ics", content.encode())
    assert letter["Auto-Submitted"] == "auto-generated"


async def test_a_letter_that_follows_another_hangs_on_it(sink: SmtpSink) -> None:
    """In-Reply-To and References, by which Gmail, Outlook and Apple Mail show letters together."""
    mailer = mailer_for(sink)
    await mailer.send("lin@school.example", "3 lessons to move", "text", message_id="<a@school.example>")
    await mailer.send(
        "lin@school.example",
        "Re: 3 lessons to move",
        "x",
        message_id="<b@school.example>",
        follows="<a@school.example>",
    )
    [(_, _, first), (_, _, second)] = sink.letters
    assert first["In-Reply-To"] is None
    assert second["In-Reply-To"] == second["References"] == first["Message-ID"] == "<a@school.example>"
    await mailer.close()


async def test_a_subject_cannot_add_headers(sink: SmtpSink) -> None:
    assert await mailer_for(sink).send("lin@school.example", "x\r\nBcc: all@school.example\n\nbody", "text")
    [(_, recipients, letter)] = sink.letters
    assert recipients == ["lin@school.example"]
    assert letter["Bcc"] is None
    assert letter["Subject"] == "x Bcc: all@school.example body"


@pytest.mark.parametrize("to", ["a@b.cc\r\nRCPT TO:<all@school.example>", "a@b.cc\nBcc: x@y.zz"])
async def test_a_reader_cannot_be_two(sink: SmtpSink, to: str) -> None:
    await mailer_for(sink).send(to, "subject", "text")
    assert all(recipients != ["all@school.example"] and len(recipients) == 1 for _, recipients, _ in sink.letters)
    assert all(letter["Bcc"] is None for _, _, letter in sink.letters)


async def test_with_a_password(sink: SmtpSink) -> None:
    sink.accounts = {"us@er": "p:w"}
    assert await mailer_for(sink, "us%40er:p%3Aw@").send("lin@school.example", "subject", "text")
    assert not await mailer_for(sink, "us%40er:wrong@").send("lin@school.example", "subject", "text")
    assert len(sink.letters) == 1


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("CONNECT", "554 no"),
        ("MAIL", "550 no"),
        ("RCPT", "550 no such reader"),
        ("DATA", "451 later"),
        ("EHLO", "nonsense"),
    ],
)
async def test_a_refusal_is_told(sink: SmtpSink, command: str, answer: str) -> None:
    sink.answers[command] = answer
    sink.answers.setdefault("HELO", "502 no")
    assert not await mailer_for(sink).send("lin@school.example", "subject", "text")
    assert sink.letters == []


async def test_a_server_that_is_not_there() -> None:
    async with smtp_sink() as gone:
        mailer = mailer_for(gone)
    assert not await mailer.send("lin@school.example", "subject", "text")


async def test_what_is_posted_goes_out_in_order(sink: SmtpSink) -> None:
    mailer = mailer_for(sink)
    assert all(mailer.post("lin@school.example", f"number {number}", "text") for number in range(5))
    async with asyncio.timeout(30):
        await mailer.flushed()
    assert [letter["Subject"] for _, _, letter in sink.letters] == [f"number {number}" for number in range(5)]
    await mailer.close()
    await mailer.close()


async def test_the_queue_is_bounded(sink: SmtpSink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.people.mail.MAX_QUEUED", 3)
    mailer = mailer_for(sink)
    assert [mailer.post("lin@school.example", "subject", "text") for _ in range(5)] == [True, True, True, False, False]
    await mailer.close()
