"""Every parser is fed for some seconds; and the harness itself finds what it should."""

from __future__ import annotations

import pytest

from server.errors import ErrorCode, InvalidInput
from tests.fuzz.harness import Finding, Suite, run, suites

# S1 of the scorecard.
SECONDS = 5.0


@pytest.mark.parametrize("suite", suites().values(), ids=lambda suite: suite.name)
def test_parser(suite: Suite) -> None:
    report = run(suite, seconds=SECONDS)
    assert report.inputs > len(suite.seeds)


def test_harness_finds_an_undeclared_exception() -> None:
    def target(data: bytes) -> None:
        if b"\x00" in data:
            raise KeyError("oops")
        raise InvalidInput(ErrorCode.INVALID_REQUEST)

    with pytest.raises(Finding, match="undeclared KeyError") as caught:
        run(Suite("broken", target, (b"hello",)), seconds=30.0)
    assert b"\x00" in caught.value.data


def test_harness_finds_greed() -> None:
    def target(data: bytes) -> None:
        if len(data) > 6:
            bytearray(20_000_000)

    with pytest.raises(Finding, match="bytes of memory"):
        run(Suite("greedy", target, (b"hello",)), seconds=30.0)


def test_same_seed_same_inputs() -> None:
    def record() -> list[bytes]:
        fed: list[bytes] = []

        def target(data: bytes) -> None:
            fed.append(data)
            if len(fed) == 50:
                raise StopIteration

        with pytest.raises(Finding):
            run(Suite("same", target, (b"hello", b"world 1 2 3")), seconds=30.0)
        return fed

    assert record() == record()
