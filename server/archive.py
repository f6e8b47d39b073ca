"""A backup as a file: a tar with a manifest that names every member, its size and its SHA-256.

Members in order: `manifest.json`, `manifest.sha256`, then the members of the manifest. A reader takes nothing that the
manifest does not name, and nothing that is not exactly as it says.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
import tarfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from server.errors import ErrorCode, Unavailable

FORMAT = "tongchuang-backup"
# Raised when an older version could not read what we write.
FORMAT_VERSION = 1
MANIFEST, MANIFEST_SUM = "manifest.json", "manifest.sha256"
# A manifest of a hundred thousand members; more is a mistake or an attack.
_MAX_MANIFEST_BYTES = 32 * 1024 * 1024
_PIECE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a backup says of itself. `engine` is `sqlite` or `postgresql`; `created_at` ISO 8601, UTC."""

    created_at: str
    version: str
    engine: str
    revision: str


@dataclass(frozen=True, slots=True)
class Member:
    name: str
    size: int
    sha256: str


def write_archive(file: Path, facts: Facts, members: Mapping[str, Path]) -> None:
    """Whole and on the disk, or not there at all; readable by its owner only (mode 0600), for it holds secrets.

    Raises Unavailable(BACKUP_REFUSED), also when there is such a file already: whatever it is, it is not replaced.
    """
    if file.exists():
        raise Unavailable(ErrorCode.BACKUP_REFUSED, f"{file} exists already")
    listed = [Member(name, path.stat().st_size, _digest(path)) for name, path in members.items()]
    manifest = {"format": FORMAT, "format_version": FORMAT_VERSION, **asdict(facts)}
    text = json.dumps({**manifest, "members": [asdict(member) for member in listed]}, indent=1).encode()
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
                for name, content in ((MANIFEST, text), (MANIFEST_SUM, hashlib.sha256(text).hexdigest().encode())):
                    tar.addfile(_header(name, len(content)), io.BytesIO(content))
                for member in listed:
                    with members[member.name].open("rb") as source:
                        tar.addfile(_header(member.name, member.size), source)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(file)
        sync_folder(file.parent)
    except OSError as error:
        raise Unavailable(ErrorCode.BACKUP_REFUSED, f"{file}: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)


def read_archive(file: Path, folder: Path) -> Facts:
    """Unpack into `folder` and say what it is. Raises Unavailable(BACKUP_UNUSABLE) in one sentence; what was unpacked
    until then is the caller's to remove."""
    try:
        with tarfile.open(file, mode="r:") as tar:
            manifest = _read_manifest(file, tar)
            listed = [Member(**member) for member in manifest["members"]]
            facts = Facts(**{name: str(manifest[name]) for name in Facts.__slots__})
            _unpack(file, tar, {member.name: member for member in listed}, folder)
    except FileNotFoundError:
        raise Unavailable(ErrorCode.BACKUP_UNUSABLE, f"{file} does not exist") from None
    except (tarfile.TarError, EOFError, KeyError, TypeError, ValueError) as error:
        raise Unavailable(ErrorCode.BACKUP_UNUSABLE, f"{file} is damaged, or no backup of Tongchuang") from error
    except OSError as error:
        raise Unavailable(ErrorCode.BACKUP_UNUSABLE, f"{file}: {error.strerror}") from error
    return facts


def _read_manifest(file: Path, tar: tarfile.TarFile) -> dict[str, Any]:
    text, expected = (_small(tar, name) for name in (MANIFEST, MANIFEST_SUM))
    manifest: dict[str, Any] = json.loads(text)
    if manifest["format"] != FORMAT:
        raise ValueError(manifest["format"])
    if not isinstance(manifest["format_version"], int) or manifest["format_version"] > FORMAT_VERSION:
        detail = f"{file} was written by a newer version of Tongchuang ({manifest.get('version')})"
        raise Unavailable(ErrorCode.BACKUP_UNUSABLE, detail)
    if hashlib.sha256(text).hexdigest() != expected.decode():
        raise ValueError(MANIFEST_SUM)
    return manifest


def _small(tar: tarfile.TarFile, name: str) -> bytes:
    header = tar.next()
    if header is None or header.name != name or not header.isreg() or header.size > _MAX_MANIFEST_BYTES:
        raise ValueError(name)
    stream = tar.extractfile(header)
    assert stream is not None
    return stream.read()


def _unpack(file: Path, tar: tarfile.TarFile, expected: dict[str, Member], folder: Path) -> None:
    while (header := tar.next()) is not None:
        member = expected.pop(header.name, None)
        if member is None or not header.isreg() or header.size != member.size or not _is_plain(member.name):
            raise ValueError(header.name)
        stream = tar.extractfile(header)
        assert stream is not None
        target = folder / member.name
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        digest = hashlib.sha256()
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            while piece := stream.read(_PIECE_BYTES):
                digest.update(piece)
                out.write(piece)
            out.flush()
            os.fsync(out.fileno())
        if digest.hexdigest() != member.sha256:
            detail = f"{file} is damaged: {member.name} is not what was saved"
            raise Unavailable(ErrorCode.BACKUP_UNUSABLE, detail)
    if expected:
        raise Unavailable(ErrorCode.BACKUP_UNUSABLE, f"{file} is damaged: {min(expected)} is missing")


def _is_plain(name: str) -> bool:
    """Relative, without a step upwards or a hidden part: nothing outside of the folder is ever written."""
    path = PurePosixPath(name)
    return not path.is_absolute() and bool(path.parts) and not any(part.startswith(".") for part in path.parts)


def _header(name: str, size: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.size, header.mode = size, 0o600
    return header


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
