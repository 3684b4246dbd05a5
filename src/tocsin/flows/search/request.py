"""What is asked of the search, and what it answers. Values only."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

import msgspec

from tocsin.domain.errors import InvalidQuery
from tocsin.domain.event.event import EventId
from tocsin.domain.issue.issue import Issue, IssueId, ProjectId, TeamId, UserId
from tocsin.domain.organization import OrganizationId, Project
from tocsin.domain.query.paging import Cursor
from tocsin.domain.query.tree import Query
from tocsin.domain.query.window import Window

GroupStats = Literal["24h", "14d", "auto", ""]
"""Over which time the events of each issue are counted interval by interval; ``""`` for no such counts."""

Series = tuple[tuple[int, int], ...]
"""Counts over time: (start of the interval in epoch seconds, events), oldest first."""


class Sort(StrEnum):
    """What issues are sorted by, greatest first; ties by id, greatest first (spec/search.md 3.4)."""

    DATE = "date"
    NEW = "new"
    FREQ = "freq"
    USER = "user"
    TRENDS = "trends"
    RECOMMENDED = "recommended"
    INBOX = "inbox"


def read_sort(text: str) -> Sort:
    """Return the order that *text* names. Raises InvalidQuery for any other text."""
    try:
        return Sort(text)
    except ValueError:
        raise InvalidQuery(f"Sort key '{text}' not supported.") from None


class Viewer(msgspec.Struct, frozen=True, kw_only=True):
    """Who ``me`` is, and which teams are ``my_teams``."""

    user_id: UserId | None
    """None for a caller that is no user: ``me`` is nobody then."""
    team_ids: tuple[TeamId, ...] = ()


class IssueSearch(msgspec.Struct, frozen=True, kw_only=True):
    """A search for issues, every parameter read."""

    organization_id: OrganizationId
    viewer: Viewer
    projects: tuple[Project, ...]
    """Those that are asked for and that the caller may see; without any, nothing is found."""
    environments: tuple[str, ...] | None = None
    """Names of which any will do, ``""`` for events without one; None for all events."""
    query: Query
    window: Window
    sort: str = Sort.DATE
    cursor: Cursor | None = None
    limit: int = 25
    group_stats: GroupStats = "24h"
    issue_ids: tuple[IssueId, ...] | None = None
    """Where given, no other issues are looked at."""

    @property
    def project_ids(self) -> tuple[ProjectId, ...]:
        """Ids of the projects searched."""
        return tuple(project.id for project in self.projects)


class Numbers(msgspec.Struct, frozen=True, kw_only=True):
    """Figures over some events of an issue; the times are None when there are none."""

    count: int = 0
    user_count: int = 0
    first_seen: datetime | None = None
    last_seen: datetime | None = None


class FoundIssue(msgspec.Struct, frozen=True, kw_only=True):
    """An issue as a list shows it (spec/search.md 5.2)."""

    issue: Issue
    count: int
    """Events, users and times inside the window and the environments."""
    user_count: int
    first_seen: datetime | None
    last_seen: datetime | None
    lifetime: Numbers
    """Over its whole life: the totals that the issue keeps, and the users that history knows of."""
    filtered: Numbers | None = None
    """Over the events that the search matched; None when it filters no events."""
    series: Series = ()
    filtered_series: Series | None = None
    is_unhandled: bool = False
    """Whether the latest event has an exception that was not handled."""
    latest_event_id: EventId | None = None


class DirectHit(msgspec.Struct, frozen=True, kw_only=True):
    """Issues that a search text names rather than describes (spec/search.md 3.3)."""

    issues: tuple[Issue, ...]
    """At least one; more when several projects have an event of that id."""
    event_id: EventId | None = None
    """The event, when its id was what the text is; None for a short id."""
    environment: str = ""
    """Where the event happened, as far as it says."""
