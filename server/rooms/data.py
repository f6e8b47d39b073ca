"""Data packets between participants: the sender's name is the server's word, rights are checked, replay is exact.

Reliable packets carry the publisher's sequence (from 1). The server drops what it has seen, keeps
what it passed on for a while, and after a resume sends again what the receiver says it missed;
receivers drop duplicates by (participant_sid, sequence). Source: media.md a.9 and a.10.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from google.protobuf.message import DecodeError
from livekit.protocol.models import DataPacket

from server.ids import Identity, ParticipantSid
from server.rooms.participant import Participant

RELIABLE = "_reliable"
LOSSY = "_lossy"

# Why 64 000: what clients themselves cap messages at; the rest is protobuf's own overhead.
MAX_PACKET_BYTES = 65_536
# Why 30 s and 4 MiB: the resume grace is shorter than this, and a text stream of a lesson is far smaller.
REPLAY_US = 30_000_000
REPLAY_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Kept:
    sender: ParticipantSid
    sequence: int
    only_to: frozenset[str] | None
    payload: bytes
    kept_at_us: int


class DataRouter:
    """One per room. `dropped` counts packets refused by right, form or duplicate."""

    __slots__ = ("_kept", "_kept_bytes", "dropped", "routed")

    def __init__(self) -> None:
        self._kept: deque[_Kept] = deque()
        self._kept_bytes = 0
        self.dropped = 0
        self.routed = 0

    def receive(
        self, sender: Participant, label: str, payload: bytes, people: Mapping[Identity, Participant], now_us: int
    ) -> None:
        """One message from a participant's channel; anything wrong with it is one counted drop."""
        packet = _parse(payload) if len(payload) <= MAX_PACKET_BYTES else None
        if packet is None or not sender.grants.can_publish_data or packet.WhichOneof("value") in (None, "speaker"):
            self.dropped += 1
            return
        is_reliable = label == RELIABLE
        if is_reliable and packet.sequence:
            if packet.sequence <= sender.last_reliable_sequence:
                self.dropped += 1
                return
            sender.last_reliable_sequence = packet.sequence
        only_to = _destinations(packet, people)
        _sign(packet, sender)
        packet.kind = DataPacket.RELIABLE if is_reliable else DataPacket.LOSSY
        self._pass_on(packet, label, only_to, people, sender.identity, now_us, sender.sid)

    def send_from_server(self, packet: DataPacket, people: Mapping[Identity, Participant], now_us: int) -> None:
        """`RoomService.SendData`: no sender, the same channels."""
        only_to = _destinations(packet, people)
        label = RELIABLE if packet.kind == DataPacket.RELIABLE else LOSSY
        self._pass_on(packet, label, only_to, people, "", now_us, None)

    def replay(self, receiver: Participant, last_sequences: Mapping[str, int], since_us: int) -> None:
        """Send again what `receiver` has not got; `last_sequences` is by the publisher's sid."""
        for kept in self._kept:
            if kept.kept_at_us < since_us or kept.sender == receiver.sid:
                continue
            if kept.only_to is not None and receiver.identity not in kept.only_to:
                continue
            if kept.sequence > last_sequences.get(kept.sender, 0):
                receiver.link.send_data(RELIABLE, kept.payload)

    def _pass_on(
        self,
        packet: DataPacket,
        label: str,
        only_to: frozenset[str] | None,
        people: Mapping[Identity, Participant],
        sender_identity: str,
        now_us: int,
        sender_sid: ParticipantSid | None,
    ) -> None:
        encoded = packet.SerializeToString()
        self.routed += 1
        receivers: Iterable[Participant] = people.values()
        if only_to is not None:
            receivers = [people[Identity(name)] for name in only_to if name in people]
        for receiver in receivers:
            if receiver.identity != sender_identity:
                receiver.link.send_data(label, encoded)
        if label == RELIABLE and sender_sid is not None and packet.sequence:
            self._keep(_Kept(sender_sid, packet.sequence, only_to, encoded, now_us), now_us)

    def _keep(self, kept: _Kept, now_us: int) -> None:
        self._kept.append(kept)
        self._kept_bytes += len(kept.payload)
        while self._kept and (self._kept_bytes > REPLAY_BYTES or now_us - self._kept[0].kept_at_us > REPLAY_US):
            self._kept_bytes -= len(self._kept.popleft().payload)


def _parse(payload: bytes) -> DataPacket | None:
    try:
        return DataPacket.FromString(payload)
    except DecodeError:
        return None


def _destinations(packet: DataPacket, people: Mapping[Identity, Participant]) -> frozenset[str] | None:
    """Identities that shall get it, None = everybody; taken off the packet, since they are nobody else's business."""
    names = set(packet.destination_identities)
    del packet.destination_identities[:]
    if packet.WhichOneof("value") == "user":
        names.update(packet.user.destination_identities)
        sids = set(packet.user.destination_sids)
        if sids:
            names.update(p.identity for p in people.values() if p.sid in sids)
            names.add("")  # Why: sids of people who left must not turn a private message into a public one.
        del packet.user.destination_identities[:]
        del packet.user.destination_sids[:]
    return frozenset(names) if names else None


def _sign(packet: DataPacket, sender: Participant) -> None:
    packet.participant_identity = sender.identity
    packet.participant_sid = sender.sid
    if packet.WhichOneof("value") == "user":
        packet.user.participant_identity = sender.identity
        packet.user.participant_sid = sender.sid
