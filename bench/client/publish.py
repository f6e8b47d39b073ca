"""A published track at packet level: frames on a clock, RTP headers with extensions, answers to PLI and NACK."""

from __future__ import annotations

import secrets
import struct
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from pylibsrtp import Session

from bench.client import rtcp, sdp
from bench.client.vp8 import STAMP, OpusSource, Vp8Source

# Why 1.5 s: browsers send rid and mid until the first report comes; that is about this long.
NAME_SECONDS = 1.5
# Why 600: about two seconds of 720p, what a browser keeps for NACK.
CACHE_PACKETS = 600
_OPUS_SECONDS = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    rid: str
    width: int
    height: int
    fps: int
    bitrate_bps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoPlan:
    """`layers` lowest first; one layer = no simulcast. `source`: ``camera`` or ``screen_share``."""

    layers: tuple[Layer, ...]
    source: str = "camera"

    @classmethod
    def single(cls, width: int, height: int, fps: int, bitrate_bps: int, source: str = "camera") -> VideoPlan:
        layer = Layer(rid="", width=width, height=height, fps=fps, bitrate_bps=bitrate_bps)
        return cls(layers=(layer,), source=source)

    @classmethod
    def simulcast_720p(cls, fps: int = 30, top_bps: int = 1_700_000) -> VideoPlan:
        """LiveKit's own presets: 180p 160 kbit/s, 360p 450 kbit/s, 720p 1.7 Mbit/s."""
        return cls(
            layers=(
                Layer(rid="q", width=320, height=180, fps=fps, bitrate_bps=160_000),
                Layer(rid="h", width=640, height=360, fps=fps, bitrate_bps=450_000),
                Layer(rid="f", width=1280, height=720, fps=fps, bitrate_bps=top_bps),
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioPlan:
    is_talking: bool = True
    has_dtx: bool = True


class Encoding:
    """One SSRC going out."""

    def __init__(self, *, payload_type: int, clock_rate: int, mid: str, rid: str = "") -> None:
        self.ssrc = secrets.randbits(32) | 1
        self.rtx_ssrc = secrets.randbits(32) | 1
        self.payload_type = payload_type
        self.clock_rate = clock_rate
        self.mid = mid
        self.rid = rid
        self.seq = secrets.randbits(15)
        self.rtx_seq = secrets.randbits(15)
        self.packets = 0
        self.octets = 0
        self.resent = 0
        self.timestamp = secrets.randbits(31)
        self._born = time.monotonic()
        self._cache: deque[tuple[int, bytes]] = deque(maxlen=CACHE_PACKETS)

    def packet(self, payload: bytes, *, marker: bool, level: int | None = None) -> bytes:
        """A clear RTP packet with the time of sending at its end."""
        extension = b""
        if level is not None:
            extension += bytes((sdp.EXT_LEVEL << 4, (0x80 if level < 100 else 0) | level))
        send_time = (time.monotonic_ns() * (1 << 18) // 1_000_000_000) & 0xFFFFFF
        extension += bytes((sdp.EXT_SEND_TIME << 4 | 2,)) + send_time.to_bytes(3)
        if time.monotonic() - self._born < NAME_SECONDS:
            for number, text in ((sdp.EXT_MID, self.mid), (sdp.EXT_RID, self.rid)):
                if text:
                    extension += bytes((number << 4 | len(text) - 1,)) + text.encode()
        extension += bytes(-len(extension) % 4)
        self.seq = (self.seq + 1) & 0xFFFF
        head = struct.pack(
            "!BBHIIHH",
            0x90,
            self.payload_type | (0x80 if marker else 0),
            self.seq,
            self.timestamp & 0xFFFFFFFF,
            self.ssrc,
            0xBEDE,
            len(extension) // 4,
        )
        packet = head + extension + payload + STAMP.pack(time.time_ns())
        self.packets += 1
        self.octets += len(payload) + STAMP.size
        if self.payload_type != sdp.AUDIO_PT:
            self._cache.append((self.seq, packet))
        return packet

    def resend(self, seq: int) -> bytes | None:
        """RFC 4588: the packet again on the RTX stream, its number in front of the payload."""
        found = next((packet for number, packet in reversed(self._cache) if number == seq), None)
        if found is None:
            return None
        self.resent += 1
        self.rtx_seq = (self.rtx_seq + 1) & 0xFFFF
        words = int.from_bytes(found[14:16])
        body_at = 16 + 4 * words
        extension = bytes((sdp.EXT_MID << 4 | len(self.mid) - 1,)) + self.mid.encode()
        if self.rid:
            extension += bytes((sdp.EXT_REPAIRED_RID << 4 | len(self.rid) - 1,)) + self.rid.encode()
        extension += bytes(-len(extension) % 4)
        head = struct.pack(
            "!BBHII", 0x90, found[1] & 0x80 | sdp.RTX_PT, self.rtx_seq, int.from_bytes(found[4:8]), self.rtx_ssrc
        )
        head += struct.pack("!HH", 0xBEDE, len(extension) // 4)
        return head + extension + found[2:4] + found[body_at:]

    def skip(self, seconds: float) -> None:
        """RTP time goes on while nothing is sent."""
        self.timestamp += int(seconds * self.clock_rate)

    def sender_report(self) -> bytes:
        return rtcp.sender_report(self.ssrc, rtcp.ntp(time.time_ns()), self.timestamp, self.packets, self.octets)


class OutVideo:
    """All layers of one camera. `send` takes clear packets."""

    def __init__(self, plan: VideoPlan, mid: str, seed: int) -> None:
        self.plan = plan
        self.encodings = [
            Encoding(payload_type=sdp.VIDEO_PT, clock_rate=90_000, mid=mid, rid=layer.rid) for layer in plan.layers
        ]
        self._sources = [
            Vp8Source(
                width=layer.width,
                height=layer.height,
                fps=layer.fps,
                bitrate_bps=layer.bitrate_bps,
                seed=seed + index,
                has_temporal_layers=len(plan.layers) > 1,
            )
            for index, layer in enumerate(plan.layers)
        ]
        self._wants_key = [True] * len(plan.layers)
        self.is_enabled = [True] * len(plan.layers)
        self.key_frames = 0
        self.late_frames = 0
        self.interval_s = 1 / plan.layers[-1].fps

    def tick(self, send: Callable[[bytes], None]) -> None:
        """One frame of each enabled layer."""
        for index, (encoding, source) in enumerate(zip(self.encodings, self._sources, strict=True)):
            encoding.timestamp += 90_000 // source.fps
            if not self.is_enabled[index]:
                continue
            is_key, self._wants_key[index] = self._wants_key[index], False
            self.key_frames += is_key
            payloads = source.frame(is_key=is_key)
            for number, payload in enumerate(payloads, 1):
                send(encoding.packet(payload, marker=number == len(payloads)))

    def on_pli(self, ssrc: int) -> None:
        for index, encoding in enumerate(self.encodings):
            if encoding.ssrc == ssrc:
                self._wants_key[index] = True

    def on_quality(self, enabled: dict[int, bool]) -> None:
        """Dynacast: LiveKit's quality number → wanted."""
        for index in range(len(self.encodings)):
            if index in enabled:
                was, self.is_enabled[index] = self.is_enabled[index], enabled[index]
                self._wants_key[index] |= enabled[index] and not was


class OutAudio:
    """One microphone."""

    def __init__(self, plan: AudioPlan, mid: str, seed: int) -> None:
        self.encodings = [Encoding(payload_type=sdp.AUDIO_PT, clock_rate=48_000, mid=mid)]
        self.source = OpusSource(seed=seed, has_dtx=plan.has_dtx)
        self.source.is_talking = plan.is_talking
        self.interval_s = _OPUS_SECONDS
        self.late_frames = 0
        self._was_quiet = True

    def tick(self, send: Callable[[bytes], None]) -> None:
        encoding = self.encodings[0]
        encoding.timestamp += OpusSource.TICKS
        made = self.source.packet()
        if made is None:
            self._was_quiet = True
            return
        payload, level = made
        send(encoding.packet(payload, marker=self._was_quiet, level=level))
        self._was_quiet = False


OutTrack = OutVideo | OutAudio


def protected_sender(srtp: Session, send: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """Clear RTP in, SRTP out."""

    def send_clear(packet: bytes) -> None:
        send(srtp.protect(packet))

    return send_clear
