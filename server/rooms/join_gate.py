"""Bad tokens end at the front: looked at before a worker is asked, and counted per address.

Why by token and not by address alone: behind a school's one address a flood must not keep its classes out, so a good
token always passes, and only refusals are limited.
"""

from __future__ import annotations

from collections.abc import Mapping

from server.clock import Clock
from server.errors import ErrorCode, LimitExceeded, TongchuangError
from server.http import RateLimiter
from server.rooms.access_token import verify_join

# A class whose links ran out shows thirty people why; more refusals than that a second explain nothing to anybody.
_REFUSALS = (60, 10.0)


class JoinGate:
    """`check` raises what the worker would; LimitExceeded (RATE_LIMITED) when an address was refused too often."""

    def __init__(self, keys: Mapping[str, str], clock: Clock) -> None:
        self._keys = keys
        self._clock = clock
        self._refusals = RateLimiter(burst=_REFUSALS[0], per_second=_REFUSALS[1])

    def check(self, token: str, address: str) -> None:
        try:
            verify_join(token, self._keys, self._clock.now())
        except TongchuangError:
            if not self._refusals.may_pass(address, self._clock.monotonic_us()):
                raise LimitExceeded(ErrorCode.RATE_LIMITED) from None
            raise
