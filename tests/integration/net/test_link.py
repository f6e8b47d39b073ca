"""The relay alive: two namespaces, real sockets, and exactly the losses that the seed says."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from bench.net import Impairment, Link, LinkError, Side, missing_for_link

ROOT = Path(__file__).resolve().parents[3]
GUARD_S = 20.0
PORT = 7882
CHUNK = 50  # packets under way at a time: few enough for a socket's buffer

pytestmark = pytest.mark.skipif(missing_for_link() is not None, reason=f"no relay: {missing_for_link()}")


class Ends:
    """A UDP socket on each side of a link; the server's echoes on demand."""

    def __init__(self, link: Link) -> None:
        self.link = link
        with link.enter("server"):
            self.server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with link.enter("client"):
            self.client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.server.bind((link.server_address, PORT))
        self.client.bind(("0.0.0.0", 0))
        self.target = (link.server_address, PORT)
        for end in (self.server, self.client):
            end.settimeout(GUARD_S)

    def close(self) -> None:
        self.server.close()
        self.client.close()


def ends(**options: object) -> Iterator[Ends]:
    with Link(**options) as link:  # type: ignore[arg-type]  # the fixtures below say what
        both = Ends(link)
        try:
            yield both
        finally:
            both.close()


@pytest.fixture
def lossy() -> Iterator[Ends]:
    yield from ends(up=Impairment(loss=0.05), down=Impairment(loss=0.05), seed=11)


@pytest.fixture
def clean() -> Iterator[Ends]:
    yield from ends()


def survivors(count: int, way: str, loss: float = 0.05, seed: int = 11) -> list[int]:
    """The model: which of `count` packets the seed lets through."""
    draws = Random(f"{seed}:{way}:loss")
    return [number for number in range(count) if draws.random() >= loss]


def test_udp_echo_loses_exactly_what_the_seed_says(lossy: Ends) -> None:
    up = survivors(1000, "up")
    down = [up[index] for index in survivors(len(up), "down")]
    received: list[int] = []
    echoed: list[int] = []
    for first in range(0, 1000, CHUNK):
        for number in range(first, first + CHUNK):
            lossy.client.sendto(number.to_bytes(4), lossy.target)
        for _ in range(sum(first <= number < first + CHUNK for number in up)):
            data, address = lossy.server.recvfrom(100)
            received.append(int.from_bytes(data))
            lossy.server.sendto(data, address)
        for _ in range(sum(first <= number < first + CHUNK for number in down)):
            echoed.append(int.from_bytes(lossy.client.recv(100)))
    assert received == up
    assert echoed == down
    stats = lossy.link.stats()
    assert stats["up"]["dropped"] == {"loss": 1000 - len(up)}
    assert stats["down"]["dropped"] == {"loss": len(up) - len(down)}


def test_tcp_carries_every_byte_through_loss(lossy: Ends) -> None:
    sent = Random(1).randbytes(300_000)
    with lossy.link.enter("server"):
        listener = socket.socket()
    with lossy.link.enter("client"):
        client = socket.socket()
    with listener, client:
        listener.settimeout(GUARD_S)
        client.settimeout(GUARD_S)
        listener.bind(lossy.target)
        listener.listen()
        client.connect(lossy.target)
        accepted, address = listener.accept()
        with accepted:
            accepted.settimeout(GUARD_S)
            assert address[0] == lossy.link.client_address
            sender = threading.Thread(target=client.sendall, args=(sent,))
            sender.start()
            received = b""
            while len(received) < len(sent):
                received += accepted.recv(65_536)
            sender.join(GUARD_S)
    assert received == sent
    assert lossy.link.stats()["up"]["dropped"]["loss"] > 0


def test_delay_is_kept_each_way(clean: Ends) -> None:
    clean.link.set(up=Impairment(delay_us=60_000), down=Impairment(delay_us=40_000))
    start = time.monotonic()
    clean.client.sendto(b"ping", clean.target)
    data, address = clean.server.recvfrom(100)
    clean.server.sendto(data, address)
    clean.client.recv(100)
    took = time.monotonic() - start
    assert 0.1 <= took < 0.1 + GUARD_S / 2, "the least is exact, the most only a guard against a busy machine"


