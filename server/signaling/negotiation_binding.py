"""Which AddTrack a publishing section belongs to: by msid, or by order where ids differ (media.md §a.7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from server.sfu.description import Codec, ExtensionIds, MediaKind, ReceiveSection
from server.signaling.negotiation_values import PublishOptions
from server.signaling.sdp import Direction, MediaSection, Msid

PUBLISHING = (Direction.SENDONLY, Direction.SENDRECV)


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """`cid` is empty while no AddTrack fits."""

    msid: Msid | None
    cid: str = ""
    options: PublishOptions | None = None


def is_publishing(section: MediaSection) -> bool:
    return section.is_media and section.direction in PUBLISHING


def bind(
    before: Mapping[str, Binding], usable: tuple[MediaSection, ...], options: Mapping[str, PublishOptions]
) -> dict[str, Binding]:
    """Bindings by mid for every publishing section. A binding once made holds while the section publishes."""
    publishing = [section for section in usable if is_publishing(section)]
    bound = {section.mid: _kept_or_exact(before.get(section.mid), section, options) for section in publishing}
    claimed = {one.cid for one in bound.values() if one.cid}
    for section in publishing:
        if bound[section.mid].cid or not _hides_track_id(section.msid):
            continue
        fitting = (cid for cid, one in options.items() if one.kind == section.kind and cid not in claimed)
        cid = next(fitting, "")
        if cid:
            claimed.add(cid)
            bound[section.mid] = Binding(msid=section.msid, cid=cid, options=options[cid])
    return bound


def _kept_or_exact(old: Binding | None, section: MediaSection, options: Mapping[str, PublishOptions]) -> Binding:
    if old is not None and old.cid and old.msid == section.msid:
        return replace(old, options=options.get(old.cid, old.options))
    cid = section.msid.track if section.msid else ""
    fits = cid in options and options[cid].kind in (None, section.kind)
    return Binding(msid=section.msid, cid=cid if fits else "", options=options[cid] if fits else None)


def _hides_track_id(msid: Msid | None) -> bool:
    """Firefox's ids stand in braces and are not those of the MediaStreamTrack; a missing one says nothing either.

    Why not for every unknown id: with AddTrack and offer in parallel, a Chromium section may come before its own
    AddTrack, and would then take another's.
    """
    return msid is None or not msid.track or msid.track.startswith("{")


def receive_section(offered: MediaSection, codecs: tuple[Codec, ...], extensions: ExtensionIds) -> ReceiveSection:
    """What the packet path needs to know of a section on which the client sends."""
    pairs = tuple(
        (group.ssrcs[0], group.ssrcs[1])
        for group in offered.ssrc_groups
        if group.semantics == "FID" and len(group.ssrcs) == 2
    )
    retransmissions = {rtx for _, rtx in pairs}
    sim = next((group.ssrcs for group in offered.ssrc_groups if group.semantics == "SIM"), ())
    return ReceiveSection(
        mid=offered.mid,
        kind=MediaKind(offered.kind),
        codecs=codecs,
        extensions=extensions,
        rids=_rids(offered),
        ssrcs=tuple(ssrc for ssrc in offered.ssrcs if ssrc not in retransmissions),
        rtx_pairs=pairs,
        sim_ssrcs=sim,
    )


def _rids(offered: MediaSection) -> tuple[str, ...]:
    """Layers in the order of ``a=simulcast``; only those that an ``a=rid`` declares (RFC 8853 §5.2)."""
    declared = {rid.id for rid in offered.rids if rid.direction == "send"}
    sent = offered.simulcast.send if offered.simulcast else ()
    return tuple(dict.fromkeys(rid for rid in sent if rid in declared))
