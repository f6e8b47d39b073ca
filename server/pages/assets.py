"""From Vite's manifest to the tags of a page (Vite guide, «Backend Integration»): hashed scripts, styles and fonts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STATIC_URL = "/static/"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAssets:
    """Addresses that one entry loads, in the order in which the page names them."""

    script: str
    preloads: tuple[str, ...]
    styles: tuple[str, ...]
    fonts: tuple[str, ...]


class Assets:
    """Empty when nothing was built: pages then carry a sentence instead of style."""

    def __init__(self, dist: Path) -> None:
        manifest = dist / ".vite" / "manifest.json"
        self._chunks: dict[str, Any] = json.loads(manifest.read_text("utf-8")) if manifest.is_file() else {}

    @property
    def is_built(self) -> bool:
        return bool(self._chunks)

    def of(self, entry: str) -> PageAssets | None:
        """Assets of the entry `src/pages/<entry>.ts`."""
        key = f"src/pages/{entry}.ts"
        if key not in self._chunks:
            return None
        chunks = self._with_imports(key)
        fonts = sorted({asset for chunk in chunks for asset in chunk.get("assets", ()) if asset.endswith(".woff2")})
        # In the order in which the modules run: base style before a page's own, so that its own wins.
        styles = dict.fromkeys(style for chunk in self._as_run(key) for style in chunk.get("css", ()))
        return PageAssets(
            script=STATIC_URL + chunks[0]["file"],
            preloads=tuple(STATIC_URL + chunk["file"] for chunk in chunks[1:]),
            styles=tuple(STATIC_URL + style for style in styles),
            fonts=tuple(STATIC_URL + font for font in fonts),
        )

    def _with_imports(self, key: str) -> list[dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        queue = [key]
        while queue:
            name = queue.pop(0)
            if name not in found:
                found[name] = self._chunks[name]
                queue.extend(self._chunks[name].get("imports", ()))
        return list(found.values())

    def _as_run(self, key: str, seen: frozenset[str] = frozenset()) -> list[dict[str, Any]]:
        """A chunk after everything that it imports (a chunk may stand there twice; the first place counts)."""
        if key in seen:
            return []
        imports = self._chunks[key].get("imports", ())
        return [chunk for name in imports for chunk in self._as_run(name, seen | {key})] + [self._chunks[key]]
