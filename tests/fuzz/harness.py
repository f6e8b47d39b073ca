"""A small mutation fuzzer: deterministic by seed, guided by new outcomes, with bounds on memory and time per input.

The property is the same for every parser: it returns, or raises an error of `server.errors`; nothing else, within
10 MB and without hanging. A target is a function of bytes; its seeds are real inputs. What ever broke a parser
belongs into ``tests/data/fuzz/NAME/`` and is a seed from then on.
"""

from __future__ import annotations

import importlib
import random
import re
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from server.errors import TongchuangError

HERE = Path(__file__).parent
REGRESSIONS = HERE.parent / "data" / "fuzz"

# S1 of the scorecard: what one input may cost.
MAX_BYTES_PER_INPUT = 10 * 1024 * 1024
# Why 2 s of CPU: a hang, not a measurement; the slowest honest input (1 MB of SDP) takes a tenth.
MAX_CPU_S = 2.0
# Why not every input: tracing allocations makes a call five times slower.
TRACE_EVERY = 40
# Why 400 kB: above the largest limit of any parser, so that "too long" is met too, but seldom.
MAX_INPUT_BYTES = 400_000
MAX_CORPUS = 400

Target = Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class Suite:
    """One parser with what it is fed from."""

    name: str
    target: Target
    seeds: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Report:
    inputs: int
    outcomes: int
    slowest_cpu_s: float
    peak_bytes: int


class Finding(AssertionError):
    """An input that broke the property. `data` reproduces it."""

    def __init__(self, name: str, what: str, data: bytes) -> None:
        super().__init__(f"{name}: {what}; input of {len(data)} bytes: {data[:600]!r}")
        self.data = data


def suites() -> dict[str, Suite]:
    """Every target of every ``*_targets.py`` module in this folder."""
    found: dict[str, Suite] = {}
    for path in sorted(HERE.glob("*_targets.py")):
        module = importlib.import_module(f"tests.fuzz.{path.stem}")
        targets: dict[str, Target] = module.TARGETS
        seeds: dict[str, list[bytes]] = module.SEEDS
        for name, target in targets.items():
            if name in found:
                raise ValueError(f"two targets are called {name}")
            found[name] = Suite(name, target, (*seeds[name], *_regressions(name)))
    return found


def _regressions(name: str) -> Iterator[bytes]:
    for path in sorted((REGRESSIONS / name).glob("*")):
        yield path.read_bytes()


def _outcome(suite: Suite, data: bytes) -> str:
    """What one input did, in words that do not depend on its numbers; raises Finding."""
    try:
        suite.target(data)
    except TongchuangError as error:
        return re.sub(r"\d+", "#", str(error))
    except Exception as error:
        raise Finding(suite.name, f"undeclared {type(error).__name__}: {error}", data) from error
    return "ok"


def _peak(suite: Suite, data: bytes) -> int:
    tracemalloc.start()
    try:
        _outcome(suite, data)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def run(suite: Suite, *, seconds: float, seed: int = 0) -> Report:
    """Feed `suite` for some seconds of CPU; raises Finding at the first input that breaks the property."""
    dice = random.Random(zlib.crc32(suite.name.encode()) ^ seed)
    corpus = list(suite.seeds)
    seen: set[str] = set()
    inputs, slowest, peak = 0, 0.0, 0
    deadline = time.process_time() + seconds
    queue = list(corpus)
    while True:
        data = queue.pop() if queue else mutate(dice, corpus)
        started = time.thread_time()
        outcome = _outcome(suite, data)
        spent = time.thread_time() - started
        inputs, slowest = inputs + 1, max(slowest, spent)
        if spent > MAX_CPU_S:
            raise Finding(suite.name, f"took {spent:.1f} s of CPU", data)
        if outcome not in seen or inputs % TRACE_EVERY == 0:
            peak = max(peak, _peak(suite, data))
            if peak > MAX_BYTES_PER_INPUT:
                raise Finding(suite.name, f"took {peak} bytes of memory", data)
        if outcome not in seen and len(corpus) < MAX_CORPUS:
            seen.add(outcome)
            corpus.append(data)
        if not queue and time.process_time() >= deadline:
            return Report(inputs, len(seen), slowest, peak)


