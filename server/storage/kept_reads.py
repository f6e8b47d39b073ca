"""What was read stays true until somebody commits something: the same question is then answered from memory.

Whether anybody did, the database says itself (`Database.version`), for every process that writes to it; so nobody who
writes has to know who keeps what.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping
from typing import Generic, TypeVar

from server.storage.database import Database

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class KeptReads(Generic[K, V]):
    """Values must be immutable, and depend on their key and on the database alone: not on the clock.

    `most`: the key that was asked for longest ago goes first.
    """

    def __init__(self, database: Database, most: int) -> None:
        self._database = database
        self._most = most
        self._found: OrderedDict[K, tuple[object, V]] = OrderedDict()

    async def get(self, key: K, read: Callable[[], Awaitable[V]]) -> V:
        """What `read` answered last, or answers now. Raises what `read` raises; nothing is kept then."""

        async def read_one(_keys: Collection[K]) -> Mapping[K, V]:
            return {key: await read()}

        return (await self.get_many((key,), read_one))[key]

    async def get_many(
        self, keys: Collection[K], read: Callable[[Collection[K]], Awaitable[Mapping[K, V]]]
    ) -> dict[K, V]:
        """As `get`; `read` is asked once for all that are not known, and answers for each of them."""
        # Why before reading: what is committed meanwhile is in the values already, and makes them be read once more.
        version = await self._database.version()
        found: dict[K, V] = {}
        missing: list[K] = []
        for key in keys:
            entry = self._found.get(key)
            if entry is not None and entry[0] == version:
                self._found.move_to_end(key)
                found[key] = entry[1]
            else:
                missing.append(key)
        if missing:
            for key, value in (await read(missing)).items():
                found[key] = value
                self._found[key] = version, value
                self._found.move_to_end(key)
            while len(self._found) > self._most:
                self._found.popitem(last=False)
        return found
