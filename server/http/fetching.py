"""Reading an address that a person typed, without becoming their hand inside our network (SSRF).

Guarded: scheme and port, every address that the name resolves to (checked where the connection is made, so a second
answer of the name server changes nothing), redirects one by one, size before and after, time. No cookies, no proxies.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver
from yarl import URL

from server.errors import ErrorCode, InvalidInput, Unavailable

# A school's whole year is some 200 kB; a feed of ten years still fits.
MAX_BYTES = 4 * 1024 * 1024
MAX_REDIRECTS = 3
TIMEOUT_S = 10.0
_PORTS = frozenset({80, 443, 8080, 8443})
_SCHEMES = frozenset({"http", "https"})
_WRAPPING = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def is_public(address: str) -> bool:
    """Reachable by everybody: not private, loopback, link-local, shared, reserved or multicast, in IPv4 or wrapped."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        # An IPv4 address in the clothes of IPv6 (mapped, 6to4, Teredo, NAT64) counts as what it leads to.
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None) or _inside(found)
        if inner is not None:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast


def _inside(address: IPv6Address) -> IPv4Address | None:
    """What a gateway makes of the well-known NAT64 prefix (RFC 6052), and of the old IPv4-compatible addresses."""
    return IPv4Address(int(address) & 0xFFFF_FFFF) if any(address in network for network in _WRAPPING) else None


class _GuardedResolver(AbstractResolver):
    def __init__(self, is_allowed: Callable[[str], bool]) -> None:
        self._inner = DefaultResolver()
        self._is_allowed = is_allowed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        allowed = [one for one in found if self._is_allowed(one["host"])]
        if not allowed:
            raise OSError(f"{host} is not a public address")
        return allowed

    async def close(self) -> None:
        await self._inner.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """`etag` and `last_modified` go into the next request; `body` is None when nothing has changed since them."""

    body: bytes | None
    etag: str
    last_modified: str = ""


class Fetcher:
    """`is_allowed`, `ports`: for tests that fetch from their own loopback server."""

    def __init__(self, *, is_allowed: Callable[[str], bool] = is_public, ports: frozenset[int] | None = _PORTS) -> None:
        self._is_allowed = is_allowed
        self._ports = ports

    async def fetch(
        self, address: str, *, etag: str = "", last_modified: str = "", max_bytes: int = MAX_BYTES
    ) -> Fetched:
        """Raises InvalidInput(ADDRESS_REFUSED) for what we never ask, Unavailable(ADDRESS_UNREACHABLE) for the rest."""
        url, known = self._checked(address), _Known(etag, last_modified)
        connector = aiohttp.TCPConnector(resolver=_GuardedResolver(self._is_allowed), force_close=True)
        async with aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
            auto_decompress=False,
            trust_env=False,
        ) as session:
            try:
                for _ in range(MAX_REDIRECTS + 1):
                    answer = await self._ask(session, url, known, max_bytes)
                    if isinstance(answer, Fetched):
                        return answer
                    url = self._checked(str(answer))
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                raise Unavailable(ErrorCode.ADDRESS_UNREACHABLE, type(error).__name__) from error
        raise Unavailable(ErrorCode.ADDRESS_UNREACHABLE, f"more than {MAX_REDIRECTS} redirects")

    def _checked(self, address: str) -> URL:
        try:
            url = URL(address.strip())
        except ValueError:
            raise InvalidInput(ErrorCode.ADDRESS_REFUSED, "no address") from None
        # Calendar programs hand out webcal: for https.
        if url.scheme == "webcal":
            url = url.with_scheme("https")
        if url.scheme not in _SCHEMES or not url.host or url.user or url.password:
            raise InvalidInput(ErrorCode.ADDRESS_REFUSED, "only plain http and https addresses")
        if self._ports is not None and url.port not in self._ports:
            raise InvalidInput(ErrorCode.ADDRESS_REFUSED, "not a port of the web")
        # Why here too: a literal address is not resolved, so the resolver never sees it.
        if _is_literal(url.host) and not self._is_allowed(url.host):
            raise InvalidInput(ErrorCode.ADDRESS_REFUSED, "not a public address")
        return url.with_fragment(None)

    async def _ask(self, session: aiohttp.ClientSession, url: URL, known: _Known, max_bytes: int) -> Fetched | URL:
        # Why identity: a compressed answer could unpack into a thousand times its size.
        headers = {"Accept": "text/calendar, */*;q=0.1", "Accept-Encoding": "identity"}
        if known.etag:
            headers["If-None-Match"] = known.etag
        if known.last_modified:
            headers["If-Modified-Since"] = known.last_modified
        async with session.get(url, headers=headers, allow_redirects=False) as response:
            if response.status == 304 and (known.etag or known.last_modified):
                return Fetched(body=None, etag=known.etag, last_modified=known.last_modified)
            if response.status in _REDIRECTS and "Location" in response.headers:
                return url.join(URL(response.headers["Location"]))
            if response.status != 200 or response.headers.get("Content-Encoding", "identity") != "identity":
                raise Unavailable(ErrorCode.ADDRESS_UNREACHABLE, f"it answered {response.status}")
            body = bytearray()
            async for chunk in response.content.iter_chunked(64 * 1024):
                body += chunk
                if len(body) > max_bytes:
                    raise InvalidInput(ErrorCode.ADDRESS_REFUSED, f"more than {max_bytes} bytes")
            return Fetched(
                body=bytes(body),
                etag=_short(response.headers.get("ETag", ""), 200),
                last_modified=_short(response.headers.get("Last-Modified", ""), 100),
            )


@dataclass(frozen=True, slots=True)
class _Known:
    """What we have of it already."""

    etag: str
    last_modified: str


def _short(value: str, most: int) -> str:
    """A mark that was cut would never match: then rather none."""
    return value if len(value) <= most else ""


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
