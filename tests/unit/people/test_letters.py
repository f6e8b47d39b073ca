"""Letters are in both languages and carry their link; addresses of mail servers are read or refused."""

from __future__ import annotations

import pytest

from server.errors import InvalidInput
from server.pair import LocalizedText
from server.people import parse_smtp_url
from server.people.letters import invitation_letter, reset_letter
from server.people.mail import SmtpServer

NAME = LocalizedText("Ms. Lin", "林老師")
URL = "https://class.example/invitation/abc"


def test_both_languages_and_the_link() -> None:
    for letter in (
        invitation_letter(NAME, LocalizedText("Dawn School", "晨光國小"), URL, 14),
        reset_letter(NAME, URL, 60),
    ):
        assert letter.text.count(f"\n{URL}\n") == 2
        assert "Ms. Lin" in letter.text
        assert "林老師" in letter.text
        assert "\n" not in letter.subject
        assert max(map(len, letter.text.splitlines())) < 200


@pytest.mark.parametrize(
    ("url", "server"),
    [
        (
            "smtp://mail.school.example",
            SmtpServer(host="mail.school.example", port=587, sender="tongchuang@mail.school.example"),
        ),
        (
            "smtps://mail.school.example",
            SmtpServer(host="mail.school.example", port=465, sender="tongchuang@mail.school.example", is_tls=True),
        ),
        (
            "smtp://us%40er:p%3Aw@[::1]:2525/?from=class%40school.example",
            SmtpServer(host="::1", port=2525, sender="class@school.example", user="us@er", password="p:w"),
        ),
    ],
)
def test_mail_servers(url: str, server: SmtpServer) -> None:
    assert parse_smtp_url(url) == server
    assert "p:w" not in repr(parse_smtp_url(url))


@pytest.mark.parametrize("url", ["http://x", "smtp://", "smtp://x:nan", "mail", "smtp://[::1", "smtp://x:99999"])
def test_what_is_no_mail_server(url: str) -> None:
    with pytest.raises(InvalidInput):
        parse_smtp_url(url)
