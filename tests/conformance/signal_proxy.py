"""Stands between a client and the server's signalling: cuts sockets, chooses the media path, records messages."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gzip
import socket
from collections.abc import Awaitable, Callable

import aiohttp
from aiohttp import web
from livekit.protocol import rtc as proto
from livekit.protocol.models import DisconnectReason

from tests.conformance import candidate
from tests.conformance.candidate import Candidate, Rule
from tests.conformance.udp_relay import Address, UdpRelay

HOP_HEADERS = ("authorization", "user-agent", "origin")


def is_resume(request: web.Request) -> bool:
    """Whether a signalling connection wants to take up a session (v0: a plain parameter; v1: inside join_request)."""
    if "join_request" not in request.query:
        return request.query.get("reconnect") in ("1", "true")
    wrapped = proto.WrappedJoinRequest.FromString(base64.urlsafe_b64decode(request.query["join_request"]))
    is_gzip = wrapped.compression == proto.WrappedJoinRequest.GZIP
    join = gzip.decompress(wrapped.join_request) if is_gzip else wrapped.join_request
    return proto.JoinRequest.FromString(join).reconnect


class SignalProxy:
    """One listening port; every connection through it obeys the same rules."""

    def __init__(self, upstream: str, *, transport: str = "udp", loss: float = 0.0, delay_ms: float = 0.0) -> None:
        self._upstream = upstream.replace("ws", "http", 1).rstrip("/")
        self._loss, self._delay_s = loss, delay_ms / 1000
        self._relays: dict[Address, tuple[UdpRelay, Address]] = {}
        is_direct = transport == "udp" and not (loss or delay_ms)
        self._to_client: Rule = candidate.keep if is_direct else candidate.only_tcp
        if transport == "udp" and not is_direct:
            self._to_client = self._through_relay
        # Why drop the client's own: a full-ICE server would reach them past the rules.
        self._to_server: Rule = candidate.keep if is_direct else candidate.drop
        self._sockets: set[asyncio.Transport | socket.socket] = set()
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self.url = ""
        self._gate = asyncio.Event()
        self._gate.set()
        self.refuses_resume = False
        self.refused_resumes = 0
        self.connections: list[str] = []
        self.requests: list[proto.SignalRequest] = []
        self.responses: list[proto.SignalResponse] = []

    async def start(self) -> SignalProxy:
        self._session = aiohttp.ClientSession(auto_decompress=False)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._serve)
        # Why: offers travel in the query, far beyond aiohttp's default line of 8 kB.
        self._runner = web.AppRunner(
            app, access_log=None, max_line_size=65536, max_field_size=65536, shutdown_timeout=0.2
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"ws://{host}:{port}"
        return self

    @property
    def relays(self) -> list[UdpRelay]:
        return [relay for relay, _ in self._relays.values()]

    def cut(self) -> int:
        """Ends every connection without a word, both ways; returns how many sockets that were."""
        sockets = list(self._sockets)
        for end in sockets:
            with contextlib.suppress(OSError):
                if isinstance(end, asyncio.Transport):
                    end.abort()
                else:
                    end.shutdown(socket.SHUT_RDWR)
        return len(sockets)

    def hold(self) -> None:
        """Cuts, and lets new connections wait: signalling is away, but nothing is refused."""
        self._gate.clear()
        self.cut()

    def release(self) -> None:
        self._gate.set()

    async def close(self) -> None:
        self.release()
        self.cut()
        if self._session is not None:
            await self._session.close()
        if self._runner is not None:
            await self._runner.cleanup()
        for relay, _ in self._relays.values():
            await relay.close()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        assert self._session is not None
        await self._gate.wait()
        target = f"{self._upstream}{request.rel_url.raw_path_qs}"
        headers = {name: value for name, value in request.headers.items() if name.lower() in HOP_HEADERS}
        if request.headers.get("upgrade", "").lower() != "websocket":
            async with self._session.request(request.method, target, headers=headers) as answer:
                return web.Response(status=answer.status, body=await answer.read())
        if self.refuses_resume and is_resume(request):
            return await self._refuse_resume(request)
        self.connections.append("resume" if is_resume(request) else "join")
        try:
            upstream = await self._session.ws_connect(target, headers=headers, max_msg_size=0)
        except aiohttp.WSServerHandshakeError as error:
            return web.Response(status=error.status, text=error.message)
        client = web.WebSocketResponse(max_msg_size=0)
        await client.prepare(request)
        await self._join_both(request, client, upstream)
        return client

    async def _join_both(
        self, request: web.Request, client: web.WebSocketResponse, upstream: aiohttp.ClientWebSocketResponse
    ) -> None:
        ends: set[asyncio.Transport | socket.socket] = {upstream.get_extra_info("socket")}
        if request.transport is not None:
            assert isinstance(request.transport, asyncio.Transport)
            ends.add(request.transport)
        self._sockets |= ends
        pumps = [
            asyncio.ensure_future(self._pump(client, self._on_request, upstream.send_bytes)),
            asyncio.ensure_future(self._pump(upstream, self._on_response, client.send_bytes)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            self._sockets -= ends
            with contextlib.suppress(ConnectionError, RuntimeError):
                await upstream.close()
            with contextlib.suppress(ConnectionError, RuntimeError):
                await client.close()

    async def _pump(
        self,
        source: web.WebSocketResponse | aiohttp.ClientWebSocketResponse,
        handle: Callable[[bytes], Awaitable[bytes | None]],
        send: Callable[[bytes], Awaitable[None]],
    ) -> None:
        async for message in source:
            if message.type is not aiohttp.WSMsgType.BINARY:
                return
            data = await handle(message.data)
            if data is None:
                continue
            if self._delay_s:
                await asyncio.sleep(self._delay_s)
            await send(data)

    async def _on_request(self, data: bytes) -> bytes | None:
        message = proto.SignalRequest.FromString(data)
        self.requests.append(message)
        is_kept = await candidate.rewrite_signal(message, self._to_server)
        return message.SerializeToString() if is_kept else None

    async def _on_response(self, data: bytes) -> bytes | None:
        message = proto.SignalResponse.FromString(data)
        self.responses.append(message)
        is_kept = await candidate.rewrite_signal(message, self._to_client)
        return message.SerializeToString() if is_kept else None

    async def _refuse_resume(self, request: web.Request) -> web.WebSocketResponse:
        """What a server says that does not know the participant: restart in full."""
        client = web.WebSocketResponse()
        await client.prepare(request)
        leave = proto.LeaveRequest(
            action=proto.LeaveRequest.RECONNECT, reason=DisconnectReason.STATE_MISMATCH, can_reconnect=True
        )
        await client.send_bytes(proto.SignalResponse(leave=leave).SerializeToString())
        self.refused_resumes += 1
        await client.close()
        return client

    async def _through_relay(self, found: Candidate) -> Candidate | None:
        if found.protocol != "udp" or ":" in found.address[0]:
            return None
        if found.address not in self._relays:
            number = len(self._relays)
            relay = UdpRelay(found.address, loss=self._loss, delay_ms=self._delay_s * 1000, seed=20_26 + number)
            self._relays[found.address] = (relay, await relay.open())
        return found.at(*self._relays[found.address][1])
