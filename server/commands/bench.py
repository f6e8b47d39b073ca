"""`bench NAME`: runs one benchmark of bench/, which lists and explains them itself."""

from __future__ import annotations

import argparse
import os
import sys
from typing import NoReturn

HELP = "run a benchmark of bench/"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rest", nargs="*", help="its name and its arguments")


def run(arguments: argparse.Namespace) -> NoReturn:
    # Why exec: a benchmark measures processes and should not have ours beside it.
    os.execv(sys.executable, [sys.executable, "-m", "bench", *arguments.rest])  # noqa: S606
