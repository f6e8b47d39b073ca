"""Those who receive one track, in groups or each by itself, and what must not tell the one from the other."""

from __future__ import annotations

import pytest

from server.sfu.downtrack import DownTrack
from server.sfu.drop_reason import HubStats
from tests.unit.sfu.media_lab import Client, FakeGroup, Lab


class Audience:
    """`together` lets its people be in groups; what they receive is the subclass's."""

    def __init__(self, *, together: bool) -> None:
        self.lab = Lab()
        self.together = together
        self.people: list[Client] = []
        self.downs: list[DownTrack] = []

    def come(self) -> tuple[int, Client]:
        """One more, and its number."""
        client = self.lab.client()
        if self.together:
            client.transport.writer.meeting_point = "here"
        self.people.append(client)
        return len(self.people) - 1, client

    def send(self) -> None:
        """The next of the track, as it usually comes."""
        raise NotImplementedError

    def calm(self, turns: int = 60) -> None:
        for _ in range(turns):
            self.send()
            self.lab.step()

    @property
    def groups(self) -> set[FakeGroup]:
        return {group for client in self.people for group in client.transport.writer.groups}

    @property
    def sent_together(self) -> int:
        return sum(group.sent for group in self.groups)


def name_of(number: int) -> str:
    """A mid of one or of two letters: blocks of two lengths."""
    return str(number * 2 % 13)


def make_impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Groups form at once and of few."""
    for name, value in (("CALM_TURNS", 3), ("MIN_MEMBERS", 2), ("REGROUP_TURNS", 9)):
        monkeypatch.setattr(f"server.sfu.group_fanout.{name}", value)


def assert_alike(grouped: Audience, alone: Audience) -> None:
    """Every byte, report and counter."""
    assert not alone.groups
    for one, other in zip(grouped.people, alone.people, strict=True):
        assert one.transport.writer.packets == other.transport.writer.packets
        assert one.transport.rtcp == other.transport.rtcp
        assert one.peer.sent_bytes == other.peer.sent_bytes
    for name in HubStats.__slots__:
        assert getattr(grouped.lab.hub.stats, name) == getattr(alone.lab.hub.stats, name), name
    for mine, theirs in zip(grouped.downs, alone.downs, strict=True):
        assert (mine.out.packets, mine.out.octets) == (theirs.out.packets, theirs.out.octets)
        assert mine.forwarder.last_timestamp == theirs.forwarder.last_timestamp
        assert mine.forwarder.munger.following == theirs.forwarder.munger.following
