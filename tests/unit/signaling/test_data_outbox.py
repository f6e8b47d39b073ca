"""Reliable data waits in order for a channel that is not ready, within bounds; lossy data never waits."""

from __future__ import annotations

from server.signaling.data_outbox import MAX_BYTES, DataOutbox

RELIABLE, LOSSY = "_reliable", "_lossy"


class Channel:
    def __init__(self) -> None:
        self.room = 0
        self.took: list[bytes] = []

    def try_send(self, label: str, payload: bytes) -> bool:
        if self.room == 0:
            return False
        self.room -= 1
        self.took.append(payload)
        return True


def test_what_waits_goes_out_first_and_in_order() -> None:
    channel = Channel()
    outbox = DataOutbox(channel.try_send, RELIABLE)
    assert outbox.send(RELIABLE, b"1")
    assert outbox.send(RELIABLE, b"2")
    channel.room = 1
    outbox.drain()
    assert channel.took == [b"1"]
    channel.room = 5
    assert outbox.send(RELIABLE, b"3")
    assert channel.took == [b"1"], "a newer message must not overtake"
    outbox.drain()
    assert channel.took == [b"1", b"2", b"3"]
    assert outbox.send(RELIABLE, b"4")
    assert channel.took[-1] == b"4"
    assert outbox.dropped == 0


def test_lossy_data_is_sent_now_or_dropped() -> None:
    channel = Channel()
    outbox = DataOutbox(channel.try_send, RELIABLE)
    assert not outbox.send(LOSSY, b"x")
    channel.room = 5
    outbox.drain()
    assert channel.took == []
    assert outbox.dropped == 1


def test_the_waiting_room_is_bounded() -> None:
    outbox = DataOutbox(Channel().try_send, RELIABLE)
    block = bytes(64_000)
    kept = sum(outbox.send(RELIABLE, block) for _ in range(MAX_BYTES // len(block) + 10))
    assert kept == MAX_BYTES // len(block)
    assert outbox.dropped == 10
