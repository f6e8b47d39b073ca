"""We offer: the subscriber connection of v0 clients (media.md §a.5), one section for data and one for each track.

Sections are only ever added; one that lost its track is offered `inactive` and, once that is answered and there are
many, serves another track of its kind. The state of an offer that was never answered may or may not be the client's:
the next offer therefore builds on it and never takes a section back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from server.sfu.description import DtlsRole, Fingerprint, IceParameters, MediaKind, SendSection
from server.signaling.negotiation_codecs import UNSUPPORTED_CODEC, accepted_extensions, ids_down, sendable
from server.signaling.negotiation_own_codecs import codecs_for, idle_codecs, offered_extensions
from server.signaling.negotiation_sections import announced, data_section, media_section, send_section, with_transport
from server.signaling.negotiation_transport import (
    check_same_peer,
    is_restart,
    is_usable,
    remote_transport,
    role_as_offerer,
)
from server.signaling.negotiation_values import LocalTransport, Negotiated, Outgoing, refuse
from server.signaling.sdp import APPLICATION, Direction, MediaSection, SessionDescription, Setup
from server.signaling.sdp_attributes import MAX_SECTIONS
from server.signaling.sdp_parser import SdpReader
from server.signaling.sdp_writer import write_sdp

_DATA_MID = "0"
# Two for each of 30 people, and as many again for reconnects: about 100 kB of offer, well below what clients accept.
_FRESH_SECTIONS = 120
_RECEIVES = (Direction.RECVONLY, Direction.SENDRECV)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slot:
    """One media section. `is_free`: the client has agreed that nothing runs here. `is_dead`: it has given it up."""

    mid: str
    kind: MediaKind
    track: Outgoing | None = None
    is_free: bool = False
    is_dead: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Peer:
    ice: IceParameters
    fingerprints: tuple[Fingerprint, ...]
    role: DtlsRole


class OfferingSide:
    """Keeps its sections from offer to offer."""

    def __init__(self, *, session_id: int = 1) -> None:
        self._session_id = session_id
        self._version = 0
        self._slots: tuple[_Slot, ...] = ()
        self._refused: frozenset[str] = frozenset()
        self._peer: _Peer | None = None
        self._is_pending = False
        self._reader = SdpReader()

    @property
    def is_pending(self) -> bool:
        """An offer waits for its answer."""
        return self._is_pending

    @property
    def mid_to_track(self) -> dict[str, str]:
        """As in the last offer."""
        return {slot.mid: slot.track.track_sid for slot in self._slots if slot.track is not None}

    def offer(self, local: LocalTransport, outgoing: Sequence[Outgoing], *, ice_restart: bool = False) -> str:
        """The next offer. `ice_restart` is what new credentials in `local` mean; the flag only documents the call."""
        wanted = {track.track_sid: track for track in outgoing}
        self._refused &= wanted.keys()
        slots = [_kept(slot, wanted) for slot in self._slots]
        placed = {slot.track.track_sid for slot in slots if slot.track is not None} | self._refused
        for track in wanted.values():
            if track.track_sid not in placed and codecs_for(track):
                _place(slots, track)
        self._slots = tuple(slots)
        self._version += 1
        self._is_pending = True
        sections = [_data(), *(_section(slot) for slot in slots)]
        description = SessionDescription(
            session_id=self._session_id,
            version=self._version,
            bundle=tuple(one.mid for one in sections if not one.is_rejected),
            is_ice_lite=True,
            sections=with_transport(sections, local, Setup.ACTPASS),
        )
        return write_sdp(description)

    def accept(self, answer_sdp: str) -> Negotiated:
        """What the answer to the last offer agrees to. Raises InvalidInput (SDP_INVALID); nothing has changed then."""
        if not self._is_pending:
            raise refuse("an answer without an offer")
        answer = self._reader.read(answer_sdp)
        by_mid = self._match(answer)
        usable = tuple(one for one in answer.sections if is_usable(one, answer.bundle))
        remote = remote_transport(answer, usable)
        before = self._peer
        check_same_peer(before.fingerprints if before else None, remote.fingerprints)
        role = role_as_offerer(remote.setup, before.role if before else None)
        live = {one.mid for one in usable}
        sending: dict[str, SendSection] = {}
        slots = tuple(_settled(slot, by_mid[slot.mid], slot.mid in live, sending) for slot in self._slots)
        refused = {slot.track.track_sid for slot in self._slots if slot.track} - sending.keys()
        self._slots = slots
        self._refused |= refused
        self._peer = _Peer(ice=remote.ice, fingerprints=remote.fingerprints, role=role)
        self._is_pending = False
        return Negotiated(
            sdp="",
            remote_ice=remote.ice,
            remote_fingerprints=remote.fingerprints,
            role=role,
            is_ice_restart=is_restart(before.ice if before else None, remote.ice),
            sending=sending,
            mid_to_track=self.mid_to_track,
            refused=tuple((sid, UNSUPPORTED_CODEC) for sid in sorted(refused)),
            has_data=_DATA_MID in live,
        )

    def _match(self, answer: SessionDescription) -> Mapping[str, MediaSection]:
        """Answers repeat the offer's sections one by one (RFC 3264 §6)."""
        ours = [(_DATA_MID, APPLICATION), *((slot.mid, str(slot.kind)) for slot in self._slots)]
        theirs = [(section.mid, section.kind) for section in answer.sections]
        if ours != theirs:
            raise refuse("the answer's sections are not those of the offer")
        return {section.mid: section for section in answer.sections}


