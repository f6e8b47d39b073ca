"""A subscriber as Go clients of the protocol are (pion, media.md a.11): `/rtc`, and nothing is subscribed by itself.

The server offers, and the answer leaves it either DTLS role. Packets and key frames are judged, nothing is decoded.
"""

from __future__ import annotations

import asyncio
import json
from types import TracebackType
from typing import Self

from livekit.protocol import rtc as proto

from bench.client import sdp
from bench.client.dtls import Certificate
from bench.client.path import Path
from bench.client.receive import Receiver
from bench.client.stream import InStream
from tests.conformance.raw_client import RawClient
from tests.conformance.target import Target

# More than anything here needs: links are not what these tests are about.
_REMB_BPS = 5_000_000
_KEPT = ("mid", "rtpmap", "fmtp", "rtcp-fb", "extmap", "rtcp-mux", "rtcp-rsize", "sctp-port", "max-message-size")
_RECEIVING = {"sendrecv": "recvonly", "sendonly": "recvonly", "recvonly": "inactive", "inactive": "inactive"}


def write_answer(offer: str, local: sdp.Local) -> str:
    """An answer that takes all that is offered, as a subscriber does. Pure."""
    session, *sections = offer.replace("\r\n", "\n").rstrip("\n").split("\nm=")
    lines = ["v=0", "o=- 7 1 IN IP4 127.0.0.1", "s=-", "t=0 0"]
    lines += [line for line in session.split("\n") if line.startswith("a=group:BUNDLE")]
    for section in sections:
        first, *attributes = section.split("\n")
        lines += [f"m={first}", "c=IN IP4 0.0.0.0", f"a=ice-ufrag:{local.ufrag}", f"a=ice-pwd:{local.pwd}"]
        lines += [f"a=fingerprint:sha-256 {local.fingerprint}", f"a=setup:{local.setup}"]
        for attribute in attributes:
            name = attribute.removeprefix("a=").partition(":")[0]
            if name in _KEPT:
                lines.append(attribute)
            elif name in _RECEIVING:
                lines.append(f"a={_RECEIVING[name]}")
    return "\r\n".join(lines) + "\r\n"


class GoClient:
    """As an async context manager; `setup` is what its answers say."""

    def __init__(self, target: Target, token: str, *, setup: str) -> None:
        self._setup = setup
        self._signalling = RawClient(target, token, version=0, query={"auto_subscribe": "0", "sdk": "go"})
        self._certificate = Certificate()
        self.path = Path(self._certificate, setup=setup)
        self.receiver = Receiver(self.path, gro=False, stamps=False, latencies=None, remb_bps=_REMB_BPS)
        self._media_readable, self.path.on_readable = self.path.on_readable, self.path.read_quietly
        self.path.on_connected = self._on_connected
        self._offer: sdp.Answer | None = None
        self._candidates: list[tuple[str, str, int]] = []
        self._reader: asyncio.Task[None] | None = None
        self.join = proto.JoinResponse()

    async def __aenter__(self) -> Self:
        await self._signalling.__aenter__()
        self.join = await self._signalling.joined()
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        assert self._reader is not None
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)
        self.receiver.close()
        self.path.close()
        await self._signalling.__aexit__(kind, error, at)

    async def subscribe(self, *track_sids: str, wanted: bool = True) -> None:
        await self._signalling.send(
            subscription=proto.UpdateSubscription(track_sids=track_sids, subscribe=wanted),
        )

    def packets(self, *, is_video: bool) -> int:
        streams = self.receiver.streams.values()
        return sum(stream.packets for stream in streams if stream.is_video is is_video and stream.rtx_of is None)

    async def _read(self) -> None:
        while (message := await self._signalling.next()) is not None:
            if message.HasField("offer"):
                await self._answer(message.offer)
            elif message.HasField("trickle") and message.trickle.target == proto.SignalTarget.SUBSCRIBER:
                text = json.loads(message.trickle.candidateInit).get("candidate", "")
                candidate = sdp.parse_candidate(text)
                self._candidates += [candidate] if candidate is not None else []
            self._start()

    async def _answer(self, description: proto.SessionDescription) -> None:
        # An offer has the same lines as an answer, and more.
        self._offer = sdp.parse_answer(description.sdp)
        assert self._offer.setup == "actpass"
        self.path.is_controlling = "a=ice-lite" in description.sdp
        self._candidates = self._offer.candidates + self._candidates
        for section in self._offer.sections:
            self._listen(section)
        local = sdp.Local(
            ufrag=self.path.ufrag, pwd=self.path.pwd, fingerprint=self._certificate.fingerprint, setup=self._setup
        )
        text = write_answer(description.sdp, local)
        await self._signalling.send(
            answer=proto.SessionDescription(type="answer", sdp=text, id=description.id),
        )

    def _listen(self, section: sdp.AnsweredSection) -> None:
        is_video, rtx = section.kind == "video", {again: first for first, again in section.rtx_pairs}
        for ssrc in sorted(section.ssrcs, key=lambda each: each in rtx):
            of = self.receiver.streams.get(rtx.get(ssrc, 0))
            self.receiver.add(InStream(ssrc, mid=section.mid, is_video=is_video, rtx_of=of))

    def _start(self) -> None:
        offer = self._offer
        udp = next((one for one in self._candidates if one[0] == "udp"), None)
        if offer is None or udp is None or self.path.sock is not None:
            return
        theirs = "active" if self._setup == "passive" else "passive"
        self.path.start((offer.ufrag, offer.pwd), offer.fingerprint, theirs, udp[1:], gro=False, stamps=False)

    def _on_connected(self) -> None:
        self.path.on_readable = self._media_readable
        self.receiver.start()
        asyncio.get_running_loop().call_soon(self._media_readable)
