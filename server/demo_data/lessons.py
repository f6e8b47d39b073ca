"""The demo's lessons: eight of six pairings, each in another state, and a series, relative to the day they are seen.

Pure. The week is the plan's; the hour comes from the scheduler (`hours`), and is the plan's own where it finds none.

Two schools of a pairing see the same week differently, so that dates are those of the Taiwan side, Tuesday to Friday:
its Monday is still Sunday in the United States (guide scheduling.md §1).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from server.pair import LocalizedText

TAIWAN = ZoneInfo("Asia/Taipei")
TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = 1, 2, 3, 4


class Stage(StrEnum):
    """How far a demo lesson has come."""

    PROPOSED_BY_TAIWAN = "proposed_by_taiwan"
    PROPOSED_BY_US = "proposed_by_us"
    CONFIRMED = "confirmed"
    CONSENT_CHECKED = "consent_checked"
    ENDED = "ended"
    REPORTED = "reported"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoDay:
    """A day of a week counted from this one, and an hour, on the Taiwan side's wall."""

    week: int
    weekday: int
    start: time

    def on(self, today: date) -> date:
        monday = today - timedelta(days=today.weekday())
        return monday + timedelta(weeks=self.week, days=self.weekday)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoLessonPlan:
    """`at` None: it begins soon, whenever the product is started, so that its lobby can be opened at once."""

    id: str
    title: LocalizedText
    taiwan: str
    united_states: str
    stage: Stage
    at: DemoDay | None
    minutes: int
    reason: str = ""


def local_start(plan: DemoLessonPlan, now: datetime) -> datetime:
    """Wall time on the Taiwan side, aware. The one that begins soon: on the next five minutes, 10 to 15 from now."""
    if plan.at is not None:
        return datetime.combine(plan.at.on(now.astimezone(TAIWAN).date()), plan.at.start, TAIWAN)
    minutes = -(-int(now.astimezone(UTC).timestamp() // 60) // 5) * 5 + 10
    return datetime.fromtimestamp(minutes * 60, UTC).astimezone(TAIWAN)


DEMO_PLANS = (
    DemoLessonPlan(
        id="le_demo_typhoon",
        title=LocalizedText("Weather and typhoons", "天氣與颱風"),
        taiwan="tw-taipei-chenguang",
        united_states="us-az-saguaro",
        stage=Stage.CONSENT_CHECKED,
        at=None,
        minutes=40,
    ),
    DemoLessonPlan(
        id="le_demo_desert",
        title=LocalizedText("Desert and island", "沙漠與海島"),
        taiwan="tw-taipei-chenguang",
        united_states="us-az-saguaro",
        stage=Stage.PROPOSED_BY_US,
        at=DemoDay(week=2, weekday=WEDNESDAY, start=time(7, 50)),
        minutes=40,
    ),
    DemoLessonPlan(
        id="le_demo_schoolday",
        title=LocalizedText("A day at our school", "我們學校的一天"),
        taiwan="tw-taipei-chenguang",
        united_states="us-az-saguaro",
        stage=Stage.ENDED,
        at=DemoDay(week=-1, weekday=THURSDAY, start=time(7, 50)),
        minutes=40,
    ),
    DemoLessonPlan(
        id="le_demo_breakfast",
        title=LocalizedText("Breakfast on two sides of the Pacific", "太平洋兩岸的早餐"),
        taiwan="tw-taipei-chenguang",
        united_states="us-ca-bayview",
        stage=Stage.CONFIRMED,
        at=DemoDay(week=1, weekday=TUESDAY, start=time(8, 40)),
        minutes=40,
    ),
    DemoLessonPlan(
        id="le_demo_wind",
        title=LocalizedText("Where the wind comes from", "風從哪裡來"),
        taiwan="tw-kinmen-haifeng",
        united_states="us-az-redmesa",
        stage=Stage.CONFIRMED,
        at=DemoDay(week=1, weekday=THURSDAY, start=time(8, 40)),
        minutes=40,
    ),
    DemoLessonPlan(
        id="le_demo_harbour",
        title=LocalizedText("Harbours and ships", "港口與船"),
        taiwan="tw-kaohsiung-gangwan",
        united_states="us-gu-latte",
        stage=Stage.REPORTED,
        at=DemoDay(week=-2, weekday=FRIDAY, start=time(10, 10)),
        minutes=50,
    ),
    DemoLessonPlan(
        id="le_demo_river",
        title=LocalizedText("The river near my home", "家鄉的河"),
        taiwan="tw-hsinchu-songling",
        united_states="us-hi-kukui",
        stage=Stage.PROPOSED_BY_TAIWAN,
        at=DemoDay(week=2, weekday=FRIDAY, start=time(8, 40)),
        minutes=40,
    ),
    DemoLessonPlan(
        id="le_demo_streetfood",
        title=LocalizedText("Street food", "街頭小吃"),
        taiwan="tw-tainan-fengcheng",
        united_states="us-ny-hudson",
        stage=Stage.CANCELLED,
        at=DemoDay(week=1, weekday=WEDNESDAY, start=time(8, 25)),
        minutes=45,
        reason="颱風停課 Typhoon: schools in Tainan are closed.",
    ),
)

# A term of one pair that runs into the next clock change; its lessons are made of this one plan.
DEMO_SERIES = DemoLessonPlan(
    id="le_demo_letters",
    title=LocalizedText("Letters across the sea", "海上來信"),
    taiwan="tw-taipei-chenguang",
    united_states="us-ca-bayview",
    stage=Stage.CONFIRMED,
    at=None,
    minutes=40,
)
