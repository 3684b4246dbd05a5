"""The entity tag of an issue: changes with everything people decide about it, and not with its events."""

from hashlib import blake2b

import msgspec

from tocsin.domain.errors import PreconditionFailed
from tocsin.domain.issue.issue import Issue

_DECIDED = (
    "id",
    "status",
    "substatus",
    "priority",
    "priority_locked_at",
    "resolved_at",
    "resolution",
    "snooze",
    "assignee",
    "share_id",
    "comment_count",
    "active_at",
)


def entity_tag(issue: Issue) -> str:
    """Return the strong entity tag, quoted as headers carry it."""
    decided = msgspec.msgpack.encode([getattr(issue, name) for name in _DECIDED])
    return f'"{blake2b(decided, digest_size=12).hexdigest()}"'


def require_revision(issue: Issue, if_match: str) -> None:
    """Raise PreconditionFailed unless *if_match*, a list of entity tags or ``*``, names the issue as it is."""
    tags = {tag.strip() for tag in if_match.split(",")}
    if if_match and not tags & {"*", entity_tag(issue)}:
        raise PreconditionFailed("The issue was changed since you read it. Read it again, then decide again.")
