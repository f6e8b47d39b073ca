"""Identifiers: distinct types for the checker, LiveKit's prefixes on the wire."""

from __future__ import annotations

import secrets
from typing import NewType

RoomName = NewType("RoomName", str)
RoomSid = NewType("RoomSid", str)
Identity = NewType("Identity", str)
ParticipantSid = NewType("ParticipantSid", str)
TrackSid = NewType("TrackSid", str)

SchoolId = NewType("SchoolId", str)
AccountId = NewType("AccountId", str)
ClassGroupId = NewType("ClassGroupId", str)
StudentId = NewType("StudentId", str)
LessonId = NewType("LessonId", str)
# Who somebody is in a lesson's room: the LiveKit identity, `adult-…`, `pupil-…` or `screen-…`.
PersonId = NewType("PersonId", str)

# Of the UIDs of our own events. Not the server's own name: a school that moves to another address keeps its events.
CALENDAR_DOMAIN = "tongchuang"

# Why: no look-alikes (0 O, 1 l I), because sids are read out of logs by people.
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_LENGTH = 12


def _random() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def new_room_sid() -> RoomSid:
    return RoomSid(f"RM_{_random()}")


def new_participant_sid() -> ParticipantSid:
    return ParticipantSid(f"PA_{_random()}")


def new_track_sid(prefix: str = "TR_") -> TrackSid:
    """`prefix` may say the kind as LiveKit does: ``TR_AM`` microphone, ``TR_VC`` camera …"""
    return TrackSid(f"{prefix}{_random()}")


def new_school_id() -> SchoolId:
    return SchoolId(f"sc_{_random()}")


def new_account_id() -> AccountId:
    return AccountId(f"ac_{_random()}")


def new_class_group_id() -> ClassGroupId:
    return ClassGroupId(f"cg_{_random()}")


def new_student_id() -> StudentId:
    return StudentId(f"st_{_random()}")


def new_lesson_id() -> LessonId:
    return LessonId(f"le_{_random()}")
