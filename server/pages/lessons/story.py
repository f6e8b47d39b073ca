"""What has happened to a lesson, told from the audit log: both sides read the same. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from server.lessons import Lesson
from server.pages.lessons.board import StoryLine, Viewpoint
from server.pages.lessons.directory import Directory
from server.pages.lessons.moments import moment
from server.pair import LocalizedText
from server.people import AuditEntry

# `{who}` did it. Actions that are not here are not told (they change nothing that both sides must know).
LINES: Final[Mapping[str, LocalizedText]] = {
    "lesson.propose": LocalizedText("{who} proposed the lesson.", "{who}提議了這堂課。"),
    "lesson.confirm": LocalizedText("{who} confirmed the hour.", "{who}確認了時間。"),
    "lesson.decline": LocalizedText("{who} declined.", "{who}婉拒了。"),
    "lesson.move": LocalizedText("{who} moved the lesson to another hour.", "{who}更改了上課時間。"),
    "lesson.cancel": LocalizedText("{who} cancelled the lesson.", "{who}取消了這堂課。"),
    "lesson.check_consent": LocalizedText("The school authorisations were found.", "已確認兩校授權。"),
    "lesson.name_substitute": LocalizedText("{who} changed the substitute.", "{who}更改了代課老師。"),
    "lesson.add_co_teacher": LocalizedText("{who} added a co-teacher.", "{who}加入了協同老師。"),
    "lesson.remove_co_teacher": LocalizedText("{who} removed a co-teacher.", "{who}移除了協同老師。"),
    "lesson.hand_over_lead": LocalizedText("{who} handed the lead over.", "{who}移交了主持。"),
    "lesson.open_lobby": LocalizedText("{who} opened the lobby.", "{who}開放了等候室。"),
    "lesson.start": LocalizedText("{who} started the lesson.", "{who}開始上課。"),
    "lesson.end": LocalizedText("{who} ended the lesson.", "{who}結束了這堂課。"),
    "lesson.sign_attendance": LocalizedText("{who} signed the attendance.", "{who}簽核了出席紀錄。"),
    "lesson.void_signature": LocalizedText("{who} corrected the attendance.", "{who}更正了出席紀錄。"),
    "lesson.report": LocalizedText("{who} wrote the report.", "{who}寫了課堂紀錄。"),
}


def story_of(
    entries: Iterable[AuditEntry], lesson: Lesson, directory: Directory, viewpoint: Viewpoint
) -> tuple[StoryLine, ...]:
    """The newest first; one whose log does not begin with a proposal (demo data) begins with who made it."""
    entries = list(entries)
    told = tuple(
        StoryLine(
            when=moment(entry.at, viewpoint.side, viewpoint.zone),
            text=_said(LINES[entry.action], directory.name_of(entry.actor)),
        )
        for entry in entries
        if entry.action in LINES
    )
    if any(entry.action == "lesson.propose" for entry in entries):
        return told
    begun = _said(LINES["lesson.propose"], directory.name_of(lesson.created_by))
    return (
        *told,
        StoryLine(when=moment(lesson.created_at, viewpoint.side, viewpoint.zone), text=begun),
    )


def _said(line: LocalizedText, who: LocalizedText) -> LocalizedText:
    return LocalizedText(line.en.replace("{who}", who.en), line.zh.replace("{who}", who.zh))
