"""Puts a participant's wanted subscriptions onto the sections of one peer connection."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from livekit.protocol.models import SubscriptionError
from livekit.protocol.rtc import SignalResponse, StreamState

from server.ids import TrackSid
from server.rooms.participant import Participant
from server.rooms.subscriptions import mark_received
from server.sfu.description import SendSection
from server.sfu.downtrack import DownTrack
from server.sfu.peer import MediaPeer
from server.signaling.negotiation import Negotiated, Outgoing


class Delivery:
    """Knows what was agreed last, so that a negotiation is asked for only when something differs."""

    def __init__(self, participant: Participant, peer: MediaPeer) -> None:
        self._participant = participant
        self._peer = peer
        self._sending: dict[str, SendSection] = {}
        self._sid_of_down: dict[DownTrack, str] = {}
        self._refused: set[str] = set()
        self._withdrawn: set[str] = set()
        """Agreed, but stopped since: the client must be told by a negotiation, even if wanted again."""

    def outgoing(self) -> tuple[Outgoing, ...]:
        """What the next negotiation shall carry."""
        result = []
        for subscription in self._participant.wanted_subscriptions():
            publication = subscription.publication
            up = publication.up
            if up is None or publication.sid in self._refused:
                continue
            result.append(
                Outgoing(
                    track_sid=publication.sid,
                    stream_id=publication.stream_id,
                    kind=publication.kind,
                    mime=up.mime,
                    fmtp=publication.fmtp,
                    stereo=publication.info.stereo,
                    ssrc=subscription.ssrc,
                    rtx_ssrc=subscription.rtx_ssrc,
                )
            )
        return tuple(result)

    def is_current(self) -> bool:
        """Whether what is wanted equals what was agreed."""
        return not self._withdrawn and {out.track_sid for out in self.outgoing()} == self._sending.keys()

    def withdraw_unwanted(self) -> None:
        """Stop media that may not or shall not flow any more, before any negotiation."""
        wanted = {outgoing.track_sid for outgoing in self.outgoing()}
        for sid, section in self._sending.items():
            if sid not in wanted and sid not in self._withdrawn:
                self._withdrawn.add(sid)
                self._peer.stop_sending(section.mid)
                subscription = self._participant.subscriptions.get(TrackSid(sid))
                if subscription is not None:
                    subscription.stop(lambda: secrets.randbits(32))

    def apply(self, negotiated: Negotiated) -> None:
        for sid, section in self._sending.items():
            now = negotiated.sending.get(sid)
            if now is None or now.mid != section.mid:
                self._peer.stop_sending(section.mid)
        self._withdrawn.clear()
        self._start(negotiated.sending)
        self._sending = dict(negotiated.sending)
        for sid, _reason in negotiated.refused:
            self._refuse(sid)

    def _start(self, sending: Mapping[str, SendSection]) -> None:
        self._sid_of_down.clear()
        for sid, section in sending.items():
            subscription = self._participant.subscriptions.get(TrackSid(sid))
            if subscription is None or not subscription.is_wanted or subscription.publication.up is None:
                continue
            down = self._peer.send(section, subscription.publication.up, subscription.wish, self)
            self._sid_of_down[down] = sid
            if subscription.down is not down:
                mark_received(subscription, down, section.mid)

    def _refuse(self, sid: str) -> None:
        if sid in self._refused:
            return
        self._refused.add(sid)
        message = SignalResponse()
        message.subscription_response.track_sid = sid
        message.subscription_response.err = SubscriptionError.SE_CODEC_UNSUPPORTED
        self._participant.link.send(message)

    # -- DownTrackListener

    def on_stream_state(self, down: DownTrack, is_active: bool) -> None:
        """Bandwidth paused or resumed a video: the client shows it."""
        sid = self._sid_of_down.get(down)
        subscription = self._participant.subscriptions.get(TrackSid(sid)) if sid else None
        if sid is None or subscription is None:
            return
        message = SignalResponse()
        state = message.stream_state_update.stream_states.add()
        state.participant_sid = subscription.publication.owner.sid
        state.track_sid = sid
        state.state = StreamState.ACTIVE if is_active else StreamState.PAUSED
        self._participant.link.send(message)

    def on_first_packet_sent(self, down: DownTrack) -> None:
        return None
