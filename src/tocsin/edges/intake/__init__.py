"""What SDKs post to: the hot path, a bare ASGI application (spec/ingest.md section 1)."""
