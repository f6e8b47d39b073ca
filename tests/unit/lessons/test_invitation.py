"""Invitations in letters: one event through a lesson's life, nobody of the other school with an address."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import icalendar
import pytest

from server.ids import AccountId
from server.lessons import Notice, NoticeKind, calendar_entry
from server.lessons.mails import LessonMails
from server.outbox import Letter
from tests.fakes.lesson_house import LessonHouse as House
from tests.fakes.lessons import CHEN, LIN, ORTEGA, make_lesson
from tests.unit.lessons.proposing import a_proposal

ORGANIZER = "class@school.example"


def method_and_event(letter: Letter) -> tuple[str, icalendar.Event]:
    assert letter.calendar is not None
    calendar = icalendar.Calendar.from_ical(letter.calendar.content)
    (event,) = calendar.walk("VEVENT")
    assert isinstance(event, icalendar.Event)
    assert str(calendar["METHOD"]) == letter.calendar.method
    return letter.calendar.method, event


def of(house: House, reader: AccountId) -> list[tuple[str, icalendar.Event]]:
    return [method_and_event(one) for one in house.store.letters if one.to == f"{reader}@example.edu"]


async def test_proposed_moved_accepted_and_cancelled_are_one_event_with_a_rising_sequence(house: House) -> None:
    lesson = await house.lessons.propose(a_proposal(), by=LIN)
    await house.lessons.move(lesson.id, date=date(2026, 10, 23), start=time(9, 30), by=LIN)
    await house.lessons.confirm(lesson.id, by=ORTEGA)
    await house.lessons.cancel(lesson.id, "typhoon", by=LIN)
    found = of(house, ORTEGA)
    assert [method for method, _ in found] == ["REQUEST", "REQUEST", "REQUEST", "CANCEL"]
    assert [int(str(event["SEQUENCE"])) for _, event in found] == [0, 1, 2, 3]
    assert {str(event["UID"]) for _, event in found} == {f"lesson-{lesson.id}@tongchuang"}
    assert [str(event["STATUS"]) for _, event in found] == ["TENTATIVE", "TENTATIVE", "CONFIRMED", "CANCELLED"]
    assert [event.start for _, event in found] == [
        datetime(2026, 10, 22, 0, 40, tzinfo=UTC),
        *[datetime(2026, 10, 23, 1, 30, tzinfo=UTC)] * 3,
    ]
    feed = calendar_entry(await house.lessons.get(lesson.id), "en", house.directory.its_schools, "")
    assert (feed.uid, feed.sequence) == (str(found[-1][1]["UID"]), 3), "the feed shows the same event"


async def test_who_changes_a_lesson_gets_it_for_their_own_calendar(house: House) -> None:
    lesson = await house.lessons.propose(a_proposal(), by=LIN)
    assert of(house, LIN) == [], "a proposal is no appointment of one's own yet"
    await house.lessons.confirm(lesson.id, by=ORTEGA)
    await house.lessons.move(lesson.id, date=date(2026, 10, 23), start=time(9, 30), by=ORTEGA)
    letters = [one for one in house.store.letters if one.to == "ac_ortega@example.edu"]
    assert [one.subject for one in letters[1:]] == [
        "You confirmed the lesson. Two mornings",
        "You moved the lesson. Two mornings",
    ]
    _, moved = method_and_event(letters[-1])
    assert moved.start == datetime(2026, 10, 23, 1, 30, tzinfo=UTC)
    assert "/answer/" not in letters[-1].text


async def test_the_asked_are_asked_and_told_where_to_answer(house: House) -> None:
    await house.lessons.propose(a_proposal(), by=LIN)
    _, event = of(house, ORTEGA)[0]
    attendee = event["ATTENDEE"]
    assert str(attendee) == "mailto:ac_ortega@example.edu"
    assert (attendee.params["PARTSTAT"], attendee.params["RSVP"]) == ("NEEDS-ACTION", "TRUE")
    text = str(event["DESCRIPTION"])
    assert "Thu 2026-10-22 08:40–09:20 (Asia/Taipei)" in text
    assert "Wed 2026-10-21 17:40–18:20 (America/Phoenix)" in text
    assert "Please answer by the link in the mail" in text
    assert "/answer/" not in text, "calendars are shared; the link in the mail is the reader's alone"


async def test_weekdays_are_in_the_readers_language(house: House) -> None:
    lesson = await house.lessons.propose(a_proposal(), by=LIN)
    await house.lessons.confirm(lesson.id, by=ORTEGA)
    _, event = of(house, LIN)[0]
    assert "週四 2026-10-22 08:40" in str(event["DESCRIPTION"])
    assert event["ATTENDEE"].params["PARTSTAT"] == "ACCEPTED"


async def test_nobody_of_the_other_school_has_an_address_in_it(house: House) -> None:
    lesson = await house.lessons.propose(a_proposal(co_teachers=((CHEN,), ())), by=LIN)
    await house.lessons.confirm(lesson.id, by=ORTEGA)
    assert len(house.store.letters) >= 5
    for letter in house.store.letters:
        assert letter.calendar is not None
        unfolded = letter.calendar.content.replace("\r\n ", "")
        addresses = {line.rpartition("mailto:")[2] for line in unfolded.split("\r\n") if "mailto:" in line}
        assert addresses == {letter.to, ORGANIZER}
        assert unfolded.count("@") == 3, "reader, organizer and UID"


async def test_who_leads_no_longer_gets_a_cancellation_and_who_is_new_an_invitation(house: House) -> None:
    lesson = await house.lessons.propose(a_proposal(co_teachers=((CHEN,), ())), by=LIN)
    await house.lessons.remove_co_teacher(lesson.id, CHEN, by=LIN)
    assert [method for method, _ in of(house, CHEN)] == ["REQUEST", "CANCEL"]
    await house.lessons.add_co_teacher(lesson.id, CHEN, by=LIN)
    method, event = of(house, CHEN)[-1]
    assert (method, int(str(event["SEQUENCE"]))) == ("REQUEST", 2)


@pytest.mark.parametrize("kind", [NoticeKind.LOBBY_OPENED, NoticeKind.ATTENDANCE_TO_SIGN])
async def test_what_changes_no_event_carries_none(house: House, kind: NoticeKind) -> None:
    notice = Notice(account_id=LIN, lesson_id=make_lesson().id, kind=kind, at=house.clock.now(), by=None)
    (letter,) = await LessonMails(house.directory).letters(make_lesson(), [notice])
    assert letter.calendar is None


async def test_without_an_address_of_ours_the_organizer_is_nobodys(house: House) -> None:
    notice = Notice(
        account_id=ORTEGA, lesson_id=make_lesson().id, kind=NoticeKind.PROPOSED, at=house.clock.now(), by=None
    )
    (letter,) = await LessonMails(house.directory).letters(make_lesson(), [notice])
    assert str(method_and_event(letter)[1]["ORGANIZER"]) == "mailto:no-reply@tongchuang.invalid"
