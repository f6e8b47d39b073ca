"""The LiveKit key and secret: from the environment, or made once and kept in the data folder (mode 0600)."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from server.errors import ErrorCode, InvalidInput, Unavailable

# LiveKit's own floor: a shorter HMAC-SHA256 secret can be guessed off line from one token.
MIN_SECRET_CHARS = 32
FILE_NAME = "livekit-keys.json"


def parse_keys(text: str) -> dict[str, str]:
    """`key: secret` lines, as LiveKit's LIVEKIT_KEYS. Raises InvalidInput without showing a secret."""
    keys: dict[str, str] = {}
    for number, line in enumerate(text.strip().splitlines(), start=1):
        if not line.strip():
            continue
        key, colon, secret = (part.strip() for part in line.partition(":"))
        if not (key and colon and secret):
            raise InvalidInput(ErrorCode.KEYS_INVALID, f"line {number} of LIVEKIT_KEYS is not `key: secret`")
        keys[key] = secret
    return keys


def configured_keys(*, api_key: str, api_secret: str, keys: str) -> dict[str, str]:
    """What the environment names, checked; empty when it names none."""
    found = parse_keys(keys)
    if bool(api_key) is not bool(api_secret):
        raise InvalidInput(ErrorCode.KEYS_INVALID, "LIVEKIT_API_KEY and LIVEKIT_API_SECRET go together")
    if api_key:
        # Why first: the pair of the environment is the one that tokens are made with.
        found = {api_key: api_secret, **found}
    for key, secret in found.items():
        if len(secret) < MIN_SECRET_CHARS:
            detail = f"the secret of {key} is shorter than {MIN_SECRET_CHARS} characters"
            raise InvalidInput(ErrorCode.KEYS_INVALID, detail)
    return found


def read_kept_keys(data: Path) -> dict[str, str]:
    """The keys of a data folder; empty when it has none yet."""
    try:
        stored = json.loads((data / FILE_NAME).read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise Unavailable(ErrorCode.DATA_UNUSABLE, f"{data / FILE_NAME}: {error.strerror}") from error
    except ValueError as error:
        raise Unavailable(ErrorCode.DATA_UNUSABLE, f"{data / FILE_NAME} is damaged") from error
    if not (isinstance(stored, dict) and stored and all(isinstance(value, str) for value in stored.values())):
        raise Unavailable(ErrorCode.DATA_UNUSABLE, f"{data / FILE_NAME} is damaged")
    return stored


def kept_keys(data: Path) -> dict[str, str]:
    """The keys of a data folder, made on first use: written beside, then linked, so that two starts agree on one."""
    if kept := read_kept_keys(data):
        return kept
    made = {f"API{secrets.token_hex(6)}": secrets.token_urlsafe(MIN_SECRET_CHARS)}
    draft = data / f".{FILE_NAME}.{secrets.token_hex(4)}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(made, file)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, data / FILE_NAME)
    except FileExistsError:
        return read_kept_keys(data)
    finally:
        draft.unlink()
    return made


def kept_secret(data: Path, name: str) -> bytes:
    """32 random bytes of a data folder, under `name`, made on first use; two starts agree on one. Mode 0600."""
    path = data / name
    if not path.exists():
        draft = data / f".{name}.{secrets.token_hex(4)}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            # Another start was faster.
            pass
        finally:
            draft.unlink()
    secret = path.read_bytes()
    if len(secret) != 32:
        raise Unavailable(ErrorCode.DATA_UNUSABLE, f"{path} is damaged")
    return secret
