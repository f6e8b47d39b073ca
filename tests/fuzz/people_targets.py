"""What people upload and type: class lists as files and as text, names, addresses, own paths, origins."""

from __future__ import annotations

from server.access import is_own_origin, own_path
from server.people import clean_email, clean_line, decode_roster, parse_roster, parse_smtp_url


def _text(data: bytes) -> str:
    """Any text, with lone surrogates as JSON may carry them."""
    return data.decode("utf-8", "surrogatepass" if b"\xed\xa0" in data else "replace")


def roster_file(data: bytes) -> None:
    preview = parse_roster(decode_roster(data), in_class=("Amy",))
    for name in preview.good:
        assert name
        assert len(name) <= 40
        assert name[0] not in "=+-@"


def roster_text(data: bytes) -> None:
    try:
        text = _text(data)
    except UnicodeDecodeError:
        return
    for line in parse_roster(text).lines:
        line.text.encode()


def name_text(data: bytes) -> None:
    try:
        text = _text(data)
    except UnicodeDecodeError:
        return
    clean_line(text, 80).encode()


def address_text(data: bytes) -> None:
    clean_email(data.decode("utf-8", "replace")).encode("ascii")


def smtp_url(data: bytes) -> None:
    parse_smtp_url(data.decode("utf-8", "replace"))


def own_paths(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    path = own_path(text)
    assert path is None or (path[0] == "/" and path[1:2] not in ("/", "\\"))


def origins(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    if is_own_origin({"Origin": text}, "class.example", "", has_cookies=True):
        assert text.lower().rstrip("/").partition("://")[2].partition("/")[0].rpartition("@")[2] == "class.example"


TARGETS = {
    "roster_file": roster_file,
    "roster_text": roster_text,
    "name_text": name_text,
    "address_text": address_text,
    "smtp_url": smtp_url,
    "own_path": own_paths,
    "origin": origins,
}

_LISTS = [
    '座號,姓名,生日\r\n1,王小明,2015/1/1\r\n2,=1+1,\r\n3,"Lin, Amy",x\r\n',
    "Amy\nBen\n1. Chen\n\u202e\n\u200b\n\u3164\namy@example.org\n",
    'name;notes\nAmy;x\n"Ben""\n',
    "\ufeffdisplay name\tseat\nAmy\t1\n",
]
SEEDS = {
    "roster_file": [
        *(text.encode() for text in _LISTS),
        *(text.encode("utf-16") for text in _LISTS),
        _LISTS[0].encode("cp950"),
    ],
    "roster_text": [text.encode() for text in _LISTS],
    "name_text": ["林老師".encode(), b"Jos\xc3\xa9 N.", "Z\u0335\u0321\u0353".encode()],
    "address_text": [b"first.last+x@mail.school.edu.tw", b"a@b.cc"],
    "smtp_url": [b"smtp://user:pass%40word@mail.example:587/?from=class%40school.example", b"smtps://[::1]:465"],
    "own_path": [b"/lessons/le_abc?side=a&x=%2F%2Fevil", b"//evil.example", b"/\\evil.example"],
    "origin": [b"https://class.example", b"http://class.example:8080", b"null", b"https://class.example@evil.example"],
}
