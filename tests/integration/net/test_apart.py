"""Loopback that delivers on another core, in a namespace that nobody else sees."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.net import apart, missing_for_link

ROOT = Path(__file__).resolve().parents[3]
GUARD_S = 20.0

pytestmark = pytest.mark.skipif(missing_for_link() is not None, reason=f"no namespaces: {missing_for_link()}")

SEND_AND_TELL = """
import socket
from bench.net.apart import steered_to
here, there = socket.socket(type=socket.SOCK_DGRAM), socket.socket(type=socket.SOCK_DGRAM)
there.bind(("127.0.0.1", 0))
there.settimeout(10)
here.sendto(b"through", there.getsockname())
print(there.recv(100).decode(), steered_to())
"""


def test_what_is_sent_there_is_taken_in_on_the_core_named() -> None:
    before = apart.steered_to()
    done = subprocess.run(
        [sys.executable, "-m", "bench.net", "apart", "--", sys.executable, "-c", SEND_AND_TELL],
        cwd=ROOT, capture_output=True, text=True, timeout=GUARD_S, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "through [1]\n"), done.stderr
    assert apart.steered_to() == before, "the machine's own loopback is as it was"


def test_a_command_is_needed_and_its_exit_code_counts() -> None:
    def run(*words: str) -> int:
        command = [sys.executable, "-m", "bench.net", "apart", *words]
        return subprocess.run(command, cwd=ROOT, capture_output=True, timeout=GUARD_S, check=False).returncode

    assert run("--") == 2
    assert run("--", "sh", "-c", "exit 7") == 7
