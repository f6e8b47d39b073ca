"""One server per data folder, and how to reach the one that has it: a lock that the kernel gives back by itself.

Two servers over one database would each hold half of a lesson in memory; and a restore must know whom to ask.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.errors import ErrorCode, Unavailable

_NAME = ".server.lock"
# A restore closes the app processes, saves what is there and starts them anew; of a large database that takes a while.
_ANSWER_WITHIN_S = 600.0


class DataFolderTaken(Unavailable):
    """Another process has it. `control` is its socket; empty while it starts, or when it is no server."""

    def __init__(self, data: Path, owner: dict[str, Any]) -> None:
        detail = f"{data} is in use by process {owner.get('pid', 'unknown')}"
        super().__init__(ErrorCode.DATA_UNUSABLE, detail)
        self.control = str(owner.get("control", ""))


@dataclass(frozen=True, slots=True)
class DataLock:
    _descriptor: int

    def announce(self, control: str) -> None:
        """Say under which socket we can be asked."""
        content = json.dumps({"pid": os.getpid(), "control": control}).encode()
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, content, 0)


@contextmanager
def hold_data_folder(data: Path) -> Iterator[DataLock]:
    """Raises DataFolderTaken. The end of the process, however it ends, gives the folder back."""
    try:
        descriptor = os.open(data / _NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Unavailable(ErrorCode.DATA_UNUSABLE, f"{data}: {error.strerror}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataFolderTaken(data, _read_owner(descriptor)) from None
        lock = DataLock(descriptor)
        lock.announce("")
        yield lock
    finally:
        os.close(descriptor)


def _read_owner(descriptor: int) -> dict[str, Any]:
    try:
        owner = json.loads(os.pread(descriptor, 4096, 0))
    except ValueError:
        return {}
    return owner if isinstance(owner, dict) else {}


def ask_owner(control: str, request: dict[str, Any]) -> dict[str, Any]:
    """One line of JSON to the server that has the folder, one back. Raises Unavailable when it does not answer."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_ANSWER_WITHIN_S)
            connection.connect(control)
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile("rb") as stream:
                answer = json.loads(stream.readline())
    except (OSError, ValueError) as error:
        raise Unavailable(ErrorCode.DATA_UNUSABLE, f"the running server does not answer: {error}") from error
    if not isinstance(answer, dict):
        raise Unavailable(ErrorCode.DATA_UNUSABLE, "the running server does not answer")
    return answer
