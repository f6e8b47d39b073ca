"""iCalendar: what goes out reads back the same, an invitation keeps one UID through its life, feeds never crash us."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import icalendar
import pytest
import recurring_ical_events  # type: ignore[import-untyped]  # the package has no type information
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler import ical_out
from scheduler.ical_in import NotACalendar, read_feed, read_reply
from scheduler.ical_out import Answer, Attendee, CalendarLesson, Method

AT = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)
LESSON = CalendarLesson(
    uid=ical_out.lesson_uid("01J", "school.example"),
    sequence=0,
    start_at=datetime(2026, 10, 19, 23, 40, tzinfo=UTC),
    end_at=datetime(2026, 10, 20, 0, 20, tzinfo=UTC),
    summary="兩地晨光; Two mornings, part 1",
    zones=("Asia/Taipei", "America/Phoenix"),
    places=("臺北 Taipei", "Tucson"),
    changed_at=AT,
    url="https://school.example/lessons/01J",
    organizer=Attendee(email="lin@tw.example", name="林老師"),
    attendees=(Attendee(email="ortega@us.example", name="Ortega, Mr."),),
)
RANGE = (datetime(2026, 9, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


def only_event(raw: bytes) -> icalendar.Event:
    (event,) = icalendar.Calendar.from_ical(raw).walk("VEVENT")
    assert isinstance(event, icalendar.Event)
    return event


def test_a_lesson_reads_back_as_utc_instants_with_both_local_times() -> None:
    raw = ical_out.write_calendar([LESSON])
    event = only_event(raw)
    assert (event.start, event.end) == (LESSON.start_at, LESSON.end_at)
    assert b"DTSTART:20261019T234000Z" in raw
    assert b"RRULE" not in raw
    assert b"VTIMEZONE" not in raw
    text = str(event["DESCRIPTION"])
    assert "臺北 Taipei: Tue 2026-10-20 07:40–08:20" in text
    assert "Tucson: Mon 2026-10-19 16:40–17:20" in text
    assert str(event["SUMMARY"]) == LESSON.summary
    assert all(len(line) <= 75 for line in raw.split(b"\r\n")), "RFC 5545 §3.1: folded at 75 octets"


def test_the_same_lessons_give_the_same_bytes() -> None:
    assert ical_out.write_calendar([LESSON]) == ical_out.write_calendar([replace(LESSON)])


def test_nextcloud_4727_every_change_raises_the_sequence_and_keeps_the_uid() -> None:
    moved = ical_out.rescheduled(LESSON, LESSON.start_at + timedelta(days=1), AT + timedelta(hours=1))
    gone = ical_out.cancelled(moved, AT + timedelta(hours=2))
    steps = [ical_out.request(LESSON), ical_out.request(moved), ical_out.cancel(gone)]
    events = [only_event(raw) for raw in steps]
    assert [int(str(event["SEQUENCE"])) for event in events] == [0, 1, 2]
    assert {str(event["UID"]) for event in events} == {LESSON.uid}
    methods = [str(icalendar.Calendar.from_ical(raw)["METHOD"]) for raw in steps]
    assert methods == [Method.REQUEST, Method.REQUEST, Method.CANCEL]
    assert str(events[2]["STATUS"]) == "CANCELLED"
    assert moved.end_at - moved.start_at == LESSON.end_at - LESSON.start_at


def test_request_reply_reschedule_cancel_with_one_uid() -> None:
    answer = ical_out.reply(LESSON, "Ortega@us.example", Answer.ACCEPTED, AT)
    read = read_reply(answer)
    assert (read.uid, read.sequence, read.email, read.answer) == (LESSON.uid, 0, "ortega@us.example", Answer.ACCEPTED)
    accepted = replace(LESSON, attendees=(replace(LESSON.attendees[0], answer=Answer.ACCEPTED),))
    moved = ical_out.rescheduled(accepted, LESSON.start_at + timedelta(days=7), AT)
    assert moved.attendees[0].answer is Answer.NEEDS_ACTION, "an acceptance of the old hour is none of the new"
    assert read_reply(ical_out.reply(moved, "ortega@us.example", Answer.DECLINED, AT)).sequence == 1


def test_only_the_invited_may_reply_and_only_replies_are_read() -> None:
    with pytest.raises(ValueError, match="not invited"):
        ical_out.reply(LESSON, "stranger@us.example", Answer.ACCEPTED, AT)
    for raw in (ical_out.request(LESSON), b"", b"BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nEND:VCALENDAR\r\n", b"\xff\x00"):
        with pytest.raises(NotACalendar):
            read_reply(raw)


def feed(*events: str, head: str = "") -> bytes:
    blocks = "".join(f"BEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\n" for event in events)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{head}{blocks}END:VCALENDAR\r\n".encode()


def test_a_feed_with_everything_names_what_it_skips() -> None:
    found = read_feed(
        feed(
            "UID:1\r\nDTSTART;VALUE=DATE:20261009\r\nDTEND;VALUE=DATE:20261013\r\nSUMMARY:Fall break",
            "UID:2\r\nDTSTART:20261014T090000\r\nDTEND:20261014T100000\r\nSUMMARY:floating",
            "UID:3\r\nDTSTART;TZID=Taipei Standard Time:20261014T090000\r\n"
            "DTEND;TZID=Taipei Standard Time:20261014T100000",
            "UID:4\r\nDTSTART:20261014T090000Z\r\nRRULE:FREQ=SECONDLY\r\nSUMMARY:bomb",
            "UID:5\r\nSUMMARY:no start",
            "UID:6\r\nDTSTART:20261014T100000Z\r\nDTEND:20261014T090000Z\r\nSUMMARY:backwards",
            "UID:7\r\nDTSTART:2026-10-14 nine\r\nSUMMARY:nonsense",
            "UID:8\r\nDTSTART:20261014T090000Z\r\nDTEND:20261014T100000Z\r\nX-MICROSOFT-CDO-BUSYSTATUS:FREE",
            "UID:9\r\nDTSTART:20261014T090000Z\r\nDTEND:20261014T100000Z\r\nTRANSP:TRANSPARENT",
            "UID:10\r\nDTSTART:20261014T090000Z\r\nDTEND:20261014T100000Z\r\nSTATUS:CANCELLED",
        ),
        *RANGE,
        "America/Los_Angeles",
    )
    assert [(e.uid, e.is_all_day, e.first_on, e.last_on) for e in found.events] == [
        ("1", True, date(2026, 10, 9), date(2026, 10, 12)),
        ("3", False, date(2026, 10, 13), date(2026, 10, 13)),
        ("2", False, date(2026, 10, 14), date(2026, 10, 14)),
    ]
    assert [(s.event, s.code) for s in found.skipped] == [
        (4, "too_often"), (5, "no_start"), (6, "no_length"), (7, "broken"),
    ]  # fmt: skip
    assert found.events[2].interval.start_at == datetime(2026, 10, 14, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ("DTSTART:00010101T090000Z\r\nRRULE:FREQ=DAILY", "too_old"),
        ("DTSTART:20260101T090000Z\r\nRRULE:FREQ=DAILY;INTERVAL=0", "broken"),
        ("DTSTART:20260101T090000Z\r\nRRULE:FREQ=MINUTELY;COUNT=999999999", "too_often"),
    ],
)
def test_a_rule_that_would_run_away_is_refused(event: str, code: str) -> None:
    found = read_feed(feed(f"UID:1\r\n{event}"), *RANGE, "Asia/Taipei")
    assert (found.events, [skipped.code for skipped in found.skipped]) == ((), [code])


def test_googles_zone_of_floating_times_wins() -> None:
    raw = feed("UID:1\r\nDTSTART:20261014T090000\r\nDTEND:20261014T100000", head="X-WR-TIMEZONE:Asia/Taipei\r\n")
    assert read_feed(raw, *RANGE, "America/Denver").events[0].interval.start_at == datetime(
        2026, 10, 14, 1, 0, tzinfo=UTC
    )


def test_a_weekly_event_keeps_its_wall_time_over_the_clock_change_and_its_override() -> None:
    """OutlookGoogleCalendarSync #506: the switch of one zone must not move the other's hours."""
    raw = feed(
        "UID:w\r\nDTSTART;TZID=America/Los_Angeles:20261026T090000\r\nDTEND;TZID=America/Los_Angeles:20261026T100000\r\n"
        "RRULE:FREQ=WEEKLY;COUNT=3",
        "UID:w\r\nRECURRENCE-ID;TZID=America/Los_Angeles:20261109T090000\r\n"
        "DTSTART;TZID=America/Los_Angeles:20261110T110000\r\nDTEND;TZID=America/Los_Angeles:20261110T120000",
    )
    starts = [e.interval.start_at for e in read_feed(raw, *RANGE, "America/Los_Angeles").events]
    assert starts == [
        datetime(2026, 10, 26, 16, tzinfo=UTC),
        datetime(2026, 11, 2, 17, tzinfo=UTC),
        datetime(2026, 11, 10, 19, tzinfo=UTC),
    ]


