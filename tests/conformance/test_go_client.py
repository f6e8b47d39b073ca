"""Clients like LiveKit's own Go ones: subscribed by hand over two connections, with the server in either DTLS role."""

from __future__ import annotations

import pytest

from tests.conformance.go_client import GoClient
from tests.conformance.meeting import Meeting
from tests.conformance.wait import until

# Beyond what a probe or a stray packet could be.
MANY = 20


@pytest.mark.parametrize("setup", ["passive", "active"])
async def test_media_asked_for_by_hand(plain_meeting: Meeting, setup: str) -> None:
    lin = await plain_meeting.join("lin")
    camera, microphone = await lin.show(code=1), await lin.sing()
    async with GoClient(plain_meeting.target, plain_meeting.token("go"), setup=setup) as go:
        await lin.sees("go")
        await go.subscribe(microphone.sid)
        await until(lambda: go.packets(is_video=False) > MANY, lambda: f"no sound; {go.path.failure or 'no failure'}")
        assert not any(stream.is_video for stream in go.receiver.streams.values()), "nobody asked for the picture"

        await go.subscribe(camera.sid)
        await until(lambda: go.packets(is_video=True) > MANY and go.receiver.first_frames_us, "no picture")
        assert go.receiver.undecryptable == 0
        assert go.receiver.unknown == 0
