"""Schools, class groups, rosters, authorisations and the audit log do the same on every engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from server.errors import Conflict, ErrorCode, InvalidInput, NotFound
from server.ids import ClassGroupId, LessonId, SchoolId, StudentId
from server.pair import LocalizedText, Side
from server.people import MAX_STUDENTS, AuditFilter, ClassGroup, People, School, build_people
from server.storage import Database
from tests.contract.storage.conftest import ENGINES
from tests.fakes.clock import FakeClock
from tests.fakes.people import QuickHasher, make_administrator, make_school

TODAY = date(2026, 10, 19)
STRANGE_IDS = ["", "nothing", "字", "\x00", "\ud800", "x" * 5000, "'; DROP TABLE student; --"]


@pytest.fixture(params=ENGINES)
def engine_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def people(database: Database, clock: FakeClock) -> AsyncIterator[People]:
    people = build_people(database, clock, hasher=QuickHasher())
    yield people
    await people.close()


@pytest.fixture
async def school(people: People) -> School:
    return await make_school(people)


@pytest.fixture
async def group(people: People, school: School) -> ClassGroup:
    return await people.class_groups.create(school.id, name=LocalizedText("5A", "五年甲班"), grade="5", by=None)


async def names(people: People, group: ClassGroup) -> list[str]:
    return [student.display_name for student in await people.rosters.students(group.id)]


async def save(people: People, group: ClassGroup, roster: str) -> int:
    return len(await people.rosters.save(group.id, await people.rosters.preview(group.id, roster), None))


# -- schools


async def test_a_school_is_kept_as_it_was_given(people: People, school: School) -> None:
    rare = await people.schools.create(
        side=Side.UNITED_STATES,
        name=LocalizedText("O'Neil'; DROP TABLE school; --", "𠮷野 🌅"),
        place=LocalizedText("Guam", ""),
        zone="Pacific/Guam",
        language="en",
        by=None,
    )
    assert rare.place.zh == "Guam"
    assert await people.schools.find(rare.id) == rare
    assert await people.schools.list() == (school, rare)
    assert await people.schools.find_many([rare.id, SchoolId("no")]) == {rare.id: rare}
    changed = await people.schools.update(
        rare.id, name=LocalizedText("New", "新"), place=rare.place, zone="Asia/Taipei", language="en", by=None
    )
    assert await people.schools.find(rare.id) == changed
    assert changed.side is Side.UNITED_STATES


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../etc/passwd", "UTC+8", "asia/taipei"])
async def test_a_zone_must_exist(people: People, school: School, zone: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await people.schools.update(school.id, name=school.name, place=school.place, zone=zone, language="en", by=None)
    assert caught.value.code is ErrorCode.ZONE_UNKNOWN
    assert await people.schools.find(school.id) == school


# -- class groups


async def test_class_groups_of_a_school(people: People, school: School, group: ClassGroup) -> None:
    other = await make_school(people, Side.UNITED_STATES)
    await people.class_groups.create(other.id, name=LocalizedText("4B", ""), grade="", by=None)
    changed = await people.class_groups.update(group.id, name=LocalizedText("6A", "六甲"), grade="6", by=None)
    assert await people.class_groups.of_school(school.id) == (changed,)
    archived = await people.class_groups.archive(group.id, None)
    assert archived.archived_at is not None
    assert await people.class_groups.of_school(school.id) == ()
    assert await people.class_groups.of_school(school.id, with_archived=True) == (archived,)
    assert await people.class_groups.find(group.id) == archived


@pytest.mark.parametrize("strange", STRANGE_IDS, ids=range(len(STRANGE_IDS)))
async def test_strange_ids_are_not_found_anywhere(people: People, strange: str) -> None:
    group_id, school_id, student_id = ClassGroupId(strange), SchoolId(strange), StudentId(strange)
    assert await people.schools.find(school_id) is None
    assert await people.class_groups.find(group_id) is None
    assert await people.class_groups.of_school(school_id) == ()
    assert await people.class_groups.authorisation_of(group_id) is None
    assert await people.rosters.students(group_id) == ()
    assert await people.rosters.count(group_id) == 0
    assert await people.rosters.find_student(student_id) is None
    assert await people.accounts.of_school(school_id) == ()
    for call in (
        people.rosters.preview(group_id, "Amy"),
        people.rosters.rename(student_id, "Amy", None),
        people.rosters.remove(student_id, None),
        people.class_groups.revoke(group_id, None),
        people.class_groups.create(school_id, name=LocalizedText("5A", ""), grade="", by=None),
    ):
        with pytest.raises(NotFound):
            await call


# -- rosters


async def test_a_roster_is_saved_in_its_order(people: People, group: ClassGroup) -> None:
    preview = await people.rosters.preview(group.id, "座號,姓名,生日\r\n2,王小明,2015/1/1\r\n1,Amy,\r\n3,=1+1,\r\n")
    assert preview.good == ("王小明", "Amy")
    assert preview.dropped_columns == ("座號", "生日")
    saved = await people.rosters.save(group.id, preview, None)
    assert [(one.display_name, one.position) for one in saved] == [("王小明", 1), ("Amy", 2)]
    assert await people.rosters.students(group.id) == saved
    assert await save(people, group, "amy\nBen\nＢｅｎ") == 1
    assert await names(people, group) == ["王小明", "Amy", "Ben"]
    assert await people.rosters.count(group.id) == 3


async def test_only_names_are_kept(people: People, group: ClassGroup, database: Database) -> None:
    """C2: nothing else of a school's export reaches the database, not even the audit log."""
    needle = "2015/01/31 0912345678 kid@example.org"
    assert await save(people, group, f"name,notes\nAmy,{needle}\n{needle},x\n") == 1
    async with database.read() as connection:
        for table in ("student", "audit_entry"):
            rows = (await connection.execute(text(f"SELECT * FROM {table}"))).all()
            assert "0912345678" not in repr(rows)
            assert "2015/01/31" not in repr(rows)
        assert "Amy" not in repr((await connection.execute(text("SELECT * FROM audit_entry"))).all())


