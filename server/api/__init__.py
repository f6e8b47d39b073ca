"""The JSON API under /api/v1: lessons for signed-in adults, and one OpenAPI 3.1 document of every route below it."""

from __future__ import annotations

from server.api.lessons import LessonApi
from server.api.openapi import add_openapi, document
from server.api.operation import Operation

__all__ = ["LessonApi", "Operation", "add_openapi", "document"]
