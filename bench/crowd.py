"""Participants of a bench: join them, wait for media, pause publishers, sum what arrived."""

from __future__ import annotations

import asyncio
import secrets
from types import TracebackType

import aiohttp

from bench.client import AudioPlan, Participant, ParticipantOptions, VideoPlan
from bench.client.dtls import Certificate
from bench.client.receive import Latencies
from bench.target import Target

JOIN_GUARD_S = 20.0
MEDIA_GUARD_S = 20.0


class Crowd:
    """Everyone in one room of one server. Use ``async with``."""

    def __init__(
        self, target: Target, *, gro: bool = False, latencies: Latencies | None = None, setup: str = "actpass"
    ) -> None:
        self.target = target
        self.room = f"bench-{secrets.token_hex(4)}"
        self.people: list[Participant] = []
        self._gro = gro
        self._setup = setup
        self._latencies = latencies
        self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        self._certificate = Certificate()

    async def __aenter__(self) -> Crowd:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(*(one.close() for one in self.people), return_exceptions=True)
        await self._http.close()

    def make(
        self,
        *,
        video: VideoPlan | None = None,
        audio: AudioPlan | None = None,
        sections: tuple[int, int] = (1, 1),
        tile: tuple[int, int] | None = None,
        tiles: int | None = None,
        stamps: bool = False,
    ) -> Participant:
        """Someone who has not joined yet; `sections` are those for audio and video to begin with."""
        index = len(self.people)
        target = self.target
        one = Participant(
            ParticipantOptions(
                url=target.url, key=target.key, secret=target.secret, room=self.room, identity=f"p{index}",
                video=video, audio=audio, audio_sections=sections[0], video_sections=sections[1], tile=tile,
                tiles=tiles, gro=self._gro, stamps=stamps, seed=1 + index, setup=self._setup,
            ),
            self._http,
            self._certificate,
            self._latencies,
        )  # fmt: skip
        self.people.append(one)
        return one

    async def join(self, one: Participant) -> None:
        """Joined, connected, and publishing if it has something to. Raises TimeoutError naming what is missing."""
        publishes = one.options.video is not None or one.options.audio is not None
        try:
            async with asyncio.timeout(JOIN_GUARD_S):
                await one.join()
                await one.connected.wait()
                if publishes:
                    await one.published.wait()
        except TimeoutError:
            state = (
                f"joined {bool(one.joined_us)}, answered {bool(one.answered_us)}, "
                f"checked {bool(one.path.checked_at_us)}, "
                f"connected {one.connected.is_set()}, published {one.published.is_set()}, left {one.left_reason!r}, "
                f"failure {one.path.failure!r}"
            )
            raise TimeoutError(f"{self.target.name}: {one.options.identity} did not get in: {state}") from None

    async def media_everywhere(self, frames_each: int = 1) -> None:
        """Everyone who receives has had this many tracks' first whole key frame."""
        receivers = [one for one in self.people if one.options.video_sections]
        try:
            async with asyncio.timeout(MEDIA_GUARD_S):
                # Why polled: the hot path of the receivers sets no events.
                while any(len(one.receiver.first_frames_us) < frames_each for one in receivers):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        except TimeoutError:
            short = [one.options.identity for one in receivers if len(one.receiver.first_frames_us) < frames_each]
            raise TimeoutError(f"{self.target.name}: no picture at {', '.join(short)}") from None

    def received(self) -> int:
        return sum(one.receiver.packets for one in self.people)

    def sent(self) -> int:
        return sum(one.packets_sent for one in self.people)

    def nacks(self) -> int:
        return sum(one.receiver.nacks_sent for one in self.people)

    def late_frames(self) -> int:
        return sum(one.late_frames for one in self.people)

    def undecryptable(self) -> int:
        return sum(one.receiver.undecryptable for one in self.people)

    def pause(self) -> None:
        for one in self.people:
            one.pause()

    def resume(self, *, audio: bool = True, video: bool = True) -> None:
        for one in self.people:
            one.resume(audio=audio, video=video)
