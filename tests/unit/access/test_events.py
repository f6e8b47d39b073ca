"""Every event of the classroom and every call of the media server's API, as everybody and in every state of the lesson.

Nothing stands behind the doors here: whoever gets past one falls over that, whoever does not is refused before.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from livekit.api import AccessToken, VideoGrants

from server.access import Adult, Subject, Visitor, action_of, may
from server.classroom import HANDLERS
from server.classroom.handlers import Call, Tools
from server.classroom.livekit_control import room_token
from server.classroom.session import IN_THE_LOBBY, Session
from server.errors import Conflict, ErrorCode, Forbidden, NotFound, TongchuangError
from server.ids import PersonId
from server.lessons import LessonState
from server.rooms.access_token import verify
from server.rooms.room_service import CALLS, RoomService
from tests.fakes.world import LESSON, VIEWERS

CONNECTION = "one:page"
KEY, SECRET = "APItest", "0123456789abcdef0123456789abcdef"
# Who has a page at all; a visitor has none.
PEOPLE = {name: viewer for name, viewer in VIEWERS.items() if not isinstance(viewer, Visitor)}


def call_of(name: str, state: LessonState, *, is_in: bool, side: str | None) -> tuple[Call, Subject]:
    facts = replace(LESSON, state=state)
    person = SimpleNamespace(is_admitted=is_in, connection=CONNECTION, side=side)
    room = SimpleNamespace(
        viewers={CONNECTION: None}, facts=facts, state=SimpleNamespace(find=lambda _: person, people={})
    )
    hub = SimpleNamespace(rooms={facts.id: room})
    nothing: Any = None
    tools = Tools(hub=cast(Any, hub), lessons=nothing, moderator=nothing, reports=nothing, audit=nothing, say=nothing)
    session = Session(
        connection=CONNECTION, lesson_id=facts.id, person=PersonId("somebody"), viewer=cast(Any, PEOPLE[name])
    )
    return Call(tools=tools, session=session, payload=None), Subject(
        lesson=facts, side=cast(Any, side), is_admitted=is_in
    )


async def refusal_of(event: str, call: Call) -> TongchuangError | None:
    """None: it got past the door, and fell."""
    try:
        await HANDLERS[event](call)
    except (Forbidden, NotFound, Conflict) as error:
        return error
    except (AttributeError, KeyError, TypeError):
        return None
    return None


@pytest.mark.parametrize("event", HANDLERS)
async def test_an_event_asks_for_its_right_before_anything_else(event: str) -> None:
    action = action_of(HANDLERS[event])
    assert action is not None
    passed = refused = 0
    for name, viewer in PEOPLE.items():
        for state in LessonState:
            for is_in in (True, False):
                call, subject = call_of(name, state, is_in=is_in, side="a")
                is_allowed = may(viewer, action, subject) and (is_in or action in IN_THE_LOBBY)
                error = await refusal_of(event, call)
                assert (error is None) is is_allowed, (name, state, is_in, error)
                if not is_in and action not in IN_THE_LOBBY:
                    assert error is not None
                    assert error.code is ErrorCode.NOT_ADMITTED
                passed, refused = passed + (error is None), refused + (error is not None)
    assert passed
    assert refused


@pytest.mark.parametrize("event", HANDLERS)
async def test_a_page_that_was_sent_away_does_nothing(event: str) -> None:
    call, _ = call_of("lead_a", LessonState.LIVE, is_in=True, side="a")
    call.session.room(call.tools.hub).viewers.clear()
    error = await refusal_of(event, call)
    assert isinstance(error, NotFound)


@pytest.mark.parametrize("event", HANDLERS)
async def test_an_older_page_of_the_same_person_does_nothing(event: str) -> None:
    """The second of two tabs has the seat."""
    call, _ = call_of("lead_a", LessonState.LIVE, is_in=True, side="a")
    person: Any = call.session.room(call.tools.hub).state.find(PersonId("somebody"))
    person.connection = "another:page"
    error = await refusal_of(event, call)
    assert (error is None) is (action_of(HANDLERS[event]) in IN_THE_LOBBY)


# -- RoomService


class Untouchable:
    """A registry of which nothing may be asked."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} was reached")


def tokens() -> dict[str, str]:
    """What people hold, and admin tokens for something else."""

    def person(identity: str, sources: set[str]) -> str:
        return room_token(
            KEY,
            SECRET,
            room="lesson-le_1",
            identity=identity,
            name="needle",
            sources=sources,
            attributes={"role": "lead"},
            ttl=timedelta(minutes=10),
        )

    def other(**grants: Any) -> str:
        return AccessToken(KEY, SECRET).with_identity("x").with_grants(VideoGrants(**grants)).to_jwt()

    return {
        "lead": person("adult-ac_lead_a", {"camera", "microphone", "screen_share", "screen_share_audio"}),
        "pupil": person("pupil-st_1", {"camera", "microphone"}),
        "companion": person("pupil-st_2", set()),
        "screen": person("screen-a", {"camera", "microphone"}),
        "admin of another room": other(room_admin=True, room="lesson-le_2"),
        "admin of no room": other(room_admin=True),
        "recorder": other(room_record=True, room="lesson-le_1"),
    }


@pytest.mark.parametrize("method", CALLS)
@pytest.mark.parametrize("who", tokens())
def test_nobody_calls_the_media_server_with_what_people_hold(method: str, who: str) -> None:
    claims = verify(tokens()[who], {KEY: SECRET}, datetime.now(UTC))
    request = CALLS[method].request()
    fields = request.DESCRIPTOR.fields_by_name
    for field, value in {"room": "lesson-le_1", "name": "lesson-le_1", "identity": "pupil-st_1"}.items():
        if field in fields:
            setattr(request, field, value)
    service = RoomService(cast(Any, Untouchable()), lambda: 0)
    with pytest.raises(Forbidden) as caught:
        service.call(method, request, claims)
    assert caught.value.code is ErrorCode.GRANT_MISSING


def test_everybody_here_has_a_page() -> None:
    assert {type(one).__name__ for one in PEOPLE.values()} == {"Adult", "Pupil"}
    assert isinstance(PEOPLE["lead_a"], Adult)
