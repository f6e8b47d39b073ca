"""A PostgreSQL of Debian's package on loopback with its own data folder, for the time of a test run."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# PostgreSQL refuses to run as root; its package makes this user.
_USER = "postgres"
_TRIES = 5


def find_binaries() -> Path | None:
    """The folder with initdb and pg_ctl, newest version first; None when there is none."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found and shutil.which("pg_ctl") else None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def run_postgres(binaries: Path) -> Iterator[str]:
    """Yields a DATABASE_URL of an empty database. Not durable, on purpose: it is thrown away."""
    user = _USER if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="tc-pg-"))
    if user:
        shutil.chown(folder, user)
    data = folder / "data"

    def run(*command: str | Path) -> None:
        subprocess.run(
            [str(part) for part in command], user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=60
        )

    def start() -> int:
        """Its port. Why several tries: another test's connection may get the one that was free when we asked."""
        for left in reversed(range(_TRIES)):
            port = free_port()
            options = f"-F -p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
            try:
                run(binaries / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
            except subprocess.CalledProcessError:
                if not left:
                    raise
            else:
                return port
        raise AssertionError("not reached")

    try:
        run(binaries / "initdb", "-D", data, "-U", "tongchuang", "--auth=trust", "--no-sync", "--encoding=UTF8")
        port = start()
        try:
            yield f"postgresql://tongchuang@127.0.0.1:{port}/postgres"
        finally:
            run(binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