async def test_two_who_save_at_once_add_each_name_once(people: People, group: ClassGroup) -> None:
    preview = await people.rosters.preview(group.id, "Amy\nBen")
    added = await asyncio.gather(*(people.rosters.save(group.id, preview, None) for _ in range(4)))
    assert sum(map(len, added)) == 2
    assert await names(people, group) == ["Amy", "Ben"]


async def test_a_class_has_a_limit(people: People, group: ClassGroup) -> None:
    early = await people.rosters.preview(group.id, "\n".join(f"Early {number}" for number in range(60)))
    late = await people.rosters.preview(group.id, "\n".join(f"Late {number}" for number in range(60)))
    await people.rosters.save(group.id, early, None)
    with pytest.raises(Conflict) as caught:
        await people.rosters.save(group.id, late, None)
    assert caught.value.code is ErrorCode.ROSTER_FULL
    again = await people.rosters.preview(group.id, "\n".join(f"Late {number}" for number in range(60)))
    assert len(again.good) == MAX_STUDENTS - 60


async def test_renaming_and_removing(people: People, group: ClassGroup) -> None:
    await save(people, group, "Amy\nBen")
    amy, ben = await people.rosters.students(group.id)
    assert (await people.rosters.rename(amy.id, " 艾米 ", None)).display_name == "艾米"
    for name, error in (("ben", Conflict), ("=1+1", InvalidInput), ("x" * 9999, InvalidInput)):
        with pytest.raises(error):
            await people.rosters.rename(amy.id, name, None)
    await people.rosters.remove(ben.id, None)
    await people.rosters.remove(ben.id, None)
    assert await names(people, group) == ["艾米"]
    with pytest.raises(NotFound):
        await people.rosters.rename(ben.id, "Ben", None)
    # Still there for the attendance of past lessons, and no place is given out twice.
    kept = await people.rosters.find_student(ben.id)
    assert kept is not None
    assert (kept.display_name, kept.removed_at is not None) == ("Ben", True)
    await save(people, group, "Ben")
    assert [one.position for one in await people.rosters.students(group.id)] == [1, 3]


async def test_a_look_at_names_is_written_down(people: People, group: ClassGroup) -> None:
    """C20. What the server reads for itself is not a look."""
    admin = await make_administrator(people)
    await save(people, group, "Amy")
    await people.rosters.students(group.id)
    await people.rosters.students(group.id, by=admin.id)
    entries = (await people.audit.read(AuditFilter(action_prefix="roster.seen"))).entries
    assert [(one.actor, one.subject, one.school_id, one.detail) for one in entries] == [
        (admin.id, group.id, group.school_id, {"count": 1})
    ]


