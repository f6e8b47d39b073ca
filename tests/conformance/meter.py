"""What a receiver measures of a subscribed track: decoded frames, their size and colour; the energy of a tone."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, deque

import numpy as np
from livekit import rtc

from tests.conformance.media_source import SAMPLE_RATE, colour_code, goertzel

# Long enough to tell 440 from 450 Hz, short enough to follow a mute.
WINDOW_MS = 400
CHUNK_MS = 20
# The native SDK hands out a grey picture of 8x8 pixels when a track ends.
PLACEHOLDER = 16


class VideoMeter:
    """Counts the decoded frames of one remote video track."""

    def __init__(self, track: rtc.RemoteVideoTrack) -> None:
        self.frames = 0
        self.sizes: Counter[tuple[int, int]] = Counter()
        self.size = (0, 0)
        self.code: int | None = None
        self._stream = rtc.VideoStream(track, capacity=4, format=rtc.VideoBufferType.I420)
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        async for event in self._stream:
            frame = event.frame
            if frame.width <= PLACEHOLDER:
                continue
            self.frames += 1
            self.size = (frame.width, frame.height)
            self.sizes[self.size] += 1
            self.code = colour_code(frame.data, frame.width, frame.height)

    async def close(self) -> None:
        await _end(self._task, self._stream)


class AudioMeter:
    """Keeps the last moments of one remote audio track."""

    def __init__(self, track: rtc.RemoteAudioTrack) -> None:
        self.chunks = 0
        self._recent: deque[np.ndarray[tuple[int], np.dtype[np.float64]]] = deque(maxlen=WINDOW_MS // CHUNK_MS)
        self._stream = rtc.AudioStream(
            track, sample_rate=SAMPLE_RATE, num_channels=1, capacity=8, frame_size_ms=CHUNK_MS
        )
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        async for event in self._stream:
            self.chunks += 1
            self._recent.append(np.frombuffer(event.frame.data, dtype=np.int16).astype(np.float64) / 32768)

    def level(self) -> float:
        """Root mean square of the window, 0..1; 0 until the window is full."""
        if len(self._recent) < (self._recent.maxlen or 0):
            return 0.0
        samples = np.concatenate(self._recent)
        return float(np.sqrt(np.mean(samples * samples)))

    def share(self, frequency_hz: float) -> float:
        """Share of the window's energy at a frequency; 0 when it is silent."""
        if self.level() < 0.01:
            return 0.0
        return goertzel(np.concatenate(self._recent), frequency_hz)

    async def close(self) -> None:
        await _end(self._task, self._stream)


async def _end(task: asyncio.Task[None], stream: rtc.VideoStream | rtc.AudioStream) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    with contextlib.suppress(asyncio.TimeoutError):
        # A stream of a track that is gone has nobody to end it: the guard keeps the test from hanging there.
        await asyncio.wait_for(stream.aclose(), 2)
