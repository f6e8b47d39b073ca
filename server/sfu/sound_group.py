"""Sound to many: one packet, laid out for all members of a group by one `pack`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from struct import Struct
from typing import TYPE_CHECKING

from server.sfu.burst import Burst
from server.sfu.group import Group
from server.sfu.packet import Packet

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


class SoundGroup(Group):
    """A packet of sound is alone, and small, and each brings a level of its own."""

    __slots__ = ("_has_level", "_has_time", "_sequences", "_timestamps", "_values")

    def __init__(self, members: Sequence[DownTrack], last: Packet) -> None:
        super().__init__(members, last)
        self._has_level = last.audio_level >= 0
        self._has_time = members[0].out.extensions.has_time
        self._values: list[int | bytes] = [0] * (_FIELDS * len(members))
        self._values[_SSRC::_FIELDS] = [member.out.ssrc for member in members]
        self._values[_HEAD::_FIELDS] = [member.out.extensions.parts(last.audio_level)[0] for member in members]

    def forward(self, burst: Burst, time: bytes) -> bool:
        packet = burst.last
        if (packet.audio_level >= 0) is not self._has_level:
            return False
        payload, payload_type = self._first.carried(packet)
        if payload_type < 0:
            return False
        values, count = self._values, len(self.members)
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
        self._sent(packet, 1, len(payload))
        return True

    def _read_stretches(self) -> None:
        super()._read_stretches()
        self._sequences = [stretch.sequence for stretch in self._stretches]
        self._timestamps = [stretch.timestamp for stretch in self._stretches]


@lru_cache(maxsize=128)
def _packer(count: int, head: int, time: int, tail: int, payload: int, stride: int) -> Callable[..., None]:
    """`pack_into` for a row of packets that begin `stride` bytes apart."""
    padding = stride - _FIXED_HEADER_BYTES - head - time - tail - payload
    return Struct(">" + f"HHII{head}s{time}s{tail}s{payload}s{padding}x" * count).pack_into
