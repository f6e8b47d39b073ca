"""Who comes in at all: foreign lessons, second devices, ended cards, lost adults, restarts; and hostile clients."""

from __future__ import annotations

import asyncio
import json

import jwt
import pytest
from sqlalchemy import text

from server.classroom.codes import normal_code
from server.classroom.sockets import MAX_UNSENT
from server.ids import LessonId
from server.lessons import Mode, room_of
from tests.integration.classroom.conftest import BuildHouse
from tests.integration.classroom.school import (
    CLASS_A,
    CLASS_B,
    CLASS_C,
    LIN,
    ORTEGA,
    PATIENCE_S,
    STRANGER,
    Browser,
    House,
    Page,
    Refused,
    person,
    pupils,
    start_lesson,
    with_card,
)

LIN_PERSON, ORTEGA_PERSON = f"adult-{LIN}", f"adult-{ORTEGA}"


async def _admitted(house: House, lesson_id: LessonId) -> tuple[Page, Page]:
    lin = await (await house.adult(LIN)).connect(lesson_id)
    await house.media_joined(lesson_id, LIN_PERSON)
    a = await (await pupils(house, CLASS_A))[0].connect(lesson_id)
    await lin.until(lambda page: len(page.state["lobby"]) == 1)
    await lin.do("admit_all")
    await a.until(lambda page: page.state["you"]["status"] == "admitted")
    return lin, a


# -- strangers


async def test_a_stranger_finds_no_such_lesson(house: House, lesson_id: LessonId) -> None:
    stranger = await house.adult(STRANGER)
    for where in (lesson_id, "le_nothing", "le_' OR 1=1"):
        with pytest.raises(Refused) as refused:
            await stranger.connect(where)
        assert refused.value.code in ("not_found", "invalid_request")
    for path in ("room", "token", "screen-token?side=a"):
        prefix = "" if path == "room" else "/api/v1"
        known, _ = await stranger.get(f"{prefix}/lessons/{lesson_id}/{path}")
        unknown, _ = await stranger.get(f"{prefix}/lessons/le_nothing/{path}")
        assert known == unknown == 404
    with pytest.raises(Refused) as refused:
        await house.nobody().connect(lesson_id)
    assert refused.value.code == "sign_in_needed"


async def test_a_pupil_of_another_lesson_finds_none(house: House, lesson_id: LessonId, build: BuildHouse) -> None:
    a = (await pupils(house, CLASS_A))[0]
    house.clock.advance(seconds=1)
    with pytest.raises(Refused) as refused:
        await a.connect("le_other")
    assert refused.value.code == "not_found"


async def test_another_site_gets_no_socket(house: House, lesson_id: LessonId) -> None:
    page = Page(await house.adult(LIN))
    with pytest.raises(Refused):
        await page.connect(lesson_id, headers={"Origin": "https://evil.example"})
    with pytest.raises(Refused):
        await Page(await house.adult(LIN)).connect(lesson_id, headers={"Sec-Fetch-Site": "cross-site"})


async def test_there_is_no_long_polling(house: House) -> None:
    status, _ = await (await house.adult(LIN)).get("/socket.io/?EIO=4&transport=polling")
    assert status == 400


# -- cards


async def test_a_wrong_an_ended_and_an_idle_card_have_one_answer(house: House, lesson_id: LessonId) -> None:
    old = await house.classroom.cards.print(CLASS_A, LIN)
    await house.classroom.cards.print(CLASS_A, LIN)
    idle = await house.classroom.cards.print(CLASS_C, STRANGER)
    nobody = house.nobody()
    answers = {
        (await nobody.post("/join", {"code": code}))[::2]
        for code in (old[0].code, idle[0].code, "ABCD-2345", "ABCD2345", "abcd 2345")
    }
    bodies = {body.replace("ABCD-2345", "CODE") for _, body in answers}
    assert {status for status, _ in answers} == {400}
    typed = (old[0].code, idle[0].code, "ABCD2345", "abcd 2345", "CODE")
    assert len({_without(body, typed) for body in bodies}) == 1
    assert "tc_seat" not in nobody.cookies


