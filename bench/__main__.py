"""``python -m bench NAME …`` (also ``./tongchuang bench NAME …``): one module of this package per benchmark."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import sys

import aiohttp
import uvloop

BENCHES = {
    "fanout": "forwarded packets per CPU-second with 30 subscribers",
    "join": "join to first decoded frame in Chromium, and the server's part",
    "classroom": "30 participants for minutes: packets lost inside, memory, a burst of joins",
    "class": "40 pupils of two schools: cards, lobby, chat and hands over the whole product",
    "tools": "a lead mutes, stops, removes: until the last packet of it reaches somebody",
    "latency": "what the server adds to a packet's way",
    "set-up": "from nothing to the first lesson of two schools, by the README: pages, presses, minutes",
    "budget": "what the pages weigh before the class shows",
    "overlap": "the search for common hours, beside the same with portion",
    "hours": "find an hour over HTTP, an open loop of questions on demo data",
    "plans": "random plans before an independent judge, and mutants of the scheduler",
    "transitions": "every clock change 2000-2040 against whenever and zic's zdump",
}
# Whose name is no name of Python.
MODULES = {"class": "class_lesson", "set-up": "set_up"}


def main(argv: list[str] | None = None) -> int:
    words = sys.argv[1:] if argv is None else argv
    if not words or words[0] in ("-h", "--help") or (words[0] not in BENCHES and words[0] != "net"):
        print("usage: bench NAME [options]; each takes --help\n")
        for name, about in BENCHES.items():
            print(f"  {name:10} {about}")
        print("  net        a bad network for any command (see bench/net/README.md)")
        return 0 if words and words[0] in ("-h", "--help") else 2
    name, *rest = words
    if name == "net":
        sys.argv = ["bench net", *rest]
        from bench.net.__main__ import main as net  # the relay needs none of what the benches import

        return net()
    module = importlib.import_module(f"bench.{MODULES.get(name, name)}")
    options: argparse.Namespace = module.parser().parse_args(rest)
    from bench.target import TargetError

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return int(runner.run(module.run(options)))
    except (TargetError, TimeoutError, ValueError, aiohttp.ClientError) as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, ValueError) else 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
