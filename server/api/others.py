"""Routes of /api/v1 that other packages serve, as the document tells them."""

from __future__ import annotations

from typing import Final

from server.api.operation import Operation
from server.api.wire import CheckTokensOut, DemoLessonOut, DemoTokenOut, RoomTokenOut

DEMO: Final = (
    Operation(
        method="GET",
        path="/api/v1/demo/lesson",
        name="demo_lesson",
        summary="The lesson that is always live in demo mode",
        tag="demo",
        answered=DemoLessonOut,
        needs_sign_in=False,
        problems=(404, 429),
    ),
    Operation(
        method="GET",
        path="/api/v1/demo/lesson/token",
        name="demo_lesson_token",
        summary="A seat in it",
        tag="demo",
        answered=DemoTokenOut,
        query=(("seat", "`lin` or `ortega`"), ("guest", "`1`: an identity of one's own")),
        needs_sign_in=False,
        problems=(400, 404, 429),
    ),
    Operation(
        method="POST",
        path="/api/v1/check/token",
        name="check_tokens",
        summary="A room that nobody else knows, to test sound, picture and network in",
        tag="check",
        answered=CheckTokensOut,
        needs_sign_in=False,
        problems=(429,),
    ),
)

CLASSROOM: Final = (
    Operation(
        method="GET",
        path="/api/v1/lessons/{id}/token",
        name="room_token",
        summary="A token for the lesson's room, for who was let in (adults, or pupils by their seat)",
        tag="classroom",
        answered=RoomTokenOut,
        problems=(401, 403, 404, 409),
    ),
    Operation(
        method="GET",
        path="/api/v1/lessons/{id}/screen-token",
        name="room_screen_token",
        summary="A token for the big screen of one side",
        tag="classroom",
        answered=RoomTokenOut,
        problems=(401, 403, 404, 409),
    ),
)
