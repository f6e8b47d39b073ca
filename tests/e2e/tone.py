"""The fake microphone's sound: 440 Hz in beeps, because a browser suppresses a steady tone as noise."""

from __future__ import annotations

import math
import struct
import wave
from pathlib import Path

TONE_HZ = 440
RATE = 48_000
SECONDS = 2
BEEP_S = 0.25  # and as long a silence
PEAK = 16_000  # half of full scale


def write_beeps(path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        for index in range(RATE * SECONDS):
            is_beep = index % (2 * BEEP_S * RATE) < BEEP_S * RATE
            value = int(PEAK * math.sin(2 * math.pi * TONE_HZ * index / RATE)) if is_beep else 0
            file.writeframesraw(struct.pack("<h", value))
