"""What the edges are given by ``app.py``: flows to call, views to read, and the settings they show."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

import msgspec

from tocsin.config import Settings
from tocsin.flows.authenticate import Authenticate
from tocsin.flows.remove import Remove
from tocsin.flows.search import Search
from tocsin.flows.triage import Hashes, Triage
from tocsin.storage.views import Views


class SpoolDepth(Protocol):
    """How much waits in the spool."""

    @property
    def entries(self) -> int:
        """Requests that wait."""

    @property
    def dead(self) -> int:
        """Requests set aside."""


class Services(msgspec.Struct, frozen=True, kw_only=True):
    """Everything an edge may use, built once."""

    settings: Settings
    clock: Callable[[], datetime]
    views: Views
    authenticate: Authenticate
    search: Search
    triage: Triage
    hashes: Hashes
    remove: Remove
    health: Callable[[], Mapping[str, bool]]
    """Whether each store answers, by name."""
    spool_depth: Callable[[], SpoolDepth]
