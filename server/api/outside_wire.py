"""What programs read and send of calendars kept elsewhere. The address is sent once and never told again."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from server.api.scheduling_wire import Key
from server.api.wire import Bilingual, Wire


class CalendarQuery(BaseModel):
    """The query string."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    calendar: Key


class LeftOutOut(Wire):
    """An event that could not be used; `event` counts the file's from 1, 0 is the file as a whole."""

    event: int
    summary: str
    code: str
    text: Bilingual


class OutsideCalendarOut(Wire):
    """`host`: all that is told of the address, "" for a file. `is_kept` false: a preview, which counts nowhere and is
    forgotten after an hour. `error`: the code of the last failure; what was read before stays."""

    id: str
    name: str
    host: str
    zone: str
    is_kept: bool
    added_at: datetime
    read_at: datetime
    covers_until: date
    error: str | None
    left_out: list[LeftOutOut]


class OutsideCalendarsOut(Wire):
    calendars: list[OutsideCalendarOut]


class OutsideTimeOut(Wire):
    """`summary`: "" in a person's calendar, of which only when it is busy is kept. Dates: of the school's wall, the
    last one included."""

    start_at: datetime
    end_at: datetime
    is_all_day: bool
    first: date
    last: date
    summary: str


class OutsideTimesOut(Wire):
    calendar: OutsideCalendarOut
    times: list[OutsideTimeOut]


class LookIn(Wire):
    """Either an `address` of a public iCalendar file, or the `file` itself as text."""

    name: Annotated[str, StringConstraints(max_length=200)] = ""
    address: Annotated[str, StringConstraints(min_length=1, max_length=2_000)] | None = None
    file: Annotated[str, StringConstraints(min_length=1, max_length=200_000)] | None = None


class ChosenIn(Wire):
    calendar: Key
