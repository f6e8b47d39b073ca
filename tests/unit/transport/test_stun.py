"""Our STUN against aioice's, and against everything that is not STUN."""

from __future__ import annotations

import pytest
from aioice import stun as reference
from hypothesis import example, given
from hypothesis import strategies as st

from server.sfu.transport import stun

PASSWORD = b"p" * 24
IDENTIFIER = bytes(range(12))


def make_request(*, use_candidate: bool = True, password: bytes = PASSWORD, **attributes: object) -> bytes:
    message = reference.Message(
        message_method=reference.Method.BINDING,
        message_class=reference.Class.REQUEST,
        transaction_id=IDENTIFIER,
        attributes={"USERNAME": "ours:theirs", "PRIORITY": 1, "ICE-CONTROLLING": 7, **attributes},
    )
    if use_candidate:
        message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(password)
    return bytes(message)


@pytest.mark.parametrize("use_candidate", [False, True])
def test_a_foreign_request_is_understood(use_candidate: bool) -> None:
    data = make_request(use_candidate=use_candidate)
    message = stun.parse(data)
    assert message.kind == stun.BINDING_REQUEST
    assert message.transaction_id == IDENTIFIER
    assert message.local_ufrag == "ours"
    assert message.use_candidate is use_candidate
    assert not message.is_controlled
    assert message.unknown_required == ()
    assert stun.has_integrity(data, message.integrity_at, PASSWORD)
    assert not stun.has_integrity(data, message.integrity_at, PASSWORD + b"x")


def test_attributes_that_nobody_signed_are_not_believed() -> None:
    unsigned = reference.Message(
        message_method=reference.Method.BINDING, message_class=reference.Class.REQUEST, transaction_id=IDENTIFIER
    )
    unsigned.attributes["USERNAME"] = "ours:theirs"
    data = bytes(unsigned)
    assert not stun.has_integrity(data, stun.parse(data).integrity_at, PASSWORD)

    signed = make_request(use_candidate=False)[:-8]  # without its fingerprint
    late = signed + b"\x00\x25\x00\x00"
    late = late[:2] + (len(late) - 20).to_bytes(2, "big") + late[4:]
    message = stun.parse(late)
    assert not message.use_candidate
    assert stun.has_integrity(late, message.integrity_at, PASSWORD)


@pytest.mark.parametrize(("host", "port"), [("192.0.2.7", 50000), ("2001:db8::7", 1), ("fe80::1%eth0", 65535)])
def test_our_answers_are_understood(host: str, port: int) -> None:
    answer = reference.parse_message(stun.success(IDENTIFIER, host, port, PASSWORD))
    assert answer.message_class is reference.Class.RESPONSE
    assert answer.transaction_id == IDENTIFIER
    assert answer.attributes["XOR-MAPPED-ADDRESS"] == (host.partition("%")[0], port)
    assert answer.check_message_integrity(PASSWORD)


def test_our_errors_are_understood() -> None:
    answer = reference.parse_message(stun.error(IDENTIFIER, 487, "Role Conflict", PASSWORD))
    assert answer.message_class is reference.Class.ERROR
    assert answer.attributes["ERROR-CODE"] == (487, "Role Conflict")
    assert answer.check_message_integrity(PASSWORD)


def test_our_own_request_is_understood() -> None:
    data = stun.request(IDENTIFIER, "a:b", PASSWORD, priority=5, use_candidate=True, tie_breaker=9)
    message = reference.parse_message(data)
    assert message.check_message_integrity(PASSWORD)
    assert message.attributes["ICE-CONTROLLING"] == 9
    assert stun.parse(data).use_candidate


def test_no_answer_is_longer_than_the_shortest_request_that_gets_one() -> None:
    shortest = make_request(use_candidate=False)
    assert len(stun.success(IDENTIFIER, "192.0.2.7", 1, PASSWORD)) <= len(shortest)


@given(st.binary(max_size=200))
def test_any_bytes_parse_or_are_refused(data: bytes) -> None:
    try:
        message = stun.parse(data)
    except ValueError:
        return
    stun.has_integrity(data, message.integrity_at, PASSWORD)


def said(message: stun.StunMessage) -> tuple[object, ...]:
    return message.kind, message.username, message.use_candidate, message.is_controlled, message.unknown_required


@given(st.integers(0, 200), st.integers(0, 255), st.integers(0, 200))
@example(84, 0, 0)  # the fingerprint becomes an attribute behind the integrity, which is not read
def test_a_changed_or_cut_request_never_passes_for_another(position: int, value: int, cut: int) -> None:
    good = make_request()
    changed = bytearray(good)
    if position < len(good):
        changed[position] = value
    data = bytes(changed[: len(good) - cut] if cut < len(good) else b"")
    if data == good:
        return
    try:
        message = stun.parse(data)
    except ValueError:
        return
    if stun.has_integrity(data, message.integrity_at, PASSWORD):
        assert said(message) == said(stun.parse(good))


def test_too_many_attributes_are_refused() -> None:
    body = b"\xc0\x01\x00\x00" * 40
    data = b"\x00\x01" + len(body).to_bytes(2, "big") + stun.MAGIC_COOKIE.to_bytes(4, "big") + IDENTIFIER + body
    with pytest.raises(ValueError, match="too many"):
        stun.parse(data)
