"""The lock files agree with pyproject.toml, and a disagreement is found without a network."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from server.locks import problems, read_lock
from server.version import VERSION

ROOT = Path(__file__).parents[3]
HASH = "    --hash=sha256:00\n"


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def lock(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def test_they_agree() -> None:
    assert problems(project(), lock("requirements.lock"), lock("requirements-dev.lock")) == []


def test_the_version_is_said_once() -> None:
    assert project()["project"]["version"] == VERSION


def small(dependencies: list[str], **groups: list[str]) -> dict[str, Any]:
    return {"project": {"dependencies": dependencies}, "dependency-groups": groups}


@pytest.mark.parametrize(
    ("wanted", "runtime", "dev", "problem"),
    [
        (small(["a>=1", "b"]), "a==1.0 \\\n" + HASH, "a==1.0 \\\n" + HASH, "b is not in requirements.lock"),
        (small(["a>=2"]), "a==1.0 \\\n" + HASH, "a==1.0 \\\n" + HASH, "a 1.0 in requirements.lock is not >=2"),
        (small(["a"]), "a==1.0 \\\n" + HASH, "a==1.1 \\\n" + HASH, "a has another version"),
        (small(["a"], dev=["c"]), "a==1.0 \\\n" + HASH, "a==1.0 \\\n" + HASH, "c is not in requirements-dev.lock"),
        (small(["a"], build=["n"]), "a==1.0 \\\n" + HASH, "a==1.0 \\\n" + HASH, "n is not in requirements.lock"),
        (small(["a"]), "a==1.0\n", "a==1.0 \\\n" + HASH, "a has no hash"),
        (small([]), "--index-url https://x/\n", "", "names a host"),
    ],
)
def test_what_does_not_agree_is_named(wanted: dict[str, Any], runtime: str, dev: str, problem: str) -> None:
    assert any(problem in found for found in problems(wanted, runtime, dev))


def test_pins_with_markers_are_read() -> None:
    text = "U_v.loop==0.1 ; sys_platform != 'win32' \\\n" + HASH
    assert read_lock(text) == {"u-v-loop": [("0.1", "sys_platform != 'win32'")]}
