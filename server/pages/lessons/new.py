"""/lessons/new: first classes and hour, then both clocks and who leads, then it is sent. No script needed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any, Literal, Self
from urllib.parse import urlencode

from aiohttp import web
from pydantic import model_validator

from server.access import Action, Adult, Subject, authorise
from server.errors import TongchuangError
from server.ids import AccountId, ClassGroupId
from server.lessons import Proposal, load_zones
from server.pages.flash import Flash
from server.pages.form_parts import HalfName
from server.pages.forms import CHOOSE, Filled, fresh, problem, read_form
from server.pages.lessons.context import LESSON_PAGES, LessonPages
from server.pages.lessons.hour import ANCHOR_TEXT, HourForm, apart, places_json, walls_of, warnings_of
from server.pages.lessons.one import may_lead
from server.pages.lessons.reading import adult_viewer
from server.pages.staff import FORM_REFUSED, go_to, refused, staff_language, staff_page
from server.pair import LocalizedText
from server.people import Account, ClassGroup, School

PATH = "/lessons/new"
NOBODY_LEADS = LocalizedText(
    "This school has no verified teacher yet. Please choose another class, or ask the school to verify one.",
    "這所學校還沒有通過驗證的老師。請改選其他班級，或請該校先完成驗證。",
)
ONE_TITLE = LocalizedText("Please give a title in at least one language.", "請至少用一種語言填寫標題。")


class ProposalForm(HourForm):
    title_en: HalfName = ""
    title_zh: HalfName = ""
    adults_needed: Literal["1", "2"] = "1"
    lead: str = ""
    partner_lead: str = ""

    @model_validator(mode="after")
    def _has_a_title(self) -> Self:
        if not (self.title_en or self.title_zh):
            raise problem(ONE_TITLE, field="title_en")
        return self

    @property
    def title(self) -> LocalizedText:
        """One language is enough: it then stands for both."""
        return LocalizedText(self.title_en or self.title_zh, self.title_zh or self.title_en)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """The class groups that this person may bring together."""

    own: Sequence[tuple[School, ClassGroup]]
    partners: Sequence[tuple[School, Sequence[ClassGroup]]]

    def find(self, group_id: str) -> tuple[School, ClassGroup] | None:
        pairs = [*self.own, *((school, group) for school, groups in self.partners for group in groups)]
        return next((pair for pair in pairs if pair[1].id == group_id), None)

    @property
    def places(self) -> dict[str, School]:
        pairs = [*self.own, *((school, group) for school, groups in self.partners for group in groups)]
        return {group.id: school for school, group in pairs}


async def show_new(request: web.Request) -> web.Response:
    """`?group_a=&group_b=&date=&start=&zone=&minutes=` fills the form: so the hour finder proposes an hour."""
    pages, viewer = _ask(request)
    choices = await choices_of(pages, viewer.account)
    return await _page(request, pages, choices, _prefilled(request, choices))


async def post_new(request: web.Request) -> web.Response:
    pages, viewer = _ask(request)
    choices = await choices_of(pages, viewer.account)
    form = await read_form(request, ProposalForm)
    if form.parsed is None:
        return await _page(request, pages, choices, form)
    asked = form.parsed
    mine, partner = choices.find(asked.mine), choices.find(asked.partner)
    if mine is None or mine not in choices.own:
        return await _page(request, pages, choices, form.with_error("mine", CHOOSE))
    if partner is None or partner in choices.own:
        return await _page(request, pages, choices, form.with_error("partner", CHOOSE))
    if asked.step == "back":
        return await _page(request, pages, choices, form)
    try:
        return await _look_or_send(request, pages, viewer, form, mine, partner)
    except TongchuangError as error:
        if error.status not in (400, 403, 409):
            raise
        return await _page(request, pages, choices, form.with_problem(error))


async def _look_or_send(
    request: web.Request,
    pages: LessonPages,
    viewer: Adult,
    form: Filled[ProposalForm],
    mine: tuple[School, ClassGroup],
    partner: tuple[School, ClassGroup],
) -> web.Response:
    assert form.parsed is not None
    asked, account = form.parsed, viewer.account
    leads = await _leads(pages, partner[0])
    if not leads:
        return await _page(request, pages, await choices_of(pages, account), form.with_error("partner", NOBODY_LEADS))
    own = await _leads(pages, mine[0])
    if asked.step == "send":
        chosen = {one.id for one in (*leads, *own)}
        if asked.partner_lead in chosen:
            lesson = await pages.lessons.lessons.propose(_proposal(asked, account, own), by=account.id)
            return go_to(request, f"/lessons/{lesson.id}", Flash.LESSON_PROPOSED)
        form = form.with_error("partner_lead", CHOOSE)
    walls = walls_of(asked, mine, partner)
    language = staff_language(request)
    if len(leads) == 1:
        form = _with_value(form, "partner_lead", leads[0].id)
    return await staff_page(
        request,
        "lessons/look.html",
        status=FORM_REFUSED if form.has_problems else 200,
        here=PATH,
        form=form,
        back=_back(asked),
        title=asked.title,
        halves=walls,
        apart=apart(walls),
        warnings=warnings_of(walls),
        action=PATH,
        hidden=_hidden(asked),
        minutes=asked.minutes,
        leads=[(one.id, _said(one.name, language), None) for one in leads],
        my_leads=[(one.id, _said(one.name, language)) for one in _me_first(own, account)],
    )


def _proposal(asked: ProposalForm, account: Account, own: Sequence[Account]) -> Proposal:
    """Who proposes leads, unless they chose a colleague (a coordinator does)."""
    known = {one.id for one in own}
    lead = AccountId(asked.lead) if asked.lead in known else account.id
    return Proposal(
        title=asked.title,
        class_groups=(ClassGroupId(asked.mine), ClassGroupId(asked.partner)),
        leads=(lead, AccountId(asked.partner_lead)),
        anchor="a" if asked.anchor == "mine" else "b",
        date=asked.date,
        start=asked.start,
        minutes=asked.minutes,
        adults_needed=int(asked.adults_needed),
    )


def _ask(request: web.Request) -> tuple[LessonPages, Adult]:
    viewer = adult_viewer(request)
    school_id = viewer.account.school_id
    authorise(viewer, Action.LESSON_PROPOSE, Subject(school_id=school_id) if school_id else Subject())
    return request.app[LESSON_PAGES], viewer


async def choices_of(pages: LessonPages, account: Account) -> Choices:
    """Own class groups, and those of every school on the other side of the Pacific."""
    groups_of = pages.people.class_groups.of_school
    schools = [school for school in await pages.people.schools.list() if pages.is_demo or not school.is_demo]
    await asyncio.to_thread(load_zones, {school.zone for school in schools})
    own_school = next((school for school in schools if school.id == account.school_id), None)
    if own_school is None:
        return Choices(own=(), partners=())
    others = [school for school in schools if school.side is not own_school.side]
    partners = [(school, await groups_of(school.id)) for school in others]
    return Choices(
        own=[(own_school, group) for group in await groups_of(own_school.id)],
        partners=[(school, groups) for school, groups in partners if groups],
    )


async def _leads(pages: LessonPages, school: School) -> list[Account]:
    everybody = await pages.people.accounts.of_school(school.id)
    return [account for account in everybody if may_lead(account)]


def _me_first(accounts: Sequence[Account], me: Account) -> list[Account]:
    return sorted(accounts, key=lambda one: one.id != me.id)


async def _page(request: web.Request, pages: LessonPages, choices: Choices, form: Filled[Any]) -> web.Response:
    language = staff_language(request)
    values: dict[str, Any] = {
        "form": form,
        "my_groups": [(group.id, _said(group.name, language)) for _, group in choices.own],
        "partner_groups": [
            (
                f"{_said(school.name, language)} · {_said(school.place, language)}",
                [(group.id, f"{_said(group.name, language)} · {_said(school.name, language)}") for group in groups],
            )
            for school, groups in choices.partners
        ],
        "group_places": places_json(choices.places),
        "anchors": [(key, _said(words, language)) for key, words in ANCHOR_TEXT.items()],
        "first_day": pages.clock.now().date().isoformat(),
    }
    if form.has_problems:
        return await refused(request, "lessons/new.html", here=PATH, **values)
    return await staff_page(request, "lessons/new.html", here=PATH, **values)


def _said(text: LocalizedText, language: str) -> str:
    return text.en if language == "en" else text.zh


def _hidden(asked: ProposalForm) -> list[tuple[str, str]]:
    return [
        ("mine", asked.mine),
        ("partner", asked.partner),
        ("title_en", asked.title_en),
        ("title_zh", asked.title_zh),
        ("anchor", asked.anchor),
        ("date", asked.date.isoformat()),
        ("start", f"{asked.start:%H:%M}"),
        ("minutes", str(asked.minutes)),
        ("adults_needed", asked.adults_needed),
    ]


def _back(asked: ProposalForm) -> str:
    """The first step with what was typed, as a link."""
    names = {"mine": "group_a", "partner": "group_b"}
    return f"{PATH}?" + urlencode({names.get(name, name): value for name, value in _hidden(asked)})


def _with_value(form: Filled[ProposalForm], name: str, value: str) -> Filled[ProposalForm]:
    if form.value(name):
        return form
    return Filled(values={**form.values, name: (value,)}, errors=form.errors, problem=form.problem, parsed=form.parsed)


def _prefilled(request: web.Request, choices: Choices) -> Filled[Any]:
    """From the query; whatever cannot be used is left out."""
    query = request.query
    own_ids = [group.id for _, group in choices.own]
    a, b = query.get("group_a", ""), query.get("group_b", "")
    # The hour finder calls the first class a, whoever looks: mine may be either.
    mine, partner = (b, a) if b in own_ids and a not in own_ids else (a, b)
    anchor = query.get("anchor", "mine" if mine == a else "partner")
    return fresh(
        mine=mine if mine in own_ids else next(iter(own_ids), None),
        partner=partner or None,
        anchor=anchor if anchor in ANCHOR_TEXT else "mine",
        date=_iso(query.get("date"), date),
        start=_iso(query.get("start"), time),
        minutes=query.get("minutes") or "40",
        title_en=query.get("title_en"),
        title_zh=query.get("title_zh"),
        adults_needed=query.get("adults_needed", "1"),
    )


def _iso(text: str | None, kind: type[date] | type[time]) -> str | None:
    try:
        return None if text is None else kind.fromisoformat(text).isoformat()[: 10 if kind is date else 5]
    except ValueError:
        return None
