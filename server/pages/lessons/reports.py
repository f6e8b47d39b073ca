"""/lessons/{id}/reports: what pupils and teachers called for help about, with what was to be seen then (C18).

For both leads and the coordinators of both schools; every look is written down (C20).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from server.access import Action
from server.pages.lessons.context import RaisedReport
from server.pages.lessons.directory import directory_of
from server.pages.lessons.moments import moment
from server.pages.lessons.reading import Asked, ask
from server.pages.staff import staff_page
from server.pair import LocalizedText

NOBODY_NAMED = LocalizedText("somebody who was not shown", "未顯示的成員")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    who: LocalizedText
    text: str
    is_meant: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One report: who called, about whom or what, and what the caller saw."""

    when: str
    reporter: LocalizedText
    about: LocalizedText | None
    text: str
    chat: tuple[Said, ...]
    people: tuple[LocalizedText, ...]
    media: tuple[tuple[LocalizedText, str], ...]


async def show_reports(request: web.Request) -> web.Response:
    asked = await ask(request, Action.REPORTS_READ)
    reports = await asked.pages.read_reports(asked.lesson.id)
    own = asked.side or asked.lesson.sides[0]
    directory = await directory_of(asked.pages.people, [asked.lesson])
    school = directory.schools.get(own.school_id)
    names = await _names(asked, reports)
    await asked.pages.people.audit.write(
        "report.read", asked.lesson.id, by=asked.account.id, lesson_id=asked.lesson.id, detail={"reports": len(reports)}
    )
    return await staff_page(
        request,
        "lessons/reports.html",
        nav="lessons",
        lesson_id=asked.lesson.id,
        title=asked.lesson.title,
        lines=[
            _line(one, names, moment(one.at, school.side, own.zone) if school else one.at.isoformat())
            for one in reports
        ],
    )


async def _names(asked: Asked, reports: Sequence[RaisedReport]) -> dict[str, LocalizedText]:
    """Of everybody in the snapshots, and of the adults of the lesson."""
    accounts = await asked.pages.people.accounts.find_many(asked.lesson.adults)
    names = {f"adult-{account.id}": account.name for account in accounts.values()}
    for report in reports:
        for one in report.snapshot.get("people", ()):
            names.setdefault(str(one.get("person")), _name(one.get("name")))
    return names


def _name(value: object) -> LocalizedText:
    if isinstance(value, Mapping):
        return LocalizedText(str(value.get("en", "")), str(value.get("zh-Hant-TW", "")))
    return LocalizedText(str(value or ""), str(value or ""))


def _line(report: RaisedReport, names: Mapping[str, LocalizedText], when: str) -> Line:
    chat: Sequence[Mapping[str, Any]] = report.snapshot.get("chat", ())
    meant = next((one for one in chat if str(one.get("message")) == report.about), None)
    return Line(
        when=when,
        reporter=names.get(report.reporter, NOBODY_NAMED),
        about=names.get(report.about, NOBODY_NAMED) if report.about and meant is None else None,
        text=report.text,
        chat=tuple(
            Said(
                who=names.get(str(one.get("from")), NOBODY_NAMED), text=str(one.get("text", "")), is_meant=one is meant
            )
            for one in chat
        ),
        people=tuple(names.get(str(one.get("person")), NOBODY_NAMED) for one in report.snapshot.get("people", ())),
        media=tuple(
            (names.get(str(one.get("person")), NOBODY_NAMED), ", ".join(map(str, one.get("tracks", ()))))
            for one in report.snapshot.get("media", ())
        ),
    )
