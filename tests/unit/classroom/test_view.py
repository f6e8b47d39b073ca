"""State plus events equals fresh state, for everybody; and nobody is told what they may not know."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.classroom import floor, guard, lobby
from server.classroom.events import Event, Recorded
from server.classroom.model import Message, MessageStatus, Reason, State, To, What
from server.classroom.view import Audience, Viewer, audience_of, view, view_event
from server.errors import TongchuangError
from server.ids import PersonId
from tests.fakes.classroom import (
    CHEN,
    LIN,
    MEI,
    ORTEGA,
    PUPILS,
    SCREEN_A,
    TEACHERS,
    Client,
    Room,
    comparable,
    lesson_info,
    view_of,
    visitor,
)

PEOPLE = (*TEACHERS, *PUPILS, SCREEN_A)
Step = Callable[[State], tuple[Event, ...]]


def _needle(seq: int) -> str:
    return f"NEEDLE{seq}N"


@st.composite
def steps(draw: st.DrawFn) -> tuple[PersonId | None, str, Step]:
    """One command of somebody, sensible or not; texts are filled with needles by the sequence number."""
    by = draw(st.sampled_from(PEOPLE))
    other = draw(st.sampled_from(PEOPLE))
    device = draw(st.sampled_from(("d1", "d2")))
    what = draw(st.sampled_from(What))
    flag = draw(st.booleans())
    to = draw(st.sampled_from(To))
    why = draw(st.sampled_from(((), (Reason.PHONE,))))
    lessons = st.sampled_from(
        (
            lesson_info(),
            lesson_info(state="lobby"),
            lesson_info(adults_needed=2),
            lesson_info(sides=_with_side_a(lead=CHEN, co_teachers=(LIN,))),
            lesson_info(sides=_with_side_a(co_teachers=())),
            lesson_info(sides=_with_side_a(is_class_to_class=True)),
        )
    )
    lesson = draw(lessons)

    def come(state: State) -> tuple[Event, ...]:
        return lobby.come(state, visitor(by, f"c{state.seq}", device, is_companion=flag and by.startswith("pupil")))

    def go(state: State) -> tuple[Event, ...]:
        person = state.find(by)
        return () if person is None or person.connection is None else lobby.go_away(state, by, person.connection)

    def send(state: State) -> tuple[Event, ...]:
        return floor.send(state, by, to=to, text=_needle(state.seq + 1), client_id=f"i{state.seq}", why=why)[0]

    def judge(state: State) -> tuple[Event, ...]:
        held = [m.message for m in state.messages.values() if m.why]
        if not held:
            return ()
        return (floor.release if flag else floor.discard)(state, by, held[-1])

    def put(state: State) -> tuple[Event, ...]:
        return floor.put_word(state, by, word=None, en=_needle(state.seq + 1), zh="", note="")

    def report(state: State) -> tuple[Event, ...]:
        return floor.report(state, by, report_id=f"r{state.seq}", about=None, text=_needle(state.seq + 1))

    commands: dict[str, Step] = {
        "come": come,
        "go": go,
        "send": send,
        "judge": judge,
        "word": put,
        "report": report,
        "lesson": lambda state: lobby.lesson_is(state, lesson),
        "admit": lambda state: lobby.admit(state, by, [other, MEI]),
        "admit_all": lambda state: lobby.admit_all(state, by, None),
        "refuse": lambda state: lobby.refuse(state, by, other),
        "remove": lambda state: lobby.remove(state, by, other),
        "lock": lambda state: lobby.lock(state, by, flag),
        "permit": lambda state: floor.permit(state, by, what, flag),
        "permit_person": lambda state: floor.permit_person(state, by, other, what, flag),
        "unpermit": lambda state: floor.permit_person(state, by, other, what, None),
        "raise": lambda state: floor.raise_hand(state, by),
        "lower": lambda state: floor.lower_hand(state, by, other),
        "clear": lambda state: floor.clear_hands(state, by),
        "joined": lambda state: guard.media_joined(state, by, device),
        "left": lambda state: guard.media_left(state, by, device),
    }
    name = draw(st.sampled_from([*commands, "come", "come", "send", "send", "judge", "admit_all", "joined"]))
    if name not in ("come", "go", "send", "report", "raise") and draw(st.integers(0, 3)):
        # Mostly who may, or hardly anything would happen.
        by = LIN
    return (by, name, commands[name])


def _with_side_a(**changes: Any) -> Any:
    a, b = lesson_info().sides
    return (replace(a, **changes), b)


class Audit:
    """Every client's view beside the truth, after every event."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.clients: list[Client] = []
        self.told: dict[Viewer, str] = {}
        room.on_event.append(self.on_event)

    def watch(self, viewer: Viewer) -> None:
        if audience_of(self.room.state, viewer) is not Audience.GONE:
            client = Client(viewer, view_of(self.room, viewer))
            self.clients.append(client)
            self.heard(viewer, client.state)

    def on_event(self, before: State, recorded: Recorded, after: State) -> None:
        for client in [client for client in self.clients if not client.is_gone]:
            message = view_event(before, recorded, after, client.viewer)
            client.on(message)
            if client.is_gone:
                continue
            self.heard(client.viewer, message)
            assert comparable(client.state) == comparable(view(after, client.viewer, recorded.at))

    def heard(self, viewer: Viewer, message: object) -> None:
        """What was said to somebody holds no needle but those that this person may know by now."""
        text = repr(message)
        state = self.room.state
        for one in state.messages.values():
            if one.text in text:
                assert _may_know(state, viewer, one), (viewer, one)
        for report in state.reports.values():
            if report.text in text:
                assert state.people[viewer.person].role in ("lead", "co_teacher", "substitute")
        if audience_of(state, viewer) in (Audience.WAITING, Audience.SECOND_DEVICE):
            assert "NEEDLE" not in text
            others = [person for person in PEOPLE if person != viewer.person]
            assert not any(f"name of {person}" in text for person in others)


