"""Pictures and tones whose origin a receiver can recognise, cheap enough to make and to judge on a shared core."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import numpy as np
from livekit import rtc

SAMPLE_RATE = 48_000
CHUNK = SAMPLE_RATE // 100  # 10 ms, what the native audio source takes best
# Chroma pairs far enough apart to survive a low bit rate; none is grey, as pictures made from nothing are. The index
# is the publisher's colour code.
COLOURS = ((60, 60), (60, 196), (196, 60), (196, 196), (128, 196), (60, 128), (196, 128), (128, 60))
# A cycle of pictures made once: the generator then only hands out buffers.
CYCLE = 16


def picture(width: int, height: int, code: int, step: int) -> bytes:
    """One I420 picture: a gradient with a block that moves with `step`, in the colour of `code`."""
    luma = np.tile(np.linspace(40, 200, width, dtype=np.uint8), (height, 1))
    side = max(8, height // 4)
    left = (width - side) * step // CYCLE
    luma[height // 3 : height // 3 + side, left : left + side] = 235
    u, v = COLOURS[code]
    chroma = (width // 2) * (height // 2)
    return luma.tobytes() + bytes([u]) * chroma + bytes([v]) * chroma


def colour_code(i420: memoryview, width: int, height: int) -> int:
    """The code whose colour is nearest to the middle of a decoded picture."""
    data = np.frombuffer(i420, dtype=np.uint8)
    half_width, half_height = (width + 1) // 2, (height + 1) // 2
    size = half_width * half_height
    u = data[width * height : width * height + size]
    v = data[width * height + size : width * height + 2 * size]
    seen = (float(u.mean()), float(v.mean()))
    return min(range(len(COLOURS)), key=lambda i: (COLOURS[i][0] - seen[0]) ** 2 + (COLOURS[i][1] - seen[1]) ** 2)


def goertzel(samples: np.ndarray[tuple[int], np.dtype[np.float64]], frequency_hz: float) -> float:
    """Share (0..1) of the samples' energy that lies at `frequency_hz` (Goertzel's filter, in closed form)."""
    total = float(np.dot(samples, samples))
    if total == 0.0:
        return 0.0
    angle = 2 * np.pi * frequency_hz / SAMPLE_RATE * np.arange(len(samples))
    real, imaginary = float(np.dot(samples, np.cos(angle))), float(np.dot(samples, np.sin(angle)))
    # A pure sine of N samples gives |X|² = total · N / 2.
    return min(1.0, (real * real + imaginary * imaginary) * 2 / (len(samples) * total))


class Camera:
    """A video track that shows moving pictures in one colour until it is stopped."""

    def __init__(self, width: int, height: int, code: int, frames_per_s: int = 20) -> None:
        self.width, self.height, self.code, self.frames_per_s = width, height, code, frames_per_s
        self._source = rtc.VideoSource(width, height)
        self.track = rtc.LocalVideoTrack.create_video_track("camera", self._source)
        self._pictures = [bytearray(picture(width, height, code, step)) for step in range(CYCLE)]
        self._task = asyncio.get_running_loop().create_task(self._run())
        self.publication: rtc.LocalTrackPublication | None = None

    async def _run(self) -> None:
        step = 0
        while True:
            buffer = self._pictures[step % CYCLE]
            self._source.capture_frame(rtc.VideoFrame(self.width, self.height, rtc.VideoBufferType.I420, buffer))
            step += 1
            await asyncio.sleep(1 / self.frames_per_s)

    @property
    def sid(self) -> str:
        """Of the publication."""
        assert self.publication is not None, "not published"
        return self.publication.sid

    async def close(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        await self._source.aclose()


class Tone:
    """An audio track with one sine wave until it is stopped."""

    def __init__(self, frequency_hz: float) -> None:
        self.frequency_hz = frequency_hz
        self._source = rtc.AudioSource(SAMPLE_RATE, 1, queue_size_ms=100)
        self.track = rtc.LocalAudioTrack.create_audio_track("microphone", self._source)
        self._task = asyncio.get_running_loop().create_task(self._run())
        self.publication: rtc.LocalTrackPublication | None = None

    async def _run(self) -> None:
        async for chunk in self._chunks():
            await self._source.capture_frame(rtc.AudioFrame(chunk, SAMPLE_RATE, 1, CHUNK))

    async def _chunks(self) -> AsyncIterator[bytes]:
        # One second holds a whole number of periods of a whole frequency, so the loop is seamless.
        second = 0.3 * np.sin(2 * np.pi * self.frequency_hz * np.arange(SAMPLE_RATE) / SAMPLE_RATE)
        pcm = (second * 32767).astype(np.int16)
        while True:
            for start in range(0, SAMPLE_RATE, CHUNK):
                yield pcm[start : start + CHUNK].tobytes()

    @property
    def sid(self) -> str:
        """Of the publication."""
        assert self.publication is not None, "not published"
        return self.publication.sid

    async def close(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        await self._source.aclose()
