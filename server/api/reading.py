"""A JSON body as a closed model: what is wrong is said once, as 400, without quoting what was sent."""

from __future__ import annotations

from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from server.errors import ErrorCode, InvalidInput

M = TypeVar("M", bound=BaseModel)


async def read_json(request: web.Request, model: type[M]) -> M:
    """Raises InvalidInput. Only `application/json`: a form of another site cannot send that without being asked."""
    if request.content_type != "application/json":
        raise InvalidInput(ErrorCode.INVALID_REQUEST, "not application/json")
    try:
        return model.model_validate_json(await request.read() or b"{}")
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidInput(ErrorCode.INVALID_REQUEST, f"{where}: {first['type']}") from None
