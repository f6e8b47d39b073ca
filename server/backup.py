"""Whole copies of what a server keeps, and back: the database, and every file of the data folder (keys, secrets).

A restore has one moment at which it counts: when the checked copy gets the name `.restore-ready`. Whatever is
interrupted before changes nothing; what is interrupted after is finished by the next start.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from server.archive import Facts, read_archive, sync_folder, write_archive
from server.database_file import check_file, copy_database, known_revisions, path_of, revision_of
from server.errors import ErrorCode, Unavailable
from server.version import VERSION

# Backups that the server makes by itself; the last few of each kind are kept.
OWN_FOLDER = "backups"
KEPT = 5
READY = ".restore-ready"
# Folders inside of an archive.
_DATABASE, _FILES = "database", "files"
_SQLITE, _POSTGRESQL = "sqlite", "postgresql"
_COPY_NAME = "tongchuang.sqlite3"
_FACTS = "facts.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """What is saved: a data folder, and the database of DATABASE_URL (empty: the folder's own)."""

    data: Path
    database_url: str = field(default="", repr=False)

    @property
    def sqlite(self) -> Path | None:
        return path_of(self.data, self.database_url)

    @property
    def engine(self) -> str:
        return _POSTGRESQL if self.sqlite is None else _SQLITE


def make_backup(store: Store, file: Path, now: datetime) -> Facts:
    """All of it in `file`, while the server runs. Raises Unavailable; then there is no file."""
    file = file.absolute()
    inside = file.is_relative_to(store.data.absolute())
    if inside and not file.is_relative_to(store.data.absolute() / OWN_FOLDER):
        detail = f"{file} is in the data folder; choose another place, best on another disk"
        raise Unavailable(ErrorCode.BACKUP_REFUSED, detail)
    if file.exists():
        raise Unavailable(ErrorCode.BACKUP_REFUSED, f"{file} exists already")
    if not file.parent.is_dir():
        raise Unavailable(ErrorCode.BACKUP_REFUSED, f"{file.parent} is no folder")
    members = {f"{_FILES}/{path.relative_to(store.data)}": path for path in _kept_files(store)}
    with _work_folder(store.data, ErrorCode.BACKUP_REFUSED) as folder:
        revision = _save_database(store, folder)
        members |= {f"{_DATABASE}/{path.name}": path for path in sorted(folder.iterdir())}
        facts = Facts(created_at=now.isoformat(), version=VERSION, engine=store.engine, revision=revision)
        write_archive(file, facts, members)
    return facts


def _kept_files(store: Store) -> Iterator[Path]:
    """Every file of the data folder but the database, our own backups, and what is hidden (drafts, locks)."""
    database = set(_database_files(store.sqlite)) if store.sqlite is not None else set()
    for path in sorted(store.data.rglob("*")):
        parts = path.relative_to(store.data).parts
        is_ours = parts[0] == OWN_FOLDER or any(part.startswith(".") for part in parts)
        if not is_ours and path.is_file() and not path.is_symlink() and path.resolve() not in database:
            yield path


def _database_files(path: Path) -> tuple[Path, ...]:
    """With what SQLite keeps beside it."""
    real = path.resolve()
    return (real, *(real.with_name(real.name + suffix) for suffix in ("-wal", "-shm", "-journal")))


def _save_database(store: Store, folder: Path) -> str:
    if store.sqlite is None:
        from server.storage import database_url_for, dump_tables

        revision = dump_tables(database_url_for(store.data, store.database_url), folder)
    else:
        if not store.sqlite.exists():
            raise Unavailable(ErrorCode.BACKUP_REFUSED, f"{store.sqlite} does not exist")
        copy = folder / _COPY_NAME
        copy_database(store.sqlite, copy)
        revision = revision_of(copy) or ""
    if not revision:
        raise Unavailable(ErrorCode.BACKUP_REFUSED, "the database has no tables of Tongchuang")
    return revision


def make_own_backup(store: Store, kind: str, now: datetime) -> Path:
    """`backups/KIND-TIME.tar` in the data folder; the last few of its kind are kept."""
    folder = store.data / OWN_FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / f"{kind}-{now:%Y%m%dT%H%M%S.%fZ}.tar"
    make_backup(store, file, now)
    for old in sorted(folder.glob(f"{kind}-*.tar"))[:-KEPT]:
        old.unlink()
    return file


def back_up_before_upgrade(store: Store, now: datetime) -> Path | None:
    """None when there is nothing yet, or nothing older: then no migration changes anything."""
    if store.sqlite is not None:
        found = revision_of(store.sqlite)
    else:
        from server.storage import current_revision, database_url_for

        found = current_revision(database_url_for(store.data, store.database_url))
    revisions = known_revisions()
    if found not in revisions[:-1]:
        return None
    return make_own_backup(store, "before-upgrade", now)


def stage_restore(store: Store, file: Path) -> Path:
    """Check everything and lay it ready beside what is there, which is not touched; returns the folder.

    The copy of the database has its newest form afterwards (PostgreSQL's gets it when it is loaded).
    Raises Unavailable(BACKUP_UNUSABLE) in one sentence for what is damaged, foreign or newer.
    """
    staged = Path(tempfile.mkdtemp(prefix=".restore-", dir=store.data))
    try:
        facts = read_archive(file, staged)
        if facts.engine != store.engine:
            detail = f"{file} holds a {facts.engine} database, and this server uses {store.engine}"
            raise Unavailable(ErrorCode.BACKUP_UNUSABLE, detail)
        if facts.revision not in known_revisions():
            detail = f"{file} was written by a newer version of Tongchuang ({facts.version})"
            raise Unavailable(ErrorCode.BACKUP_UNUSABLE, detail)
        if facts.engine == _SQLITE:
            _renew_copy(file, staged / _DATABASE / _COPY_NAME, facts)
        (staged / _FACTS).write_text(json.dumps(asdict(facts)))
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise
    return staged


def _renew_copy(file: Path, copy: Path, facts: Facts) -> None:
    if not copy.exists() or revision_of(copy) != facts.revision:
        raise Unavailable(ErrorCode.BACKUP_UNUSABLE, f"{file} is damaged: its database is not the one it names")
    from server.storage import database_url_for, migrate

    check_file(copy)
    migrate(database_url_for(copy.parent, f"sqlite:///{copy}"))
    # The journal of its migration is folded in: one file is swapped, not three.
    copy_database(copy, copy.with_suffix(".whole"))
    for leftover in _database_files(copy):
        leftover.unlink(missing_ok=True)
    copy.with_suffix(".whole").replace(copy)


def finish_restore(store: Store, staged: Path, now: datetime) -> Path | None:
    """Put what was staged in place. Nobody may use the database meanwhile. Returns the backup of what was there."""
    finish_interrupted_restore(store)
    if (engine := _facts_of(staged).engine) != store.engine:
        # Asked by a command with another DATABASE_URL than the server's.
        detail = f"the backup holds a {engine} database, and this server uses {store.engine}"
        raise Unavailable(ErrorCode.BACKUP_UNUSABLE, detail)
    before = _keep_what_is_there(store, now)
    ready = store.data / READY
    # From here it counts.
    staged.rename(ready)
    sync_folder(store.data)
    try:
        finish_interrupted_restore(store)
    except Unavailable:
        # PostgreSQL refused the rows, and has what it had: so has the folder.
        ready.rename(staged)
        raise
    return before


def _keep_what_is_there(store: Store, now: datetime) -> Path | None:
    """As a backup; as bare files when the database is damaged, which may be the reason for restoring."""
    if store.sqlite is not None and not store.sqlite.exists():
        return None
    try:
        return make_own_backup(store, "before-restore", now)
    except Unavailable as error:
        if store.sqlite is None:
            if error.code is ErrorCode.BACKUP_REFUSED:
                return None  # a new PostgreSQL database: there is nothing in it yet
            raise
    folder = store.data / OWN_FOLDER / f"damaged-{now:%Y%m%dT%H%M%S.%fZ}"
    folder.mkdir(mode=0o700)
    for path in _database_files(store.sqlite):
        if path.exists():
            shutil.copyfile(path, folder / path.name)
    return folder


def finish_interrupted_restore(store: Store) -> bool:
    """Goes on with a restore that counts already, as often as it takes. False when there is none."""
    ready = store.data / READY
    if not ready.is_dir():
        return False
    if store.sqlite is None:
        from server.storage import database_url_for, load_tables

        load_tables(database_url_for(store.data, store.database_url), ready / _DATABASE, _facts_of(ready).revision)
    elif (copy := ready / _DATABASE / _COPY_NAME).exists():
        # The old one's journal first: it must never be read with the new file.
        _, *journals = _database_files(store.sqlite)
        for journal in journals:
            journal.unlink(missing_ok=True)
        shutil.copyfile(copy, aside := store.sqlite.with_name(f".{store.sqlite.name}.restored"))
        aside.chmod(0o600)
        _sync_file(aside)
        aside.replace(store.sqlite)
        sync_folder(store.sqlite.parent)
    for path in sorted((ready / _FILES).rglob("*")):
        if path.is_file():
            target = store.data / path.relative_to(ready / _FILES)
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.replace(target)
            sync_folder(target.parent)
    shutil.rmtree(ready)
    return True


def _facts_of(staged: Path) -> Facts:
    return Facts(**json.loads((staged / _FACTS).read_text()))


def _sync_file(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


@contextmanager
def _work_folder(data: Path, code: ErrorCode) -> Iterator[Path]:
    """In the data folder: there is room for a database, and nobody else may look into it."""
    try:
        folder = Path(tempfile.mkdtemp(prefix=".backup-", dir=data))
    except OSError as error:
        raise Unavailable(code, f"{data}: {error.strerror}") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
