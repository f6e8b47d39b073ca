"""The lesson's rules at a real media server: nothing before admission, mute, permissions, removal, C14, by packets.

The media server of this tree in a process of its own, native SDK clients, its webhooks to the app.
LIVEKIT_SERVER=path/to/livekit-server holds all of it on that one as well.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack

import jwt
import pytest
from livekit import rtc
from livekit.api import AccessToken, ListParticipantsRequest, VideoGrants

from server.ids import LessonId
from server.lessons import WEBHOOK_PATH, room_of
from tests.conformance.client import Client
from tests.conformance.target import Target, free_port, livekit_server, our_server
from tests.conformance.wait import until, until_async
from tests.integration.classroom.conftest import BuildHouse
from tests.integration.classroom.school import (
    CLASS_A,
    LIN,
    ORTEGA,
    Browser,
    House,
    Page,
    person,
    pupils,
    start_lesson,
)

LIN_PERSON, ORTEGA_PERSON = f"adult-{LIN}", f"adult-{ORTEGA}"
PUPIL = person("a0")


def _servers() -> list[str]:
    return ["ours", *(["livekit-server"] if os.environ.get("LIVEKIT_SERVER") else [])]


@pytest.fixture(params=_servers())
def apart(request: pytest.FixtureRequest) -> Iterator[tuple[Target, int]]:
    """The media server, and the port that it posts webhooks to."""
    port = free_port()
    url = f"http://127.0.0.1:{port}{WEBHOOK_PATH}"
    with ExitStack() as last:
        ours = request.param == "ours"
        server = our_server(url) if ours else livekit_server(os.environ["LIVEKIT_SERVER"], url)
        yield last.enter_context(server), port


@pytest.fixture
async def house(build: BuildHouse, apart: tuple[Target, int]) -> House:
    return await build(media_url=apart[0].http_url, port=apart[1])


Join = Callable[[Browser, LessonId, str], Awaitable[Client]]


@pytest.fixture
async def join(apart: tuple[Target, int]) -> AsyncIterator[Join]:
    clients: list[Client] = []

    async def enter(browser: Browser, lesson_id: LessonId, identity: str) -> Client:
        status, answer = await browser.get(f"/api/v1/lessons/{lesson_id}/token")
        assert status == 200, answer
        assert answer["identity"] == identity
        client = Client(identity)
        clients.append(client)
        await client.room.connect(apart[0].url, answer["token"])
        return client

    yield enter
    for client in clients:
        await client.close()


async def _opened(house: House, join: Join) -> tuple[LessonId, Page, Page, Client, Client]:
    """Both leads are in, with media; Lin shows and sings."""
    lesson_id = await start_lesson(house)
    lin = await (await house.adult(LIN)).connect(lesson_id)
    ortega = await (await house.adult(ORTEGA)).connect(lesson_id)
    lin_media = await join(lin.browser, lesson_id, LIN_PERSON)
    ortega_media = await join(ortega.browser, lesson_id, ORTEGA_PERSON)
    await lin_media.show(code=1)
    await lin_media.sing()
    return lesson_id, lin, ortega, lin_media, ortega_media


async def _let_in(page: Page, lead: Page) -> None:
    """As soon as the media server has told of the adults."""
    await page.until(lambda page: page.state["lobby_note"] == "waiting")
    await lead.do("admit", people=[PUPIL])
    await page.until(lambda page: page.state["you"]["status"] == "admitted")


async def test_in_the_lobby_nothing_arrives(house: House, join: Join, apart: tuple[Target, int]) -> None:
    lesson_id, lin, ortega, _, ortega_media = await _opened(house, join)
    browser = (await pupils(house, CLASS_A))[0]
    page = await browser.connect(lesson_id)
    await lin.do("chat_send", client_id="1", to="everyone", text="NEEDLE")

    # What a pupil in the lobby could try: no token, the room's name in a self-check's token, another's signature.
    status, refusal = await browser.get(f"/api/v1/lessons/{lesson_id}/token")
    assert (status, refusal["code"]) == (403, "not_admitted")
    forged = Target(
        url=apart[0].url, key=apart[0].key, secret="x" * 40, name="", is_ours=True, has_webhooks=False
    ).token(PUPIL, room_of(lesson_id))
    for token in ("", forged):
        with pytest.raises(rtc.ConnectError):
            await rtc.Room().connect(apart[0].url, token)
    async with browser.session() as session, session.post("/api/v1/check/token") as answer:
        check = await answer.json()
    outside = Client("check-b")
    await outside.room.connect(apart[0].url, check["tokens"]["b"])

    # And a bare socket that knows the media port.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bare:
        bare.bind(("127.0.0.1", 0))
        bare.setblocking(False)
        for port in await _media_ports(ortega_media):
            bare.sendto(b"\x00\x01\x00\x00\x21\x12\xa4\x42" + b"\x07" * 12, ("127.0.0.1", port))
            bare.sendto(b"\x80\x60" + b"\x00" * 60, ("127.0.0.1", port))
        # Meanwhile the lesson goes on: the other lead sees two dozen pictures.
        await ortega_media.sees_frames(LIN_PERSON, 24)
        with pytest.raises(BlockingIOError):
            bare.recv(2048)
    assert not outside.room.remote_participants
    assert not outside.video
    await outside.close()

    async with apart[0].api() as server:
        present = await server.room.list_participants(ListParticipantsRequest(room=room_of(lesson_id)))
    assert {one.identity for one in present.participants} == {LIN_PERSON, ORTEGA_PERSON}
    heard = json.dumps(page.heard)
    assert "NEEDLE" not in heard
    assert LIN_PERSON not in heard
    assert ORTEGA_PERSON not in heard
    assert {name for name, _ in page.heard} <= {"state", "event"}

    # The same pupil, let in, receives it all: the test would have seen it.
    await _let_in(page, ortega)
    inside = await join(browser, lesson_id, PUPIL)
    await inside.sees_frames(LIN_PERSON)
    assert page.texts() == ["NEEDLE"]


async def _media_ports(client: Client) -> set[int]:
    """Where the media server sends from and receives at, as one who is inside knows."""
    stats = await client.room.get_rtc_stats()
    found = {
        one.remote_candidate.candidate.port
        for group in (stats.publisher_stats, stats.subscriber_stats)
        for one in group
        if one.HasField("remote_candidate") and one.remote_candidate.candidate.protocol == "udp"
    }
    assert found
    return found


async def test_the_other_lead_rules_the_media(house: House, join: Join, apart: tuple[Target, int]) -> None:
    lesson_id, lin, ortega, lin_media, _ = await _opened(house, join)
    browser = (await pupils(house, CLASS_A))[0]
    page = await browser.connect(lesson_id)
    await _let_in(page, lin)
    inside = await join(browser, lesson_id, PUPIL)
    await inside.show(code=2)
    await inside.sing(523)
    await lin_media.sees_frames(PUPIL)
    await lin_media.hears(PUPIL, 523)

    await ortega.do("mute", people=[PUPIL], source="microphone")
    microphone = await lin_media.publication(PUPIL, rtc.TrackKind.KIND_AUDIO)
    await until(lambda: microphone.muted, "the pupil's microphone is off for the others")
    await until(lambda: inside.find("track_muted"), "the pupil is told")

    await ortega.do("permit", what="camera", allowed=False)
    await until(
        lambda: (
            not any(one.kind == rtc.TrackKind.KIND_VIDEO for one in lin_media.other(PUPIL).track_publications.values())
        ),
        "the pupil's camera is gone",
    )

    old_token = (await browser.get(f"/api/v1/lessons/{lesson_id}/token"))[1]["token"]
    issued_at = jwt.decode(old_token, options={"verify_signature": False})["nbf"]
    await until(lambda: int(time.time()) > issued_at, "the token is of a second that is over")
    await ortega.do("remove", person=PUPIL)
    await page.until(lambda page: page.gone == "removed")
    await until(lambda: inside.find("disconnected"), "the pupil is out of the media room")
    await until(lambda: PUPIL not in lin_media.room.remote_participants, "nobody sees the pupil")

    await _is_kept_out(apart[0], room_of(lesson_id), old_token)
    assert (await browser.get(f"/api/v1/lessons/{lesson_id}/token"))[0] == 403

    back = await browser.connect(lesson_id)
    await lin.until(lambda page: page.lobby() == {PUPIL: "removed"})
    await lin.do("admit", people=[PUPIL])
    await back.until(lambda page: page.state["you"]["status"] == "admitted")
    readmitted = await join(browser, lesson_id, PUPIL)
    await readmitted.sees_frames(LIN_PERSON)


async def _is_kept_out(target: Target, room: str, old_token: str) -> None:
    """The token of before does not open the room; one that slipped through is reported, and the app takes it out."""
    again = Client(PUPIL)
    if not os.environ.get("LIVEKIT_SERVER"):
        with pytest.raises(rtc.ConnectError):
            await again.room.connect(target.url, old_token)
    slipped = AccessToken(target.key, target.secret).with_identity(PUPIL)
    token = slipped.with_grants(VideoGrants(room_join=True, room=room)).to_jwt()
    await again.room.connect(target.url, token)
    await until(lambda: again.find("disconnected"), "the barred pupil is taken out again")
    await again.close()


async def test_without_adults_pupils_lose_media(house: House, join: Join) -> None:
    lesson_id, lin, _, lin_media, ortega_media = await _opened(house, join)
    browser = (await pupils(house, CLASS_A))[0]
    page = await browser.connect(lesson_id)
    await _let_in(page, lin)
    inside = await join(browser, lesson_id, PUPIL)
    await inside.sees_frames(LIN_PERSON)
    await ortega_media.room.disconnect()
    await lin_media.room.disconnect()
    await page.until(lambda page: page.state.get("grace_ends_at") is not None)
    assert not inside.find("disconnected")
    house.clock.advance(seconds=61)
    await page.until(lambda page: page.state["you"]["status"] == "waiting")
    await until(lambda: inside.find("disconnected"), "the pupil lost media")

    async def is_refused() -> bool:
        return (await browser.get(f"/api/v1/lessons/{lesson_id}/token"))[0] == 403

    await until_async(is_refused, "no token in the lobby")


async def test_when_the_lesson_ends_the_media_room_ends(house: House, join: Join) -> None:
    lesson_id, lin, ortega, lin_media, ortega_media = await _opened(house, join)
    await ortega.do("end")
    for page in (lin, ortega):
        await page.until(lambda page: page.gone == "ended")
    await until(lambda: lin_media.find("disconnected"), "Lin is out")
    await until(lambda: ortega_media.find("disconnected"), "Ortega is out")
    status, refusal = await lin.browser.get(f"/api/v1/lessons/{lesson_id}/token")
    assert (status, refusal["code"]) == (409, "lesson_state")
