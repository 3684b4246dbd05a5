"""Deletions: issues that leave at once and are gone soon after, and how far each deletion got (spec/mutation.md 7)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, NewType

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from tocsin.domain.audit import AuditEntry, AuditEvent
from tocsin.domain.event.event import GroupingHash
from tocsin.domain.issue.issue import IssueId, ProjectId, Status, UserId
from tocsin.domain.issue.workflow import LEAVING
from tocsin.domain.organization import OrganizationId
from tocsin.storage.state import applied, audit, inbox, issue_hashes, issues, outbox, projects
from tocsin.storage.state.rows import all_as, one_as, portions, select_as
from tocsin.storage.state.tables import deletion, issue, issue_merge

DeletionId = NewType("DeletionId", int)

KIND: Final = "issue.remove"
_ISSUES_AT_A_TIME = 1000


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Who deletes, and in which organization."""

    organization_id: OrganizationId
    actor_id: UserId | None


class Deletion(msgspec.Struct, frozen=True, kw_only=True):
    """What one request deletes, and how much of it is gone."""

    id: DeletionId
    organization_id: OrganizationId
    actor_id: UserId | None
    issues: int
    """Those that left, whatever was merged into them not counted."""
    issues_deleted: int
    events_deleted: int
    created_at: datetime
    finished_at: datetime | None


class Removal(msgspec.Struct, frozen=True, kw_only=True):
    """What is left to delete of an issue, as its notice in the outbox keeps it."""

    deletion_id: DeletionId
    issue_ids: tuple[IssueId, ...]
    """The issue, then what was merged into it."""
    project_id: ProjectId
    hashes: tuple[GroupingHash, ...]
    digested_before: datetime
    """Later events of the same hashes belong to somebody else."""
    is_counted: bool = False
    """Whether the deletion knows of the events that are being deleted."""
    is_removed: bool = False
    """Whether the issue itself is gone, so that only what came late is left."""


class _Leaving(NamedTuple):
    """An issue as a deletion looks at it: in the order in which issues are deleted."""

    times_seen: int
    issue_id: IssueId
    project_id: ProjectId


def begin(connection: Connection, issue_ids: Iterable[IssueId], request: Request, now: datetime) -> DeletionId | None:
    """Take issues of one organization out of sight, with all that was merged into them, and note what is to be done.

    Their hashes are free: the next events of their kind make new issues, unless the caller buries the hashes under a
    tombstone (ask ``issue_hashes.by_issue`` for them before). Every issue gets a line in the audit log. Issues that are
    on their way out already, and those that do not exist, are left alone; None when nothing is left to delete.

    Locks hashes before issues, as digest does: call it before anything else locks either. Memory grows by some hundred
    bytes an issue, whatever the issues hold.
    """
    wanted = set(issue_ids)
    known = wanted | _merged(connection, wanted).keys()
    _lock(connection, known)
    leaving = _standing(connection, wanted)
    if not leaving:
        return None
    merged = _merged(connection, [one.issue_id for one in leaving])
    # Whatever was merged into them while we waited for the locks.
    _lock(connection, merged.keys() - known)
    families = _families(merged)
    # After every batch that state has taken in, so that each event is on one side.
    moment = applied.after_all(connection, now)
    deletion_id = _create(connection, request, len(leaving), now)
    for some in _pieces(leaving):
        removals = _removals(connection, deletion_id, some, families, moment)
        outbox.add(connection, [outbox.Notice(kind=KIND, payload=payload_of(one)) for one in removals], now)
        _release(connection, [issue_id for one in removals for issue_id in one.issue_ids], moment)
        _tell(connection, request, some, now)
    return deletion_id


def credit(connection: Connection, deletion_id: DeletionId, now: datetime, *, issues: int = 0, events: int = 0) -> None:
    """Count what a deletion has deleted by now, and note when it is finished."""
    gone = deletion.c.issues_deleted + issues
    counted = {"issues_deleted": gone, "events_deleted": deletion.c.events_deleted + events}
    connection.execute(update(deletion).where(deletion.c.id == deletion_id).values(counted))
    is_over = (deletion.c.issues_deleted >= deletion.c.issues, deletion.c.finished_at.is_(None))
    connection.execute(update(deletion).where(deletion.c.id == deletion_id, *is_over).values(finished_at=now))


def by_id(connection: Connection, deletion_id: int) -> Deletion | None:
    """Return one deletion, whatever its organization."""
    query = select_as(Deletion, deletion).where(deletion.c.id == deletion_id)
    return one_as(Deletion, connection.execute(query))


def page(connection: Connection, organization_id: OrganizationId, *, offset: int, limit: int) -> list[Deletion]:
    """Return *limit* deletions of the organization after the first *offset*, newest first."""
    query = select_as(Deletion, deletion).where(deletion.c.organization_id == organization_id)
    newest_first = query.order_by(deletion.c.created_at.desc(), deletion.c.id.desc())
    return all_as(Deletion, connection.execute(newest_first.offset(offset).limit(limit)))


