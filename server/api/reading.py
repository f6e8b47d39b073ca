"""A JSON body or a query as a closed model: what is wrong is said once, as 400, without quoting what was sent."""

from __future__ import annotations

from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from server.access import Adult, viewer_of
from server.errors import ErrorCode, InvalidInput, Unauthorized

M = TypeVar("M", bound=BaseModel)


def adult_of(request: web.Request) -> Adult:
    """Raises Unauthorized for everybody else."""
    viewer = viewer_of(request)
    if not isinstance(viewer, Adult):
        raise Unauthorized(ErrorCode.SIGN_IN_NEEDED, request.path)
    return viewer


async def read_json(request: web.Request, model: type[M]) -> M:
    """Raises InvalidInput. Only `application/json`: a form of another site cannot send that without being asked."""
    if request.content_type != "application/json":
        raise InvalidInput(ErrorCode.INVALID_REQUEST, "not application/json")
    try:
        return model.model_validate_json(await request.read() or b"{}")
    except ValidationError as error:
        raise _refused(error) from None


def read_query(request: web.Request, model: type[M]) -> M:
    """Raises InvalidInput."""
    try:
        return model.model_validate(dict(request.query))
    except ValidationError as error:
        raise _refused(error) from None


def json_answer(model: BaseModel, status: int = 200) -> web.Response:
    body = model.model_dump_json(by_alias=True)
    return web.Response(
        text=body, status=status, content_type="application/json", headers={"Cache-Control": "no-store"}
    )


def _refused(error: ValidationError) -> InvalidInput:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return InvalidInput(ErrorCode.INVALID_REQUEST, f"{where}: {first['type']}")
