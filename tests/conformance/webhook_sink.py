"""Receives webhooks in a thread of its own, as an application would, and verifies them with livekit-api."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

from livekit import api
from livekit.protocol.webhook import WebhookEvent


class WebhookSink:
    """An HTTP server on loopback; answers 200, or a failure as often as `fail_next` says."""

    def __init__(self) -> None:
        self.deliveries: list[tuple[str, str]] = []
        self.content_types: list[str] = []
        self.fail_next = 0
        self._lock = threading.Lock()
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
                status = sink._take(body, self.headers.get("authorization", ""), self.headers.get("content-type", ""))
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the name of the overridden method)
                """Silence: a failing test prints what it needs."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/webhook"

    def _take(self, body: str, authorization: str, content_type: str) -> int:
        with self._lock:
            if self.fail_next:
                self.fail_next -= 1
                return 503
            self.deliveries.append((body, authorization.removeprefix("Bearer ")))
            self.content_types.append(content_type)
            return 200

    def events(self, key: str, secret: str, room: str) -> list[WebhookEvent]:
        """What came for a room, in order; raises when a signature is wrong."""
        receiver = api.WebhookReceiver(api.TokenVerifier(key, secret))
        with self._lock:
            deliveries = list(self.deliveries)
        received = [receiver.receive(body, token) for body, token in deliveries if room in body]
        return [event for event in received if event.room.name == room]

    def __enter__(self) -> WebhookSink:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
