"""Reliable data that cannot be sent yet: kept in order, bounded, sent when the channel opens or drains."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

# Why 8 MiB: a few large text streams to one slow Chromebook; beyond that it will not catch up.
MAX_BYTES = 8 * 1024 * 1024


class DataOutbox:
    """`try_send` says whether the channel took it; lossy data is never kept."""

    def __init__(self, try_send: Callable[[str, bytes], bool], reliable_label: str) -> None:
        self._try_send = try_send
        self._reliable_label = reliable_label
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self.dropped = 0

    def send(self, label: str, payload: bytes) -> bool:
        if label != self._reliable_label:
            is_sent = self._try_send(label, payload)
            self.dropped += not is_sent
            return is_sent
        if not self._waiting and self._try_send(label, payload):
            return True
        if self._waiting_bytes + len(payload) > MAX_BYTES:
            self.dropped += 1
            return False
        self._waiting.append(payload)
        self._waiting_bytes += len(payload)
        return True

    def drain(self) -> None:
        """The channel is ready: send until it says no."""
        while self._waiting and self._try_send(self._reliable_label, self._waiting[0]):
            self._waiting_bytes -= len(self._waiting.popleft())
