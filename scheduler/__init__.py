"""When can two classes meet, who pays for it, and what would make it better: a pure library (guide scheduling.md).

Only what stands here is public; it imports nothing of `server`, and `server` imports nothing below it.
"""

from scheduler.catalogue import UnknownClassGroup, demo_parties, demo_schools, find_party
from scheduler.expand import Party
from scheduler.interval import Interval
from scheduler.loader import load_school, parse_school
from scheduler.model import (
    ClassGroup,
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
from scheduler.report import answer_json, answer_table, parties_table, party_json, slot_json, table
from scheduler.search import MAX_WEEKS, Query
from scheduler.slot import Payer, Reason, SideSlot, Slot
from scheduler.yaml_file import Problem, SchoolFileError
from scheduler.zone import UnknownZone, tzdata_release

__all__ = [
    "COUNTRIES",
    "MAX_WEEKS",
    "Answer",
    "ClassGroup",
    "Closure",
    "ClosureMode",
    "Confidence",
    "DayPart",
    "Interval",
    "Names",
    "OfficialYear",
    "Party",
    "Payer",
    "Problem",
    "Query",
    "Reason",
    "Relaxation",
    "School",
    "SchoolFileError",
    "SideSlot",
    "Slot",
    "Tier",
    "UnknownClassGroup",
    "UnknownZone",
    "Window",
    "WindowKind",
    "answer_json",
    "answer_table",
    "demo_parties",
    "demo_schools",
    "find_overlaps",
    "find_party",
    "load_school",
    "official_year",
    "parse_school",
    "parties_table",
    "party_json",
    "slot_json",
    "table",
    "tzdata_release",
]
