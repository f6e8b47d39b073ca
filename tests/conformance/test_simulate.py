"""LiveKit's simulate scenarios, which its own test clients use to provoke reconnects."""

from __future__ import annotations

from livekit import rtc

from tests.conformance.meeting import Meeting
from tests.conformance.wait import until

Kind = rtc.SimulateScenarioKind


async def test_pictures_go_on_after(meeting: Meeting, scenario: rtc.SimulateScenarioKind.ValueType) -> None:
    lin, ortega = await meeting.join_all("lin", "ortega")
    await lin.show(code=1)
    await ortega.show(code=2)
    await ortega.sees_frames("lin", code=1)
    await lin.sees_frames("ortega", code=2)
    mark = len(lin.events)
    await lin.room.simulate_scenario(scenario)
    await lin.event("reconnected", since=mark, guard_s=30)
    await until(lin.room.isconnected, "lin is connected")
    await ortega.sees_frames("lin", code=1)
    await lin.sees_frames("ortega", code=2)
    assert list(ortega.room.remote_participants) == ["lin"]


async def test_speaker(meeting: Meeting) -> None:
    lin, ortega = await meeting.join_all("lin", "ortega")
    await lin.sing(440)
    await ortega.hears("lin")
    await lin.room.simulate_scenario(Kind.SIMULATE_SPEAKER)
    await lin.event("active_speakers_changed")


async def test_server_leave_ends_the_session(meeting: Meeting) -> None:
    lin, ortega = await meeting.join_all("lin", "ortega")
    await lin.room.simulate_scenario(Kind.SIMULATE_SERVER_LEAVE)
    await lin.event("disconnected")
    await ortega.event("participant_disconnected", lambda who: who.identity == "lin")
