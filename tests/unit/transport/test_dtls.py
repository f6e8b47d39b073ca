"""The handshake over a wire in memory, with losses given as lists of booleans and time that only tests move."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from server.sfu.description import DtlsRole, Fingerprint
from server.sfu.transport.dtls import (
    FIRST_REPEAT_US,
    MTU_BYTES,
    DtlsIdentity,
    DtlsSession,
    DtlsState,
    split_records,
)
from server.sfu.transport.guard import is_dtls

IDENTITIES = (DtlsIdentity(), DtlsIdentity())
STEP_US = 20_000


class Link:
    """Two sessions and what is under way between them; `loses(index)` says which datagram never arrives."""

    def __init__(self, loses: Callable[[int], bool] = lambda index: False, *, wrong_fingerprint: bool = False) -> None:
        self.now_us = 0
        self.sent: list[tuple[DtlsSession, bytes]] = []
        self._count = 0
        self._loses = loses
        good = IDENTITIES[1].fingerprints
        expected = (Fingerprint(algorithm="sha-256", value="00:" * 31 + "00"),) if wrong_fingerprint else good
        self.server = DtlsSession(IDENTITIES[0], DtlsRole.SERVER, expected, self._to_client)
        self.client = DtlsSession(IDENTITIES[1], DtlsRole.CLIENT, IDENTITIES[0].fingerprints, self._to_server)
        self.received: list[bytes] = []

    def run(self, until_us: int = 20_000_000) -> None:
        """Deliver and tick until both sides are done or the time is over."""
        if not self.client.is_started:
            self.client.start(self.now_us)
        while self.now_us < until_us:
            while self.sent:
                session, datagram = self.sent.pop(0)
                self.received += session.feed(datagram, self.now_us)
            if DtlsState.HANDSHAKE not in (self.server.state, self.client.state):
                return
            self.now_us += STEP_US
            self.server.on_timer(self.now_us)
            self.client.on_timer(self.now_us)

    def _to_client(self, datagram: bytes) -> None:
        self._post(self.client, datagram)

    def _to_server(self, datagram: bytes) -> None:
        self._post(self.server, datagram)

    def _post(self, session: DtlsSession, datagram: bytes) -> None:
        assert len(datagram) <= MTU_BYTES
        assert is_dtls(datagram)
        if not self._loses(self._count):
            self.sent.append((session, datagram))
        self._count += 1


def test_both_sides_derive_the_same_keys_and_prefer_gcm() -> None:
    link = Link()
    link.run()
    assert link.server.state is link.client.state is DtlsState.CONNECTED
    profile, server_sends, server_receives = link.server.srtp_keys()
    assert profile.openssl_name == b"SRTP_AEAD_AES_128_GCM"
    assert link.client.srtp_keys() == (profile, server_receives, server_sends)
    assert server_sends != server_receives
    assert link.now_us == 0, "no timer was needed"


@pytest.mark.parametrize("lost", range(8))
def test_any_one_lost_datagram_costs_less_than_half_a_second(lost: int) -> None:
    link = Link(lambda index: index == lost)
    link.run(until_us=500_000)
    if link.client.state is DtlsState.HANDSHAKE:  # its last flight is repeated for as long as the server is silent
        link.run(until_us=500_000)
    assert link.server.state is link.client.state is DtlsState.CONNECTED


@pytest.mark.parametrize("seed", range(6))
def test_every_third_datagram_lost(seed: int) -> None:
    link = Link(lambda index: (index + seed) % 3 == 0)
    link.run()
    assert link.server.state is link.client.state is DtlsState.CONNECTED


def test_a_foreign_certificate_is_refused() -> None:
    link = Link(wrong_fingerprint=True)
    link.run(until_us=1_000_000)
    assert link.server.state is DtlsState.FAILED
    assert "fingerprint" in link.server.failure
    with pytest.raises(RuntimeError):
        link.server.srtp_keys()
    with pytest.raises(ConnectionError):
        link.server.send(b"secret")


@pytest.mark.parametrize("fingerprints", [(), (Fingerprint(algorithm="md5", value="00"),)])
def test_a_description_without_a_usable_fingerprint_is_refused(fingerprints: tuple[Fingerprint, ...]) -> None:
    link = Link()
    link.server = DtlsSession(IDENTITIES[0], DtlsRole.SERVER, fingerprints, link._to_client)
    link.run(until_us=1_000_000)
    assert link.server.state is DtlsState.FAILED


def test_application_data_and_close_notify() -> None:
    link = Link()
    link.run()
    link.server.send(b"one")
    link.server.send(b"two")
    together = b"".join(datagram for _, datagram in link.sent)
    link.sent.clear()
    assert link.client.feed(together, 0) == [b"one", b"two"], "several records in one datagram"
    link.client.close()
    link.client.close()
    (_, notice), *rest = link.sent
    assert not rest
    assert link.server.feed(notice, 0) == []
    assert link.server.state is DtlsState.CLOSED
    assert link.server.feed(notice, 0) == []


def test_garbage_does_not_end_an_association() -> None:
    link = Link()
    link.run()
    link.client.send(b"x")
    _, record = link.sent.pop()
    broken = record[:-1] + bytes([record[-1] ^ 1])
    assert link.server.feed(broken, 0) == []
    assert link.server.feed(b"\x17\xfe\xfd" + bytes(9) + b"\x10", 0) == []
    assert link.server.state is DtlsState.CONNECTED
    assert link.server.feed(record, 0) == [b"x"]
    assert link.server.feed(record, 0) == [], "a replayed record is dropped"


def test_repeats_back_off() -> None:
    times: list[int] = []
    link = Link(lambda index: True)
    link.client.start(0)
    sent = link._count
    for now_us in range(0, 900_000, STEP_US):
        link.client.on_timer(now_us)
        if link._count != sent:
            sent = link._count
            times.append(now_us)
    assert times[:2] == [FIRST_REPEAT_US, 3 * FIRST_REPEAT_US]


def test_records_are_packed_up_to_the_mtu() -> None:
    def record(size: int) -> bytes:
        return b"\x16\xfe\xfd" + bytes(8) + size.to_bytes(2, "big") + b"r" * size

    records = [record(500), record(500), record(500), record(1100), record(10)]
    datagrams = split_records(b"".join(records))
    assert b"".join(datagrams) == b"".join(records)
    assert [len(each) for each in datagrams] == [1026, 513, 1136]
    assert split_records(b"") == []