# -- authorisations (C3)


async def test_the_newest_authorisation_is_in_force(people: People, group: ClassGroup, clock: FakeClock) -> None:
    admin = await make_administrator(people)
    assert await people.class_groups.authorisation_of(group.id) is None
    first = await people.class_groups.authorise(
        group.id, given_by="Principal 陳", given_on=TODAY, text_version="2026-1", by=admin.id
    )
    assert await people.class_groups.authorisation_of(group.id) == first
    clock.advance(seconds=60)
    second = await people.class_groups.authorise(
        group.id, given_by="Principal 陳", given_on=TODAY + timedelta(days=1), text_version="2026-2", by=admin.id
    )
    assert await people.class_groups.authorisation_of(group.id) == second
    history = await people.class_groups.authorisations(group.id)
    assert [(one.text_version, one.revoked_at is None) for one in history] == [("2026-2", True), ("2026-1", False)]
    await people.class_groups.revoke(group.id, admin.id)
    await people.class_groups.revoke(group.id, admin.id)
    assert await people.class_groups.authorisation_of(group.id) is None
    written = (await people.audit.read(AuditFilter(action_prefix="authorisation."))).entries
    assert [one.action for one in written] == [
        "authorisation.revoked",
        "authorisation.recorded",
        "authorisation.recorded",
    ]


@pytest.mark.parametrize("given_on", [TODAY + timedelta(days=2), TODAY - timedelta(days=4 * 366), date.min, date.max])
async def test_an_authorisation_has_a_likely_date(people: People, group: ClassGroup, given_on: date) -> None:
    admin = await make_administrator(people)
    with pytest.raises(InvalidInput):
        await people.class_groups.authorise(
            group.id, given_by="Principal", given_on=given_on, text_version="1", by=admin.id
        )


# -- the audit log (C20)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET actor = 'somebody else'",
        "DELETE FROM audit_entry",
        "DELETE FROM audit_entry WHERE seq = 1",
        "INSERT INTO audit_entry SELECT * FROM audit_entry",
    ],
)
async def test_the_audit_log_is_only_added_to(people: People, database: Database, statement: str) -> None:
    await people.audit.write("test.done", "something", by=None)
    before = await people.audit.read(AuditFilter())

    async def change() -> None:
        async with database.write() as connection:
            await connection.execute(text(statement))

    with pytest.raises(DBAPIError):
        await change()
    assert await people.audit.read(AuditFilter()) == before


async def test_a_change_and_its_entry_are_one(people: People, database: Database) -> None:
    async def fail() -> None:
        async with database.write() as connection:
            await people.audit.write("test.undone", "something", by=None, connection=connection)
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        await fail()
    assert (await people.audit.read(AuditFilter())).entries == ()


async def test_reading_the_audit_log_in_pages(people: People, clock: FakeClock) -> None:
    for number in range(7):
        clock.advance(seconds=1)
        await people.audit.write(
            f"{'a_b' if number % 2 else 'axb'}.done",
            f"s{number}",
            by="me" if number < 5 else None,
            school_id=SchoolId("sc_1") if number % 3 == 0 else None,
            lesson_id=LessonId("le_1") if number == 6 else None,
            detail={"n": number, "text": "字"},
        )
    first = await people.audit.read(AuditFilter(), limit=3)
    assert [one.subject for one in first.entries] == ["s6", "s5", "s4"]
    assert first.entries[0].detail == {"n": 6, "text": "字"}
    assert first.entries[0].at == clock.now()
    assert first.next_before_seq is not None
    second = await people.audit.read(AuditFilter(before_seq=first.next_before_seq), limit=4)
    assert [one.subject for one in second.entries] == ["s3", "s2", "s1", "s0"]
    assert second.next_before_seq is None

    async def subjects(wanted: AuditFilter) -> list[str]:
        return [one.subject for one in (await people.audit.read(wanted)).entries]

    assert await subjects(AuditFilter(school_id=SchoolId("sc_1"))) == ["s6", "s3", "s0"]
    assert await subjects(AuditFilter(lesson_id=LessonId("le_1"))) == ["s6"]
    assert await subjects(AuditFilter(actor="system")) == ["s6", "s5"]
    # `_` and `%` are no wildcards here.
    assert await subjects(AuditFilter(action_prefix="a_b")) == ["s5", "s3", "s1"]
    assert await subjects(AuditFilter(action_prefix="%")) == []
