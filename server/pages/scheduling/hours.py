"""The page of "find an hour" (GET /hours): reads the question, asks `find_hour`, draws the answer. Changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from aiohttp import web

from server.access import Action, Adult, authorise, viewer_of
from server.ids import ClassGroupId
from server.lessons import ClassHours, ClassName
from server.pages import wall
from server.pages.scheduling.chip import Chips
from server.pages.scheduling.context import SCHEDULING, SchedulingPages
from server.pages.scheduling.find_hour import MOST_WEEKS, TIER_NAMES, TIERS, HourQuestion, find
from server.pages.scheduling.hours_drawing import Cards, Weeks, choices
from server.pages.staff import staff_page


async def show_hours(request: web.Request) -> web.Response:
    viewer = viewer_of(request)
    authorise(viewer, Action.HOURS_FIND)
    pages = request.app[SCHEDULING]
    school = viewer.account.school_id if isinstance(viewer, Adult) else None
    classes = await pages.classes.names()
    own = [one for one in classes if one.school_id == school]
    question = HourQuestion.read(request.query)
    if not question.a and own:
        question = question.model_copy(update={"a": own[0].class_group_id})
    return await staff_page(
        request,
        "find_hour.html",
        nav="lessons",
        question=question,
        own=own,
        classes=classes,
        partners=[one for one in classes if one.school_id != school],
        found=await find(question, await _chosen(pages, question, classes), pages.clock.now()),
        most_weeks=MOST_WEEKS,
        tiers=TIERS,
        tier_names=TIER_NAMES,
        lang_of=wall.lang_of,
        wall_day=partial(wall.day_text, year=True),
        chips_of=Chips,
        cards_of=Cards,
        weeks_of=Weeks,
        choices_of=choices,
    )


async def _chosen(
    pages: SchedulingPages, question: HourQuestion, classes: Sequence[ClassName]
) -> dict[str, ClassHours]:
    """What is known of the two classes of the question; nothing while one of them is none of the choices."""
    wanted = {one.class_group_id for one in classes} & {ClassGroupId(question.a), ClassGroupId(question.b)}
    return {} if len(wanted) != 2 else {str(one): known for one, known in (await pages.classes.hours(wanted)).items()}
