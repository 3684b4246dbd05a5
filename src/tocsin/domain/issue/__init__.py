"""The life of an issue: what events and people do to it (spec/ingest.md 6, spec/mutation.md)."""
