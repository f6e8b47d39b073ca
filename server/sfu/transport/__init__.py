"""ICE-lite, DTLS, SRTP, SCTP and sockets: the only package that imports aiortc, aioice and pylibsrtp."""

from server.sfu.transport.endpoint import EndpointConfig, MediaEndpoint
from server.sfu.transport.stats import DropReason, EndpointStats

__all__ = ["DropReason", "EndpointConfig", "EndpointStats", "MediaEndpoint"]
