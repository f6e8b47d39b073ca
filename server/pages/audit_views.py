"""The audit log as a page (C20): for the administrator all of it, for a coordinator that of the own school."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from aiohttp import web

from server.access import Action, Adult, Subject, add_route, authorise, may
from server.ids import AccountId, ClassGroupId, SchoolId
from server.pages.audit_words import SUBJECTS, detail_text, words_of
from server.pages.forms import fresh
from server.pages.people_context import moment_text, people_of, signed_in
from server.pages.staff import staff_page
from server.pair import LocalizedText
from server.people import AuditEntry, AuditFilter, People, School

PAGE_SIZE = 50
SYSTEM = LocalizedText("the system", "系統")
UNKNOWN = LocalizedText("—", "—")
# 2^63 - 1, where the numbers of both databases end.
_LARGEST_SEQ = 9_223_372_036_854_775_807

Shown = str | LocalizedText


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """An entry in words. `who` and `subject`: a name where there is one, else the id."""

    at: str
    at_iso: str
    what: LocalizedText
    action: str
    who: Shown
    subject: Shown
    school: LocalizedText | None
    detail: LocalizedText


def add_audit(app: web.Application) -> None:
    add_route(app, "GET", "/audit", show_audit, Action.AUDIT_SEE)


async def show_audit(request: web.Request) -> web.Response:
    adult, people = signed_in(request), people_of(request)
    is_all = may(adult, Action.AUDIT_SEE)
    wanted_school = SchoolId(request.query.get("school", "")[:64]) or (None if is_all else adult.account.school_id)
    authorise(adult, Action.AUDIT_SEE, Subject(school_id=wanted_school))
    schools = {school.id: school for school in await people.schools.list()}
    about = request.query.get("about", "")
    actor = AccountId(request.query.get("actor", "")[:64])
    before = _seq(request.query.get("before", ""))
    page = await people.audit.read(
        AuditFilter(
            school_id=wanted_school,
            actor=actor or None,
            action_prefix=about if about in SUBJECTS else "",
            before_seq=before,
        ),
        limit=PAGE_SIZE,
    )
    chosen = {name: value for name, value in request.query.items() if name in ("school", "about", "actor") and value}
    own = schools.get(adult.account.school_id) if adult.account.school_id else None
    older = {**chosen, "before": page.next_before_seq} if page.next_before_seq is not None else None
    return await staff_page(
        request,
        "audit.html",
        where=own.place if own is not None else "UTC",
        rows=await _rows(people, page.entries, schools, own),
        form=fresh(**dict(chosen)),
        schools=[(one.id, one.name) for one in schools.values()] if is_all else (),
        subjects=list(SUBJECTS.items()),
        actors=await _actors(adult, people, wanted_school),
        is_filtered=bool(chosen),
        newest_path=_path(chosen) if before is not None else None,
        older_path=_path(older) if older is not None else None,
    )


def _path(query: Mapping[str, object]) -> str:
    return f"/audit?{urlencode(query)}" if query else "/audit"


def _seq(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= _LARGEST_SEQ else None


async def _actors(adult: Adult, people: People, school_id: SchoolId | None) -> list[tuple[AccountId, LocalizedText]]:
    accounts = [*(await people.accounts.of_school(school_id) if school_id else ())]
    if may(adult, Action.ADMINISTRATOR_LIST):
        accounts += await people.accounts.administrators()
    return [(one.id, one.name) for one in {one.id: one for one in accounts}.values()]


async def _rows(
    people: People, entries: Iterable[AuditEntry], schools: Mapping[SchoolId, School], own: School | None
) -> list[AuditRow]:
    entries = list(entries)
    ids = {one.actor for one in entries} | {one.subject for one in entries}
    accounts = await people.accounts.find_many({AccountId(one) for one in ids})
    groups = await people.class_groups.find_many({ClassGroupId(one.subject) for one in entries})
    names: dict[str, LocalizedText] = {
        **{key: school.name for key, school in schools.items()},
        **{key: account.name for key, account in accounts.items()},
        **{key: group.name for key, group in groups.items()},
        "system": SYSTEM,
    }
    return [_row(entry, names, schools, own) for entry in entries]


def _row(
    entry: AuditEntry, names: Mapping[str, LocalizedText], schools: Mapping[SchoolId, School], own: School | None
) -> AuditRow:
    school = schools.get(entry.school_id) if entry.school_id else None
    return AuditRow(
        at=moment_text(entry.at, own),
        at_iso=entry.at.isoformat(),
        what=words_of(entry.action),
        action=entry.action,
        who=names.get(entry.actor, entry.actor),
        subject=names.get(entry.subject, entry.subject),
        school=school.name if school is not None and entry.subject != school.id else None,
        detail=detail_text(entry.detail),
    )
