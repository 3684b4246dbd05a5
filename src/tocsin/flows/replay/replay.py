"""Say what other grouping rules would change, without saving them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from threading import BoundedSemaphore
from typing import Any, Final

import msgspec

from tocsin.domain.errors import Malformed, NotFound, Unavailable
from tocsin.domain.grouping import grouping_of
from tocsin.domain.grouping.replay import Regrouped, Replayed, Verdict, verdict
from tocsin.domain.issue.issue import IssueId, ProjectId
from tocsin.domain.organization import Project
from tocsin.domain.settings import changed_project
from tocsin.flows.replay.process import Task, regroup
from tocsin.storage.history import events as stored
from tocsin.storage.history.events import StoredEvent
from tocsin.storage.history.scope import EVERYTHING, Page, ProjectScope
from tocsin.storage.history.store import History
from tocsin.storage.state import issue_hashes, organizations, projects
from tocsin.storage.state.engine import State

EVENTS_DEFAULT: Final = 1000
EVENTS_MAX: Final = 10_000
OPTIONS: Final = ("fingerprintingRules", "groupingEnhancements", "groupingConfig")
"""The options that may be tried."""
AT_ONCE_MAX = 2
_PAGE = 100
_SECONDS_MAX = 20.0


class _Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of an event while its payload is with the other process."""

    event: tuple[datetime, datetime, Any]
    """By what events are put in the order in which they came."""
    title: str
    issue_id: IssueId


class Replay:
    """Compares rules on the newest events of a project. Safe to share among threads."""

    def __init__(self, state: State, history: History, *, seconds_max: float = _SECONDS_MAX) -> None:
        self._state = state
        self._history = history
        self._seconds_max = seconds_max
        self._turns = BoundedSemaphore(AT_ONCE_MAX)

    def __call__(
        self, project_id: ProjectId, sent: Mapping[str, Any], now: datetime, events_max: int = EVENTS_DEFAULT
    ) -> Verdict:
        """Return what the options of *sent* would change for the project's newest events; others stay as they are.

        Raises InvalidFields for options that cannot be saved, Malformed for rules that take too long, NotFound for a
        project that is gone, and Unavailable when others are trying theirs.
        """
        project = self._project(project_id)
        changed = changed_project(project, {name: sent[name] for name in OPTIONS if name in sent}, now)
        task = Task(before=grouping_of(project.options), after=grouping_of(changed.options), seconds=self._seconds_max)
        if not self._turns.acquire(timeout=self._seconds_max):
            raise Unavailable("Others are trying their rules; try again in a moment.")
        try:
            known: list[_Known] = []
            found = regroup(task, self._payloads(project_id, events_max, known))
        finally:
            self._turns.release()
        return verdict(_in_order(known, found), wanted=events_max, out_of_time=len(found) < len(known))

    def named(self, slug: str, organization: str, sent: Mapping[str, Any], now: datetime, events_max: int) -> Verdict:
        """Return the same for a project by its slug, and that of its organization where several have such a project.

        Raises InvalidFields and Malformed likewise, and Malformed for a slug that names no project, or several.
        """
        with self._state.read() as connection:
            owner = organizations.by_slug(connection, organization) if organization else None
            found = [
                project
                for project in projects.by_slug_anywhere(connection, slug)
                if not organization or (owner and project.organization_id == owner.id)
            ]
        if len(found) != 1:
            what = "There is no project" if not found else "Several organizations have a project"
            raise Malformed(f"{what} {slug!r}; name one with --project and its organization with --org.")
        return self(found[0].id, sent, now, events_max)

    def _project(self, project_id: ProjectId) -> Project:
        with self._state.read() as connection:
            project = projects.by_ids(connection, [project_id]).get(project_id)
        if project is None:
            raise NotFound
        return project

    def _payloads(self, project_id: ProjectId, events_max: int, known: list[_Known]) -> Iterator[Sequence[bytes]]:
        """Yield the payloads of the newest events that belong to an issue, and note in *known* what they are."""
        seen: set[str] = set()
        for offset in range(0, events_max, _PAGE):
            limit = min(_PAGE, events_max - offset)
            page = stored.stored_page(
                self._history, ProjectScope((project_id,)), EVERYTHING, Page(limit=limit, offset=offset)
            )
            # Events that arrive meanwhile push others to the next page.
            fresh = [(event, issue) for event, issue in self._owned(project_id, page) if event.event_id not in seen]
            seen.update(event.event_id for event, _ in fresh)
            known += [
                _Known(event=(event.digested_at, event.received, event.event_id), title=event.title, issue_id=issue)
                for event, issue in fresh
            ]
            yield [event.payload for event, _ in fresh]
            if len(page) < limit:
                return

    def _owned(self, project_id: ProjectId, page: Sequence[StoredEvent]) -> list[tuple[StoredEvent, IssueId]]:
        """Return the events of issues that are still there, each with its issue."""
        with self._state.read() as connection:
            owners = issue_hashes.owners(connection, {(project_id, event.primary_hash) for event in page})
        found = []
        for event in page:
            owner = owners.get((project_id, event.primary_hash))
            if owner and owner.issue_id and not (owner.since and event.digested_at < owner.since):
                found.append((event, owner.issue_id))
        return found


def _in_order(known: Sequence[_Known], found: Sequence[Regrouped]) -> list[Replayed]:
    pairs = sorted(zip(known, found, strict=False), key=lambda pair: pair[0].event)
    return [
        Replayed(event_id=one.event[2], issue_id=one.issue_id, title=one.title, hashes=hashes) for one, hashes in pairs
    ]
