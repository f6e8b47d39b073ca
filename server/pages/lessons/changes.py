"""What the buttons of a lesson's page do. Each asks for its right, calls the service and leads back to the page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Final, TypeVar

from aiohttp import web
from pydantic import StringConstraints

from server.access import Action
from server.errors import TongchuangError
from server.ids import AccountId
from server.lessons import Lesson, LessonService, Mode
from server.pages.flash import Flash
from server.pages.forms import Filled, Text, read_form
from server.pages.lessons.context import Handler
from server.pages.lessons.one import lesson_page, refused_lesson
from server.pages.lessons.reading import Asked, Versioned, ask
from server.pages.staff import go_to
from server.pair import LocalizedText

# A reason in one or two sentences; the service takes no more either.
MAX_REASON: Final = 500
_DECLINED_WITHOUT_REASON: Final = LocalizedText(
    "This hour does not work for us.", "這個時間我們不方便。"
).both  # fmt: skip

F = TypeVar("F", bound=Versioned)
Do = Callable[[LessonService, Asked, F], Awaitable[Lesson]]


class ReasonForm(Versioned):
    reason: Annotated[str, StringConstraints(max_length=MAX_REASON)] = ""


class CancelForm(Versioned):
    reason: Annotated[Text, StringConstraints(max_length=MAX_REASON)]


class ReportForm(Versioned):
    report: Text


class SubstituteForm(Versioned):
    substitute: str = ""


class CoTeachersForm(Versioned):
    co_teachers: tuple[str, ...] = ()


class LeadForm(Versioned):
    lead: str


class ModeForm(Versioned):
    mode: Mode


def change(
    action: Action, form: type[F], do: Do[F], flash: Flash, *, shown_as: str = "problem_form", prefix: str = "",
    then: str = "",
) -> tuple[Handler, Action]:  # fmt: skip
    """A handler. `shown_as`: the template's name of the form, for its errors. `then`: a path below the lesson."""

    async def handle(request: web.Request) -> web.Response:
        asked = await ask(request, action)
        filled: Filled[F] = await read_form(request, form, prefix)
        if filled.parsed is None:
            return await lesson_page(request, asked, forms={shown_as: filled})
        try:
            await do(asked.pages.lessons.lessons, asked, filled.parsed)
        except TongchuangError as error:
            if error.status not in (400, 403, 409):
                raise
            return await refused_lesson(request, asked, error)
        # The room has its own words; a flash would wait there for the next page.
        return go_to(request, asked.path + then, None if then else flash)

    return handle, action


async def _confirm(lessons: LessonService, asked: Asked, form: Versioned) -> Lesson:
    return await lessons.confirm(asked.lesson.id, by=asked.account.id, version=form.version)


async def _decline(lessons: LessonService, asked: Asked, form: ReasonForm) -> Lesson:
    reason = form.reason or _DECLINED_WITHOUT_REASON
    return await lessons.decline(asked.lesson.id, reason, by=asked.account.id, version=form.version)


async def _cancel(lessons: LessonService, asked: Asked, form: CancelForm) -> Lesson:
    return await lessons.cancel(asked.lesson.id, form.reason, by=asked.account.id, version=form.version)


async def _check_consent(lessons: LessonService, asked: Asked, form: Versioned) -> Lesson:
    return await lessons.check_consent(asked.lesson.id, by=asked.account.id, version=form.version)


async def _open_lobby(lessons: LessonService, asked: Asked, form: Versioned) -> Lesson:
    return await lessons.open_lobby(asked.lesson.id, by=asked.account.id, version=form.version)


async def _name_substitute(lessons: LessonService, asked: Asked, form: SubstituteForm) -> Lesson:
    named = AccountId(form.substitute) if form.substitute else None
    if asked.side is not None and asked.side.substitute == named:
        return asked.lesson
    return await lessons.name_substitute(asked.lesson.id, named, by=asked.account.id, version=form.version)


async def _change_co_teachers(lessons: LessonService, asked: Asked, form: CoTeachersForm) -> Lesson:
    """One change after the other: the first one carries the version that the page showed."""
    lesson, version = asked.lesson, form.version
    before = set(asked.side.co_teachers) if asked.side else set()
    wanted = {AccountId(one) for one in form.co_teachers}
    for gone in sorted(before - wanted):
        lesson = await lessons.remove_co_teacher(lesson.id, gone, by=asked.account.id, version=version)
        version = lesson.version
    for come in sorted(wanted - before):
        lesson = await lessons.add_co_teacher(lesson.id, come, by=asked.account.id, version=version)
        version = lesson.version
    return lesson


async def _hand_over(lessons: LessonService, asked: Asked, form: LeadForm) -> Lesson:
    return await lessons.hand_over_lead(
        asked.lesson.id, AccountId(form.lead), by=asked.account.id, version=form.version
    )


async def _set_mode(lessons: LessonService, asked: Asked, form: ModeForm) -> Lesson:
    assert asked.side is not None  # the right is that of a side
    return await lessons.set_mode(asked.lesson.id, asked.side.key, form.mode, by=asked.account.id, version=form.version)


async def _report(lessons: LessonService, asked: Asked, form: ReportForm) -> Lesson:
    return await lessons.report(asked.lesson.id, form.report, by=asked.account.id, version=form.version)


# verb of the address → what it does
CHANGES: Final[dict[str, tuple[Handler, Action]]] = {
    "confirm": change(Action.LESSON_CONFIRM, Versioned, _confirm, Flash.LESSON_CONFIRMED),
    "decline": change(
        Action.LESSON_DECLINE, ReasonForm, _decline, Flash.LESSON_DECLINED, shown_as="reason_form", prefix="decline-"
    ),
    "cancel": change(
        Action.LESSON_CANCEL, CancelForm, _cancel, Flash.LESSON_CANCELLED, shown_as="cancel_form", prefix="cancel-"
    ),
    "consent": change(Action.LESSON_CHECK_CONSENT, Versioned, _check_consent, Flash.CONSENT_FOUND),
    # Straight into the room: a lobby that nobody watches is no place for pupils.
    "lobby": change(Action.LESSON_OPEN_LOBBY, Versioned, _open_lobby, Flash.LOBBY_OPENED, then="/room"),
    "substitute": change(
        Action.LESSON_NAME_SUBSTITUTE, SubstituteForm, _name_substitute, Flash.SAVED, shown_as="staff_form"
    ),
    "co-teachers": change(Action.LESSON_CHANGE_CO_TEACHERS, CoTeachersForm, _change_co_teachers, Flash.SAVED),
    "lead": change(Action.LESSON_HAND_OVER, LeadForm, _hand_over, Flash.LEAD_HANDED_OVER, shown_as="staff_form"),
    "mode": change(Action.LESSON_SET_MODE, ModeForm, _set_mode, Flash.SAVED),
    "report": change(
        Action.LESSON_REPORT, ReportForm, _report, Flash.REPORT_SAVED, shown_as="report_form", prefix="report-"
    ),
}
