"""RoomService over HTTP as `livekit-api` calls it: Twirp v7 routes, protobuf or JSON bodies and errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NewType

from aiohttp import web
from google.protobuf.json_format import MessageToJson, Parse, ParseError
from google.protobuf.message import DecodeError, Message

from server.clock import Clock
from server.errors import (
    Conflict,
    ErrorCode,
    Forbidden,
    InvalidInput,
    LimitExceeded,
    NotFound,
    TongchuangError,
    Unauthorized,
)
from server.rooms.access_token import verify
from server.rooms.room_service import CALLS, RoomService

PREFIX = "/twirp/livekit.RoomService/"
TwirpCode = NewType("TwirpCode", str)

# Twirp's codes and their HTTP status (twirp protocol, "Error codes").
_CODES: tuple[tuple[type[TongchuangError], str, int], ...] = (
    (Unauthorized, "unauthenticated", 401),
    # LiveKit answers a missing grant as a missing token; its clients look for that.
    (Forbidden, "unauthenticated", 401),
    (NotFound, "not_found", 404),
    (Conflict, "failed_precondition", 412),
    (LimitExceeded, "resource_exhausted", 429),
    (InvalidInput, "invalid_argument", 400),
)


class TwirpRoutes:
    """`POST /twirp/livekit.RoomService/{method}`."""

    def __init__(self, service: RoomService, keys: Mapping[str, str], clock: Clock) -> None:
        self._service = service
        self._keys = keys
        self._clock = clock

    def add_to(self, app: web.Application) -> None:
        app.router.add_post(PREFIX + "{method}", self.call)

    async def call(self, request: web.Request) -> web.Response:
        try:
            return await self._call(request)
        except TongchuangError as error:
            return error_response(error)

    async def _call(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        if request.content_type not in ("application/json", "application/protobuf"):
            return _error("bad_route", 404, f"unexpected content type {request.content_type}", ErrorCode.NOT_FOUND)
        if method not in CALLS:
            return _error("bad_route", 404, f"no method {method}", ErrorCode.NOT_FOUND)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        claims = verify(token, self._keys, self._clock.now())
        is_json = request.content_type == "application/json"
        try:
            body = _parse(CALLS[method].request, await request.read(), is_json=is_json)
        except InvalidInput as error:
            return _error("malformed", 400, error.detail, error.code)
        answer = self._service.call(method, body, claims)
        if is_json:
            return web.Response(
                text=MessageToJson(answer, preserving_proto_field_name=True), content_type="application/json"
            )
        return web.Response(body=answer.SerializeToString(), content_type="application/protobuf")


def _parse(kind: type[Message], body: bytes, *, is_json: bool) -> Message:
    message = kind()
    try:
        if is_json:
            Parse(body or b"{}", message, ignore_unknown_fields=True)
        else:
            message.ParseFromString(body)
    except (ParseError, DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(ErrorCode.INVALID_REQUEST, "the body is not the request message") from error
    return message


def error_response(error: TongchuangError) -> web.Response:
    for kind, code, status in _CODES:
        if isinstance(error, kind):
            return _error(code, status, error.detail or error.text.en, error.code)
    return _error("internal", 500, error.text.en, error.code)


def _error(code: str, status: int, message: str, reason: ErrorCode) -> web.Response:
    return web.json_response({"code": code, "msg": message, "meta": {"reason": str(reason)}}, status=status)
