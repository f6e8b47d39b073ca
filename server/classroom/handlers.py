"""What happens for each event of docs/protocol/classroom.md §3: right, decision, and who is told besides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from server.access import Action, must_ask
from server.classroom import floor, lobby
from server.classroom import protocol as p
from server.classroom.hub import Hub
from server.classroom.media_tools import mute
from server.classroom.model import Person, State, To, What
from server.classroom.moderation import Moderator
from server.classroom.reports import ReportService
from server.classroom.session import Session
from server.classroom.store import Decide
from server.classroom.wire import text_json
from server.errors import ErrorCode, Forbidden, NotFound
from server.ids import AccountId, LessonId, PersonId
from server.lessons import Lesson, LessonService, Mode
from server.people import AuditLog

# Pieces of a telephone number come one after the other; what was written long ago is another thought.
_RECENT = timedelta(seconds=90)
_RECENT_MESSAGES = 6

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tools:
    """What handlers stand on. `say`: one message, not stored, to everybody in the room whom `to` picks."""

    hub: Hub
    lessons: LessonService
    moderator: Moderator
    reports: ReportService
    audit: AuditLog
    say: Callable[[LessonId, str, Answer, Callable[[Person], bool]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Call:
    """One event of one page; `payload` has the type of its event (`protocol.EVENTS`)."""

    tools: Tools
    session: Session
    payload: Any

    def ask(self, action: Action) -> State:
        return self.session.ask(self.tools.hub, action)

    @property
    def me(self) -> PersonId:
        return self.session.person

    async def run(self, decide: Decide) -> Answer:
        written = await self.tools.hub.run(self.session.lesson_id, self.me, decide)
        return {"seq": written.added[-1].seq} if written.added else {}

    async def alert(self, kind: str, **more: Any) -> None:
        """To the teachers, for a sound; the state says the same."""
        await self.tools.say(self.session.lesson_id, "alert", {"kind": kind, **more}, lambda who: who.is_teacher)


# -- chat


async def chat_send(call: Call) -> Answer:
    state = call.ask(Action.CHAT_SEND)
    sent: p.ChatSend = call.payload
    before: list[int] = []
    why = call.tools.moderator.reasons(sent.text, _recent(call, state)) if call.session.account is None else ()

    def decide(state: State) -> lobby.Events:
        events, seq = floor.send(state, call.me, to=To(sent.to), text=sent.text, client_id=sent.client_id, why=why)
        before[:] = [] if seq is None else [seq]
        return events

    answer = await call.run(decide)
    if before:
        answer = {"seq": before[0]}
    elif why and sent.to == "everyone":
        await call.alert("held", message=f"m{answer['seq']}", person=call.me)
    return {**answer, "client_id": sent.client_id}


def _recent(call: Call, state: State) -> list[str]:
    since = call.tools.hub.clock.now() - _RECENT
    own = [message.text for message in state.messages.values() if message.by == call.me and message.at >= since]
    return own[-_RECENT_MESSAGES:]


async def chat_release(call: Call) -> Answer:
    call.ask(Action.CHAT_RELEASE)
    return await call.run(lambda state: floor.release(state, call.me, call.payload.message))


async def chat_discard(call: Call) -> Answer:
    call.ask(Action.CHAT_DISCARD)
    return await call.run(lambda state: floor.discard(state, call.me, call.payload.message))


# -- hands, reactions, words


async def hand_raise(call: Call) -> Answer:
    call.ask(Action.HAND_RAISE)
    return await call.run(lambda state: floor.raise_hand(state, call.me))


async def hand_lower(call: Call) -> Answer:
    call.ask(Action.HAND_LOWER)
    return await call.run(lambda state: floor.lower_hand(state, call.me, call.payload.person))


async def hands_clear(call: Call) -> Answer:
    call.ask(Action.HANDS_CLEAR)
    return await call.run(lambda state: floor.clear_hands(state, call.me))


async def react(call: Call) -> Answer:
    state = call.ask(Action.REACT)
    lobby.open_lesson(state)
    reaction = {"person": call.me, "kind": call.payload.kind}
    await call.tools.say(call.session.lesson_id, "reaction", reaction, lambda _: True)
    return {}


async def word_put(call: Call) -> Answer:
    call.ask(Action.WORD_PUT)
    word: p.WordPut = call.payload
    return await call.run(
        lambda state: floor.put_word(state, call.me, word=word.word, en=word.en, zh=word.zh, note=word.note)
    )


async def word_remove(call: Call) -> Answer:
    call.ask(Action.WORD_REMOVE)
    return await call.run(lambda state: floor.remove_word(state, call.me, call.payload.word))


# -- lobby


async def admit(call: Call) -> Answer:
    call.ask(Action.ADMIT)
    return await call.run(lambda state: lobby.admit(state, call.me, call.payload.people))


async def admit_all(call: Call) -> Answer:
    call.ask(Action.ADMIT)
    return await call.run(lambda state: lobby.admit_all(state, call.me, call.payload.side))


async def refuse(call: Call) -> Answer:
    call.ask(Action.REFUSE)
    answer = await call.run(lambda state: lobby.refuse(state, call.me, call.payload.person))
    await _log(call, "lobby.refused", call.payload.person)
    return answer


async def remove(call: Call) -> Answer:
    call.ask(Action.REMOVE)
    answer = await call.run(lambda state: lobby.remove(state, call.me, call.payload.person))
    await _log(call, "room.removed", call.payload.person)
    return answer


async def _log(call: Call, action: str, subject: str) -> None:
    """C20: kicks are in the audit log."""
    await call.tools.audit.write(action, subject, by=call.me, lesson_id=call.session.lesson_id)


async def lock(call: Call) -> Answer:
    call.ask(Action.LOCK)
    return await call.run(lambda state: lobby.lock(state, call.me, call.payload.locked))


# -- what pupils may do


async def permit(call: Call) -> Answer:
    call.ask(Action.PERMIT)
    what, allowed = What(call.payload.what), call.payload.allowed
    return await call.run(lambda state: floor.permit(state, call.me, what, allowed))


async def permit_person(call: Call) -> Answer:
    call.ask(Action.PERMIT)
    chosen: p.PermitPerson = call.payload
    return await call.run(
        lambda state: floor.permit_person(state, call.me, PersonId(chosen.person), What(chosen.what), chosen.allowed)
    )


async def mute_people(call: Call) -> Answer:
    state = call.ask(Action.MUTE)
    lobby.teacher(state, call.me)
    lobby.open_lesson(state)
    await mute(call.tools.hub.media, state, call.session.lesson_id, call.me, call.payload.people, call.payload.source)
    return {}


async def ask_unmute(call: Call) -> Answer:
    state = call.ask(Action.ASK_UNMUTE)
    asking = lobby.teacher(state, call.me)
    target = state.find(PersonId(call.payload.person))
    if target is None or not target.is_admitted:
        raise NotFound(ErrorCode.PERSON_NOT_FOUND)
    what = What(call.payload.source)
    if target.is_pupil and not state.is_companion(target) and not state.may(target, what):
        # Asked with microphones closed for all: what cannot be answered with yes is no question.
        await call.run(lambda state: floor.permit_person(state, call.me, target.person, what, True))
    please = {"source": call.payload.source, "from": call.me, "name": text_json(asking.name)}
    await call.tools.say(call.session.lesson_id, "please_unmute", please, lambda who: who.person == target.person)
    return {}


# -- the lesson itself: its own service decides, the room follows


async def set_mode(call: Call) -> Answer:
    state = call.ask(Action.SET_MODE)
    if lobby.teacher(state, call.me).side != call.payload.side:
        raise Forbidden(ErrorCode.FORBIDDEN, "the other side's class")
    chosen: p.SetMode = call.payload
    return await _lesson(
        call, lambda lesson_id, by: call.tools.lessons.set_mode(lesson_id, chosen.side, Mode(chosen.mode), by=by)
    )


async def hand_over(call: Call) -> Answer:
    state = call.ask(Action.LESSON_HAND_OVER)
    giving, taking = lobby.teacher(state, call.me), state.find(PersonId(call.payload.to))
    if not giving.is_lead:
        raise Forbidden(ErrorCode.FORBIDDEN, "only a lead hands over")
    if taking is None or taking.side != giving.side or not taking.is_teacher:
        raise NotFound(ErrorCode.PERSON_NOT_FOUND, "no adult of this side")
    to = AccountId(taking.person.removeprefix("adult-"))
    return await _lesson(call, lambda lesson_id, by: call.tools.lessons.hand_over_lead(lesson_id, to, by=by))


async def start(call: Call) -> Answer:
    state = call.ask(Action.LESSON_START)
    lobby.teacher(state, call.me)
    return await _lesson(call, lambda lesson_id, by: call.tools.lessons.start(lesson_id, by=by))


async def end(call: Call) -> Answer:
    state = call.ask(Action.LESSON_END)
    lobby.teacher(state, call.me)
    return await _lesson(call, lambda lesson_id, by: call.tools.lessons.end(lesson_id, by=by))


async def _lesson(call: Call, command: Callable[[LessonId, AccountId | None], Awaitable[Lesson]]) -> Answer:
    await command(call.session.lesson_id, call.session.account)
    await call.tools.hub.refresh(call.session.lesson_id)
    return {}


# -- reports, and the state again


async def report(call: Call) -> Answer:
    call.ask(Action.REPORT_RAISE)
    raised: p.Report = call.payload
    seq, report_id = await call.tools.reports.raise_report(
        call.tools.hub, call.session, about=raised.about, text=raised.text
    )
    await call.alert("report", report=report_id, person=call.me)
    return {} if seq is None else {"seq": seq}


async def sync(call: Call) -> Answer:
    """The whole state follows as a message of its own, in order with the events."""
    call.ask(Action.ROOM_SYNC)
    await call.tools.hub.catch_up(call.session.lesson_id)
    state = call.tools.hub.view(call.session.lesson_id, call.session.connection)
    if state is None:
        return {}
    await call.tools.hub.outlet.tell([call.session.connection], "state", state)
    return {"seq": state["seq"]}


Handler = Callable[[Call], Awaitable[Answer]]

HANDLERS: Mapping[str, Handler] = {
    "chat_send": must_ask(chat_send, Action.CHAT_SEND),
    "chat_release": must_ask(chat_release, Action.CHAT_RELEASE),
    "chat_discard": must_ask(chat_discard, Action.CHAT_DISCARD),
    "hand_raise": must_ask(hand_raise, Action.HAND_RAISE),
    "hand_lower": must_ask(hand_lower, Action.HAND_LOWER),
    "hands_clear": must_ask(hands_clear, Action.HANDS_CLEAR),
    "react": must_ask(react, Action.REACT),
    "word_put": must_ask(word_put, Action.WORD_PUT),
    "word_remove": must_ask(word_remove, Action.WORD_REMOVE),
    "admit": must_ask(admit, Action.ADMIT),
    "admit_all": must_ask(admit_all, Action.ADMIT),
    "refuse": must_ask(refuse, Action.REFUSE),
    "mute": must_ask(mute_people, Action.MUTE),
    "ask_unmute": must_ask(ask_unmute, Action.ASK_UNMUTE),
    "remove": must_ask(remove, Action.REMOVE),
    "lock": must_ask(lock, Action.LOCK),
    "permit": must_ask(permit, Action.PERMIT),
    "permit_person": must_ask(permit_person, Action.PERMIT),
    "set_mode": must_ask(set_mode, Action.SET_MODE),
    "hand_over": must_ask(hand_over, Action.LESSON_HAND_OVER),
    "report": must_ask(report, Action.REPORT_RAISE),
    "start": must_ask(start, Action.LESSON_START),
    "end": must_ask(end, Action.LESSON_END),
    "sync": must_ask(sync, Action.ROOM_SYNC),
}