def _without(body: str, typed: tuple[str, ...]) -> str:
    for code in typed:
        body = body.replace(code, "CODE")
    return body


async def test_codes_are_typed_as_people_type(house: House, lesson_id: LessonId) -> None:
    card = (await house.classroom.cards.print(CLASS_A, LIN))[0]
    bare = card.code.replace("-", "")
    for typed in (card.code, bare, bare.lower(), " ".join(bare), "".join(chr(ord(c) + 0xFEE0) for c in bare)):
        await with_card(house, typed)
    assert normal_code("IO10-2345") is None


async def test_the_form_shows_the_code_and_asks_nothing(house: House, lesson_id: LessonId) -> None:
    card = (await house.classroom.cards.print(CLASS_A, LIN))[0]
    _, good = await house.nobody().get(f"/join/{card.code}")
    _, bad = await house.nobody().get("/join/ABCD-2345")
    assert card.code in good
    assert good.replace(card.code, "ABCD-2345") == bad
    _, hostile = await house.nobody().get("/join/%3Cscript%3Ealert(1)")
    assert "<script>alert" not in hostile


async def test_guessing_is_slowed_down(house: House, lesson_id: LessonId) -> None:
    nobody = house.nobody()
    statuses = [(await nobody.post("/join", {"code": "ABCD-2345"}))[0] for _ in range(310)]
    assert statuses[:300] == [400] * 300
    assert statuses[-1] == 429


async def test_a_whole_school_joins_through_one_address(house: House, lesson_id: LessonId) -> None:
    """Right cards count for nothing: many more than wrong ones may be."""
    card = (await house.classroom.cards.print(CLASS_A, LIN))[0]
    right = [(await house.nobody().post("/join", {"code": card.code}))[0] for _ in range(320)]
    assert set(right) == {303}
    assert (await house.nobody().post("/join", {"code": "ABCD-2345"}))[0] == 400


async def test_a_new_print_ends_the_seats_of_the_old(house: House, lesson_id: LessonId) -> None:
    lin, a = await _admitted(house, lesson_id)
    await house.classroom.cards.print(CLASS_A, LIN)
    await house.tick()
    await a.until(lambda page: page.gone == "card_ended")
    assert (await a.browser.get(f"/api/v1/lessons/{lesson_id}/token"))[0] == 401
    await lin.until(lambda page: any(p["status"] == "away" for p in page.state["people"]))


# -- second devices


async def test_a_second_device_waits_and_the_seat_moves(house: House, lesson_id: LessonId) -> None:
    lin = await (await house.adult(LIN)).connect(lesson_id)
    await house.media_joined(lesson_id, LIN_PERSON)
    card = (await house.classroom.cards.print(CLASS_A, LIN))[0]
    first_browser, second_browser = await with_card(house, card.code), await with_card(house, card.code)
    first = await first_browser.connect(lesson_id)
    await lin.until(lambda page: person("a0") in page.lobby())
    await lin.do("admit", people=[person("a0")])
    await first.until(lambda page: page.state["you"]["status"] == "admitted")
    second = await second_browser.connect(lesson_id)
    assert second.state["lobby_note"] == "second_device"
    assert "NEEDLE" not in json.dumps(second.heard)
    assert (await second_browser.get(f"/api/v1/lessons/{lesson_id}/token"))[0] == 403
    assert (await first_browser.get(f"/api/v1/lessons/{lesson_id}/token"))[0] == 200
    await lin.until(lambda page: page.lobby() == {person("a0"): "second_device"})
    await lin.until(lambda page: any(n == "alert" and p["kind"] == "second_device" for n, p in page.heard))
    await first.do("chat_send", client_id="1", to="everyone", text="NEEDLE")
    await lin.do("admit_all")
    assert lin.lobby() == {person("a0"): "second_device"}, "a second device is let in by name only"
    await lin.do("admit", people=[person("a0")])
    await second.until(lambda page: page.state["you"]["status"] == "admitted")
    await first.until(lambda page: page.gone == "seat_moved")
    assert ("remove", person("a0"), "") in house.media.log
    assert (await first_browser.get(f"/api/v1/lessons/{lesson_id}/token"))[0] == 403
    assert (await second_browser.get(f"/api/v1/lessons/{lesson_id}/token"))[0] == 200
    # The first device's token is still good: the media server lets it in, we do not.
    await house.media_joined(lesson_id, person("a0"), "the first device")
    assert person("a0") not in house.media.rooms[room_of(lesson_id)]


