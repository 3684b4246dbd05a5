"""What readers ask of an event, computed once from its normalised payload (spec/ingest.md section 4)."""

from tocsin.domain.event.derive.values import derive as derive
