"""`token`: a LiveKit access token made with the keys of the environment or of the data folder."""

from __future__ import annotations

import argparse
import re
import sys
from datetime import timedelta
from pathlib import Path

from livekit.api import AccessToken, VideoGrants

from server.errors import ErrorCode, InvalidInput
from server.keys import configured_keys, read_kept_keys
from server.settings import load_settings

HELP = "print a LiveKit access token"
_TTL = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def ttl(text: str) -> timedelta:
    """`90s`, `10m`, `6h`, `1d`."""
    match = _TTL.fullmatch(text)
    if match is None or int(match[1]) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 10m or 6h")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--room", required=True, help="room that the token is for")
    add("--identity", required=True, metavar="ID", help="who its bearer is")
    add("--name", metavar="N", default="", help="name that others see")
    add("--ttl", type=ttl, default=timedelta(hours=6), help="how long it is valid: 90s, 10m, 6h, 1d (default 6h)")
    add("--no-publish", action="store_true", help="may not send sound, picture or data")
    add("--no-subscribe", action="store_true", help="may not receive sound or picture")
    add("--hidden", action="store_true", help="others do not see this participant")
    add("--admin", action="store_true", help="may use the server API for this room")
    add("--data", type=Path, metavar="DIR", help="data folder with the keys (default ./data)")


def run(arguments: argparse.Namespace) -> int:
    settings = load_settings(data=arguments.data)
    configured = configured_keys(
        api_key=settings.livekit_api_key,
        api_secret=settings.livekit_api_secret.get_secret_value(),
        keys=settings.livekit_keys.get_secret_value(),
    )
    keys = configured or read_kept_keys(settings.data)
    if not keys:
        detail = f"neither LIVEKIT_API_KEY is set, nor has {settings.data} keys yet (start `serve` once)"
        raise InvalidInput(ErrorCode.KEYS_INVALID, detail)
    key, secret = next(iter(keys.items()))
    grants = VideoGrants(
        room_join=True,
        room=arguments.room,
        can_publish=not arguments.no_publish,
        can_publish_data=not arguments.no_publish,
        can_subscribe=not arguments.no_subscribe,
        hidden=arguments.hidden or None,
        room_admin=arguments.admin or None,
    )
    token = AccessToken(key, secret).with_identity(arguments.identity).with_name(arguments.name)
    sys.stdout.write(token.with_grants(grants).with_ttl(arguments.ttl).to_jwt() + "\n")
    return 0
