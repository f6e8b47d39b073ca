"""Which section carries which subscription: v1 clients offer receive-only sections, we fill them (media.md §a.4).

A track keeps its section as long as both live. A section that lost its track rests for one answer (``inactive``),
because browsers announce a new track only when a section starts to be sent on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from server.sfu.description import MediaKind
from server.signaling.negotiation_codecs import sendable
from server.signaling.negotiation_values import Outgoing, Shortage
from server.signaling.sdp import Direction, MediaSection


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """Where everything stands after one answer."""

    live: Mapping[str, Outgoing] = field(default_factory=dict)
    """By mid."""
    receivers: tuple[MediaSection, ...] = ()
    """Sections of the last offer on which the client only receives."""
    refused: tuple[str, ...] = ()
    """Track sids that no section of the client can decode."""
    shortage: Shortage = field(default_factory=Shortage)


def place(before: Placing, usable: tuple[MediaSection, ...], outgoing: Sequence[Outgoing]) -> Placing:
    receivers = tuple(one for one in usable if one.is_media and one.direction is Direction.RECVONLY)
    live = _kept(before, receivers, outgoing)
    resting = {mid for mid in before.live if mid not in live}
    placed = {track.track_sid for track in live.values()}
    free = [one for one in receivers if one.mid not in live and one.mid not in resting]
    refused: list[str] = []
    waiting: list[Outgoing] = []
    for track in outgoing:
        if track.track_sid in placed:
            continue
        same_kind = [one for one in receivers if one.kind == track.kind]
        if same_kind and not any(sendable(one, track) for one in same_kind):
            refused.append(track.track_sid)
            continue
        section = next((one for one in free if one.kind == track.kind and sendable(one, track)), None)
        if section is None:
            waiting.append(track)
            continue
        live[section.mid] = track
        placed.add(track.track_sid)
        free.remove(section)
    rested = [one.kind for one in receivers if one.mid in resting]
    return Placing(live=live, receivers=receivers, refused=tuple(refused), shortage=_shortage(waiting, rested))


def _kept(before: Placing, receivers: tuple[MediaSection, ...], outgoing: Sequence[Outgoing]) -> dict[str, Outgoing]:
    wanted = {track.track_sid: track for track in outgoing}
    by_mid = {one.mid: one for one in receivers}
    live: dict[str, Outgoing] = {}
    for mid, track in before.live.items():
        section, still = by_mid.get(mid), wanted.get(track.track_sid)
        # Why the SSRC: a delivery that stopped and starts again is a new one to the client.
        is_same = still is not None and still.ssrc == track.ssrc
        if (
            section is not None
            and still is not None
            and is_same
            and still.kind == section.kind
            and sendable(section, still)
        ):
            live[mid] = still
    return live


def _shortage(waiting: Sequence[Outgoing], rested: Sequence[str]) -> Shortage:
    """Sections that rest now can serve the next answer, so only the rest is missing."""
    missing = {
        kind: max(0, sum(track.kind is kind for track in waiting) - sum(one == kind for one in rested))
        for kind in MediaKind
    }
    return Shortage(audio=missing[MediaKind.AUDIO], video=missing[MediaKind.VIDEO], wants_offer=bool(waiting))


def shortage_of(now: Placing, outgoing: Sequence[Outgoing]) -> Shortage:
    """What is needed for `outgoing` if the client offered the same sections again."""
    then = place(now, now.receivers, outgoing)
    changes = {mid: track.track_sid for mid, track in then.live.items()} != {
        mid: track.track_sid for mid, track in now.live.items()
    }
    return Shortage(
        audio=then.shortage.audio, video=then.shortage.video, wants_offer=changes or then.shortage.wants_offer
    )
