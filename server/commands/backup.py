"""`backup`: the database and the data folder's keys and secrets as one file, while the server runs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from server.backup import Store, make_backup
from server.clock import SystemClock
from server.errors import ErrorCode, Unavailable
from server.settings import load_settings

HELP = "save everything that the server keeps in one file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="file to write (tar); must not exist yet")
    parser.add_argument("--data", type=Path, metavar="DIR", help="data folder of the server (default ./data)")


def run(arguments: argparse.Namespace) -> int:
    settings = load_settings(data=arguments.data)
    if not settings.data.is_dir():
        raise Unavailable(ErrorCode.BACKUP_REFUSED, f"there is no data folder {settings.data}")
    store = Store(data=settings.data.resolve(), database_url=settings.database_url.get_secret_value())
    facts = make_backup(store, arguments.file, SystemClock().now())
    size = arguments.file.stat().st_size
    sys.stdout.write(f"Saved: {arguments.file} ({size} bytes, {facts.engine}, revision {facts.revision})\n")
    return 0
