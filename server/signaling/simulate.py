"""LiveKit's `simulate` scenarios: how its test clients provoke the failures that they must survive."""

from __future__ import annotations

from livekit.protocol.models import DisconnectReason, SpeakerInfo
from livekit.protocol.rtc import LeaveRequest, SignalResponse, SimulateScenario, SpeakersChanged

from server.signaling.participant_session import ParticipantSession, leave_message

# Why bounded: a client names the seconds.
_MAX_SPEAKER_S = 30


def simulate(session: ParticipantSession, scenario: SimulateScenario) -> None:
    """Acts on the asking participant alone; unknown scenarios are ignored."""
    match scenario.WhichOneof("scenario"):
        case "speaker_update":
            _speak(session, min(_MAX_SPEAKER_S, max(1, scenario.speaker_update)))
        case "node_failure":
            # As if this worker had died: everything is gone, nothing is said.
            session.leave(DisconnectReason.SERVER_SHUTDOWN)
        case "migration":
            _ask(session, LeaveRequest.Action.RESUME, DisconnectReason.MIGRATION)
        case "server_leave":
            session.disconnect(DisconnectReason.SERVER_SHUTDOWN)
        case "leave_request_full_reconnect":
            session.disconnect(DisconnectReason.STATE_MISMATCH, LeaveRequest.Action.RECONNECT)
        case "disconnect_signal_on_resume" | "disconnect_signal_on_resume_no_messages":
            session.drop_signal_on_resume = True
        case "switch_candidate_protocol":
            session.media.prefer_tcp(scenario.switch_candidate_protocol != 0)
            _ask(session, LeaveRequest.Action.RESUME, DisconnectReason.MIGRATION)
        case _:
            return


def _ask(session: ParticipantSession, action: LeaveRequest.Action, reason: DisconnectReason) -> None:
    """Tell the client to come back; the participant stays in the room meanwhile."""
    session.send(leave_message(reason, action))
    if session.connection is not None:
        session.connection.close()


def _speak(session: ParticipantSession, seconds: int) -> None:
    sid = session.participant.sid
    session.room.broadcast(_speaker(sid, level=0.9, active=True))

    def stop() -> None:
        session.room.broadcast(_speaker(sid, level=0.0, active=False))

    session.call_later(seconds, stop)


def _speaker(sid: str, *, level: float, active: bool) -> SignalResponse:
    changed = SpeakersChanged(speakers=[SpeakerInfo(sid=sid, level=level, active=active)])
    return SignalResponse(speakers_changed=changed)
