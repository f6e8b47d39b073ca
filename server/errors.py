"""The one exception tree, and the one table from code to status and bilingual text.

    TongchuangError            code, detail for the log, HTTP status and user text by the table
    ├── InvalidInput           the caller sent something wrong: 400
    ├── Unauthorized           no, expired or forged credentials: 401
    ├── Forbidden              valid credentials without the right: 403
    ├── NotFound               there is none, or none that the caller may know of: 404
    ├── Conflict               the state does not allow it now: 409
    ├── LimitExceeded          too much, too many, too fast: 429
    └── Unavailable            a part of the product does not answer: 503

A bad media packet is never an exception but a counted ``DropReason`` (see ``server.sfu``).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ErrorCode(StrEnum):
    """Stable machine codes. Add freely, never rename."""

    INVALID_REQUEST = "invalid_request"
    INTERNAL = "internal"
    NOT_FOUND = "not_found"


@dataclass(frozen=True, slots=True)
class ErrorText:
    """What a person reads, in both languages."""

    en: str
    zh: str


TEXTS: dict[ErrorCode, ErrorText] = {
    ErrorCode.INVALID_REQUEST: ErrorText("The request could not be understood.", "無法理解這個請求。"),
    ErrorCode.INTERNAL: ErrorText("Something went wrong on our side.", "系統發生問題。"),
    ErrorCode.NOT_FOUND: ErrorText("This page or thing does not exist.", "找不到這個頁面或項目。"),
}


class TongchuangError(Exception):
    """Root of the tree. `detail` is for logs and developers, never shown to pupils."""

    status = 500

    def __init__(self, code: ErrorCode, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else str(code))
        self.code = code
        self.detail = detail

    @property
    def text(self) -> ErrorText:
        return TEXTS[self.code]


class InvalidInput(TongchuangError):
    status = 400


class Unauthorized(TongchuangError):
    status = 401


class Forbidden(TongchuangError):
    status = 403


class NotFound(TongchuangError):
    status = 404


class Conflict(TongchuangError):
    status = 409


class LimitExceeded(TongchuangError):
    status = 429


class Unavailable(TongchuangError):
    status = 503
