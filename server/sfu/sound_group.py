"""Sound to many: subscribers who take one sound alike get each packet of it together.

A packet of sound is alone, and small, and comes when the caches have forgotten what they held; most of its price is
the memory of thirty subscribers' objects. A group keeps what differs between its members (numbers, SSRC, the head of
the extension block) in lists, and counts once for all; each `DownTrack` catches up when somebody asks it.

Whoever changes anything dissolves the groups first. After a second in which nothing did, they form again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from struct import Struct
from typing import TYPE_CHECKING

from server.sfu.burst import MAX_BURST, Burst
from server.sfu.drop_reason import HubStats
from server.sfu.packet import NO_PAYLOAD_TID, Packet

if TYPE_CHECKING:
    from server.sfu.downtrack import DownTrack

_FIXED_HEADER_BYTES = 12
_HAS_EXTENSIONS = 0x9000
_PLAIN = 0x8000
# flags with marker and payload type; sequence; timestamp; SSRC; block head; time; block tail; payload
_FIELDS = 8
_FLAGS, _SEQUENCE, _TIMESTAMP, _SSRC, _HEAD, _TIME, _TAIL, _PAYLOAD = range(_FIELDS)
# Sound is of any size; rounded up, what lays it out is made twenty times and not three hundred.
_ROUND_BYTES = 16
# Below it the one call for all costs as much as it saves.
MIN_MEMBERS = 4
# What the kernel takes in one call is more; a lesson is less.
MAX_MEMBERS = 512
# A second of sound in packets of 20 ms: people who come, go or choose do so in a row.
CALM_PACKETS = 50
# Half a minute: who could not be in a group then may be able to now.
REGROUP_PACKETS = 1500


class SoundGroup:
    """Members in step: the same packet was the last of each, and the next goes out with the offsets that stand here."""

    __slots__ = (
        "_count", "_first", "_has_level", "_has_time", "_sender", "_sequences", "_source", "_timestamps", "_values",
        "last", "members", "octets", "packets", "payload_bytes",
    )  # fmt: skip

    def __init__(self, members: Sequence[DownTrack], last: Packet) -> None:
        """`members` are of one kin; `last` went out to each of them."""
        self.members = tuple(members)
        self.last = last
        self.packets = 0
        """Since the group began, to each member; `octets` of payload."""
        self.octets = 0
        self.payload_bytes = 0
        """Of the last packet."""
        self._first = first = members[0]
        self._count = count = len(members)
        self._source = last.source
        self._has_level = last.audio_level >= 0
        self._has_time = first.out.extensions.has_time
        writers = [member.peer.writer for member in members]
        self._sender = writers[0].group(writers)
        stretches = [stretch for member in members if (stretch := member.forwarder.munger.open) is not None]
        assert len(stretches) == count, "they are in step"
        self._sequences = [stretch.sequence for stretch in stretches]
        self._timestamps = [stretch.timestamp for stretch in stretches]
        self._values: list[int | bytes] = [0] * (_FIELDS * count)
        self._values[_SSRC::_FIELDS] = [member.out.ssrc for member in members]
        self._values[_HEAD::_FIELDS] = [member.out.extensions.parts(last.audio_level)[0] for member in members]
        for member in members:
            member.join_group(self)

    def forward(self, packet: Packet, time: bytes) -> bool:
        """To all members. False = to nobody, and the group is of no use any more."""
        if packet.source is not self._source or (packet.audio_level >= 0) is not self._has_level:
            return False
        if packet.tid == NO_PAYLOAD_TID or packet.has_extensions:
            return False
        payload, payload_type = self._first.carried(packet)
        if payload_type < 0:
            return False
        values, count = self._values, self._count
        head: bytes = values[_HEAD]  # type: ignore[assignment]  # as long as the others'
        tail = self._first.out.extensions.parts(packet.audio_level)[1]
        if not self._has_time:
            time = b""
        block_bytes = len(head) + len(time) + len(tail)
        size = _FIXED_HEADER_BYTES + block_bytes + len(payload)
        place = self._sender.place(size)
        if place is None:
            return False
        buffer, stride = place
        flags = (_HAS_EXTENSIONS if block_bytes else _PLAIN) | payload_type | packet.marker
        number, timestamp = packet.sequence, packet.timestamp
        values[_FLAGS::_FIELDS] = [flags] * count
        values[_SEQUENCE::_FIELDS] = [(number + offset) & 0xFFFF for offset in self._sequences]
        values[_TIMESTAMP::_FIELDS] = [(timestamp + offset) & 0xFFFFFFFF for offset in self._timestamps]
        values[_TIME::_FIELDS] = [time] * count
        values[_TAIL::_FIELDS] = [tail] * count
        values[_PAYLOAD::_FIELDS] = [payload] * count
        room = min(-(-len(payload) // _ROUND_BYTES) * _ROUND_BYTES, len(payload) + stride - size)
        _packer(count, len(head), len(time), len(tail), room, stride)(buffer, 0, *values)
        if not self._sender.send(stride, size):
            return False
        self.last = packet
        self.packets += 1
        self.payload_bytes = len(payload)
        self.octets += len(payload)
        return True


class SoundFanout:
    """All down tracks of one sound: those in groups, and `alone` the others. One per `UpTrack`."""

    __slots__ = ("_alone", "_calm", "_groups")

    def __init__(self) -> None:
        self._groups: list[SoundGroup] = []
        self._alone: list[DownTrack] = []
        """Only while there are groups."""
        self._calm = 0
        """Packets since the last change, or since the groups formed."""

    def forward(self, packets: list[Packet], downs: list[DownTrack], time: bytes, stats: HubStats) -> None:
        """What one drain brought, in order of arrival, to each of `downs`."""
        self._calm += len(packets)
        while packets and self._groups:
            self._forward(packets[0], time, stats)
            packets = packets[1:]
        for start in range(0, len(packets), MAX_BURST):
            burst = Burst(packets[start : start + MAX_BURST])
            for down in downs:
                down.forward(burst, time)
        if self._groups:
            if self._alone and self._calm >= REGROUP_PACKETS:
                self.dissolve()
        elif packets and self._calm >= CALM_PACKETS and len(downs) >= MIN_MEMBERS:
            self._form(packets[-1], downs)

    def dissolve(self) -> None:
        """From now on to each by itself. Idempotent; before anything of a member changes."""
        self._calm = 0
        groups, self._groups, self._alone = self._groups, [], []
        for group in groups:
            for member in group.members:
                member.on_group_ended()

    def _forward(self, packet: Packet, time: bytes, stats: HubStats) -> None:
        """To all. Groups that cannot take it dissolve, unless it is late: that changes nothing for what follows."""
        last = self._groups[0].last
        is_late = packet.source is last.source and packet.sequence <= last.sequence
        failed: list[SoundGroup] = []
        for group in self._groups:
            if is_late or not group.forward(packet, time):
                failed.append(group)
            else:
                stats.forwarded += len(group.members)
                stats.forwarded_bytes += len(group.members) * group.payload_bytes
        if failed or self._alone:
            burst = Burst([packet])
            for group in failed:
                for member in group.members:
                    member.catch_up()
                    member.forward(burst, time)
            for down in self._alone:
                down.forward(burst, time)
        if failed and not is_late:
            self.dissolve()

    def _form(self, last: Packet, downs: Sequence[DownTrack]) -> None:
        self._calm = 0
        kin: dict[tuple[object, ...], list[DownTrack]] = {}
        alone: list[DownTrack] = []
        for down in downs:
            key = down.out.kin if down.is_in_step(last) else (None,)
            (alone if key[0] is None else kin.setdefault(key, [])).append(down)
        for members in kin.values():
            while len(members) >= MIN_MEMBERS:
                self._groups.append(SoundGroup(members[:MAX_MEMBERS], last))
                del members[:MAX_MEMBERS]
            alone += members
        self._alone = alone if self._groups else []


@lru_cache(maxsize=128)
def _packer(count: int, head: int, time: int, tail: int, payload: int, stride: int) -> Callable[..., None]:
    """`pack_into` for a row of packets that begin `stride` bytes apart."""
    padding = stride - _FIXED_HEADER_BYTES - head - time - tail - payload
    return Struct(">" + f"HHII{head}s{time}s{tail}s{payload}s{padding}x" * count).pack_into
