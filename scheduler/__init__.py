"""When can two classes meet, who pays for it, and what would make it better: a pure library (guide scheduling.md)."""
