"""The JSON API under /api/v1: lessons and their scheduling, and one OpenAPI 3.1 document of every route below it."""

from __future__ import annotations

from server.api.lessons import LessonApi
from server.api.openapi import add_openapi, document
from server.api.operation import Operation
from server.api.scheduling_routes import add_scheduling_api

__all__ = ["LessonApi", "Operation", "add_openapi", "add_scheduling_api", "document"]
