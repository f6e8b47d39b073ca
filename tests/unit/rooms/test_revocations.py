"""What is remembered of tokens that were taken back, and for how many."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from server.errors import ErrorCode, Unauthorized
from server.ids import Identity, RoomName
from server.rooms.access_token import Claims
from server.rooms.grants import VideoGrants
from server.rooms.revocations import MAX_ENTRIES, Revocations

CLAIMS = Claims(
    key="key",
    identity="lin",
    grants=VideoGrants(room="class"),
    issued_at=1000.0,
    expires_at=datetime(2026, 11, 22, tzinfo=UTC),
)


def test_issued_before_is_refused_and_issued_then_is_not() -> None:
    revocations = Revocations()
    revocations.check(CLAIMS)
    revocations.revoke(RoomName("class"), Identity("lin"), 1000)
    revocations.check(CLAIMS)
    revocations.revoke(RoomName("class"), Identity("lin"), 1001)
    for issued_at in (1000.0, 0.0):
        with pytest.raises(Unauthorized) as caught:
            revocations.check(replace(CLAIMS, issued_at=issued_at))
        assert caught.value.code is ErrorCode.TOKEN_EXPIRED
    revocations.check(replace(CLAIMS, issued_at=1001.0))


def test_the_table_is_bounded_and_forgets_the_oldest() -> None:
    revocations = Revocations()
    revocations.revoke(RoomName("class"), Identity("lin"), 2000)
    for number in range(MAX_ENTRIES - 1):
        revocations.revoke(RoomName("class"), Identity(f"p{number}"), 2000)
    with pytest.raises(Unauthorized):
        revocations.check(CLAIMS)
    revocations.revoke(RoomName("class"), Identity("one more"), 2000)
    revocations.check(CLAIMS)
