"""Two peer connections (`/rtc`): the client offers what it publishes, we offer what it receives (media.md a.5)."""

from __future__ import annotations

from livekit.protocol.rtc import AddTrackRequest, SessionDescription, SignalResponse

from server.sfu.description import TransportState
from server.sfu.quality import PeerQuality
from server.signaling.delivery import Delivery
from server.signaling.media import (
    DATA_TRACK,
    LOSSY,
    RELIABLE,
    MediaHost,
    answer_message,
    transport_label,
)
from server.signaling.negotiation import AnsweringSide, OfferingSide
from server.signaling.peer_connection import PeerConnection
from server.signaling.track_binder import PUBLISH_MIMES, TrackBinder

_GATHER_S = 0.01


class DualMedia:
    """`is_subscriber_primary`: the subscriber connection is made at once and decides presence."""

    def __init__(self, host: MediaHost, *, is_subscriber_primary: bool) -> None:
        self._host = host
        self._is_subscriber_primary = is_subscriber_primary
        sid = host.participant.sid
        self._publisher = PeerConnection(
            endpoint=host.endpoint, hub=host.hub, label=transport_label(sid, "publisher"), owner=self
        )
        self._subscriber = PeerConnection(
            endpoint=host.endpoint, hub=host.hub, label=transport_label(sid, "subscriber"), owner=self
        )
        self._publish_side = AnsweringSide(single=False, publish_mimes=PUBLISH_MIMES)
        self._subscribe_side = OfferingSide()
        self._binder = TrackBinder(
            room=host.room,
            participant=host.participant,
            hub=host.hub,
            peer=self._publisher.peer,
            listener=host.up_listener,
            now_us=host.now_us,
        )
        self._delivery = Delivery(host.participant, self._subscriber.peer)
        self._offer_id = 0
        self._is_offered = False
        self._is_dirty = False
        self._is_refresh_planned = False
        self._is_closed = False
        self._has_offered_once = False

    def start(self) -> None:
        if self._is_subscriber_primary:
            self._offer_now()

    # -- publisher connection

    def offer(self, description: SessionDescription) -> None:
        offer = self._publish_side.read(description.sdp)
        local = self._publisher.prepare_answer(is_ice_restart=self._publish_side.is_ice_restart(offer))
        negotiated = self._publish_side.answer(offer, local, (), self._binder.options())
        self._publisher.apply(negotiated)
        # Answers of this connection must not name subscribed tracks: JS ignores them there.
        self._host.participant.link.send(answer_message(negotiated, description, with_tracks=False))
        self._binder.apply(negotiated)

    def announce_track(self, request: AddTrackRequest) -> None:
        self._binder.announce(request)

    def stop_receiving(self, track_sid: str) -> None:
        self._binder.stop(track_sid)

    # -- subscriber connection

    def refresh(self) -> None:
        self._delivery.withdraw_unwanted()
        if self._is_refresh_planned or self._is_closed:
            return
        self._is_refresh_planned = True
        self._host.call_later(_GATHER_S, self._refresh_now)

    def _refresh_now(self) -> None:
        self._is_refresh_planned = False
        if self._is_closed or self._delivery.is_current():
            return
        if self._is_offered:
            self._is_dirty = True
        else:
            self._offer_now()

    def _offer_now(self, *, ice_restart: bool = False) -> None:
        self._is_offered = True
        self._is_dirty = False
        self._offer_id += 1
        if not self._has_offered_once:
            self._has_offered_once = True
            self._subscriber.transport.open_channel(RELIABLE, ordered=True, max_retransmits=None)
            self._subscriber.transport.open_channel(LOSSY, ordered=False, max_retransmits=0)
            self._subscriber.transport.open_channel(DATA_TRACK, ordered=False, max_retransmits=0)
        sdp = self._subscribe_side.offer(self._subscriber.local(), self._delivery.outgoing(), ice_restart=ice_restart)
        message = SignalResponse()
        message.offer.type = "offer"
        message.offer.sdp = sdp
        message.offer.id = self._offer_id
        self._host.participant.link.send(message)

    def answer(self, description: SessionDescription) -> None:
        """A late answer to an offer that a resume has replaced is dropped."""
        if not self._is_offered or (description.id and description.id != self._offer_id):
            return
        negotiated = self._subscribe_side.accept(description.sdp)
        self._is_offered = False
        self._subscriber.apply(negotiated)
        self._delivery.apply(negotiated)
        if self._is_dirty or not self._delivery.is_current():
            self._is_dirty = False
            self.refresh()

    def resume(self) -> None:
        """The client restarts its publisher connection; the subscriber one is ours to restart."""
        if self._has_offered_once:
            self._subscriber.transport.restart_ice()
            self._offer_now(ice_restart=True)

    # -- both

    def prefer_tcp(self, is_preferred: bool) -> None:
        self._publisher.prefer_tcp = self._subscriber.prefer_tcp = is_preferred

    def send_message(self, label: str, payload: bytes) -> bool:
        return self._subscriber.transport.send_message(label, payload)

    def quality(self, now_us: int) -> PeerQuality:
        """That of the worse connection: it is what the person notices."""
        both = (self._publisher.peer.quality(now_us), self._subscriber.peer.quality(now_us))
        return min(both, key=lambda quality: quality.score)

    async def close(self) -> None:
        self._is_closed = True
        await self._publisher.close()
        await self._subscriber.close()

    # -- PeerConnectionOwner

    def on_message(self, label: str, payload: bytes) -> None:
        self._host.on_message(label, payload)

    def on_channel_ready(self, label: str) -> None:
        self._host.on_channel_ready(label)

    def on_transport_state(self, connection: PeerConnection, state: TransportState) -> None:
        primary = self._subscriber if self._is_subscriber_primary else self._publisher
        if connection is primary or state is TransportState.FAILED:
            self._host.on_media_state(state)