async def test_a_refused_second_device_leaves_the_first_alone(house: House, lesson_id: LessonId) -> None:
    lin = await (await house.adult(LIN)).connect(lesson_id)
    await house.media_joined(lesson_id, LIN_PERSON)
    card = (await house.classroom.cards.print(CLASS_A, LIN))[0]
    first = await (await with_card(house, card.code)).connect(lesson_id)
    await lin.until(lambda page: person("a0") in page.lobby())
    await lin.do("admit_all")
    second = await (await with_card(house, card.code)).connect(lesson_id)
    await lin.until(lambda page: page.lobby() == {person("a0"): "second_device"})
    await lin.do("refuse", person=person("a0"))
    await second.until(lambda page: page.gone == "refused")
    assert (await first.do("hand_raise"))["seq"]


async def test_the_same_device_comes_back_without_waiting(house: House, lesson_id: LessonId) -> None:
    lin, a = await _admitted(house, lesson_id)
    again = await a.browser.connect(lesson_id)
    assert again.state["you"]["status"] == "admitted"
    await a.until(lambda page: page.gone == "opened_elsewhere")
    await lin.until(lambda page: page.state["seq"] >= again.state["seq"])
    assert {p["status"] for p in lin.state["people"]} == {"admitted"}


async def test_the_hand_of_who_goes_away_waits_a_minute(house: House, lesson_id: LessonId) -> None:
    lin, a = await _admitted(house, lesson_id)
    await a.do("hand_raise")
    await a.close()
    await lin.until(lambda page: [p["status"] for p in page.state["people"]].count("away") == 1)
    house.clock.advance(seconds=59)
    await house.tick()
    assert lin.state["hands"] == [person("a0")]
    back = await a.browser.connect(lesson_id)
    house.clock.advance(seconds=59)
    await house.tick()
    assert back.state["hands"] == [person("a0")]
    await lin.until(lambda page: all(p["status"] == "admitted" for p in page.state["people"]))
    await back.close()
    await lin.until(lambda page: [p["status"] for p in page.state["people"]].count("away") == 1)
    house.clock.advance(seconds=60)
    await house.tick()
    await lin.until(lambda page: page.state["hands"] == [])
    assert (await a.browser.connect(lesson_id)).state["hands"] == []


# -- C14


async def test_when_the_last_adult_leaves_pupils_have_a_minute(house: House, lesson_id: LessonId) -> None:
    lin, a = await _admitted(house, lesson_id)
    await house.media_joined(lesson_id, person("a0"), await _device(house, lesson_id))
    await house.media_left(lesson_id, LIN_PERSON)
    await a.until(lambda page: page.state.get("grace_ends_at") is not None)
    house.clock.advance(seconds=59)
    await house.tick()
    assert a.state["you"]["status"] == "admitted"
    assert person("a0") in house.media.rooms[room_of(lesson_id)]
    house.clock.advance(seconds=2)
    await house.tick()
    await a.until(lambda page: page.state["you"]["status"] == "waiting")
    assert person("a0") not in house.media.rooms[room_of(lesson_id)]
    assert (await a.browser.get(f"/api/v1/lessons/{lesson_id}/token"))[0] == 403
    await lin.until(lambda page: page.lobby() == {person("a0"): "returned"})
    # An adult of the other school will do.
    ortega = await (await house.adult(ORTEGA)).connect(lesson_id)
    await house.media_joined(lesson_id, ORTEGA_PERSON)
    await ortega.do("admit_all")
    await a.until(lambda page: page.state["you"]["status"] == "admitted")


