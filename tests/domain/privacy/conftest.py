"""Events as they arrive, scrubbed."""

import copy
from datetime import UTC, datetime

import pytest

from tocsin.domain.event.arrival import Arrival
from tocsin.domain.event.normalise import normalise
from tocsin.domain.privacy import Privacy, Scrubber
from tocsin.domain.privacy.options import privacy_options

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
ARRIVAL = Arrival(project_id=1, event_id="ab" * 16, received=NOON, client_ip="203.0.113.9")


@pytest.fixture(scope="session")
def scrubbed():
    """Return a function that normalises and scrubs an event; *rules* are lines of advanced rules."""

    def scrub(event, rules="", **privacy):
        payload = normalise(copy.deepcopy(event), ARRIVAL)
        advanced = (privacy_options({"relayPiiConfig": rules})["relayPiiConfig"],) if rules else ()
        Scrubber(Privacy(rules=advanced, **privacy)).scrub(payload)
        return payload

    return scrub


@pytest.fixture(scope="session")
def extra(scrubbed):
    """Return a function that scrubs extra data."""

    def scrub(value, rules="", **privacy):
        return scrubbed({"extra": value}, rules, **privacy).get("extra")

    return scrub
