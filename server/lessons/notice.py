"""What the people of a lesson are told when another changed it: on the dashboard, and by mail where there is. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from server.ids import AccountId, LessonId
from server.lessons import commands as c


class NoticeKind(StrEnum):
    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    MOVED = "moved"
    CANCELLED = "cancelled"
    ADULTS_CHANGED = "adults_changed"
    CLOCK_RULES = "clock_rules"
    LOBBY_OPENED = "lobby_opened"
    ATTENDANCE_TO_SIGN = "attendance_to_sign"
    ATTENDANCE_CORRECTED = "attendance_corrected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """`id`: 0 until it is stored. `note`: the reason that was given, if any."""

    id: int = 0
    account_id: AccountId
    lesson_id: LessonId
    kind: NoticeKind
    at: datetime
    by: AccountId | None
    note: str = ""
    read_at: datetime | None = None


# Commands that are not here are seen when the lesson is looked at, and need no telling.
_KINDS: dict[type[c.Command], NoticeKind] = {
    c.Confirm: NoticeKind.CONFIRMED,
    c.Decline: NoticeKind.DECLINED,
    c.Move: NoticeKind.MOVED,
    c.Cancel: NoticeKind.CANCELLED,
    c.FollowClockRules: NoticeKind.CLOCK_RULES,
    c.NameSubstitute: NoticeKind.ADULTS_CHANGED,
    c.AddCoTeacher: NoticeKind.ADULTS_CHANGED,
    c.RemoveCoTeacher: NoticeKind.ADULTS_CHANGED,
    c.HandOverLead: NoticeKind.ADULTS_CHANGED,
    c.OpenLobby: NoticeKind.LOBBY_OPENED,
    c.End: NoticeKind.ATTENDANCE_TO_SIGN,
    c.VoidSignature: NoticeKind.ATTENDANCE_CORRECTED,
}


def kind_for(command: c.Command) -> NoticeKind | None:
    return _KINDS.get(type(command))
