"""A lesson of two schools for tests of the classroom, a room that plays it, and a client that holds its view."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from server.classroom import lobby
from server.classroom.apply import apply
from server.classroom.events import Event, Recorded
from server.classroom.model import LessonInfo, SideInfo, State
from server.classroom.view import Changed, Fresh, Gone, Viewer, view
from server.ids import PersonId
from server.pair import LocalizedText, Side
from tests.fakes.clock import FakeClock

LIN, ORTEGA = PersonId("adult-lin"), PersonId("adult-ortega")
CHEN, DIAZ = PersonId("adult-chen"), PersonId("adult-diaz")
MEI, HAO, ANA, BEN = (PersonId(f"pupil-{name}") for name in ("mei", "hao", "ana", "ben"))
SCREEN_A = PersonId("screen-a")
TEACHERS = (LIN, ORTEGA, CHEN, DIAZ)
PUPILS = (MEI, HAO, ANA, BEN)
SIDE_OF = {MEI: "a", HAO: "a", ANA: "b", BEN: "b", SCREEN_A: "a"}


def lesson_info(**changes: Any) -> LessonInfo:
    starts_at = FakeClock().now()
    lesson = LessonInfo(
        id="le_test",
        title=LocalizedText("Two mornings", "兩地晨光"),
        state="live",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=40),
        adults_needed=1,
        sides=(
            SideInfo(
                key="a",
                side=Side.TAIWAN,
                school=LocalizedText("Chenguang", "晨光國小"),
                place=LocalizedText("Taipei", "臺北"),
                zone="Asia/Taipei",
                class_group=LocalizedText("5A", "五年甲班"),
                lead=LIN,
                co_teachers=(CHEN,),
            ),
            SideInfo(
                key="b",
                side=Side.UNITED_STATES,
                school=LocalizedText("Saguaro", "仙人掌小學"),
                place=LocalizedText("Tucson", "土桑"),
                zone="America/Phoenix",
                class_group=LocalizedText("5B", "5B"),
                lead=ORTEGA,
                substitute=DIAZ,
            ),
        ),
    )
    return replace(lesson, **changes)


def visitor(person: PersonId, connection: str, device: str = "d1", **more: Any) -> lobby.Visitor:
    name = LocalizedText(f"name of {person}", f"{person} 的名字")
    is_pupil = person.startswith("pupil-")
    return lobby.Visitor(
        person=person,
        name=name,
        connection=connection,
        side=SIDE_OF.get(person, ""),
        device=device if is_pupil else "",
        **more,
    )


class Room:
    """State and history in memory; `on_event` sees every step."""

    def __init__(self, clock: FakeClock | None = None, lesson: LessonInfo | None = None) -> None:
        self.clock = clock or FakeClock()
        self.state = State()
        self.history: list[Recorded] = []
        self.on_event: list[Callable[[State, Recorded, State], None]] = []
        self.add(None, lobby.lesson_is(self.state, lesson or lesson_info()))

    def add(self, by: PersonId | None, events: tuple[Event, ...]) -> list[Recorded]:
        added = []
        for event in events:
            recorded = Recorded(seq=self.state.seq + 1, at=self.clock.now(), by=by, event=event)
            before, self.state = self.state, apply(self.state, recorded)
            self.history.append(recorded)
            added.append(recorded)
            for listener in self.on_event:
                listener(before, recorded, self.state)
        return added

    def come(self, person: PersonId, connection: str | None = None, device: str = "d1", **more: Any) -> Viewer:
        where = connection or f"c-{person}-{self.state.seq}"
        self.add(person, lobby.come(self.state, visitor(person, where, device, **more)))
        return Viewer(person, where)


KEYS = {"people": "person", "chat": "message", "words": "word", "lobby": "person", "reports": "report"}


class Client:
    """The reducer of docs/protocol/classroom.md §5, as a browser has it."""

    def __init__(self, viewer: Viewer, state: dict[str, Any]) -> None:
        self.viewer = viewer
        self.state = state
        self.gone: str | None = None
        self.is_gone = False

    def on(self, message: Fresh | Changed | Gone) -> None:
        match message:
            case Gone(why):
                self.is_gone, self.gone = True, why
            case Fresh(state):
                self.state = state
            case Changed(event):
                self.on_event(event)

    def on_event(self, event: dict[str, Any]) -> None:
        assert event["seq"] == self.state["seq"] + 1
        state = {**self.state, **event.get("set", {}), "seq": event["seq"]}
        for name, entries in event.get("put", {}).items():
            keys = {entry[KEYS[name]] for entry in entries}
            state[name] = [entry for entry in state[name] if entry[KEYS[name]] not in keys] + entries
        for name, keys in event.get("drop", {}).items():
            state[name] = [entry for entry in state[name] if entry[KEYS[name]] not in keys]
        self.state = state


def comparable(state: dict[str, Any]) -> dict[str, Any]:
    """Lists but hands have no order, and a state its own time."""
    ordered = {name: sorted(state[name], key=lambda entry: str(entry[KEYS[name]])) for name in KEYS if name in state}
    return {**state, **ordered, "at": None}


def view_of(room: Room, viewer: Viewer, at: datetime | None = None) -> dict[str, Any]:
    return view(room.state, viewer, at or room.clock.now())
