"""What is expected of jobs that report to us, and what follows when they fail or stay away (spec/ingest.md 8.2)."""
