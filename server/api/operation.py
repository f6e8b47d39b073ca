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


def scheduling(
    method: str,
    path: str,
    name: str,
    summary: str,
    answered: type[BaseModel],
    *,
    sent: type[BaseModel] | None = None,
    status: int = 200,
    query: tuple[tuple[str, str], ...] = (),
    problems: tuple[int, ...] = (401, 403, 404),
) -> Operation:
    """A route of scheduling. `path`: below /api/v1."""
    return Operation(
        method=method,
        path=f"/api/v1{path}",
        name=name,
        summary=summary,
        tag="scheduling",
        sent=sent,
        answered=answered,
        status=status,
        query=query,
        problems=problems,
    )
