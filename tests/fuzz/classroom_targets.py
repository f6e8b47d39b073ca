"""Fuzz targets of the classroom: what browsers send over Socket.IO, codes of cards, and the moderation of texts."""

from __future__ import annotations

import json
from collections.abc import Callable

from server.classroom.codes import normal_code
from server.classroom.moderation import Moderator
from server.classroom.protocol import EVENTS, parse, parse_connect
from server.classroom.words import read_words
from server.errors import ErrorCode, InvalidInput

MODERATOR = Moderator.of(english=read_words("en"), phrases=read_words("phrases_en"), chinese=read_words("zh"))


def _json(data: bytes) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise InvalidInput(ErrorCode.INVALID_REQUEST, "no JSON") from None


def classroom_event(data: bytes) -> None:
    """The name of the event before the first line feed, its payload after it."""
    name, _, payload = data.partition(b"\n")
    parse(name.decode("utf-8", "surrogateescape"), _json(payload))


def classroom_connect(data: bytes) -> None:
    parse_connect(_json(data))


def moderation(data: bytes) -> None:
    """As long as the longest message; also what UTF-8 cannot hold."""
    MODERATOR.reasons(data[:4000].decode("utf-8", "surrogateescape"))


def card_code(data: bytes) -> None:
    code = normal_code(data.decode("utf-8", "surrogateescape"))
    assert code is None or normal_code(code) == code


TARGETS: dict[str, Callable[[bytes], None]] = {
    "classroom_event": classroom_event,
    "classroom_connect": classroom_connect,
    "moderation": moderation,
    "card_code": card_code,
}

_PAYLOADS = (
    b'{"client_id": "c1", "to": "everyone", "text": "hello"}',
    b'{"message": "m12"}',
    b'{"people": ["pupil-st_1", "screen-a"], "source": "camera"}',
    b'{"people": "everyone", "source": "microphone"}',
    b'{"person": "pupil-st_1", "what": "chat", "allowed": null}',
    b'{"en": "window", "zh": "\xe7\xaa\x97", "note": ""}',
    b'{"about": "m12", "text": "x"}',
    b"{}",
    b"null",
    b"[" * 2000 + b"]" * 2000,
)

SEEDS: dict[str, list[bytes]] = {
    "classroom_event": [name.encode() + b"\n" + payload for name in EVENTS for payload in _PAYLOADS],
    "classroom_connect": [b'{"lesson": "le_1", "companion": true}', b'{"lesson": "le_1", "screen": "a"}', b"7"],
    "moderation": [
        text.encode()
        for text in (
            "0912-345-678 (520) 555-0123 +886 2 2345 6789",
            "mei (at) gmail dot com, https://example.org/x, www.x.tw, 192.168.0.1",
            "add me on discord, line id: mei_2015, \u52a0\u6211\u7684\u8cf4, @mei#1234",
            "f u c k, sh1t, f*ck, \u4ed6 \u5abd \u7684, \u96f6\u4e5d\u4e00\u4e8c\u4e09\u56db\u4e94\u516d\u4e03\u516b",
            "\uff10\uff19\uff11\uff12 \ufdfd\ufdfa \u200b\u202e e\u0301\u0301\u0301",
        )
    ],
    "card_code": [
        b"ABCD-2345",
        b"abcd2345",
        b" a b c d 2 3 4 5 ",
        "\uff21\uff22\uff23\uff24\uff12\uff13\uff14\uff15".encode(),
    ],
}
