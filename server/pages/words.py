"""Words for closed sets of the people's world, in both languages, as the staff pages show them."""

from __future__ import annotations

from typing import Final

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