async def test_an_adult_who_comes_back_in_time_ends_the_grace(house: House, lesson_id: LessonId) -> None:
    _, a = await _admitted(house, lesson_id)
    await house.media_left(lesson_id, LIN_PERSON)
    await a.until(lambda page: page.state["grace_ends_at"] is not None)
    house.clock.advance(seconds=50)
    await house.media_joined(lesson_id, LIN_PERSON)
    await a.until(lambda page: page.state["grace_ends_at"] is None)
    house.clock.advance(seconds=50)
    await house.tick()
    assert a.state["you"]["status"] == "admitted"


async def test_two_adults_are_two(build: BuildHouse) -> None:
    house = await build()
    lesson_id = await start_lesson(house, adults_needed=2)
    lin = await (await house.adult(LIN)).connect(lesson_id)
    await house.media_joined(lesson_id, LIN_PERSON)
    await (await pupils(house, CLASS_A))[0].connect(lesson_id)
    await lin.until(lambda page: len(page.state["lobby"]) == 1)
    assert await lin.code("admit", people=[person("a0")]) == "adult_needed"
    await house.media_joined(lesson_id, ORTEGA_PERSON)
    await lin.do("admit_all")


async def test_what_webhooks_missed_is_mended(house: House, lesson_id: LessonId) -> None:
    """The media server knows better: an adult left unheard, and a stranger to the room is in it."""
    _, a = await _admitted(house, lesson_id)
    house.media.leave(room_of(lesson_id), LIN_PERSON)
    house.media.join(room_of(lesson_id), person("a1"))
    await house.tick()
    await a.until(lambda page: page.state["grace_ends_at"] is not None)
    assert person("a1") not in house.media.rooms[room_of(lesson_id)]


async def test_an_adult_who_is_found_missing_leaves_pupils_their_minute(house: House, lesson_id: LessonId) -> None:
    """Also when the media server's list tells of it before its webhook does."""
    _, a = await _admitted(house, lesson_id)
    await house.media_joined(lesson_id, person("a0"), await _device(house, lesson_id))
    house.media.leave(room_of(lesson_id), LIN_PERSON)
    await house.tick()
    await a.until(lambda page: page.state["grace_ends_at"] is not None)
    assert person("a0") in house.media.rooms[room_of(lesson_id)]
    house.clock.advance(seconds=61)
    await house.tick()
    assert person("a0") not in house.media.rooms[room_of(lesson_id)]


async def _device(house: House, lesson_id: LessonId, key: str = "a0") -> str:
    hub = house.classroom.hub
    assert hub is not None
    return hub.rooms[lesson_id].state.people[person(key)].device  # type: ignore[index]  # a PersonId


# -- big screen and companions


async def test_a_class_with_one_screen(build: BuildHouse) -> None:
    house = await build()
    lesson_id = await start_lesson(house, mode=Mode.CLASS_TO_CLASS)
    lin_browser = await house.adult(LIN)
    lin = await lin_browser.connect(lesson_id)
    await house.media_joined(lesson_id, LIN_PERSON)
    screen = await lin_browser.connect(lesson_id, screen="a")
    assert screen.state["you"]["role"] == "screen"
    assert "lobby" not in screen.state
    status, token = await lin_browser.get(f"/api/v1/lessons/{lesson_id}/screen-token?side=a")
    assert (status, token["identity"]) == (200, "screen-a")
    assert len(token["publishes"]) == 4
    assert (await lin_browser.get(f"/api/v1/lessons/{lesson_id}/screen-token?side=b"))[0] == 403
    with pytest.raises(Refused):
        await (await house.adult(ORTEGA)).connect(lesson_id, screen="a")
    assert await screen.code("remove", person="screen-a") == "forbidden"
    mei = await (await pupils(house, CLASS_A))[0].connect(lesson_id)
    await lin.until(lambda page: len(page.state["lobby"]) == 1)
    await lin.do("admit_all")
    await mei.until(lambda page: page.state["you"]["status"] == "admitted")
    assert mei.state["you"]["is_companion"]
    status, token = await mei.browser.get(f"/api/v1/lessons/{lesson_id}/token")
    assert token["publishes"] == []
    await lin.do("set_mode", side="a", mode="individual")
    await mei.until(lambda page: page.state["you"]["allowed"]["microphone"])
    assert await lin.code("set_mode", side="b", mode="class_to_class") == "forbidden"


# -- restarts


