"""ICE-lite for one transport: generations of credentials, answers to checks, the last nomination (RFC 8445 §2.5, §7.3).

Pure: it turns an authenticated binding request into a reply and a verdict; sockets and paths are elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from server.sfu.description import HostCandidate, IceParameters
from server.sfu.transport import stun

# RFC 8839 §5.4 asks for at least 24 and 128 random bits; letters and digits carry almost six each.
UFRAG_CHARACTERS = 8
PWD_CHARACTERS = 24
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

# RFC 8445 §5.1.2.2 for UDP hosts; RFC 6544 §4.2 wants TCP below every UDP candidate, and 4 for passive.
_UDP_TYPE_PREFERENCE = 126
_TCP_TYPE_PREFERENCE = 90
_TCP_PASSIVE = 4
_COMPONENT = 1

# Why four: restarts may overlap on a bad network, but a client that never nominates must not pile up.
MAX_GENERATIONS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a valid check means. `reply` is to be sent back on the path it came from."""

    reply: bytes
    is_accepted: bool
    is_nominated: bool = False
    forgotten: tuple[str, ...] = ()
    """Ufrags of older generations that ended with this nomination."""


class IceLite:
    """The controlled, lite side: answers checks of any live generation; a nomination ends all older ones."""

    __slots__ = ("_generations", "_random_below", "remote")

    def __init__(self, random_below: Callable[[int], int]) -> None:
        self._random_below = random_below
        self._generations = [self._new_parameters()]
        self.remote: IceParameters | None = None

    @property
    def local(self) -> IceParameters:
        return self._generations[-1]

    @property
    def ufrags(self) -> tuple[str, ...]:
        return tuple(generation.ufrag for generation in self._generations)

    def restart(self) -> tuple[str, ...]:
        """Begin a generation; returns the ufrags that fell out because nobody ever nominated them."""
        self._generations.append(self._new_parameters())
        if len(self._generations) <= MAX_GENERATIONS:
            return ()
        # Why the second: the oldest is the one that carries the media until a newer one is nominated.
        return (self._generations.pop(1).ufrag,)

    def has_integrity(self, message: stun.StunMessage, data: bytes) -> bool:
        generation = self._find(message.local_ufrag)
        if generation is None:
            return False
        return stun.has_integrity(data, message.integrity_at, generation.pwd.encode("ascii"))

    def answer(self, message: stun.StunMessage, host: str, port: int) -> Verdict:
        """The verdict on a request that `has_integrity` accepted; `host` and `port` are where it came from."""
        generation = self._find(message.local_ufrag)
        if generation is None:
            raise ValueError("check of a forgotten generation")
        password = generation.pwd.encode("ascii")
        identifier = message.transaction_id
        if message.unknown_required:
            unknown = message.unknown_required[:4]  # so that the error is never longer than the request
            return Verdict(reply=stun.error(identifier, 420, "Unknown", password, unknown), is_accepted=False)
        if message.is_controlled:
            # A lite agent is always controlled: the full peer has to take the other role (RFC 8445 §7.3.1.1).
            return Verdict(reply=stun.error(identifier, 487, "Role Conflict", password), is_accepted=False)
        forgotten: tuple[str, ...] = ()
        if message.use_candidate:
            index = self._generations.index(generation)
            forgotten = tuple(old.ufrag for old in self._generations[:index])
            del self._generations[:index]
        return Verdict(
            reply=stun.success(identifier, host, port, password),
            is_accepted=True,
            is_nominated=message.use_candidate,
            forgotten=forgotten,
        )

    def _find(self, ufrag: str) -> IceParameters | None:
        for generation in self._generations:
            if generation.ufrag == ufrag:
                return generation
        return None

    def _new_parameters(self) -> IceParameters:
        return IceParameters(ufrag=self._random_text(UFRAG_CHARACTERS), pwd=self._random_text(PWD_CHARACTERS))

    def _random_text(self, length: int) -> str:
        return "".join(_ALPHABET[self._random_below(len(_ALPHABET))] for _ in range(length))


def host_candidates(hosts: tuple[str, ...], *, udp_port: int, tcp_port: int | None) -> tuple[HostCandidate, ...]:
    """One UDP candidate per announced address in the order of preference, then the passive TCP ones."""
    candidates = [
        HostCandidate(
            transport="udp",
            host=host,
            port=udp_port,
            priority=_priority(_UDP_TYPE_PREFERENCE, 0xFFFF - index),
            foundation=str(1 + index),
        )
        for index, host in enumerate(hosts)
    ]
    if tcp_port is not None:
        candidates.extend(
            HostCandidate(
                transport="tcp",
                host=host,
                port=tcp_port,
                priority=_priority(_TCP_TYPE_PREFERENCE, (_TCP_PASSIVE << 13) | (0x1FFF - index)),
                foundation=str(1 + len(hosts) + index),
            )
            for index, host in enumerate(hosts)
        )
    return tuple(candidates)


def _priority(type_preference: int, local_preference: int) -> int:
    return (type_preference << 24) | (local_preference << 8) | (256 - _COMPONENT)
