"""Identifiers: distinct types for the checker, LiveKit's prefixes on the wire."""

from __future__ import annotations

import secrets
from typing import NewType

RoomName = NewType("RoomName", str)
RoomSid = NewType("RoomSid", str)
Identity = NewType("Identity", str)
ParticipantSid = NewType("ParticipantSid", str)
TrackSid = NewType("TrackSid", str)

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
