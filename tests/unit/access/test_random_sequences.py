"""Random lives of a lesson and of its people: 10,000 sequences, and never a right that should not be.

What must hold is said without the table of rules, from what a person is and what a lesson says of them.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

import pytest

from server.access import Action, Adult, Pupil, Subject, Viewer, Visitor, authorise
from server.errors import Conflict, Forbidden, NotFound, TongchuangError, Unauthorized
from server.ids import AccountId
from server.lessons import LessonFacts, LessonState, SideFacts
from server.people import Account, Role
from tests.fakes.world import ACCOUNTS, EARLIER, LESSON, SCHOOL_A, SCHOOL_B, VIEWERS

SEQUENCES = 10_000
STEPS = 12
# Pupils may do these and nothing else, whatever happens.
OF_PUPILS = {
    Action.ROOM_SEE,
    Action.ROOM_TOKEN,
    Action.ROOM_CONNECT,
    Action.ROOM_SYNC,
    Action.CHAT_SEND,
    Action.HAND_RAISE,
    Action.HAND_LOWER,
    Action.REACT,
    Action.REPORT_RAISE,
}
BEFORE_ADMISSION = {Action.ROOM_SEE, Action.ROOM_CONNECT, Action.ROOM_SYNC, Action.REPORT_RAISE}
ABOUT_LESSONS = {
    action
    for action in Action
    if action.split(".")[0] in ("room", "chat", "hand", "hands", "word", "lobby", "report", "attendance")
    or (action.startswith("lesson.") and action not in (Action.LESSON_LIST, Action.LESSON_PROPOSE))
}


@dataclass
class World:
    dice: random.Random
    accounts: dict[str, Account] = field(default_factory=lambda: dict(ACCOUNTS))
    lesson: LessonFacts = LESSON
    admitted: set[str] = field(default_factory=set)

    def viewer(self, name: str) -> Viewer:
        return Adult(account=self.accounts[name], csrf="word") if name in self.accounts else VIEWERS[name]

    def turn(self) -> None:
        """Something happens: to a person, to the lesson, or to who stands where in it."""
        dice = self.dice
        name = dice.choice(list(self.accounts))
        one = self.accounts[name]
        match dice.randrange(6):
            case 0:
                self.accounts[name] = replace(one, verified_at=dice.choice([None, EARLIER]))
            case 1:
                self.accounts[name] = replace(one, disabled_at=dice.choice([None, None, EARLIER]))
            case 2:
                self.accounts[name] = replace(one, roles=frozenset(dice.sample(list(Role), dice.randrange(4))))
            case 3:
                self.lesson = replace(self.lesson, state=dice.choice(list(LessonState)))
            case 4:
                index = dice.randrange(2)
                sides = list(self.lesson.sides)
                sides[index] = self._staffed(sides[index])
                self.lesson = replace(self.lesson, sides=(sides[0], sides[1]))
            case _:
                self.admitted = set(dice.sample(["waiting_pupil", "admitted_pupil", "pupil_of_other_lesson"], 2))

    def _staffed(self, side: SideFacts) -> SideFacts:
        ids = [one.id for one in self.accounts.values()]
        substitute: AccountId | None = self.dice.choice([None, *ids])
        return replace(
            side,
            lead=self.dice.choice(ids),
            co_teachers=frozenset(self.dice.sample(ids, self.dice.randrange(3))),
            substitute=substitute,
        )

    def subject(self, viewer: str) -> Subject:
        match self.dice.randrange(4):
            case 0:
                return Subject()
            case 1:
                return Subject(school_id=self.dice.choice([SCHOOL_A, SCHOOL_B]))
            case 2:
                one = self.dice.choice(list(self.accounts.values()))
                return Subject(school_id=one.school_id, account=one.id)
            case _:
                return Subject(
                    lesson=self.lesson, side=self.dice.choice(["a", "b"]), is_admitted=viewer in self.admitted
                )


def is_named(account: Account, lesson: LessonFacts, side: str | None = None) -> bool:
    return any(
        account.id == one.lead or account.id in one.co_teachers or account.id == one.substitute
        for one in lesson.sides
        if side in (None, one.key)
    )


def coordinates(account: Account, lesson: LessonFacts) -> bool:
    return Role.COORDINATOR in account.roles and account.school_id in [side.school_id for side in lesson.sides]


def check_allowed(viewer: Viewer, action: Action, subject: Subject) -> None:
    """What must be true of somebody to whom it was granted."""
    assert not isinstance(viewer, Visitor)
    lesson = subject.lesson
    if isinstance(viewer, Pupil):
        assert action in OF_PUPILS
        assert lesson is not None
        assert viewer.lesson_id == lesson.id
        assert viewer.class_group_id in [side.class_group_id for side in lesson.sides]
        assert subject.is_admitted or action in BEFORE_ADMISSION
        if action is not Action.ROOM_SEE and action not in (Action.ROOM_CONNECT, Action.ROOM_SYNC):
            assert lesson.state in (LessonState.LOBBY, LessonState.LIVE)
        return
    account = viewer.account
    assert account.disabled_at is None
    is_administrator = account.verified_at is not None and Role.IT_ADMINISTRATOR in account.roles
    if action in ABOUT_LESSONS and lesson is None:
        assert (action, is_administrator) == (Action.LESSON_SEE, True)
    elif action in ABOUT_LESSONS:
        assert lesson is not None
        assert is_named(account, lesson) or coordinates(account, lesson) or is_administrator
        if action is not Action.LESSON_SEE:
            # C19: who is not verified leads nothing; and no administrator looks into a lesson of others.
            assert account.verified_at is not None
            assert account.roles & {Role.TEACHER, Role.COORDINATOR}
            assert is_named(account, lesson) or coordinates(account, lesson)
        if action.split(".")[0] in ("chat", "hand", "hands", "word", "lobby", "room", "report"):
            assert is_named(account, lesson)
    if action.split(".")[0] in ("class_group", "roster", "authorisation", "cards", "people"):
        # C13: each school's own people, and the administrator; never the partner's.
        assert account.verified_at is not None
        assert is_administrator or account.school_id == subject.school_id is not None
    if action in (Action.ACCOUNT_VERIFY, Action.ACCOUNT_SET_ROLES, Action.ACCOUNT_DISABLE, Action.ACCOUNT_RESET):
        assert account.id != subject.account


def check_refused(viewer: Viewer, subject: Subject, error: TongchuangError) -> None:
    """Strangers cannot tell a foreign thing from one that is not there."""
    assert isinstance(error, Unauthorized | Forbidden | NotFound | Conflict)
    if isinstance(viewer, Visitor):
        assert isinstance(error, Unauthorized)
    if isinstance(viewer, Adult) and subject.lesson is not None and subject.school_id is None:
        account = viewer.account
        is_stranger = not (
            is_named(account, subject.lesson)
            or coordinates(account, subject.lesson)
            or Role.IT_ADMINISTRATOR in account.roles
        )
        if is_stranger:
            assert isinstance(error, NotFound)
    if isinstance(viewer, Pupil) and subject.lesson is not None and viewer.lesson_id != subject.lesson.id:
        assert isinstance(error, NotFound)


@pytest.mark.parametrize("part", range(4))
def test_no_sequence_leads_to_a_wrong_right(part: int) -> None:
    granted = refused = 0
    for number in range(SEQUENCES // 4):
        world = World(random.Random(part * SEQUENCES + number))
        for _ in range(STEPS):
            world.turn()
            name = world.dice.choice(list(VIEWERS))
            viewer, action = world.viewer(name), world.dice.choice(list(Action))
            subject = world.subject(name)
            try:
                authorise(viewer, action, subject)
            except TongchuangError as error:
                check_refused(viewer, subject, error)
                refused += 1
            else:
                check_allowed(viewer, action, subject)
                granted += 1
    # Neither is so rare that nothing was tested.
    assert granted > SEQUENCES // 4
    assert refused > SEQUENCES // 4
