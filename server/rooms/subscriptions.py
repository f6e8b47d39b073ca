"""Who receives which track in one room: auto-subscribe, explicit wishes, permissions, layer settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from livekit.protocol.models import SubscriptionError
from livekit.protocol.rtc import SignalResponse, SubscriptionPermission, UpdateTrackSettings

from server.ids import Identity, TrackSid
from server.rooms.participant import Participant
from server.rooms.policy import is_subscription_permitted
from server.rooms.publication import Publication
from server.rooms.subscription import Subscription
from server.sfu.description import LayerWish, VideoQuality
from server.sfu.downtrack import DownTrack

# Why 2 000: far above the tracks of any class; a client that names more is not told apart from a flood.
_WISHES_KEPT = 2000


class Subscriptions:
    """Works on the participants of one room; `people` is the room's own dict."""

    def __init__(self, people: Mapping[Identity, Participant], random_u32: Callable[[], int]) -> None:
        self._people = people
        self._random_u32 = random_u32

    # -- tracks and people that come and go

    def subscribe_newcomer(self, newcomer: Participant) -> None:
        for publication in self._publications():
            self._offer(newcomer, publication)
        newcomer.link.refresh_subscriptions()

    def offer_to_all(self, publication: Publication) -> None:
        for person in list(self._people.values()):
            if self._offer(person, publication):
                person.link.refresh_subscriptions()

    def drop_subscriber(self, participant: Participant) -> None:
        for subscription in list(participant.subscriptions.values()):
            self._end(subscription)

    def drop_publication(self, publication: Publication) -> None:
        for subscription in list(publication.subscriptions.values()):
            self._end(subscription)
            subscription.subscriber.link.refresh_subscriptions()

    # -- what clients ask for

    def request(self, subscriber: Participant, sids: Iterable[str], subscribe: bool) -> None:
        """`subscription` and `RoomService.UpdateSubscriptions`; unknown tracks are answered and remembered."""
        for sid in sids:
            if len(subscriber.wishes_by_sid) < _WISHES_KEPT or sid in subscriber.wishes_by_sid:
                subscriber.wishes_by_sid[sid] = subscribe
            publication = self._find(sid)
            if publication is None:
                if subscribe:
                    message = SignalResponse()
                    message.subscription_response.track_sid = sid
                    message.subscription_response.err = SubscriptionError.SE_TRACK_NOTFOUND
                    subscriber.link.send(message)
                continue
            existing = subscriber.subscriptions.get(publication.sid)
            if existing is not None:
                existing.is_desired = subscribe
            elif subscribe:
                self._offer(subscriber, publication)
        subscriber.link.refresh_subscriptions()

    def apply_settings(self, subscriber: Participant, settings: UpdateTrackSettings) -> None:
        """`track_setting`; when a size is given the quality field reads 0 and must be ignored (media.md a.8)."""
        has_size = bool(settings.width and settings.height)
        quality = (
            VideoQuality(settings.quality) if settings.quality in (0, 1, 2) and not has_size else VideoQuality.HIGH
        )
        wish = LayerWish(
            enabled=not settings.disabled,
            quality=quality,
            width=settings.width if has_size else 0,
            height=settings.height if has_size else 0,
            fps=settings.fps,
        )
        for sid in settings.track_sids:
            subscription = subscriber.subscriptions.get(TrackSid(sid))
            if subscription is not None:
                subscription.set_wish(wish)

    def set_permission(self, publisher: Participant, permission: SubscriptionPermission) -> None:
        """`subscription_permission`: acts on running subscriptions at once and tells those concerned."""
        publisher.subscription_permission = permission
        for publication in publisher.publications.values():
            for subscription in list(publication.subscriptions.values()):
                self._apply_permission(subscription)

    def _apply_permission(self, subscription: Subscription) -> None:
        is_permitted = self._is_permitted(subscription.subscriber, subscription.publication)
        if subscription.is_permitted == is_permitted:
            return
        subscription.is_permitted = is_permitted
        self._tell_permission(subscription)
        subscription.subscriber.link.refresh_subscriptions()

    # -- internals

    def _offer(self, subscriber: Participant, publication: Publication) -> bool:
        """Make the subscription where none is; True when the subscriber should negotiate."""
        owner = publication.owner
        if owner is subscriber or owner.is_hidden or publication.sid in subscriber.subscriptions:
            return False
        if not subscriber.may_auto_subscribe(publication):
            return False
        subscription = Subscription(
            subscriber=subscriber,
            publication=publication,
            ssrc=self._random_u32(),
            rtx_ssrc=self._random_u32(),
        )
        subscription.is_permitted = self._is_permitted(subscriber, publication)
        subscriber.subscriptions[publication.sid] = subscription
        publication.subscriptions[subscriber.identity] = subscription
        if not subscription.is_permitted:
            self._tell_permission(subscription)
        return True

    @staticmethod
    def _is_permitted(subscriber: Participant, publication: Publication) -> bool:
        return is_subscription_permitted(
            publication.owner.subscription_permission,
            identity=subscriber.identity,
            participant_sid=subscriber.sid,
            track_sid=publication.sid,
        )

    @staticmethod
    def _tell_permission(subscription: Subscription) -> None:
        message = SignalResponse()
        update = message.subscription_permission_update
        update.participant_sid = subscription.publication.owner.sid
        update.track_sid = subscription.publication.sid
        update.allowed = subscription.is_permitted
        subscription.subscriber.link.send(message)

    @staticmethod
    def _end(subscription: Subscription) -> None:
        subscription.publication.subscriptions.pop(subscription.subscriber.identity, None)
        subscription.subscriber.subscriptions.pop(subscription.publication.sid, None)
        if subscription.down is not None:
            subscription.down.close()
            subscription.down = None

    def _publications(self) -> list[Publication]:
        return [pub for person in self._people.values() for pub in person.publications.values()]

    def _find(self, sid: str) -> Publication | None:
        for person in self._people.values():
            publication = person.publications.get(TrackSid(sid))
            if publication is not None and not person.is_hidden:
                return publication
        return None


def mark_received(subscription: Subscription, down: DownTrack, mid: str) -> None:
    """A media section now carries it; the publisher hears of its first subscriber once (media.md a.7)."""
    is_first = all(other.down is None for other in subscription.publication.subscriptions.values())
    subscription.down = down
    subscription.mid = mid
    if is_first:
        message = SignalResponse()
        message.track_subscribed.track_sid = subscription.publication.sid
        subscription.publication.owner.link.send(message)
