"""Digest: make events and issues of accepted requests, each exactly once, whatever crashes in between."""
