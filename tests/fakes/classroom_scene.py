"""A fake lesson's whole truth and what each person may know of it, as docs/protocol/classroom.md says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from server.pair import LocalizedText

Payload = dict[str, Any]
RIGHTS = ("chat", "microphone", "camera", "screen_share")
KEY = {"people": "person", "chat": "message", "words": "word", "lobby": "person", "reports": "report"}
TITLE = LocalizedText(en="Weather & Typhoons", zh="天氣與颱風")


def both(en: str, zh: str = "") -> Payload:
    return {"en": en, "zh-Hant-TW": zh or en}


def allowed(**but: bool) -> Payload:
    return {**dict.fromkeys(RIGHTS, True), **but}


def member(person: str, name: Payload, side: str, role: str = "pupil", **more: Any) -> Payload:
    rights = allowed() if role != "pupil" else allowed(screen_share=False)
    return {
        "person": person,
        "name": name,
        "side": side,
        "role": role,
        "status": "admitted",
        "is_companion": False,
        "allowed": rights,
        **more,
    }


PEOPLE = (
    member("adult-lin", both("Ms. Lin", "林老師"), "a", "lead"),
    member("adult-chen", both("Mr. Chen", "陳老師"), "a", "co_teacher"),
    member("adult-ortega", both("Mr. Ortega", "歐特加老師"), "b", "lead"),
    member("pupil-ming", both("小明 Ming"), "a"),
    member("pupil-chang", both("張同學"), "a"),
    member("pupil-ava", both("Ava"), "b"),
    member("pupil-noah", both("Noah"), "b"),
)


def sides() -> list[Payload]:
    return [
        {
            "key": "a",
            "side": "tw",
            "school": both("Chenguang Elementary School", "晨光國小"),
            "place": both("Taipei", "臺北"),
            "zone": "Asia/Taipei",
            "class_group": both("Class 5A", "五年甲班"),
            "mode": "individual",
        },
        {
            "key": "b",
            "side": "us",
            "school": both("Saguaro Elementary School", "仙人掌國小"),
            "place": both("Tucson", "土桑"),
            "zone": "America/Phoenix",
            "class_group": both("Grade 5, Room 12", "五年級 12 班"),
            "mode": "individual",
        },
    ]


def instant(minutes: float) -> str:
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class FakeClass:
    """One lesson's whole truth, and who is connected."""

    def __init__(self) -> None:
        self.seq = 10
        self.lesson: Payload = {
            "id": "le_fake",
            "title": both(TITLE.en, TITLE.zh),
            "state": "live",
            "starts_at": instant(-15),
            "ends_at": instant(25),
            "minutes": 40,
            "adults_needed": 1,
            "sides": sides(),
        }
        self.people: dict[str, Payload] = {one["person"]: dict(one) for one in PEOPLE}
        self.shared: Payload = {
            "hands": [],
            "permissions": allowed(screen_share=False),
            "is_locked": False,
            "grace_ends_at": None,
        }
        self.lists: dict[str, list[Payload]] = {"chat": [], "words": [], "lobby": [], "reports": []}
        self.notes: dict[str, str] = {}
        self.sockets: dict[str, str] = {}

    def is_teacher(self, person: str) -> bool:
        return person.startswith("adult-")

    def is_waiting(self, person: str) -> bool:
        return person in self.notes or person not in self.people

    def you(self, person: str) -> Payload:
        known = self.people.get(person) or member(person, both(person), "b")
        is_teacher = self.is_teacher(person)
        status = "waiting" if self.is_waiting(person) else "admitted"
        return {**known, "is_teacher": is_teacher, "is_lead": known["role"] == "lead", "status": status}

    def sees(self, person: str, message: Payload) -> bool:
        if message["to"] == "between_leads":
            return bool(self.you(person)["is_lead"])
        is_open = message["to"] == "everyone" and message["status"] == "shown"
        return is_open or self.is_teacher(person) or message["from"] == person

    def state(self, person: str) -> Payload:
        base = {"seq": self.seq, "at": instant(0), "you": self.you(person), "lesson": self.lesson}
        if self.is_waiting(person):
            return {**base, "lobby_note": self.notes.get(person, "waiting")}
        chat = [message for message in self.lists["chat"] if self.sees(person, message)]
        whole = {
            **base,
            "lobby_note": None,
            **self.shared,
            "people": list(self.people.values()),
            "chat": chat,
            "words": self.lists["words"],
        }
        if self.is_teacher(person):
            whole |= {"lobby": self.lists["lobby"], "reports": self.lists["reports"]}
        return whole
