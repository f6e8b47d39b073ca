"""`restore`: puts a backup in place of what is there, also while the server runs; what was there is saved before."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from server.backup import Store, finish_restore, stage_restore
from server.clock import SystemClock
from server.commands.data_folder import prepare_data_folder
from server.data_lock import DataFolderTaken, ask_owner, hold_data_folder
from server.errors import ErrorCode, Unavailable
from server.settings import load_settings

HELP = "put a backup in place of what is there"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="file that `backup` wrote")
    parser.add_argument("--data", type=Path, metavar="DIR", help="data folder of the server (default ./data)")


def run(arguments: argparse.Namespace) -> int:
    settings = load_settings(data=arguments.data)
    data = prepare_data_folder(settings.data)
    store = Store(data=data, database_url=settings.database_url.get_secret_value())
    staged = stage_restore(store, arguments.file)
    try:
        kept, words = _put_in_place(store, staged)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    sys.stdout.write(f"Restored: {arguments.file}{words}\n")
    if kept:
        sys.stdout.write(f"What was there before is in {kept}\n")
    return 0


def _put_in_place(store: Store, staged: Path) -> tuple[str, str]:
    try:
        with hold_data_folder(store.data):
            return str(finish_restore(store, staged, SystemClock().now()) or ""), ""
    except DataFolderTaken as taken:
        if not taken.control:
            raise
        answer = ask_owner(taken.control, {"do": "restore", "staged": str(staged)})
    if not answer.get("ok"):
        raise Unavailable(ErrorCode.DATA_UNUSABLE, str(answer.get("detail", "")))
    return str(answer.get("kept", "")), "; the server goes on with it"
