"""Sessions: runs of a program, as SDKs tell of them, and what they come to (spec/ingest.md 8.1)."""
