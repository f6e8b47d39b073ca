"""Words for slots, in English and in the Chinese of Taiwan: why a slot stands where it does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from scheduler.model import Confidence, Names, Tier
from scheduler.slot import ClockEffect, Payer, Reason, Slot

_TIERS: Mapping[Tier, Names] = {
    Tier.BOTH_IN_CLASS: Names(en="Both classes are at school in lesson time.", zh="兩邊都在正課時間。"),
    Tier.SELF_STUDY: Names(
        en="At school on both sides, one of them in morning self-study or at lunch.",
        zh="兩邊都在校，其中一邊用早自習或午休。",
    ),
    Tier.AFTER_SCHOOL: Names(
        en="One side comes before school or stays after it.", zh="其中一邊要提早到校或放學後留校。"
    ),
    Tier.EVENING: Names(en="One side joins from home in the evening.", zh="其中一邊晚上在家上線。"),
    Tier.SATURDAY: Names(en="One side joins on a Saturday.", zh="其中一邊週六參加。"),
}
_WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WEEKDAYS_ZH = "一二三四五六日"


def weekday_names(index: int) -> Names:
    return Names(en=_WEEKDAYS_EN[index], zh=f"週{_WEEKDAYS_ZH[index]}")


def date_names(on: date) -> Names:
    weekday = weekday_names(on.weekday())
    return Names(en=f"{weekday.en} {on:%-d %b %Y}", zh=f"{on.year} 年 {on.month} 月 {on.day} 日（{weekday.zh}）")


def explained(slots: Iterable[Slot], name_a: Names, name_b: Names) -> Iterator[Slot]:
    """The slots in their order, with their ranks and reasons, the weightiest first. What is said of one week is said
    of most others too."""
    said: dict[object, tuple[Reason, ...]] = {}
    for rank, slot in enumerate(slots, start=1):
        a, b = slot.a, slot.b
        place = (
            *(slot.tier, slot.payer, a.burden_minutes, b.burden_minutes, a.is_reluctant, b.is_reluctant),
            *(slot.confidence, a.is_period_start or b.is_period_start, id(slot.clock_change), a.start, b.start),
        )
        reasons = said.get(place)
        if reasons is None:
            reasons = said[place] = _reasons(slot, name_a, name_b)
        yield slot._replace(rank=rank, reasons=reasons)


def _reasons(slot: Slot, name_a: Names, name_b: Names) -> tuple[Reason, ...]:
    """Of nothing but what `explained` tells slots apart by."""
    found = [Reason(code=f"tier_{slot.tier}", text=_TIERS[slot.tier]), _payer(slot, name_a, name_b)]
    for side, name in ((slot.a, name_a), (slot.b, name_b)):
        if side.is_reluctant:
            text = Names(en=f"{name.en} offers this only reluctantly.", zh=f"{name.zh}對這個時段的意願不高。")
            found.append(Reason(code="reluctant", text=text))
    if slot.confidence is Confidence.UNCONFIRMED:
        text = Names(
            en="A school calendar of this year is not published or not checked: unconfirmed.",
            zh="這個學年的行事曆尚未公布或尚未查核，僅供參考。",
        )
        found.append(Reason(code="calendar_unconfirmed", text=text))
    if slot.a.is_period_start or slot.b.is_period_start:
        text = Names(en="It begins with a period of the timetable.", zh="與課表的節次同時開始。")
        found.append(Reason(code="starts_with_period", text=text))
    if slot.clock_change is not None:
        found.append(_clock(slot.clock_change, slot, name_a, name_b))
    return tuple(found)


def _payer(slot: Slot, name_a: Names, name_b: Names) -> Reason:
    if slot.payer is Payer.NONE:
        text = Names(en="Nobody gives up time outside school.", zh="沒有任何一邊犧牲課餘時間。")
    elif slot.payer is Payer.BOTH:
        minutes = slot.a.burden_minutes
        text = Names(en=f"Both give {minutes} minutes outside school.", zh=f"兩邊各付出 {minutes} 分鐘課餘時間。")
    else:
        name, side = (name_a, slot.a) if slot.payer is Payer.A else (name_b, slot.b)
        other = slot.b if slot.payer is Payer.A else slot.a
        more_en = f", the other side {other.burden_minutes}" if other.burden_minutes else ""
        more_zh = f"，另一邊 {other.burden_minutes} 分鐘" if other.burden_minutes else ""
        text = Names(
            en=f"{name.en} gives {side.burden_minutes} minutes outside school{more_en}.",
            zh=f"{name.zh}付出 {side.burden_minutes} 分鐘課餘時間{more_zh}。",
        )
    return Reason(code=f"payer_{slot.payer}", text=text)


def _clock(effect: ClockEffect, slot: Slot, name_a: Names, name_b: Names) -> Reason:
    mover = name_a if effect.side == "a" else name_b
    on, amount = date_names(effect.on), abs(effect.shift_minutes)
    way = Names(en="back", zh="調慢") if effect.shift_minutes < 0 else Names(en="forward", zh="調快")
    return Reason(
        code="clock_change",
        text=Names(
            en=(
                f"On {on.en} {mover.en}'s clock goes {way.en} {amount} minutes: if {name_a.en} keeps {slot.a.start},"
                f" {name_b.en} starts at {effect.if_a_stays}; if {name_b.en} keeps {slot.b.start}, {name_a.en} starts"
                f" at {effect.if_b_stays}."
            ),
            zh=(
                f"{on.zh}起{mover.zh}的時鐘{way.zh} {amount} 分鐘：若{name_a.zh}維持 {slot.a.start}，"
                f"{name_b.zh}改為 {effect.if_a_stays} 開始；若{name_b.zh}維持 {slot.b.start}，"
                f"{name_a.zh}改為 {effect.if_b_stays} 開始。"
            ),
        ),
    )
