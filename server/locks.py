"""Do pyproject.toml and the lock files agree? Read from the files alone, without a network, by tests and CI."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from server.errors import ErrorCode, Unavailable

RUNTIME_LOCK = "requirements.lock"
DEV_LOCK = "requirements-dev.lock"
RUNTIME_GROUPS = ("build",)
# How to write them anew; printed when they do not agree.
COMMAND = (
    "uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header"
)
_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)(?:\s*;\s*(?P<marker>[^\\]+?))?\s*\\$")


def read_lock(text: str) -> dict[str, list[tuple[str, str | None]]]:
    """Name → its pins (version, marker); a universal lock may pin one package once per platform."""
    pins: dict[str, list[tuple[str, str | None]]] = {}
    for line in text.splitlines():
        if match := _PIN.match(line):
            pins.setdefault(canonicalize_name(match["name"]), []).append((match["version"], match["marker"]))
    return pins


def problems(project: Mapping[str, object], runtime: str, dev: str) -> list[str]:
    """One line each; empty when all agree."""
    found: list[str] = []
    groups = project.get("dependency-groups", {})
    about = project.get("project", {})
    assert isinstance(groups, dict)
    assert isinstance(about, dict)
    wanted = [*about.get("dependencies", []), *(line for group in RUNTIME_GROUPS for line in groups.get(group, []))]
    everything = [*wanted, *(line for name, lines in groups.items() if name not in RUNTIME_GROUPS for line in lines)]
    found += _missing(wanted, read_lock(runtime), RUNTIME_LOCK)
    found += _missing(everything, read_lock(dev), DEV_LOCK)
    dev_pins = read_lock(dev)
    found += [
        f"{name} has another version in {DEV_LOCK} than in {RUNTIME_LOCK}"
        for name, pins in read_lock(runtime).items()
        if sorted(version for version, _ in dev_pins.get(name, [])) != sorted(version for version, _ in pins)
    ]
    for lock, text in ((RUNTIME_LOCK, runtime), (DEV_LOCK, dev)):
        if "://" in text or "--index" in text:
            found.append(f"{lock} names a host")
        found += [f"{name} has no hash in {lock}" for name in _without_hash(text)]
    return found


def _missing(requirements: Iterable[str], pins: Mapping[str, list[tuple[str, str | None]]], lock: str) -> list[str]:
    found: list[str] = []
    for line in requirements:
        requirement = Requirement(line)
        pinned = pins.get(canonicalize_name(requirement.name), [])
        if not pinned:
            found.append(f"{requirement.name} is not in {lock}")
        found += [
            f"{requirement.name} {version} in {lock} is not {requirement.specifier}"
            for version, _ in pinned
            if version not in requirement.specifier
        ]
    return found


def _without_hash(text: str) -> list[str]:
    lines = text.splitlines()
    return [
        line.split("==")[0]
        for line, following in zip(lines, [*lines[1:], ""], strict=False)
        if "==" in line and not following.strip().startswith("--hash=")
    ]


def check_locks(root: Path) -> None:
    """Raises Unavailable with everything that does not agree."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    found = problems(project, (root / RUNTIME_LOCK).read_text("utf-8"), (root / DEV_LOCK).read_text("utf-8"))
    if found:
        detail = f"{'; '.join(found)} (write the locks again: {COMMAND})"
        raise Unavailable(ErrorCode.PREREQUISITE_MISSING, detail)
