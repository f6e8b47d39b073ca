"""JSON that the first pages need: join tokens for the demo lesson and for a throw-away self-check room."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aiohttp import web
from livekit.api import AccessToken, VideoGrants

from server.clock import Clock
from server.errors import ErrorCode, InvalidInput, LimitExceeded, NotFound
from server.http import RateLimiter
from server.lessons import DemoLesson, DemoPerson, demo_lesson_json

# Long enough to allow a camera and to join; a client in the room gets fresh ones from the media server.
TOKEN_TTL = timedelta(minutes=10)
# A whole class behind one school address opens its links at once, some of it twice; nobody needs more than that.
_BURST = 120
_PER_SECOND = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaAccess:
    """The media server as the app knows it: a key to sign with, and where clients find it."""

    api_key: str
    api_secret: str
    # None: the page's own origin
    url: str | None
    # ports that a school's firewall must let through, by protocol; empty when the server is somebody else's
    ports: Callable[[], dict[str, list[int]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoApi:
    access: MediaAccess
    # None: the product runs without demo data
    lesson_shown: DemoLesson | None
    clock: Clock
    client: Callable[[web.Request], str]

    def add_to(self, app: web.Application) -> None:
        self._limit(app, "GET", "/api/v1/demo/lesson", self.lesson)
        self._limit(app, "GET", "/api/v1/demo/lesson/token", self.token)
        self._limit(app, "POST", "/api/v1/check/token", self.check)

    def _limit(
        self, app: web.Application, method: str, path: str, handler: Callable[[web.Request], Awaitable[web.Response]]
    ) -> None:
        limiter = RateLimiter(burst=_BURST, per_second=_PER_SECOND)

        async def limited(request: web.Request) -> web.Response:
            if not limiter.may_pass(self.client(request), self.clock.monotonic_us()):
                raise LimitExceeded(ErrorCode.RATE_LIMITED, path)
            return await handler(request)

        app.router.add_route(method, path, limited)

    async def lesson(self, _: web.Request) -> web.Response:
        return web.json_response(demo_lesson_json(self._demo_lesson()))

    async def token(self, request: web.Request) -> web.Response:
        """`?seat=lin|ortega`, `&guest=1` for an identity of one's own so that many can look at once."""
        lesson = self._demo_lesson()
        person = lesson.person_in(request.query.get("seat", ""))
        if person is None:
            raise InvalidInput(ErrorCode.SEAT_UNKNOWN, "no such seat")
        identity = f"demo-{person.seat}"
        if request.query.get("guest") == "1":
            identity += f"-{secrets.token_hex(4)}"
        grants = VideoGrants(room_join=True, room=lesson.room)
        token = self._sign(identity, grants, name=person.name.both, attributes=_attributes(person))
        return web.json_response(
            {
                **self._where(lesson.room),
                "token": token,
                "identity": identity,
                "seat": person.seat,
                "lesson": demo_lesson_json(lesson),
            }
        )

    async def check(self, _: web.Request) -> web.Response:
        """A room that nobody else knows, with one who publishes and one who watches."""
        room = f"check-{secrets.token_hex(8)}"
        publishes = VideoGrants(room_join=True, room=room, can_subscribe=False)
        watches = VideoGrants(room_join=True, room=room, can_publish=False, can_publish_data=False)
        return web.json_response(
            {
                **self._where(room),
                "tokens": {"a": self._sign("check-a", publishes), "b": self._sign("check-b", watches)},
                "identities": {"a": "check-a", "b": "check-b"},
                "ports": self.access.ports(),
            }
        )

    def _demo_lesson(self) -> DemoLesson:
        if self.lesson_shown is None:
            raise NotFound(ErrorCode.NOT_FOUND, "there is no demo lesson")
        return self.lesson_shown

    def _where(self, room: str) -> dict[str, Any]:
        # ice_servers: never somebody else's STUN (rule C22); the media server is reached directly.
        return {
            "url": self.access.url,
            "room": room,
            "expires_in_s": int(TOKEN_TTL.total_seconds()),
            "ice_servers": [],
        }

    def _sign(
        self, identity: str, grants: VideoGrants, *, name: str = "", attributes: dict[str, str] | None = None
    ) -> str:
        token = AccessToken(self.access.api_key, self.access.api_secret).with_identity(identity).with_grants(grants)
        return token.with_name(name).with_attributes(attributes or {}).with_ttl(TOKEN_TTL).to_jwt()


def _attributes(person: DemoPerson) -> dict[str, str]:
    """What a tile shows of a person, so that every viewer can pick their own language first."""
    return {
        "seat": person.seat,
        "side": str(person.side),
        "zone": person.zone,
        "name_en": person.name.en,
        "name_zh": person.name.zh,
        "place_en": person.place.en,
        "place_zh": person.place.zh,
    }
