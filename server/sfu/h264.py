"""H.264 payloads: find parameter sets and IDR slices in single, aggregated and fragmented units (RFC 6184 §5.4-5.8)."""

from __future__ import annotations

_IDR = 5
_SPS = 7
_STAP_A = 24
_FU_A = 28
_TYPE = 0x1F
_FU_START = 0x80


def inspect(payload: bytes) -> tuple[bool, bool]:
    """(holds a sequence parameter set, begins an IDR slice): bytes that stay clear under encryption."""
    if not payload:
        return False, False
    kind = payload[0] & _TYPE
    if kind == _STAP_A:
        return _inspect_aggregate(payload)
    if kind == _FU_A:
        begins = len(payload) > 1 and bool(payload[1] & _FU_START)
        return begins and payload[1] & _TYPE == _SPS, begins and payload[1] & _TYPE == _IDR
    return kind == _SPS, kind == _IDR


def _inspect_aggregate(payload: bytes) -> tuple[bool, bool]:
    has_sps = has_idr = False
    at = 1
    while at + 2 < len(payload):
        size = payload[at] << 8 | payload[at + 1]
        if size == 0 or at + 2 + size > len(payload):
            break
        kind = payload[at + 2] & _TYPE
        has_sps = has_sps or kind == _SPS
        has_idr = has_idr or kind == _IDR
        at += 2 + size
    return has_sps, has_idr


class PictureStarts:
    """Which packets of one stream a decoder can start at: parameter sets if the encoder repeats them, else IDRs."""

    __slots__ = ("_idr_timestamp", "_repeats_sps", "_sps_timestamp")

    def __init__(self) -> None:
        self._repeats_sps = False
        self._sps_timestamp = -1
        self._idr_timestamp = -1

    def is_keyframe_start(self, payload: bytes, timestamp: int) -> bool:
        """Call once per packet in order of arrival."""
        has_sps, has_idr = inspect(payload)
        if has_sps:
            self._repeats_sps = True
            is_first = timestamp != self._sps_timestamp
            self._sps_timestamp = timestamp
            return is_first
        if has_idr and not self._repeats_sps:
            # A picture may have several IDR slices: only the first one starts it.
            is_first = timestamp != self._idr_timestamp
            self._idr_timestamp = timestamp
            return is_first
        return False
