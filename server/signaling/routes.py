"""LiveKit's entry points: WebSocket joins in both protocol versions, their validation, and the liveness probe."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from server.clock import Clock
from server.errors import TongchuangError
from server.rooms.access_token import Claims, verify_join
from server.signaling.connection import MAX_MESSAGE_BYTES, Connection, ConnectionStats
from server.signaling.join_request import Join, parse_join
from server.signaling.joining import Joiner
from server.signaling.names import clean_claims

# The browser fetches /validate and `HEAD /` from the page's origin, which may be another one (media.md a.1).
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS, POST",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "86400",
}


class SignalRoutes:
    """`/rtc` is version 0 (two peer connections), `/rtc/v1` version 1 (one)."""

    def __init__(self, joiner: Joiner, keys: Mapping[str, str], clock: Clock, stats: ConnectionStats) -> None:
        self._joiner = joiner
        self._keys = keys
        self._clock = clock
        self._stats = stats
        self._open: set[web.WebSocketResponse] = set()

    def add_to(self, app: web.Application) -> None:
        # Why twice: a base URL that ends in a slash makes "//rtc", which LiveKit takes too (media.md a.1).
        for base in ("/rtc", "//rtc"):
            app.router.add_get(base, self.join_v0, allow_head=False)
            app.router.add_get(base + "/v1", self.join_v1, allow_head=False)
            for path in (base + "/validate", base + "/v1/validate"):
                app.router.add_get(path, self.validate, allow_head=False)
                app.router.add_options(path, self.preflight)
        app.router.add_get("/", self.alive)
        app.router.add_options("/", self.preflight)

    # -- handlers

    async def join_v0(self, request: web.Request) -> web.StreamResponse:
        return await self._join(request, version=0)

    async def join_v1(self, request: web.Request) -> web.StreamResponse:
        return await self._join(request, version=1)

    async def validate(self, request: web.Request) -> web.Response:
        try:
            self._admit(request, version=1 if request.path.endswith("/v1/validate") else 0)
        except TongchuangError as error:
            return _refusal(error)
        return web.Response(text="success", headers=_CORS)

    async def preflight(self, request: web.Request) -> web.Response:
        return web.Response(status=204, headers=_CORS)

    async def alive(self, request: web.Request) -> web.Response:
        return web.Response(text="OK", headers=_CORS)

    # -- joining

    def _admit(self, request: web.Request, *, version: int) -> tuple[Join, Claims]:
        """Raises Unauthorized, Forbidden, InvalidInput."""
        header = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        token = request.query.get("access_token", "") or header
        claims = clean_claims(verify_join(token, self._keys, self._clock.now()))
        self._joiner.check(claims)
        return parse_join(request.query, path_version=version), claims

    async def _join(self, request: web.Request, *, version: int) -> web.StreamResponse:
        try:
            join, claims = self._admit(request, version=version)
        except TongchuangError as error:
            return _refusal(error)
        socket = web.WebSocketResponse(max_msg_size=MAX_MESSAGE_BYTES, timeout=2.0)
        if not socket.can_prepare(request):
            return web.Response(status=426, text="a WebSocket is expected here", headers=_CORS)
        await socket.prepare(request)
        self._open.add(socket)
        try:
            connection = Connection(socket, self._clock, self._stats)
            await self._joiner.serve(connection, join, claims, is_single=version == 1)
        finally:
            self._open.discard(socket)
        return socket


def _refusal(error: TongchuangError) -> web.Response:
    """Clients show this text as it is; JS falls back to another protocol version only on 404, which is never ours."""
    return web.Response(status=error.status, text=f"{error.code}: {error.text.en} / {error.text.zh}", headers=_CORS)
