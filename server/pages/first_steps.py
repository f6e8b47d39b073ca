"""The first steps of an installation and of a school: what is done, what comes next. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from server.ids import ClassGroupId, SchoolId
from server.pair import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFacts:
    id: ClassGroupId
    has_pupils: bool
    is_authorised: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SchoolFacts:
    """`teachers`: who may once lead; `verified`: of those, who may lead now."""

    id: SchoolId
    side: Side
    teachers: int
    verified: int
    groups: Sequence[GroupFacts]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`key` chooses the words in dashboard.html; `path`: where it is done."""

    key: str
    path: str
    is_done: bool
    is_next: bool = False


def steps_of_administrator(schools: Sequence[SchoolFacts]) -> tuple[Step, ...]:
    """From nothing to a school with a teacher and a class on each side. Empty when all is done."""
    both = [_most_ready(schools, side) for side in Side]
    there = [school for school in both if school is not None]
    return _marked(
        [
            Step(key="school", path="/schools/new", is_done=bool(schools)),
            Step(key="partner", path="/schools/new", is_done=len(there) == len(both)),
            *(_of_sides(there, len(both))),
        ]
    )


def steps_of_school(school: SchoolFacts, done: Collection[str], *, may_invite: bool) -> tuple[Step, ...]:
    """For a teacher or coordinator. `done`: what the lessons know ("lesson", "cards"). Empty when all is done."""
    group = _next_group(school)
    steps = [
        Step(key="my_class", path=f"/class-groups/new?school={school.id}", is_done=bool(school.groups)),
        Step(key="names", path=_in_group(group, "roster"), is_done=any(one.has_pupils for one in school.groups)),
        Step(
            key="authorisation",
            path=_in_group(group, "authorisation"),
            is_done=any(one.is_authorised for one in school.groups),
        ),
        Step(key="lesson", path="/lessons/new", is_done="lesson" in done),
        Step(key="cards", path=_in_group(group, "cards"), is_done="cards" in done),
    ]
    if may_invite:
        is_done = school.verified > 0
        key = "verify" if school.teachers else "teachers"
        path = f"/schools/{school.id}/{'people' if school.teachers else 'invite'}"
        steps.insert(0, Step(key=key, path=path, is_done=is_done))
    return _marked(steps)


def _of_sides(schools: Sequence[SchoolFacts], wanted: int) -> Iterable[Step]:
    """Each step is done when it is done on both sides; it leads to the first school where it is not."""

    def step(key: str, done: list[bool], path_of: list[str]) -> Step:
        path = next((path for path, is_done in zip(path_of, done, strict=True) if not is_done), "/schools")
        return Step(key=key, path=path, is_done=len(done) == wanted and all(done))

    groups = [_next_group(school) for school in schools]
    yield step(
        "teachers", [school.teachers > 0 for school in schools], [f"/schools/{one.id}/invite" for one in schools]
    )
    yield step("verify", [school.verified > 0 for school in schools], [f"/schools/{one.id}/people" for one in schools])
    yield step(
        "class", [bool(school.groups) for school in schools], [f"/class-groups/new?school={one.id}" for one in schools]
    )
    yield step(
        "names",
        [any(one.has_pupils for one in school.groups) for school in schools],
        [_in_group(group, "roster") for group in groups],
    )
    yield step(
        "authorisation",
        [any(one.is_authorised for one in school.groups) for school in schools],
        [_in_group(group, "authorisation") for group in groups],
    )


def _most_ready(schools: Sequence[SchoolFacts], side: Side) -> SchoolFacts | None:
    """The school of a side that is furthest: an installation may add more schools without starting again."""
    of_side = [school for school in schools if school.side is side]
    return max(of_side, key=_readiness, default=None)


def _readiness(school: SchoolFacts) -> tuple[bool, ...]:
    return (
        any(one.is_authorised and one.has_pupils for one in school.groups),
        any(one.has_pupils for one in school.groups),
        bool(school.groups),
        school.verified > 0,
        school.teachers > 0,
    )


def _next_group(school: SchoolFacts) -> GroupFacts | None:
    return max(school.groups, key=lambda one: (one.has_pupils, one.is_authorised), default=None)


def _in_group(group: GroupFacts | None, page: str) -> str:
    return f"/class-groups/{group.id}/{page}" if group else "/class-groups"


def _marked(steps: Sequence[Step]) -> tuple[Step, ...]:
    first = next((index for index, step in enumerate(steps) if not step.is_done), None)
    if first is None:
        return ()
    return tuple(
        Step(key=step.key, path=step.path, is_done=step.is_done, is_next=index == first)
        for index, step in enumerate(steps)
    )
