"""What every HTTP answer has in common: errors, headers, measuring, limits, health."""

from __future__ import annotations

from server.http.access import access_middleware
from server.http.addresses import client_address
from server.http.errors import PROGRAM_PATHS, ErrorPages, error_middleware
from server.http.headers import HeaderPolicy, add_security_headers
from server.http.health import HealthCheck, add_health
from server.http.limits import RateLimiter
from server.http.metrics_route import add_metrics

__all__ = [
    "PROGRAM_PATHS",
    "ErrorPages",
    "HeaderPolicy",
    "HealthCheck",
    "RateLimiter",
    "access_middleware",
    "add_health",
    "add_metrics",
    "add_security_headers",
    "client_address",
    "error_middleware",
]
