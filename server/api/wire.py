"""What goes over the wire: closed models, lower snake case, instants in UTC, wall times with their date and zone."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints


class Wire(BaseModel):
    """Unknown fields are refused: a typing error must not be taken for a default."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Bilingual(Wire):
    """One text in both languages."""

    en: str
    zh: str = Field(alias="zh-Hant-TW")


class PersonOut(Wire):
    id: str
    name: Bilingual


class SideOut(Wire):
    """One school's half. `starts_at_local` and `ends_at_local` are that side's own wall, with its offset."""

    key: Literal["a", "b"]
    side: Literal["tw", "us"]
    school: Bilingual
    place: Bilingual
    class_group_id: str
    class_group: Bilingual
    zone: str
    date: date
    weekday: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    starts_at_local: str
    ends_at_local: str
    lead: PersonOut
    co_teachers: list[PersonOut]
    substitute: PersonOut | None
    confirmed_at: datetime | None
    attendance_signed_at: datetime | None
    mode: Literal["individual", "class_to_class"]


class LessonOut(Wire):
    """`version` rises with every change: send it back with a change, and 409 says that somebody was faster."""

    id: str
    title: Bilingual
    state: Literal[
        "proposed",
        "confirmed",
        "consent_checked",
        "lobby",
        "live",
        "ended",
        "attendance_signed",
        "reported",
        "cancelled",
    ]
    version: int
    anchor: Literal["a", "b"]
    starts_at: datetime
    ends_at: datetime
    lobby_opens_at: datetime
    minutes: int
    adults_needed: Literal[1, 2]
    started_at: datetime | None
    ended_at: datetime | None
    closing_note: str
    report: str
    sides: list[SideOut]


class LessonsOut(Wire):
    lessons: list[LessonOut]


class MeOut(Wire):
    """`csrf`: the header X-CSRF-Token of every change."""

    id: str
    name: Bilingual
    roles: list[str]
    school_id: str | None
    is_verified: bool
    csrf: str


class IntervalOut(Wire):
    start: datetime
    end: datetime


class AttendanceRowOut(Wire):
    """`recorded`: as the media server told it; `intervals`: what counts, after a correction."""

    person: str
    side: Literal["a", "b"]
    is_adult: bool
    name: Bilingual
    recorded: list[IntervalOut]
    intervals: list[IntervalOut]
    seconds: int
    correction_reason: str | None


class AttendanceOut(Wire):
    lesson: LessonOut
    rows: list[AttendanceRowOut]


# -- what is sent to us

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Minutes = Annotated[int, Field(ge=10, le=180)]


class TitleIn(Wire):
    en: Title
    zh: Title = Field(alias="zh-Hant-TW")


class ProposalIn(Wire):
    """The own side is the one of `class_group_id`. `date` and `start` are the wall time of the anchor's school."""

    title: TitleIn
    class_group_id: str
    partner_class_group_id: str
    lead: str | None = None
    partner_lead: str
    anchor: Literal["own", "partner"] = "own"
    date: date
    start: time
    minutes: Minutes
    adults_needed: Literal[1, 2] = 1


class ChangeIn(Wire):
    version: int | None = None


class ReasonIn(ChangeIn):
    reason: Reason


class MoveIn(ChangeIn):
    anchor: Literal["a", "b"] | None = None
    date: date
    start: time
    minutes: Minutes | None = None


class SubstituteIn(ChangeIn):
    """null: there is none any more."""

    account_id: str | None


class ReportIn(ChangeIn):
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]


# -- the rest of /api/v1, written down here for its document


class FileProblemOut(Wire):
    """Where in a document something else was expected, and `text` the same for people; `line` from 1, of a file that
    was sent as text."""

    where: str
    code: str
    expected: str
    text: Bilingual
    line: int | None = None


class ProblemOut(BaseModel):
    """RFC 9457, as application/problem+json."""

    model_config = ConfigDict(extra="forbid")

    type: str
    title: str
    status: int
    code: str
    titles: Bilingual
    problems: list[FileProblemOut] = []


class DemoPersonOut(Wire):
    seat: str
    side: Literal["tw", "us"]
    name: Bilingual
    place: Bilingual
    zone: str


class DemoLessonOut(Wire):
    id: str
    room: str
    title: Bilingual
    is_always_live: bool
    people: list[DemoPersonOut]


class RoomTokenOut(Wire):
    """A join token of the LiveKit protocol. `url` null: the page's own origin. `ice_servers` stays empty (C22)."""

    url: str | None
    room: str
    token: str
    identity: str
    expires_in_s: int
    ice_servers: list[str]


class DemoTokenOut(RoomTokenOut):
    seat: str
    lesson: DemoLessonOut


class CheckTokensOut(Wire):
    url: str | None
    room: str
    expires_in_s: int
    ice_servers: list[str]
    tokens: dict[str, str]
    identities: dict[str, str]
    ports: dict[str, list[int]]
