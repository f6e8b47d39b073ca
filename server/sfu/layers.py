"""Which simulcast and temporal layer a subscriber's wish means, given what the publisher promised and what is live."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from server.sfu.description import LayerSpec, LayerWish, VideoQuality

# Why 10 %: a tile of 321 device pixels is served by a layer of 320; twice the bitrate would not be seen.
_SIZE_TOLERANCE = 0.9
_RID_QUALITY = {"q": VideoQuality.LOW, "h": VideoQuality.MEDIUM, "f": VideoQuality.HIGH}


def quality_of_rid(rid: str, rids: Sequence[str], layers: Sequence[LayerSpec]) -> VideoQuality:
    """By the publisher's own table, else LiveKit's letters, else the place in the offer (last = best)."""
    for layer in layers:
        if layer.rid == rid and rid:
            return layer.quality
    if rid in _RID_QUALITY:
        return _RID_QUALITY[rid]
    if rid in rids:
        return VideoQuality(min(rids.index(rid), VideoQuality.HIGH))
    return VideoQuality.HIGH


def wished_quality(wish: LayerWish, layers: Sequence[LayerSpec]) -> VideoQuality | None:
    """The quality that the wish asks for; None when it asks for nothing."""
    if not wish.enabled:
        return None
    sized = sorted((layer for layer in layers if layer.width and layer.height), key=lambda layer: layer.quality)
    if not wish.width and not wish.height:
        return wish.quality
    if not sized:
        # Why not `quality`: it reads LOW when a size is given.
        return VideoQuality.HIGH
    # Sides compared long with long: a portrait tile may show a landscape picture turned by the sender.
    want_long, want_short = max(wish.width, wish.height), min(wish.width, wish.height)
    for layer in sized:
        long, short = max(layer.width, layer.height), min(layer.width, layer.height)
        if long >= want_long * _SIZE_TOLERANCE and short >= want_short * _SIZE_TOLERANCE:
            return layer.quality
    return sized[-1].quality


def nearest_live(quality: int, live: Collection[int]) -> int | None:
    """The wished layer, else the best one below it, else the lowest above; None when nothing is live."""
    below = [q for q in live if q <= quality]
    if below:
        return max(below)
    return min(live, default=None)


def temporal_layer(fps_by_tid: Sequence[float], wished_fps: int) -> int | None:
    """The lowest temporal layer whose frame rate (its own and all below) reaches the wish; None = all of them."""
    if wished_fps <= 0:
        return None
    for tid, fps in enumerate(fps_by_tid):
        # Why 10 % again: 14.9 fps measured is the 15 that was asked for.
        if fps >= wished_fps * _SIZE_TOLERANCE:
            return tid
    return None
