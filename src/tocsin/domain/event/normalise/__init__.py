"""One canonical form for the events of every SDK (spec/ingest.md section 3, without 3.13)."""

from tocsin.domain.event.normalise.attributes import normalise as normalise
