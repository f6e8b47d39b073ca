"""Changing a term: one lesson, it and all after it, or all; looked at on both walls before one letter asks the other
side. And the choice of whose wall time stays at a clock change."""

from __future__ import annotations

import asyncio
from datetime import time
from typing import Annotated, Final

from aiohttp import web
from pydantic import BeforeValidator, Field, ValidationError

from server.access import Action, authorise, viewer_of
from server.errors import InvalidInput, TongchuangError
from server.lessons import Scope, change_scope, seen_of, start_on
from server.pages import wall
from server.pages.flash import Flash
from server.pages.forms import FILL_IN, Form, empty_is_none
from server.pages.scheduling.find_hour import TIER_NAMES
from server.pages.scheduling.plan import start_of_key
from server.pages.scheduling.term import STAY, UNREADABLE, adult, ask, changes_of, refuse, subject_for, term_page
from server.pages.staff import go_to, staff_page
from server.pair import LocalizedText

SCOPES: Final[dict[Scope, LocalizedText]] = {
    "one": LocalizedText("Only this lesson", "只改這一堂"),
    "following": LocalizedText("This lesson and all after it", "這一堂與之後的所有課堂"),
    "all": LocalizedText("All lessons still to come", "所有尚未上的課堂"),
}
_BEFORE_ONE_THAT_STAYS: Final = LocalizedText(
    "The new hour lies before a lesson that stays.", "新的時間早於前一堂不變動的課。"
)


class ChangeForm(Form):
    """`weekday`: on the asker's own wall, in the week in which the lesson is; None leaves the day."""

    lesson: int = Field(ge=1)
    scope: Scope = "one"
    weekday: Annotated[int | None, BeforeValidator(empty_is_none)] = Field(None, ge=0, le=6)
    start: time


async def show_change(request: web.Request) -> web.Response:
    """What the change would do; nothing happens yet."""
    asked = await ask(request, Action.LESSON_MOVE)
    left = asked.coming()
    if not request.query or not left:
        return go_to(request, asked.path)
    try:
        form = ChangeForm.model_validate(dict(request.query))
    except ValidationError:
        return await term_page(request, asked, FILL_IN)
    term = await asked.pages.terms.plan(asked.view)
    if term is None or form.lesson not in left:
        return await term_page(request, asked, FILL_IN)
    start_at = start_on(left[form.lesson], asked.own, form.weekday, form.start)
    try:
        change = await asyncio.to_thread(change_scope, term, left, form.lesson, start_at, form.scope)
    except InvalidInput:
        return await term_page(request, asked, _BEFORE_ONE_THAT_STAYS)
    moving = changes_of(asked, term, change)
    touched = {one.number for one in moving}
    return await staff_page(
        request,
        "scheduling/term_change.html",
        nav="lessons",
        path=asked.path,
        title=asked.first.title,
        halves=asked.halves,
        scope_text=SCOPES[form.scope],
        anchor=asked.halves[0 if asked.view.series.anchor == "a" else 1][0],
        moving=moving,
        staying=len(left) - len(touched),
        movable=sum(one.to is not None for one in moving),
        seen=seen_of(asked.view.lessons),
        stay=STAY,
        tier_names=TIER_NAMES,
        lang_of=wall.lang_of,
    )


async def post_clock(request: web.Request) -> web.Response:
    """Whose wall time stays; the lessons for which this is another hour are proposed anew, with one letter."""
    asked = await ask(request, Action.LESSON_MOVE)
    values = await request.post()
    changes_at, side = start_of_key(str(values.get("changes_at", ""))), values.get("anchor")
    if changes_at is None or side not in ("a", "b"):
        return await term_page(request, asked, UNREADABLE)
    for lesson in asked.coming().values():
        if lesson.starts_at > changes_at:
            authorise(viewer_of(request), Action.LESSON_MOVE, subject_for(adult(asked), lesson))
    try:
        done, failed = await asked.pages.terms.choose_clock(
            asked.view,
            changes_at,
            "a" if side == "a" else "b",
            by=adult(asked).account.id,
            seen=str(values.get("seen", "")),
        )
    except TongchuangError as error:
        return await refuse(request, asked, error)
    if failed:
        return go_to(request, asked.path, Flash.SERIES_PARTLY_MOVED, done)
    return go_to(request, asked.path, Flash.CLOCK_CHOSEN_MOVED if done else Flash.CLOCK_CHOSEN, done)
