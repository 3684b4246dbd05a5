"""Kinds of issues: those that a command treats alike are judged once and written together, however many they are."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from tocsin.domain.issue.command import Archive, Command, ResolveInNextRelease
from tocsin.domain.issue.issue import Issue, IssueId

IN_INBOX: Final = "in_inbox"
"""The one thing that is no field of an issue and that a command may look at."""

OVERWRITTEN: Final = ("resolved_at", "priority_locked_at")
"""Fields that commands set without ever looking at them, so that issues of one kind may differ in them."""


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """Issues that differ only in what the command at hand does not look at."""

    issue: Issue
    """One of them, which stands for all."""
    ids: tuple[IssueId, ...]
    """All of them, ascending; at least one."""
    each: Mapping[str, tuple[Any, ...]] = {}
    """The ``OVERWRITTEN`` fields in which they differ, as stored, in the order of the ids."""


def looked_at(command: Command) -> frozenset[str]:
    """Return which fields *command* looks at besides those that tell every kind apart (``id``: each is its own)."""
    fields: set[str] = set()
    if command.is_public:
        fields.add("id")
    if command.inbox is False:
        fields.add(IN_INBOX)
    match command.status:
        case Archive(terms=terms) if terms is not None:
            fields |= {"id"} if command.needs_users_seen else {"times_seen"}
        case ResolveInNextRelease():
            fields.add("last_release")
        case _:
            pass
    return frozenset(fields)
