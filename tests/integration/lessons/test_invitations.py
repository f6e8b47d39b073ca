"""A lesson's letters through a real mail server: what Gmail, Outlook and Apple Mail find in them."""

from __future__ import annotations

from datetime import UTC, datetime

import icalendar

from server.outbox import Letter
from server.people import SmtpMailer, parse_smtp_url
from tests.fakes.lesson_house import LessonHouse
from tests.fakes.lessons import LIN, ORTEGA
from tests.integration.people.smtp_sink import smtp_sink
from tests.unit.lessons.proposing import a_proposal


async def test_proposed_accepted_and_cancelled_arrive_as_one_event() -> None:
    house = LessonHouse()
    lesson = await house.lessons.propose(a_proposal(), by=LIN)
    await house.lessons.confirm(lesson.id, by=ORTEGA)
    await house.lessons.cancel(lesson.id, "typhoon", by=LIN)
    wanted: list[Letter] = [one for one in house.store.letters if one.to == "ac_ortega@example.edu"]
    async with smtp_sink() as sink:
        url = f"smtp://127.0.0.1:{sink.port}/?from=class%40school.example"
        mailer = SmtpMailer(parse_smtp_url(url))
        for letter in wanted:
            assert await mailer.send(letter.to, letter.subject, letter.text, calendar=letter.calendar)
        await mailer.close()
    events = []
    for _, recipients, message in sink.letters:
        assert recipients == ["ac_ortega@example.edu"]
        (part,) = [one for one in message.walk() if one.get_content_type() == "text/calendar"]
        (file,) = [one for one in message.walk() if one.get_content_type() == "application/ics"]
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        calendar = icalendar.Calendar.from_ical(content)
        assert icalendar.Calendar.from_ical(file.get_content()) == calendar
        (event,) = calendar.events
        assert str(calendar["METHOD"]) == part["Content-Type"].params["method"]
        assert str(event["ORGANIZER"]) == "mailto:class@school.example"
        assert "class@school.example" in message["From"], "programs distrust an organizer who is not the sender"
        assert event.start == datetime(2026, 10, 22, 0, 40, tzinfo=UTC)
        events.append((str(calendar["METHOD"]), str(event["UID"]), int(str(event["SEQUENCE"])), str(event["STATUS"])))
    uid = f"lesson-{lesson.id}@tongchuang"
    assert events == [
        ("REQUEST", uid, 0, "TENTATIVE"),
        ("REQUEST", uid, 1, "CONFIRMED"),
        ("CANCEL", uid, 2, "CANCELLED"),
    ]
