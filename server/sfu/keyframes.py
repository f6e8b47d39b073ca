"""Key frame requests upstream: merged, rate limited and repeated until the key frame arrives (RFC 4585 §6.3.1)."""

from __future__ import annotations

# Why 500 ms: encoders ignore requests that come faster, and thirty subscribers who join at once need one key frame.
_MIN_INTERVAL_US = 500_000
# A lost request or key frame is asked for again after a round trip plus the time to encode and send a large frame.
_RETRY_EXTRA_US = 400_000
# Why 10, then every 2 s: five seconds without a key frame is an encoder that is paused or gone.
_EAGER_TRIES = 10
_PATIENT_INTERVAL_US = 2_000_000


class KeyframeRequester:
    """One per source. `want` at any time; `due` says when to send a PLI; `arrived` ends it."""

    __slots__ = ("_is_wanted", "_sent_us", "_tries")

    def __init__(self) -> None:
        self._is_wanted = False
        self._sent_us = -_MIN_INTERVAL_US
        self._tries = 0

    @property
    def is_wanted(self) -> bool:
        return self._is_wanted

    def want(self) -> None:
        if not self._is_wanted:
            self._is_wanted = True
            self._tries = 0

    def arrived(self) -> None:
        self._is_wanted = False

    def due(self, now_us: int, rtt_us: int) -> bool:
        """True when a request is to be sent now; counts it as sent."""
        if not self._is_wanted:
            return False
        interval = _MIN_INTERVAL_US if self._tries == 0 else max(_MIN_INTERVAL_US, rtt_us + _RETRY_EXTRA_US)
        if self._tries >= _EAGER_TRIES:
            interval = _PATIENT_INTERVAL_US
        if now_us - self._sent_us < interval:
            return False
        self._sent_us = now_us
        self._tries += 1
        return True
