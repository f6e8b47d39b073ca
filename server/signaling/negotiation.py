"""SDP negotiation, pure: the two sides that a LiveKit server plays and the values they speak in (media.md §a.4–a.7)."""

from server.signaling.negotiation_answering import AnsweringSide
from server.signaling.negotiation_offering import OfferingSide
from server.signaling.negotiation_values import (
    Incoming,
    LocalTransport,
    Negotiated,
    Outgoing,
    PublishOptions,
    RefusedPublish,
    Shortage,
)

__all__ = [
    "AnsweringSide",
    "Incoming",
    "LocalTransport",
    "Negotiated",
    "OfferingSide",
    "Outgoing",
    "PublishOptions",
    "RefusedPublish",
    "Shortage",
]
