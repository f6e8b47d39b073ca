"""Packet-level LiveKit clients: dozens in one process that join, publish, subscribe and answer like a browser.

They know nothing of the server's code: everything here is written from the RFCs and from LiveKit's
protocol, so that the same load can be put on any LiveKit-compatible server.
"""

from bench.client.options import ParticipantOptions
from bench.client.participant import Participant
from bench.client.publish import AudioPlan, VideoPlan

__all__ = ["AudioPlan", "Participant", "ParticipantOptions", "VideoPlan"]
