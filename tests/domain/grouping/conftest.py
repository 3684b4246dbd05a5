"""Normalised events: recorded ones by name, and small ones made of few parts."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tocsin.domain.event.accepted import BodyForm
from tocsin.domain.event.arrival import Arrival
from tocsin.domain.event.decode import decode_event
from tocsin.domain.event.envelope import EVENT_TYPES, open_body
from tocsin.domain.event.limits import IntakeLimits
from tocsin.domain.event.normalise import normalise

CORPUS = Path(__file__).parents[2] / "corpus"


def _recorded(name: str) -> dict[str, Any]:
    request = json.loads((CORPUS / f"{name}.json").read_text())
    encoding = request["content_encoding"].replace("identity", "")
    body = (CORPUS / f"{name}.envelope").read_bytes()
    envelope = open_body(body, BodyForm.ENVELOPE, encoding, IntakeLimits())
    arrival = Arrival(
        project_id=42,
        event_id="a" * 32,
        received=datetime.fromtimestamp(request["received_at"], UTC),
        client_ip="203.0.113.9",
        sdk=envelope.headers.get("sdk"),
    )
    (item,) = [item for item in envelope.items if item.type in EVENT_TYPES]
    return normalise(decode_event(bytes(item.payload)), arrival)


@pytest.fixture
def recorded() -> Callable[[str], dict[str, Any]]:
    """Return the normalised event of a recorded request, by the name of its file."""
    return _recorded