_INTERESTING_BYTES = (0x00, 0x01, 0x0A, 0x0D, 0x20, 0x7F, 0x80, 0xBF, 0xC0, 0xED, 0xF0, 0xFF)
_INTERESTING_NUMBERS = (
    b"0", b"-1", b"1", b"127", b"128", b"255", b"256", b"65535", b"65536", b"2147483648", b"4294967295", b"4294967296",
    b"18446744073709551616", b"9" * 40, b"1e9", b"0x10", "\u0661".encode(),
)  # fmt: skip
_TOKENS = (
    b"\r\n", b"\n\n", b"\x00", b"\xed\xa0\x80", "\u202e".encode(), "字".encode(), b"\xff" * 8, b"null", b"true", b"{}",
    b"[]", b'""', b"NaN", b"../", b"%00", b"a=", b"m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n", b"a=inactive\r\n", b";", b"/",
)  # fmt: skip
_NUMBER = re.compile(rb"\d+")


def mutate(dice: random.Random, corpus: list[bytes]) -> bytes:
    """One to eight changes of a member of the corpus."""
    data = bytearray(dice.choice(corpus))
    for _ in range(1 << dice.randrange(4)):
        dice.choice(_MUTATIONS)(dice, data, corpus)
    return bytes(data[:MAX_INPUT_BYTES])


def _span(dice: random.Random, data: bytearray) -> tuple[int, int]:
    start = dice.randrange(len(data) + 1)
    return start, min(len(data), start + 1 + int(dice.expovariate(1 / 24)))


def _flip(dice: random.Random, data: bytearray, _: list[bytes]) -> None:
    if data:
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def _set(dice: random.Random, data: bytearray, _: list[bytes]) -> None:
    if data:
        data[dice.randrange(len(data))] = dice.choice(_INTERESTING_BYTES)


def _delete(dice: random.Random, data: bytearray, _: list[bytes]) -> None:
    start, end = _span(dice, data)
    del data[start:end]


def _insert(dice: random.Random, data: bytearray, _: list[bytes]) -> None:
    start = dice.randrange(len(data) + 1)
    data[start:start] = dice.choice(_TOKENS)


def _duplicate(dice: random.Random, data: bytearray, _: list[bytes]) -> None:
    start, end = _span(dice, data)
    # Why seldom many: long inputs are slow and mostly end at the first limit.
    times = dice.choice((1, 1, 1, 2, 8, 64)) if dice.random() < 0.99 else 2000
    data[end:end] = bytes(data[start:end]) * times


def _splice(dice: random.Random, data: bytearray, corpus: list[bytes]) -> None:
    other = dice.choice(corpus)
    start = dice.randrange(len(data) + 1)
    cut = dice.randrange(len(other) + 1)
    data[start:] = other[cut:]


def _truncate(dice: random.Random, data: bytearray, _: list[bytes]) -> None:
    del data[dice.randrange(len(data) + 1) :]


def _number(dice: random.Random, data: bytearray, _: list[bytes]) -> None:
    start = dice.randrange(len(data) + 1)
    match = _NUMBER.search(data, start, start + 2000)
    if match is not None:
        data[match.start() : match.end()] = dice.choice(_INTERESTING_NUMBERS)


def _swap_lines(dice: random.Random, data: bytearray, _: list[bytes]) -> None:
    lines = bytes(data).split(b"\n")
    first, second = dice.randrange(len(lines)), dice.randrange(len(lines))
    lines[first], lines[second] = lines[second], lines[first]
    data[:] = b"\n".join(lines)


_MUTATIONS = (_flip, _set, _delete, _insert, _duplicate, _splice, _truncate, _number, _number, _swap_lines)
