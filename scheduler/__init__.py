"""When can two classes meet, who pays for it, and what would make it better: a pure library (guide scheduling.md).

Only what stands here is public; it imports nothing of `server`, and `server` imports nothing below it.
"""

from scheduler.catalogue import UnknownClassGroup, demo_parties, demo_schools, find_party, parties_in
from scheduler.expand import Party
from scheduler.fairness import Account, Held, Ledger, Rotation, best_possible, ledger, propose_rotation, weighted_burden
from scheduler.ical_in import Feed, FeedEvent, NotACalendar, Reply, Skipped, read_feed, read_reply
from scheduler.ical_out import (
    Answer as CalendarAnswer,
)
from scheduler.ical_out import (
    Attendee,
    CalendarLesson,
    Method,
    cancel,
    cancelled,
    lesson_uid,
    reply,
    request,
    rescheduled,
    write_calendar,
)
from scheduler.interval import Interval
from scheduler.loader import load_school, parse_school
from scheduler.model import (
    ClassGroup,
    ClassGroupId,
    Closure,
    ClosureMode,
    Confidence,
    DayPart,
    Names,
    School,
    Tier,
    Window,
    WindowKind,
)
from scheduler.official import COUNTRIES, OfficialYear, official_year
from scheduler.overlap import Answer, find_overlaps
from scheduler.relax import Relaxation
from scheduler.replan import (
    Change,
    Move,
    accept_replacements,
    change_all,
    change_following,
    change_one,
    repair,
    with_closure,
)
from scheduler.report import answer_json, answer_table, parties_table, party_json, slot_json, table
from scheduler.search import MAX_WEEKS, Query
from scheduler.series import Anchor, PlannedLesson, QuietWeek, Seam, SeriesError, SeriesPlan, plan_series
from scheduler.series_report import calendar_lessons, feed_json, feed_table, series_json, series_table
from scheduler.slot import Payer, Reason, SideSlot, Slot
from scheduler.tzdata_change import MovedLesson, StoredLesson, moved_lessons
from scheduler.yaml_file import Problem, SchoolFileError
from scheduler.zone import Existence, Resolved, UnknownZone, resolve, to_local, tzdata_release, zone_keys

__all__ = [
    "COUNTRIES",
    "MAX_WEEKS",
    "Account",
    "Anchor",
    "Answer",
    "Attendee",
    "CalendarAnswer",
    "CalendarLesson",
    "Change",
    "ClassGroup",
    "ClassGroupId",
    "Closure",
    "ClosureMode",
    "Confidence",
    "DayPart",
    "Existence",
    "Feed",
    "FeedEvent",
    "Held",
    "Interval",
    "Ledger",
    "Method",
    "Move",
    "MovedLesson",
    "Names",
    "NotACalendar",
    "OfficialYear",
    "Party",
    "Payer",
    "PlannedLesson",
    "Problem",
    "Query",
    "QuietWeek",
    "Reason",
    "Relaxation",
    "Reply",
    "Resolved",
    "Rotation",
    "School",
    "SchoolFileError",
    "Seam",
    "SeriesError",
    "SeriesPlan",
    "SideSlot",
    "Skipped",
    "Slot",
    "StoredLesson",
    "Tier",
    "UnknownClassGroup",
    "UnknownZone",
    "Window",
    "WindowKind",
    "accept_replacements",
    "answer_json",
    "answer_table",
    "best_possible",
    "calendar_lessons",
    "cancel",
    "cancelled",
    "change_all",
    "change_following",
    "change_one",
    "demo_parties",
    "demo_schools",
    "feed_json",
    "feed_table",
    "find_overlaps",
    "find_party",
    "ledger",
    "lesson_uid",
    "load_school",
    "moved_lessons",
    "official_year",
    "parse_school",
    "parties_in",
    "parties_table",
    "party_json",
    "plan_series",
    "propose_rotation",
    "read_feed",
    "read_reply",
    "repair",
    "reply",
    "request",
    "rescheduled",
    "resolve",
    "series_json",
    "series_table",
    "slot_json",
    "table",
    "to_local",
    "tzdata_release",
    "weighted_burden",
    "with_closure",
    "write_calendar",
    "zone_keys",
]
