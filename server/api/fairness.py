"""The fairness ledger of a school for programs: as its page has it, with the hours that would even a pair."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from scheduler import EasierHour, slot_json
from server.access import Action, Subject, authorise
from server.api.reading import adult_of, json_answer
from server.api.scheduling_wire import SlotOut
from server.api.showing import both
from server.api.wire import Bilingual, Wire
from server.errors import ErrorCode, NotFound
from server.ids import SchoolId
from server.lessons import FairnessBooks, Lessons, PairBook, ledger_lines, ledger_names
from server.pair import LocalizedText
from server.people import People


class LedgerLineOut(Wire):
    """Minutes outside school hours, of lessons that took place and of those planned. `weighted_minutes`: by how hard
    the hour is; `best_possible`: the same of the best hours that the clocks allow."""

    name: Bilingual
    lessons: int
    burden_minutes: int
    weighted_minutes: int
    best_possible: int
    planned_lessons: int
    planned_burden_minutes: int


class EasierHourOut(Wire):
    """Weighted minutes a lesson that either side would give then."""

    a_pays: int
    b_pays: int
    slots: list[SlotOut]


class PairLedgerOut(Wire):
    """`a`, `b`: class groups; `a_paid`, `b_paid`: weighted minutes so far and planned. `easier`: weekly hours at which
    who has paid more pays less."""

    a: str
    b: str
    minutes: int
    lessons: int
    planned_lessons: int
    a_paid: int
    b_paid: int
    easier: list[EasierHourOut]


class FairnessOut(Wire):
    """Who gives most comes first."""

    school_id: str
    countries: list[LedgerLineOut]
    schools: list[LedgerLineOut]
    classes: list[LedgerLineOut]
    teachers: list[LedgerLineOut]
    pairs: list[PairLedgerOut]


@dataclass(frozen=True, slots=True, kw_only=True)
class FairnessApi:
    people: People
    lessons: Lessons

    async def show(self, request: web.Request) -> web.Response:
        viewer = adult_of(request)
        school_id = SchoolId(request.match_info["school"])
        authorise(viewer, Action.SCHOOL_FAIRNESS_SEE, Subject(school_id=school_id))
        if await self.people.schools.find(school_id) is None:
            raise NotFound(ErrorCode.NOT_FOUND, "school")
        books = await self.lessons.fairness.of_school(school_id)
        names = await ledger_names(self.people, books)

        def lines(kind: str) -> list[LedgerLineOut]:
            return _lines(kind, books, names, school_id)

        return json_answer(
            FairnessOut(
                school_id=school_id,
                countries=lines("countries"),
                schools=lines("schools"),
                classes=lines("classes"),
                teachers=lines("teachers"),
                pairs=[_pair(one) for one in books.pairs],
            )
        )


def _lines(kind: str, books: FairnessBooks, names: dict[str, LocalizedText], own: SchoolId) -> list[LedgerLineOut]:
    return [
        LedgerLineOut(
            name=both(line.name),
            lessons=line.held,
            burden_minutes=line.minutes,
            weighted_minutes=line.counted,
            best_possible=line.least,
            planned_lessons=line.planned,
            planned_burden_minutes=line.planned_minutes,
        )
        for line in ledger_lines(kind, books, names, own)
    ]


def _pair(pair: PairBook) -> PairLedgerOut:
    return PairLedgerOut(
        a=pair.groups[0],
        b=pair.groups[1],
        minutes=pair.minutes,
        lessons=pair.held,
        planned_lessons=pair.planned,
        a_paid=round(pair.paid[0]),
        b_paid=round(pair.paid[1]),
        easier=[_easier(one) for one in pair.easier],
    )


def _easier(hour: EasierHour) -> EasierHourOut:
    return EasierHourOut(
        a_pays=round(hour.a_pays),
        b_pays=round(hour.b_pays),
        slots=[SlotOut.model_validate(slot_json(slot)) for slot in hour.slots],
    )