def test_a_moved_client_is_seen_under_another_address_and_answered_there(clean: Ends) -> None:
    clean.client.sendto(b"1", clean.target)
    _, before = clean.server.recvfrom(100)
    moved = clean.link.move_client()
    clean.client.sendto(b"2", clean.target)
    _, after = clean.server.recvfrom(100)
    assert before[0] == clean.link.client_address
    assert after == (moved, before[1])
    clean.server.sendto(b"lost", before)
    clean.server.sendto(b"found", after)
    assert clean.client.recv(100) == b"found"
    clean.link.rebind_client()
    clean.client.sendto(b"3", clean.target)
    _, rebound = clean.server.recvfrom(100)
    assert rebound[0] == moved
    assert rebound[1] != before[1]
    clean.server.sendto(b"again", rebound)
    assert clean.client.recv(100) == b"again"


def test_a_renumbered_client_leaves_its_old_address(clean: Ends) -> None:
    address = clean.link.renumber_client()
    with clean.link.enter("client"):
        fresh = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with fresh:
        fresh.sendto(b"new", clean.target)
        _, seen = clean.server.recvfrom(100)
    assert seen[0] == address != clean.link.client_address


def test_blackout_swallows_and_ends(clean: Ends) -> None:
    clean.link.blackout(600_000)
    clean.client.sendto(b"lost", clean.target)
    while clean.link.stats()["up"]["dropped"].get("blackout", 0) < 1:
        pass
    clean.link.blackout(0)
    clean.client.sendto(b"found", clean.target)
    assert clean.server.recv(100) == b"found"


def test_a_bad_request_changes_nothing_and_says_so(clean: Ends) -> None:
    with pytest.raises(LinkError, match="los"):
        clean.link.change(los="5%")
    with pytest.raises(LinkError, match="unknown op"):
        clean.link.request({"op": "fly"})
    clean.client.sendto(b"still", clean.target)
    assert clean.server.recv(100) == b"still"


def test_a_server_here_is_reached_from_a_client_there() -> None:
    for both in ends(server=Side.HERE):
        both.client.sendto(b"hello", both.target)
        data, address = both.server.recvfrom(100)
        assert (data, address[0]) == (b"hello", both.link.client_address)


def devices() -> set[str]:
    return {entry.name for entry in Path("/sys/class/net").iterdir()}


def test_the_command_line_runs_a_server_and_a_client_and_leaves_nothing() -> None:
    before = devices()
    script = (
        "import socket, time, sys\n"
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "s.settimeout(0.2)\n"
        "for _ in range(100):\n"
        "    s.sendto(b'x', (sys.argv[1], 7000))\n"
        "    try:\n"
        "        print(s.recvfrom(9)[1][0]); break\n"
        "    except OSError: pass\n"
    )
    echo = (
        "import socket, sys\n"
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((sys.argv[1], 7000))\n"
        "while True:\n"
        "    d, a = s.recvfrom(9); s.sendto(d, a)\n"
    )
    serve = f'{sys.executable} -c "exec({echo!r})" {{server}}'
    done = subprocess.run(
        [sys.executable, "-m", "bench.net", "run", "--delay", "5ms", "--stats", "--serve", serve, "--",
         sys.executable, "-c", script, "{server}"],
        capture_output=True, text=True, timeout=GUARD_S * 2, cwd=ROOT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("198.1")
    assert json.loads(done.stderr.splitlines()[-1])["up"]["delivered"] >= 1
    assert devices() <= before


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_when_the_starter_is_ended(ending: signal.Signals) -> None:
    before = devices()
    holder = subprocess.Popen(
        [sys.executable, "-m", "bench.net", "hold", "--server-here"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    with holder:
        assert holder.stdout is not None
        ready = json.loads(holder.stdout.readline())
        assert devices() > before
        pump = int(ready["enter_client"].split("/proc/")[1].split("/")[0])
        watched = os.pidfd_open(pump)
        holder.send_signal(ending)
        holder.wait(GUARD_S)
    try:
        poll = select.poll()
        poll.register(watched)
        assert poll.poll(GUARD_S * 1000), "the relay process outlived its starter"
    finally:
        os.close(watched)
    deadline = time.monotonic() + GUARD_S
    while not devices() <= before and time.monotonic() < deadline:
        time.sleep(0.01)  # the kernel removes a namespace in its own time
    assert devices() <= before
