"""A path that carries no picture for a while: the client is told that the video pauses, and later that it goes on."""

from __future__ import annotations

import pytest
from livekit.protocol.rtc import StreamState

from tests.conformance.client import Client
from tests.conformance.meeting import Link, Meeting
from tests.conformance.signal_proxy import SignalProxy
from tests.conformance.target import Target
from tests.conformance.wait import until

# So much lost is no chance, however few packets a report is about; and what the client reports arrives.
LOSS = 0.75
# Reports come once a second, and the way back is found by probing it.
SLOW_GUARD_S = 60.0


def told(proxy: SignalProxy, publisher: Client, track_sid: str) -> list[int]:
    """What the client behind the proxy was told of one track, in order."""
    return [
        state.state
        for response in proxy.responses
        for state in response.stream_state_update.stream_states
        if (state.participant_sid, state.track_sid) == (publisher.me.sid, track_sid)
    ]


@pytest.mark.only_ours("livekit-server pauses no video unless it is configured to (congestion_control.allow_pause)")
async def test_a_client_sees_a_video_pause_and_go_on(target: Target) -> None:
    meeting = Meeting(target, Link(delay_ms=1.0))
    try:
        lin, far = await meeting.join("lin", via=await meeting.proxy()), await meeting.proxy()
        camera = await lin.show(code=1)
        await lin.sing(440)
        ortega = await meeting.join("ortega", via=far)
        await ortega.sees_frames("lin", code=1)
        await ortega.hears("lin", 440)
        assert StreamState.PAUSED not in told(far, lin, camera.sid)

        for relay in far.relays:
            relay.loss_to_client = LOSS
        # Not only the newest: a loss that stays, however little is sent, is taken for the path's own after a while.
        await until(
            lambda: StreamState.PAUSED in told(far, lin, camera.sid),
            lambda: f"the client hears of a pause; {[(relay.forwarded, relay.dropped) for relay in far.relays]}",
            SLOW_GUARD_S,
        )
        for relay in far.relays:
            relay.loss_to_client = 0.0
        await until(
            lambda: told(far, lin, camera.sid)[-1:] == [StreamState.ACTIVE], "the client hears of the end", SLOW_GUARD_S
        )
        await ortega.sees_frames("lin", code=1, guard_s=SLOW_GUARD_S)
        # Sound is never paused for want of bandwidth.
        await ortega.hears("lin", 440)
    finally:
        await meeting.close()
