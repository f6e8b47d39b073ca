"""The private socket on which commands of this machine ask a running server for something (`server.data_lock` asks)."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import structlog

from server.errors import TongchuangError
from server.tasks import TaskOwner

log = structlog.get_logger("tongchuang.control")

Handler = Callable[[Mapping[str, Any]], Awaitable[dict[str, Any]]]


class ControlSocket:
    """One line of JSON in (`do` names the handler), one out. One request at a time."""

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        self._handlers = handlers
        self._turn = asyncio.Lock()
        self._tasks = TaskOwner("control")
        self._server: asyncio.Server | None = None
        self._folder: Path | None = None

    async def start(self, folder: Path) -> str:
        """Its path. `folder` becomes ours; it must let in nobody but our own user (mode 0700)."""
        self._folder = folder
        path = str(folder / "control.sock")
        self._server = await asyncio.start_unix_server(self._accept, path)
        return path

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.start(self._answer(reader, writer), name="request")

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = json.loads(await reader.readline())
            async with self._turn:
                answer = await self._handle(request)
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        except (ValueError, ConnectionError):
            pass  # whoever asked is gone, or said nothing of ours
        finally:
            writer.close()

    async def _handle(self, request: Mapping[str, Any]) -> dict[str, Any]:
        handler = self._handlers.get(str(request.get("do", "")))
        if handler is None:
            return {"ok": False, "detail": "this server does not know that request"}
        try:
            return {"ok": True, **await handler(request)}
        except TongchuangError as error:
            log.error("control_failed", error_code=str(error.code), detail=error.detail)
            return {"ok": False, "detail": error.detail}

    async def close(self) -> None:
        """Idempotent."""
        if self._server is not None:
            self._server.close()
        await self._tasks.close()
        if self._folder is not None:
            await asyncio.to_thread(shutil.rmtree, self._folder, True)
