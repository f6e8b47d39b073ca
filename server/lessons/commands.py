"""All that can be done to a lesson after it was proposed, one value per command. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time

from server.ids import AccountId
from server.lessons.facts import SideKey
from server.lessons.lesson import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    side: SideKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Decline:
    side: SideKey
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """To another wall time; the mover's side stands by it, the other must confirm anew. `zones`: of a, of b."""

    side: SideKey
    anchor: SideKey
    date: date
    start: time
    minutes: int
    zones: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowClockRules:
    """A newer time-zone database reads the stored wall time as another instant: everybody is told, nothing is moved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckConsent:
    """The school-authorisation records of both class groups were found (C3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NameSubstitute:
    """None: there is none any more."""

    side: SideKey
    account: AccountId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddCoTeacher:
    side: SideKey
    account: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveCoTeacher:
    side: SideKey
    account: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOverLead:
    """To a co-teacher or the substitute of that side; the one who led becomes a co-teacher."""

    side: SideKey
    to: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class SetMode:
    side: SideKey
    mode: Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAdultsNeeded:
    """C14: 1 or 2."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLobby:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class SignAttendance:
    side: SideKey


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidSignature:
    """After a correction: what was signed is no longer what stands there."""

    side: SideKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    text: str


Command = (
    Confirm
    | Decline
    | Move
    | Cancel
    | FollowClockRules
    | CheckConsent
    | NameSubstitute
    | AddCoTeacher
    | RemoveCoTeacher
    | HandOverLead
    | SetMode
    | SetAdultsNeeded
    | OpenLobby
    | Start
    | End
    | SignAttendance
    | VoidSignature
    | Report
)


def name_of(command: Command | type[Command]) -> str:
    """Such as `add_co_teacher`; the audit log writes `lesson.add_co_teacher`."""
    kind = command if isinstance(command, type) else type(command)
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in kind.__name__).lstrip("_")
