"""Collects every message of templates and TypeScript into both .po files (`--check` only says whether they are right).

Run `python web/locales/update.py` after a text changed, then fill in the empty Chinese entries.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

WEB = Path(__file__).resolve().parents[1]
LOCALES = WEB / "locales"
TAGS = ("en", "zh_Hant_TW")
TEMPLATE_KEYWORDS = {"_": None, "pair": None, "en": None, "zh": None}
# Why not Babel's JavaScript reader: type arguments and nested html`` templates confuse it. Ours are literal first
# arguments only, which a test enforces.
SCRIPT_CALL = re.compile(r"\b(?:t|other|pair|m)\(\s*'((?:[^'\\\n]|\\.)*)'")


def messages() -> Iterator[tuple[str, str]]:
    """(message, file), in the order of files."""
    for path in sorted((WEB / "templates").glob("**/*.html")):
        with path.open("rb") as file:
            for _line, message, _comments, _context in extract("jinja2.ext:babel_extract", file, TEMPLATE_KEYWORDS):
                if not isinstance(message, str):
                    raise SystemExit(f"{path.name}: a message takes one literal argument")
                yield message, f"web/templates/{path.name}"
    for path in sorted((WEB / "src").glob("**/*.ts")):
        for found in SCRIPT_CALL.finditer(path.read_text("utf-8")):
            yield found[1].replace("\\'", "'"), f"web/{path.relative_to(WEB).as_posix()}"


def template_catalog() -> Catalog:
    catalog = Catalog(project="Tongchuang", charset="utf-8", fuzzy=False)
    for message, place in messages():
        catalog.add(message, locations=[(place, None)])  # type: ignore[list-item]  # no line: it would change with every edit
    return catalog


def po_path(tag: str) -> Path:
    return LOCALES / tag / "LC_MESSAGES" / "messages.po"


def updated(tag: str) -> bytes:
    """The .po file as it should be: new messages added, those no longer used gone, translations kept."""
    path = po_path(tag)
    catalog = Catalog(locale=tag, project="Tongchuang")
    if path.is_file():
        with path.open("rb") as file:
            catalog = read_po(file, locale=tag)
    catalog.update(template_catalog(), no_fuzzy_matching=True)
    catalog.obsolete.clear()
    catalog.fuzzy = False
    if tag == "en":
        for message in catalog:
            if message.id:
                message.string = message.id
    output = BytesIO()
    write_po(output, catalog, width=0, omit_header=True, sort_output=True, include_lineno=False, ignore_obsolete=True)
    # Why our own header: Babel's carries dates, which would differ at every run.
    fields = (f"Language: {tag}", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8")
    header = 'msgid ""\nmsgstr ""\n' + "".join(f'"{field}\\n"\n' for field in fields) + "\n"
    return header.encode() + output.getvalue().strip() + b"\n"


def problems() -> list[str]:
    found = []
    for tag in TAGS:
        path = po_path(tag)
        if not path.is_file() or path.read_bytes() != updated(tag):
            found.append(f"{path.relative_to(WEB)} is not up to date: run python web/locales/update.py")
            continue
        with path.open("rb") as file:
            entries = [message for message in read_po(file, locale=tag) if message.id]
        found += [f"{tag}: fuzzy: {message.id}" for message in entries if message.fuzzy]
        found += [f"{tag}: not translated: {message.id}" for message in entries if not message.string]
        if tag != "en":
            found += [f"{tag}: still English: {message.id}" for message in entries if message.string == message.id]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="change nothing; exit 1 if a catalogue is stale or has gaps"
    )
    arguments = parser.parse_args()
    if not arguments.check:
        for tag in TAGS:
            po_path(tag).parent.mkdir(parents=True, exist_ok=True)
            po_path(tag).write_bytes(updated(tag))
    found = problems()
    sys.stdout.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
