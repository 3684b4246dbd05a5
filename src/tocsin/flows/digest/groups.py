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
from tocsin.storage.state.issue_hashes import HashKey, Owner, TombstoneId


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
    buried: Mapping[HashKey, TombstoneId]
    """Hashes that nobody owned, of events that a tombstone turned away by a secondary hash."""


def grouped(connection: Transaction, events: Iterable[Event], known: Mapping[ProjectId, Project]) -> Grouped:
    """Return the events by issue, as if each were digested alone: the first hash with an owner decides (6.1).

    Where no hash has one, a secondary hash decides that is known (5.9). A tombstone's events are left out.
    """
    events = list(events)
    keys = {key for event in events for key in _keys(event)}
    older = {key for event in events for key in _secondary_keys(event)} - keys
    sorting = _Sorting(owners=issue_hashes.claim(connection, keys, if_known=older), known=known)
    for event in events:
        sorting.take(event)
    return Grouped(groups=sorting.groups, discarded=sorting.discarded, buried=sorting.buried)


class _Sorting(msgspec.Struct, kw_only=True):
    """Sorts events by issue, one after the other; each sees what became of those before it."""

    owners: Mapping[HashKey, Owner]
    known: Mapping[ProjectId, Project]
    groups: list[Group] = []
    by_issue: dict[IssueId, Group] = {}
    by_free_hash: dict[HashKey, Group] = {}
    discarded: Counter[TombstoneId] = msgspec.field(default_factory=Counter)
    buried: dict[HashKey, TombstoneId] = {}

    def take(self, event: Event) -> None:
        """Put *event* into the group of its issue, or count it for its tombstone."""
        keys = _keys(event)
        owner = self._first_owner(keys) or self._first_owner(_secondary_keys(event))
        free = [key for key in keys if self._is_free(key)]
        match owner:
            case Group():
                self._add(event, owner, free)
            case None:
                self._add(event, self._new_group(keys[0][0], None), free)
            case tombstone_id:
                self.discarded[tombstone_id] += 1
                if len(free) == len(keys):
                    # A secondary hash decided; later ones of the kind need not have it.
                    self.buried |= dict.fromkeys(keys, tombstone_id)

    def _add(self, event: Event, group: Group, free: Sequence[HashKey]) -> None:
        group.events.append(event)
        sinces = [owner.since for key in _keys(event) if (owner := self.owners[key]).since]
        group.since = max(filter(None, (group.since, *sinces)), default=None)
        self.by_free_hash |= dict.fromkeys(free, group)
        group.free_hashes += free

    def _is_free(self, key: HashKey) -> bool:
        owner = self.owners[key]
        return not (owner.issue_id or owner.tombstone_id or key in self.by_free_hash or key in self.buried)

    def _first_owner(self, keys: Iterable[HashKey]) -> Group | TombstoneId | None:
        return next((owner for key in keys if (owner := self._owner(key)) is not None), None)

    def _owner(self, key: HashKey) -> Group | TombstoneId | None:
        """Return whom a hash belongs to by now, None when to nobody."""
        if (given := self.by_free_hash.get(key) or self.buried.get(key)) is not None:
            return given
        owner = self.owners.get(key)
        if owner is None or owner.issue_id is None:
            return owner.tombstone_id if owner else None
        return self.by_issue.get(owner.issue_id) or self._new_group(key[0], owner.issue_id)

    def _new_group(self, project_id: ProjectId, issue_id: IssueId | None) -> Group:
        group = Group(project=self.known[project_id], issue_id=issue_id, events=[], free_hashes=[])
        self.groups.append(group)
        if issue_id is not None:
            self.by_issue[issue_id] = group
        return group


def _keys(event: Event) -> list[HashKey]:
    return [(ProjectId(event.project_id), grouping_hash) for grouping_hash in event.hashes]


def _secondary_keys(event: Event) -> list[HashKey]:
    return [(ProjectId(event.project_id), grouping_hash) for grouping_hash in event.secondary_hashes]