async def test_a_new_process_knows_everything(build: BuildHouse) -> None:
    first = await build()
    lesson_id = await start_lesson(first)
    lin, a = await _admitted(first, lesson_id)
    sent = await a.do("chat_send", client_id="1", to="everyone", text="acknowledged")
    await lin.do("lock", locked=True)
    # As after a kill: nobody was told, nothing was written down.
    second = await build(clock=first.clock, media=first.media)
    again = await replace_house(a, second).connect(lesson_id)
    assert again.state["you"]["status"] == "admitted"
    assert again.state["is_locked"]
    assert [m["message"] for m in again.state["chat"]] == [f"m{sent['seq']}"]
    assert (await again.do("chat_send", client_id="1", to="everyone", text="acknowledged"))["seq"] == sent["seq"]


def replace_house(page: Page, house: House) -> Browser:
    """The same cookies at another process."""
    return Browser(house, dict(page.browser.cookies))


async def test_pages_of_a_dead_process_are_away_after_a_while(build: BuildHouse) -> None:
    first = await build()
    lesson_id = await start_lesson(first)
    await _admitted(first, lesson_id)
    second = await build(clock=first.clock, media=first.media)
    ortega = await (await second.adult(ORTEGA)).connect(lesson_id)
    await second.tick()
    assert {p["status"] for p in ortega.state["people"]} == {"admitted"}
    first.clock.advance(seconds=30)
    await second.tick(5)
    await ortega.until(lambda page: [p["status"] for p in page.state["people"]].count("away") == 2)


async def test_a_lesson_that_is_gone_stops_nobody(build: BuildHouse) -> None:
    first = await build()
    gone = await start_lesson(first)
    await (await first.adult(LIN)).connect(gone)
    async with first.database.write() as connection:
        await connection.execute(text("DELETE FROM lesson WHERE id = :id"), {"id": gone})
    lesson_id = await start_lesson(first)
    second = await build(clock=first.clock, media=first.media)
    await second.tick()
    assert second.classroom.hub is not None
    assert gone not in await second.classroom.hub.store.open_lessons()
    assert (await (await second.adult(LIN)).connect(lesson_id)).state["you"]["is_lead"]


# -- hostile clients


async def test_signing_out_ends_the_page(house: House, lesson_id: LessonId) -> None:
    lin = await (await house.adult(LIN)).connect(lesson_id)
    await house.people.accounts.sign_out(lin.browser.cookies["tc_sign_in"])
    await house.tick()
    await lin.until(lambda page: page.gone == "not_yours")


async def test_what_is_no_event_is_refused(house: House, lesson_id: LessonId) -> None:
    _, a = await _admitted(house, lesson_id)
    assert await a.code("nonsense") == "invalid_request"
    assert await a.code("hand_raise", extra=1) == "invalid_request"
    assert await a.code("chat_send", client_id="1", to="everyone", text="x" * 1001) == "invalid_request"
    assert await a.code("chat_send", client_id="1", to="everyone", text="\ud800") == "invalid_request"
    answer = await a.io.call("hand_raise", ({}, {}), namespace="/classroom")
    assert answer["code"] == "invalid_request"


async def test_events_named_like_the_protocol_do_no_harm(house: House, lesson_id: LessonId) -> None:
    """Some servers take a client's event called "connect" for a connection, with an environment of its making."""
    lin, a = await _admitted(house, lesson_id)
    for name in ("connect", "disconnect", "state", "event", "*"):
        await a.io.emit(name, ({"aiohttp.request": 1}, {"lesson": lesson_id}), namespace="/classroom")
    assert (await a.do("hand_raise"))["seq"]
    await lin.until(lambda page: page.state["hands"] == [person("a0")])


async def test_too_large_a_message_ends_the_connection(house: House, lesson_id: LessonId) -> None:
    _, a = await _admitted(house, lesson_id)
    await a.io.emit("chat_send", {"text": "x" * 20_000}, namespace="/classroom")
    await a.until(lambda page: not page.is_connected)


