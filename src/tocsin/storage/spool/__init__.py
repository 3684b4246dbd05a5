"""Envelopes accepted and not yet digested: a durable queue."""
