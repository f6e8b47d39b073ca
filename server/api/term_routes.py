"""The routes of a proposed term and of the fairness ledger, each with its right and with what its document says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web
from pydantic import BaseModel

from server.access import Action
from server.api.fairness import FairnessApi, FairnessOut
from server.api.operation import Operation, scheduling
from server.api.term import TermApi
from server.api.term_wire import (
    ChangeTermIn,
    ClockIn,
    MoveTermIn,
    RepairTermIn,
    TermChangedOut,
    TermNoteIn,
    TermNotesOut,
    TermOut,
)
from server.clock import Clock
from server.lessons import Lessons
from server.people import People

Bound = Callable[[web.Request], Awaitable[web.StreamResponse]]
_CHANGE: Final = (400, 401, 403, 404, 409)
_TERM = "/series/{id}"


def _post(part: str, name: str, summary: str, sent: type[BaseModel]) -> Operation:
    return scheduling(
        "POST",
        f"{_TERM}/{part}",
        name,
        f"{summary}; with one letter to the other side, or with dry_run only what it would do",
        TermChangedOut,
        sent=sent,
        problems=_CHANGE,
    )


_SHOW = scheduling(
    "GET", f"{_TERM}/term", "show_term", "What does not fit, where it could go, notes, clock changes ahead", TermOut
)
_CHANGE_TERM = _post("change", "change_term", "One lesson, it and all after it, or all, at another hour", ChangeTermIn)
_MOVE = _post("move", "move_in_term", "Those lessons to those hours, such as replacements", MoveTermIn)
_REPAIR = _post("repair", "repair_term", "The smallest change after a closure", RepairTermIn)
_CLOCK = _post("clock", "choose_clock", "Whose wall time stays at a clock change", ClockIn)
_NOTE = scheduling(
    "PUT",
    f"{_TERM}/notes",
    "put_term_note",
    "The note of a week without a lesson",
    TermNotesOut,
    sent=TermNoteIn,
    problems=(400, 401, 403, 404, 409),
)
_FAIRNESS = scheduling(
    "GET",
    "/schools/{school}/fairness",
    "school_fairness",
    "Who gives how much time outside school hours, and hours to take turns",
    FairnessOut,
)
OPERATIONS: Final = (_SHOW, _CHANGE_TERM, _MOVE, _REPAIR, _CLOCK, _NOTE, _FAIRNESS)


def term_routes(people: People, lessons: Lessons, clock: Clock) -> tuple[tuple[Operation, Action, Bound], ...]:
    term = TermApi(lessons=lessons, clock=clock)
    return (
        (_SHOW, Action.LESSON_SEE, term.show),
        (_CHANGE_TERM, Action.LESSON_MOVE, term.change),
        (_MOVE, Action.LESSON_MOVE, term.move),
        (_REPAIR, Action.LESSON_MOVE, term.repair),
        (_CLOCK, Action.LESSON_MOVE, term.choose_clock),
        (_NOTE, Action.LESSON_MOVE, term.put_note),
        (_FAIRNESS, Action.SCHOOL_FAIRNESS_SEE, FairnessApi(people=people, lessons=lessons).show),
    )
