"""Words of school files in the reader's language: a file says "Term 1" or 早自習 as its school does, in one language.

Only what is certain: whole names out of this list. A name that is not in it stays alone. Pure.
"""

from __future__ import annotations

import re
from typing import Final

from server.pages.language import Language

_WORDS: Final = {
    "Fall semester": "秋季學期",
    "Spring semester": "春季學期",
    "School year": "學年",
    "Fall break": "秋假",
    "Winter break": "寒假",
    "Midwinter break": "冬季短假",
    "Spring break": "春假",
    "Summer break": "暑假",
    "Thanksgiving week": "感恩節假期",
    "full": "全日",
    "half": "半日",
    "early": "提早放學",
    "Morning": "上午",
    "Late morning": "上午後段",
    "Afternoon": "下午",
    "Lunch": "午餐",
    "Morning self-study": "早自習",
    "Homeroom": "導師時間",
    "New Year's Day": "元旦",
    "Martin Luther King Jr. Day": "金恩紀念日",
    "Presidents' Day": "總統日",
    "Washington's Birthday": "華盛頓誕辰紀念日",
    "Memorial Day": "陣亡將士紀念日",
    "Juneteenth National Independence Day": "六月節",
    "Independence Day": "美國獨立紀念日",
    "Labor Day": "勞動節",
    "Columbus Day": "哥倫布日",
    "Election Day": "選舉日",
    "Veterans Day": "退伍軍人節",
    "Statehood Day": "建州日",
    "All Souls' Day": "諸靈節",
    "Our Lady of Camarin Day": "卡瑪琳聖母日",
    "Thanksgiving": "感恩節",
    "Thanksgiving Day": "感恩節",
    "Christmas Day": "聖誕節",
    "Founding Day of the Republic of China": "中華民國開國紀念日",
    "Chinese New Year's Eve": "農曆除夕",
    "Chinese New Year": "春節",
    "Peace Memorial Day": "和平紀念日",
    "Children's Day": "兒童節",
    "Tomb-Sweeping Day": "民族掃墓節",
    "Dragon Boat Festival": "端午節",
    "Mid-Autumn Festival": "中秋節",
    "Confucius' Birthday": "孔子誕辰紀念日",
    "National Day": "國慶日",
    "Taiwan Restoration and Guningtou Victory Memorial Day": "臺灣光復暨金門古寧頭大捷紀念日",
    "Constitution Day": "行憲紀念日",
}
_ZH: Final = {en.casefold(): zh for en, zh in _WORDS.items()}
# Where two English names share a Chinese one, the first is told.
_EN: Final = {zh: en for en, zh in reversed(_WORDS.items())} | {"清明節": "Tomb-Sweeping Day", "午休": "Midday rest"}
_COUNTED: Final = (
    (re.compile(r"(?:term|semester) ([1-9])", re.IGNORECASE), "第 {} 學期"),
    (re.compile(r"p(?:eriod )?([1-9])", re.IGNORECASE), "第 {} 節"),
)
_COUNTED_ZH: Final = (
    (re.compile(r"第 ?([1-9一二三四五六七八九]) ?學期"), "Term {}"),
    (re.compile(r"第 ?([1-9一二三四五六七八九]) ?節"), "Period {}"),
)
_DIGITS: Final = str.maketrans("一二三四五六七八九", "123456789")
_OBSERVED: Final = re.compile(r"(.+?) ?[(（](?:observed|補假)[)）]")


def school_word(name: str, language: Language) -> str:
    """`name` in that language when it is written in the other one and known; "" otherwise."""
    if (observed := _OBSERVED.fullmatch(name)) is not None:
        word = school_word(observed[1], language)
        return word and (f"{word}（補假）" if language == "zh-Hant-TW" else f"{word} (observed)")
    if "; " in name:
        words = [school_word(one, language) for one in name.split("; ")]
        return ("、" if language == "zh-Hant-TW" else "; ").join(words) if all(words) else ""
    name = " ".join(name.split())
    counted, known = (_COUNTED, _ZH) if language == "zh-Hant-TW" else (_COUNTED_ZH, _EN)
    for pattern, shown in counted:
        if (found := pattern.fullmatch(name)) is not None:
            return shown.format(found[1].translate(_DIGITS))
    return known.get(name.casefold(), "")