def _may_know(state: State, viewer: Viewer, message: Message) -> bool:
    """Written apart from `view`, in the words of the product."""
    role = str(state.people[viewer.person].role)
    if message.by == viewer.person:
        return True
    if message.to == "between_leads":
        return role in ("lead", "substitute")
    if role in ("lead", "co_teacher", "substitute"):
        return True
    return message.to == "everyone" and message.status is MessageStatus.SHOWN


@settings(max_examples=40, deadline=None)
@given(st.lists(steps(), min_size=20, max_size=60), st.sampled_from((True, True, False)))
def test_state_plus_events_is_fresh_state_and_no_needle_leaks(
    played: list[tuple[PersonId | None, str, Step]], has_started: bool
) -> None:
    room = Room()
    audit = Audit(room)
    if has_started:
        for person in (LIN, ORTEGA, CHEN, *PUPILS, SCREEN_A):
            audit.watch(room.come(person))
        room.add(None, guard.media_joined(room.state, LIN, "d1"))
        room.add(LIN, lobby.admit_all(room.state, LIN, None))
    for by, name, command in played:
        room.clock.advance(seconds=17)
        seq = room.state.seq
        try:
            events = command(room.state)
        except TongchuangError:
            continue
        room.add(by, events)
        if name == "come" and by is not None:
            audit.watch(Viewer(by, f"c{seq}"))
        room.add(None, guard.due(room.state, room.clock.now()))
    for client in audit.clients:
        if not client.is_gone:
            json.dumps(client.state)


def test_the_test_would_see_a_leak(monkeypatch: pytest.MonkeyPatch) -> None:
    """The audit bites: with a view that shows held messages to all, it fails."""
    from server.classroom import view as module

    monkeypatch.setattr(module, "may_see", lambda person, message: True)
    room = Room()
    audit = Audit(room)
    for person in (LIN, *PUPILS):
        audit.watch(room.come(person))
    room.add(None, guard.media_joined(room.state, LIN, "d1"))
    room.add(LIN, lobby.admit_all(room.state, LIN, None))
    with pytest.raises(AssertionError):
        room.add(
            MEI,
            floor.send(room.state, MEI, to=To.EVERYONE, text=_needle(1), client_id="x", why=(Reason.LINK,))[0],
        )


def test_a_waiting_pupil_gets_four_things_and_no_more() -> None:
    room = Room()
    room.come(LIN)
    viewer = room.come(MEI)
    assert set(view_of(room, viewer)) == {"seq", "at", "you", "lesson", "lobby_note"}


def test_hidden_events_only_count() -> None:
    room = Room()
    lin, mei, ana = room.come(LIN), room.come(MEI), room.come(PUPILS[2])
    room.add(None, guard.media_joined(room.state, LIN, "d1"))
    before = room.state
    (recorded,) = room.add(LIN, lobby.admit(room.state, LIN, [MEI]))
    told = view_event(before, recorded, room.state, ana)
    assert told.event == {"seq": recorded.seq, "kind": "hidden"}  # type: ignore[union-attr]  # an event, or this fails
    assert view_of(room, mei)["you"]["status"] == "admitted"
    assert view_of(room, lin)["lobby"][0]["person"] == PUPILS[2]
    assert ORTEGA not in json.dumps(view_of(room, mei)["people"])
