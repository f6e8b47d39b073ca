"""Why a packet was not forwarded, and how often: a bad packet is counted, never raised."""

from __future__ import annotations

from enum import StrEnum


class DropReason(StrEnum):
    """Wire names of the counters in /metrics. Add freely, never rename."""

    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    UNBOUND = "unbound"
    UNKNOWN_PAYLOAD_TYPE = "unknown_payload_type"
    DUPLICATE = "duplicate"
    TOO_OLD = "too_old"
    PROBE = "probe"
    PADDING = "padding"
    MUTED = "muted"
    NOBODY = "nobody"
    NOT_ALLOWED = "not_allowed"
    PAUSED = "paused"
    NO_CODEC = "no_codec"
    AWAITING_KEYFRAME = "awaiting_keyframe"
    OTHER_LAYER = "other_layer"
    TEMPORAL_LAYER = "temporal_layer"
    LATE = "late"
    QUEUE_FULL = "queue_full"
    WRITER_REFUSED = "writer_refused"


class HubStats:
    """Plain counters of one worker's packet path.

    `dropped` counts a packet where it ended: before the fan-out once, in it once per subscriber.
    """

    __slots__ = (
        "dropped",
        "forwarded",
        "forwarded_bytes",
        "keyframe_requests",
        "nacks_received",
        "nacks_sent",
        "received",
        "received_bytes",
        "recovered",
        "resent",
        "rtcp_malformed",
        "rtcp_received",
    )

    def __init__(self) -> None:
        self.received = 0
        self.received_bytes = 0
        self.forwarded = 0
        self.forwarded_bytes = 0
        self.resent = 0
        self.recovered = 0
        self.nacks_sent = 0
        self.nacks_received = 0
        self.keyframe_requests = 0
        self.rtcp_received = 0
        self.rtcp_malformed = 0
        # Filled with every reason once, so that counting never makes a key.
        self.dropped: dict[DropReason, int] = dict.fromkeys(DropReason, 0)
