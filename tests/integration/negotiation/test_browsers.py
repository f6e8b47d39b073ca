"""Real browsers take our answers and offers through whole lives of a connection."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from server.signaling.negotiation import AnsweringSide, Negotiated, OfferingSide, Outgoing
from tests.fakes.offers import CAMERA, H264_CAMERA, LOCAL, MICROPHONE, MIMES, OTHER_MICROPHONE, RESTARTED
from tests.integration.negotiation.browser_page import BROWSERS, BrowserPage, open_page

STREAMS = {"TR_mic": "PA_lin|camera", "TR_cam": "PA_lin|camera", "TR_mic2": "PA_ortega|camera"}


@pytest.fixture(params=BROWSERS)
async def client(request: pytest.FixtureRequest) -> AsyncIterator[BrowserPage]:
    async with open_page(request.param) as opened:
        yield opened


def check(negotiated: Negotiated, result: dict[str, Any], *, new: set[str]) -> None:
    """The browser receives exactly on our mids, publishes exactly on those we take, and hears of what is new."""
    directions = {one["mid"]: one["direction"] for one in result["transceivers"]}
    assert {mid for mid, way in directions.items() if way == "recvonly"} == set(negotiated.mid_to_track)
    incoming = {one.section.mid for one in negotiated.incoming}
    assert {mid for mid, way in directions.items() if way == "sendonly"} == incoming
    heard = {negotiated.mid_to_track[one["mid"]]: one["stream"] for one in result["heard"]}
    assert heard == {sid: STREAMS[sid] for sid in new}


async def test_single_connection(client: BrowserPage) -> None:
    side, local = AnsweringSide(single=True, publish_mimes=MIMES), LOCAL

    async def step(offer: str, *wanted: Outgoing, new: set[str]) -> Negotiated:
        nonlocal local
        description = side.read(offer)
        local = RESTARTED if side.is_ice_restart(description) else local
        negotiated = side.answer(description, local, wanted)
        check(negotiated, await client.call("applyAnswer", negotiated.sdp), new=new)
        return negotiated

    first = await client.call("SCENARIOS.single_initial")
    await step(first, MICROPHONE, CAMERA, new={"TR_mic", "TR_cam"})
    published = await step(await client.call("nextOffer", "video"), MICROPHONE, CAMERA, new=set())
    assert [one.section.rids for one in published.incoming] == [("q", "h", "f")]
    freed = await step(await client.call("nextOffer"), CAMERA, OTHER_MICROPHONE, new={"TR_mic2"})
    assert "TR_mic" not in freed.mid_to_track.values()
    again = await step(await client.call("nextOffer"), CAMERA, OTHER_MICROPHONE, MICROPHONE, new={"TR_mic"})
    assert again.mid_to_track == {"0": "TR_mic", "1": "TR_mic2", "3": "TR_cam"}
    stopped = await step(await client.call("nextOffer", "inactive"), CAMERA, new=set())
    assert stopped.ended == (published.incoming[0].section.mid,)
    restarted = await step(await client.call("nextOffer", "restart"), CAMERA, new=set())
    assert restarted.is_ice_restart
    more = await step(await client.call("nextOffer", "receivers"), CAMERA, new=set())
    assert more.mid_to_track == {"3": "TR_cam"}


@pytest.mark.parametrize("client", ["chromium"], indirect=True)
async def test_what_chromium_publishes_is_taken(client: BrowserPage) -> None:
    for scenario in ("single_audio_vp8_simulcast", "single_h264_only", "single_h264_simulcast", "dual_publisher"):
        side = AnsweringSide(single=True, publish_mimes=MIMES)
        negotiated = side.answer(await client.call(f"SCENARIOS.{scenario}"), LOCAL, ())
        assert negotiated.incoming
        check(negotiated, await client.call("applyAnswer", negotiated.sdp), new=set())


async def test_refused_codec_leaves_the_connection_whole(client: BrowserPage) -> None:
    side = AnsweringSide(single=True, publish_mimes=MIMES)
    negotiated = side.answer(await client.call("SCENARIOS.single_vp9_only"), LOCAL, (CAMERA,))
    assert [one.mime for one in negotiated.refused_publish] == ["video/vp9"]
    check(negotiated, await client.call("applyAnswer", negotiated.sdp), new={"TR_cam"})


async def test_subscriber_connection(client: BrowserPage, monkeypatch: pytest.MonkeyPatch) -> None:
    # Few fresh sections, so that one is used again: browsers must bear that, though we avoid it.
    monkeypatch.setattr("server.signaling.negotiation_offering._FRESH_SECTIONS", 2)
    side = OfferingSide()
    await client.call("newSubscriber")

    async def step(*wanted: Outgoing, new: set[str], local: Any = LOCAL) -> Negotiated:
        result = await client.call("answerOffer", side.offer(local, wanted))
        negotiated = side.accept(result["sdp"])
        check(negotiated, result, new=new)
        return negotiated

    empty = await step(new=set())
    assert empty.has_data
    both = await step(MICROPHONE, CAMERA, new={"TR_mic", "TR_cam"})
    assert both.sending["TR_cam"].rtx_ssrc == CAMERA.rtx_ssrc
    await step(CAMERA, new=set())
    again = await step(CAMERA, OTHER_MICROPHONE, new={"TR_mic2"})
    assert again.mid_to_track == {"1": "TR_mic2", "2": "TR_cam"}
    await step(CAMERA, OTHER_MICROPHONE, new=set(), local=RESTARTED)


@pytest.mark.parametrize("client", ["chromium"], indirect=True)
async def test_h264_to_chromium(client: BrowserPage) -> None:
    side = OfferingSide()
    await client.call("newSubscriber")
    result = await client.call("answerOffer", side.offer(LOCAL, (H264_CAMERA,)))
    negotiated = side.accept(result["sdp"])
    assert [codec.mime for codec in negotiated.sending["TR_h264"].codecs] == ["video/h264"]
