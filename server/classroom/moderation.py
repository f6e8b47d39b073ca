"""What a pupil's message holds that a teacher should see first (C17): ways to reach somebody, and bad words. Pure.

A hold costs little, the author sees "waiting for a teacher"; so doubt holds. Every pattern is a sequence of bounded
repeats over disjoint classes: the time is linear in the text (held to by a test and a fuzz target).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from server.classroom.folding import digits_written_out, fold, only_letters, without_leet, without_repeats
from server.classroom.model import Reason

# -- telephone numbers: Taiwan (09xx-xxx-xxx, area codes 02–08, +886), the United States and Canada (NANP), and whatever
# is written in the international form (ITU-T E.164)

_GAP = r"[\s\-.()/·,_*~、，。・•‧]{0,4}"
_RUN = re.compile(rf"\+?\d(?:{_GAP}\d){{6,30}}")
_NOT_DIGIT = re.compile(r"\D")
_MOBILE_TW = re.compile(r"09\d{8}|8869\d{8}")
_LANDLINE_TW = re.compile(r"0[2-8]\d{7,8}|886[2-8]\d{7,8}")
_NANP = re.compile(r"1?[2-9]\d{2}[2-9]\d{6}")
_LOCAL = re.compile(r"(?<![\d.\-/])(?:[2-9]\d{2}-\d{4}|(?!(?:19|20)\d\d-(?:19|20)\d\d)[2-9]\d{3}-\d{4})(?![\d\-/])")
_WRITTEN_NANP = re.compile(r"(?<!\d)\(?[2-9]\d{2}\)?[\s.\-]{1,2}[2-9]\d{2}[\s.\-]{1,2}\d{4}(?!\d)")

# -- addresses. Of the first part its last character is enough: a pattern that begins with a long repeat begins anew at
# every letter of a long word.

_AT = r"(?:@|[\s]{0,2}[(\[{<][\s]?(?:at|@|小老鼠)[\s]?[)\]}>][\s]{0,2}|\s{0,2}小老鼠\s{0,2}|\sat\s)"
_DOT = r"(?:\.|。|[\s]{0,2}[(\[{<][\s]?(?:dot|點|点|\.)[\s]?[)\]}>][\s]{0,2}|\sdot\s|\s?點\s?|\s\.\s?)"
_TLD = r"(?:com|net|org|edu|gov|info|tw|jp|cn|hk|io|gg|tv|ly|app|dev|xyz|link|live|site|online|club|us|me|co|be|uk|ca)"
_EMAIL = re.compile(rf"[a-z0-9._%+\-]{_AT}[a-z0-9\-]{{1,40}}(?:{_DOT}[a-z0-9\-]{{1,20}}){{0,3}}{_DOT}{_TLD}(?![a-z])")
_MAILBOX = re.compile(r"[a-z0-9._%+\-]\s?(?:@|\bat\b|小老鼠)\s?(?:gmail|hotmail|outlook|icloud|yahoo|qq|163)\b")
# Endings that no everyday sentence without a space after its full stop would make: not `me`, `us`, `be`, `co`.
_SURE_TLD = r"(?:com|net|org|edu|gov|info|tw|jp|cn|hk|io|gg|tv|ly|app|dev|xyz|link|live|site|online|club)"
_SCHEME = re.compile(r"[a-z]{2,10}:/{1,3}\w|\bwww\s?[.。]\s?\w|\bhxxps?\b")
_DOMAIN = re.compile(rf"[a-z0-9\-](?:{_DOT}[a-z0-9\-]{{1,30}}){{0,3}}{_DOT}{_SURE_TLD}(?![a-z0-9])")
_DOMAIN_WITH_PATH = re.compile(rf"[a-z0-9\-]\.{_TLD}(?:/|:\d)\S")
_IP = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")

# -- names on other services

_SURE_SERVICE = (
    r"(?:instagram|insta|snapchat|discord|tiktok|whats\s?app|wechat|telegram|facebook|messenger|kakao\s?talk|kakao|"
    r"twitter|roblox|skype|bereal|threads|youtube|twitch|微信|臉書|脸书|抖音|小紅書|小红书|脆|推特|賴)"
)
_DOUBTFUL_SERVICE = r"(?:line|ig|dc|fb|tg|snap|sc|qq|wx|yt|steam|psn|xbox|b站)"
_SERVICE = rf"(?:{_SURE_SERVICE}|{_DOUBTFUL_SERVICE})"
_ID = r"(?:id|帳號|帳戶|帐号|账号|賬號|號碼|handle|user\s?name|username|name|acc|account|tag|名字|暱稱)"
_SAYS = r"\s{0,3}(?:is|are|was|[:：=>\-]{1,3}|是|叫|為|为)\s{0,3}"
_NAME = r"[@#]?[a-z0-9_.\-]{3,40}"
_HANDLES = tuple(
    re.compile(pattern)
    for pattern in (
        # @somebody, somebody#1234
        r"(?<![a-z0-9_.@])@[a-z0-9_.]{3,40}",
        r"[a-z0-9_.]{2,32}\s?#\d{4}(?!\d)",
        # discord is x, IG: x, line id x; of short names that are words as well, only with "id" or a sign
        rf"(?<![a-z]){_SURE_SERVICE}\s{{0,3}}{_ID}?{_SAYS}{_NAME}",
        rf"(?<![a-z]){_DOUBTFUL_SERVICE}\s{{0,3}}{_ID}[\s:：=是]{{0,4}}{_NAME}",
        rf"(?<![a-z])(?:ig|dc|fb|tg|qq|wx|snap|sc|yt){_SAYS}{_NAME}",
        rf"(?<![a-z])line{_SAYS}(?=[a-z_.\-]{{0,20}}[0-9_]){_NAME}",
        # add me on x, follow my x, 加我的賴, 我的 ig
        rf"(?:(?<![a-z])(?:add|follow|dm|msg|message|text|find|call|hmu)|加|追蹤|追踪|關注|关注|私訊|私信|密|找)"
        rf"\s{{0,3}}(?:me|my|us|我)?(?:的)?\s{{0,3}}(?:on|at|in|up|via)?\s{{0,3}}(?:my)?\s{{0,3}}{_SERVICE}(?![a-z])",
        rf"(?:(?<![a-z])my\s{{1,3}}{_SURE_SERVICE}|我的?\s{{0,3}}{_SERVICE})(?![a-z])",
        r"(?<![a-z])my\s{1,3}(?:ig|dc|fb|tg|snap|sc|wx|yt)(?![a-z])",
        # 賴我, snap me, ig 加我
        rf"(?<![a-z])(?:{_SERVICE})\s{{0,3}}(?:加我|找我|密我|追我|我(?![a-z\u4e00-\u9fff])|me(?![a-z]))",
        rf"(?:(?<![a-z])(?:what|whats|what's)|有沒有|有没有|你有|妳有|你的|妳的|給我|给我|交換|换)"
        rf"[\s'a-z]{{0,12}}{_SERVICE}\s{{0,3}}(?:{_ID}|嗎|吗|\?)",
    )
)
_ADDRESSED = frozenset({"@all", "@everyone", "@here", "@teacher", "@teachers", "@class"})

# -- bad words

_TOKEN = re.compile(r"[a-z*]{2,40}")
_SPACED_OUT = re.compile(r"(?<![a-z])[a-z](?:[\s.\-_*,/]{1,3}[a-z](?![a-z])){2,30}")
_SPACES = re.compile(r"[^a-z]+")


@dataclass(frozen=True, slots=True)
class Moderator:
    """Made once from the word lists (see `server.classroom.words`)."""

    words: frozenset[str]
    stems: tuple[str, ...]
    phrases: tuple[str, ...]
    chinese: re.Pattern[str]
    innocent: re.Pattern[str]
    starred: dict[int, tuple[str, ...]] = field(repr=False)

    @classmethod
    def of(cls, *, english: Iterable[str], phrases: Iterable[str], chinese: Iterable[str]) -> Moderator:
        english, chinese = list(english), [line.casefold() for line in chinese]
        words = frozenset(word for word in english if not word.endswith("*"))
        stems = tuple(word[:-1] for word in english if word.endswith("*"))
        by_length: dict[int, list[str]] = {}
        for word in (*words, *stems):
            by_length.setdefault(len(word), []).append(word)
        return cls(
            words=words,
            stems=stems,
            phrases=tuple(f" {phrase} " for phrase in phrases),
            chinese=_any_of(word for word in chinese if not word.startswith("!")),
            innocent=_any_of(word[1:] for word in chinese if word.startswith("!")),
            starred={length: tuple(found) for length, found in by_length.items()},
        )

    def reasons(self, text: str, recent: Sequence[str] = ()) -> tuple[Reason, ...]:
        """Why `text` waits for a teacher; empty when it does not. `recent`: what the author wrote just before."""
        folded = fold(text)
        found = {
            Reason.PHONE: _has_phone(folded) or _continues_phone(folded, recent),
            Reason.EMAIL: _EMAIL.search(folded) is not None or _MAILBOX.search(folded) is not None,
            Reason.LINK: any(p.search(folded) for p in (_SCHEME, _DOMAIN_WITH_PATH, _DOMAIN, _IP)),
            Reason.HANDLE: _has_handle(folded),
            Reason.LANGUAGE: self._is_rude(folded),
        }
        return tuple(reason for reason, is_so in found.items() if is_so)

    def _is_rude(self, folded: str) -> bool:
        if self.chinese.search(self.innocent.sub(" ", only_letters(folded))):
            return True
        return any(self._is_rude_english(variant) for variant in {folded, *without_leet(folded)})

    def _is_rude_english(self, text: str) -> bool:
        tokens = _TOKEN.findall(text)
        if any(self._is_bad(word) for token in tokens for word in {token, *without_repeats(token)}):
            return True
        if any(self._is_bad_spaced(found.group()) for found in _SPACED_OUT.finditer(text)):
            return True
        spoken = f" {_SPACES.sub(' ', text)} "
        return any(phrase in spoken for phrase in self.phrases)

    def _is_bad(self, word: str) -> bool:
        if "*" in word:
            return self._is_starred(word)
        return word in self.words or word.startswith(self.stems)

    def _is_starred(self, word: str) -> bool:
        """f*ck, s**t: at least two letters must agree."""
        if len(word) - word.count("*") < 2:
            return False
        known = self.starred.get(len(word), ())
        return any(all(a in ("*", b) for a, b in zip(word, bad, strict=True)) for bad in known)

    def _is_bad_spaced(self, text: str) -> bool:
        letters = "".join(character for character in text if character.isalpha())
        return self._is_bad(letters) or any(bad in letters for bad in (*self.words, *self.stems) if len(bad) >= 4)


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    """A plain alternation of literals; of nothing, what never matches."""
    literals = sorted({re.escape(word) for word in words}, key=len, reverse=True)
    return re.compile("|".join(literals) if literals else r"(?!)")


def _has_phone(folded: str) -> bool:
    if _LOCAL.search(folded) or _WRITTEN_NANP.search(folded):
        return True
    return any(
        _is_phone(found.group()) for text in (folded, digits_written_out(folded)) for found in _RUN.finditer(text)
    )


def _is_phone(run: str) -> bool:
    digits = _NOT_DIGIT.sub("", run)
    if run.startswith("+"):
        return True
    if _MOBILE_TW.search(digits) or _LANDLINE_TW.fullmatch(digits):
        return True
    return _NANP.fullmatch(digits) is not None


_MAX_PARTS = 6


def _continues_phone(folded: str, recent: Sequence[str]) -> bool:
    """A number sent in pieces: this message is one of them, and all of them together are a number."""
    pieces = [fold(text) for text in recent[-_MAX_PARTS:]] + [folded]
    digits = ["".join(re.findall(r"\d", digits_written_out(piece))) for piece in pieces]
    if not digits[-1] or len(only_letters(folded)) > 3 * len(digits[-1]):
        return False
    return any(_is_phone("".join(digits[start:])) for start in range(len(digits) - 1) if digits[start])


def _has_handle(folded: str) -> bool:
    return any(found.group() not in _ADDRESSED for pattern in _HANDLES for found in pattern.finditer(folded))
