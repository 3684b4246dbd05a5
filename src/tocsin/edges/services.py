"""What the edges are given by ``app.py``: flows to call, views to read, and the settings they show."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

import msgspec

from tocsin.config import Settings
from tocsin.edges.quotas import Quotas
from tocsin.flows.authenticate import Authenticate
from tocsin.flows.comment import Comment
from tocsin.flows.configure import Configure
from tocsin.flows.monitors import Monitors
from tocsin.flows.ownership import KeepOwnership
from tocsin.flows.people import People
from tocsin.flows.project_keys import ProjectKeys
from tocsin.flows.projects import Projects
from tocsin.flows.releases import Releases
from tocsin.flows.remove import Remove
from tocsin.flows.replay.replay import Replay
from tocsin.flows.repositories import Repositories
from tocsin.flows.saved_searches import SavedSearches
from tocsin.flows.search import Search
from tocsin.flows.triage import Hashes, Triage
from tocsin.flows.user_reports import UserReports
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
    saved_searches: SavedSearches
    ownership: KeepOwnership
    monitors: Monitors
    user_reports: UserReports
    projects: Projects
    project_keys: ProjectKeys
    people: People
    triage: Triage
    comment: Comment
    configure: Configure
    hashes: Hashes
    remove: Remove
    releases: Releases
    repositories: Repositories
    replay: Replay
    quotas: Quotas = msgspec.field(default_factory=Quotas)
    """What callers have spent of theirs."""
    health: Callable[[], Mapping[str, bool]]
    """Whether each store answers, by name."""
    spool_depth: Callable[[], SpoolDepth]
