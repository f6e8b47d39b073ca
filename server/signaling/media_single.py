"""One peer connection for both directions (`/rtc/v1`): always the client offers, we provoke offers (media.md a.4)."""

from __future__ import annotations

from livekit.protocol.rtc import AddTrackRequest, SessionDescription, SignalResponse

from server.sfu.description import TransportState
from server.sfu.quality import PeerQuality
from server.signaling.delivery import Delivery
from server.signaling.media import MediaHost, answer_message, transport_label
from server.signaling.negotiation import AnsweringSide
from server.signaling.peer_connection import PeerConnection
from server.signaling.track_binder import PUBLISH_MIMES, TrackBinder

# Why 10 ms: tracks of one person come in a row; one offer should carry them all.
_GATHER_S = 0.01


class SingleMedia:
    def __init__(self, host: MediaHost) -> None:
        self._host = host
        self._connection = PeerConnection(
            endpoint=host.endpoint,
            hub=host.hub,
            label=transport_label(host.participant.sid, "single"),
            owner=self,
        )
        self._side = AnsweringSide(single=True, publish_mimes=PUBLISH_MIMES)
        self._binder = TrackBinder(
            room=host.room,
            participant=host.participant,
            hub=host.hub,
            peer=self._connection.peer,
            listener=host.up_listener,
            now_us=host.now_us,
        )
        self._delivery = Delivery(host.participant, self._connection.peer)
        self._has_answered = False
        self._is_offer_asked = False
        self._is_refresh_planned = False
        self._is_closed = False

    def start(self) -> None:
        return None

    def offer(self, description: SessionDescription) -> None:
        offer = self._side.read(description.sdp)
        local = self._connection.prepare_answer(is_ice_restart=self._side.is_ice_restart(offer))
        negotiated = self._side.answer(offer, local, self._delivery.outgoing(), self._binder.options())
        self._is_offer_asked = False
        self._has_answered = True
        self._connection.apply(negotiated)
        self._host.participant.link.send(answer_message(negotiated, description, with_tracks=True))
        self._delivery.apply(negotiated)
        self._binder.apply(negotiated)
        self._ask_where_needed()

    def answer(self, description: SessionDescription) -> None:
        """Never ours to receive in this mode."""
        return

    def refresh(self) -> None:
        self._delivery.withdraw_unwanted()
        if self._is_refresh_planned or self._is_closed:
            return
        self._is_refresh_planned = True
        self._host.call_later(_GATHER_S, self._refresh_now)

    def _refresh_now(self) -> None:
        self._is_refresh_planned = False
        if not self._is_closed:
            self._ask_where_needed()

    def _ask_where_needed(self) -> None:
        """`media_sections_requirement` makes the client offer; one at a time, or sections pile up."""
        if self._is_offer_asked or not self._has_answered or self._delivery.is_current():
            return
        self._is_offer_asked = True
        message = SignalResponse()
        shortage = self._side.shortage(self._delivery.outgoing())
        message.media_sections_requirement.num_audios = shortage.audio
        message.media_sections_requirement.num_videos = shortage.video
        self._host.participant.link.send(message)

    def resume(self) -> None:
        # The client sends an offer with an ICE restart by itself; what we asked for before is lost.
        self._is_offer_asked = False

    def announce_track(self, request: AddTrackRequest) -> None:
        self._binder.announce(request)

    def stop_receiving(self, track_sid: str) -> None:
        self._binder.stop(track_sid)

    def prefer_tcp(self, is_preferred: bool) -> None:
        self._connection.prefer_tcp = is_preferred

    def send_message(self, label: str, payload: bytes) -> bool:
        return self._connection.transport.send_message(label, payload)

    def quality(self, now_us: int) -> PeerQuality:
        return self._connection.peer.quality(now_us)

    async def close(self) -> None:
        self._is_closed = True
        await self._connection.close()

    # -- PeerConnectionOwner

    def on_message(self, label: str, payload: bytes) -> None:
        self._host.on_message(label, payload)

    def on_channel_ready(self, label: str) -> None:
        self._host.on_channel_ready(label)

    def on_transport_state(self, connection: PeerConnection, state: TransportState) -> None:
        self._host.on_media_state(state)
