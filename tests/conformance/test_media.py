"""Pictures and sound arrive, from the right person, in the right size, over the transport asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from livekit import rtc

from tests.conformance.meeting import Combination, Meeting
from tests.conformance.target import Target
from tests.conformance.wait import until

# A second of the largest layer.
FULL_FRAMES = 15
MIME = {"vp8": "video/vp8", "h264": "video/h264"}


@pytest.fixture
async def cell(target: Target, combination: Combination) -> AsyncIterator[tuple[Meeting, Combination]]:
    meeting = Meeting(target, combination.link)
    yield meeting, combination
    await meeting.close()


async def test_two_people_see_and_hear_one_another(cell: tuple[Meeting, Combination]) -> None:
    meeting, combination = cell
    lin, ortega = await meeting.join_all("lin", "ortega")
    width, height = (960, 540) if combination.is_simulcast else (320, 180)
    camera = await lin.show(
        code=1, codec=combination.codec, is_simulcast=combination.is_simulcast, width=width, height=height
    )
    await ortega.show(code=2, codec=combination.codec, width=320, height=180)
    await lin.sing(440)
    await ortega.sing(660)

    seen_by_ortega = await ortega.sees_frames("lin", code=1)
    await lin.sees_frames("ortega", code=2)
    await ortega.hears("lin", 440)
    await lin.hears("ortega", 660)

    full = (width, height)
    # Why not the size at this moment: on a busy machine an encoder leaves its largest layer now and then.
    await until(
        lambda: seen_by_ortega.sizes[full] >= FULL_FRAMES, lambda: f"the size {full}: {dict(seen_by_ortega.sizes)}"
    )
    publication = await ortega.publication("lin", rtc.TrackKind.KIND_VIDEO)
    assert publication.sid == camera.sid
    assert publication.mime_type.lower() == MIME[combination.codec]
    assert publication.simulcasted == combination.is_simulcast
    assert (publication.width, publication.height) == full
    assert publication.source == rtc.TrackSource.SOURCE_CAMERA
    for client in (lin, ortega):
        assert await client.media_protocols() == {combination.link.transport}
