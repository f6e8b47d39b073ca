"""Everything is a pair: two sides of the Pacific, two languages. Values that every package shares. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Side(StrEnum):
    """Where a school, and so its half of a lesson, is: Taiwan or the United States."""

    TAIWAN = "tw"
    UNITED_STATES = "us"


@dataclass(frozen=True, slots=True)
class LocalizedText:
    """One text in both languages; on the wire under `en` and `zh-Hant-TW`."""

    en: str
    zh: str

    @property
    def both(self) -> str:
        """For places with room for one string only, as a LiveKit participant's name."""
        return self.en if self.en == self.zh else f"{self.en} {self.zh}"


# Monday first, as `date.weekday()` counts.
WEEKDAYS = (
    LocalizedText("Mon", "週一"),
    LocalizedText("Tue", "週二"),
    LocalizedText("Wed", "週三"),
    LocalizedText("Thu", "週四"),
    LocalizedText("Fri", "週五"),
    LocalizedText("Sat", "週六"),
    LocalizedText("Sun", "週日"),
)
