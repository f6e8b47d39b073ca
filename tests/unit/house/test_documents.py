"""What documents point at exists, and no file names a machine or a package index."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from server.cli import COMMANDS

ROOT = Path(__file__).parents[3]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("bench/**/*.md")])
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)#\s]+)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    links = [link for link in _LINK.findall(document.read_text("utf-8")) if "://" not in link]
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_readme_shows_only_commands_that_exist() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert set(re.findall(r"\./tongchuang ([a-z]+)", text)) <= set(COMMANDS)


def test_every_decision_is_listed() -> None:
    listed = (ROOT / "docs/adr/README.md").read_text("utf-8")
    assert [path.name for path in ROOT.glob("docs/adr/0*.md") if f"]({path.name})" not in listed] == []


def test_every_changelog_fragment_has_a_kind() -> None:
    kinds = {"added", "changed", "fixed", "removed", "security"}
    fragments = [path for path in ROOT.glob("changes/*.md") if path.name != "README.md"]
    assert all(path.suffixes[-2].removeprefix(".") in kinds for path in fragments)


def test_no_file_names_a_machine_or_a_package_index() -> None:
    # Written in pieces, so that this file passes as well.
    hosts = [
        "py" + "pi.org",
        "files.pythonhosted" + ".org",
        "registry." + "npmjs",
        "/work" + "/main",
        "/work" + "/shared",
    ]
    found = subprocess.run(
        ["git", "grep", "-lIF", *(word for host in hosts for word in ("-e", host))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.stdout.split() == []
