"""Tongchuang: the classroom application and its LiveKit-compatible media server."""