def test_pretalx_1087_an_event_over_midnight_is_one_event() -> None:
    raw = feed("UID:n\r\nDTSTART;TZID=Asia/Taipei:20261014T230000\r\nDTEND;TZID=Asia/Taipei:20261015T010000")
    (event,) = read_feed(raw, *RANGE, "Asia/Taipei").events
    assert (event.first_on, event.last_on, event.interval.minutes) == (date(2026, 10, 14), date(2026, 10, 15), 120)


def test_our_own_feed_reads_back_in_the_importer() -> None:
    found = read_feed(ical_out.write_calendar([LESSON]), *RANGE, "Asia/Taipei")
    assert found.skipped == ()
    assert [e.interval.start_at for e in found.events] == [LESSON.start_at]


@pytest.mark.parametrize("raw", [b"", b"<html>login</html>", b"BEGIN:VCALENDAR" + b"x" * 4_000_001])
def test_what_is_no_calendar_is_refused(raw: bytes) -> None:
    with pytest.raises(NotACalendar):
        read_feed(raw, *RANGE, "Asia/Taipei")


def samples() -> list[Path]:
    """Calendar files that the installed packages carry with themselves."""
    roots = [Path(str(icalendar.__file__)).parent, Path(str(recurring_ical_events.__file__)).parent]
    return sorted(path for root in roots for path in root.rglob("*.ics"))


def test_there_are_samples_to_read() -> None:
    assert len(samples()) > 50


@pytest.mark.parametrize("path", samples(), ids=lambda path: path.name)
def test_the_packages_samples_never_crash_the_importer(path: Path) -> None:
    try:
        found = read_feed(
            path.read_bytes(), datetime(2000, 1, 1, tzinfo=UTC), datetime(2001, 1, 1, tzinfo=UTC), "Asia/Taipei"
        )
    except NotACalendar:
        return
    assert all(event.interval.minutes >= 0 for event in found.events)


@settings(max_examples=100)
@given(st.binary(max_size=300), st.integers(0, 400))
def test_a_damaged_feed_is_refused_or_named(noise: bytes, at: int) -> None:
    raw = feed("UID:1\r\nDTSTART:20261014T090000Z\r\nDTEND:20261014T100000Z\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\nSUMMARY:x")
    with contextlib.suppress(NotACalendar):
        read_feed(raw[:at] + noise + raw[at:], *RANGE, "Asia/Taipei")
