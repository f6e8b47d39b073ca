"""Puts one publisher and some subscribers on a server and tells what they saw: ``python -m bench.client URL``."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import sys

import aiohttp

from bench.client.dtls import Certificate
from bench.client.options import ParticipantOptions
from bench.client.participant import Participant
from bench.client.publish import AudioPlan, VideoPlan

GUARD_S = 15.0


async def run(options: argparse.Namespace) -> int:
    certificate = Certificate()
    room = f"bench-{secrets.token_hex(3)}"
    video = VideoPlan.simulcast_720p() if options.simulcast else VideoPlan.single(1280, 720, 30, 2_500_000)
    async with aiohttp.ClientSession() as http:
        crowd: list[Participant] = []
        try:
            for index in range(options.subscribers + 1):
                is_publisher = index == 0
                one = Participant(
                    ParticipantOptions(
                        url=options.url, key=options.key, secret=options.secret, room=room, identity=f"p{index}",
                        video=video if is_publisher else None, audio=AudioPlan() if is_publisher else None,
                        gro=options.gro, setup=options.setup, with_gcm=not options.no_gcm,
                    ),
                    http,
                    certificate,
                )  # fmt: skip
                crowd.append(one)
                await one.join()
                async with asyncio.timeout(GUARD_S):
                    await one.connected.wait()
                    if is_publisher:
                        await one.published.wait()
            await asyncio.sleep(options.seconds)
            for one in crowd:
                print(json.dumps(describe(one)))
        finally:
            for one in crowd:
                await one.close()
    return 0


def describe(one: Participant) -> dict[str, object]:
    """What one participant saw, as plain JSON."""
    receiver = one.receiver
    return {
        "identity": one.options.identity,
        "profile": one.path.profile if one.path.is_connected else "",
        "join_ms": (one.joined_us - one.open_us) / 1000,
        "dtls_ms": (one.path.connected_at_us - one.open_us) / 1000,
        "first_packet_ms": (receiver.first_packet_us - one.open_us) / 1000 if receiver.first_packet_us else None,
        "first_frame_ms": [(at - one.open_us) / 1000 for at in receiver.first_frames_us.values()],
        "sent": one.packets_sent,
        "resent": one.resent(),
        "late_frames": one.late_frames,
        "received": receiver.packets,
        "padding": receiver.padding,
        "unknown": receiver.unknown,
        "undecryptable": receiver.undecryptable,
        "plis": receiver.plis_sent,
        "nacks": receiver.nacks_sent,
        "left": one.left_reason,
        "failure": one.path.failure,
        "streams": [
            {
                "ssrc": stream.ssrc, "video": stream.is_video, "rtx": stream.rtx_of is not None,
                "packets": stream.packets, "missing": len(stream.missing), "duplicates": stream.duplicates,
                "late": stream.late, "recovered": stream.recovered, "given_up": stream.given_up,
            }
            for stream in receiver.streams.values()
        ],
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.client", description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--key", default=os.environ.get("LIVEKIT_API_KEY", "devkey"))
    parser.add_argument("--secret", default=os.environ.get("LIVEKIT_API_SECRET", ""))
    parser.add_argument("--subscribers", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--simulcast", action="store_true")
    parser.add_argument("--gro", action="store_true")
    parser.add_argument("--no-gcm", action="store_true")
    parser.add_argument("--setup", default="actpass", choices=("actpass", "active", "passive"))
    return asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
