"""What tests need of the machine (browsers, a Chinese font, servers): installed when root, named otherwise."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from server.errors import ErrorCode, Unavailable


@dataclass(frozen=True, slots=True)
class Needed:
    package: str
    is_there: Callable[[], bool]


def _debian() -> int:
    """The release's number; a testing one has a name and counts as newer than any."""
    number = Path("/etc/debian_version").read_text("utf-8").strip().split(".")[0]
    return int(number) if number.isdigit() else 99


def _command(name: str) -> Callable[[], bool]:
    return lambda: shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin") is not None


_LIBRARIES = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64")
LIBICAL = "libical3t64" if Path("/etc/debian_version").is_file() and _debian() >= 13 else "libical3"
NEEDED = (
    Needed("chromium", _command("chromium")),
    Needed("firefox-esr", _command("firefox-esr")),
    Needed("fonts-noto-cjk", lambda: any(Path("/usr/share/fonts/opentype/noto").glob("NotoSansCJK*"))),
    Needed("iproute2", _command("ip")),
    Needed("redis-server", _command("redis-server")),
    # The calendar library of many mail programs; its reading of ours is compared. Debian 13 has another name for it.
    Needed(LIBICAL, lambda: any(one for place in _LIBRARIES for one in Path(place).glob("libical.so.3"))),
    # Debian keeps a server's programs out of PATH; elsewhere they stand there.
    Needed("postgresql", lambda: any(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or _command("initdb")()),
)


def missing_packages() -> list[str]:
    return [needed.package for needed in NEEDED if not needed.is_there()]


def install_missing() -> None:
    """Raises Unavailable(PREREQUISITE_MISSING) with what to install."""
    missing = missing_packages()
    if not missing:
        return
    apt = shutil.which("apt-get")
    if os.geteuid() != 0 or apt is None:
        detail = f"install {' '.join(missing)} (Debian: apt-get install {' '.join(missing)})"
        raise Unavailable(ErrorCode.PREREQUISITE_MISSING, detail)
    sys.stderr.write(f"tongchuang: installing {', '.join(missing)}\n")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "-y", "--no-install-recommends", *missing]):
        done = subprocess.run(
            [apt, "-q", *arguments], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False
        )
        if done.returncode != 0:
            raise Unavailable(ErrorCode.PREREQUISITE_MISSING, f"apt-get {' '.join(arguments)} failed")
