"""LiveKit's signalling in single-connection mode (``/rtc/v1``): one WebSocket, protobuf frames."""

from __future__ import annotations

import asyncio
import base64
import gzip
from collections.abc import Callable

import aiohttp
from livekit.protocol import models, rtc

from bench.client.publish import AudioPlan, VideoPlan

CLOSE_GUARD_S = 2.0
JOIN_GUARD_S = 15.0


def join_url(url: str, request: rtc.JoinRequest) -> str:
    """The address with its ``join_request`` (base64 in the URL-safe alphabet, gzip inside)."""
    inner = gzip.compress(request.SerializeToString())
    wrapped = rtc.WrappedJoinRequest(compression=rtc.WrappedJoinRequest.GZIP, join_request=inner)
    text = base64.urlsafe_b64encode(wrapped.SerializeToString()).decode()
    return f"{url.rstrip('/')}/rtc/v1?join_request={text}&auto_subscribe=1"


def client_info() -> models.ClientInfo:
    return models.ClientInfo(sdk=models.ClientInfo.RUST, version="1.2.1", protocol=16, os="linux", client_protocol=1)


def add_video(plan: VideoPlan, cid: str) -> rtc.AddTrackRequest:
    top = plan.layers[-1]
    # One layer is LiveKit's LOW in its numbers by position; a single encoding has no rid and counts as the highest.
    qualities = range(len(plan.layers)) if len(plan.layers) > 1 else [2]
    layers = [
        models.VideoLayer(
            quality=quality,  # type: ignore[arg-type]  # an enum of the wire, numbered 0 to 2
            width=layer.width,
            height=layer.height,
            bitrate=layer.bitrate_bps,
            rid=layer.rid,
        )
        for quality, layer in zip(qualities, plan.layers, strict=True)
    ]
    request = rtc.AddTrackRequest(
        cid=cid, name=plan.source, type=models.TrackType.VIDEO,
        source=plan.source.upper(),
        width=top.width, height=top.height, layers=layers, stream=plan.source,
    )  # fmt: skip
    if len(plan.layers) > 1:
        request.simulcast_codecs.append(rtc.SimulcastCodec(codec="vp8", cid=cid, layers=layers))
    return request


def add_audio(plan: AudioPlan, cid: str) -> rtc.AddTrackRequest:
    return rtc.AddTrackRequest(
        cid=cid,
        name="mic",
        type=models.TrackType.AUDIO,
        source=models.TrackSource.MICROPHONE,
        disable_dtx=not plan.has_dtx,
        disable_red=True,
        stream="camera",
    )


class Signalling:
    """Owns the socket and its reader task. `on_message` gets each response, synchronously and in order."""

    def __init__(self, http: aiohttp.ClientSession, on_message: Callable[[rtc.SignalResponse], None]) -> None:
        self._http = http
        self._on_message = on_message
        self._ws: aiohttp.ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None
        self._writer: asyncio.Task[None] | None = None
        self._out: asyncio.Queue[bytes] = asyncio.Queue(maxsize=1000)
        self.closed = asyncio.Event()

    async def connect(self, address: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        async with asyncio.timeout(JOIN_GUARD_S):
            self._ws = await self._http.ws_connect(address, headers=headers, max_msg_size=1 << 22)
        self._reader = asyncio.create_task(self._read(self._ws))
        self._writer = asyncio.create_task(self._write(self._ws))

    def send(self, **fields: object) -> None:
        """One `SignalRequest` with this field set."""
        self._out.put_nowait(rtc.SignalRequest(**fields).SerializeToString())  # type: ignore[arg-type]  # one field of the oneof

    async def _write(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        while True:
            await ws.send_bytes(await self._out.get())

    async def _read(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        try:
            async for message in ws:
                if message.type is aiohttp.WSMsgType.BINARY:
                    self._on_message(rtc.SignalResponse.FromString(message.data))
        finally:
            self.closed.set()

    async def close(self) -> None:
        """Idempotent: says goodbye, then closes."""
        if self._writer is not None:
            self._writer.cancel()
        if self._ws is not None and not self._ws.closed:
            try:
                async with asyncio.timeout(CLOSE_GUARD_S):
                    leave = rtc.SignalRequest(leave=rtc.LeaveRequest())
                    await self._ws.send_bytes(leave.SerializeToString())
                    await self._ws.close()
            except (TimeoutError, ConnectionError):
                pass
        tasks = [task for task in (self._reader, self._writer) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
