"""From an hour to a term (/series/new): planned on both walls, exceptions with replacements, proposed in one go."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web
from pydantic import ValidationError

from server.access import Action, Adult, Subject, authorise, viewer_of
from server.errors import ErrorCode, NotFound, Unauthorized
from server.ids import AccountId, ClassGroupId
from server.lessons import Proposal
from server.pages import wall
from server.pages.flash import Flash
from server.pages.forms import CHOOSE, FILL_IN, Form, Name
from server.pages.lessons.one import may_lead
from server.pages.scheduling.context import SCHEDULING, SchedulingPages
from server.pages.scheduling.find_hour import TIER_NAMES
from server.pages.scheduling.plan import (
    LEAVE_OUT,
    NOT_PLANNABLE,
    NOTHING_CHOSEN,
    PLAN_CHANGED,
    Planned,
    SeriesQuestion,
    chosen_slots,
    key_of,
    plan_for,
    wall_start,
)
from server.pages.staff import FORM_REFUSED, go_to, staff_page
from server.pair import LocalizedText
from server.people import Account

NEW: Final = "/series/new"


class SeriesForm(Form):
    title_en: Name
    title_zh: Name
    partner_lead: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    pages: SchedulingPages
    account: Account
    question: SeriesQuestion
    planned: Planned
    leads: tuple[Account, ...]


async def show_new_series(request: web.Request) -> web.Response:
    return await _page(request, await _ask(request, request.query))


async def post_series(request: web.Request) -> web.Response:
    values: dict[str, Any] = dict((await request.post()).items())
    asked = await _ask(request, values)
    if asked.planned.plan is None:
        return await _page(request, asked, values, NOT_PLANNABLE)
    try:
        form = SeriesForm.model_validate(values)
    except ValidationError:
        return await _page(request, asked, values, FILL_IN)
    if form.partner_lead not in {one.id for one in asked.leads}:
        return await _page(request, asked, values, CHOOSE)
    slots = chosen_slots(asked.planned.plan, values)
    if slots is None:
        return await _page(request, asked, values, PLAN_CHANGED)
    if not slots:
        return await _page(request, asked, values, NOTHING_CHOSEN)
    question = asked.question
    proposals = []
    for slot in slots:
        on, start = wall_start(slot, question.anchor)
        proposals.append(
            Proposal(
                title=LocalizedText(form.title_en, form.title_zh),
                class_groups=(asked.planned.a.class_group_id, asked.planned.b.class_group_id),
                leads=(asked.account.id, AccountId(form.partner_lead)),
                anchor=question.anchor,
                date=on,
                start=start,
                minutes=question.minutes,
            )
        )
    series, failed = await asked.pages.series.propose(
        proposals, anchor=question.anchor, every_weeks=question.every_weeks, by=asked.account.id
    )
    if series is None:
        text = failed[0].error.text
        return await _page(request, asked, values, LocalizedText(text.en, text.zh))
    flash = Flash.SERIES_PARTLY if failed else Flash.SERIES_PROPOSED
    return go_to(request, f"/series/{series.id}", flash, len(series.lessons))


async def _ask(request: web.Request, values: Mapping[str, object]) -> Asked:
    """The right first; then the hour, the two classes and the plan. Raises NotFound without a readable hour."""
    viewer = viewer_of(request)
    school_id = viewer.account.school_id if isinstance(viewer, Adult) else None
    authorise(viewer, Action.LESSON_PROPOSE, Subject(school_id=school_id) if school_id else Subject())
    if not isinstance(viewer, Adult):
        raise Unauthorized(ErrorCode.SIGN_IN_NEEDED, NEW)
    pages = request.app[SCHEDULING]
    question = SeriesQuestion.read(values)
    wanted = [ClassGroupId(question.group_a), ClassGroupId(question.group_b)] if question else []
    groups = await pages.people.class_groups.find_many(wanted)
    a, b = (groups.get(one) for one in wanted) if question else (None, None)
    if question is None or a is None or b is None or a.school_id != school_id or b.school_id == school_id:
        raise NotFound(ErrorCode.NOT_FOUND, "the hour or the classes of a series")
    everybody = await pages.people.accounts.of_school(b.school_id)
    leads = tuple(one for one in everybody if may_lead(one))
    hours = await pages.classes.hours(wanted, leads=_leads(wanted, viewer.account, leads, values))
    if not hours.keys() >= set(wanted):
        raise NotFound(ErrorCode.NOT_FOUND, "a class that is archived")
    planned = await asyncio.to_thread(plan_for, question, hours[wanted[0]], hours[wanted[1]])
    return Asked(pages=pages, account=viewer.account, question=question, planned=planned, leads=leads)


def _leads(
    wanted: Sequence[ClassGroupId], own: Account, others: Sequence[Account], values: Mapping[str, object]
) -> dict[ClassGroupId, AccountId]:
    """Whose agreed lessons are in the way: the form's choice on the other side, else the one that it suggests."""
    chosen = next((one for one in others if one.id == values.get("partner_lead")), next(iter(others), None))
    found = {wanted[0]: own.id}
    if chosen is not None:
        found[wanted[1]] = chosen.id
    return found


async def _page(
    request: web.Request,
    asked: Asked,
    values: Mapping[str, object] | None = None,
    problem: LocalizedText | None = None,
) -> web.Response:
    return await staff_page(
        request,
        "scheduling/series_new.html",
        status=FORM_REFUSED if problem else 200,
        here=NEW,
        nav="lessons",
        question=asked.question,
        planned=asked.planned,
        not_plannable=NOT_PLANNABLE,
        leads=asked.leads,
        typed=values or {},
        problem=problem,
        key_of=key_of,
        leave_out=LEAVE_OUT,
        tier_names=TIER_NAMES,
        wall_text=wall.wall_text,
        lang_of=wall.lang_of,
    )
