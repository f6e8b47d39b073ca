"""The class groups that answer to an id: a folder's, our demo schools' (fictional), `school-file.yaml#class-group`."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from scheduler.expand import Party
from scheduler.loader import DATA, file_values, load_school
from scheduler.model import School


class UnknownClassGroup(LookupError):
    """No class group of that name; `known` are those that there are."""

    def __init__(self, wanted: str, known: tuple[str, ...]) -> None:
        super().__init__(wanted)
        self.wanted = wanted
        self.known = known


def demo_schools() -> tuple[School, ...]:
    return tuple(_demo_school(path) for path in sorted((DATA / "demo").glob("*.yaml")))


def demo_values(school_id: str) -> dict[str, Any] | None:
    """The file of one of our demo schools as it is written, without what only a demo has: to be edited as its own."""
    path = {path.stem: path for path in (DATA / "demo").glob("*.yaml")}.get(school_id)
    if path is None:
        return None
    values = file_values(path.read_bytes(), path.name)
    return {key: value for key, value in values.items() if key not in ("class_groups", "demo")}


def demo_parties() -> tuple[Party, ...]:
    return tuple(Party(school, group) for school in demo_schools() for group in school.class_groups)


def parties_in(folder: Path) -> tuple[Party, ...]:
    """Class groups of all school files of a folder; none if there is no such folder. Raises SchoolFileError."""
    schools = [load_school(path) for path in sorted(folder.glob("*.yaml"))]
    return tuple(Party(school, group) for school in schools for group in school.class_groups)


def find_party(wanted: str, own: tuple[Party, ...] = ()) -> Party:
    """One of `own`, of the demo schools, or `school-file.yaml#class-group`.

    Raises UnknownClassGroup, or SchoolFileError for a file that cannot be used.
    """
    for party in own:
        if party.id == wanted:
            return party
    if "#" in wanted:
        file, _, group_id = wanted.partition("#")
        return _of_school(load_school(Path(file)), wanted, group_id)
    # Why: demo files are named after their schools, whose ids begin those of their class groups; one file is enough.
    for path in sorted((DATA / "demo").glob("*.yaml")):
        if wanted.startswith(path.stem + "-"):
            return _of_school(_demo_school(path), wanted, wanted)
    raise UnknownClassGroup(wanted, tuple(party.id for party in (*own, *demo_parties())))


def _of_school(school: School, wanted: str, group_id: str) -> Party:
    group = school.class_group(group_id)
    if group is None:
        raise UnknownClassGroup(wanted, tuple(str(group.id) for group in school.class_groups))
    return Party(school, group)


@lru_cache(maxsize=64)  # there are 24
def _demo_school(path: Path) -> School:
    return load_school(path)
