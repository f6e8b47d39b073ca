"""Command line of the relay: ``python -m bench.net run|hold|apart|pump|selftest``."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import subprocess
import sys
import threading
from types import FrameType

from bench.net import apart, pump
from bench.net.impairment import NAMES, Impairment, parse_impairment, parse_time_us
from bench.net.link import Link, LinkError, Side, missing_for_link

EPILOG = """
Values: delay 75ms, jitter 20ms, loss 5%, burst TO_BAD,TO_GOOD (as 1%,25%), rate 2mbit, queue 64kib,
duplicate 1%, reorder 2%, reorder-by 20ms, jitter-reorders yes, block-udp yes.
--loss acts on both directions, --up-loss (client to server) and --down-loss on one.
--at "5s blackout 10s", --at "20s loss=30% delay=300ms", --at "25s down.rate=300kbit", --at "30s move"
change things while COMMAND runs; operations: blackout TIME, move, rebind, renumber.
COMMAND and --serve see TC_CLIENT_ADDRESS and TC_SERVER_ADDRESS; their text may hold {client} and {server}.
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.net", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser(
        "run",
        help="run COMMAND behind the bad network",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    hold = commands.add_parser(
        "hold",
        help="set the network up, print how to enter it, take control requests (JSON lines) on stdin until it ends",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for each in (run, hold):
        for name in NAMES:
            option = name.replace("_", "-")
            for prefix in ("", "up-", "down-"):
                each.add_argument(f"--{prefix}{option}", metavar="X", help=argparse.SUPPRESS if prefix else None)
        each.add_argument("--seed", type=int, default=1)
        each.add_argument("--client-here", action="store_true", help="the client's side is this namespace")
        each.add_argument("--server-here", action="store_true", help="the server's side is this namespace")
    run.add_argument("--serve", metavar="CMD", help="start this on the server's side first")
    run.add_argument("--at", action="append", default=[], metavar="'TIME WHAT'", help="change something later")
    run.add_argument("--stats", action="store_true", help="print the relay's counts as JSON on stderr at the end")
    run.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    alone = commands.add_parser(
        "apart", help="run COMMAND where loopback's receiving half runs on the generator's core, as on another machine"
    )
    alone.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    commands.add_parser("pump", help="the relay process itself (started by the others)")
    commands.add_parser("selftest", help="measure how many packets per second this machine can relay")
    return parser


def impairments(values: dict[str, str | None]) -> tuple[Impairment, Impairment]:
    """(up, down) of parsed options."""
    both = {name: values[name] for name in NAMES if values.get(name) is not None}
    ways = []
    for way in ("up", "down"):
        own = {name: values[f"{way}_{name}"] for name in NAMES if values.get(f"{way}_{name}") is not None}
        ways.append(parse_impairment({**both, **own}))
    return ways[0], ways[1]


def later(text: str) -> tuple[float, list[dict[str, object]]]:
    """``5s blackout 10s`` → (5.0, [control requests]). Raises ValueError."""
    when, *words = text.split()
    if not words:
        raise ValueError(f"nothing to do at {text!r}")
    start_s = parse_time_us(when) / 1_000_000
    if words[0] == "blackout":
        return start_s, [{"op": "blackout", "ms": parse_time_us(words[1]) / 1000}]
    if words[0] in ("move", "rebind", "renumber"):
        return start_s, [{"op": words[0]}]
    by_way: dict[str, dict[str, object]] = {}
    for word in words:
        name, value = word.split("=", 1)
        way, _, name = name.rpartition(".")
        by_way.setdefault(way or "both", {})[name] = value
    for values in by_way.values():
        parse_impairment(values)
    return start_s, [{"op": "set", "direction": way, "values": values} for way, values in by_way.items()]


def _make(options: argparse.Namespace) -> Link:
    up, down = impairments(vars(options))
    return Link(
        up=up,
        down=down,
        seed=options.seed,
        client=Side.HERE if options.client_here else Side.NEW,
        server=Side.HERE if options.server_here else Side.NEW,
    )


def _command(options: argparse.Namespace) -> list[str]:
    argv: list[str] = options.argv[1:] if options.argv[:1] == ["--"] else options.argv
    if not argv:
        raise ValueError("a COMMAND is needed after --")
    return argv


def _run(options: argparse.Namespace) -> int:
    argv = _command(options)
    plan = [later(text) for text in options.at]
    with _make(options) as link:
        names = {"{client}": link.client_address, "{server}": link.server_address}
        environment = os.environ | {
            "TC_CLIENT_ADDRESS": link.client_address,
            "TC_SERVER_ADDRESS": link.server_address,
        }

        def filled(words: list[str]) -> list[str]:
            for name, value in names.items():
                words = [word.replace(name, value) for word in words]
            return words

        if options.serve:
            link.popen_server(filled(shlex.split(options.serve)), env=environment)
        timers = [
            threading.Timer(start_s, lambda wanted=requests: [link.request(one) for one in wanted])
            for start_s, requests in plan
        ]
        child = link.popen_client(filled(argv), env=environment)
        for timer in timers:
            timer.daemon = True
            timer.start()
        try:
            code = child.wait()
        finally:
            for timer in timers:
                timer.cancel()
            if options.stats:
                print(json.dumps(link.stats()), file=sys.stderr)
        return code


def _hold(options: argparse.Namespace) -> int:
    with _make(options) as link:
        print(
            json.dumps(
                {
                    "ready": True,
                    "client_address": link.client_address,
                    "server_address": link.server_address,
                    "enter_client": shlex.join(link.client_command([])),
                    "enter_server": shlex.join(link.server_command([])),
                }
            ),
            flush=True,
        )
        for line in sys.stdin:
            try:
                answer: dict[str, object] = link.request(json.loads(line))
            except (LinkError, ValueError) as error:
                answer = {"ok": False, "error": str(error)}
            print(json.dumps(answer), flush=True)
    return 0


def _ended(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)  # unwinds through `with`, which ends what was started


def main() -> int:
    options = _parser().parse_args()
    if options.command == "pump":
        return pump.main()
    signal.signal(signal.SIGTERM, _ended)
    reason = missing_for_link()
    if reason is not None:
        print(f"The relay cannot run here: {reason}.", file=sys.stderr)
        return 1
    try:
        if options.command == "selftest":
            from bench.net import selftest  # only this command needs it

            return selftest.main()
        if options.command == "apart":
            words = apart.command(_command(options))
            os.execvp(words[0], words)
        return _run(options) if options.command == "run" else _hold(options)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    except (LinkError, FileNotFoundError, subprocess.SubprocessError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
