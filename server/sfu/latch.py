"""Finds the section and layer of an unknown SSRC from its first packets, and keeps the bounded table of known ones.

RFC 8843 §9.2 (mid), RFC 8851/8852 (rid, repaired-rid), RFC 5576 (announced SSRCs and FID pairs).
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from server.sfu.description import ReceiveSection
from server.sfu.rtp import HEADER, ExtensionReader


@dataclass(frozen=True, slots=True)
class Finding:
    """Which layer a packet belongs to. `section` None = not known (yet); then mid and rid tell what the packet said."""

    section: ReceiveSection | None
    rid: str
    is_rtx: bool
    payload_type: int
    mid: str | None
    is_foreign: bool = False
    """The section is known but lists no such payload type (forward error correction, a codec that was refused)."""


def _text(value: bytes | None) -> str | None:
    return value.decode("ascii", "replace") if value else None


class Latch:
    """The sections of one peer by mid, asked only for packets whose SSRC has no route."""

    __slots__ = ("_readers", "_seen", "sections")

    # Why 64: no client publishes more than a few dozen SSRCs; what exceeds it is noise.
    _MAX_SEEN = 64

    def __init__(self) -> None:
        self.sections: dict[str, ReceiveSection] = {}
        self._readers: dict[str, ExtensionReader] = {}
        # What an SSRC's earlier packets said: Chromium sends mid and rid only on the first ones, and not always both.
        self._seen: OrderedDict[int, tuple[str | None, str | None, str | None]] = OrderedDict()

    def set_section(self, section: ReceiveSection) -> None:
        self.sections[section.mid] = section
        self._readers[section.mid] = ExtensionReader(section.extensions)

    def remove_section(self, mid: str) -> None:
        self.sections.pop(mid, None)
        self._readers.pop(mid, None)

    def find(self, packet: bytes, ssrc: int) -> Finding:
        """`packet` has passed `payload_bounds`."""
        payload_type = HEADER.unpack_from(packet)[1] & 0x7F
        mid, rid, repaired = self._seen.get(ssrc, (None, None, None))
        for reader in self._readers.values():
            # BUNDLE gives one meaning to an id in all sections, but an audio section agrees on no rid: read them all.
            reader.read(packet)
            mid = _text(reader.mid) or mid
            rid = _text(reader.rid) or rid
            repaired = _text(reader.repaired_rid) or repaired
        if mid is not None or rid is not None or repaired is not None:
            self._seen[ssrc] = (mid, rid, repaired)
            self._seen.move_to_end(ssrc)
            if len(self._seen) > self._MAX_SEEN:
                self._seen.popitem(last=False)
        section = self._section(mid, payload_type)
        if section is None:
            return Finding(None, rid or repaired or "", False, payload_type, mid)
        is_rtx = any(codec.rtx_payload_type == payload_type for codec in section.codecs)
        if not is_rtx and all(codec.payload_type != payload_type for codec in section.codecs):
            return Finding(None, rid or "", False, payload_type, mid, is_foreign=True)
        name = (repaired or rid if is_rtx else rid) or ""
        if section.rids and name not in section.rids:
            # Simulcast without its rid: the next packet may bring it.
            return Finding(None, name, is_rtx, payload_type, mid)
        return Finding(section, name if section.rids else "", is_rtx, payload_type, mid)

    def forget(self, ssrc: int) -> None:
        self._seen.pop(ssrc, None)

    def _section(self, mid: str | None, payload_type: int) -> ReceiveSection | None:
        if mid is not None:
            return self.sections.get(mid)
        # Without a mid a payload type that only one section lists is as good.
        found = [
            section
            for section in self.sections.values()
            if any(payload_type in (codec.payload_type, codec.rtx_payload_type) for codec in section.codecs)
        ]
        return found[0] if len(found) == 1 and not found[0].ssrcs else None
