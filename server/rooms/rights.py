"""A participant's rights change while tracks run: what is now forbidden ends at once, at the server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from server.rooms.grants import VideoGrants
from server.rooms.participant import Participant
from server.rooms.room import Room


def set_grants(room: Room, participant: Participant, grants: VideoGrants) -> None:
    """Drop tracks that may no longer be published, and all received media when `can_subscribe` goes."""
    before = participant.grants
    participant.grants = grants
    participant.claims = replace(participant.claims, grants=grants)
    participant.changed()
    for publication in list(participant.publications.values()):
        if not grants.may_publish(publication.info.source):
            room.unpublish(publication, notify_owner=True, announce=False)
    for cid, publication in list(participant.pending.items()):
        if not grants.may_publish(publication.info.source):
            del participant.pending[cid]
    room.announce(participant, also_self=True)
    if before.can_subscribe != grants.can_subscribe:
        if not grants.can_subscribe:
            for subscription in participant.subscriptions.values():
                if subscription.down is not None:
                    subscription.down.close()
                    subscription.down = None
        participant.link.refresh_subscriptions()


def set_profile(
    room: Room,
    participant: Participant,
    *,
    name: str | None = None,
    metadata: str | None = None,
    attributes: Mapping[str, str] | None = None,
) -> None:
    """Change what others see of a participant; None leaves as is, an attribute set to "" is deleted."""
    if name is not None:
        participant.name = name
    if metadata is not None:
        participant.metadata = metadata
    for key, value in (attributes or {}).items():
        if value:
            participant.attributes[key] = value
        else:
            participant.attributes.pop(key, None)
    participant.changed()
    room.announce(participant, also_self=True)
