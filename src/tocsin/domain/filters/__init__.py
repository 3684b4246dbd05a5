"""Inbound filters: events and sessions that nobody wants to hear of (spec/ingest.md 6.8)."""

from tocsin.domain.filters.filters import Filters, filters_of
from tocsin.domain.filters.judge import Sender, why_filtered, why_filtered_session

__all__ = ["Filters", "Sender", "filters_of", "why_filtered", "why_filtered_session"]
