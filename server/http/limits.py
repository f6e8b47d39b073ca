"""How often one address may ask: a burst, then a rate, in a table that cannot grow without end. Pure.

The generic cell rate algorithm (ITU-T I.371): one time per address, the one at which its bucket is full again.
"""

from __future__ import annotations

from collections import OrderedDict

# One entry is some 200 bytes: 20,000 addresses cost 4 MB, and a flood from more evicts only the least recent.
MAX_ADDRESSES = 20_000


class RateLimiter:
    """`burst` at once, then `per_second`. Time is passed in, in microseconds."""

    def __init__(self, *, burst: int, per_second: float) -> None:
        self._step_us = round(1_000_000 / per_second)
        self._whole_us = self._step_us * burst
        self._full_at_us: OrderedDict[str, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at_us)

    def may_pass(self, address: str, now_us: int) -> bool:
        """Counts when it may; a refusal costs the caller nothing more."""
        full_at_us = max(self._full_at_us.pop(address, now_us), now_us)
        is_allowed = full_at_us + self._step_us - now_us <= self._whole_us
        self._full_at_us[address] = full_at_us + self._step_us if is_allowed else full_at_us
        if len(self._full_at_us) > MAX_ADDRESSES:
            self._full_at_us.popitem(last=False)
        return is_allowed

    def give_back(self, address: str) -> None:
        """What was counted last was none."""
        if address in self._full_at_us:
            self._full_at_us[address] -= self._step_us
