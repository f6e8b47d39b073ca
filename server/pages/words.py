"""Words for closed sets of the people's world, in both languages, as the staff pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from server.pair import LocalizedText, Side
from server.people import Role

ROLES: Final[dict[Role, LocalizedText]] = {
    Role.TEACHER: LocalizedText("Teacher", "老師"),
    Role.COORDINATOR: LocalizedText("Coordinator", "協調人"),
    Role.LIAISON_OFFICER: LocalizedText("Liaison officer", "聯絡人"),
    Role.IT_ADMINISTRATOR: LocalizedText("IT administrator", "資訊管理員"),
    Role.STUDENT: LocalizedText("Student", "學生"),
}

SIDES: Final[dict[Side, LocalizedText]] = {
    Side.TAIWAN: LocalizedText("Taiwan", "臺灣"),
    Side.UNITED_STATES: LocalizedText("United States", "美國"),
}

LANGUAGE_NAMES: Final[dict[str, LocalizedText]] = {
    "en": LocalizedText("English", "English"),
    "zh-Hant-TW": LocalizedText("中文", "中文"),
}


@dataclass(frozen=True, slots=True)
class Zone:
    side: Side
    name: LocalizedText


def _us(en: str, zh: str) -> Zone:
    return Zone(Side.UNITED_STATES, LocalizedText(en, zh))


# IANA names that schools of the two sides live by. A list, because a typed zone is a lesson an hour off.
ZONES: Final[dict[str, Zone]] = {
    "Asia/Taipei": Zone(Side.TAIWAN, LocalizedText("Taiwan: Taipei", "臺灣：臺北")),
    "America/New_York": _us("Eastern: New York", "東部：紐約"),
    "America/Detroit": _us("Eastern: Detroit", "東部：底特律"),
    "America/Indiana/Indianapolis": _us("Eastern: Indianapolis", "東部：印第安納波利斯"),
    "America/Chicago": _us("Central: Chicago", "中部：芝加哥"),
    "America/Denver": _us("Mountain: Denver", "山區：丹佛"),
    "America/Boise": _us("Mountain: Boise", "山區：博伊西"),
    "America/Phoenix": _us("Arizona: Phoenix (no change of clocks)", "亞利桑那：鳳凰城（無日光節約時間）"),
    "America/Los_Angeles": _us("Pacific: Los Angeles", "太平洋：洛杉磯"),
    "America/Anchorage": _us("Alaska: Anchorage", "阿拉斯加：安克拉治"),
    "Pacific/Honolulu": _us("Hawaii: Honolulu", "夏威夷：檀香山"),
    "Pacific/Guam": _us("Guam", "關島"),
    "Pacific/Saipan": _us("Northern Mariana Islands: Saipan", "北馬利安納群島：塞班"),
    "Pacific/Pago_Pago": _us("American Samoa: Pago Pago", "美屬薩摩亞：巴哥巴哥"),
    "America/Puerto_Rico": _us("Puerto Rico", "波多黎各"),
}

# Why here: ZoneInfo keeps what somebody holds, so that no page reads a file of the time zone database while serving.
_HELD: Final = tuple(map(ZoneInfo, ZONES))


def zone_options() -> list[tuple[str, LocalizedText]]:
    return [(zone, entry.name) for zone, entry in ZONES.items()]


ROLE_HINTS: Final[dict[Role, LocalizedText]] = {
    Role.TEACHER: LocalizedText("keeps class lists, prints cards, leads lessons", "管理班級名單、列印課堂卡、主持課堂"),
    Role.COORDINATOR: LocalizedText(
        "invites and verifies the people of this school, sees its lessons and its log",
        "邀請並驗證本校人員，查看本校課堂與稽核紀錄",
    ),
    Role.LIAISON_OFFICER: LocalizedText("knows the schools of a region", "聯繫一個地區的學校"),
    Role.IT_ADMINISTRATOR: LocalizedText("looks after the whole installation", "管理整個系統"),
    Role.STUDENT: LocalizedText("has a class card, no account", "使用課堂卡，沒有帳號"),
}
