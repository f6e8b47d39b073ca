"""Every import contract bites: a copy of the sources with one wrong import is refused, the copy as it is passes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
CONTRACTS = {contract["id"] for contract in PROJECT["tool"]["importlinter"]["contracts"]}

# contract → files and the one line that breaks it
WRONG = [
    ("layers", "server/errors.py", "import server.tasks, server.app"),
    ("layers", "server/storage/engine.py", "import server.lessons.lesson"),
    ("layers", "server/lessons/lesson.py", "import server.pages"),
    ("layers", "server/front.py", "import server.supervisor"),
    ("layers", "server/brand_new.py", "import server.errors"),
    ("planes", "server/app.py", "import server.rooms.grants"),
    ("planes", "server/http/limits.py", "from server.sfu import rtp"),
    ("planes-reverse", "server/rooms/room.py", "import server.storage"),
    ("planes-reverse", "server/worker.py", "import sqlalchemy"),
    ("aiortc", "server/sfu/hub.py", "import aiortc.rtp"),
    ("aiortc", "server/rooms/room.py", "import pylibsrtp"),
    ("settings", "server/signaling/routes.py", "from server.settings import Settings"),
    ("scheduler", "scheduler/model.py", "import server.clock"),
    ("scheduler-root", "server/pages/views.py", "import scheduler.interval"),
    ("pure", "server/sfu/forwarder.py", "import time"),
    ("pure", "server/signaling/sdp.py", "import asyncio"),
    ("lessons-root", "server/pages/views.py", "import server.lessons.machine"),
    ("availability-root", "server/lessons/hours.py", "import server.availability.painting"),
    ("people-root", "server/lessons/service.py", "import server.people.sign_ins"),
    ("classroom-root", "server/app.py", "import server.classroom.store"),
    ("access-root", "server/pages/views.py", "from server.access.rules import RULES"),
    ("pure", "server/people/roster.py", "import server.storage"),
    ("outbox-root", "server/lessons/mails.py", "import server.outbox.worker"),
    ("lessons-root", "server/classroom/guard.py", "from server.lessons.tables import presence_table"),
    ("pure", "server/redaction.py", "import server.log"),
    ("pure", "server/lessons/machine.py", "import sqlalchemy"),
]


def lint(folder: Path, *contracts: str) -> tuple[int, str]:
    chosen = [word for contract in contracts for word in ("--contract", contract)]
    code = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, "--config", str(folder / "pyproject.toml"), "--no-cache", *chosen],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    ignore = shutil.ignore_patterns("__pycache__", "data")
    for package in PROJECT["tool"]["importlinter"]["root_packages"]:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=ignore)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_sources_keep_every_contract(sources: Path) -> None:
    code, output = lint(sources)
    assert code == 0, output
    assert f"{len(CONTRACTS)} kept, 0 broken" in output


@pytest.mark.parametrize(("contract", "file", "line"), WRONG, ids=[f"{c}-{Path(f).stem}" for c, f, _ in WRONG])
def test_a_wrong_import_breaks_its_contract(sources: Path, contract: str, file: str, line: str) -> None:
    path = sources / file
    before = path.read_text("utf-8") if path.exists() else ""
    path.write_text(f"{before}\n{line}\n", "utf-8")
    code, output = lint(sources, contract)
    assert code != 0, output
    assert "1 broken" in output or "Missing layers" in output or "undeclared" in output.lower(), output


def test_every_contract_is_shown_to_bite() -> None:
    assert {contract for contract, _, _ in WRONG} == CONTRACTS


def test_every_package_of_ours_is_under_contract() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages - {"tests", "bench"} == set(PROJECT["tool"]["importlinter"]["root_packages"])
    importing = PROJECT["tool"]["importlinter"]["include_external_packages"]
    assert importing is True
