"""A signalling client without an SDK: a WebSocket, protobufs, and no idea of media unless asked."""

from __future__ import annotations

import asyncio
import base64
from datetime import UTC, datetime, timedelta

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType
from livekit.protocol.rtc import JoinRequest, SignalRequest, SignalResponse, WrappedJoinRequest

from server.rooms.access_token import mint
from server.rooms.grants import VideoGrants

KEY, SECRET = "testkey", "s" * 40
_GUARD_S = 10.0


def token(identity: str, *, room: str = "class", ttl_s: int = 600, secret: str = SECRET, **grants: object) -> str:
    wanted = VideoGrants(**{"room": room, "room_join": True, **grants})  # type: ignore[arg-type]  # flags by name
    return mint(
        KEY,
        secret,
        identity=identity,
        grants=wanted,
        now=datetime.now(UTC),
        ttl=timedelta(seconds=ttl_s),
        name=identity,
    )


class SignalClient:
    """`await SignalClient.join(...)`, then `await next_of("answer")`; every message stays in `seen`."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket
        self.seen: list[SignalResponse] = []

    @classmethod
    async def join(
        cls, http: ClientSession, base: str, access_token: str, request: JoinRequest | None = None, **query: str
    ) -> SignalClient:
        """Protocol version 1; `request` is the join request."""
        message = request or JoinRequest()
        message.connection_settings.auto_subscribe = True
        wrapped = WrappedJoinRequest(join_request=message.SerializeToString())
        packed = base64.urlsafe_b64encode(wrapped.SerializeToString()).decode()
        parameters = {"access_token": access_token, "join_request": packed, **query}
        return cls(await http.ws_connect(f"{base}/rtc/v1", params=parameters))

    async def send(self, request: SignalRequest) -> None:
        await self.socket.send_bytes(request.SerializeToString())

    async def receive(self) -> SignalResponse | None:
        """The next message, None when the socket is closed."""
        message = await asyncio.wait_for(self.socket.receive(), _GUARD_S)
        if message.type is not WSMsgType.BINARY:
            return None
        response = SignalResponse.FromString(message.data)
        self.seen.append(response)
        return response

    async def next_of(self, kind: str) -> SignalResponse:
        """Skips others; fails when the socket closes first."""
        while True:
            response = await self.receive()
            assert response is not None, f"closed before {kind}: {[m.WhichOneof('message') for m in self.seen]}"
            if response.WhichOneof("message") == kind:
                return response

    async def until_closed(self) -> int | None:
        """Reads to the end; the close code."""
        while await self.receive() is not None:
            pass
        return self.socket.close_code
