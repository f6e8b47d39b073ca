"""Tokens that were taken back: of one identity in one room, all that were issued before an instant."""

from __future__ import annotations

from collections import OrderedDict

from server.errors import ErrorCode, Unauthorized
from server.ids import Identity, RoomName
from server.rooms.access_token import Claims

# Why 10,000: a school's whole year of people who were sent out; the oldest are forgotten first, as their tokens expire.
MAX_ENTRIES = 10_000


class Revocations:
    """Kept as long as the worker runs, also when the room ends and begins again."""

    def __init__(self) -> None:
        self._before: OrderedDict[tuple[RoomName, Identity], int] = OrderedDict()

    def revoke(self, room: RoomName, identity: Identity, before: int) -> None:
        """`before` in seconds since 1970; a later instant stays."""
        key = (room, identity)
        self._before[key] = max(before, self._before.pop(key, 0))
        if len(self._before) > MAX_ENTRIES:
            self._before.popitem(last=False)

    def check(self, claims: Claims) -> None:
        """Raises Unauthorized (TOKEN_EXPIRED); a token that does not say when it was issued counts as old."""
        before = self._before.get((RoomName(claims.grants.room), Identity(claims.identity)))
        if before is not None and claims.issued_at < before:
            raise Unauthorized(ErrorCode.TOKEN_EXPIRED, "revoked")
