"""One route of the JSON API as its document tells it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """`path` as aiohttp writes it. `problems`: statuses that a caller must expect besides 500."""

    method: str
    path: str
    name: str
    summary: str
    tag: str
    sent: type[BaseModel] | None = None
    answered: type[BaseModel] | None = None
    status: int = 200
    query: tuple[tuple[str, str], ...] = ()
    needs_sign_in: bool = True
    problems: tuple[int, ...] = ()

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names in braces."""
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))
