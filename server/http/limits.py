"""How often one address may ask: a token bucket per address, in a table that cannot grow without end. Pure."""

from __future__ import annotations

from collections import OrderedDict

# One entry is some 200 bytes: 20,000 addresses cost 4 MB, and a flood from more evicts only the least recent.
MAX_ADDRESSES = 20_000


class RateLimiter:
    """`burst` at once, then `per_second`. Time is passed in, in microseconds."""

    def __init__(self, *, burst: int, per_second: float) -> None:
        self._burst = float(burst)
        self._per_us = per_second / 1_000_000
        # address → (tokens left, when that was true)
        self._buckets: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def may_pass(self, address: str, now_us: int) -> bool:
        """Takes a token when there is one."""
        tokens, since_us = self._buckets.pop(address, (self._burst, now_us))
        tokens = min(self._burst, tokens + (now_us - since_us) * self._per_us)
        is_allowed = tokens >= 1
        self._buckets[address] = (tokens - 1 if is_allowed else tokens, now_us)
        if len(self._buckets) > MAX_ADDRESSES:
            self._buckets.popitem(last=False)
        return is_allowed