def _kept(slot: _Slot, wanted: Mapping[str, Outgoing]) -> _Slot:
    if slot.track is None:
        return slot
    now = wanted.get(slot.track.track_sid)
    return replace(slot, track=now if now is not None and now.ssrc == slot.track.ssrc else None)


def _place(slots: list[_Slot], track: Outgoing) -> None:
    # Why fresh sections first: a used one keeps its first track's id at the client, and the native SDK leaves it black.
    is_full = len(slots) >= _FRESH_SECTIONS
    for index, slot in enumerate(slots if is_full else ()):
        if slot.is_free and slot.kind is track.kind and slot.track is None:
            slots[index] = replace(slot, track=track, is_free=False)
            return
    # Why one less: the data section counts too. A track beyond waits for a section to become free.
    if len(slots) < MAX_SECTIONS - 1:
        slots.append(_Slot(mid=str(len(slots) + 1), kind=track.kind, track=track))


def _data() -> MediaSection:
    like = MediaSection(kind=APPLICATION, mid=_DATA_MID, protocol="UDP/DTLS/SCTP", formats=("webrtc-datachannel",))
    return data_section(like)


def _section(slot: _Slot) -> MediaSection:
    like = MediaSection(kind=slot.kind, mid=slot.mid, has_rtcp_rsize=True)
    if slot.track is not None:
        base = media_section(like, Direction.SENDONLY, codecs_for(slot.track))
        has_rtx = slot.kind is MediaKind.VIDEO
        return replace(announced(base, slot.track, has_rtx=has_rtx), extensions=offered_extensions(slot.kind))
    idle = media_section(like, Direction.INACTIVE, idle_codecs(slot.kind))
    return replace(idle, port=0) if slot.is_dead else replace(idle, extensions=offered_extensions(slot.kind))


def _settled(slot: _Slot, answered: MediaSection, is_live: bool, sending: dict[str, SendSection]) -> _Slot:
    """The slot after the answer; what runs goes into `sending`."""
    if not is_live:
        return replace(slot, track=None, is_free=False, is_dead=True)
    track = slot.track
    codecs = sendable(answered, track) if track is not None and answered.direction in _RECEIVES else ()
    if track is None or not codecs:
        return replace(slot, track=None, is_free=True)
    ours = {(one.id, one.uri) for one in offered_extensions(slot.kind)}
    agreed = [one for one in accepted_extensions(answered) if (one.id, one.uri) in ours]
    sending[track.track_sid] = send_section(answered, track, codecs, ids_down(agreed))
    return replace(slot, is_free=False)
