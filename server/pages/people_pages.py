"""All pages about people put on an application: sign-in, accounts, schools, classes, the audit log."""

from __future__ import annotations

from aiohttp import web

from server.ids import SchoolId
from server.pages.account_views import add_account
from server.pages.audit_views import add_audit
from server.pages.authorisation_views import add_authorisations
from server.pages.class_group_views import add_class_groups
from server.pages.dashboard_views import add_dashboard
from server.pages.link_views import add_links
from server.pages.mail_views import add_mail
from server.pages.people_context import PEOPLE, PeoplePages
from server.pages.people_views import add_people
from server.pages.roster_views import add_rosters
from server.pages.school_views import add_schools
from server.pages.sign_in_views import add_sign_in
from server.pages.staff import FIND_SCHOOL
from server.people import School


def add_people_pages(app: web.Application, pages: PeoplePages) -> None:
    """After `setup_pages`, which has the templates; behind `access_viewer_middleware`."""
    app[PEOPLE] = pages

    async def find_school(school_id: str) -> School | None:
        return await pages.people.schools.find(SchoolId(school_id))

    app[FIND_SCHOOL] = find_school
    for add in (
        add_sign_in,
        add_links,
        add_account,
        add_dashboard,
        add_schools,
        add_people,
        add_class_groups,
        add_rosters,
        add_authorisations,
        add_audit,
        add_mail,
    ):
        add(app)
