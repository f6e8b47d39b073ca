"""What is taken of a calendar that is kept elsewhere: Google's and Outlook's habits, a person's privacy, bounds."""

from __future__ import annotations

import inspect
import re
import sys
from datetime import UTC, date, datetime, timedelta

import pytest

from scheduler import read_feed
from server.availability import LeftOut, OwnerKind, needs_whole, take, wait_after

RANGE = (datetime(2026, 11, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))
GOOGLE = """BEGIN:VCALENDAR
PRODID:-//Google Inc//Google Calendar 70.9054//EN
VERSION:2.0
X-WR-CALNAME:lin@example.edu
X-WR-TIMEZONE:Asia/Taipei
BEGIN:VEVENT
DTSTART:20261201T000000Z
DTEND:20261201T010000Z
UID:1@google.com
SUMMARY:NEEDLE dentist
TRANSP:OPAQUE
END:VEVENT
BEGIN:VEVENT
DTSTART:20261201T003000Z
DTEND:20261201T020000Z
UID:2@google.com
SUMMARY:overlaps
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20261202
DTEND;VALUE=DATE:20261203
UID:3@google.com
SUMMARY:Birthday
TRANSP:TRANSPARENT
END:VEVENT
END:VCALENDAR
"""
OWN_LESSON = GOOGLE.replace("UID:1@google.com", "UID:lesson-le_one@tongchuang")
OUTLOOK = """BEGIN:VCALENDAR
METHOD:PUBLISH
PRODID:Microsoft Exchange Server 2010
VERSION:2.0
X-WR-CALNAME:Calendar
BEGIN:VTIMEZONE
TZID:Mountain Standard Time
BEGIN:STANDARD
DTSTART:16010101T020000
TZOFFSETFROM:-0600
TZOFFSETTO:-0700
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=1SU;BYMONTH=11
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:-0700
TZOFFSETTO:-0600
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=2SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
UID:a
SUMMARY:Fall break
DTSTART;TZID=Mountain Standard Time:20261126T000000
DTEND;TZID=Mountain Standard Time:20261128T000000
X-MICROSOFT-CDO-ALLDAYEVENT:TRUE
X-MICROSOFT-CDO-BUSYSTATUS:OOF
END:VEVENT
BEGIN:VEVENT
UID:b
SUMMARY:Weekly
RRULE:FREQ=WEEKLY;UNTIL=20270601T000000Z;INTERVAL=1;BYDAY=TU
DTSTART;TZID=Mountain Standard Time:20270302T090000
DTEND;TZID=Mountain Standard Time:20270302T100000
X-MICROSOFT-CDO-BUSYSTATUS:BUSY
END:VEVENT
BEGIN:VEVENT
UID:c
SUMMARY:Free
DTSTART;TZID=Mountain Standard Time:20261201T090000
DTEND;TZID=Mountain Standard Time:20261201T100000
X-MICROSOFT-CDO-BUSYSTATUS:FREE
END:VEVENT
END:VCALENDAR
"""


def read(text: str, key: str = "Asia/Taipei") -> bytes:
    return text.replace("\n", "\r\n").encode()


def test_an_accepted_invitation_of_ours_is_not_in_its_own_way() -> None:
    """Google keeps our UID; the other event at that hour still counts."""
    theirs = take(read_feed(GOOGLE.encode(), *RANGE, "Asia/Taipei"), OwnerKind.ACCOUNT).times
    left = take(read_feed(OWN_LESSON.encode(), *RANGE, "Asia/Taipei"), OwnerKind.ACCOUNT).times
    assert theirs[0].start_at == datetime(2026, 12, 1, 0, 0, tzinfo=UTC)
    assert left[0].start_at == datetime(2026, 12, 1, 0, 30, tzinfo=UTC)


def test_of_a_person_only_when_is_kept_and_never_what() -> None:
    found = take(read_feed(read(GOOGLE), *RANGE, "Asia/Taipei"), OwnerKind.ACCOUNT)
    (only,) = found.times
    assert (only.start_at, only.end_at) == (
        datetime(2026, 12, 1, 0, tzinfo=UTC),
        datetime(2026, 12, 1, 2, tzinfo=UTC),
    )
    assert "NEEDLE" not in repr(found)


def test_of_a_school_the_whole_days_with_their_names() -> None:
    (only,) = take(read_feed(read(OUTLOOK), *RANGE, "America/Denver"), OwnerKind.SCHOOL).times
    assert (only.first_on, only.last_on, only.summary) == (date(2026, 11, 26), date(2026, 11, 27), "Fall break")


def test_outlooks_weekly_hour_stays_at_nine_over_the_clock_change() -> None:
    times = take(read_feed(read(OUTLOOK), *RANGE, "America/Denver"), OwnerKind.ACCOUNT).times
    marches = [one.start_at for one in times if one.start_at.year == 2027 and one.start_at.month == 3]
    assert [at.hour for at in marches] == [16, 16, 15, 15, 15]


def test_a_feed_without_end_is_cut_and_says_so() -> None:
    # An hour apart, so that nothing is merged into one.
    starts = [datetime(2026, 12, 1, tzinfo=UTC) + timedelta(hours=n) for n in range(1_200)]
    events = "".join(
        f"BEGIN:VEVENT\nUID:{n}\nDTSTART:{start:%Y%m%dT%H%M%SZ}\nDURATION:PT5M\nEND:VEVENT\n"
        for n, start in enumerate(starts)
    )
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\n{events}END:VCALENDAR\n"
    found = take(read_feed(read(text), *RANGE, "Asia/Taipei"), OwnerKind.ACCOUNT)
    assert len(found.times) == 1_000
    assert found.left_out[0].code == "too_many"


@pytest.mark.parametrize(("failures", "hours"), [(1, 0.25), (2, 1), (3, 3), (4, 12), (5, 24), (6, 24), (500, 24)])
def test_a_calendar_that_does_not_answer_is_asked_less_and_less(failures: int, hours: float) -> None:
    assert wait_after(failures) == timedelta(hours=hours)


def test_not_changed_is_no_answer_when_the_known_range_comes_to_its_end() -> None:
    assert not needs_whole(date(2028, 1, 28), date(2026, 11, 29))
    assert needs_whole(date(2027, 12, 1), date(2026, 11, 29))


def test_every_reason_for_leaving_an_event_out_is_said_in_chinese() -> None:
    source = inspect.getsource(sys.modules[read_feed.__module__])
    codes = set(re.findall(r'(?:_Unusable\(|code=)"(\w+)"', source))
    assert {"too_many", "no_start", "broken"} <= codes
    unknown = LeftOut(event=1, summary="", code="needle", why="x").text.zh
    for code in codes:
        text = LeftOut(event=1, summary="", code=code, why="it has no start").text
        assert text.en == "it has no start"
        assert text.zh != unknown
