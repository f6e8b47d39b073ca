"""Rewriting ICE candidates in descriptions and trickle messages, so that a test decides which path media takes."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from livekit.protocol import rtc as proto


@dataclass(frozen=True, slots=True)
class Candidate:
    """The parts of a candidate attribute (RFC 8839 §5.1) that matter here; `words` keeps the rest as it was."""

    words: tuple[str, ...]

    @property
    def protocol(self) -> str:
        return self.words[2].lower()

    @property
    def address(self) -> tuple[str, int]:
        return self.words[4], int(self.words[5])

    def at(self, host: str, port: int) -> Candidate:
        return replace(self, words=(*self.words[:4], host, str(port), *self.words[6:]))

    def __str__(self) -> str:
        return "candidate:" + " ".join(self.words)


def parse(text: str) -> Candidate | None:
    """A candidate without its `a=`; None for an empty one (end of candidates)."""
    _, colon, rest = text.partition("candidate:")
    words = tuple(rest.split())
    return Candidate(words) if colon and len(words) >= 8 else None


# What a candidate becomes: itself, another, or nothing.
Rule = Callable[[Candidate], Awaitable[Candidate | None]]


async def keep(candidate: Candidate) -> Candidate | None:
    return candidate


async def drop(candidate: Candidate) -> Candidate | None:
    return None


async def only_tcp(candidate: Candidate) -> Candidate | None:
    return candidate if candidate.protocol == "tcp" else None


async def rewrite_sdp(sdp: str, rule: Rule) -> str:
    lines = []
    for line in sdp.split("\r\n"):
        if line.startswith("a=candidate:"):
            candidate = parse(line)
            changed = await rule(candidate) if candidate else None
            if changed is not None:
                lines.append(f"a={changed}")
        else:
            lines.append(line)
    return "\r\n".join(lines)


async def rewrite_trickle(trickle: proto.TrickleRequest, rule: Rule) -> bool:
    """Changes the message in place; False when it should not be sent at all."""
    init = json.loads(trickle.candidateInit) if trickle.candidateInit else {}
    candidate = parse(init.get("candidate") or "")
    if candidate is None:
        return True
    changed = await rule(candidate)
    if changed is None:
        return False
    init["candidate"] = str(changed)
    trickle.candidateInit = json.dumps(init)
    return True


async def rewrite_signal(message: proto.SignalRequest | proto.SignalResponse, rule: Rule) -> bool:
    """Applies the rule to whatever candidates a signalling message carries; False: swallow the message."""
    kind = message.WhichOneof("message")
    if kind == "trickle":
        return await rewrite_trickle(message.trickle, rule)
    if kind in ("offer", "answer"):
        description: proto.SessionDescription = getattr(message, kind)
        description.sdp = await rewrite_sdp(description.sdp, rule)
    return True
