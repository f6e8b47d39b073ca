"""Lessons for programs: the same services and the same rights as the pages, for signed-in adults."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel

from server.access import Action, Adult, Subject, add_route, authorise
from server.api.operation import Operation
from server.api.others import CLASSROOM, DEMO
from server.api.reading import adult_of, json_answer, read_json
from server.api.scheduling_routes import OPERATIONS as SCHEDULING
from server.api.showing import attendance_out, both, lesson_out, names_of
from server.api.wire import (
    AttendanceOut,
    ChangeIn,
    LessonOut,
    LessonsOut,
    MeOut,
    MoveIn,
    ProposalIn,
    ReasonIn,
    ReportIn,
    SubstituteIn,
)
from server.errors import ErrorCode, NotFound
from server.ids import AccountId, ClassGroupId, LessonId
from server.lessons import Lesson, Lessons, Proposal, facts_of
from server.pair import LocalizedText
from server.people import People, Role

C = TypeVar("C", bound=ChangeIn)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Do = Callable[["LessonApi", Lesson, Adult, C], Awaitable[Lesson]]
_PROBLEMS = (400, 401, 403, 404, 409)


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonApi:
    people: People
    lessons: Lessons

    def add_to(self, app: web.Application) -> None:
        for operation, action, handler in self._routes():
            add_route(app, operation.method, operation.path, handler, action)

    @staticmethod
    def operations(*, with_demo: bool = True) -> tuple[Operation, ...]:
        """Of the whole of /api/v1 but the document itself."""
        own = tuple(operation for operation, _, _ in _OWN) + tuple(operation for operation, _, _, _ in CHANGES)
        return (*own, *SCHEDULING, *CLASSROOM, *(DEMO if with_demo else ()))

    def _routes(self) -> list[tuple[Operation, Action, Handler]]:
        own = [(operation, action, self._bound(ask)) for operation, action, ask in _OWN]
        return own + [(operation, action, self._change(action, sent, do)) for operation, action, sent, do in CHANGES]

    def _bound(self, ask: Callable[[LessonApi, web.Request], Awaitable[web.Response]]) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            return await ask(self, request)

        return handle

    def _change(self, action: Action, sent: type[C], do: Do[C]) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            lesson, viewer = await self._lesson(request, action)
            changed = await do(self, lesson, viewer, await read_json(request, sent))
            return await self._answer(changed)

        return handle

    async def _lesson(self, request: web.Request, action: Action) -> tuple[Lesson, Adult]:
        """Raises what `authorise` raises; a lesson that is not there is as one that is not theirs."""
        viewer = adult_of(request)
        lesson = await self.lessons.lessons.find(LessonId(request.match_info["id"]))
        if lesson is None:
            raise NotFound(ErrorCode.NOT_FOUND, "lesson")
        account = viewer.account
        side = lesson.side_of_adult(account.id)
        if side is None and Role.COORDINATOR in account.roles:
            side = lesson.side_of_school(account.school_id)
        authorise(viewer, action, Subject(lesson=facts_of(lesson), side=side.key if side else None))
        return lesson, viewer

    async def _answer(self, lesson: Lesson, status: int = 200) -> web.Response:
        return json_answer(lesson_out(lesson, await names_of(self.people, [lesson])), status)

    async def show_me(self, request: web.Request) -> web.Response:
        viewer = adult_of(request)
        authorise(viewer, Action.ACCOUNT_SEE_OWN)
        account = viewer.account
        return json_answer(
            MeOut(
                id=account.id,
                name=both(account.name),
                roles=sorted(account.roles),
                school_id=account.school_id,
                is_verified=account.is_verified,
                csrf=viewer.csrf,
            )
        )

    async def show_all(self, request: web.Request) -> web.Response:
        viewer = adult_of(request)
        authorise(viewer, Action.LESSON_LIST)
        account, service = viewer.account, self.lessons.lessons
        if Role.COORDINATOR in account.roles and account.is_verified and account.school_id is not None:
            found = await service.of_school(account.school_id)
        else:
            found = await service.of_account(account.id)
        names = await names_of(self.people, found)
        return json_answer(LessonsOut(lessons=[lesson_out(lesson, names) for lesson in found]))

    async def show_one(self, request: web.Request) -> web.Response:
        lesson, _ = await self._lesson(request, Action.LESSON_SEE)
        return await self._answer(lesson)

    async def show_attendance(self, request: web.Request) -> web.Response:
        lesson, _ = await self._lesson(request, Action.ATTENDANCE_SEE)
        sheet = await self.lessons.attendance.sheet(lesson.id, by=adult_of(request).account.id)
        return json_answer(attendance_out(sheet, await names_of(self.people, [sheet.lesson])))

    async def propose(self, request: web.Request) -> web.Response:
        viewer = adult_of(request)
        school_id = viewer.account.school_id
        authorise(viewer, Action.LESSON_PROPOSE, Subject(school_id=school_id) if school_id else Subject())
        asked = await read_json(request, ProposalIn)
        lesson = await self.lessons.lessons.propose(
            Proposal(
                title=LocalizedText(asked.title.en, asked.title.zh),
                class_groups=(ClassGroupId(asked.class_group_id), ClassGroupId(asked.partner_class_group_id)),
                leads=(AccountId(asked.lead or viewer.account.id), AccountId(asked.partner_lead)),
                anchor="a" if asked.anchor == "own" else "b",
                date=asked.date,
                start=asked.start,
                minutes=asked.minutes,
                adults_needed=asked.adults_needed,
            ),
            by=viewer.account.id,
        )
        return await self._answer(lesson, 201)

    async def confirm(self, lesson: Lesson, viewer: Adult, sent: ChangeIn) -> Lesson:
        return await self.lessons.lessons.confirm(lesson.id, by=viewer.account.id, version=sent.version)

    async def decline(self, lesson: Lesson, viewer: Adult, sent: ReasonIn) -> Lesson:
        return await self.lessons.lessons.decline(lesson.id, sent.reason, by=viewer.account.id, version=sent.version)

    async def cancel(self, lesson: Lesson, viewer: Adult, sent: ReasonIn) -> Lesson:
        return await self.lessons.lessons.cancel(lesson.id, sent.reason, by=viewer.account.id, version=sent.version)

    async def move(self, lesson: Lesson, viewer: Adult, sent: MoveIn) -> Lesson:
        return await self.lessons.lessons.move(
            lesson.id,
            date=sent.date,
            start=sent.start,
            minutes=sent.minutes,
            anchor=sent.anchor,
            by=viewer.account.id,
            version=sent.version,
        )

    async def check_consent(self, lesson: Lesson, viewer: Adult, sent: ChangeIn) -> Lesson:
        return await self.lessons.lessons.check_consent(lesson.id, by=viewer.account.id, version=sent.version)

    async def name_substitute(self, lesson: Lesson, viewer: Adult, sent: SubstituteIn) -> Lesson:
        named = AccountId(sent.account_id) if sent.account_id is not None else None
        return await self.lessons.lessons.name_substitute(lesson.id, named, by=viewer.account.id, version=sent.version)

    async def open_lobby(self, lesson: Lesson, viewer: Adult, sent: ChangeIn) -> Lesson:
        return await self.lessons.lessons.open_lobby(lesson.id, by=viewer.account.id, version=sent.version)

    async def start(self, lesson: Lesson, viewer: Adult, sent: ChangeIn) -> Lesson:
        return await self.lessons.lessons.start(lesson.id, by=viewer.account.id, version=sent.version)

    async def end(self, lesson: Lesson, viewer: Adult, sent: ChangeIn) -> Lesson:
        return await self.lessons.lessons.end(lesson.id, by=viewer.account.id, version=sent.version)

    async def sign_attendance(self, lesson: Lesson, viewer: Adult, sent: ChangeIn) -> Lesson:
        await self.lessons.attendance.sign(lesson.id, by=viewer.account.id, version=sent.version)
        return await self.lessons.lessons.get(lesson.id)

    async def report(self, lesson: Lesson, viewer: Adult, sent: ReportIn) -> Lesson:
        return await self.lessons.lessons.report(lesson.id, sent.text, by=viewer.account.id, version=sent.version)


def _get(path: str, name: str, summary: str, answered: type[BaseModel], problems: tuple[int, ...]) -> Operation:
    return Operation(
        method="GET", path=path, name=name, summary=summary, tag="lessons", answered=answered, problems=problems
    )


_ALL, _ONE = "/api/v1/lessons", "/api/v1/lessons/{id}"
_OWN: tuple[tuple[Operation, Action, Callable[[LessonApi, web.Request], Awaitable[web.Response]]], ...] = (
    (
        _get("/api/v1/me", "me", "Who is signed in, and the word for X-CSRF-Token", MeOut, (401,)),
        Action.ACCOUNT_SEE_OWN,
        LessonApi.show_me,
    ),
    (
        _get(_ALL, "list_lessons", "Mine, by their start; of a coordinator the school's", LessonsOut, (401,)),
        Action.LESSON_LIST,
        LessonApi.show_all,
    ),
    (
        Operation(
            method="POST",
            path=_ALL,
            name="propose_lesson",
            summary="Propose a lesson; the own side stands by it, the other is told",
            tag="lessons",
            sent=ProposalIn,
            answered=LessonOut,
            status=201,
            problems=_PROBLEMS,
        ),
        Action.LESSON_PROPOSE,
        LessonApi.propose,
    ),
    (_get(_ONE, "find_lesson", "One lesson", LessonOut, (401, 403, 404)), Action.LESSON_SEE, LessonApi.show_one),
    (
        _get(f"{_ONE}/attendance", "attendance", "Who was there, and when", AttendanceOut, (401, 403, 404, 409)),
        Action.ATTENDANCE_SEE,
        LessonApi.show_attendance,
    ),
)


def _changing(
    verb: str, summary: str, sent: type[C], action: Action, do: Do[C]
) -> tuple[Operation, Action, type[C], Do[C]]:
    operation = Operation(
        method="POST",
        path=f"{_ONE}/{verb}",
        name=f"{verb.replace('-', '_')}_lesson",
        summary=summary,
        tag="lessons",
        sent=sent,
        answered=LessonOut,
        problems=_PROBLEMS,
    )
    return operation, action, sent, do


CHANGES: tuple[tuple[Operation, Action, type[Any], Do[Any]], ...] = (
    _changing("confirm", "Say yes for the own side", ChangeIn, Action.LESSON_CONFIRM, LessonApi.confirm),
    _changing("decline", "Say no for the own side", ReasonIn, Action.LESSON_DECLINE, LessonApi.decline),
    _changing("move", "To another hour, which the other side must confirm", MoveIn, Action.LESSON_MOVE, LessonApi.move),
    _changing("cancel", "Call it off", ReasonIn, Action.LESSON_CANCEL, LessonApi.cancel),
    _changing(
        "check-consent",
        "Ready when both schools' authorisations exist",
        ChangeIn,
        Action.LESSON_CHECK_CONSENT,
        LessonApi.check_consent,
    ),
    _changing(
        "substitute", "Name one, until the end", SubstituteIn, Action.LESSON_NAME_SUBSTITUTE, LessonApi.name_substitute
    ),
    _changing("open-lobby", "From 30 minutes before", ChangeIn, Action.LESSON_OPEN_LOBBY, LessonApi.open_lobby),
    _changing("start", "Also before the planned time", ChangeIn, Action.LESSON_START, LessonApi.start),
    _changing("end", "For everybody", ChangeIn, Action.LESSON_END, LessonApi.end),
    _changing("sign-attendance", "For the own side", ChangeIn, Action.ATTENDANCE_SIGN, LessonApi.sign_attendance),
    _changing("report", "When both sides have signed", ReportIn, Action.LESSON_REPORT, LessonApi.report),
)
