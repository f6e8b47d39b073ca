"""Backups are whole, come back whole, and are made before an older database is upgraded."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server import backup as module
from server.backup import (
    KEPT,
    READY,
    Store,
    back_up_before_upgrade,
    finish_interrupted_restore,
    finish_restore,
    make_backup,
    make_own_backup,
    stage_restore,
)
from server.database_file import FILE_NAME, known_revisions, path_of, revision_of
from server.errors import ErrorCode, Unavailable
from server.storage import database_url_for, migrate
from server.storage.migrate import load_migrations

NOW = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    data = tmp_path / "data"
    data.mkdir()
    migrate(database_url_for(data))
    (data / "livekit-keys.json").write_text('{"API": "the old secret"}')
    note(data, "first")
    return Store(data=data)


def note(data: Path, text: str) -> None:
    """A row of a table that no migration knows: it must survive like all others."""
    with closing(sqlite3.connect(data / FILE_NAME)) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS note (text TEXT)")
        connection.execute("INSERT INTO note VALUES (?)", (text,))
        connection.commit()


def notes(data: Path) -> list[str]:
    with closing(sqlite3.connect(data / FILE_NAME)) as connection:
        return [row[0] for row in connection.execute("SELECT text FROM note ORDER BY rowid")]


def as_of_revision(path: Path, revision: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        connection.commit()


def restore(store: Store, file: Path) -> Path | None:
    return finish_restore(store, stage_restore(store, file), NOW)


def test_the_numbers_of_the_files_are_alembics() -> None:
    scripts = load_migrations()
    ours = [script.revision for script in reversed(list(scripts.walk_revisions()))]
    assert list(known_revisions()) == ours


@pytest.mark.parametrize(
    ("configured", "expected"),
    [("", "DATA/tongchuang.sqlite3"), ("sqlite:///a/b.db", "a/b.db"), ("sqlite:////a/b.db", "/a/b.db"),
     ("sqlite+aiosqlite:////a/b.db?timeout=3", "/a/b.db"), ("postgresql://u@h/n", None)],
)  # fmt: skip
def test_the_file_of_an_address_is_sqlalchemys(configured: str, expected: str | None) -> None:
    found = path_of(Path("DATA"), configured)
    assert (str(found) if found else None) == expected
    if found is not None:
        assert database_url_for(Path("DATA"), configured).database == str(found)


def test_everything_comes_back(store: Store, tmp_path: Path) -> None:
    (store.data / "cards").mkdir()
    (store.data / "cards" / "secret").write_text("of the cards")
    file = tmp_path / "backup.tar"
    facts = make_backup(store, file, NOW)
    assert (facts.engine, facts.revision) == ("sqlite", known_revisions()[-1])
    note(store.data, "second")
    (store.data / "livekit-keys.json").write_text('{"API": "another"}')
    shutil.rmtree(store.data / "cards")
    kept = restore(store, file)
    assert notes(store.data) == ["first"]
    assert (store.data / "livekit-keys.json").read_text() == '{"API": "the old secret"}'
    assert (store.data / "cards" / "secret").read_text() == "of the cards"
    # What was there is not lost either.
    assert kept is not None
    restore(store, kept)
    assert notes(store.data) == ["first", "second"]
    assert (store.data / "livekit-keys.json").read_text() == '{"API": "another"}'


def test_what_stands_in_the_journal_only_is_saved(store: Store, tmp_path: Path) -> None:
    with closing(sqlite3.connect(store.data / FILE_NAME)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("PRAGMA wal_autocheckpoint=0")
        writer.execute("INSERT INTO note VALUES ('in the journal')")
        writer.commit()
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO note VALUES ('not committed')")
        # While another transaction is open: a backup waits for nobody.
        make_backup(store, tmp_path / "backup.tar", NOW)
        writer.rollback()
    note(store.data, "later")
    restore(store, tmp_path / "backup.tar")
    assert notes(store.data) == ["first", "in the journal"]


def test_a_restore_into_a_new_folder(store: Store, tmp_path: Path) -> None:
    make_backup(store, tmp_path / "backup.tar", NOW)
    other = Store(data=tmp_path / "other")
    other.data.mkdir()
    assert restore(other, tmp_path / "backup.tar") is None
    assert notes(other.data) == ["first"]
    assert sorted(path.name for path in other.data.iterdir()) == ["livekit-keys.json", FILE_NAME]


def test_a_database_outside_of_the_folder(store: Store, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (store.data / FILE_NAME).rename(elsewhere / FILE_NAME)
    store = Store(data=store.data, database_url=f"sqlite:///{elsewhere / FILE_NAME}")
    make_backup(store, tmp_path / "backup.tar", NOW)
    note(elsewhere, "second")
    restore(store, tmp_path / "backup.tar")
    assert notes(elsewhere) == ["first"]
    assert not (store.data / FILE_NAME).exists()


def test_a_restore_that_was_cut_off_is_finished(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_backup(store, tmp_path / "backup.tar", NOW)
    note(store.data, "second")
    with monkeypatch.context() as patch:
        patch.setattr(module, "finish_interrupted_restore", lambda store: False)
        restore(store, tmp_path / "backup.tar")
    # It counts, but nothing was moved yet: as after a kill at this point.
    assert (store.data / READY).is_dir()
    assert finish_interrupted_restore(store)
    assert notes(store.data) == ["first"]
    assert not finish_interrupted_restore(store)


def test_a_refused_restore_changes_nothing(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    make_backup(store, file, NOW)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    before = {path: path.read_bytes() for path in store.data.rglob("*") if path.is_file()}
    with pytest.raises(Unavailable):
        stage_restore(store, file)
    assert {path: path.read_bytes() for path in store.data.rglob("*") if path.is_file()} == before


def test_a_database_of_the_future_is_refused(store: Store, tmp_path: Path) -> None:
    as_of_revision(store.data / FILE_NAME, "9999")
    make_backup(store, tmp_path / "backup.tar", NOW)
    with pytest.raises(Unavailable, match="newer version"):
        stage_restore(store, tmp_path / "backup.tar")


def test_another_kind_of_database_is_refused(store: Store, tmp_path: Path) -> None:
    make_backup(store, tmp_path / "backup.tar", NOW)
    other = Store(data=store.data, database_url="postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(Unavailable, match="sqlite database, and this server uses postgresql"):
        stage_restore(other, tmp_path / "backup.tar")


def test_a_damaged_database_is_kept_beside(store: Store, tmp_path: Path) -> None:
    make_backup(store, tmp_path / "backup.tar", NOW)
    (store.data / FILE_NAME).write_bytes(b"damaged" * 1000)
    kept = restore(store, tmp_path / "backup.tar")
    assert kept is not None
    assert (kept / FILE_NAME).read_bytes() == b"damaged" * 1000
    assert notes(store.data) == ["first"]


@pytest.mark.parametrize("name", ["data/x.tar", "data/tongchuang.sqlite3", "nowhere/x.tar"])
def test_a_place_that_is_refused(name: str, store: Store, tmp_path: Path) -> None:
    before = (store.data / FILE_NAME).read_bytes()
    with pytest.raises(Unavailable) as caught:
        make_backup(store, tmp_path / name, NOW)
    assert caught.value.code is ErrorCode.BACKUP_REFUSED
    assert (store.data / FILE_NAME).read_bytes() == before


def test_without_a_database_there_is_nothing_to_save(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="does not exist"):
        make_backup(Store(data=tmp_path), tmp_path.parent / f"{tmp_path.name}.tar", NOW)


def make_first_database(data: Path) -> None:
    """As the first version of all left it: tables of revision 0001, with a row."""
    from sqlalchemy import create_engine

    from server.storage.migrate import upgrade

    engine = create_engine(f"sqlite:///{data / FILE_NAME}")
    with engine.begin() as connection:
        upgrade(connection, load_migrations(), "0001")
    engine.dispose()
    with closing(sqlite3.connect(data / FILE_NAME)) as connection:
        connection.execute("INSERT INTO lesson VALUES ('demo', 'demo-room', 'Demo', '示範', 1)")
        connection.commit()


def test_an_older_database_is_saved_before_it_is_upgraded(tmp_path: Path) -> None:
    store = Store(data=tmp_path)
    make_first_database(tmp_path)
    saved = back_up_before_upgrade(store, NOW)
    migrate(database_url_for(tmp_path))
    assert revision_of(tmp_path / FILE_NAME) == known_revisions()[-1]
    assert saved is not None
    # Restoring brings the rows of then in the form of now.
    restore(store, saved)
    assert revision_of(tmp_path / FILE_NAME) == known_revisions()[-1]
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    assert "alembic_version" in tables
    # And the file itself still holds the old ones.
    from server.archive import read_archive

    folder = tmp_path / "unpacked"
    folder.mkdir()
    assert read_archive(saved, folder).revision == "0001"
    with closing(sqlite3.connect(folder / "database" / FILE_NAME)) as connection:
        assert connection.execute("SELECT room FROM lesson").fetchall() == [("demo-room",)]


def test_a_new_or_newest_database_needs_no_backup(store: Store, tmp_path: Path) -> None:
    assert back_up_before_upgrade(store, NOW) is None
    empty = Store(data=tmp_path / "empty")
    assert back_up_before_upgrade(empty, NOW) is None
    assert not (store.data / "backups").exists()


def test_the_last_few_own_backups_are_kept(store: Store) -> None:
    made = [make_own_backup(store, "before-upgrade", NOW + timedelta(days=day)) for day in range(KEPT + 3)]
    other = make_own_backup(store, "before-restore", NOW)
    assert sorted((store.data / "backups").iterdir()) == sorted([*made[-KEPT:], other])
