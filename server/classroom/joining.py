"""The pages and tokens of the way in: the card's form, the room's page, and what the media server needs to know.

A guesser learns nothing: a wrong code, an ended card and a class without a lesson today have one answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from aiohttp import web

from server.access import SEAT_COOKIE, Action, Adult, CookiePolicy, Pupil, Subject, add_route, authorise, viewer_of
from server.classroom.cards import CardService
from server.classroom.door import existing, person_of
from server.classroom.effects import may_be_in_media, sources_of
from server.classroom.hub import Hub, Room
from server.classroom.livekit_control import room_token
from server.classroom.model import SideInfo, State
from server.classroom.seats import SeatService
from server.classroom.wire import lesson_json, text_json
from server.clock import Clock
from server.errors import TEXTS, Conflict, ErrorCode, Forbidden, InvalidInput, LimitExceeded, NotFound, TongchuangError
from server.guessing import Limits, give_all_back, take_all
from server.http import RateLimiter
from server.ids import LessonId, PersonId
from server.lessons import LessonService, LessonState, SideKey, room_of, screen_person
from server.pair import LocalizedText

# contract: at most ten minutes; the page asks again before each new connection.
TOKEN_TTL = timedelta(minutes=10)
# Wrong codes only: the slips of a whole school behind one address at the same bell; then one a second.
_PER_ADDRESS = (300, 1.0)
# All addresses together: a hundred classes at the same bell. 8.5e11 codes at 10 a second: of ten thousand cards, one
# is found in months, and it opens no more than a place in the lobby of a lesson that is on.
_IN_ALL = (4000, 10.0)
_TOKENS_PER_PERSON = (20, 0.5)
_JOINABLE = frozenset({LessonState.CONSENT_CHECKED, LessonState.LOBBY, LessonState.LIVE})


class Render(Protocol):
    """A template as a page in the reader's language (server.pages, handed in by the composition root)."""

    def __call__(self, request: web.Request, template: str, *, status: int = 200, **values: Any) -> web.Response: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaKey:
    """`url`: where clients find the media server; None is the page's own origin."""

    api_key: str
    api_secret: str
    url: str | None


class JoinRoutes:
    def __init__(
        self,
        *,
        hub: Hub,
        lessons: LessonService,
        cards: CardService,
        seats: SeatService,
        media: MediaKey,
        render: Render,
        cookies: CookiePolicy,
        clock: Clock,
        client: Callable[[web.Request], str],
        limits: Limits,
    ) -> None:
        self._hub, self._lessons, self._cards, self._seats = hub, lessons, cards, seats
        self._media, self._render, self._cookies, self._clock, self._client = media, render, cookies, clock, client
        self._per_address = limits.limit("card-address", burst=_PER_ADDRESS[0], per_second=_PER_ADDRESS[1])
        self._in_all = limits.limit("card", burst=_IN_ALL[0], per_second=_IN_ALL[1])
        self._tokens = RateLimiter(burst=_TOKENS_PER_PERSON[0], per_second=_TOKENS_PER_PERSON[1])

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/join", self.show_form)
        app.router.add_get("/join/{code}", self.show_form)
        app.router.add_post("/join", self.join)
        add_route(app, "GET", "/lessons/{id}/room", self.show_room, Action.ROOM_SEE)
        add_route(app, "GET", "/api/v1/lessons/{id}/token", self.token, Action.ROOM_TOKEN)
        add_route(app, "GET", "/api/v1/lessons/{id}/screen-token", self.screen_token, Action.ROOM_SCREEN_TOKEN)

    # -- the card

    async def show_form(self, request: web.Request) -> web.Response:
        """The code of the address is only written into the field: a link alone asks nothing."""
        return self._form(request, code=request.match_info.get("code", "")[:24])

    async def join(self, request: web.Request) -> web.Response:
        typed = (await request.post()).get("code", "")
        code = typed if isinstance(typed, str) else ""
        tries = [(self._per_address, self._client(request)), (self._in_all, "")]
        if not await take_all(tries):
            return self._form(request, code=code[:24], problem=LimitExceeded(ErrorCode.RATE_LIMITED))
        card = await self._cards.find(code)
        lesson = None
        if card is not None:
            lesson = await self._lessons.for_class_group(card.class_group_id, self._clock.now())
        if card is None or lesson is None or lesson.state not in _JOINABLE:
            return self._form(request, code=code[:24], problem=InvalidInput(ErrorCode.CARD_REFUSED))
        await give_all_back(tries)
        present = viewer_of(request)
        seat = await self._seats.take(card, lesson, present if isinstance(present, Pupil) else None)
        response = web.Response(status=303, headers={"Location": f"/lessons/{lesson.id}/room"})
        self._cookies.set(request, response, SEAT_COOKIE, seat.token, seat.max_age_s)
        return response

    def _form(self, request: web.Request, *, code: str, problem: TongchuangError | None = None) -> web.Response:
        if problem is None:
            return self._render(request, "join.html", code=code, problem=None)
        text = TEXTS[problem.code]
        said = LocalizedText(text.en, text.zh)
        response = self._render(request, "join.html", status=problem.status, code=code, problem=said)
        if problem.status == 429:
            response.headers["Retry-After"] = "5"
        return response

    # -- the page

    async def show_room(self, request: web.Request) -> web.Response:
        room = await self._open(request)
        viewer = viewer_of(request)
        screen = _side(request.query.get("screen"))
        if screen is not None:
            authorise(viewer, Action.ROOM_SCREEN_TOKEN, Subject(lesson=room.facts, side=screen))
        assert isinstance(viewer, Adult | Pupil)
        assert room.state.lesson is not None
        lesson = room.state.lesson
        return self._render(
            request,
            "classroom.html",
            title=lesson.title,
            lesson_json=json.dumps(lesson_json(lesson), ensure_ascii=False),
            me_json=json.dumps(_me(room, viewer, screen), ensure_ascii=False),
            is_companion=isinstance(viewer, Pupil) and request.query.get("companion") == "1",
            screen=screen or "",
        )

    # -- tokens

    async def token(self, request: web.Request) -> web.Response:
        """For who may be in the media room now, and for nobody else. Raises Forbidden(NOT_ADMITTED | ADULT_NEEDED)."""
        room = await self._open(request)
        viewer = viewer_of(request)
        assert isinstance(viewer, Adult | Pupil)
        key = person_of(viewer)
        person = room.state.find(key)
        is_in = False
        if isinstance(viewer, Pupil):
            is_in = person is not None and person.is_admitted and person.device == viewer.device_id
            if not is_in:
                raise Forbidden(ErrorCode.NOT_ADMITTED)
        authorise(viewer, Action.ROOM_TOKEN, Subject(lesson=room.facts, is_admitted=is_in))
        return self._answer(room, key, viewer)

    async def screen_token(self, request: web.Request) -> web.Response:
        """`?side=a|b`: for the big screen, by an adult of that side."""
        room = await self._open(request)
        side = _side(request.query.get("side"))
        viewer = viewer_of(request)
        authorise(viewer, Action.ROOM_SCREEN_TOKEN, Subject(lesson=room.facts, side=side))
        assert isinstance(viewer, Adult)
        assert side is not None
        key = screen_person(side)
        person = room.state.find(key)
        if person is None or not person.is_admitted:
            raise Forbidden(ErrorCode.NOT_ADMITTED, "the screen's page connects first")
        return self._answer(room, key, viewer)

    def _answer(self, room: Room, key: PersonId, viewer: Adult | Pupil) -> web.Response:
        if not self._tokens.may_pass(f"{room.lesson_id} {key}", self._clock.monotonic_us()):
            raise LimitExceeded(ErrorCode.RATE_LIMITED, "tokens")
        state = room.state
        assert state.lesson is not None
        if not may_be_in_media(state, key):
            raise Forbidden(ErrorCode.ADULT_NEEDED) if state.lesson.is_open else Conflict(ErrorCode.LESSON_STATE)
        about = _about(state, key, viewer)
        token = room_token(
            self._media.api_key,
            self._media.api_secret,
            room=room_of(room.lesson_id),
            identity=key,
            name=about.name.both,
            sources=about.sources,
            attributes=about.attributes,
            ttl=TOKEN_TTL,
        )
        answer = {
            "url": self._media.url,
            "room": room_of(room.lesson_id),
            "token": token,
            "identity": key,
            "expires_in_s": int(TOKEN_TTL.total_seconds()),
            # C22: never somebody else's STUN; the media server is reached directly.
            "ice_servers": [],
            "publishes": sorted(about.sources),
        }
        return web.json_response(answer)

    async def _open(self, request: web.Request) -> Room:
        """The room as it is committed now, for who may see its page. Raises NotFound, also for a foreign lesson."""
        lesson_id = LessonId(request.match_info["id"])
        authorise(viewer_of(request), Action.ROOM_SEE, Subject(lesson=await existing(self._lessons, lesson_id)))
        return await self._hub.open(lesson_id)


