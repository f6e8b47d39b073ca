"""One participant's wish to receive one publication, and whether it may come true."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from server.sfu.description import LayerWish

if TYPE_CHECKING:
    from server.rooms.participant import Participant
    from server.rooms.publication import Publication
    from server.sfu.downtrack import DownTrack


class Subscription:
    """SSRCs stay over renegotiations, so that decoders need no reset; a delivery that starts again gets new ones."""

    __slots__ = ("down", "is_desired", "is_permitted", "mid", "publication", "rtx_ssrc", "ssrc", "subscriber", "wish")

    def __init__(self, *, subscriber: Participant, publication: Publication, ssrc: int, rtx_ssrc: int) -> None:
        self.subscriber = subscriber
        self.publication = publication
        self.ssrc = ssrc
        self.rtx_ssrc = rtx_ssrc
        self.is_desired = True
        self.is_permitted = True
        self.wish = LayerWish()
        self.down: DownTrack | None = None
        self.mid = ""

    @property
    def is_wanted(self) -> bool:
        """Whether a media section should carry it now."""
        return (
            self.is_desired
            and self.is_permitted
            and self.publication.is_published
            and self.subscriber.grants.can_subscribe
        )

    def stop(self, random_u32: Callable[[], int]) -> None:
        """Delivery has ended. Why new SSRCs: the next one counts anew, and under one key no index may come twice."""
        self.down = None
        self.ssrc, self.rtx_ssrc = random_u32(), random_u32()

    def set_wish(self, wish: LayerWish) -> None:
        self.wish = wish
        if self.down is not None:
            self.down.set_wish(wish)
