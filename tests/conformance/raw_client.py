"""The signalling protocol by hand: what no SDK would send, and what SDKs hide."""

from __future__ import annotations

import asyncio
import base64
import gzip
from types import TracebackType
from typing import Any

import aiohttp
from livekit.protocol import models
from livekit.protocol import rtc as proto

from tests.conformance.target import Target
from tests.conformance.wait import GUARD_S

# What clients give up after (media.md a.1).
FIRST_MESSAGE_S = 5.0
# A current protocol version: leave requests then carry an action.
PROTOCOL = 16


def wrap_join(request: proto.JoinRequest | bytes, *, is_gzip: bool = False) -> str:
    """The value of the `join_request` parameter."""
    data = request if isinstance(request, bytes) else request.SerializeToString()
    wrapped = proto.WrappedJoinRequest(
        compression=proto.WrappedJoinRequest.GZIP if is_gzip else proto.WrappedJoinRequest.NONE,
        join_request=gzip.compress(data) if is_gzip else data,
    )
    return base64.urlsafe_b64encode(wrapped.SerializeToString()).decode()


def join_request(**fields: Any) -> proto.JoinRequest:
    info = models.ClientInfo(sdk=models.ClientInfo.SDK.JS, version="2.23.0", protocol=PROTOCOL)
    settings = proto.ConnectionSettings(auto_subscribe=True)
    return proto.JoinRequest(client_info=info, connection_settings=settings, **fields)


class RawClient:
    """One signalling WebSocket, as an async context manager; `version` 0 is `/rtc`, 1 is `/rtc/v1`."""

    def __init__(
        self,
        target: Target,
        token: str,
        *,
        version: int = 1,
        query: dict[str, str] | None = None,
        token_in_header: bool = False,
        path: str = "",
    ) -> None:
        self._url = target.http_url.rstrip("/") + (path or ("/rtc/v1" if version else "/rtc"))
        defaults = (
            {"join_request": wrap_join(join_request())}
            if version
            else {"auto_subscribe": "1", "sdk": "js", "version": "2.23.0", "protocol": str(PROTOCOL)}
        )
        self._query = defaults | (query or {})
        self._headers = {"Authorization": f"Bearer {token}"} if token_in_header else {}
        if not token_in_header:
            self._query["access_token"] = token
        self._http: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self.responses: list[proto.SignalResponse] = []

    async def __aenter__(self) -> RawClient:
        self._http = aiohttp.ClientSession()
        try:
            self._socket = await self._http.ws_connect(
                self._url, params=self._query, headers=self._headers, max_msg_size=0
            )
        except BaseException:
            await self._http.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        assert self._http is not None
        assert self._socket is not None
        await self._socket.close()
        await self._http.close()

    @property
    def socket(self) -> aiohttp.ClientWebSocketResponse:
        assert self._socket is not None
        return self._socket

    async def next(self, guard_s: float = GUARD_S) -> proto.SignalResponse | None:
        """The next message, None when the server has closed."""
        message = await self.socket.receive(timeout=guard_s)
        if message.type is not aiohttp.WSMsgType.BINARY:
            return None
        response = proto.SignalResponse.FromString(message.data)
        self.responses.append(response)
        return response

    async def expect(self, kind: str, guard_s: float = GUARD_S) -> proto.SignalResponse:
        """The next message of a kind; others before it are skipped."""
        seen: list[str | None] = []

        async def look() -> proto.SignalResponse:
            while (response := await self.next(guard_s)) is not None:
                if response.WhichOneof("message") == kind:
                    return response
                seen.append(response.WhichOneof("message"))
            raise AssertionError(f"the server closed before {kind}; it sent {seen}")

        try:
            return await asyncio.wait_for(look(), guard_s)
        except TimeoutError:
            raise AssertionError(f"no {kind} within {guard_s:g} s; it sent {seen}") from None

    async def joined(self) -> proto.JoinResponse:
        """The very first message, in time."""
        first = await self.next(FIRST_MESSAGE_S)
        assert first is not None, "the server closed before its first message"
        assert first.WhichOneof("message") == "join", first
        return first.join

    async def send(self, **message: Any) -> None:
        await self.socket.send_bytes(proto.SignalRequest(**message).SerializeToString())

    async def is_closed_by_server(self) -> bool:
        """Reads until the end."""
        while await self.next() is not None:
            pass
        return self.socket.closed or self.socket.close_code is not None
