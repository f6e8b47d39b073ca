"""A lesson over real sockets: cards, lobby, chat, tools, two leads; nobody sees what they may not."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from server.ids import LessonId
from server.outbox import outbox_table
from server.people import AuditFilter
from tests.integration.classroom.school import (
    CLASS_A,
    CLASS_B,
    LIN,
    ORTEGA,
    House,
    Page,
    Refused,
    person,
    pupils,
)

LIN_PERSON, ORTEGA_PERSON = f"adult-{LIN}", f"adult-{ORTEGA}"


async def _in_class(house: House, lesson_id: LessonId) -> tuple[Page, Page, Page, Page]:
    """Both leads, and the first pupil of each class, all admitted."""
    lin = await (await house.adult(LIN)).connect(lesson_id)
    ortega = await (await house.adult(ORTEGA)).connect(lesson_id)
    await house.media_joined(lesson_id, LIN_PERSON)
    a = await (await pupils(house, CLASS_A))[0].connect(lesson_id)
    b = await (await pupils(house, CLASS_B))[0].connect(lesson_id)
    await lin.until(lambda page: len(page.state["lobby"]) == 2)
    await lin.do("admit_all")
    for page in (a, b):
        await page.until(lambda page: page.state["you"]["status"] == "admitted")
    return lin, ortega, a, b


async def test_a_pupil_waits_and_comes_in(house: House, lesson_id: LessonId) -> None:
    lin = await (await house.adult(LIN)).connect(lesson_id)
    browsers = await pupils(house, CLASS_A)
    mei = await browsers[0].connect(lesson_id)
    assert set(mei.state) == {"seq", "at", "you", "lesson", "lobby_note"}
    assert mei.state["lobby_note"] == "adult_needed"
    status, refusal = await browsers[0].get(f"/api/v1/lessons/{lesson_id}/token")
    assert (status, refusal["code"]) == (403, "not_admitted")
    await lin.until(lambda page: page.lobby() == {person("a0"): None})
    assert await lin.code("admit", people=[person("a0")]) == "adult_needed"
    await house.media_joined(lesson_id, LIN_PERSON)
    await mei.until(lambda page: page.state["lobby_note"] == "waiting")
    answer = await lin.do("admit", people=[person("a0")])
    await mei.until(lambda page: page.state["you"]["status"] == "admitted")
    assert mei.people() == {LIN_PERSON, person("a0")}
    assert mei.state["seq"] == answer["seq"]
    status, token = await browsers[0].get(f"/api/v1/lessons/{lesson_id}/token")
    assert status == 200
    assert token["identity"] == person("a0")
    assert token["expires_in_s"] <= 600
    assert token["publishes"] == ["camera", "microphone"]


async def test_chat_reaches_whom_it_is_for(house: House, lesson_id: LessonId) -> None:
    lin, ortega, a, b = await _in_class(house, lesson_id)
    await a.do("chat_send", client_id="1", to="everyone", text="hello 大家好")
    await a.do("chat_send", client_id="2", to="leads", text="I need help")
    await ortega.do("chat_send", client_id="3", to="between_leads", text="NEEDLE between us")
    held = await b.do("chat_send", client_id="4", to="everyone", text="NEEDLE 0912-345-678")
    await lin.until(lambda page: len(page.texts()) == 4)
    await b.until(lambda page: page.texts() == ["hello 大家好", "NEEDLE 0912-345-678"])
    await a.until(lambda page: page.state["seq"] == lin.state["seq"])
    assert a.texts() == ["hello 大家好", "I need help"]
    assert "NEEDLE" not in json.dumps(a.heard)
    assert "between" not in json.dumps(b.heard)
    await lin.until(lambda page: any(name == "alert" and what["kind"] == "held" for name, what in page.heard))
    # The other school's lead releases it.
    await ortega.do("chat_release", message=f"m{held['seq']}")
    await a.until(lambda page: "NEEDLE 0912-345-678" in page.texts())


async def test_a_message_sent_again_is_one_message(house: House, lesson_id: LessonId) -> None:
    lin, _, a, _ = await _in_class(house, lesson_id)
    first = await a.do("chat_send", client_id="same", to="everyone", text="once")
    again = await a.do("chat_send", client_id="same", to="everyone", text="once")
    assert first == again
    other = await lin.do("chat_send", client_id="same", to="everyone", text="mine")
    assert other["seq"] != first["seq"]
    await lin.until(lambda page: len(page.texts()) == 2)
    assert lin.texts() == ["once", "mine"]


async def test_no_message_between_pupils(house: House, lesson_id: LessonId) -> None:
    _, _, a, _ = await _in_class(house, lesson_id)
    for to in (person("b0"), LIN_PERSON, ["everyone"], "pupils"):
        assert await a.code("chat_send", client_id="x", to=to, text="psst") == "invalid_request"
    assert await a.code("chat_send", client_id="x", to="between_leads", text="psst") == "forbidden"


async def test_pupils_have_none_of_the_tools(house: House, lesson_id: LessonId) -> None:
    lin, _, a, _ = await _in_class(house, lesson_id)
    before = lin.state["seq"]
    tools: dict[str, dict[str, object]] = {
        "admit": {"people": [person("b0")]},
        "admit_all": {},
        "refuse": {"person": person("b0")},
        "remove": {"person": person("b0")},
        "mute": {"people": "everyone", "source": "microphone"},
        "ask_unmute": {"person": person("b0"), "source": "camera"},
        "lock": {"locked": True},
        "permit": {"what": "chat", "allowed": False},
        "permit_person": {"person": person("a0"), "what": "screen_share", "allowed": True},
        "set_mode": {"side": "a", "mode": "class_to_class"},
        "hand_over": {"to": person("a0")},
        "hands_clear": {},
        "word_put": {"en": "x", "zh": ""},
        "word_remove": {"word": "w1"},
        "chat_release": {"message": "m1"},
        "chat_discard": {"message": "m1"},
        "start": {},
        "end": {},
    }
    for number, (event, payload) in enumerate(tools.items()):
        house.clock.advance(seconds=1 + number % 2)
        assert await a.code(event, **payload) in ("forbidden", "lesson_state"), event
    assert (await lin.say("sync"))["seq"] == before
    assert house.media.log == []


async def test_the_other_lead_mutes_removes_and_readmits(house: House, lesson_id: LessonId) -> None:
    lin, ortega, a, _ = await _in_class(house, lesson_id)
    await house.media_joined(lesson_id, person("a0"), await _device(house, lesson_id), sources={"microphone", "camera"})
    await ortega.do("mute", people=[person("a0")], source="microphone")
    assert ("mute", person("a0"), house.media.log[-1][2]) == house.media.log[-1]
    assert house.media.log[-1][2].endswith("microphone")
    await ortega.do("remove", person=person("a0"))
    await a.until(lambda page: page.gone == "removed" and not page.is_connected)
    assert ("remove", person("a0"), "") in house.media.log
    status, refusal = await a.browser.get(f"/api/v1/lessons/{lesson_id}/token")
    assert (status, refusal["code"]) == (403, "not_admitted")
    await lin.until(lambda page: person("a0") not in page.people())
    # An old token is good for minutes: whoever comes in with it is taken out when the media server says so.
    await house.media_joined(lesson_id, person("a0"), await _device(house, lesson_id))
    assert person("a0") not in house.media.rooms[f"lesson-{lesson_id}"]
    back = await a.browser.connect(lesson_id)
    assert back.state["lobby_note"] == "removed"
    await lin.until(lambda page: page.lobby() == {person("a0"): "removed"})
    await lin.do("admit", people=[person("a0")])
    await back.until(lambda page: page.state["you"]["status"] == "admitted")
    assert await lin.code("remove", person=ORTEGA_PERSON) == "forbidden"


async def _device(house: House, lesson_id: LessonId) -> str:
    hub = house.classroom.hub
    assert hub is not None
    return next(one.device for one in hub.rooms[lesson_id].state.people.values() if one.person == person("a0"))


async def test_permissions_reach_the_media_server(house: House, lesson_id: LessonId) -> None:
    lin, _, a, b = await _in_class(house, lesson_id)
    await lin.do("permit", what="camera", allowed=False)
    assert ("permit", person("a0"), "microphone") in house.media.log
    assert ("permit", person("b0"), "microphone") in house.media.log
    await a.until(lambda page: page.state["you"]["allowed"]["camera"] is False)
    await lin.do("permit_person", person=person("b0"), what="screen_share", allowed=True)
    assert house.media.log[-1] == ("permit", person("b0"), "microphone screen_share screen_share_audio")
    await lin.do("permit", what="chat", allowed=False)
    assert await b.code("chat_send", client_id="1", to="everyone", text="hi") == "not_allowed_now"
    await b.do("chat_send", client_id="2", to="leads", text="may I?")


async def test_a_locked_room_lets_nobody_new_in(house: House, lesson_id: LessonId) -> None:
    lin, _, a, _ = await _in_class(house, lesson_id)
    await lin.do("lock", locked=True)
    assert await lin.code("admit", people=[person("a1")]) == "person_not_found"
    await a.close()
    await lin.until(lambda page: any(p["status"] == "away" for p in page.state["people"]))
    back = await a.browser.connect(lesson_id)
    assert back.state["you"]["status"] == "admitted"


async def test_hands_words_reactions_and_please_unmute(house: House, lesson_id: LessonId) -> None:
    lin, ortega, a, b = await _in_class(house, lesson_id)
    await b.do("hand_raise")
    await a.do("hand_raise")
    await b.do("hand_raise")
    await lin.until(lambda page: page.state["hands"] == [person("b0"), person("a0")])
    await ortega.do("hand_lower", person=person("b0"))
    word = await lin.do("word_put", en="window", zh="窗")
    await lin.do("word_put", word=f"w{word['seq']}", en="window", zh="窗戶", note="ㄔㄨㄤ")
    await a.until(lambda page: [w["zh"] for w in page.state["words"]] == ["窗戶"])
    await a.until(lambda page: page.state["hands"] == [person("a0")])
    await a.do("react", kind="clap")
    await b.until(lambda page: ("reaction", {"person": person("a0"), "kind": "clap"}) in page.heard)
    await lin.do("ask_unmute", person=person("a0"), source="microphone")
    await a.until(lambda page: any(name == "please_unmute" for name, _ in page.heard))
    assert not any(name == "please_unmute" for name, _ in b.heard)


async def test_who_is_asked_to_speak_may(house: House, lesson_id: LessonId) -> None:
    """With microphones closed for all, the one whose hand is up: the question can be answered with yes."""
    lin, ortega, a, b = await _in_class(house, lesson_id)
    await lin.do("permit", what="microphone", allowed=False)
    await a.until(lambda page: not page.state["you"]["allowed"]["microphone"])
    await ortega.do("ask_unmute", person=person("a0"), source="microphone")
    await a.until(lambda page: any(name == "please_unmute" for name, _ in page.heard))
    assert a.state["you"]["allowed"]["microphone"], "before the question comes"
    assert ("permit", person("a0"), "camera microphone") in house.media.log
    await b.do("sync")
    assert not b.state["you"]["allowed"]["microphone"], "nobody else"
    assert not a.state["you"]["allowed"]["screen_share"], "and nothing else"


async def test_the_lead_goes_over_and_the_lesson_ends_for_all(house: House, lesson_id: LessonId) -> None:
    lin, ortega, a, b = await _in_class(house, lesson_id)
    chen = await (await house.adult("ac_chen")).connect(lesson_id)  # type: ignore[arg-type]  # an id
    assert chen.state["you"]["role"] == "co_teacher"
    assert await chen.code("chat_send", client_id="1", to="between_leads", text="x") == "forbidden"
    await lin.do("hand_over", to="adult-ac_chen")
    await chen.until(lambda page: page.state["you"]["role"] == "lead")
    await lin.until(lambda page: page.state["you"]["role"] == "co_teacher")
    assert await lin.code("hand_over", to="adult-ac_chen") == "forbidden"
    await ortega.do("end")
    for page in (lin, chen, a, b):
        await page.until(lambda page: page.gone == "ended")
    assert ("delete", f"lesson-{lesson_id}", "") in house.media.log
    with pytest.raises(Refused) as refused:
        await a.browser.connect(lesson_id)
    assert refused.value.code == "lesson_state"


async def test_a_report_keeps_what_was_seen(house: House, lesson_id: LessonId) -> None:
    lin, ortega, a, b = await _in_class(house, lesson_id)
    sent = await b.do("chat_send", client_id="1", to="everyone", text="something mean")
    await lin.do("chat_send", client_id="1", to="between_leads", text="NEEDLE")
    await a.until(lambda page: "something mean" in page.texts())
    await a.do("report", about=f"m{sent['seq']}", text="please look")
    for page in (lin, ortega):
        await page.until(lambda page: [r["text"] for r in page.state["reports"]] == ["please look"])
    assert "reports" not in b.state
    (stored,) = await house.classroom.reports.of_lesson(lesson_id)
    assert stored.reporter == person("a0")
    async with house.database.read() as connection:
        letters = (await connection.execute(select(outbox_table))).mappings().all()
    told = [letter for letter in letters if letter["key"].startswith(f"report:{stored.id}:")]
    assert [letter["recipient"] for letter in told] == ["ac_coord@example.org"]
    assert lesson_id in told[0]["text"]
    entries = (await house.people.audit.read(AuditFilter(lesson_id=lesson_id, action_prefix="report."))).entries
    assert [entry.actor for entry in entries] == [person("a0")]
    assert [message["text"] for message in stored.snapshot["chat"]] == ["something mean"]
    assert "NEEDLE" not in json.dumps(stored.snapshot)
    assert {p["person"] for p in stored.snapshot["people"]} >= {person("a0"), person("b0"), LIN_PERSON}
