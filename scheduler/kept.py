"""A bounded memory of answers about the very same values: calendars are immutable, so what was worked out stays true.

By identity, because comparing a school with its bells and years costs as much as working it out; the memory holds the
values themselves, so that no other can take their place in it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

V = TypeVar("V")


class Kept(Generic[V]):
    """`most`: the least recently asked goes first. May be asked by several threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._found: OrderedDict[object, tuple[tuple[object, ...], V]] = OrderedDict()
        self._lock = Lock()

    def get(self, values: tuple[object, ...], rest: Hashable) -> V | None:
        place = (tuple(map(id, values)), rest)
        with self._lock:
            entry = self._found.get(place)
            if entry is None:
                return None
            self._found.move_to_end(place)
            return entry[1]

    def put(self, values: tuple[object, ...], rest: Hashable, answer: V) -> None:
        with self._lock:
            self._found[tuple(map(id, values)), rest] = (values, answer)
            while len(self._found) > self._most:
                self._found.popitem(last=False)

    def forget(self) -> None:
        with self._lock:
            self._found.clear()

    def __len__(self) -> int:
        return len(self._found)
