"""A calendar that is kept elsewhere: what we take of it, and when it is read again. Pure.

Of a person's calendar only when it is busy is kept, not with what. Of a school's, the whole days with their names: what
may be a holiday is for its coordinator to say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from scheduler import Feed, Interval
from server.availability.owner import Owner, OwnerKind
from server.ids import CALENDAR_DOMAIN, AccountId
from server.pair import LocalizedText

# A work, a private and a school calendar, and one more of each.
MOST_CALENDARS = 6
# Two busy hours on every day of the range; a feed with more is no person's.
MOST_TIMES = 1_000
MOST_SKIPPED = 30
MAX_NAME = 80
# The range that is read: as far as an hour can be searched for.
AHEAD = timedelta(weeks=61)
# A substitution that was entered at noon stands in tomorrow's search; sooner would only be load on others.
READ_EVERY = timedelta(hours=3)
# What nobody kept after the preview is forgotten.
PREVIEW_LASTS = timedelta(hours=1)
# So far ahead must always be known; then a calendar is read as a whole again though it has not changed.
_KNOWN_AT_LEAST = AHEAD - timedelta(weeks=2)
# What the reader of a feed gives as the code of something it left out; its English words say more, such as how many.
_WHY = {
    "no_start": "沒有開始時間",
    "no_length": "結束時間不晚於開始時間",
    "too_often": "重複的頻率高於每天一次",
    "too_many": "項目或重複次數過多，超過上限",
    "too_old": "重複活動的起始年份過早",
    "broken": "內容損壞，無法讀取",
}
_WAITS = (
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=12),
    timedelta(hours=24),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideTime:
    """`summary`: "" for a person's. Dates are those of the school's wall; `last_on` is inclusive."""

    start_at: datetime
    end_at: datetime
    is_all_day: bool
    first_on: date
    last_on: date
    summary: str = ""

    @property
    def interval(self) -> Interval:
        return Interval(self.start_at, self.end_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """An event that could not be used, and why; `event` counts the file's from 1, 0 is the file as a whole."""

    event: int
    summary: str
    code: str
    why: str

    @property
    def text(self) -> LocalizedText:
        """For people; the code may be of an older version."""
        return LocalizedText(self.why, _WHY.get(self.code, "無法使用"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    times: tuple[OutsideTime, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideCalendar:
    """Without its address, which is a secret: only `host` is ever shown. `host` "" is an uploaded file.

    `error`: the code of the last failure, "" when the last reading went well; what was read before stays.
    """

    id: str
    owner: Owner
    name: str
    host: str
    zone: str
    is_kept: bool
    added_by: AccountId
    added_at: datetime
    read_at: datetime
    covers_until: date
    failures: int
    error: str
    left_out: tuple[LeftOut, ...]


def take(feed: Feed, kind: OwnerKind) -> Taken:
    left_out = [LeftOut(event=one.event, summary=one.summary, code=one.code, why=one.why[:200]) for one in feed.skipped]
    if kind is OwnerKind.SCHOOL:
        times = [
            OutsideTime(
                start_at=one.interval.start_at,
                end_at=one.interval.end_at,
                is_all_day=True,
                first_on=one.first_on,
                last_on=one.last_on,
                summary=" ".join(one.summary.split())[:MAX_NAME],
            )
            for one in feed.events
            if one.is_all_day
        ]
    else:
        times = _merged(
            OutsideTime(
                start_at=one.interval.start_at,
                end_at=one.interval.end_at,
                is_all_day=one.is_all_day,
                first_on=one.first_on,
                last_on=one.last_on,
            )
            for one in feed.events
            if not _is_our_own(one.uid)
        )
    if len(times) > MOST_TIMES:
        why = f"only the first {MOST_TIMES} of {len(times)} entries are used"
        left_out.insert(0, LeftOut(event=0, summary="", code="too_many", why=why))
    return Taken(times=tuple(times[:MOST_TIMES]), left_out=tuple(left_out[:MOST_SKIPPED]))


def _is_our_own(uid: str) -> bool:
    """An invitation of ours that was accepted into that calendar: our lessons are known without it, and a lesson must
    not be in its own way."""
    return uid.strip().endswith(f"@{CALENDAR_DOMAIN}")


def wait_after(failures: int) -> timedelta:
    """Until the next try, after so many failures in a row; a school's server that is away for a week is asked daily."""
    return _WAITS[min(failures, len(_WAITS)) - 1]


def needs_whole(covers_until: date, today: date) -> bool:
    """Recurring events are expanded up to a date; "not changed" is no answer when that comes near."""
    return covers_until < today + _KNOWN_AT_LEAST


def _merged(times: Iterable[OutsideTime]) -> list[OutsideTime]:
    """Overlapping ones as one: what they are does not matter, and fewer are kept."""
    found: list[OutsideTime] = []
    for one in sorted(times, key=lambda time: (time.start_at, time.end_at)):
        last = found[-1] if found else None
        if last is None or last.end_at < one.start_at:
            found.append(one)
        elif last.end_at < one.end_at:
            found[-1] = OutsideTime(
                start_at=last.start_at,
                end_at=one.end_at,
                is_all_day=last.is_all_day and one.is_all_day,
                first_on=last.first_on,
                last_on=one.last_on,
            )
    return found
