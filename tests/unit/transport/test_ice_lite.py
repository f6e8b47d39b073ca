"""Generations, verdicts and priorities."""

from __future__ import annotations

import random

from aioice import stun as reference

from server.sfu.transport import stun
from server.sfu.transport.ice_lite import MAX_GENERATIONS, IceLite, host_candidates


def check(
    agent: IceLite, ufrag: str, pwd: str, *, nominate: bool = True, extra: dict[str, object] | None = None
) -> tuple[stun.StunMessage, bytes]:
    message = reference.Message(message_method=reference.Method.BINDING, message_class=reference.Class.REQUEST)
    message.attributes = {"USERNAME": f"{ufrag}:them", "PRIORITY": 1, **(extra or {"ICE-CONTROLLING": 1})}
    if nominate:
        message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(pwd.encode())
    data = bytes(message)
    return stun.parse(data), data


def new_agent() -> IceLite:
    return IceLite(random.Random(1).randrange)


def test_a_nomination_ends_older_generations_and_nothing_else_does() -> None:
    agent = new_agent()
    old = agent.local
    agent.restart()
    new = agent.local
    assert new.ufrag != old.ufrag
    assert new.pwd != old.pwd
    assert agent.ufrags == (old.ufrag, new.ufrag)

    for parameters, nominate in ((old, True), (new, False)):
        message, data = check(agent, parameters.ufrag, parameters.pwd, nominate=nominate)
        assert agent.has_integrity(message, data)
        verdict = agent.answer(message, "192.0.2.1", 5)
        assert verdict.is_accepted
        assert verdict.is_nominated is nominate
        assert verdict.forgotten == ()

    message, data = check(agent, new.ufrag, new.pwd)
    assert agent.answer(message, "192.0.2.1", 5).forgotten == (old.ufrag,)
    message, data = check(agent, old.ufrag, old.pwd)
    assert not agent.has_integrity(message, data)


def test_the_password_of_one_generation_does_not_open_another() -> None:
    agent = new_agent()
    old = agent.local
    agent.restart()
    message, data = check(agent, agent.local.ufrag, old.pwd)
    assert not agent.has_integrity(message, data)


def test_restarts_without_end_keep_the_generation_that_carries_media() -> None:
    agent = new_agent()
    first = agent.local
    for _ in range(20):
        agent.restart()
    assert len(agent.ufrags) == MAX_GENERATIONS
    assert agent.ufrags[0] == first.ufrag
    assert agent.ufrags[-1] == agent.local.ufrag


def test_a_peer_that_wants_to_be_controlled_is_told_to_control() -> None:
    agent = new_agent()
    message, _ = check(agent, agent.local.ufrag, agent.local.pwd, extra={"ICE-CONTROLLED": 3})
    verdict = agent.answer(message, "192.0.2.1", 5)
    assert not verdict.is_accepted
    assert not verdict.is_nominated
    assert reference.parse_message(verdict.reply).attributes["ERROR-CODE"][0] == 487


def test_an_attribute_that_must_be_understood_and_is_not() -> None:
    agent = new_agent()
    message, _ = check(agent, agent.local.ufrag, agent.local.pwd, extra={"REALM": "x"})
    verdict = agent.answer(message, "192.0.2.1", 5)
    assert not verdict.is_accepted
    assert reference.parse_message(verdict.reply).attributes["ERROR-CODE"][0] == 420


def test_candidates_by_preference() -> None:
    candidates = host_candidates(("192.0.2.1", "192.0.2.2"), udp_port=7882, tcp_port=7881)
    assert [(each.transport, each.host, each.port) for each in candidates] == [
        ("udp", "192.0.2.1", 7882),
        ("udp", "192.0.2.2", 7882),
        ("tcp", "192.0.2.1", 7881),
        ("tcp", "192.0.2.2", 7881),
    ]
    priorities = [each.priority for each in candidates]
    assert priorities == sorted(priorities, reverse=True)
    assert priorities[0] == 2130706431  # RFC 8445: a single host candidate of component 1
    assert len({each.foundation for each in candidates}) == 4
    assert len(host_candidates(("192.0.2.1",), udp_port=1, tcp_port=None)) == 1
