"""OpenAPI 3.1 of everything under /api/v1, made from the pydantic models that the handlers use themselves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from typing import Any, Final, Literal

from aiohttp import web
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from server.api.operation import Operation
from server.api.wire import ProblemOut

PATH: Final = "/api/v1/openapi.json"
_REF: Final = "#/components/schemas/{model}"
_STATUS: Final = {
    200: "Done",
    201: "Made",
    400: "Something in the request is wrong",
    401: "Not signed in",
    403: "Not yours to do",
    404: "There is none, or none that you may know of",
    409: "The state does not allow it now, or somebody was faster",
    413: "Too large",
    429: "Too often; Retry-After says when",
    503: "Somebody else's machine does not answer",
}


def document(operations: Iterable[Operation], version: str) -> dict[str, Any]:
    """The whole document. Schemas stand once each under `components`."""
    operations = list(operations)
    wanted: list[tuple[type[BaseModel], Literal["validation", "serialization"]]] = [(ProblemOut, "serialization")]
    for one in operations:
        wanted += [(one.sent, "validation")] if one.sent else []
        wanted += [(one.answered, "serialization")] if one.answered else []
    refs, schemas = models_json_schema(list(dict.fromkeys(wanted)), ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, refs)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tongchuang 同窗",
            "version": version,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": "Errors are application/problem+json (RFC 9457) with a stable `code` and both languages.",
        },
        "servers": [{"url": "/"}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "signIn": {"type": "apiKey", "in": "cookie", "name": "tc_sign_in"},
                "seat": {"type": "apiKey", "in": "cookie", "name": "tc_seat"},
                "csrf": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-CSRF-Token",
                    "description": "From GET /api/v1/me; with every request that changes something.",
                },
            },
        },
    }


def _operation(one: Operation, refs: dict[Any, Any]) -> dict[str, Any]:
    good: dict[str, Any] = {"description": _STATUS[one.status]}
    if one.answered is not None:
        good["content"] = {"application/json": {"schema": refs[(one.answered, "serialization")]}}
    told: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.summary,
        "tags": [one.tag],
        "parameters": [_parameter(name, "path") for name in one.parameters]
        + [{**_parameter(name, "query"), "required": False, "description": what} for name, what in one.query],
        "responses": {
            str(one.status): good,
            **{str(status): _problem(status, refs) for status in one.problems},
            "default": _problem(None, refs),
        },
        "security": _security(one),
    }
    if one.sent is not None:
        schema = refs[(one.sent, "validation")]
        told["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return told


def _parameter(name: str, where: str) -> dict[str, Any]:
    return {"name": name, "in": where, "required": True, "schema": {"type": "string"}}


def _problem(status: int | None, refs: dict[Any, Any]) -> dict[str, Any]:
    schema = refs[(ProblemOut, "serialization")]
    said = "Any other problem" if status is None else _STATUS[status]
    return {"description": said, "content": {"application/problem+json": {"schema": schema}}}


def _security(one: Operation) -> list[dict[str, list[str]]]:
    if not one.needs_sign_in:
        return []
    if one.method == "GET":
        return [{"signIn": []}]
    return [{"signIn": [], "csrf": []}]


def add_openapi(app: web.Application, operations: Iterable[Operation], version: str) -> None:
    """Public: what can be asked is no secret. Made once, when somebody asks: it is a fifth of a start."""
    all_operations = [*operations, DOCUMENT]
    making = asyncio.Lock()
    made: list[str] = []

    async def show(_: web.Request) -> web.Response:
        async with making:
            if not made:
                # In a thread: half a second of computing, for which no class may wait.
                made.append(await asyncio.to_thread(lambda: json.dumps(document(all_operations, version))))
        return web.json_response(text=made[0], headers={"Cache-Control": "public, max-age=300"})

    app.router.add_get(PATH, show)


DOCUMENT: Final = Operation(
    method="GET", path=PATH, name="openapi", summary="This document", tag="document", needs_sign_in=False
)
