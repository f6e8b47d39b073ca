"""One origin for all rooms: hands `/rtc*` and `/twirp/*` to the media worker that the room lives on.

Mounted in the app by `serve`, alone in `media`. It keeps query, headers, status and close codes. A join's token is
looked at here, so that a flood of bad ones costs no worker anything, and again by the worker.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol, TypeVar

import aiohttp
from aiohttp import web

from server.errors import ErrorCode, TongchuangError, Unavailable
from server.proxying import SERVICE_RESTART, kept_headers, onward_headers, pump_both, target_of
from server.room_routing import AGGREGATED, merge_room_lists, room_of_call, slot_of

_T = TypeVar("_T")


# How long a request waits for a worker that is being replaced. Clients give a join 5 s for its first message
# (media.md a.1), and a replacement is there in about two.
WAIT_FOR_WORKER_S = 4.0
# A worker answers a call at once or never.
CALL_TIMEOUT_S = 10.0
# How long the workers have to close their participants' sockets when we stop.
FAREWELL_S = 1.5
# What servers write into their logs for a client that did not wait (nginx's number; HTTP has none).
CLIENT_CLOSED_REQUEST = 499
# The largest message of either side is a description of a whole class; more is a mistake or an attack.
MAX_MESSAGE_BYTES = 1024 * 1024
MAX_CALL_BYTES = 256 * 1024


class Workers(Protocol):
    """What the front needs of the supervisor."""

    @property
    def slots(self) -> int: ...

    async def socket_of(self, index: int, timeout_s: float, *, dead: Path | None = None) -> Path: ...


def _open_gate(_token: str, _address: str) -> None:
    return


class Front:
    """`peek_room` reads the room out of a token without checking it; `check` raises for a token that may not join."""

    def __init__(
        self,
        workers: Workers,
        peek_room: Callable[[str], str | None],
        check: Callable[[str, str], None] = _open_gate,
    ) -> None:
        self._workers = workers
        self._peek_room = peek_room
        self._check = check
        self._sessions: dict[int, tuple[Path, aiohttp.ClientSession]] = {}
        # open signalling WebSockets, each with the event of its end
        self._open: dict[web.WebSocketResponse, asyncio.Event] = {}

    def add_to(self, app: web.Application) -> None:
        # Why twice: a base URL that ends in a slash makes "//rtc", which LiveKit takes too (media.md a.1).
        for base in ("/rtc", "//rtc"):
            for path in (base, base + "/v1"):
                app.router.add_get(path, self.join, allow_head=False)
            for path in (base + "/validate", base + "/v1/validate"):
                app.router.add_get(path, self.pass_on, allow_head=False)
                app.router.add_options(path, self.pass_on)
        self.add_calls_to(app)
        app.on_response_prepare.append(_allow_probes)
        app.on_shutdown.append(self._say_goodbye)
        app.on_cleanup.append(self._close_sessions)

    def add_calls_to(self, app: web.Application) -> None:
        """The server API alone; `add_to` of the same front closes what it opens."""
        # Why every method: Twirp answers a GET with its own bad_route, not with HTTP's 405.
        app.router.add_route("*", "/twirp/{service}/{method}", self.call)

    @property
    def connections(self) -> int:
        """Open signalling WebSockets, for /metrics."""
        return len(self._open)

    # -- signalling

    async def join(self, request: web.Request) -> web.StreamResponse:
        """A WebSocket to the room's worker, or the worker's refusal with its status and text."""
        if (refusal := self._refusal_at_gate(request)) is not None:
            return refusal
        try:
            upstream = await self._connect(request)
        except aiohttp.WSServerHandshakeError as refused:
            return await self._explain(request, refused)
        except TongchuangError as error:
            return _refusal(error)
        async with upstream:
            client = web.WebSocketResponse(autoping=False, compress=False, max_msg_size=MAX_MESSAGE_BYTES)
            if not client.can_prepare(request).ok:
                return web.Response(status=426, text="upgrade required", headers={"Upgrade": "websocket"})
            try:
                await client.prepare(request)
            except ConnectionResetError:
                # It gave up while its worker was looked for: nobody reads this.
                return web.Response(status=CLIENT_CLOSED_REQUEST)
            self._open[client] = ended = asyncio.Event()
            try:
                await pump_both(client, upstream)
            finally:
                del self._open[client]
                ended.set()
        return client

    async def _connect(self, request: web.Request) -> aiohttp.ClientWebSocketResponse:
        async def upgrade(session: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse:
            return await session.ws_connect(
                target_of(request),
                headers=onward_headers(request),
                autoping=False,
                autoclose=False,
                compress=0,
                max_msg_size=0,
                timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
            )

        return await self._with_worker(self._slot_of(request), upgrade)

    async def _explain(self, request: web.Request, refusal: aiohttp.WSServerHandshakeError) -> web.Response:
        """A refused upgrade loses its body in the client; the validate route of the same request says it again."""
        path = request.path.rstrip("/") + "/validate"
        reason = await self._relay(request, self._slot_of(request), path=path)
        if reason.status == 200:
            return web.Response(status=refusal.status, text=refusal.message)
        return reason

    # -- plain requests

    async def pass_on(self, request: web.Request) -> web.Response:
        if request.method == "GET" and (refusal := self._refusal_at_gate(request)) is not None:
            return refusal
        try:
            return await self._relay(request, self._slot_of(request))
        except TongchuangError as error:
            return _refusal(error)

    async def call(self, request: web.Request) -> web.Response:
        """A server API call: to the room's worker, or to all of them."""
        if request.method != "POST":
            return _twirp_error(404, "bad_route", "calls are made by POST")
        body = await _read_limited(request)
        if body is None:
            return _twirp_error(413, "resource_exhausted", f"more than {MAX_CALL_BYTES} bytes")
        method = request.match_info["method"]
        try:
            if method in AGGREGATED:
                return await self._call_all(request, body)
            room = room_of_call(method, request.content_type, body) or ""
            return await self._relay(request, slot_of(room, self._workers.slots), body=body)
        except TongchuangError as error:
            return _twirp_error(503, "unavailable", error.text.en)

    async def _call_all(self, request: web.Request, body: bytes) -> web.Response:
        slots = range(self._workers.slots)
        answers = await asyncio.gather(*(self._relay(request, slot, body=body) for slot in slots))
        for answer in answers:
            if answer.status != 200:
                return answer
        bodies = [answer.body for answer in answers if isinstance(answer.body, bytes)]
        merged = merge_room_lists(answers[0].content_type, bodies)
        return web.Response(body=merged, content_type=answers[0].content_type)

    async def metrics_texts(self) -> dict[int, str]:
        """Each worker's own /metrics; one that does not answer is left out (its absence is a metric of its own)."""
        texts: dict[int, str] = {}
        for slot in range(self._workers.slots):
            try:
                session = await self._session(slot, await self._workers.socket_of(slot, 0))
                async with session.get("http://worker/metrics", timeout=aiohttp.ClientTimeout(total=2)) as answer:
                    if answer.status == 200:
                        texts[slot] = await answer.text()
            except (TongchuangError, aiohttp.ClientError, TimeoutError):
                continue
        return texts

    async def is_alive(self, slot: int) -> bool:
        """Its worker answers `HEAD /`. Raises Unavailable when it has none."""
        session = await self._session(slot, await self._workers.socket_of(slot, 0))
        try:
            async with session.head("http://worker/", timeout=aiohttp.ClientTimeout(total=2)) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    # -- to the worker

    def _slot_of(self, request: web.Request) -> int:
        return slot_of(self._peek_room(_token_of(request)) or "", self._workers.slots)

    def _refusal_at_gate(self, request: web.Request) -> web.Response | None:
        try:
            self._check(_token_of(request), request.remote or "")
        except TongchuangError as error:
            # As the worker says it, which clients show.
            text = f"{error.code}: {error.text.en} / {error.text.zh}"
            return web.Response(status=error.status, text=text, headers={"Access-Control-Allow-Origin": "*"})
        return None

    async def _with_worker(self, slot: int, ask: Callable[[aiohttp.ClientSession], Awaitable[_T]]) -> _T:
        """Ask the slot's worker; a dead one that the supervisor has not noticed yet is waited out, not reported."""
        dead: Path | None = None
        while True:
            socket = await self._workers.socket_of(slot, WAIT_FOR_WORKER_S, dead=dead)
            try:
                return await ask(await self._session(slot, socket))
            except aiohttp.WSServerHandshakeError:
                raise
            except aiohttp.ClientConnectorError:
                # Nothing was sent, so nothing can happen twice.
                dead = socket
            except (aiohttp.ClientError, TimeoutError) as error:
                raise Unavailable(ErrorCode.MEDIA_UNAVAILABLE, str(error)) from error

    async def _session(self, slot: int, socket: Path) -> aiohttp.ClientSession:
        """One client per worker; a new one when the worker was replaced, because its pooled sockets are dead."""
        known = self._sessions.get(slot)
        if known is not None and known[0] == socket and not known[1].closed:
            return known[1]
        connector = aiohttp.UnixConnector(str(socket), limit=0)
        session = aiohttp.ClientSession(connector=connector, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar())
        self._sessions[slot] = (socket, session)
        if known is not None:
            await known[1].close()
        return session

    async def _relay(
        self, request: web.Request, slot: int, *, path: str | None = None, body: bytes | None = None
    ) -> web.Response:
        async def pass_through(session: aiohttp.ClientSession) -> web.Response:
            async with session.request(
                request.method,
                target_of(request, path),
                data=body,
                headers=onward_headers(request),
                timeout=aiohttp.ClientTimeout(total=CALL_TIMEOUT_S),
                allow_redirects=False,
            ) as answer:
                content = await answer.read()
            return web.Response(status=answer.status, body=content, headers=kept_headers(answer.headers))

        return await self._with_worker(slot, pass_through)

    # -- closing

    async def _say_goodbye(self, _: web.Application) -> None:
        """The workers tell their participants and close; whoever is left is told that the service restarts."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_S):
                await asyncio.gather(*(ended.wait() for ended in self._open.values()))
        farewells = [client.close(code=SERVICE_RESTART, message=b"restart") for client in tuple(self._open)]
        await asyncio.gather(*farewells, return_exceptions=True)

    async def _close_sessions(self, _: web.Application) -> None:
        for _socket, session in self._sessions.values():
            await session.close()
        self._sessions.clear()


async def _allow_probes(request: web.Request, response: web.StreamResponse) -> None:
    """LiveKit's browser client asks `HEAD /` from pages of any origin, to see whether it is there (media.md a.1)."""
    if request.method == "HEAD" and request.path == "/":
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"


async def _read_limited(request: web.Request) -> bytes | None:
    """None when the body is too large."""
    content = bytearray()
    async for chunk in request.content.iter_any():
        content += chunk
        if len(content) > MAX_CALL_BYTES:
            return None
    return bytes(content)


def _token_of(request: web.Request) -> str:
    header = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    return request.query.get("access_token", "") or header


def _refusal(error: TongchuangError) -> web.Response:
    headers = {"Access-Control-Allow-Origin": "*", "Retry-After": "1"}
    return web.Response(status=error.status, text=error.text.en, headers=headers)


def _twirp_error(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"code": code, "msg": message}, status=status)
