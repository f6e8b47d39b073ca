"""Where a request comes from, and where a sign-in may lead back to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.access import is_own_origin, own_path, sign_in_url
from server.access.forgery import csrf_of, is_csrf
from server.people.token import new_token

HOST = "class.example:8080"


@pytest.mark.parametrize(
    ("headers", "has_cookies", "is_own"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True, True),
        ({"Sec-Fetch-Site": "none"}, True, True),
        ({"Sec-Fetch-Site": "same-site"}, False, False),
        ({"Sec-Fetch-Site": "cross-site"}, False, False),
        # What the browser says of itself goes before what it says of the page.
        ({"Sec-Fetch-Site": "cross-site", "Origin": f"http://{HOST}"}, True, False),
        ({"Sec-Fetch-Site": "nonsense"}, False, False),
        ({"Origin": f"http://{HOST}"}, True, True),
        ({"Origin": f"https://{HOST.upper()}"}, True, True),
        ({"Origin": "https://front.example"}, True, True),
        ({"Origin": "http://front.example"}, True, False),
        ({"Origin": "http://class.example"}, True, False),
        ({"Origin": "http://class.example:8080.evil.example"}, False, False),
        ({"Origin": "http://evil.example"}, False, False),
        ({"Origin": f"http://{HOST}@evil.example"}, False, False),
        ({"Origin": f"ftp://{HOST}"}, False, False),
        ({"Origin": "null"}, False, False),
        ({"Origin": ""}, False, False),
        # No browser: only where there is nothing to misuse.
        ({}, False, True),
        ({}, True, False),
    ],
)
def test_own_origin(headers: dict[str, str], has_cookies: bool, is_own: bool) -> None:
    assert is_own_origin(headers, HOST, "https://front.example", has_cookies=has_cookies) is is_own


@pytest.mark.parametrize("host", ["", "null"])
def test_an_empty_host_is_nobody(host: str) -> None:
    for origin in ("", "null", "http://", f"http://{host}"):
        is_own = is_own_origin({"Origin": origin}, host, "", has_cookies=True)
        assert is_own is (host != "" and origin == f"http://{host}")


def test_every_sign_in_has_its_word() -> None:
    token, other = new_token(), new_token()
    assert csrf_of(token) == csrf_of(token) != csrf_of(other)
    assert token not in csrf_of(token)
    assert is_csrf(csrf_of(token), csrf_of(token))
    for wrong in ("", csrf_of(other), csrf_of(token)[:-1], token, "字", "\ud800"):
        assert not is_csrf(wrong, csrf_of(token))


@pytest.mark.parametrize(
    "path", ["/", "/lessons/le_1?side=a&x=%2F%2Fevil", "/%2F/evil.example", "/a//b", "/@evil.example"]
)
def test_paths_of_our_own(path: str) -> None:
    assert own_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "lessons",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/lessons\\..",
        "https://evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/\n/evil.example",
        " //evil.example",
        "/ /evil.example",
        "/x\x00",
        "/" + "x" * 5000,
    ],
)
def test_paths_that_lead_elsewhere(path: str) -> None:
    assert own_path(path) is None
    assert sign_in_url(path) == "/sign-in"


@given(st.text(alphabet=st.sampled_from("/\\.:@?#%a2Fjs \t\n\r\x00字"), max_size=12))
def test_no_text_leads_elsewhere(text: str) -> None:
    """As browsers read it (WHATWG URL): tabs and line breaks are dropped, a backslash is a slash."""
    path = own_path(text)
    if path is not None:
        read = path.replace("\t", "").replace("\n", "").replace("\r", "").replace("\\", "/")
        assert read.startswith("/")
        assert not read.startswith("//")


def test_where_to_come_back_to() -> None:
    assert sign_in_url("/lessons/le_1?side=a") == "/sign-in?next=/lessons/le_1%3Fside%3Da"
    assert sign_in_url("/") == "/sign-in"
