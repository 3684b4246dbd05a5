"""Upkeep: what must be done to history now and then, so that it stays quick to ask."""
