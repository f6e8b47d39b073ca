"""A page of the classroom without a browser: in by card or by cookie; keeps the rules of docs/protocol/classroom.md."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import socketio  # type: ignore[import-untyped]  # it ships no types

NAMESPACE = "/classroom"
GUARD_S = 60.0
_KEYS = {"people": "person", "chat": "message", "words": "word", "lobby": "person", "reports": "report"}


@dataclass(frozen=True, slots=True)
class Heard:
    """A chat message as it arrived."""

    seq: int
    message: str
    text: str
    at: float


class Page:
    """One person's page. `problems` tells what the protocol promises and did not happen."""

    def __init__(self, origin: str, lesson_id: str, person: str) -> None:
        self.origin, self.lesson_id, self.person = origin, lesson_id, person
        self.cookies: dict[str, str] = {}
        self.state: dict[str, Any] = {}
        self.heard: list[Heard] = []
        self.problems: list[str] = []
        self.states = 0
        self.ends = 0
        self.gone: str | None = None
        self._io: socketio.AsyncClient | None = None
        self._news = asyncio.Event()
        self._ended = asyncio.Event()

    # -- HTTP

    async def join_by_card(self, http: aiohttp.ClientSession, code: str) -> None:
        """The form of /join, as a pupil sends it."""
        headers = {"Origin": self.origin}
        async with http.post(
            f"{self.origin}/join", data={"code": code}, headers=headers, allow_redirects=False
        ) as answer:
            if answer.status != 303 or self.lesson_id not in answer.headers["Location"]:
                raise RuntimeError(f"{self.person}: the card was answered with {answer.status}")
            self.cookies = {name: morsel.value for name, morsel in answer.cookies.items()}

    async def token(self, http: aiohttp.ClientSession) -> tuple[int, dict[str, Any]]:
        """The token of the media room, or the refusal."""
        headers = {"Cookie": self._cookie_header(), "Origin": self.origin}
        async with http.get(f"{self.origin}/api/v1/lessons/{self.lesson_id}/token", headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)

    def _cookie_header(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    # -- Socket.IO

    async def connect(self) -> None:
        """Returns with the first state."""
        await self.leave()
        io = self._io = socketio.AsyncClient(reconnection=False)
        for name in ("state", "event", "gone"):
            io.on(name, self._listener(io, name), namespace=NAMESPACE)
        io.on("disconnect", lambda *_: self._on_end(io), namespace=NAMESPACE)
        self._ended = asyncio.Event()
        self.state, self.gone = {}, None
        await io.connect(
            self.origin,
            headers={"Cookie": self._cookie_header(), "Origin": self.origin},
            auth={"lesson": self.lesson_id},
            transports=["websocket"],
            namespaces=[NAMESPACE],
            wait_timeout=GUARD_S,
        )
        await self.until(lambda page: bool(page.state) or page.gone is not None)

    async def come_back(self) -> None:
        """After the server went away: again and again, as a page does, until the first state is there."""
        async with asyncio.timeout(GUARD_S):
            while True:
                try:
                    await self.connect()
                except (socketio.exceptions.ConnectionError, aiohttp.ClientError):
                    await asyncio.sleep(0.1)
                else:
                    return

    def _listener(self, io: socketio.AsyncClient, name: str) -> Callable[[Any], None]:
        def listen(payload: Any) -> None:
            if io is not self._io:
                return
            if name == "state":
                self.state = payload
                self.states += 1
            elif name == "event":
                self._apply(payload)
            else:
                self.gone = payload["why"]
            self._news.set()

        return listen

    def _on_end(self, io: socketio.AsyncClient) -> None:
        if io is self._io:
            self.ends += 1
            self._ended.set()
            self._news.set()

    def _apply(self, event: dict[str, Any]) -> None:
        now = time.monotonic()
        if event["seq"] != self.state["seq"] + 1:
            self.problems.append(f"{self.person}: event {event['seq']} after {self.state['seq']}")
        self.state = state = {**self.state, **event.get("set", {}), "seq": event["seq"]}
        for name, entries in event.get("put", {}).items():
            keys = {entry[_KEYS[name]] for entry in entries}
            state[name] = [entry for entry in state[name] if entry[_KEYS[name]] not in keys] + entries
        for name, keys in event.get("drop", {}).items():
            state[name] = [entry for entry in state[name] if entry[_KEYS[name]] not in keys]
        for entry in event.get("put", {}).get("chat", ()):
            self.heard.append(Heard(event["seq"], entry["message"], entry["text"], now))

    async def until(self, condition: Callable[[Page], bool]) -> None:
        """Wait for what is heard to make `condition` true."""
        try:
            async with asyncio.timeout(GUARD_S):
                while not condition(self):
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise TimeoutError(f"{self.person} waited in vain; state {str(self.state)[:300]}") from None

    async def say(self, event: str, **payload: Any) -> dict[str, Any]:
        """The ack. Raises socketio's error when none came, at once when the connection ended."""
        assert self._io is not None
        call = asyncio.ensure_future(self._io.call(event, payload, namespace=NAMESPACE, timeout=GUARD_S))
        ended = asyncio.ensure_future(self._ended.wait())
        try:
            await asyncio.wait({call, ended}, return_when=asyncio.FIRST_COMPLETED)
            if not call.done():
                raise socketio.exceptions.DisconnectedError
            answer: dict[str, Any] = call.result()
            return answer
        finally:
            for task in (call, ended):
                task.cancel()
            await asyncio.gather(call, ended, return_exceptions=True)

    @property
    def is_admitted(self) -> bool:
        return bool(self.state) and self.state["you"]["status"] == "admitted"

    def texts(self) -> list[str]:
        """The chat, in order."""
        return [entry["text"] for entry in sorted(self.state["chat"], key=lambda entry: int(entry["seq"]))]

    async def leave(self) -> None:
        """Idempotent."""
        io, self._io = self._io, None
        if io is not None:
            await io.disconnect()
