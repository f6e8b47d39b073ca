"""Owned tasks: every background task has an owner that names it, reports its failure and ends it (docs/closures.md)."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

# Long enough for a task that cleans up; a whole shutdown has 5 s.
_CANCEL_AGAIN_S = 1.0

log = structlog.get_logger("tongchuang.tasks")


class TaskOwner:
    """A set of tasks that end with their owner. A task that fails is logged once and does not end the others.

    Why not `asyncio.TaskGroup`: its first failure cancels all siblings, and it cannot outlive one `async with`.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._tasks: set[asyncio.Task[Any]] = set()
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, work: Coroutine[Any, Any, Any], *, name: str) -> None:
        """Run `work` until it ends or the owner closes; refused (and the coroutine closed) after `close`."""
        self.start_task(work, name=name)  # type: ignore[unused-awaitable]  # the owner keeps the task

    def start_task(self, work: Coroutine[Any, Any, Any], *, name: str) -> asyncio.Task[Any]:
        """As `start`, for who wants to await or cancel that one task."""
        if self._is_closed:
            work.close()
            raise RuntimeError(f"{self._name} is closed: {name} cannot start")
        task = asyncio.get_running_loop().create_task(work, name=f"{self._name}:{name}")
        self._tasks.add(task)
        task.add_done_callback(self._on_done)
        return task

    def _on_done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("task_failed", task=task.get_name(), exc_info=error)

    async def close(self) -> None:
        """Cancel what runs and wait until it has ended. Idempotent; safe from inside one of its own tasks."""
        self._is_closed = True
        current = asyncio.current_task()
        while others := {task for task in self._tasks if task is not current}:
            for task in others:
                task.cancel()
            # Again after a while: a library may swallow one cancellation (Python 3.11's `wait_for` does).
            await asyncio.wait(others, timeout=_CANCEL_AGAIN_S)
