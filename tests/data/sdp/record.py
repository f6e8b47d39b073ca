"""Records real SDP offers into this folder, so that tests read what clients send and not what we imagine.

Run by hand when a client's new version is worth having: ``python -m tests.data.sdp.record chromium firefox native``.
The native SDK offers only to a server that answers, so it joins ours.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from unittest.mock import patch

from aiohttp import web
from livekit import api
from livekit import rtc as sdk
from livekit.rtc.participant import PublishTrackError

from server.media_app import MediaConfig, create_media_app
from server.signaling.negotiation import AnsweringSide
from server.signaling.sdp import Direction, SessionDescription
from server.signaling.sdp_parser import parse_sdp
from tests.integration.negotiation.browser_page import BROWSERS, open_page

HERE = Path(__file__).parent
KEY, SECRET = "APIrecorder", "a secret of more than thirty-two characters"


def save(client: str, offers: dict[str, str]) -> None:
    for name, sdp in sorted(offers.items()):
        if not sdp.startswith("v=0"):
            print(f"{client}: {name}: {sdp}", file=sys.stderr)
            continue
        path = HERE / f"{client}_{name}.sdp"
        path.write_bytes(sdp.encode())
        print(path.name, len(sdp))


async def record_browser(browser: str) -> None:
    async with open_page(browser) as page:
        save(browser, await page.call("recordAll"))


@contextlib.asynccontextmanager
async def server() -> AsyncIterator[tuple[str, list[str]]]:
    """Our own media server on free ports; every offer that it reads is noted."""
    heard: list[str] = []
    read = AnsweringSide.read

    def noting(side: AnsweringSide, text: str) -> SessionDescription:
        heard.append(text)
        return read(side, text)

    with patch.object(AnsweringSide, "read", noting):
        app = create_media_app(MediaConfig(keys={KEY: SECRET}, udp_port=0, tcp_port=None))
        runner = web.AppRunner(app, max_line_size=65536)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"ws://127.0.0.1:{runner.addresses[0][1]}", heard
        await runner.cleanup()


async def record_native() -> None:
    """The native SDK joins and publishes in each codec; the last offer of each life is the one that carries it."""
    offers: dict[str, str] = {}
    codecs = {"vp8": sdk.VideoCodec.VP8, "h264": sdk.VideoCodec.H264, "vp9": sdk.VideoCodec.VP9}
    async with server() as (url, heard):
        for is_single in (True, False):
            for codec, number in codecs.items():
                for is_simulcast in (True, False):
                    heard.clear()
                    await publish(url, is_single, number, is_simulcast, heard)
                    layers = "_simulcast" if is_simulcast else ""
                    mode = "single" if is_single else "dual"
                    offers[f"{mode}_audio_{codec}{layers}"] = next(filter(carries_video, heard), "never offered")
                    if is_single:
                        offers["single_initial"] = heard[0]
    save("native", offers)


async def publish(
    url: str, is_single: bool, codec: sdk.VideoCodec.ValueType, is_simulcast: bool, heard: list[str]
) -> None:
    token = api.AccessToken(KEY, SECRET).with_identity("recorder")
    token = token.with_grants(api.VideoGrants(room_join=True, room="recording"))
    room = sdk.Room()
    await room.connect(url, token.to_jwt(), sdk.RoomOptions(single_peer_connection=is_single))
    microphone = sdk.LocalAudioTrack.create_audio_track("microphone", sdk.AudioSource(48000, 1))
    camera = sdk.LocalVideoTrack.create_video_track("camera", sdk.VideoSource(1280, 720))
    options = sdk.TrackPublishOptions(source=sdk.TrackSource.SOURCE_MICROPHONE)
    await room.local_participant.publish_track(microphone, options)
    options = sdk.TrackPublishOptions(source=sdk.TrackSource.SOURCE_CAMERA, video_codec=codec, simulcast=is_simulcast)
    # Why: a codec that the server refuses is worth recording too.
    with contextlib.suppress(PublishTrackError):
        await room.local_participant.publish_track(camera, options)
    # A recorder may wait by the clock: what never comes is reported by its absence.
    for _ in range(50):
        if any(map(carries_video, heard)):
            break
        await asyncio.sleep(0.1)
    await room.disconnect()


def carries_video(offer: str) -> bool:
    return any(one.kind == "video" and one.direction is Direction.SENDONLY for one in parse_sdp(offer).sections)


if __name__ == "__main__":
    for chosen in sys.argv[1:] or [*BROWSERS, "native"]:
        asyncio.run(record_native() if chosen == "native" else record_browser(chosen))