async def test_a_flood_is_limited_and_others_go_on(house: House, lesson_id: LessonId) -> None:
    lin, a = await _admitted(house, lesson_id)
    answers = [await a.say("hand_raise") for _ in range(30)]
    assert [answer["ok"] for answer in answers[:15]] == [True] * 15
    assert answers[-1]["code"] == "rate_limited"
    await lin.do("hands_clear")


async def test_tokens_say_only_what_is_allowed(house: House, lesson_id: LessonId) -> None:
    lin, a = await _admitted(house, lesson_id)
    await lin.do("permit", what="camera", allowed=False)
    _, answer = await a.browser.get(f"/api/v1/lessons/{lesson_id}/token")
    claims = jwt.decode(answer["token"], options={"verify_signature": False})
    assert claims["sub"] == person("a0")
    assert claims["video"]["room"] == room_of(lesson_id)
    assert claims["video"]["canPublishSources"] == ["microphone"]
    assert claims["video"]["canPublishData"] is False
    assert not claims["video"].get("roomAdmin")
    assert claims["exp"] - claims["nbf"] <= 600


async def test_both_classes_see_each_other_once_in(house: House, lesson_id: LessonId) -> None:
    lin, a = await _admitted(house, lesson_id)
    b = await (await pupils(house, CLASS_B))[0].connect(lesson_id)
    await lin.until(lambda page: person("b0") in page.lobby())
    assert person("b0") not in json.dumps(a.state)
    await lin.do("admit_all", side="b")
    await b.until(lambda page: page.state["you"]["status"] == "admitted")
    await a.until(lambda page: person("b0") in page.people())


async def test_a_page_that_died_unheard_stops_nobody(house: House, lesson_id: LessonId) -> None:
    """A dead connection is found out by writing to it, in the middle of telling everybody."""
    lin, _ = await _admitted(house, lesson_id)
    b = await (await pupils(house, CLASS_B))[0].connect(lesson_id)
    await lin.until(lambda page: person("b0") in page.lobby())
    await lin.do("admit_all")
    sockets = house.classroom.sockets
    assert sockets is not None
    dead = next(sid for sid, session in sockets.sessions.items() if session.person == person("a0"))
    transport = sockets.io.eio.sockets[sockets.io.manager.eio_sid_from_sid(dead, "/classroom")]
    # As if its last ping had been answered by nobody for an hour.
    transport.last_ping = 1.0
    await lin.do("chat_send", client_id="1", to="everyone", text="who is here?")
    await b.until(lambda page: "who is here?" in page.texts())
    away = person("a0")
    await lin.until(lambda page: any(p["person"] == away and p["status"] == "away" for p in page.state["people"]))


async def test_a_page_that_cannot_keep_up_is_closed(
    house: House, lesson_id: LessonId, monkeypatch: pytest.MonkeyPatch
) -> None:
    lin, a = await _admitted(house, lesson_id)
    sockets = house.classroom.sockets
    assert sockets is not None
    ids = {session.person: sid for sid, session in sockets.sessions.items()}
    # The library's own count, which the limit rests on: nothing is unsent, and nothing of who is not there.
    assert [sockets._unsent(sid) for sid in (*ids.values(), "nobody")] == [0, 0, 0]
    slow = next(sid for key, sid in ids.items() if key == person("a0"))
    monkeypatch.setattr(sockets, "_unsent", lambda sid: MAX_UNSENT + 1 if sid == slow else 0)
    await lin.do("chat_send", client_id="1", to="everyone", text="too fast")
    await a.until(lambda page: not page.is_connected)
    assert a.gone is None, "it may come back by itself"
    assert (await lin.do("hand_raise"))["seq"]


async def test_a_connection_without_a_lesson_ends(house: House, lesson_id: LessonId) -> None:
    lin = await (await house.adult(LIN)).connect(lesson_id)
    async with lin.browser.session() as session:
        silent = await session.ws_connect("/socket.io/?EIO=4&transport=websocket")
        assert (await silent.receive_str()).startswith("0{")
        await house.tick(6)
        house.clock.advance(seconds=20)
        await house.tick(6)
        async with asyncio.timeout(PATIENCE_S):
            while not silent.closed and (await silent.receive()).data != "1":
                pass
        await silent.close()
    assert (await lin.do("hand_raise"))["seq"]
