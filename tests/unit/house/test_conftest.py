"""The guards of tests/conftest.py bite."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.conftest import TESTS, layer_of


def test_a_socket_in_a_unit_test_fails_it() -> None:
    with socket.socket() as sock, pytest.raises(pytest.fail.Exception, match="used a socket"):
        sock.bind(("127.0.0.1", 0))


def test_a_pair_of_sockets_is_allowed() -> None:
    left, right = socket.socketpair()
    with left, right:
        left.send(b"x")
        assert right.recv(1) == b"x"


@pytest.mark.parametrize(
    ("path", "layer"),
    [("unit/sfu/test_a.py", "unit"), ("e2e/test_b.py", "e2e"), ("test_c.py", None), ("other/test_d.py", None)],
)
def test_the_folder_is_the_layer(path: str, layer: str | None) -> None:
    assert layer_of(TESTS / path) == layer


def test_a_file_elsewhere_has_no_layer() -> None:
    assert layer_of(Path("/elsewhere/unit/test_a.py")) is None


def test_every_unit_test_bears_its_marker(request: pytest.FixtureRequest) -> None:
    assert request.node.get_closest_marker("unit") is not None
