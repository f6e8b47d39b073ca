"""From a build manifest to addresses."""

from __future__ import annotations

import json
from pathlib import Path

from server.pages.assets import Assets


def write_manifest(dist: Path) -> None:
    (dist / ".vite").mkdir()
    manifest = {
        "_shared.js": {"file": "assets/shared-1.js", "css": ["assets/base-1.css"], "assets": ["assets/fig-1.woff2"]},
        "_unused.js": {"file": "assets/unused-1.js"},
        "src/pages/lesson.ts": {
            "file": "assets/lesson-1.js",
            "isEntry": True,
            "imports": ["_shared.js"],
            "css": ["assets/lesson-1.css"],
        },
    }
    (dist / ".vite" / "manifest.json").write_text(json.dumps(manifest), "utf-8")


def test_an_entry_brings_its_imports_with_base_style_first(tmp_path: Path) -> None:
    write_manifest(tmp_path)
    page = Assets(tmp_path).of("lesson")
    assert page is not None
    assert page.script == "/static/assets/lesson-1.js"
    assert page.preloads == ("/static/assets/shared-1.js",)
    assert page.styles == ("/static/assets/base-1.css", "/static/assets/lesson-1.css")
    assert page.fonts == ("/static/assets/fig-1.woff2",)


def test_styles_stand_in_the_order_in_which_the_modules_run(tmp_path: Path) -> None:
    """Two entries share a chunk that itself stands on the base: base, shared, own."""
    (tmp_path / ".vite").mkdir()
    manifest = {
        "_base.js": {"file": "base.js", "css": ["base.css"]},
        "_tiles.js": {"file": "tiles.js", "css": ["tiles.css"], "imports": ["_base.js"]},
        "src/pages/room.ts": {"file": "room.js", "css": ["room.css"], "imports": ["_base.js", "_tiles.js"]},
    }
    (tmp_path / ".vite" / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    page = Assets(tmp_path).of("room")
    assert page is not None
    assert page.styles == ("/static/base.css", "/static/tiles.css", "/static/room.css")


def test_without_a_build_or_for_an_unknown_entry_there_is_nothing(tmp_path: Path) -> None:
    assert not Assets(tmp_path).is_built
    assert Assets(tmp_path).of("lesson") is None
    write_manifest(tmp_path)
    assert Assets(tmp_path).of("nobody") is None
