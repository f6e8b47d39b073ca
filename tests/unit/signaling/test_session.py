"""The session's table: complete, without dead ends, and it never forgets to give something back."""

from __future__ import annotations

import pytest

from server.signaling.session import EDGES, Effect, SessionEvent, SessionState, Step, transition


def test_every_state_is_reached_and_every_one_but_the_end_can_be_left() -> None:
    reached = {step.state for step in EDGES.values()} | {SessionState.CONNECTING}
    assert reached == set(SessionState)
    assert {state for state, _ in EDGES} == set(SessionState) - {SessionState.ENDED}


@pytest.mark.parametrize(("edge", "step"), EDGES.items(), ids=str)
def test_whoever_is_in_the_room_leaves_it_with_media_closed(
    edge: tuple[SessionState, SessionEvent], step: Step
) -> None:
    state, _ = edge
    is_inside = state in (SessionState.JOINED, SessionState.ACTIVE, SessionState.AWAY)
    ends = step.state is SessionState.ENDED
    for effect in (Effect.EXIT_ROOM, Effect.CLOSE_MEDIA):
        assert step.effects.count(effect) == (1 if is_inside and ends else 0)


@pytest.mark.parametrize("event", SessionEvent)
def test_grace_timer_runs_exactly_while_away(event: SessionEvent) -> None:
    for state in SessionState:
        step = transition(state, event)
        enters = step.state is SessionState.AWAY and state is not SessionState.AWAY
        leaves = state is SessionState.AWAY and step.state is not SessionState.AWAY
        assert (Effect.START_GRACE in step.effects) == enters
        assert (Effect.CANCEL_GRACE in step.effects) == (leaves and event is not SessionEvent.GRACE_OVER)


def test_ended_stays_ended() -> None:
    for event in SessionEvent:
        assert transition(SessionState.ENDED, event) == Step(SessionState.ENDED, ())


def test_a_life() -> None:
    state = SessionState.CONNECTING
    seen = []
    for event in (
        SessionEvent.ADMITTED,
        SessionEvent.MEDIA_CONNECTED,
        SessionEvent.SOCKET_LOST,
        SessionEvent.RESUMED,
        SessionEvent.MEDIA_CONNECTED,
        SessionEvent.REMOVED,
    ):
        state = transition(state, event).state
        seen.append(state)
    assert seen == [
        SessionState.JOINED,
        SessionState.ACTIVE,
        SessionState.AWAY,
        SessionState.JOINED,
        SessionState.ACTIVE,
        SessionState.ENDED,
    ]
