"""A backup file is taken whole or not at all: damaged, foreign and newer ones are refused in one sentence."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from server.archive import Facts, read_archive, write_archive
from server.errors import ErrorCode, Unavailable

FACTS = Facts(created_at="2026-11-22T19:00:00+00:00", version="1.0", engine="sqlite", revision="0004")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    (tmp_path / "keys").write_text("a secret")
    (tmp_path / "database").write_bytes(bytes(range(256)) * 5000)
    file = tmp_path / "backup.tar"
    write_archive(file, FACTS, {"files/keys": tmp_path / "keys", "database/db": tmp_path / "database"})
    return file


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "unpacked"
    folder.mkdir()
    return folder


def refusal(file: Path, target: Path) -> str:
    with pytest.raises(Unavailable) as caught:
        read_archive(file, target)
    assert caught.value.code is ErrorCode.BACKUP_UNUSABLE
    assert "\n" not in caught.value.detail
    return caught.value.detail


def test_what_was_written_is_read(archive: Path, target: Path) -> None:
    assert read_archive(archive, target) == FACTS
    assert (target / "files/keys").read_text() == "a secret"
    assert (target / "database/db").read_bytes() == bytes(range(256)) * 5000


def test_only_the_owner_may_read_it(archive: Path, target: Path) -> None:
    read_archive(archive, target)
    assert archive.stat().st_mode & 0o777 == 0o600
    assert (target / "files/keys").stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_is_not_replaced(archive: Path, tmp_path: Path) -> None:
    before = archive.read_bytes()
    with pytest.raises(Unavailable, match="exists already"):
        write_archive(archive, FACTS, {})
    assert archive.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup.tar", "database", "keys"]


@pytest.mark.parametrize("step", [1, 3, 7])
def test_a_file_cut_off_anywhere_is_refused(archive: Path, target: Path, tmp_path: Path, step: int) -> None:
    whole = archive.read_bytes()
    # The end of a tar is empty blocks: without them it is still whole.
    with tarfile.open(archive) as tar:
        end = max(member.offset_data + member.size for member in tar.getmembers())
    for number, length in enumerate(range(0, end, end // (4 * step))):
        cut, folder = tmp_path / f"cut-{number}.tar", target / str(number)
        cut.write_bytes(whole[:length])
        folder.mkdir()
        assert "damaged" in refusal(cut, folder)


def test_one_changed_bit_is_seen(archive: Path, target: Path) -> None:
    content = bytearray(archive.read_bytes())
    with tarfile.open(archive) as tar:
        content[tar.getmember("files/keys").offset_data] ^= 1
    archive.write_bytes(content)
    assert "files/keys" in refusal(archive, target)


def test_a_changed_manifest_is_seen(archive: Path, target: Path) -> None:
    content = archive.read_bytes().replace(b'"revision": "0004"', b'"revision": "0003"')
    archive.write_bytes(content)
    refusal(archive, target)


@pytest.mark.parametrize("content", [b"", b"no backup at all" * 100, b"SQLite format 3\0" + bytes(5000)])
def test_a_foreign_file_is_refused(content: bytes, tmp_path: Path, target: Path) -> None:
    file = tmp_path / "foreign"
    file.write_bytes(content)
    assert "no backup of Tongchuang" in refusal(file, target)


def test_a_file_that_is_not_there(tmp_path: Path, target: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "nothing.tar", target)


def rewritten(tmp_path: Path, change: Callable[[dict[str, object]], None], *extra: tarfile.TarInfo) -> Path:
    """A tar with a right sum of a manifest that says something else."""
    secret = b"a secret"
    manifest: dict[str, object] = {
        "format": "tongchuang-backup",
        "format_version": 1,
        "created_at": "",
        "version": "99.0",
        "engine": "sqlite",
        "revision": "0004",
        "members": [{"name": "files/keys", "size": len(secret), "sha256": hashlib.sha256(secret).hexdigest()}],
    }
    change(manifest)
    text = json.dumps(manifest).encode()
    sums = hashlib.sha256(text).hexdigest().encode()
    file = tmp_path / "rewritten.tar"
    members = manifest["members"]
    assert isinstance(members, list)
    with tarfile.open(file, "w") as tar:
        for name, content in (("manifest.json", text), ("manifest.sha256", sums), (members[0]["name"], secret)):
            header = tarfile.TarInfo(name)
            header.size = len(content)
            tar.addfile(header, io.BytesIO(content))
        for header in extra:
            tar.addfile(header)
    return file


def test_the_rewritten_one_is_right_as_it_is(tmp_path: Path, target: Path) -> None:
    assert read_archive(rewritten(tmp_path, lambda manifest: None), target).version == "99.0"


def test_a_newer_one_is_refused(tmp_path: Path, target: Path) -> None:
    file = rewritten(tmp_path, lambda manifest: manifest.update(format_version=2))
    assert "newer version of Tongchuang (99.0)" in refusal(file, target)


@pytest.mark.parametrize("name", ["../escaped", "/tmp/escaped", "files/../../escaped", "files/.hidden"])
def test_nothing_is_written_outside(name: str, tmp_path: Path, target: Path) -> None:
    def rename(manifest: dict[str, object]) -> None:
        members = manifest["members"]
        assert isinstance(members, list)
        members[0]["name"] = name

    refusal(rewritten(tmp_path, rename), target)
    assert list(target.iterdir()) == []
    assert not (tmp_path / "escaped").exists()


def test_what_the_manifest_does_not_name_is_refused(tmp_path: Path, target: Path) -> None:
    link = tarfile.TarInfo("files/link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    refusal(rewritten(tmp_path, lambda manifest: None, link), target)
    assert not (target / "files/link").is_symlink()
