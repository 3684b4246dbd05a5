"""What is posted to the other endpoints of the intake, made into envelopes before it is kept (ingest.md 1.9-1.11)."""
