"""What is held and what is not: both are promises. The innocent ones are sentences of real lessons."""

from __future__ import annotations

import pytest

from server.classroom.folding import fold
from server.classroom.model import Reason
from server.classroom.moderation import Moderator
from server.classroom.words import read_words

MODERATOR = Moderator.of(english=read_words("en"), phrases=read_words("phrases_en"), chinese=read_words("zh"))

HELD = {
    Reason.PHONE: (
        "0912345678",
        "my number is 0912-345-678",
        "打給我 ０９１２ ３４５ ６７８",
        "0 9 1 2 3 4 5 6 7 8",
        "０９１２・３４５・６７８",
        "09\u200b12\u200b345678",
        "零九一二三四五六七八",
        "zero nine one two three four five six seven eight",
        "02-2345-6789",
        "(02) 2345 6789",
        "+886 912 345 678",
        "(520) 555-0123",
        "520.555.0123",
        "call 1-520-555-0123 now",
        "555-0123",
        "+44 20 7946 0958",
    ),
    Reason.EMAIL: (
        "mei@example.com",
        "mei.chen+x@mail.example.edu.tw",
        "ＭＥＩ＠ｅｘａｍｐｌｅ．ｃｏｍ",
        "mei at gmail dot com",
        "mei(at)gmail(dot)com",
        "mei 小老鼠 gmail 點 com",
        "mei@gmail",
    ),
    Reason.LINK: (
        "https://example.org/x",
        "HTTP://EXAMPLE.ORG",
        "www.example.tw",
        "go to example.com",
        "example。com",
        "discord.gg/abc",
        "bit.ly/3xYz",
        "youtu.be/abc123",
        "example dot com",
        "192.168.0.1",
    ),
    Reason.HANDLE: (
        "@mei_mei2015",
        "mei#1234",
        "my insta is mei.mei",
        "IG: meimei",
        "加我的賴",
        "加LINE",
        "line id: mei0912x",
        "Line:mei_0912",
        "我的ig是 mei",
        "add me on discord",
        "snap me",
        "discord is mei2015",
        "你有賴嗎",
        "what's your instagram?",
        "follow my tiktok",
        "加我微信",
    ),
    Reason.LANGUAGE: (
        "fuck",
        "FUCKING great",
        "fuuuuuck",
        "f u c k you",
        "f.u.c.k",
        "f*ck",
        "sh1t",
        "$h!t",
        "b1tch",
        "ｆｕｃｋ",
        "fu\u200bck",
        "fückin",
        "fuсk",  # a Cyrillic с
        "kill yourself",
        "他媽的",
        "他 媽 的",
        "他.媽.的",
        "幹你娘",
        "王八蛋",
        "你是白痴嗎",
        "傻逼",
        "ㄍㄋㄋ",
    ),
}

INNOCENT = (
    "",
    "Hello! How are you today?",
    "你好，我是小美，很高興認識你！",
    "The lesson is on 2026-10-19 at 09:00.",
    "2024-2025",
    "1234 + 5678 = 6912",
    "3.14159265358979",
    "one two three four five six seven eight nine ten",
    "一二三四五六七八九十",
    "We have 28 students and you have 17.",
    "三八二十四",
    "第三小組準備好了",
    "我媽媽的手機",
    "國際性交流活動很好玩",
    "我操作看看",
    "樹幹上有一隻小鳥，班級幹部在看",
    "生日你想要什麼？",
    "I live in Tucson, Arizona. Where do you live?",
    "Draw a line: one meter long",
    "The line is straight. Stand in line, please.",
    "my line is hard to say",
    "Look at me",
    "I like it.me too",
    "e.g. cats, i.e. animals",
    "The class passed. Scunthorpe, cockpit, analysis, assess, grass, Dickens",
    "I a m h a p p y",
    "U S A is a country",
    "@teacher can I ask?",
    "It costs $5.00 or NT$150",
    "我家有五個人：爸爸、媽媽、哥哥、妹妹和我",
    "My favourite food is beef noodles 牛肉麵!!!",
    "10:30-11:10 → 18:30-19:10",
    "ok... see you at 3 o'clock",
    "我們在玩線上遊戲 Minecraft",
    "He said: I am 11 years old",
    "我在路口交通很亂的地方看到你",
    "做愛心便當",
    "Yay 👏👏👏 ❤️",
    "room 301-302",
)  # fmt: skip


@pytest.mark.parametrize(("reason", "text"), [(reason, text) for reason, texts in HELD.items() for text in texts])
def test_held(reason: Reason, text: str) -> None:
    assert reason in MODERATOR.reasons(text)
    assert reason in MODERATOR.reasons(f"hi, {text} ok?")


@pytest.mark.parametrize("text", INNOCENT)
def test_not_held(text: str) -> None:
    assert MODERATOR.reasons(text) == ()


def test_a_number_in_pieces_is_held_at_the_last() -> None:
    assert MODERATOR.reasons("345 678", ["hi", "0912"]) == (Reason.PHONE,)
    assert MODERATOR.reasons("I got 345 678 points in this whole big game today", ["0912"]) == ()
    assert MODERATOR.reasons("7", ["3", "we are 11"]) == ()


def test_every_word_of_the_lists_is_found() -> None:
    for word in (*read_words("en"), *read_words("phrases_en")):
        assert Reason.LANGUAGE in MODERATOR.reasons(f"x {word.replace('*', '')} y"), word
    for word in read_words("zh"):
        if not word.startswith("!"):
            assert Reason.LANGUAGE in MODERATOR.reasons(f"那個{word}啦"), word
        else:
            assert MODERATOR.reasons(f"那個{word[1:]}啦") == (), word


def test_an_empty_list_holds_nothing() -> None:
    nobody = Moderator.of(english=(), phrases=(), chinese=())
    assert nobody.reasons("fuck 他媽的") == ()


EVIL = (
    "1" * 1000, "1 " * 500, "1.-" * 333, "a@" * 500, "a." * 500, "a-" * 500, "@" * 1000, "a.b" * 333, "at " * 333,
    "line " * 200, "我的" * 500, "my ig " * 160, "f " * 500, "f*" * 500, "*" * 1000, "ffff" * 250, "﷽" * 1000,
    "(at)" * 250, "dot " * 250, "a點" * 500, "http" * 250, "//" * 500, "+1" * 500, "#1" * 500, "零" * 1000,
    "zero" * 250,
    "e\u0301" * 500, "\u200b" * 1000, "discord" * 140, "add me on " * 100, "1-" * 500, "192." * 250, "a . " * 250,
)  # fmt: skip


@pytest.mark.parametrize("text", EVIL)
def test_no_text_makes_a_pattern_run_away(text: str) -> None:
    """Far longer than a message may be: a pattern that backtracks would run into the time limit of the test."""
    MODERATOR.reasons(text * 10)


def test_folding_takes_ornaments_off() -> None:
    assert fold("Ｆüｃ\u200bＫ") == "fuck"
    assert fold("ﷺ" * 20_000)
