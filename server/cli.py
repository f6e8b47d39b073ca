"""`./tongchuang COMMAND`: finds the command, turns failures into one sentence on stderr and an exit code.

0 success, 2 wrong use, 1 otherwise. A command's module is imported only when it is asked for.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import NoReturn

from server.errors import ErrorCode, InvalidInput, TongchuangError

# Those that have code; others of the plan appear with theirs.
COMMANDS = (
    "serve",
    "media",
    "token",
    "admin",
    "backup",
    "restore",
    "overlap",
    "series",
    "ics",
    "holidays",
    "tzdata",
    "test",
    "bench",
)
# Modules whose name would hide one that Python or pytest looks for.
_MODULES = {"test": "run_tests"}
# These hand their arguments on to another program.
_PASS_THROUGH = frozenset({"test", "bench"})


def main(argv: Sequence[str] | None = None) -> int:
    words = list(sys.argv[1:] if argv is None else argv)
    name = words[0] if words else ""
    if name not in COMMANDS:
        return _wrong_command(name)
    module = importlib.import_module(f"server.commands.{_MODULES.get(name, name)}")
    parser = _Arguments(prog=f"./tongchuang {name}", description=module.__doc__)
    module.add_arguments(parser)
    arguments = argparse.Namespace(rest=words[1:]) if name in _PASS_THROUGH else parser.parse_args(words[1:])
    try:
        return int(module.run(arguments))
    except TongchuangError as error:
        sys.stderr.write(sentence(error) + "\n")
        return 2 if isinstance(error, InvalidInput) else 1
    except KeyboardInterrupt:
        return 1


class _Arguments(argparse.ArgumentParser):
    """What is wrong in one sentence, as of every other error, instead of after a block of usage."""

    def error(self, message: str) -> NoReturn:
        sys.stderr.write(sentence(InvalidInput(ErrorCode.INVALID_REQUEST, f"{message} ({self.prog} --help)")) + "\n")
        raise SystemExit(2)


def sentence(error: TongchuangError) -> str:
    """The user text of the code, and what it is about."""
    text = error.text.en.rstrip(".")
    return f"{text}: {' '.join(error.detail.split())}." if error.detail else f"{text}."


def _wrong_command(name: str) -> int:
    lines = ["usage: ./tongchuang COMMAND [options]", "", "commands (each explains itself with --help):"]
    for command in COMMANDS:
        module = importlib.import_module(f"server.commands.{_MODULES.get(command, command)}")
        lines.append(f"  {command:<8} {module.HELP}")
    text = "\n".join(lines) + "\n"
    if name in ("", "-h", "--help"):
        (sys.stdout if name else sys.stderr).write(text)
        return 0 if name else 2
    sys.stderr.write(f"There is no command {name!r}: ./tongchuang --help lists them.\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
