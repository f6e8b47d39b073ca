"""A text as a reader takes it: full width, ornaments, invisible marks and number words put right. Pure.

Unicode Standard Annex 15 (NFKC); each step keeps the length within a small factor, so that what follows is linear.
"""

from __future__ import annotations

import re
import unicodedata

# Longer texts never come here (protocol: 1000); NFKC makes one character into at most 18.
MAX_CHARS = 20_000

_INVISIBLE = frozenset({"Cf", "Cc", "Co", "Cs", "Mn", "Me"})
_KEPT_CONTROLS = frozenset("\n\t")
# Letters of other scripts that look like Latin ones (Unicode Technical Standard 39, the few that are used for it).
_LOOK_ALIKES = str.maketrans("аеоросухіѕјԁɡһոԛԝαορντικ", "aeopocyxisjdghnqwaopvtik")
_LEET = str.maketrans("013457$@!|+€", "oieastsaiite")
_LEET_L = str.maketrans("1|!", "lll")

_DIGIT_WORDS = {
    "zero": "0", "oh": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9",
}  # fmt: skip
_DIGIT_WORD = re.compile(r"(?<![a-z])(?:" + "|".join(_DIGIT_WORDS) + r")(?![a-z])")
_CHINESE_DIGITS = str.maketrans("零〇一二三四五六七八九壹貳參肆伍陸柒捌玖幺", "001234567891234567891")
_REPEATED = re.compile(r"(.)\1{2,}")


def fold(text: str) -> str:
    """Lower case, half width, without accents, invisible marks and letters of other scripts that only look Latin."""
    wide = unicodedata.normalize("NFKD", text[:MAX_CHARS])
    seen = "".join(
        character
        for character in wide
        if character in _KEPT_CONTROLS or unicodedata.category(character) not in _INVISIBLE
    )
    folded = unicodedata.normalize("NFKC", seen).casefold()
    return folded.translate(_LOOK_ALIKES)


def digits_written_out(folded: str) -> str:
    """Number words and Chinese numerals as digits: "zero nine", 零九."""
    return _DIGIT_WORD.sub(lambda found: _DIGIT_WORDS[found.group()], folded).translate(_CHINESE_DIGITS)


def without_leet(folded: str) -> tuple[str, str]:
    """Numbers and signs as the letters that they stand for; 1 may be i or l."""
    return folded.translate(_LEET), folded.translate(_LEET_L).translate(_LEET)


def without_repeats(word: str) -> tuple[str, str]:
    """Letters repeated for emphasis, once and twice: fuuuck, asssss."""
    return _REPEATED.sub(r"\1", word), _REPEATED.sub(r"\1\1", word)


def only_letters(folded: str) -> str:
    """Without spaces, signs and anything else that is put between characters."""
    return "".join(character for character in folded if character.isalnum())
