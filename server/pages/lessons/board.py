"""One lesson as its page draws it: two halves, a path, one next press, and what may be done. From values, pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from server.ids import SchoolId
from server.lessons import Lesson, LessonSide, LessonState, Mode, SideKey
from server.pages.lessons.directory import Directory
from server.pages.lessons.moments import Stay, days_apart, moment, stay
from server.pages.lessons.press import (
    MORE,
    SHORT,
    TITLES,
    URGENT,
    Authorised,
    Press,
    Step,
    next_press,
    path_of,
)
from server.pair import LocalizedText, Side
from server.people import SchoolAuthorisation

S = LessonState


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Somebody, and perhaps when they did it, on the reader's wall."""

    name: LocalizedText
    when: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewpoint:
    """Who looks: their side, if they have one, and the wall that times are said on."""

    mine: SideKey | None
    side: Side
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfFacts:
    """What the lesson itself does not know of a side."""

    pupils: int
    authorisation: SchoolAuthorisation | None
    cards_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Half:
    key: SideKey
    side: Side
    zone: str
    school_id: SchoolId
    school_name: LocalizedText
    place: LocalizedText
    group_id: str
    group_name: LocalizedText
    stay: Stay
    is_mine: bool
    is_anchor: bool
    lead: Named
    co_teachers: tuple[Named, ...] = ()
    substitute: Named | None = None
    mode: Mode = Mode.INDIVIDUAL
    confirmed: Named | None = None
    signed: Named | None = None
    shows_signature: bool = False
    authorisation: str = ""
    pupils: int = 0
    shows_cards: bool = False
    has_cards: bool = False
    day_before: bool = False
    day_after: bool = False
    now: str = ""
    can_staff: bool = False
    substitute_options: tuple[tuple[str, str], ...] = ()
    co_teacher_options: tuple[tuple[str, str, bool], ...] = ()
    hand_over_options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """Buttons that are shown. The handler behind each asks again."""

    press: bool = False
    move: bool = False
    cancel: bool = False
    cards: bool = False
    attendance: bool = False
    write_report: bool = False
    read_reports: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryLine:
    when: str
    text: LocalizedText


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    id: str
    title: LocalizedText
    state: LessonState
    version: int
    halves: tuple[Half, Half]
    path: tuple[Step, ...]
    press: Press
    press_title: LocalizedText
    press_more: LocalizedText | None
    is_overrun: bool
    minutes: int
    adults_needed: int
    lobby_opens: str
    closing_note: str
    report: str
    can: Rights
    story: tuple[StoryLine, ...] = ()

    @property
    def mine(self) -> Half | None:
        return next((half for half in self.halves if half.is_mine), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A lesson in a list."""

    id: str
    title: LocalizedText
    state: LessonState
    halves: tuple[Half, Half]
    press: Press
    press_words: LocalizedText
    is_urgent: bool
    # whether the press is a button here: for who leads, not for who only looks after the school
    has_button: bool


def halves_of(
    lesson: Lesson,
    directory: Directory,
    viewpoint: Viewpoint,
    facts: Mapping[SideKey, HalfFacts] | None = None,
) -> tuple[Half, Half]:
    """The reader's own side first."""
    first, second = lesson.sides if viewpoint.mine != "b" else lesson.sides[::-1]
    stays = [_stay(lesson, side, directory) for side in (first, second)]
    apart = days_apart(stays[0], stays[1])

    def half(side: LessonSide, where: Stay, shift: int) -> Half:
        school = directory.schools[side.school_id]
        known = (facts or {}).get(side.key)
        is_mine = side.key == viewpoint.mine
        is_planned = lesson.state in (S.PROPOSED, S.CONFIRMED, S.CONSENT_CHECKED)
        return Half(
            key=side.key,
            side=school.side,
            zone=side.zone,
            school_id=side.school_id,
            school_name=school.name,
            place=school.place,
            group_id=side.class_group_id,
            group_name=directory.group_name(side.class_group_id),
            stay=where,
            is_mine=is_mine,
            is_anchor=side.key == lesson.anchor,
            lead=Named(name=directory.name_of(side.lead)),
            co_teachers=tuple(Named(name=directory.name_of(one)) for one in side.co_teachers),
            substitute=Named(name=directory.name_of(side.substitute)) if side.substitute else None,
            mode=side.mode,
            confirmed=_by(directory, viewpoint, side.confirmed_by, side.confirmed_at),
            signed=_by(directory, viewpoint, side.attendance_signed_by, side.attendance_signed_at),
            shows_signature=lesson.state in (S.ENDED, S.ATTENDANCE_SIGNED, S.REPORTED),
            authorisation=known.authorisation.given_by if known and known.authorisation else "",
            pupils=known.pupils if known else 0,
            shows_cards=is_mine and is_planned,
            has_cards=known is not None and known.cards_at is not None,
            day_before=shift < 0,
            day_after=shift > 0,
        )

    return half(first, stays[0], 0), half(second, stays[1], apart)


def _stay(lesson: Lesson, side: LessonSide, directory: Directory) -> Stay:
    return stay(lesson.starts_at, lesson.ends_at, directory.schools[side.school_id].side, side.zone)


def _by(directory: Directory, viewpoint: Viewpoint, who: str | None, at: datetime | None) -> Named | None:
    if at is None:
        return None
    return Named(name=directory.name_of(who), when=moment(at, viewpoint.side, viewpoint.zone))


def row_of(
    lesson: Lesson,
    directory: Directory,
    viewpoint: Viewpoint,
    authorised: Authorised,
    now: datetime,
    *,
    is_leading: bool,
) -> Row:
    side = lesson.side(viewpoint.mine) if viewpoint.mine else None
    press = next_press(lesson, side, authorised, now)
    return Row(
        id=lesson.id,
        title=lesson.title,
        state=lesson.state,
        halves=halves_of(lesson, directory, viewpoint),
        press=press,
        press_words=SHORT[press],
        is_urgent=press in URGENT,
        has_button=is_leading and press in (Press.ENTER, Press.OPEN_LOBBY),
    )


def board_of(
    lesson: Lesson,
    halves: tuple[Half, Half],
    viewpoint: Viewpoint,
    *,
    authorised: Authorised,
    can: Rights,
    now: datetime,
    story: tuple[StoryLine, ...] = (),
) -> Board:
    side = lesson.side(viewpoint.mine) if viewpoint.mine else None
    press = next_press(lesson, side, authorised, now)
    opens = moment(lesson.lobby_opens_at, viewpoint.side, viewpoint.zone)
    return Board(
        id=lesson.id,
        title=lesson.title,
        state=lesson.state,
        version=lesson.version,
        halves=halves,
        path=path_of(lesson),
        press=press,
        press_title=TITLES[press],
        press_more=_more(press, opens, authorised) if side is not None else None,
        is_overrun=lesson.state is S.LIVE and now >= lesson.ends_at,
        minutes=lesson.minutes,
        adults_needed=lesson.adults_needed,
        lobby_opens=opens if lesson.state in (S.PROPOSED, S.CONFIRMED, S.CONSENT_CHECKED) else "",
        closing_note=lesson.closing_note,
        report=lesson.report,
        can=can,
        story=story,
    )


def _more(press: Press, opens: str, authorised: Authorised) -> LocalizedText | None:
    if press is Press.WAIT_LOBBY:
        return LocalizedText(
            f"The lobby can be opened from {opens}, half an hour before.", f"{opens} 起（上課前半小時）可開放等候室。"
        )
    if press is Press.CONSENT_MISSING:
        return MISSING[(authorised.mine, authorised.other)]
    return MORE.get(press)


MISSING: Mapping[tuple[bool, bool], LocalizedText] = {
    (False, False): LocalizedText(
        "Neither school has recorded its authorisation for this class. No pupil can join before that.",
        "兩校都還沒有登錄這個班的授權，學生在那之前無法加入。",
    ),
    (False, True): LocalizedText(
        "Your school has not recorded its authorisation for this class. No pupil can join before that.",
        "貴校還沒有登錄這個班的授權，學生在那之前無法加入。",
    ),
    (True, False): LocalizedText(
        "The partner school has not recorded its authorisation yet. Ask your partner; no pupil can join before that.",
        "夥伴學校還沒有登錄授權。請提醒夥伴老師，學生在那之前無法加入。",
    ),
}


def viewpoint_of(lesson: Lesson, own: LessonSide | None, school_id: SchoolId | None, directory: Directory) -> Viewpoint:
    """`own`: the half that is theirs. Somebody with none reads the wall of their school, else that of side a."""
    at = own or lesson.side_of_school(school_id) or lesson.sides[0]
    return Viewpoint(mine=own.key if own else None, side=directory.schools[at.school_id].side, zone=at.zone)
