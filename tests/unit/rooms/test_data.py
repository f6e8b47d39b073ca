"""Data between participants: the server's word on who sent it, rights, destinations, exact replay."""

from __future__ import annotations

from livekit.protocol.models import ActiveSpeakerUpdate, DataPacket, UserPacket

from server.rooms.data import LOSSY, MAX_PACKET_BYTES, RELIABLE, REPLAY_BYTES, REPLAY_US
from server.rooms.grants import VideoGrants
from server.rooms.participant import Participant
from tests.fakes.rooms import FakeLink, RoomLab


def user(text: bytes, *, sequence: int = 0, to: tuple[str, ...] = ()) -> DataPacket:
    return DataPacket(user=UserPacket(payload=text), sequence=sequence, destination_identities=to)


def send(lab: RoomLab, sender: Participant, packet: DataPacket, label: str = RELIABLE) -> None:
    lab.room.data.receive(sender, label, packet.SerializeToString(), lab.room.participants, lab.clock.monotonic_us())


def received(link: FakeLink) -> list[DataPacket]:
    return [DataPacket.FromString(payload) for _, payload in link.data]


def test_everybody_but_the_sender_gets_it_with_the_name_that_the_server_knows() -> None:
    lab = RoomLab()
    ana, ana_link = lab.enter("ana")
    _, ben_link = lab.enter("ben")
    packet = user(b"hi")
    packet.participant_identity = packet.user.participant_identity = "teacher"
    send(lab, ana, packet, LOSSY)
    assert not ana_link.data
    (got,) = received(ben_link)
    assert (got.participant_identity, got.participant_sid) == ("ana", ana.sid)
    assert (got.user.participant_identity, got.user.participant_sid) == ("ana", ana.sid)
    assert got.kind == DataPacket.LOSSY
    assert ben_link.data[0][0] == LOSSY


def test_a_message_for_one_reaches_nobody_else_and_hides_its_address_list() -> None:
    lab = RoomLab()
    ana, _ = lab.enter("ana")
    _, ben = lab.enter("ben")
    _, eve = lab.enter("eve")
    send(lab, ana, user(b"needle", to=("ben", "gone")))
    assert not eve.data
    (got,) = received(ben)
    assert got.user.payload == b"needle"
    assert not got.destination_identities


def test_a_message_for_a_sid_that_has_left_reaches_nobody() -> None:
    lab = RoomLab()
    ana, _ = lab.enter("ana")
    _, ben = lab.enter("ben")
    send(lab, ana, DataPacket(user=UserPacket(payload=b"needle", destination_sids=["PA_gone"])))
    assert not ben.data


def test_without_the_right_or_with_a_servers_message_nothing_passes() -> None:
    lab = RoomLab()
    mute, _ = lab.enter("mute", VideoGrants(room="class", room_join=True, can_publish_data=False))
    ana, _ = lab.enter("ana")
    _, ben = lab.enter("ben")
    send(lab, mute, user(b"needle"))
    send(lab, ana, DataPacket(speaker=ActiveSpeakerUpdate()))
    send(lab, ana, DataPacket())
    lab.room.data.receive(ana, RELIABLE, b"\xff\xff\xff", lab.room.participants, 0)
    lab.room.data.receive(ana, RELIABLE, bytes(MAX_PACKET_BYTES + 1), lab.room.participants, 0)
    assert not ben.data
    assert lab.room.data.dropped == 5


def test_a_sequence_that_was_seen_passes_only_once() -> None:
    lab = RoomLab()
    ana, _ = lab.enter("ana")
    _, ben = lab.enter("ben")
    for sequence in (1, 2, 2, 1, 3):
        send(lab, ana, user(b"%d" % sequence, sequence=sequence))
    assert [packet.sequence for packet in received(ben)] == [1, 2, 3]
    assert ana.last_reliable_sequence == 3


def test_replay_sends_what_was_missed_and_was_meant_for_that_person() -> None:
    lab = RoomLab()
    ana, _ = lab.enter("ana")
    ben, ben_link = lab.enter("ben")
    lab.enter("eve")
    for sequence in (1, 2, 3):
        send(lab, ana, user(b"%d" % sequence, sequence=sequence))
    send(lab, ana, user(b"for eve", sequence=4, to=("eve",)))
    send(lab, ben, user(b"own", sequence=1))
    ben_link.data.clear()
    lab.room.data.replay(ben, {ana.sid: 1}, since_us=0)
    assert [packet.user.payload for packet in received(ben_link)] == [b"2", b"3"]


def test_what_is_kept_for_replay_is_bounded_in_time_and_size() -> None:
    lab = RoomLab()
    ana, _ = lab.enter("ana")
    ben, ben_link = lab.enter("ben")
    send(lab, ana, user(b"old", sequence=1))
    lab.clock.advance(us=REPLAY_US + 1)
    block = 60_000
    for sequence in range(2, 2 + REPLAY_BYTES // block + 5):
        send(lab, ana, user(bytes(block), sequence=sequence))
    ben_link.data.clear()
    lab.room.data.replay(ben, {}, since_us=0)
    assert sum(len(payload) for _, payload in ben_link.data) <= REPLAY_BYTES
    assert received(ben_link)[0].sequence > 1


def test_the_server_can_send_to_all_or_to_some() -> None:
    lab = RoomLab()
    _, ana = lab.enter("ana")
    _, ben = lab.enter("ben")
    packet = user(b"bell")
    packet.kind = DataPacket.LOSSY
    lab.room.data.send_from_server(packet, lab.room.participants, 0)
    lab.room.data.send_from_server(user(b"ben only", to=("ben",)), lab.room.participants, 0)
    assert [label for label, _ in ana.data] == [LOSSY]
    assert [label for label, _ in ben.data] == [LOSSY, RELIABLE]
