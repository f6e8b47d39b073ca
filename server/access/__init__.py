"""Who is asking, and what they may do: viewers, cookies, forgery protection and the one table of rights."""

from __future__ import annotations

from server.access.action import Action
from server.access.cookies import SEAT_COOKIE, SIGN_IN_COOKIE, CookiePolicy, token_of
from server.access.decision import authorise, authorise_alike, may
from server.access.forgery import CSRF_FIELD, CSRF_HEADER, is_own_origin
from server.access.middleware import (
    FindPupil,
    access_viewer_middleware,
    no_pupil,
    own_path,
    sign_in_url,
    viewer_of,
)
from server.access.public import PUBLIC, PUBLIC_PREFIXES, is_public
from server.access.routes import NeverAsked, action_of, add_route, must_ask, protect
from server.access.rules import RULES, Rule
from server.access.standing import PLACE, Standing, Subject, standings
from server.access.viewer import Adult, Pupil, Viewer, Visitor

__all__ = [
    "CSRF_FIELD",
    "CSRF_HEADER",
    "PLACE",
    "PUBLIC",
    "PUBLIC_PREFIXES",
    "RULES",
    "SEAT_COOKIE",
    "SIGN_IN_COOKIE",
    "Action",
    "Adult",
    "CookiePolicy",
    "FindPupil",
    "NeverAsked",
    "Pupil",
    "Rule",
    "Standing",
    "Subject",
    "Viewer",
    "Visitor",
    "access_viewer_middleware",
    "action_of",
    "add_route",
    "authorise",
    "authorise_alike",
    "is_own_origin",
    "is_public",
    "may",
    "must_ask",
    "no_pupil",
    "own_path",
    "protect",
    "sign_in_url",
    "standings",
    "token_of",
    "viewer_of",
]
