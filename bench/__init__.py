"""Benchmarks, the network relay and the packet-level client: what measures the product, never part of it."""
