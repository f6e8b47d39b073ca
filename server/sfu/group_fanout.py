"""One track to many: subscribers who take it alike get each burst of it together.

What a burst costs is mostly the memory of thirty subscribers' objects, which the caches have forgotten since the last
one. A group keeps what differs between its members in lists, and counts once for all; each `DownTrack` catches up when
somebody asks it.

Whoever changes anything dissolves the groups first. After a while in which nothing did, they form again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from server.sfu.burst import MAX_BURST, Burst
from server.sfu.drop_reason import DropReason, HubStats
from server.sfu.group import Group
from server.sfu.packet import Packet, Source

if TYPE_CHECKING:
    from server.sfu.downtrack import DownTrack

# Below it the one call for all costs as much as it saves.
MIN_MEMBERS = 4
# What the kernel takes in one call is more; a lesson is less.
MAX_MEMBERS = 512
# A second of sound in packets of 20 ms, two of pictures: people who come, go or choose do so in a row.
CALM_TURNS = 50
# Half a minute: who could not be in a group then may be able to now.
REGROUP_TURNS = 1500


class GroupFanout:
    """All down tracks of one track: those in groups, and `alone` the others. One per `UpTrack`."""

    __slots__ = ("_alone", "_calm", "_groups", "_make", "_tried", "_unit")

    def __init__(self, make: Callable[[Sequence[DownTrack], Packet], Group], unit: int) -> None:
        """`make` a group of members and the last packet they were sent; it forwards up to `unit` packets at once."""
        self._make = make
        self._unit = unit
        self._groups: list[Group] = []
        self._alone: list[DownTrack] = []
        """Only while there are groups."""
        self._calm = 0
        """Turns since the last change, or since everybody was looked at again."""
        self._tried: set[Source] = set()
        """Those whose subscribers were looked at since."""

    def forward(self, packets: list[Packet], downs: list[DownTrack], time: bytes, stats: HubStats) -> None:
        """What one drain brought of one source, in order of arrival, to each of `downs`."""
        last = packets[-1]
        while packets:
            unit = self._unit if self._groups else MAX_BURST
            burst = Burst(packets[:unit])
            packets = packets[unit:]
            if self._groups:
                self._forward(burst, time, stats)
            else:
                for down in downs:
                    down.forward(burst, time)
        self._calm += 1
        if self._calm >= CALM_TURNS:
            if self._calm >= REGROUP_TURNS:
                self._calm = CALM_TURNS
                self._tried.clear()
            if last.source not in self._tried:
                self._tried.add(last.source)
                self._form(last, self._alone if self._groups else downs)

    def dissolve(self) -> None:
        """From now on to each by itself. Idempotent; before anything of a member changes."""
        self._calm = 0
        self._tried.clear()
        groups, self._groups, self._alone = self._groups, [], []
        for group in groups:
            for member in group.members:
                member.on_group_ended()

    def _forward(self, burst: Burst, time: bytes, stats: HubStats) -> None:
        """To all. A group that cannot go on ends them all."""
        is_over = False
        for group in self._groups:
            members = group.members
            if burst.source is not group.source:
                stats.dropped[DropReason.OTHER_LAYER] += len(members) * len(burst.packets)
                continue
            is_in_order = group.is_in_order(burst)
            if is_in_order and group.forward(burst, time):
                stats.forwarded += len(members) * len(burst.packets)
                stats.forwarded_bytes += len(members) * group.payload_bytes
                continue
            for member in members:
                member.catch_up()
                member.forward(burst, time)
            is_over = is_over or is_in_order or not group.resume()
        for down in self._alone:
            down.forward(burst, time)
        if is_over:
            self.dissolve()

    def _form(self, last: Packet, downs: Sequence[DownTrack]) -> None:
        kin: dict[tuple[object, ...], list[DownTrack]] = {}
        alone: list[DownTrack] = []
        for down in downs:
            key = down.out.kin if down.is_in_step(last) else (None,)
            (alone if key[0] is None else kin.setdefault(key, [])).append(down)
        for members in kin.values():
            while len(members) >= MIN_MEMBERS:
                self._groups.append(self._make(members[:MAX_MEMBERS], last))
                del members[:MAX_MEMBERS]
            alone += members
        self._alone = alone if self._groups else []
