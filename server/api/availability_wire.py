"""What programs read and send of painted hours: entries with a date each; a weekday without one cannot be written."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from server.api.scheduling_wire import Key
from server.api.wire import Wire

Day = date
# Whole five minutes, as the grid of the scheduler has them; 24:00 is the midnight that ends the date.
Minute = Annotated[str, StringConstraints(pattern=r"^(([01][0-9]|2[0-3]):[0-5][05]|24:00)$")]
# More than six entries a day of the longest range is a mistake, and a body of them would be refused for its size.
_MOST_HOURS = 1_000
_FIRST, _LAST = date(2020, 1, 1), date(2040, 12, 31)


class DatesQuery(BaseModel):
    """The query string: both dates are meant with it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    first: Annotated[date | None, BeforeValidator(lambda value: value or None)] = Field(
        None, alias="from", ge=_FIRST, le=_LAST
    )
    last: Annotated[date | None, BeforeValidator(lambda value: value or None)] = Field(
        None, alias="to", ge=_FIRST, le=_LAST
    )


class PaintedWire(Wire):
    """On the school's wall. What no entry speaks of is as the bells say."""

    date: Day
    start: Minute
    end: Minute
    state: Literal["cannot", "reluctantly", "gladly"]


class AvailabilityOut(Wire):
    """`version` is that of all hours of this owner, 0 when none were ever painted: send it back with a change.
    `class_group_ids`: of one's own hours, the classes for which they count."""

    zone: str
    version: int
    first: date = Field(alias="from")
    last: date = Field(alias="to")
    may_paint: bool
    class_group_ids: list[str]
    hours: list[PaintedWire]


class AvailabilityIn(Wire):
    """`hours` are all that is painted from `from` to `to` from now on, both dates included; other dates stay.
    `dry_run`: only say whether it could be."""

    version: Annotated[int, Field(ge=0)]
    first: Annotated[date, Field(alias="from", ge=_FIRST, le=_LAST)]
    last: Annotated[date, Field(alias="to", ge=_FIRST, le=_LAST)]
    hours: Annotated[list[PaintedWire], Field(max_length=_MOST_HOURS)]
    dry_run: bool = False


class AvailabilityChangedOut(Wire):
    """`version` is the new one when it `is_stored`; `hours`: neighbours of one state joined."""

    version: int
    is_stored: bool
    hours: list[PaintedWire]


class TaughtIn(Wire):
    """Of the own school; one's own hours count for these classes and no others."""

    class_group_ids: Annotated[list[Key], Field(max_length=200)]


class TaughtOut(Wire):
    class_group_ids: list[str]
