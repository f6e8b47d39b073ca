"""The decision: may this viewer do this to that? And the mark by which a handler that never asked is found out."""

from __future__ import annotations

from contextvars import ContextVar

from server.access.action import Action
from server.access.rules import RULES
from server.access.standing import PLACE, UNRELATED, Subject, standings
from server.access.viewer import Pupil, Viewer, Visitor
from server.errors import Conflict, ErrorCode, Forbidden, NotFound, TongchuangError, Unauthorized

# What the running handler has asked for, while `protect` watches it.
asked: ContextVar[set[Action] | None] = ContextVar("asked", default=None)


def authorise(viewer: Viewer, action: Action, subject: Subject = PLACE) -> None:
    """Returns when it may be done. Order of refusals: who are you, is there such a thing, may you, may you now.

    Raises Unauthorized(SIGN_IN_NEEDED) to those who are nobody here, NotFound to those who have nothing to do with the
    subject (foreign ids are not confirmed), Forbidden, and Conflict(LESSON_STATE) when only the state is wrong.
    """
    if (seen := asked.get()) is not None:
        seen.add(action)
    rule = RULES[action]
    held = standings(viewer, subject)
    if not held & rule.who or held & rule.never:
        raise _refusal(viewer, action, subject, is_related=bool(held - UNRELATED))
    if rule.states is not None and (subject.lesson is None or subject.lesson.state not in rule.states):
        raise Conflict(ErrorCode.LESSON_STATE, str(action))


def authorise_alike(viewer: Viewer, action: Action, subject: Subject, refusal: TongchuangError) -> None:
    """Where what was sent names the subject itself: who may not reads the same, whether there is such a thing or not.

    Raises `refusal`, and Conflict as `authorise` does.
    """
    try:
        authorise(viewer, action, subject)
    except (Unauthorized, NotFound, Forbidden):
        raise refusal from None


def _refusal(viewer: Viewer, action: Action, subject: Subject, *, is_related: bool) -> TongchuangError:
    if isinstance(viewer, Visitor) or (isinstance(viewer, Pupil) and subject.is_place):
        return Unauthorized(ErrorCode.SIGN_IN_NEEDED, str(action))
    if not subject.is_place and not is_related:
        return NotFound(ErrorCode.NOT_FOUND, str(action))
    return Forbidden(ErrorCode.FORBIDDEN, str(action))


def may(viewer: Viewer, action: Action, subject: Subject = PLACE) -> bool:
    """For pages: whether to show a button. Not a check: the handler behind the button asks again."""
    token = asked.set(None)
    try:
        authorise(viewer, action, subject)
    except (Unauthorized, NotFound, Forbidden, Conflict):
        return False
    finally:
        asked.reset(token)
    return True
