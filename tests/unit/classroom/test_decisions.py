"""One command at a time: who may, what follows, and what is refused in which words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from server.classroom import effects as fx
from server.classroom import events as e
from server.classroom import floor, guard, lobby
from server.classroom.apply import MAX_MESSAGES, apply, fold
from server.classroom.model import Note, Reason, Role, State, Status, To, What
from server.classroom.view import Audience, Gone, Viewer, audience_of, view, view_event
from server.errors import Conflict, ErrorCode, Forbidden, LimitExceeded, NotFound, TongchuangError
from server.ids import PersonId
from tests.fakes.classroom import (
    ANA,
    BEN,
    CHEN,
    DIAZ,
    HAO,
    LIN,
    MEI,
    ORTEGA,
    SCREEN_A,
    Room,
    lesson_info,
    visitor,
)


def open_room(*pupils: PersonId, **lesson: object) -> Room:
    """Both leads are there, Lin with media; `pupils` are admitted."""
    room = Room(lesson=lesson_info(**lesson))
    for person in (LIN, ORTEGA, *pupils):
        room.come(person)
    room.add(None, guard.media_joined(room.state, LIN, "PA_1"))
    room.add(None, guard.media_joined(room.state, ORTEGA, "PA_2"))
    room.add(LIN, lobby.admit_all(room.state, LIN, None))
    return room


def status(room: Room, person: PersonId) -> Status:
    return room.state.people[person].status


def refused(kind: type[TongchuangError], code: ErrorCode, decide: Callable[[], object]) -> None:
    with pytest.raises(kind) as caught:
        decide()
    assert caught.value.code is code


# -- the door


@pytest.mark.parametrize("state", ["proposed", "confirmed", "ended", "attendance_signed", "reported", "cancelled"])
def test_nobody_comes_into_a_lesson_that_is_not_on(state: str) -> None:
    room = Room(lesson=lesson_info(state=state))
    for person in (LIN, MEI):
        refused(Conflict, ErrorCode.LESSON_STATE, partial(lobby.come, room.state, visitor(person, "c")))
    refused(Conflict, ErrorCode.LESSON_STATE, lambda: lobby.come(State(), visitor(MEI, "c")))


def test_roles_come_from_the_lesson() -> None:
    room = Room()
    roles = {}
    for person in (LIN, CHEN, ORTEGA, DIAZ, MEI, SCREEN_A):
        room.come(person)
        roles[person] = (room.state.people[person].side, room.state.people[person].role)
    assert roles == {
        LIN: ("a", Role.LEAD),
        CHEN: ("a", Role.CO_TEACHER),
        ORTEGA: ("b", Role.LEAD),
        DIAZ: ("b", Role.SUBSTITUTE),
        MEI: ("a", Role.PUPIL),
        SCREEN_A: ("a", Role.SCREEN),
    }
    refused(NotFound, ErrorCode.NOT_FOUND, lambda: lobby.come(room.state, visitor(PersonId("adult-x"), "c")))


def test_early_pupils_wait_for_the_lobby_to_open() -> None:
    room = Room(lesson=lesson_info(state="consent_checked"))
    room.come(LIN)
    viewer = room.come(MEI)
    assert view(room.state, viewer, room.clock.now())["lobby_note"] == "not_open"
    refused(Conflict, ErrorCode.LESSON_STATE, lambda: lobby.admit(room.state, LIN, [MEI]))


def test_an_adult_who_leads_no_more_is_out() -> None:
    room = open_room()
    chen = room.come(CHEN)
    a, b = lesson_info().sides
    before = room.state
    (recorded,) = room.add(None, lobby.lesson_is(room.state, lesson_info(sides=(replace(a, co_teachers=()), b))))
    assert view_event(before, recorded, room.state, chen) == Gone("not_yours")
    assert status(room, CHEN) is Status.OUT
    assert not fx.may_be_in_media(room.state, CHEN)


@pytest.mark.parametrize(
    ("state", "why"), [("ended", "ended"), ("cancelled", "cancelled"), ("proposed", "cancelled"), ("reported", "ended")]
)
def test_everybody_goes_when_the_lesson_does(state: str, why: str) -> None:
    room = open_room(MEI)
    mei = Viewer(MEI, str(room.state.people[MEI].connection))
    before = room.state
    (recorded,) = room.add(None, lobby.lesson_is(room.state, lesson_info(state=state)))
    assert view_event(before, recorded, room.state, mei) == Gone(why)
    assert fx.effects(before, room.state).close
    assert guard.due(room.state, room.clock.now()) == ()


def test_two_waiting_devices_are_let_in_one_after_the_other() -> None:
    room = open_room()
    first, second = room.come(MEI, device="d1"), room.come(MEI, device="d2")
    assert audience_of(room.state, second) is Audience.SECOND_DEVICE
    assert lobby.admit_all(room.state, LIN, None) == ()
    room.add(LIN, lobby.admit(room.state, LIN, [MEI]))
    assert audience_of(room.state, first) is Audience.ADMITTED
    before = room.state
    room.add(LIN, lobby.admit(room.state, LIN, [MEI]))
    assert audience_of(room.state, first) is Audience.GONE
    assert audience_of(room.state, second) is Audience.ADMITTED
    assert fx.effects(before, room.state).moved == (MEI,)


def test_the_second_device_takes_over_when_the_first_stops_waiting() -> None:
    room = open_room()
    first, second = room.come(MEI, device="d1"), room.come(MEI, device="d2")
    room.add(MEI, lobby.go_away(room.state, MEI, first.connection))
    assert audience_of(room.state, second) is Audience.WAITING
    room.add(MEI, lobby.go_away(room.state, MEI, second.connection))
    assert lobby.go_away(room.state, MEI, second.connection) == ()
    assert lobby.go_away(room.state, HAO, "c") == ()
    third = room.come(MEI, device="d3")
    assert audience_of(room.state, third) is Audience.WAITING


def test_admitting_is_for_who_waits() -> None:
    room = open_room(MEI)
    assert lobby.admit(room.state, LIN, [MEI]) == ()
    refused(NotFound, ErrorCode.PERSON_NOT_FOUND, lambda: lobby.admit(room.state, LIN, [HAO]))
    refused(NotFound, ErrorCode.PERSON_NOT_FOUND, lambda: lobby.refuse(room.state, LIN, MEI))
    room.come(HAO)
    room.come(ANA)
    assert lobby.admit_all(room.state, LIN, "a") == (e.Admitted(people=(HAO,)),)
    room.add(LIN, lobby.lock(room.state, LIN, True))
    assert lobby.lock(room.state, LIN, True) == ()
    refused(Conflict, ErrorCode.ROOM_LOCKED, lambda: lobby.admit_all(room.state, LIN, None))
    room.add(LIN, lobby.refuse(room.state, LIN, ANA))
    assert status(room, ANA) is Status.OUT
    room.come(ANA)
    assert room.state.people[ANA].note is Note.REFUSED


@pytest.mark.parametrize("by", [MEI, SCREEN_A, PersonId("adult-x")])
def test_only_teachers_have_the_tools(by: PersonId) -> None:
    room = open_room(MEI, HAO)
    room.come(SCREEN_A)
    state = room.state
    tools: list[Callable[[], object]] = [
        lambda: lobby.admit(state, by, [HAO]),
        lambda: lobby.admit_all(state, by, None),
        lambda: lobby.refuse(state, by, HAO),
        lambda: lobby.remove(state, by, HAO),
        lambda: lobby.lock(state, by, True),
        lambda: floor.release(state, by, "m1"),
        lambda: floor.discard(state, by, "m1"),
        lambda: floor.clear_hands(state, by),
        lambda: floor.put_word(state, by, word=None, en="x", zh="", note=""),
        lambda: floor.remove_word(state, by, "w1"),
        lambda: floor.permit(state, by, What.CHAT, False),
        lambda: floor.permit_person(state, by, HAO, What.CHAT, False),
    ]
    for tool in tools:
        refused(Forbidden, ErrorCode.FORBIDDEN, tool)


def test_adults_are_not_removed_and_a_screen_is() -> None:
    room = open_room()
    room.come(SCREEN_A)
    refused(Forbidden, ErrorCode.FORBIDDEN, lambda: lobby.remove(room.state, LIN, ORTEGA))
    refused(NotFound, ErrorCode.PERSON_NOT_FOUND, lambda: lobby.remove(room.state, LIN, BEN))
    before = room.state
    room.add(LIN, lobby.remove(room.state, LIN, SCREEN_A))
    assert fx.effects(before, room.state).remove == (SCREEN_A,)
    again = room.come(SCREEN_A)
    assert audience_of(room.state, again) is Audience.ADMITTED


# -- chat, hands, words, reports


def send(room: Room, by: PersonId, to: To, text: str = "x", client_id: str = "1", why: tuple[Reason, ...] = ()) -> str:
    events, _ = floor.send(room.state, by, to=to, text=text, client_id=client_id, why=why)
    return f"m{room.add(by, events)[-1].seq}"


def test_who_writes_to_whom() -> None:
    room = open_room(MEI)
    room.come(CHEN)
    room.come(SCREEN_A)
    room.come(HAO)
    for by, to in ((MEI, To.BETWEEN_LEADS), (CHEN, To.BETWEEN_LEADS), (SCREEN_A, To.EVERYONE), (SCREEN_A, To.LEADS)):
        refused(Forbidden, ErrorCode.FORBIDDEN, partial(send, room, by, to))
    refused(Forbidden, ErrorCode.NOT_ADMITTED, lambda: send(room, HAO, To.LEADS))
    for by, to in ((LIN, To.BETWEEN_LEADS), (MEI, To.EVERYONE), (MEI, To.LEADS), (CHEN, To.EVERYONE)):
        send(room, by, to, client_id=to)


def test_only_pupils_words_to_all_are_held() -> None:
    room = open_room(MEI)
    held = send(room, MEI, To.EVERYONE, why=(Reason.LINK,))
    assert [event.event.kind for event in room.history][-1] == "chat_held"
    send(room, MEI, To.LEADS, client_id="2", why=(Reason.LINK,))
    shown = send(room, LIN, To.EVERYONE, why=(Reason.LINK,))
    assert [event.event.kind for event in room.history][-2:] == ["chat_sent", "chat_sent"]
    refused(NotFound, ErrorCode.MESSAGE_NOT_FOUND, lambda: floor.release(room.state, LIN, shown))
    refused(NotFound, ErrorCode.MESSAGE_NOT_FOUND, lambda: floor.discard(room.state, LIN, "m999"))
    room.add(ORTEGA, floor.discard(room.state, ORTEGA, held))
    assert floor.discard(room.state, LIN, held) == ()
    mei = Viewer(MEI, str(room.state.people[MEI].connection))
    seen = {one["message"]: one for one in view(room.state, mei, room.clock.now())["chat"]}
    assert (seen[held]["status"], seen[held]["text"]) == ("discarded", "")
    # A lead may think better of it.
    room.add(ORTEGA, floor.release(room.state, ORTEGA, held))
    assert floor.release(room.state, ORTEGA, held) == ()


def test_the_latest_messages_are_kept() -> None:
    room = open_room(MEI)
    first = send(room, MEI, To.EVERYONE, client_id="first")
    state, seq = room.state, room.state.seq
    said = [
        e.Recorded(
            seq=seq + number,
            at=room.clock.now(),
            by=MEI,
            event=e.ChatSent(person=MEI, to=To.EVERYONE, text=str(number), client_id=str(number)),
        )
        for number in range(1, MAX_MESSAGES + 1)
    ]
    after = fold(state, said)
    assert len(after.messages) == MAX_MESSAGES
    assert first not in after.messages
    # Also a message long gone is not stored twice.
    assert floor.send(after, MEI, to=To.EVERYONE, text="x", client_id="first", why=())[1] == int(first[1:])


def test_a_missing_event_is_noticed() -> None:
    with pytest.raises(ValueError, match="event 3 after 0"):
        apply(State(), e.Recorded(seq=3, at=Room().clock.now(), by=None, event=e.HandsCleared()))


def test_events_about_nobody_are_harmless() -> None:
    """What was stored is read again by newer code, whatever it says."""
    events: tuple[e.Event, ...] = (
        e.ChatSent(person=BEN, to=To.LEADS, text="x", client_id="1"),
        e.ChatHeld(person=BEN, to=To.LEADS, text="x", client_id="1", why=(Reason.LINK,)),
        e.ChatReleased(message="m7"),
        e.Reported(report="r1", person=BEN, about=None, text="x"),
        e.Admitted(people=(BEN,)),
        e.Removed(person=BEN),
        e.WordRemoved(word="w1"),
        e.HandLowered(person=BEN),
        e.PersonPermissionSet(person=BEN, what=What.CHAT, allowed=None),
        e.AdultsChanged(person=BEN, sid="x", is_present=False),
        e.WentAway(person=BEN, connection="c"),
    )
    room = Room()
    before = room.state
    room.add(None, events)
    assert replace(room.state, seq=before.seq) == before


def test_hands_are_raised_once_and_fall_with_their_people() -> None:
    room = open_room(MEI, HAO)
    room.come(SCREEN_A)
    refused(Forbidden, ErrorCode.FORBIDDEN, lambda: floor.raise_hand(room.state, SCREEN_A))
    for person in (HAO, MEI):
        room.add(person, floor.raise_hand(room.state, person))
    assert floor.raise_hand(room.state, MEI) == ()
    refused(Forbidden, ErrorCode.FORBIDDEN, lambda: floor.lower_hand(room.state, MEI, HAO))
    room.add(LIN, lobby.remove(room.state, LIN, HAO))
    assert room.state.hands == (MEI,)
    room.add(LIN, floor.lower_hand(room.state, LIN, MEI))
    assert floor.lower_hand(room.state, MEI, None) == ()
    assert floor.clear_hands(room.state, LIN) == ()


def test_a_hand_waits_a_minute_for_who_went_away() -> None:
    """And keeps its place for who is back sooner; the time away begins anew each time."""
    room = open_room(MEI, HAO)
    mei = room.come(MEI)
    for person in (MEI, HAO):
        room.add(person, floor.raise_hand(room.state, person))

    def after(seconds: int) -> lobby.Events:
        room.clock.advance(seconds=seconds)
        return floor.lower_hands_of_the_absent(room.state, room.clock.now())

    assert after(600) == ()
    room.add(MEI, lobby.go_away(room.state, MEI, mei.connection))
    assert after(59) == ()
    mei = room.come(MEI)
    assert after(1) == ()
    assert list(room.state.hands) == [MEI, HAO]
    room.add(MEI, lobby.go_away(room.state, MEI, mei.connection))
    assert after(59) == ()
    fallen = after(1)
    assert fallen == (e.HandLowered(person=MEI),)
    room.add(None, fallen)
    assert list(room.state.hands) == [HAO]
    room.come(MEI)
    assert list(room.state.hands) == [HAO]


def test_words_have_an_end() -> None:
    room = open_room()
    for number in range(floor.MAX_WORDS):
        room.add(LIN, floor.put_word(room.state, LIN, word=None, en=str(number), zh="", note=""))
    refused(
        LimitExceeded, ErrorCode.TOO_MANY, lambda: floor.put_word(room.state, LIN, word=None, en="x", zh="", note="")
    )
    refused(
        NotFound, ErrorCode.WORD_NOT_FOUND, lambda: floor.put_word(room.state, LIN, word="w1", en="x", zh="", note="")
    )
    first = next(iter(room.state.words))
    room.add(LIN, floor.put_word(room.state, LIN, word=first, en="window", zh="窗", note=""))
    assert room.state.words[first].zh == "窗"
    room.add(LIN, floor.remove_word(room.state, LIN, first))
    assert floor.remove_word(room.state, LIN, first) == ()


def test_what_is_said_of_all_outweighs_what_was_said_of_one() -> None:
    room = open_room(MEI, HAO)
    room.add(LIN, floor.permit_person(room.state, LIN, MEI, What.SCREEN_SHARE, True))
    assert floor.permit_person(room.state, LIN, MEI, What.SCREEN_SHARE, True) == ()
    assert room.state.may(room.state.people[MEI], What.SCREEN_SHARE)
    room.add(LIN, floor.permit(room.state, LIN, What.SCREEN_SHARE, False))
    assert not room.state.may(room.state.people[MEI], What.SCREEN_SHARE)
    assert floor.permit(room.state, LIN, What.SCREEN_SHARE, False) == ()
    room.add(LIN, floor.permit(room.state, LIN, What.CHAT, False))
    room.add(LIN, floor.permit_person(room.state, LIN, MEI, What.CHAT, True))
    send(room, MEI, To.EVERYONE)
    refused(Conflict, ErrorCode.NOT_ALLOWED_NOW, lambda: send(room, HAO, To.EVERYONE))
    room.add(LIN, floor.permit_person(room.state, LIN, MEI, What.CHAT, None))
    refused(Conflict, ErrorCode.NOT_ALLOWED_NOW, lambda: send(room, MEI, To.EVERYONE, client_id="2"))
    send(room, LIN, To.EVERYONE)
    refused(
        NotFound, ErrorCode.PERSON_NOT_FOUND, lambda: floor.permit_person(room.state, LIN, ORTEGA, What.CHAT, False)
    )


def test_a_report_points_at_what_its_author_knows() -> None:
    room = open_room(MEI)
    secret = send(room, LIN, To.BETWEEN_LEADS)
    public = send(room, LIN, To.EVERYONE, client_id="2")
    room.come(HAO)

    def report(by: PersonId, about: str | None) -> lobby.Events:
        return floor.report(room.state, by, report_id="r1", about=about, text="x")

    for by, about in ((MEI, secret), (MEI, HAO), (MEI, "pupil-nobody"), (HAO, LIN), (HAO, public)):
        refused(NotFound, ErrorCode.PERSON_NOT_FOUND, partial(report, by, about))
    known: tuple[tuple[PersonId, str | None], ...] = (
        (MEI, public),
        (MEI, LIN),
        (HAO, None),
        (LIN, HAO),
        (ORTEGA, secret),
    )
    for by, pointed_at in known:
        assert len(report(by, pointed_at)) == 1
    refused(Forbidden, ErrorCode.NOT_ADMITTED, lambda: report(BEN, None))
    for number in range(floor.MAX_REPORTS):
        room.add(MEI, floor.report(room.state, MEI, report_id=f"r{number}", about=None, text="x"))
    refused(LimitExceeded, ErrorCode.TOO_MANY, lambda: report(MEI, None))


# -- C14


def test_the_guard_gives_a_minute_once() -> None:
    room = open_room(MEI)
    room.add(None, guard.media_left(room.state, LIN, "PA_1"))
    assert guard.due(room.state, room.clock.now()) == ()
    room.add(None, guard.media_left(room.state, ORTEGA, "PA_2"))
    (started,) = guard.due(room.state, room.clock.now())
    assert started == e.GraceStarted(ends_at=room.clock.now() + timedelta(seconds=60))
    room.add(None, (started,))
    assert guard.due(room.state, room.clock.now()) == ()
    assert guard.may_have_media(room.state)
    room.clock.advance(seconds=60)
    before = room.state
    room.add(None, guard.due(room.state, room.clock.now()))
    assert status(room, MEI) is Status.WAITING
    assert fx.effects(before, room.state).remove == (MEI,)
    assert guard.due(room.state, room.clock.now()) == ()
    assert not guard.may_have_media(room.state)


def test_a_school_may_be_stricter() -> None:
    room = open_room(MEI)
    room.add(None, guard.media_is(room.state, {}))
    now, five = room.clock.now(), timedelta(seconds=5)
    assert guard.due(room.state, now, five) == (e.GraceStarted(ends_at=now + five),)


def test_a_grace_without_pupils_ends() -> None:
    room = open_room(MEI)
    room.add(None, guard.media_is(room.state, {}))
    room.add(None, guard.due(room.state, room.clock.now()))
    room.add(LIN, lobby.remove(room.state, LIN, MEI))
    assert guard.due(room.state, room.clock.now()) == (e.GraceCancelled(),)


def test_an_adults_newer_connection_counts() -> None:
    """Words of the media server come late and in any order."""
    room = Room()
    room.come(LIN)
    room.add(None, guard.media_joined(room.state, LIN, "PA_1"))
    room.add(None, guard.media_joined(room.state, LIN, "PA_2"))
    assert guard.media_joined(room.state, LIN, "PA_2") == ()
    room.add(None, guard.media_left(room.state, LIN, "PA_1"))
    assert guard.media_left(room.state, LIN, "PA_1") == ()
    assert room.state.has_enough_adults
    assert guard.media_joined(room.state, MEI, "PA_3") == ()
    assert guard.media_joined(room.state, "adult-x", "PA_4") == ()
    assert guard.media_is(room.state, {LIN: "PA_2", MEI: "PA_3"}) == ()
    assert guard.due(State(), room.clock.now()) == ()


def test_one_person_is_not_two_adults() -> None:
    room = Room(lesson=lesson_info(adults_needed=2))
    for sid in ("PA_1", "PA_2"):
        room.add(None, guard.media_joined(room.state, LIN, sid))
    assert not room.state.has_enough_adults
    room.add(None, guard.media_joined(room.state, ORTEGA, "PA_3"))
    assert room.state.has_enough_adults


# -- the media server


def test_effects_follow_permissions_and_companions() -> None:
    room = open_room(MEI, ANA)
    before = room.state
    room.add(LIN, floor.permit(room.state, LIN, What.CAMERA, False))
    assert fx.effects(before, room.state).permit == {MEI: {"microphone"}, ANA: {"microphone"}}
    before = room.state
    a, b = lesson_info().sides
    together = lesson_info(sides=(replace(a, is_class_to_class=True), b))
    room.add(None, lobby.lesson_is(room.state, together))
    assert fx.effects(before, room.state).permit == {MEI: frozenset()}
    before = room.state
    room.add(LIN, floor.permit(room.state, LIN, What.CHAT, False))
    assert fx.effects(before, room.state) == fx.Effects(permit={})


def test_who_may_be_in_the_media_room() -> None:
    room = open_room(MEI)
    room.come(HAO)
    assert [fx.may_be_in_media(room.state, one) for one in (LIN, DIAZ, MEI, HAO, BEN)] == [
        True, True, True, False, False,
    ]  # fmt: skip
    assert not fx.may_be_in_media(State(), LIN)
    assert fx.effects(State(), room.state).close is False
