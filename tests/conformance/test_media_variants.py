"""Variants of publishing that the server must carry unchanged: no RED, no DTX, screen share, end-to-end encryption."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from livekit import rtc

from tests.conformance.meeting import Link, Meeting
from tests.conformance.target import Target
from tests.conformance.wait import stays, until, until_async

KEY = b"a shared key of the two classes"


@pytest.mark.parametrize(("dtx", "red"), [(False, False), (True, False), (False, True)])
async def test_microphone_with_and_without_redundancy(plain_meeting: Meeting, dtx: bool, red: bool) -> None:
    lin, ortega = await plain_meeting.join_all("lin", "ortega")
    await lin.sing(440, dtx=dtx, red=red)
    await ortega.hears("lin", 440)


async def test_screen_beside_camera(meeting: Meeting) -> None:
    lin, ortega = await meeting.join_all("lin", "ortega")
    await lin.show(code=1)
    await ortega.sees_frames("lin", code=1)
    screen = await lin.show(code=3, width=640, height=360, source=rtc.TrackSource.SOURCE_SCREENSHARE)
    published = await ortega.event("track_published", lambda publication, _: publication.sid == screen.sid)
    assert published.args[0].source == rtc.TrackSource.SOURCE_SCREENSHARE
    # The meter follows the newest video track of a person.
    meter = await until(lambda: ortega.video["lin"] if ortega.video["lin"].code == 3 else None, "the screen is seen")
    await until(lambda: meter.size == (640, 360), lambda: f"its size: {dict(meter.sizes)}")


async def test_many_tracks_of_one_person(meeting: Meeting) -> None:
    """More than the three receive sections of each kind that a one-connection client offers at first."""
    lin, ortega = await meeting.join_all("lin", "ortega")
    late = await meeting.join("late", auto_subscribe=False)
    cameras = [await lin.show(code=code, width=160, height=120) for code in range(5)]

    def seen() -> set[int | None]:
        return {meter.code for meter in ortega.all_video if meter.frames}

    await until(lambda: seen() == {camera.code for camera in cameras}, lambda: f"all five colours are seen: {seen()}")
    await late.sees("lin")
    await until(lambda: len(late.other("lin").track_publications) == 5, "the late comer knows all five")


@pytest.fixture
async def encrypted(target: Target) -> AsyncIterator[Meeting]:
    meeting = Meeting(target, Link())
    yield meeting
    await meeting.close()


def encryption(key: bytes) -> rtc.E2EEOptions:
    options = rtc.E2EEOptions()
    options.key_provider_options.shared_key = key
    return options


@pytest.mark.parametrize("codec", ["vp8", "h264"])
async def test_encrypted_frames_pass_unchanged(encrypted: Meeting, codec: str) -> None:
    lin = await encrypted.join("lin", encryption=encryption(KEY))
    ortega = await encrypted.join("ortega", encryption=encryption(KEY))
    outsider = await encrypted.join("outsider", encryption=encryption(b"another key"))
    camera = await lin.show(code=1, codec=codec)
    await lin.sing(440)
    await ortega.sees_frames("lin", code=1)
    await ortega.hears("lin", 440)
    published = await ortega.event("track_published", lambda publication, _: publication.sid == camera.sid)
    assert published.args[0].encryption_type == rtc.EncryptionType.GCM
    await outsider.publication("lin", rtc.TrackKind.KIND_VIDEO)
    await stays(lambda: not outsider.video or not outsider.video["lin"].frames, "an outsider decodes frames", 1.0)


async def until_layers(look: Callable[[], Awaitable[set[str]]], wanted: set[str]) -> None:
    async def is_so() -> bool:
        return await look() == wanted

    await until_async(is_so, f"the active layers are {sorted(wanted)}")


async def test_layers_that_nobody_wants_are_not_sent(meeting: Meeting) -> None:
    """Dynacast: the publisher pauses the layers above what anyone receives."""
    lin = await meeting.join("lin", dynacast=True)
    ortega = await meeting.join("ortega")
    await lin.show(code=1, width=960, height=540, is_simulcast=True)
    publication = await ortega.publication("lin", rtc.TrackKind.KIND_VIDEO)
    await ortega.sees_frames("lin", code=1)
    publication.set_video_quality(rtc.VideoQuality.VIDEO_QUALITY_LOW)
    meter = ortega.video["lin"]
    await until(lambda: meter.size[0] == 320, lambda: f"the low layer: {dict(meter.sizes)}")

    async def active() -> set[str]:
        stats = await lin.room.get_rtc_stats()
        found = [one.outbound_rtp.outbound for one in stats.publisher_stats if one.HasField("outbound_rtp")]
        return {one.rid for one in found if one.active and one.rid}

    await until_layers(active, {"q"})
    publication.set_video_quality(rtc.VideoQuality.VIDEO_QUALITY_HIGH)
    await until_layers(active, {"q", "h", "f"})
    await until(lambda: meter.size[0] == 960, lambda: f"the high layer: {dict(meter.sizes)}")
