"""Which events of a batch belong together: one group per issue, known or to be made."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from tocsin.domain.event.event import Event
from tocsin.domain.issue.issue import IssueId, ProjectId
from tocsin.domain.organization import Project
from tocsin.storage.state import issue_hashes
from tocsin.storage.state.engine import Transaction
from tocsin.storage.state.issue_hashes import HashKey, TombstoneId


class Group(msgspec.Struct, kw_only=True):
    """Events of one batch that belong to one issue, known or to be made."""

    project: Project
    issue_id: IssueId | None
    events: list[Event]
    free_hashes: list[HashKey]
    """Hashes that nobody owns yet, in the order they came."""
    since: datetime | None = None
    """When the last deletion took one of the hashes from its issue: these events come after it, whatever the clock."""


class Grouped(msgspec.Struct, frozen=True, kw_only=True):
    """The events of a batch by issue, and how many each tombstone turned away."""

    groups: Sequence[Group]
    discarded: Mapping[TombstoneId, int]


def grouped(connection: Transaction, events: Iterable[Event], known: Mapping[ProjectId, Project]) -> Grouped:
    """Return the events by issue: the first hash with an owner decides; a tombstone's events are left out (6.1)."""
    events = list(events)
    owners = issue_hashes.claim(connection, {key for event in events for key in _keys(event)})
    by_issue: dict[IssueId, Group] = {}
    by_free_hash: dict[HashKey, Group] = {}
    groups: list[Group] = []
    discarded: Counter[TombstoneId] = Counter()
    for event in events:
        keys = _keys(event)
        owned = next((owners[key] for key in keys if owners[key].issue_id or owners[key].tombstone_id), None)
        if owned is not None and owned.tombstone_id is not None:
            discarded[owned.tombstone_id] += 1
            continue
        group = by_issue.get(owned.issue_id) if owned and owned.issue_id else _any(by_free_hash, keys)
        if group is None:
            group = Group(
                project=known[keys[0][0]], issue_id=owned.issue_id if owned else None, events=[], free_hashes=[]
            )
            groups.append(group)
            if group.issue_id is not None:
                by_issue[group.issue_id] = group
        group.events.append(event)
        group.since = max(filter(None, (group.since, *(owners[key].since for key in keys))), default=None)
        for key in keys:
            if owners[key].issue_id is None and owners[key].tombstone_id is None and key not in by_free_hash:
                by_free_hash[key] = group
                group.free_hashes.append(key)
    return Grouped(groups=groups, discarded=discarded)


def _keys(event: Event) -> list[HashKey]:
    return [(ProjectId(event.project_id), grouping_hash) for grouping_hash in event.hashes]


def _any(groups: Mapping[HashKey, Group], keys: Sequence[HashKey]) -> Group | None:
    return next((groups[key] for key in keys if key in groups), None)
