"""From the bytes an SDK sent to one normalised event (spec/ingest.md sections 2 to 4)."""
