"""What each page weighs before it shows: gzip -9, by kind, from the build's manifest (the build itself enforces it)."""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path
from typing import Any

DIST = Path(__file__).resolve().parents[1] / "web" / "dist"
# Issue 3 §6, in bytes with kB = 1000.
LIMITS = {"js": 200_000, "css": 20_000, "font": 25_000}
_KINDS = {".js": "js", ".css": "css", ".woff2": "font"}


def files_of(manifest: dict[str, Any], key: str, found: set[str] | None = None) -> set[str]:
    """The files that an entry needs before it shows: static imports, their styles and fonts."""
    found = set() if found is None else found
    chunk = manifest.get(key)
    if chunk is None or chunk["file"] in found:
        return found
    found.update([chunk["file"], *chunk.get("css", []), *chunk.get("assets", [])])
    for following in chunk.get("imports", []):
        files_of(manifest, following, found)
    return found


def weigh(dist: Path, files: set[str]) -> dict[str, int]:
    """Bytes by kind; fonts are compressed already and count as they are."""
    sums = dict.fromkeys(LIMITS, 0)
    for name in files:
        path = dist / name
        kind = _KINDS.get(path.suffix)
        if kind is not None:
            data = path.read_bytes()
            sums[kind] += len(data) if kind == "font" else len(gzip.compress(data, 9))
    return sums


async def run(options: argparse.Namespace) -> int:
    manifest_path = options.dist / ".vite" / "manifest.json"
    if not manifest_path.exists():
        raise ValueError(f"no build at {options.dist}: run ./tongchuang serve or npm run build in web/ first")
    manifest = json.loads(manifest_path.read_text())
    code = 0
    print(f"budget: gzip -9, limits {', '.join(f'{kind} {limit:,}' for kind, limit in LIMITS.items())} bytes per page")
    for key, chunk in sorted(manifest.items()):
        if not chunk.get("isEntry"):
            continue
        sums = weigh(options.dist, files_of(manifest, key))
        over = [kind for kind, limit in LIMITS.items() if sums[kind] > limit]
        code |= bool(over)
        figures = " · ".join(f"{kind} {size:>7,}" for kind, size in sums.items())
        print(f"  {chunk['name']:8} {figures}{'  OVER: ' + ', '.join(over) if over else ''}")
    return code


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="bench budget", description=__doc__)
    made.add_argument("--dist", type=Path, default=DIST)
    return made
