"""Every clock change 2000-2040 of every zone, ±1 s and ±1 h, against two other implementations.

They are `whenever`, and `zdump` of files that `zic` compiles from the wheel's own `tzdata.zi`. The goal: none."""

from __future__ import annotations

import argparse
import importlib.resources
import re
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import whenever

from scheduler import zone

START, END = datetime(2000, 1, 1, tzinfo=UTC), datetime(2041, 1, 1, tzinfo=UTC)
AROUND = (-3_600, -1, 0, 1, 3_600)
_ZDUMP = re.compile(r"^\S+ +\S+ (\w+) +(\d+) (\d\d:\d\d:\d\d) (\d+) UTC? = \S+ .* isdst=\d gmtoff=(-?\d+)$")

whenever.reset_tzpath([])


def parser() -> argparse.ArgumentParser:
    arguments = argparse.ArgumentParser(prog="bench transitions", description=__doc__)
    arguments.add_argument("--zones", type=int, default=0, help="only every n-th zone")
    return arguments


def transitions(key: str) -> list[datetime]:
    """Found by looking daily: also a change that is taken back within the week."""
    at, found, offset = START, [], zone.offset_at(START, key)
    tz = zone.load_zone(key)
    while at < END:
        at += timedelta(days=1)
        now = at.astimezone(tz).utcoffset()
        assert now is not None
        if now != offset:
            change = zone.next_change(key, at - timedelta(days=1))
            assert change is not None
            found.append(change.at)
            offset = now
    return found


def differences(key: str, changes: list[datetime]) -> list[str]:
    """Instants around each change whose wall clock `whenever` reads differently, and local times resolved otherwise."""
    found = []
    for change in changes:
        for seconds in AROUND:
            at = change + timedelta(seconds=seconds)
            theirs = whenever.Instant.from_timestamp(int(at.timestamp())).to_tz(key)
            if theirs.offset.to_stdlib() != zone.offset_at(at, key):
                found.append(f"{key} {at}: offset {theirs.offset}")
            local = zone.to_local(at, key).replace(tzinfo=None)
            ours = zone.resolve(local, key)
            plain = whenever.PlainDateTime(local.year, local.month, local.day, local.hour, local.minute, local.second)
            pair = tuple(plain.assume_tz(key, disambiguation=way).timestamp() for way in ("earlier", "later"))
            if (int(ours.at.timestamp()), int(ours.later_at.timestamp())) != pair:
                found.append(f"{key} {local}: {pair}")
    return found


def zdump_differences(keys: list[str], changes: dict[str, list[datetime]]) -> tuple[list[str], int] | None:
    """And how many instants were compared; None when this machine has no zic or zdump."""
    zic, zdump = shutil.which("zic") or shutil.which("zic", path="/usr/sbin"), shutil.which("zdump")
    if zic is None or zdump is None:
        return None
    found: list[str] = []
    compared = 0
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "tzdata.zi")
        source.write_bytes(importlib.resources.files("tzdata").joinpath("zoneinfo", "tzdata.zi").read_bytes())
        subprocess.run([zic, "-b", "fat", "-d", f"{folder}/out", str(source)], check=True, capture_output=True)
        known = [key for key in keys if Path(folder, "out", key).exists()]
        found += [f"{key}: zic does not make it" for key in keys if key not in known and key not in ("localtime",)]
        for key in known:
            path = str(Path(folder, "out", key))
            text = subprocess.run(
                [zdump, "-v", "-c", "2000,2041", path], check=True, capture_output=True, text=True
            ).stdout
            theirs: dict[datetime, int] = {}
            for line in text.splitlines():
                match = _ZDUMP.match(line)
                if match and int(match[4]) >= 2000:
                    at = datetime.strptime(f"{match[4]} {match[1]} {match[2]} {match[3]} +0000", "%Y %b %d %H:%M:%S %z")
                    theirs[at] = int(match[5])
            compared += len(theirs)
            found += [
                f"{key} {at}: zdump has {offset}"
                for at, offset in theirs.items()
                if START <= at < END and zone.offset_at(at, key).total_seconds() != offset
            ]
            found += [f"{key} {at}: zdump has no such change" for at in changes[key] if at not in theirs and theirs]
    return found, compared


async def run(options: argparse.Namespace) -> int:
    started = time.process_time()
    keys = list(zone.zone_keys())[:: options.zones or 1]
    changes = {key: transitions(key) for key in keys}
    found = [line for key in keys for line in differences(key, changes[key])]
    against_zdump = zdump_differences(keys, changes)
    total = sum(map(len, changes.values()))
    print(
        f"tzdata {zone.tzdata_release()}: {len(keys)} zones, {total} changes 2000-2040, {total * len(AROUND)} instants"
    )
    print(f"differences to whenever: {len(found)}")
    lines, compared = against_zdump or ([], 0)
    said = f"{len(lines)} of {compared} instants" if compared else "not compared, zic or zdump is missing"
    print(f"differences to zdump of zic's files: {said}")
    for line in [*found, *lines][:20]:
        print(f"  {line}", file=sys.stderr)
    print(f"{time.process_time() - started:.1f} s of CPU")
    return 1 if found or lines else 0
