"""The client's DTLS against itself over memory, in both roles and with both SRTP profiles."""

from __future__ import annotations

import pytest
from pylibsrtp import Error

from bench.client.dtls import Certificate, Dtls


@pytest.mark.parametrize(("with_gcm", "profile"), [(True, "SRTP_AEAD_AES_128_GCM"), (False, "SRTP_AES128_CM_SHA1_80")])
def test_both_ends_agree_on_keys(with_gcm: bool, profile: str) -> None:
    certificate = Certificate()
    client = Dtls(certificate, is_client=True, with_gcm=with_gcm)
    server = Dtls(certificate, is_client=False)
    to_server, to_client = client.start(), server.start()
    for _ in range(20):
        if client.is_connected and server.is_connected:
            break
        answers = [server.feed(each) for each in to_server]
        to_client += [each for out, _ in answers for each in out]
        to_server = [each for one in to_client for each in client.feed(one)[0]]
        to_client = []
    assert client.profile == server.profile == profile
    assert client.peer_fingerprint() == certificate.fingerprint
    packet = bytes.fromhex("8060000100000000000000ff") + b"clear"
    assert client.srtp is not None
    assert client.unsrtp is not None
    assert server.srtp is not None
    assert server.unsrtp is not None
    assert server.unsrtp.unprotect(client.srtp.protect(packet)) == packet
    assert client.unsrtp.unprotect(server.srtp.protect(packet)) == packet
    with pytest.raises(Error):
        client.unsrtp.unprotect(b"\x80\x60\x00\x02" + bytes(40))
    (datagram,) = client.send(b"hello")
    assert server.feed(datagram)[1] == [b"hello"]
