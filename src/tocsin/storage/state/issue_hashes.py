"""Which issue a grouping hash belongs to: the one link between events, which never change, and issues."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NewType, TypeAlias

import msgspec
from sqlalchemy import Connection, Select, bindparam, select, update

from tocsin.domain.event.event import GroupingHash
from tocsin.domain.issue.issue import IssueId, ProjectId
from tocsin.storage.state.engine import is_sqlite
from tocsin.storage.state.rows import among, insert_missing, portions
from tocsin.storage.state.tables import issue_hash

TombstoneId = NewType("TombstoneId", int)
HashKey: TypeAlias = tuple[ProjectId, GroupingHash]

_KEY = (issue_hash.c.project_id, issue_hash.c.hash)


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a hash belongs to: an issue, a tombstone (its events are to be dropped), or nobody (it is free)."""

    issue_id: IssueId | None = None
    tombstone_id: TombstoneId | None = None
    since: datetime | None = None
    """Events digested before this belong to an earlier issue that was deleted; None when there was none."""


class IssueHash(msgspec.Struct, frozen=True, kw_only=True):
    """One hash of an issue, as a question to history needs it."""

    project_id: ProjectId
    hash: GroupingHash
    since: datetime | None = None


def owners(connection: Connection, keys: Iterable[HashKey]) -> dict[HashKey, Owner]:
    """Return whom the hashes belong to; those never seen are missing."""
    return _owners(connection, keys, select(issue_hash))


def claim(connection: Connection, keys: Iterable[HashKey], *, if_known: Iterable[HashKey] = ()) -> dict[HashKey, Owner]:
    """Return whom the hashes belong to, every one of them locked until the transaction ends.

    Hashes never seen are stored, free; those of *if_known* are left out instead. Whoever else claims one of them waits
    here and then sees what we linked, so two first events of one issue make one issue (spec/ingest.md 6.1). Claim all
    hashes of a batch at once, before locking issues: all inserts come before all locks and both in ascending order, so
    that batches never wait in a circle.
    """
    wanted = set(keys)
    missing = sorted(wanted - owners(connection, wanted).keys())
    insert_missing(
        connection, issue_hash, [{"project_id": project_id, "hash": digits} for project_id, digits in missing]
    )
    wanted.update(if_known)
    return _owners(connection, wanted, select(issue_hash).order_by(*_KEY).with_for_update())


def link(connection: Connection, links: Mapping[HashKey, IssueId]) -> None:
    """Give claimed hashes to issues. ``since`` stays: what came before it still belongs to nobody."""
    _point(connection, [{"issue": issue_id, "tombstone": None, **_named(key)} for key, issue_id in links.items()])


def bury(connection: Connection, graves: Mapping[HashKey, TombstoneId], now: datetime) -> None:
    """Give claimed hashes to tombstones: their events are dropped from now on.

    Should the tombstone go, the hash is free, and its next issue will own nothing digested before *now*.
    """
    for some in portions(graves):
        connection.execute(update(issue_hash).where(among(_KEY, some)).values(since=now))
    _point(connection, [{"issue": None, "tombstone": grave, **_named(key)} for key, grave in graves.items()])


def of_tombstone(connection: Connection, tombstone_id: TombstoneId) -> list[HashKey]:
    """Return the hashes whose events are dropped for the sake of a tombstone."""
    query = select(*_KEY).where(issue_hash.c.tombstone_id == tombstone_id).order_by(*_KEY)
    return [(project_id, digits) for project_id, digits in connection.execute(query)]


def lock(connection: Connection, issue_ids: Iterable[IssueId]) -> None:
    """Lock all hashes of these issues until the transaction ends, in the order in which :func:`claim` does."""
    if is_sqlite(connection):
        # The transaction is the only one that writes.
        return
    ids = list(issue_ids)
    locked: set[HashKey] = set()
    # One that an issue was given while we waited is found the second time.
    while found := _keys(connection, ids) - locked:
        for project_id in sorted({project_id for project_id, _ in found}):
            for some in portions(digits for owner_id, digits in found if owner_id == project_id):
                own = (issue_hash.c.project_id == project_id, issue_hash.c.hash.in_(some))
                connection.execute(select(issue_hash.c.project_id).where(*own).order_by(*_KEY).with_for_update())
        locked |= found


def free(connection: Connection, issue_ids: Iterable[IssueId], now: datetime) -> None:
    """Take all hashes from issues that are being deleted.

    The next event of such a hash makes a new issue, which will own nothing digested before *now*.
    """
    for some in portions(issue_ids):
        owned = update(issue_hash).where(issue_hash.c.issue_id.in_(some))
        connection.execute(owned.values(issue_id=None, since=now))


def of_issues(connection: Connection, issue_ids: Iterable[IssueId]) -> list[IssueHash]:
    """Return all hashes of these issues; see :func:`by_issue` for one list per issue."""
    return [one for hashes in by_issue(connection, issue_ids).values() for one in hashes]


def by_issue(connection: Connection, issue_ids: Iterable[IssueId]) -> dict[IssueId, list[IssueHash]]:
    """Return the hashes of each issue, in ascending order; an issue without any has an empty list."""
    wanted = list(issue_ids)
    found: dict[IssueId, list[IssueHash]] = {issue_id: [] for issue_id in wanted}
    for some in portions(wanted):
        query = select(issue_hash).where(issue_hash.c.issue_id.in_(some)).order_by(*_KEY)
        for row in connection.execute(query):
            one = IssueHash(project_id=row.project_id, hash=row.hash, since=row.since)
            found[row.issue_id].append(one)
    return found


def reborn(connection: Connection, project_ids: Iterable[ProjectId]) -> dict[ProjectId, list[IssueHash]]:
    """Return the hashes that belong to their issue only since some time, those of each project."""
    found: dict[ProjectId, list[IssueHash]] = {}
    for some in portions(project_ids):
        owned = (issue_hash.c.issue_id.is_not(None), issue_hash.c.since.is_not(None))
        query = select(issue_hash).where(issue_hash.c.project_id.in_(some), *owned).order_by(*_KEY)
        for row in connection.execute(query):
            one = IssueHash(project_id=row.project_id, hash=row.hash, since=row.since)
            found.setdefault(one.project_id, []).append(one)
    return found


def _owners(connection: Connection, keys: Iterable[HashKey], query: Select[*tuple[Any, ...]]) -> dict[HashKey, Owner]:
    found: dict[HashKey, Owner] = {}
    for some in portions(keys):
        for row in connection.execute(query.where(among(_KEY, some))):
            owner = Owner(issue_id=row.issue_id, tombstone_id=row.tombstone_id, since=row.since)
            found[row.project_id, row.hash] = owner
    return found


def _keys(connection: Connection, issue_ids: Iterable[IssueId]) -> set[HashKey]:
    found: set[HashKey] = set()
    for some in portions(issue_ids):
        rows = connection.execute(select(*_KEY).where(issue_hash.c.issue_id.in_(some)))
        found |= {(project_id, digits) for project_id, digits in rows}
    return found


def _named(key: HashKey) -> dict[str, Any]:
    return {"in_project": key[0], "digits": key[1]}


def _point(connection: Connection, targets: list[dict[str, Any]]) -> None:
    if targets:
        row = (issue_hash.c.project_id == bindparam("in_project"), issue_hash.c.hash == bindparam("digits"))
        statement = update(issue_hash).where(*row)
        pointed = statement.values(issue_id=bindparam("issue"), tombstone_id=bindparam("tombstone"))
        connection.execute(pointed, targets)
