"""The journal of a command: what it takes to undo it, for every issue that nobody changed since."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from tocsin.domain.issue.change import Change
from tocsin.domain.issue.issue import Assignee, Issue, IssueId, Priority, Resolution, Snooze, Status, Substatus


class MutationKind(StrEnum):
    """What was done to issues."""

    TRIAGE = "triage"
    UNDO = "undo"


class Fields(msgspec.Struct, frozen=True, kw_only=True):
    """Some fields of an issue; those that are unset are not spoken of."""

    status: Status | UnsetType = UNSET
    substatus: Substatus | UnsetType | None = UNSET
    priority: Priority | UnsetType | None = UNSET
    priority_locked_at: datetime | UnsetType | None = UNSET
    resolved_at: datetime | UnsetType | None = UNSET
    resolution: Resolution | UnsetType | None = UNSET
    snooze: Snooze | UnsetType | None = UNSET
    assignee: Assignee | UnsetType | None = UNSET
    share_id: str | UnsetType | None = UNSET

    def items(self) -> dict[str, Any]:
        """Return the fields that are spoken of, by name."""
        named = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in named.items() if value is not UNSET}

    def are_those_of(self, issue: Issue) -> bool:
        """Whether *issue* has exactly these values."""
        return all(getattr(issue, name) == value for name, value in self.items().items())


class Rewritten(msgspec.Struct, frozen=True, kw_only=True):
    """What a command set on issues that it treated alike."""

    ids: tuple[IssueId, ...]
    before: Fields
    after: Fields
    each: dict[str, tuple[Any, ...]] = {}
    """Fields whose value before differs among the issues: the values as stored, in the order of the ids."""

    def each_of(self, ids: Iterable[IssueId]) -> dict[str, dict[IssueId, Any]]:
        """Return, by field, what each of these issues had."""
        wanted = set(ids)
        return {
            name: {one: value for one, value in zip(self.ids, values, strict=True) if one in wanted}
            for name, values in self.each.items()
        }


def rewritten(change: Change, ids: tuple[IssueId, ...], each: Mapping[str, tuple[Any, ...]]) -> Rewritten | None:
    """Return what *change* means for the issues it stands for; None if it sets nothing."""
    names = [name for name in Fields.__struct_fields__ if _is_set(change, name, each)]
    if not names:
        return None
    before = {name: getattr(change.before, name) for name in names if name not in each}
    after = {name: getattr(change.issue, name) for name in names}
    kept = {name: values for name, values in each.items() if name in names}
    return Rewritten(ids=ids, before=Fields(**before), after=Fields(**after), each=kept)


def _is_set(change: Change, name: str, each: Mapping[str, tuple[Any, ...]]) -> bool:
    """Whether the change sets the field to something new for the one issue that stands for all, or for others."""
    return name in change.touched and (name in each or getattr(change.before, name) != getattr(change.issue, name))
