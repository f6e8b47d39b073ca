"""One person with the native SDK: joins, publishes recognisable media, meters what arrives, remembers every event."""

from __future__ import annotations

import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from livekit import rtc
from livekit.rtc.room import EventTypes

from tests.conformance.media_source import Camera, Tone
from tests.conformance.meter import AudioMeter, VideoMeter
from tests.conformance.wait import GUARD_S, until

# Enough decoded frames to know that it is no accident, few enough to be quick (20 frames/s are sent).
SOME_FRAMES = 12
CODECS = {"vp8": rtc.VideoCodec.VP8, "h264": rtc.VideoCodec.H264, "vp9": rtc.VideoCodec.VP9, "av1": rtc.VideoCodec.AV1}


@dataclass(frozen=True, slots=True)
class Event:
    name: str
    args: tuple[Any, ...]


class Client:
    """A Room of the SDK with its history."""

    def __init__(self, identity: str) -> None:
        self.identity = identity
        self.room = rtc.Room()
        self.events: list[Event] = []
        self.video: dict[str, VideoMeter] = {}
        self.audio: dict[str, AudioMeter] = {}
        self._retired: list[VideoMeter | AudioMeter] = []
        self._sources: list[Camera | Tone] = []
        for name in typing.get_args(EventTypes):
            self.room.on(name, self._recorder(name))
        self.room.on("track_subscribed", self._meter)

    def _recorder(self, name: str) -> Callable[..., None]:
        def record(*args: Any) -> None:
            self.events.append(Event(name, args))

        return record

    def _meter(
        self, track: rtc.Track, publication: rtc.RemoteTrackPublication, participant: rtc.RemoteParticipant
    ) -> None:
        """A meter per sender and kind; a new track (after a full reconnect) gets a new meter."""
        old: VideoMeter | AudioMeter | None = None
        if isinstance(track, rtc.RemoteVideoTrack):
            old = self.video.get(participant.identity)
            self.video[participant.identity] = VideoMeter(track)
        elif isinstance(track, rtc.RemoteAudioTrack):
            old = self.audio.get(participant.identity)
            self.audio[participant.identity] = AudioMeter(track)
        if old is not None:
            self._retired.append(old)

    @property
    def all_video(self) -> list[VideoMeter]:
        """The meters of every video track that ever came."""
        return [*self.video.values(), *(meter for meter in self._retired if isinstance(meter, VideoMeter))]

    @property
    def me(self) -> rtc.LocalParticipant:
        return self.room.local_participant

    def other(self, identity: str) -> rtc.RemoteParticipant:
        return self.room.remote_participants[identity]

    def find(self, name: str, matches: Callable[..., bool] = lambda *_: True, since: int = 0) -> Event | None:
        """The first recorded event of that name (from index `since`) whose arguments match."""
        return next((event for event in self.events[since:] if event.name == name and matches(*event.args)), None)

    async def event(
        self, name: str, matches: Callable[..., bool] = lambda *_: True, since: int = 0, guard_s: float = GUARD_S
    ) -> Event:
        """Waits for such an event; one that came already counts (use `since=len(client.events)` for a new one)."""
        return await until(
            lambda: self.find(name, matches, since),
            lambda: f"{self.identity} got {name}; it got {[event.name for event in self.events[since:]]}",
            guard_s,
        )

    async def sees(self, identity: str) -> rtc.RemoteParticipant:
        return await until(lambda: self.room.remote_participants.get(identity), f"{self.identity} sees {identity}")

    async def publication(self, identity: str, kind: rtc.TrackKind.ValueType) -> rtc.RemoteTrackPublication:
        """The other's first publication of a kind."""

        def look() -> rtc.RemoteTrackPublication | None:
            other = self.room.remote_participants.get(identity)
            publications = other.track_publications.values() if other else ()
            return next((found for found in publications if found.kind == kind), None)

        return await until(look, f"{self.identity} sees a publication of {identity}")

    async def show(
        self,
        *,
        width: int = 320,
        height: int = 180,
        code: int = 0,
        codec: str = "vp8",
        is_simulcast: bool = False,
        source: rtc.TrackSource.ValueType = rtc.TrackSource.SOURCE_CAMERA,
    ) -> Camera:
        """Publishes a camera."""
        # Why fewer: three layers of one picture cost the shared cores more than the rest of a test.
        camera = Camera(width, height, code, frames_per_s=15 if is_simulcast else 20)
        self._sources.append(camera)
        options = rtc.TrackPublishOptions(source=source, simulcast=is_simulcast, video_codec=CODECS[codec])
        camera.publication = await self.me.publish_track(camera.track, options)
        return camera

    async def sing(self, frequency_hz: float = 440, *, dtx: bool = True, red: bool = True) -> Tone:
        """Publishes a tone as microphone."""
        tone = Tone(frequency_hz)
        self._sources.append(tone)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE, dtx=dtx, red=red)
        tone.publication = await self.me.publish_track(tone.track, options)
        return tone

    async def sees_frames(
        self, identity: str, count: int = SOME_FRAMES, code: int | None = None, guard_s: float = GUARD_S
    ) -> VideoMeter:
        """`count` more frames than now are decoded of the other's video, the last in the other's colour."""
        await until(lambda: self.video.get(identity), f"{self.identity} is subscribed to {identity}'s video", guard_s)
        first = self.video[identity]
        start = first.frames

        def came() -> int:
            meter = self.video[identity]
            return meter.frames - (start if meter is first else 0)

        await until(
            lambda: came() >= count and (code is None or self.video[identity].code == code),
            lambda: (
                f"{self.identity} sees {count} more frames of {identity} in colour {code}: "
                f"{came()} came, the last in colour {self.video[identity].code}"
            ),
            guard_s,
        )
        return self.video[identity]

    async def hears(self, identity: str, frequency_hz: float = 440, guard_s: float = GUARD_S) -> AudioMeter:
        """Most energy of what arrives from the other lies at the frequency."""
        await until(lambda: self.audio.get(identity), f"{self.identity} is subscribed to {identity}'s audio", guard_s)
        await until(
            lambda: self.audio[identity].share(frequency_hz) > 0.8,
            lambda: (
                f"{self.identity} hears {frequency_hz} Hz of {identity}: share "
                f"{self.audio[identity].share(frequency_hz):.2f}, level {self.audio[identity].level():.3f}"
            ),
            guard_s,
        )
        return self.audio[identity]

    async def media_protocols(self) -> set[str]:
        """Transport protocols of the candidate pairs that carry packets now: udp, tcp."""
        stats = await self.room.get_rtc_stats()
        found: set[str] = set()
        for group in (stats.publisher_stats, stats.subscriber_stats):
            local = {
                s.local_candidate.rtc.id: s.local_candidate.candidate for s in group if s.HasField("local_candidate")
            }
            for pair in (s.candidate_pair.candidate_pair for s in group if s.HasField("candidate_pair")):
                if pair.nominated and pair.packets_sent and pair.local_candidate_id in local:
                    found.add(local[pair.local_candidate_id].protocol)
        return found

    async def close(self) -> None:
        for meter in (*self.video.values(), *self.audio.values(), *self._retired):
            await meter.close()
        for source in self._sources:
            await source.close()
        await self.room.disconnect()
