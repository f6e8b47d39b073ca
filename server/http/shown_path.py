"""A request's path as a log may show it: links that are a right by themselves, and cards, keep theirs to themselves."""

from __future__ import annotations

from aiohttp import web

# Parameters of routes that nobody but their holder may read.
SECRET_PARAMETERS = frozenset({"token", "code"})
MAX_SHOWN = 200


def shown_path(request: web.Request) -> str:
    """The pattern instead (`/reset/{token}`) where the path holds a secret; never a query."""
    resource = request.match_info.route.resource
    if resource is not None and SECRET_PARAMETERS & request.match_info.keys():
        return resource.canonical
    return request.path[:MAX_SHOWN]
