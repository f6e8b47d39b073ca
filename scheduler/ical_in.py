"""iCalendar in: a school's feed as busy times and days off, and an invitation's answer; what was skipped and why.

A feed comes from anywhere: broken events are named and left out, never the whole file, and nothing may run away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from typing import Any

import icalendar
import recurring_ical_events  # type: ignore[import-untyped]  # the package has no type information

from scheduler import zone
from scheduler.ical_out import Answer, Method
from scheduler.interval import Interval

# A school's year is some hundred kilobytes.
MAX_BYTES = 4_000_000
MAX_EVENTS = 10_000
# Of one event in the range asked for: daily for sixty weeks, twice.
MAX_OCCURRENCES = 1_000
# Of the whole file: a person's year has some thousand; more only keeps the processor busy.
MAX_ALL_OCCURRENCES = 20_000
# Faster than daily is no school event, and expanding it would never end.
_TOO_OFTEN = frozenset({"SECONDLY", "MINUTELY", "HOURLY"})
# Feeds of living schools; a daily rule since the year 1 would take seconds to expand.
_EARLIEST_YEAR = 1990
_EVENT = re.compile(rb"^BEGIN:VEVENT\r?$.*?^END:VEVENT\r?$", re.MULTILINE | re.DOTALL | re.IGNORECASE)
_TIMEZONE = re.compile(rb"^BEGIN:VTIMEZONE\r?$.*?^END:VTIMEZONE\r?$", re.MULTILINE | re.DOTALL | re.IGNORECASE)
_WR_ZONE = re.compile(rb"^X-WR-TIMEZONE[^:\r\n]*:([^\r\n]+)", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEvent:
    """`is_all_day` ones are days off or notes; people decide whether they close the school."""

    uid: str
    summary: str
    interval: Interval
    is_all_day: bool
    first_on: date
    last_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """`code` for machines, `why` for people; `event` counts the file's events from 1."""

    event: int
    summary: str
    code: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    events: tuple[FeedEvent, ...]
    skipped: tuple[Skipped, ...]

    @property
    def busy(self) -> tuple[Interval, ...]:
        return tuple(event.interval for event in self.events)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An attendee's answer; `sequence`: of the version they answered; `comment`: what they added, if anything."""

    uid: str
    sequence: int
    email: str
    answer: Answer
    comment: str = ""


class NotACalendar(ValueError):
    """The bytes are no iCalendar at all, or too many."""


def read_feed(raw: bytes, start_at: datetime, end_at: datetime, key: str) -> Feed:
    """Events that touch [start_at, end_at); floating and all-day times are read on the wall of zone `key`.

    Raises NotACalendar; a single broken event is in `skipped`.
    """
    if len(raw) > MAX_BYTES:
        raise NotACalendar(f"the file has {len(raw)} bytes, more than {MAX_BYTES}")
    unfolded = re.sub(rb"\r?\n[ \t]", b"", raw)
    if b"BEGIN:VCALENDAR" not in unfolded.upper():
        raise NotACalendar("there is no BEGIN:VCALENDAR in it")
    blocks = _EVENT.findall(unfolded)
    if len(blocks) > MAX_EVENTS:
        raise NotACalendar(f"the file has {len(blocks)} events, more than {MAX_EVENTS}")
    zones = b"\r\n".join(match.strip() for match in _TIMEZONE.findall(unfolded))
    floating = _floating_zone(unfolded, key)
    events: list[FeedEvent] = []
    skipped: list[Skipped] = []
    for number, group in _by_uid(blocks):
        if len(events) > MAX_ALL_OCCURRENCES:
            why = f"the file has more than {MAX_ALL_OCCURRENCES} occurrences; what follows is left out"
            skipped.append(Skipped(event=number, summary=_summary(group[0]), code="too_many", why=why))
            break
        try:
            events += _expand(group, zones, start_at, end_at, floating)
        except _Unusable as error:
            skipped.append(Skipped(event=number, summary=_summary(group[0]), code=error.code, why=error.why))
        except Exception as error:  # a feed may break a parser anywhere: named, not hidden
            why = f"it cannot be read ({type(error).__name__}: {' '.join(str(error).split())[:120]})"
            skipped.append(Skipped(event=number, summary=_summary(group[0]), code="broken", why=why))
    events.sort(key=lambda event: (event.interval, event.uid))
    return Feed(events=tuple(events), skipped=tuple(skipped))


def read_reply(raw: bytes) -> Reply:
    """Of a calendar file, or of a mail that carries one. Raises NotACalendar for anything but an iTIP REPLY with one
    event and one attendee."""
    try:
        raw = _calendar_of_mail(raw[:MAX_BYTES])
        calendar = icalendar.Calendar.from_ical(raw)
        if str(calendar.get("METHOD", "")).upper() != Method.REPLY:
            raise NotACalendar("it is no REPLY")
        (event,) = calendar.walk("VEVENT")
        attendee = event["ATTENDEE"]
        if isinstance(attendee, list):
            (attendee,) = attendee
        return Reply(
            uid=str(event["UID"]),
            sequence=int(event.get("SEQUENCE", 0)),
            email=re.sub(r"^mailto:", "", str(attendee), flags=re.IGNORECASE).lower(),
            answer=Answer(str(attendee.params["PARTSTAT"]).upper()),
            comment=_comment(event.get("COMMENT")),
        )
    except NotACalendar:
        raise
    except Exception as error:  # as in read_feed: whatever a stranger's mail breaks is one refusal
        raise NotACalendar(f"it cannot be read ({type(error).__name__})") from error


