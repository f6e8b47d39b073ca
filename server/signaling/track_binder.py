"""Joins `add_track` requests with the media sections that carry them, whichever comes first (media.md a.7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from livekit.protocol.models import TrackType
from livekit.protocol.rtc import AddTrackRequest, RequestResponse, SignalResponse

from server.errors import TEXTS, ErrorCode
from server.ids import new_track_sid
from server.rooms.participant import Participant
from server.rooms.publication import Publication, sid_prefix
from server.rooms.room import Room
from server.sfu.description import ReceiveSection
from server.sfu.hub import MediaHub
from server.sfu.peer import MediaPeer
from server.sfu.uptrack import UpTrackListener
from server.signaling.negotiation import Incoming, Negotiated, PublishOptions

# Why 40: camera, microphone and shares of one person are five; more is a fault or a flood.
MAX_TRACKS = 40
MAX_CID_CHARS = 256
MAX_TRACK_NAME_CHARS = 256

PUBLISH_MIMES = frozenset({"audio/opus", "audio/red", "video/vp8", "video/h264"})


class TrackBinder:
    """One per participant; keeps sections without a request and requests without a section."""

    def __init__(
        self,
        *,
        room: Room,
        participant: Participant,
        hub: MediaHub,
        peer: MediaPeer,
        listener: UpTrackListener,
        now_us: Callable[[], int],
    ) -> None:
        self._room = room
        self._participant = participant
        self._hub = hub
        self._peer = peer
        self._listener = listener
        self._now_us = now_us
        self._by_mid: dict[str, Publication] = {}
        self._unbound: dict[str, Incoming] = {}

    # -- add_track

    def announce(self, request: AddTrackRequest) -> None:
        """Answer `track_published`, or say why not (`request_response`)."""
        person = self._participant
        known = person.pending.get(request.cid)
        if known is None:
            refusal = self._refusal(request)
            if refusal is not None:
                self._refuse(request, *refusal)
                return
            sid = new_track_sid(sid_prefix(request.source, request.type))
            known = Publication(owner=person, request=request, sid=sid, requested_at_us=self._now_us())
            person.pending[request.cid] = known
        message = SignalResponse()
        message.track_published.cid = request.cid
        message.track_published.track.CopyFrom(known.info)
        person.link.send(message)
        for mid, incoming in list(self._unbound.items()):
            if self._find(incoming) is known:
                del self._unbound[mid]
                self._bind(known, incoming)
                break

    def options(self) -> Mapping[str, PublishOptions]:
        """What the answer must respect, by client track id."""
        person = self._participant
        known = [*person.pending.values(), *person.publications.values()]
        return {
            pub.cid: PublishOptions(
                kind=pub.kind,
                mimes=tuple(codec.mime_type.lower() for codec in pub.info.codecs if codec.mime_type),
                disable_red=pub.info.disable_red,
                disable_dtx=pub.info.disable_dtx,
                stereo=pub.info.stereo,
            )
            for pub in known
        }

    # -- negotiation

    def apply(self, negotiated: Negotiated) -> None:
        """Bind new sections, follow changed ones, end those that stopped."""
        for mid in negotiated.ended:
            self._unbound.pop(mid, None)
            publication = self._by_mid.pop(mid, None)
            self._peer.stop_receiving(mid)
            if publication is not None:
                self._room.unpublish(publication, notify_owner=False)
        for refused in negotiated.refused_publish:
            self._refuse_section(refused.cid or refused.msid_track)
        for incoming in negotiated.incoming:
            bound = self._by_mid.get(incoming.section.mid)
            if bound is not None and bound.up is not None and bound.sid in self._participant.publications:
                self._peer.receive(incoming.section, bound.up)
                continue
            publication = self._find(incoming)
            if publication is None:
                self._unbound[incoming.section.mid] = incoming
            else:
                self._unbound.pop(incoming.section.mid, None)
                self._bind(publication, incoming)

    def stop(self, track_sid: str) -> None:
        """The server ended the track: no media for it any more."""
        for mid, publication in list(self._by_mid.items()):
            if publication.sid == track_sid:
                del self._by_mid[mid]
                self._peer.stop_receiving(mid)

    # -- internals

    def _find(self, incoming: Incoming) -> Publication | None:
        pending = self._participant.pending
        kind = incoming.section.kind
        exact = pending.get(incoming.cid) or pending.get(incoming.msid_track)
        if exact is not None:
            # A track that was asked for as a picture does not come as a voice.
            return exact if exact.kind is kind else None
        for publication in pending.values():
            if publication.kind is kind and any(codec.cid == incoming.msid_track for codec in publication.info.codecs):
                return publication
        if not _is_foreign_id(incoming.msid_track):
            return None
        # Firefox writes an id of its own in braces: the oldest request of the same kind it is.
        for publication in pending.values():
            if publication.kind is kind:
                return publication
        return None

    def _bind(self, publication: Publication, incoming: Incoming) -> None:
        section = incoming.section
        codec = section.codecs[0]
        self._participant.pending.pop(publication.cid, None)
        up = self._hub.create_up_track(
            sid=publication.sid,
            kind=publication.kind,
            mime=codec.mime,
            layers=publication.layer_specs(),
            listener=self._listener,
        )
        up.set_muted(publication.info.muted)
        publication.bind(up, mid=section.mid, mime=codec.mime, fmtp=_fmtp_of_interest(section))
        self._by_mid[section.mid] = publication
        self._peer.receive(section, up)
        self._room.publish(publication)

    def _refusal(self, request: AddTrackRequest) -> tuple[RequestResponse.Reason, ErrorCode] | None:
        person = self._participant
        if not request.cid or len(request.cid) > MAX_CID_CHARS or len(request.name) > MAX_TRACK_NAME_CHARS:
            return RequestResponse.Reason.INVALID_REQUEST, ErrorCode.INVALID_REQUEST
        if request.type not in (TrackType.AUDIO, TrackType.VIDEO):
            return RequestResponse.Reason.UNSUPPORTED_TYPE, ErrorCode.INVALID_REQUEST
        if not person.grants.may_publish(request.source, request.type):
            return RequestResponse.Reason.NOT_ALLOWED, ErrorCode.PUBLISH_REFUSED
        if len(person.pending) + len(person.publications) >= MAX_TRACKS:
            return RequestResponse.Reason.LIMIT_EXCEEDED, ErrorCode.PUBLISH_REFUSED
        codec = request.simulcast_codecs[0].codec.lower() if request.simulcast_codecs else ""
        # A second codec for a published track (`sid` set) waits for layers inside one stream.
        if request.sid or (codec and not any(mime.endswith("/" + codec.split("/")[-1]) for mime in PUBLISH_MIMES)):
            return RequestResponse.Reason.UNSUPPORTED_TYPE, ErrorCode.CODEC_REFUSED
        return None

    def _refuse(self, request: AddTrackRequest, reason: RequestResponse.Reason, code: ErrorCode) -> None:
        text = TEXTS[code]
        message = SignalResponse()
        message.request_response.reason = reason
        message.request_response.message = f"{code}: {text.en} / {text.zh}"
        message.request_response.add_track.CopyFrom(request)
        self._participant.link.send(message)

    def _refuse_section(self, cid: str) -> None:
        """The codec was only in the SDP (native SDK): take the request back and say so."""
        person = self._participant
        publication = person.pending.pop(cid, None)
        if publication is None:
            return
        request = AddTrackRequest(cid=cid, type=publication.info.type, source=publication.info.source)
        self._refuse(request, RequestResponse.Reason.UNSUPPORTED_TYPE, ErrorCode.CODEC_REFUSED)
        message = SignalResponse()
        message.track_unpublished.track_sid = publication.sid
        person.link.send(message)


def _is_foreign_id(msid_track: str) -> bool:
    return msid_track.startswith("{") or not msid_track


def _fmtp_of_interest(section: ReceiveSection) -> str:
    """H.264 subscribers need a matching profile; no other codec's parameters matter to them."""
    codec = section.codecs[0]
    return codec.fmtp if codec.mime == "video/h264" else ""