def prune(connection: Connection, before: datetime, rows_max: int) -> int:
    """Forget deletions that were finished before that time, of the *rows_max* oldest, and return how many."""
    oldest = select(deletion.c.id, deletion.c.finished_at).order_by(deletion.c.id).limit(rows_max).subquery()
    ids = connection.execute(select(oldest.c.id).where(oldest.c.finished_at < before)).scalars().all()
    for some in portions(ids):
        connection.execute(delete(deletion).where(deletion.c.id.in_(some)))
    return len(ids)


def _merged(connection: Connection, issue_ids: Iterable[IssueId]) -> dict[IssueId, IssueId]:
    """Return what was merged into the issues, directly or by way of one another, each with the issue it ended up in."""
    found: dict[IssueId, IssueId] = {}
    parents = list(issue_ids)
    while parents:
        children: dict[IssueId, IssueId] = {}
        for some in portions(parents):
            query = select(issue_merge.c.child_id, issue_merge.c.parent_id).where(issue_merge.c.parent_id.in_(some))
            children |= {child: found.get(parent, parent) for child, parent in connection.execute(query)}
        parents = list(children.keys() - found.keys())
        found |= children
    return found


def _families(merged: Mapping[IssueId, IssueId]) -> dict[IssueId, list[IssueId]]:
    """Return each issue that others were merged into, with these after it."""
    families: dict[IssueId, list[IssueId]] = {}
    for child_id, issue_id in sorted(merged.items()):
        families.setdefault(issue_id, [issue_id]).append(child_id)
    return families


def _lock(connection: Connection, issue_ids: Iterable[IssueId]) -> None:
    ids = list(issue_ids)
    issue_hashes.lock(connection, ids)
    issues.lock(connection, ids)


def _standing(connection: Connection, issue_ids: Iterable[IssueId]) -> list[_Leaving]:
    """Return those of the issues that are not on their way out, in the order in which they are to be deleted."""
    found: list[_Leaving] = []
    for some in portions(issue_ids):
        query = select(issue.c.times_seen, issue.c.id, issue.c.project_id)
        rows = connection.execute(query.where(issue.c.id.in_(some), issue.c.status.not_in(LEAVING)))
        found += [_Leaving(*row) for row in rows]
    return sorted(found)


def _create(connection: Connection, request: Request, issues_leaving: int, now: datetime) -> DeletionId:
    begun = {"issues": issues_leaving, "issues_deleted": 0, "events_deleted": 0, "created_at": now}
    statement = insert(deletion).values(msgspec.structs.asdict(request) | begun).returning(deletion.c.id)
    return DeletionId(connection.execute(statement).scalar_one())


def _pieces(leaving: Sequence[_Leaving]) -> Iterator[Sequence[_Leaving]]:
    for start in range(0, len(leaving), _ISSUES_AT_A_TIME):
        yield leaving[start : start + _ISSUES_AT_A_TIME]


def _removals(
    connection: Connection,
    deletion_id: DeletionId,
    leaving: Sequence[_Leaving],
    families: Mapping[IssueId, Sequence[IssueId]],
    moment: datetime,
) -> list[Removal]:
    members = {one.issue_id: families.get(one.issue_id, [one.issue_id]) for one in leaving}
    hashes = issue_hashes.by_issue(connection, [issue_id for family in members.values() for issue_id in family])
    return [
        Removal(
            deletion_id=deletion_id,
            issue_ids=tuple(members[one.issue_id]),
            project_id=one.project_id,
            hashes=tuple(own.hash for issue_id in members[one.issue_id] for own in hashes[issue_id]),
            digested_before=moment,
        )
        for one in leaving
    ]


def _release(connection: Connection, issue_ids: Sequence[IssueId], moment: datetime) -> None:
    """Let go of what ties issues to events and to people's eyes."""
    issue_hashes.free(connection, issue_ids, moment)
    inbox.take_out(connection, issue_ids)
    issues.retire(connection, issue_ids, Status.PENDING_DELETION)


def payload_of(removal: Removal) -> dict[str, Any]:
    """Return what a notice carries."""
    payload: dict[str, Any] = msgspec.to_builtins(removal)
    return payload


def _tell(connection: Connection, request: Request, leaving: Sequence[_Leaving], now: datetime) -> None:
    known = projects.by_ids(connection, {one.project_id for one in leaving})
    entries = [
        AuditEntry(
            organization_id=request.organization_id,
            actor_id=request.actor_id,
            event=AuditEvent.ISSUE_DELETE,
            target_id=one.issue_id,
            data={"issue_id": one.issue_id, "project_slug": known[one.project_id].slug},
            created_at=now,
        )
        for one in leaving
    ]
    audit.record(connection, entries)
