"""What to press next: a lesson, a side and the clock in, one thing to do out, with words in both languages. Pure.

A lead has two minutes before the bell. So the page names one next press, and only this one stands out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal

from server.lessons import Lesson, LessonSide, LessonState, Mode
from server.pair import LocalizedText

S = LessonState
Mark = Literal["done", "now", "todo"]

# The path that every lesson takes; `cancelled` ends it anywhere before the room is open to pupils.
PATH: Final = (
    S.PROPOSED, S.CONFIRMED, S.CONSENT_CHECKED, S.LOBBY, S.LIVE, S.ENDED, S.ATTENDANCE_SIGNED, S.REPORTED,
)  # fmt: skip
OVER: Final = frozenset({S.ENDED, S.ATTENDANCE_SIGNED, S.REPORTED, S.CANCELLED})

STATES: Final[Mapping[LessonState, LocalizedText]] = {
    S.PROPOSED: LocalizedText("Proposed", "已提議"),
    S.CONFIRMED: LocalizedText("Confirmed", "雙方確認"),
    S.CONSENT_CHECKED: LocalizedText("Consent checked", "授權已確認"),
    S.LOBBY: LocalizedText("Lobby open", "等候室開放"),
    S.LIVE: LocalizedText("Live", "上課中"),
    S.ENDED: LocalizedText("Ended", "已下課"),
    S.ATTENDANCE_SIGNED: LocalizedText("Attendance signed", "出席已簽核"),
    S.REPORTED: LocalizedText("Reported", "已完成紀錄"),
    S.CANCELLED: LocalizedText("Cancelled", "已取消"),
}
TONES: Final[Mapping[LessonState, str]] = {
    S.PROPOSED: "sun",
    S.CONFIRMED: "good",
    S.CONSENT_CHECKED: "good",
    S.LOBBY: "sun",
    S.LIVE: "sun",
    S.ENDED: "plain",
    S.ATTENDANCE_SIGNED: "plain",
    S.REPORTED: "plain",
    S.CANCELLED: "bad",
}
MODES: Final[Mapping[Mode, LocalizedText]] = {
    Mode.INDIVIDUAL: LocalizedText("Each pupil on a device", "每位學生一臺裝置"),
    Mode.CLASS_TO_CLASS: LocalizedText("Class to class: one big screen", "班對班：教室共用大螢幕"),
}
MODE_HINTS: Final[Mapping[Mode, LocalizedText]] = {
    Mode.INDIVIDUAL: LocalizedText(
        "Pupils have their own camera and microphone. Headphones are needed.",
        "每位學生使用自己的鏡頭與麥克風，需要耳機。",
    ),
    Mode.CLASS_TO_CLASS: LocalizedText(
        "One camera shows the class; pupils’ tablets join silently for chat, hands and words.",
        "一個鏡頭拍全班；學生平板靜音加入，用來聊天、舉手與查單字。",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    state: LessonState
    mark: Mark


def path_of(lesson: Lesson) -> tuple[Step, ...]:
    """The eight steps; of a cancelled lesson only the first, because the page then shows where it stopped."""
    if lesson.state is S.CANCELLED:
        return (Step(state=PATH[0], mark="done"),)
    here = PATH.index(lesson.state)
    return tuple(Step(state=state, mark=_mark(index, here)) for index, state in enumerate(PATH))


def _mark(index: int, here: int) -> Mark:
    if index < here or (index == here == len(PATH) - 1):
        return "done"
    return "now" if index == here else "todo"


class Press(StrEnum):
    """The one next thing; those from `wait_` on are for somebody else, or for later."""

    ANSWER = "answer"
    CHECK_CONSENT = "check_consent"
    CONSENT_MISSING = "consent_missing"
    OPEN_LOBBY = "open_lobby"
    ENTER = "enter"
    SIGN = "sign"
    REPORT = "report"
    WAIT_ANSWER = "wait_answer"
    WAIT_LOBBY = "wait_lobby"
    WAIT_SIGNATURE = "wait_signature"
    MISSED = "missed"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorised:
    """Whether the school-authorisation records of both class groups exist (C3)."""

    mine: bool
    other: bool

    @property
    def is_whole(self) -> bool:
        return self.mine and self.other


def next_press(lesson: Lesson, mine: LessonSide | None, authorised: Authorised, now: datetime) -> Press:
    """`mine` None: a coordinator of both sides, or an administrator who only looks."""
    match lesson.state:
        case S.CANCELLED:
            return Press.CANCELLED
        case S.REPORTED:
            return Press.DONE
        case S.LOBBY | S.LIVE:
            return Press.ENTER
        case S.ENDED:
            return Press.WAIT_SIGNATURE if mine is None or mine.is_attendance_signed else Press.SIGN
        case S.ATTENDANCE_SIGNED:
            return Press.REPORT
        case _:
            return Press.MISSED if now >= lesson.ends_at else _before(lesson, mine, authorised, now)


def _before(lesson: Lesson, mine: LessonSide | None, authorised: Authorised, now: datetime) -> Press:
    if lesson.state is S.PROPOSED:
        return Press.WAIT_ANSWER if mine is None or mine.is_confirmed else Press.ANSWER
    if lesson.state is S.CONFIRMED:
        return Press.CHECK_CONSENT if authorised.is_whole else Press.CONSENT_MISSING
    return Press.OPEN_LOBBY if now >= lesson.lobby_opens_at else Press.WAIT_LOBBY


# The heading of the page's first panel, and the last column of a list.
TITLES: Final[Mapping[Press, LocalizedText]] = {
    Press.ANSWER: LocalizedText("Does this hour work for your class?", "這個時間您的班級方便嗎？"),
    Press.CHECK_CONSENT: LocalizedText(
        "Both sides said yes. Check the authorisations.", "雙方都同意了，請確認學校授權。"
    ),
    Press.CONSENT_MISSING: LocalizedText("A school authorisation is missing.", "還缺少學校授權。"),
    Press.OPEN_LOBBY: LocalizedText("Open the lobby, so that pupils can arrive.", "開放等候室，讓學生進來。"),
    Press.ENTER: LocalizedText("The classroom is open. Go in.", "教室開了，請進。"),
    Press.SIGN: LocalizedText("Look at the attendance and sign it.", "請核對出席紀錄並簽核。"),
    Press.REPORT: LocalizedText("Attendance is signed. Write a few lines.", "出席已簽核，請寫下課堂紀錄。"),
    Press.WAIT_ANSWER: LocalizedText("Waiting for the partner’s answer.", "等待夥伴回覆。"),
    Press.WAIT_LOBBY: LocalizedText("Everything is ready for the lesson.", "一切就緒，等待上課。"),
    Press.WAIT_SIGNATURE: LocalizedText("Waiting for the signature of the attendance.", "等待簽核出席紀錄。"),
    Press.MISSED: LocalizedText("The time has passed without a lesson.", "時間已過，課沒有上成。"),
    Press.DONE: LocalizedText("This lesson is complete.", "這堂課已全部完成。"),
    Press.CANCELLED: LocalizedText("This lesson was cancelled.", "這堂課已取消。"),
}
# What is said under the heading, where a heading alone would leave a question.
MORE: Final[Mapping[Press, LocalizedText]] = {
    Press.ANSWER: LocalizedText(
        "Both clocks stand below. Saying yes confirms it for your side.",
        "兩邊的時間都在下面。按「可以」就是代表您這一方確認。",
    ),
    Press.CHECK_CONSENT: LocalizedText(
        "The lesson is ready as soon as both schools’ authorisations are found.",
        "找到兩校的授權紀錄後，這堂課就準備完成。",
    ),
    Press.OPEN_LOBBY: LocalizedText(
        "Pupils wait there until a teacher lets them in. You go in without waiting.",
        "學生會在等候室等待老師允許進入，老師可直接進教室。",
    ),
    Press.WAIT_ANSWER: LocalizedText(
        "Your side has confirmed. The other side was told and answers on its own page.",
        "您這一方已確認。系統已通知對方，對方會在自己的頁面回覆。",
    ),
    Press.WAIT_SIGNATURE: LocalizedText(
        "Your side has signed. The report can be written when both have.",
        "您這一方已簽核。雙方都簽核後就能寫課堂紀錄。",
    ),
    Press.MISSED: LocalizedText("Move it to another hour, or cancel it.", "可以改期，或取消這堂課。"),
}
# Short, for lists.
SHORT: Final[Mapping[Press, LocalizedText]] = {
    Press.ANSWER: LocalizedText("Answer", "請回覆"),
    Press.CHECK_CONSENT: LocalizedText("Check the authorisations", "請確認授權"),
    Press.CONSENT_MISSING: LocalizedText("Authorisation missing", "缺少學校授權"),
    Press.OPEN_LOBBY: LocalizedText("Open the lobby", "請開放等候室"),
    Press.ENTER: LocalizedText("Enter the classroom", "請進教室"),
    Press.SIGN: LocalizedText("Sign the attendance", "請簽核出席"),
    Press.REPORT: LocalizedText("Write the report", "請寫課堂紀錄"),
    Press.WAIT_ANSWER: LocalizedText("Partner answers", "等待夥伴回覆"),
    Press.WAIT_LOBBY: LocalizedText("Ready", "一切就緒"),
    Press.WAIT_SIGNATURE: LocalizedText("Partner signs", "等待夥伴簽核"),
    Press.MISSED: LocalizedText("Did not take place", "沒有上成"),
    Press.DONE: LocalizedText("Complete", "已完成"),
    Press.CANCELLED: LocalizedText("Cancelled", "已取消"),
}
# Where somebody must do something now: marked in lists.
URGENT: Final = frozenset(
    {Press.ANSWER, Press.CHECK_CONSENT, Press.CONSENT_MISSING, Press.OPEN_LOBBY, Press.ENTER, Press.SIGN, Press.REPORT}
)
