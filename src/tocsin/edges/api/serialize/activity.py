"""What happened to an issue, as the API tells it (spec/mutation.md 6.3, 6.4)."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from tocsin.domain.issue.issue import ActivityType, Issue
from tocsin.edges.api.serialize.commit import commit_object
from tocsin.edges.api.serialize.instants import iso
from tocsin.edges.api.serialize.user import user_object
from tocsin.storage.views.issues import Entry

_PRIVATE = frozenset({"mentions"})


def story_objects(issue: Issue, story: Sequence[Entry]) -> list[dict[str, Any]]:
    """Return the story of *issue*, newest first; what was said twice in a row is told once, comments always.

    The last entry is always that of the first event, which nobody stored.
    """
    told = [entry for newer, entry in pairwise([None, *story]) if entry and not (newer and _is_repeated(newer, entry))]
    return [*map(entry_object, told), _first_seen(issue)]


def entry_object(entry: Entry) -> dict[str, Any]:
    """Return one entry; a comment says that it is one by further keys."""
    return {
        "id": str(entry.id),
        "user": user_object(entry.user) if entry.user else None,
        "sentry_app": None,
        "type": entry.activity.type,
        "data": _data(entry),
        "dateCreated": iso(entry.activity.created_at),
        **({"commentId": str(entry.id), "source": None} if entry.activity.type is ActivityType.NOTE else {}),
    }


def _data(entry: Entry) -> dict[str, Any]:
    """Return what the entry says; the commit that it names by its row is shown itself, None if that is gone."""
    data = {name: value for name, value in entry.activity.data.items() if name not in _PRIVATE}
    if entry.activity.type is ActivityType.SET_RESOLVED_IN_COMMIT:
        data["commit"] = commit_object(entry.commit) if entry.commit else None
    return data


def _first_seen(issue: Issue) -> dict[str, Any]:
    return {
        "id": "0",
        "user": None,
        "sentry_app": None,
        "type": ActivityType.FIRST_SEEN,
        "data": {},
        "dateCreated": iso(issue.first_seen),
    }


def _is_repeated(newer: Entry, older: Entry) -> bool:
    one, other = newer.activity, older.activity
    if other.type is ActivityType.NOTE:
        return False
    return (one.type, one.data, one.user_id) == (other.type, other.data, other.user_id)