@dataclass(frozen=True, slots=True)
class _About:
    name: LocalizedText
    sources: frozenset[str]
    attributes: dict[str, str]


_ALL_SOURCES = frozenset({"microphone", "camera", "screen_share", "screen_share_audio"})


def _about(state: State, key: PersonId, viewer: Adult | Pupil) -> _About:
    assert state.lesson is not None
    person = state.find(key)
    role = state.lesson.role_of(key)
    name = person.name if person is not None else viewer.account.name if isinstance(viewer, Adult) else None
    assert name is not None
    side = state.lesson.side(person.side if person is not None else role[0] if role is not None else "a")
    return _About(
        name=name,
        # An adult may join the media room before the page's own connection stands.
        sources=_ALL_SOURCES if person is None else sources_of(state, person),
        attributes={
            "role": str(person.role if person is not None else role[1] if role is not None else ""),
            "device": person.device if person is not None else "",
            **_place(side),
            "name_en": name.en,
            "name_zh": name.zh,
        },
    )


def _place(side: SideInfo) -> dict[str, str]:
    return {
        "side": side.key,
        "country": str(side.side),
        "zone": side.zone,
        "place_en": side.place.en,
        "place_zh": side.place.zh,
    }


def _me(room: Room, viewer: Adult | Pupil, screen: SideKey | None) -> dict[str, Any]:
    assert room.facts is not None
    assert room.state.lesson is not None
    key = person_of(viewer, screen)
    side: str
    if isinstance(viewer, Pupil):
        side = next(side.key for side in room.facts.sides if side.class_group_id == viewer.class_group_id)
        name, role = LocalizedText(viewer.name, viewer.name), "pupil"
    elif screen is not None:
        side, role, name = screen, "screen", room.state.lesson.side(screen).class_group
    else:
        found = room.state.lesson.role_of(key)
        if found is None:
            raise NotFound(ErrorCode.NOT_FOUND, "leads neither side")
        side, role, name = found[0], str(found[1]), viewer.account.name
    is_teacher = role in ("lead", "co_teacher", "substitute")
    return {
        "person": key,
        "name": text_json(name),
        "side": side,
        "role": role,
        "is_teacher": is_teacher,
        "is_lead": role in ("lead", "substitute"),
    }


def _side(text: str | None) -> SideKey | None:
    if text == "a":
        return "a"
    return "b" if text == "b" else None
