"""Which events are the same problem (spec/ingest.md section 5)."""
