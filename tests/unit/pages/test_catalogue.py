"""Every text that a person reads is in both languages."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from server.pages.assets import Assets
from server.pages.catalogue import read_catalogue, translate
from server.pages.rendering import GETTEXT_NAMES, Renderer

WEB = Path(__file__).resolve().parents[3] / "web"
SCRIPT_FILES = sorted((WEB / "src").glob("**/*.ts"))


def test_catalogues_hold_every_message_and_none_is_fuzzy_or_empty() -> None:
    done = subprocess.run(
        [sys.executable, str(WEB / "locales" / "update.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_missing_translation_is_noticed(tmp_path: Path) -> None:
    """The check can fail: a copy with one text more and one translation less."""
    copy = tmp_path / "web"
    for folder in ("locales", "templates", "src"):
        for path in (WEB / folder).rglob("*.*"):
            target = copy / path.relative_to(WEB)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    (copy / "src" / "new.ts").write_text("t('Nobody has translated this')", "utf-8")
    command = [sys.executable, str(copy / "locales" / "update.py")]
    stale = subprocess.run([*command, "--check"], capture_output=True, text=True, check=False)
    assert stale.returncode == 1
    assert "not up to date" in stale.stdout
    untranslated = subprocess.run(command, capture_output=True, text=True, check=False)
    assert untranslated.returncode == 1
    assert "not translated: Nobody has translated this" in untranslated.stdout


@pytest.mark.parametrize("path", SCRIPT_FILES, ids=lambda path: path.name)
def test_scripts_ask_only_for_literal_or_marked_messages(path: Path) -> None:
    """A string built in place, in double quotes or in a template, would never reach the catalogue."""
    calls = re.findall(r"(?<![\w.])(?:t|other|pair|m)\((\s*[\"`][^)]*)", path.read_text("utf-8"))
    assert calls == []


def test_templates_have_no_english_outside_the_catalogue() -> None:
    """Text between tags is a message, a value or one of the few names that no language changes."""
    names = {"Tongchuang", "同窗", "·", "中文", "English", "臺北", "Taipei", "Tucson", "土桑"}
    for path in (WEB / "templates").glob("*.html"):
        text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", " ", path.read_text("utf-8"), flags=re.DOTALL)
        stray = [word for word in re.findall(r"[^\W\d_]{2,}", text) if word not in names]
        assert stray == [], path.name


def test_update_script_and_renderer_know_the_same_names() -> None:
    source = (WEB / "locales" / "update.py").read_text("utf-8")
    keywords = re.search(r"TEMPLATE_KEYWORDS = \{(.*?)\}", source)
    assert keywords is not None
    assert set(re.findall(r'"(\w+)":', keywords[1])) == set(GETTEXT_NAMES)


def test_translation_falls_back_to_the_source() -> None:
    catalogue = read_catalogue()
    assert translate(catalogue, "zh-Hant-TW", "Leave") == "離開"
    assert translate(catalogue, "en", "Leave") == "Leave"
    assert translate(catalogue, "zh-Hant-TW", "No such text") == "No such text"


def test_every_template_compiles_in_both_languages(tmp_path: Path) -> None:
    """They are compiled when first wanted, so nothing else would notice a broken one before its page is opened."""
    renderer = Renderer(read_catalogue(), Assets(tmp_path), "0")
    renderer.compile_all()
    assert "home.html" in renderer.names
