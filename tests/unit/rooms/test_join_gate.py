"""Who is refused too often is told so; a good token from the same address always passes."""

from __future__ import annotations

import pytest

from server.errors import ErrorCode, TongchuangError
from server.rooms.access_token import mint
from server.rooms.grants import VideoGrants
from server.rooms.join_gate import JoinGate
from tests.fakes.clock import FakeClock

KEYS = {"key": "secret" * 8}


def token(clock: FakeClock, secret: str = KEYS["key"]) -> str:
    grants = VideoGrants(room_join=True, room="lesson")
    return mint("key", secret, identity="lin", grants=grants, now=clock.now())


def test_refusals_are_limited_by_address_and_good_tokens_never() -> None:
    clock = FakeClock()
    gate = JoinGate(KEYS, clock)
    codes: list[ErrorCode] = []
    for _ in range(200):
        with pytest.raises(TongchuangError) as caught:
            gate.check(token(clock, "wrong" * 8), "192.0.2.1")
        codes.append(caught.value.code)
        gate.check(token(clock), "192.0.2.1")
    assert set(codes[:60]) == {ErrorCode.TOKEN_FORGED}
    assert set(codes[60:]) == {ErrorCode.RATE_LIMITED}
    with pytest.raises(TongchuangError) as caught:
        gate.check("", "192.0.2.2")
    assert caught.value.code is ErrorCode.TOKEN_MISSING
    clock.advance(seconds=1)
    with pytest.raises(TongchuangError) as caught:
        gate.check("nonsense", "192.0.2.1")
    assert caught.value.code is ErrorCode.TOKEN_MALFORMED
