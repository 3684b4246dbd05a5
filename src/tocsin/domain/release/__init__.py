"""Versions: how they are read and compared (spec/ingest.md 6.4, spec/mutation.md 5.1)."""
