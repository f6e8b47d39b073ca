"""YAML as plain values with the line of each, so that an error can say file, line and what was expected.

Every scalar stays text until the schema asks for more: `10:30` is no number here and `no` no truth value.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from scheduler.expected import Expected, expected

# A school's year is some kilobytes; a file beyond this is a mistake or an attack.
MAX_BYTES = 1_000_000
# Aliases may repeat a part; this many nodes after expansion is far beyond any school.
MAX_NODES = 50_000
# Deeper than any schema of ours; also keeps the recursion below the interpreter's limit.
MAX_DEPTH = 30

Path_ = tuple[str | int, ...]
# Why: the C loader is ten times as fast and is missing where libyaml is.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a file: the line counts from 1; `where` is such as `bells[0].week.mon`."""

    file: str
    line: int
    where: str
    what: Expected

    @property
    def expected(self) -> str:
        """In English, as the command line has it."""
        return self.what.text.en

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.where + ': ' if self.where else ''}{self.expected}"


class SchoolFileError(ValueError):
    """A file that cannot be used, with all its problems."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Document:
    """A file's values and the line of each path into them."""

    file: str
    values: Any
    lines: dict[Path_, int]

    def line_of(self, path: Path_) -> int:
        """The line of the nearest enclosing value that is in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_yaml(path: Path, *, name: str = "") -> Document:
    """Raises SchoolFileError."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise SchoolFileError(
            Problem(name or str(path), 1, "", expected("file_readable", why=error.strerror))
        ) from error
    return parse_yaml(raw, name or str(path))


def parse_yaml(raw: bytes, name: str) -> Document:
    """Raises SchoolFileError."""
    if len(raw) > MAX_BYTES:
        raise SchoolFileError(Problem(name, 1, "", expected("file_too_large", most=MAX_BYTES, found=len(raw))))
    try:
        text = raw.decode("utf-8-sig")
        _refuse_depth(text, name)
        node = yaml.compose(text, Loader=_Loader)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise SchoolFileError(Problem(name, line, "", expected("file_utf8"))) from error
    except yaml.MarkedYAMLError as error:
        mark, what = error.problem_mark or error.context_mark, expected("file_yaml", why=error.problem)
        raise SchoolFileError(Problem(name, mark.line + 1 if mark else 1, "", what)) from error
    except (yaml.YAMLError, RecursionError) as error:
        what = expected("file_yaml", why=" ".join(str(error).split()))
        raise SchoolFileError(Problem(name, 1, "", what)) from error
    if node is None:
        raise SchoolFileError(Problem(name, 1, "", expected("file_empty")))
    reader = _Reader(name)
    values = reader.read(node, ())
    return Document(name, values, reader.lines)


def _refuse_depth(text: str, name: str) -> None:
    """Before composing. Why: the C composer calls itself for each level, and a file of brackets ends the process."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, (yaml.SequenceStartEvent, yaml.MappingStartEvent)):
            depth += 1
            if depth > MAX_DEPTH:
                line = event.start_mark.line + 1 if event.start_mark else 1
                raise SchoolFileError(Problem(name, line, "", expected("file_too_deep", most=MAX_DEPTH)))
        elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            depth -= 1


class _Reader:
    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[Path_, int] = {}

    def read(self, node: yaml.Node, path: Path_) -> Any:
        line = node.start_mark.line + 1
        self.lines[path] = line
        if len(self.lines) > MAX_NODES or len(path) > MAX_DEPTH:
            raise SchoolFileError(Problem(self.name, line, dotted(path), expected("file_expands")))
        if isinstance(node, yaml.ScalarNode):
            return None if node.style is None and node.value in ("", "~", "null") else node.value
        if isinstance(node, yaml.SequenceNode):
            return [self.read(child, (*path, index)) for index, child in enumerate(node.value)]
        assert isinstance(node, yaml.MappingNode)
        values: dict[str, Any] = {}
        for key_node, child in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key is None or key in values:
                what = expected("plain_key") if key is None else expected("key_once", found=repr(key))
                raise SchoolFileError(Problem(self.name, key_node.start_mark.line + 1, dotted(path), what))
            values[key] = self.read(child, (*path, key))
            self.lines[(*path, key)] = key_node.start_mark.line + 1
        return values


def dotted(path: Path_) -> str:
    """`bells[0].week.mon`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
