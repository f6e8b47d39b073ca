"""Subscribers in step: what the next burst of a track has in common for them, and what differs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from server.sfu.burst import Burst
from server.sfu.forwarder import ALL_TEMPORAL_LAYERS
from server.sfu.packet import Packet
from server.sfu.sequence import Stretch

if TYPE_CHECKING:
    from server.sfu.downtrack import DownTrack


# Why two: after a packet of padding the offsets are known when the next picture has gone out.
_MAX_MISSTEPS = 2


class Group(ABC):
    """The same packet was the `last` of each member, and the next goes out with the offsets that stand here."""

    __slots__ = (
        "_first",
        "_missteps",
        "_sender",
        "_stretches",
        "last",
        "members",
        "octets",
        "packets",
        "payload_bytes",
        "source",
    )

    def __init__(self, members: Sequence[DownTrack], last: Packet) -> None:
        """`members` are of one kin; `last` went out to each of them."""
        self.members = tuple(members)
        self.last = last
        self.source = last.source
        self.packets = 0
        """Since the group began, to each member; `octets` of payload."""
        self.octets = 0
        self.payload_bytes = 0
        """Of the last burst."""
        self._first = members[0]
        self._missteps = 0
        """Bursts in a row after which the members did not stand together."""
        writers = [member.peer.writer for member in members]
        self._sender = writers[0].group(writers)
        self._stretches: list[Stretch] = []
        for member in members:
            member.join_group(self)
        self._read_stretches()

    def is_in_order(self, burst: Burst) -> bool:
        """Whether one decision does for all of it, and every member is where the group is."""
        return (
            burst.is_whole
            and not self._missteps
            and burst.first > self.last.sequence
            and burst.highest_tid <= ALL_TEMPORAL_LAYERS
        )

    @abstractmethod
    def forward(self, burst: Burst, time: bytes) -> bool:
        """To all members; it is in order. False = to nobody, and the group is of no use any more."""

    def resume(self) -> bool:
        """After something that went to each member by itself: whether all stand together, or may soon."""
        newest = self._first.forwarder.last
        if newest is None or not all(member.is_in_step(newest) for member in self.members):
            self._missteps += 1
            return self._missteps <= _MAX_MISSTEPS
        self._missteps = 0
        self.last = newest
        self._read_stretches()
        return True

    def _sent(self, last: Packet, packets: int, octets: int) -> None:
        self.last = last
        self.packets += packets
        self.octets += octets
        self.payload_bytes = octets

    def _read_stretches(self) -> None:
        """The members' offsets; overridden by who keeps them in another form."""
        opened = [stretch for member in self.members if (stretch := member.forwarder.munger.open) is not None]
        assert len(opened) == len(self.members), "they are in step"
        self._stretches = opened
