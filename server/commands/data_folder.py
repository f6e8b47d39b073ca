"""The data folder: there, ours alone, and writable, or one sentence why not."""

from __future__ import annotations

import tempfile
from pathlib import Path

from server.errors import ErrorCode, Unavailable


def prepare_data_folder(data: Path) -> Path:
    """Made on first use, readable by its owner only: it holds keys and people's names."""
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=data):
            pass
    except OSError as error:
        raise Unavailable(ErrorCode.DATA_UNUSABLE, f"{data}: {error.strerror}") from error
    return data.resolve()
