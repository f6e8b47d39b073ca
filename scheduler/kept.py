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
    """`most`: what all answers together may weigh; who was asked longest ago goes first. Several threads may ask."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._found: OrderedDict[object, tuple[tuple[object, ...], V, int]] = OrderedDict()
        self._weight = 0
        self._lock = Lock()

    def get(self, values: tuple[object, ...], rest: Hashable) -> V | None:
        place = (tuple(map(id, values)), rest)
        with self._lock:
            entry = self._found.get(place)
            if entry is None:
                return None
            self._found.move_to_end(place)
            return entry[1]

    def put(self, values: tuple[object, ...], rest: Hashable, answer: V, weight: int = 1) -> None:
        """`weight`: in the unit of `most`; what is too heavy for it is not kept."""
        if weight > self._most:
            return
        place = (tuple(map(id, values)), rest)
        with self._lock:
            self._drop(place)
            self._found[place] = (values, answer, weight)
            self._weight += weight
            while self._weight > self._most:
                self._drop(next(iter(self._found)))

    def _drop(self, place: object) -> None:
        entry = self._found.pop(place, None)
        if entry is not None:
            self._weight -= entry[2]

    def forget(self) -> None:
        with self._lock:
            self._found.clear()
            self._weight = 0

    def __len__(self) -> int:
        return len(self._found)