def _calendar_of_mail(raw: bytes) -> bytes:
    """The first text/calendar part; `raw` itself when it is no mail."""
    if raw.lstrip(b"\xef\xbb\xbf \t\r\n")[:15].upper() == b"BEGIN:VCALENDAR":
        return raw
    for part in message_from_bytes(raw, policy=policy.default).walk():
        if part.get_content_type() == "text/calendar":
            content = part.get_payload(decode=True)
            return content if isinstance(content, bytes) else raw
    return raw


def _comment(found: Any) -> str:
    """Outlook writes one, others several or none."""
    lines = found if isinstance(found, list) else [found] if found is not None else []
    return " ".join(" ".join(str(line) for line in lines).split())


class _Unusable(Exception):
    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code
        self.why = why


def _by_uid(blocks: list[bytes]) -> Iterator[tuple[int, list[bytes]]]:
    """An event with its overrides; those without UID stand alone."""
    groups: dict[bytes, tuple[int, list[bytes]]] = {}
    for number, block in enumerate(blocks, start=1):
        match = re.search(rb"^UID[^:\r\n]*:([^\r\n]*)", block, re.MULTILINE | re.IGNORECASE)
        name = match[1].strip() if match and match[1].strip() else b"\0%d" % number
        groups.setdefault(name, (number, []))[1].append(block)
    yield from groups.values()


def _expand(blocks: list[bytes], zones: bytes, start_at: datetime, end_at: datetime, key: str) -> Iterator[FeedEvent]:
    text = b"\r\n".join(
        [b"BEGIN:VCALENDAR", b"VERSION:2.0", b"PRODID:-//feed//EN", zones, *blocks, b"END:VCALENDAR", b""]
    )
    calendar = icalendar.Calendar.from_ical(text.replace(b"\r\n\r\n", b"\r\n"))
    for event in calendar.walk("VEVENT"):
        _refuse(event)
    # A day more on each side: all-day events have no zone, and ours may be far from UTC.
    found = recurring_ical_events.of(calendar).between(start_at - timedelta(days=1), end_at + timedelta(days=1))
    if len(found) > MAX_OCCURRENCES:
        raise _Unusable("too_many", f"it recurs {len(found)} times, more than {MAX_OCCURRENCES}")
    for occurrence in found:
        read = _read(occurrence, key)
        if read is not None and read.interval.start_at < end_at and start_at < read.interval.end_at:
            yield read


def _refuse(event: Any) -> None:
    if "DTSTART" not in event:
        raise _Unusable("no_start", "it has no start")
    start, end = event.get("DTSTART"), event.get("DTEND")
    # Why here: the expansion turns a backwards event round and believes it.
    if end is not None and isinstance(start.dt, datetime) == isinstance(end.dt, datetime) and end.dt < start.dt:
        raise _Unusable("no_length", "it ends before it starts")
    rules = event.get("RRULE")
    for rule in rules if isinstance(rules, list) else [rules] if rules else []:
        if {str(word).upper() for word in rule.get("FREQ", [])} & _TOO_OFTEN:
            raise _Unusable("too_often", "it recurs more often than daily")
        # Why: the expansion counts from the first occurrence on, and never ends with an interval of 0.
        if any(int(interval) < 1 for interval in rule.get("INTERVAL", [1])):
            raise _Unusable("broken", "it recurs with an interval below 1")
        if start.dt.year < _EARLIEST_YEAR:
            raise _Unusable("too_old", f"it recurs since before {_EARLIEST_YEAR}")


def _read(event: Any, key: str) -> FeedEvent | None:
    """None when it blocks nobody: cancelled, transparent, or free in Outlook's own words."""
    if str(event.get("STATUS", "")).upper() == "CANCELLED" or str(event.get("TRANSP", "")).upper() == "TRANSPARENT":
        return None
    if str(event.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper() == "FREE":
        return None
    start, end = event.start, event.end
    is_all_day = not isinstance(start, datetime)
    if is_all_day and end <= start:
        end = start + timedelta(days=1)  # Why: some programs write the same date as an inclusive end.
    start_at, end_at = _instant(start, key), _instant(end, key)
    if end_at <= start_at:
        raise _Unusable("no_length", "it has no length")
    # Outlook writes whole days as midnight to midnight with its own flag.
    is_all_day = is_all_day or str(event.get("X-MICROSOFT-CDO-ALLDAYEVENT", "")).upper() == "TRUE"
    last = zone.to_local(end_at - timedelta(seconds=1), key).date()
    return FeedEvent(
        uid=str(event.get("UID", "")),
        summary=str(event.get("SUMMARY", "")),
        interval=Interval(start_at, end_at),
        is_all_day=is_all_day,
        first_on=zone.to_local(start_at, key).date(),
        last_on=last,
    )


def _instant(value: date | datetime, key: str) -> datetime:
    if not isinstance(value, datetime):
        return zone.midnight(value, key)
    if value.tzinfo is None:
        return zone.resolve(value, key).at
    return value.astimezone(UTC)


def _floating_zone(unfolded: bytes, key: str) -> str:
    """Google says in X-WR-TIMEZONE on which wall its floating times are."""
    match = _WR_ZONE.search(unfolded)
    named = match[1].decode("utf-8", "replace").strip() if match else ""
    return named if named in zone.zone_keys() else key


def _summary(block: bytes) -> str:
    match = re.search(rb"^SUMMARY[^:\r\n]*:([^\r\n]*)", block, re.MULTILINE | re.IGNORECASE)
    return match[1].decode("utf-8", "replace").strip()[:100] if match else ""
