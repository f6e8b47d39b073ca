"""We answer: the one connection of v1 clients and the publisher connection of v0 clients (media.md §a.4–a.7).

An answer is computed from the offer and the state of the last answer, and only a whole answer replaces that state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from server.sfu.description import DtlsRole, Fingerprint, IceParameters, MediaKind, SendSection
from server.signaling.negotiation_binding import Binding, bind, is_publishing, receive_section
from server.signaling.negotiation_codecs import (
    UNSUPPORTED_CODEC,
    accepted_extensions,
    ids_down,
    ids_up,
    offered_mime,
    receivable,
    rtp_codecs,
    sendable,
)
from server.signaling.negotiation_placing import Placing, place, shortage_of
from server.signaling.negotiation_sections import (
    SETUP_OF,
    data_section,
    inactive_section,
    media_section,
    rejected_section,
    send_section,
    sending_section,
    with_transport,
)
from server.signaling.negotiation_transport import (
    RemoteTransport,
    check_same_peer,
    is_restart,
    is_usable,
    remote_transport,
    role_as_answerer,
)
from server.signaling.negotiation_values import (
    Incoming,
    LocalTransport,
    Negotiated,
    Outgoing,
    PublishOptions,
    RefusedPublish,
    Shortage,
)
from server.signaling.sdp import APPLICATION, Direction, MediaSection, Msid, Rid, SessionDescription, Simulcast
from server.signaling.sdp_parser import SdpReader
from server.signaling.sdp_writer import write_sdp


@dataclass(frozen=True, slots=True, kw_only=True)
class _Agreed:
    """The state that the last answer left."""

    version: int = 0
    ice: IceParameters | None = None
    fingerprints: tuple[Fingerprint, ...] | None = None
    role: DtlsRole | None = None
    bindings: Mapping[str, Binding] = field(default_factory=dict)
    publishing: frozenset[str] = frozenset()
    placing: Placing = field(default_factory=Placing)


@dataclass(slots=True)
class _Work:
    """What one answer collects while it goes through the sections."""

    incoming: list[Incoming] = field(default_factory=list)
    refused_publish: list[RefusedPublish] = field(default_factory=list)
    sending: dict[str, SendSection] = field(default_factory=dict)
    has_data: bool = False


class AnsweringSide:
    """Keeps mids, tracks and roles stable from answer to answer.

    `single` = the connection also carries what the client subscribes to. `publish_mimes` are the codecs that clients
    may publish, such as ``video/vp8``.
    """

    def __init__(self, *, single: bool, publish_mimes: frozenset[str], session_id: int = 1) -> None:
        self._single = single
        self._mimes = publish_mimes
        self._session_id = session_id
        self._agreed = _Agreed()
        self._reader = SdpReader()

    def read(self, offer_sdp: str) -> SessionDescription:
        """The offer as a value, for `is_ice_restart` and `answer`; raises InvalidInput (SDP_INVALID)."""
        return self._reader.read(offer_sdp)

    def is_ice_restart(self, offer: SessionDescription) -> bool:
        """Asked before `answer`, because the answer to a restart needs new credentials of ours (RFC 8839 §4.4)."""
        usable = tuple(one for one in offer.sections if is_usable(one, offer.bundle))
        return is_restart(self._agreed.ice, remote_transport(offer, usable).ice)

    def shortage(self, outgoing: Sequence[Outgoing]) -> Shortage:
        """What the client would have to offer for these subscriptions, by the sections of its last offer."""
        if not self._single or self._agreed.ice is None:
            return Shortage()
        return shortage_of(self._agreed.placing, outgoing)

    def free(self, kind: MediaKind) -> int:
        """Sections of the last offer that could take another track of this kind with the next answer."""
        placing = self._agreed.placing
        return sum(one.kind == kind and one.mid not in placing.live for one in placing.receivers)

    def answer(
        self,
        offer: str | SessionDescription,
        local: LocalTransport,
        outgoing: Sequence[Outgoing] = (),
        options: Mapping[str, PublishOptions] | None = None,
    ) -> Negotiated:
        """Answer one offer. `options` are the pending AddTracks by cid, oldest first.

        Raises InvalidInput (SDP_INVALID) for an offer that cannot be agreed to; nothing has changed then.
        """
        description = self.read(offer) if isinstance(offer, str) else offer
        before = self._agreed
        usable = tuple(one for one in description.sections if is_usable(one, description.bundle))
        remote = remote_transport(description, usable)
        check_same_peer(before.fingerprints, remote.fingerprints)
        role = role_as_answerer(remote.setup, before.role)
        bindings = bind(before.bindings, usable, options or {})
        placing = place(before.placing, usable, outgoing if self._single else ())
        work = _Work()
        sections = tuple(
            self._section(one, bindings, placing, work) if one in usable else rejected_section(one)
            for one in description.sections
        )
        self._agreed = _Agreed(
            version=before.version + 1,
            ice=remote.ice,
            fingerprints=remote.fingerprints,
            role=role,
            bindings=bindings,
            publishing=frozenset(one.section.mid for one in work.incoming),
            placing=placing,
        )
        sdp = write_sdp(
            SessionDescription(
                session_id=self._session_id,
                version=self._agreed.version,
                bundle=tuple(one.mid for one in usable) if description.bundle else (),
                is_ice_lite=True,
                sections=with_transport(sections, local, SETUP_OF[role]),
            )
        )
        return self._result(sdp, remote, role, before, work)

    def _result(self, sdp: str, remote: RemoteTransport, role: DtlsRole, before: _Agreed, work: _Work) -> Negotiated:
        placing = self._agreed.placing
        return Negotiated(
            sdp=sdp,
            remote_ice=remote.ice,
            remote_fingerprints=remote.fingerprints,
            role=role,
            is_ice_restart=is_restart(before.ice, remote.ice),
            incoming=tuple(work.incoming),
            ended=tuple(sorted(before.publishing - self._agreed.publishing)),
            sending=work.sending,
            mid_to_track={mid: one.track_sid for mid, one in placing.live.items()},
            shortage=placing.shortage,
            refused=tuple((sid, UNSUPPORTED_CODEC) for sid in placing.refused),
            refused_publish=tuple(work.refused_publish),
            has_data=work.has_data,
        )

    def _section(
        self, offered: MediaSection, bindings: Mapping[str, Binding], placing: Placing, work: _Work
    ) -> MediaSection:
        if offered.kind == APPLICATION:
            work.has_data = True
            return data_section(offered)
        if is_publishing(offered):
            return self._receiving(offered, bindings[offered.mid], work)
        track = placing.live.get(offered.mid)
        if track is not None:
            return _sending(offered, track, work)
        return inactive_section(offered, rtp_codecs(receivable(offered, self._mimes, None)))

    def _receiving(self, offered: MediaSection, binding: Binding, work: _Work) -> MediaSection:
        chosen = receivable(offered, self._mimes, binding.options)
        msid = offered.msid or Msid(stream="")
        if not chosen:
            work.refused_publish.append(
                RefusedPublish(
                    mid=offered.mid,
                    kind=MediaKind(offered.kind),
                    mime=offered_mime(offered),
                    msid_track=msid.track,
                    cid=binding.cid,
                )
            )
            return inactive_section(offered, ())
        accepted = accepted_extensions(offered)
        section = receive_section(offered, chosen, ids_up(accepted))
        work.incoming.append(Incoming(section=section, msid_track=msid.track, msid_stream=msid.stream, cid=binding.cid))
        return replace(
            media_section(offered, Direction.RECVONLY, rtp_codecs(chosen)),
            extensions=accepted,
            rids=tuple(Rid(id=rid, direction="recv") for rid in section.rids),
            simulcast=Simulcast(recv=section.rids) if section.rids else None,
        )


def _sending(offered: MediaSection, track: Outgoing, work: _Work) -> MediaSection:
    codecs = sendable(offered, track)
    accepted = accepted_extensions(offered)
    work.sending[track.track_sid] = send_section(offered, track, codecs, ids_down(accepted))
    return sending_section(offered, track, codecs, accepted)
