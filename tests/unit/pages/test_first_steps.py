"""The first steps of an installation and of a school: in order, gone when done, leading to what is missing."""

from __future__ import annotations

from dataclasses import replace

from server.ids import ClassGroupId, SchoolId
from server.pages.first_steps import GroupFacts, SchoolFacts, Step, steps_of_administrator, steps_of_school
from server.pair import Side

READY = GroupFacts(id=ClassGroupId("g1"), has_pupils=True, is_authorised=True)
TAIPEI = SchoolFacts(id=SchoolId("tp"), side=Side.TAIWAN, teachers=1, verified=1, groups=[READY])
TUCSON = replace(TAIPEI, id=SchoolId("tu"), side=Side.UNITED_STATES)


def _next(steps: tuple[Step, ...]) -> tuple[str, str]:
    (step,) = [step for step in steps if step.is_next]
    assert not step.is_done
    return step.key, step.path


def test_from_nothing_to_everything() -> None:
    empty_taipei = replace(TAIPEI, teachers=0, verified=0, groups=[])
    no_names = replace(READY, has_pupils=False, is_authorised=False)
    expected = [
        ([], ("school", "/schools/new")),
        ([empty_taipei], ("partner", "/schools/new")),
        ([empty_taipei, TUCSON], ("teachers", "/schools/tp/invite")),
        ([replace(empty_taipei, teachers=1), TUCSON], ("verify", "/schools/tp/people")),
        ([TAIPEI, replace(TUCSON, groups=[])], ("class", "/class-groups/new?school=tu")),
        ([TAIPEI, replace(TUCSON, groups=[no_names])], ("names", "/class-groups/g1/roster")),
        (
            [TAIPEI, replace(TUCSON, groups=[replace(no_names, has_pupils=True)])],
            ("authorisation", "/class-groups/g1/authorisation"),
        ),
    ]
    for schools, step in expected:
        assert _next(steps_of_administrator(schools)) == step
    assert steps_of_administrator([TAIPEI, TUCSON]) == ()


def test_a_third_school_does_not_begin_again() -> None:
    third = replace(TAIPEI, id=SchoolId("third"), teachers=0, verified=0, groups=[])
    assert steps_of_administrator([third, TAIPEI, TUCSON]) == ()


def test_of_a_teacher() -> None:
    alone = replace(TAIPEI, groups=[])
    assert _next(steps_of_school(alone, (), may_invite=False)) == ("my_class", "/class-groups/new?school=tp")
    assert _next(steps_of_school(TAIPEI, (), may_invite=False)) == ("lesson", "/lessons/new")
    assert _next(steps_of_school(TAIPEI, {"lesson"}, may_invite=False)) == ("cards", "/class-groups/g1/cards")
    assert steps_of_school(TAIPEI, {"lesson", "cards"}, may_invite=False) == ()


def test_of_a_coordinator_without_teachers() -> None:
    nobody = replace(TAIPEI, teachers=0, verified=0)
    assert _next(steps_of_school(nobody, (), may_invite=True)) == ("teachers", "/schools/tp/invite")
    waiting = replace(TAIPEI, verified=0)
    assert _next(steps_of_school(waiting, (), may_invite=True)) == ("verify", "/schools/tp/people")
