"""Which hashes belong to the issues in question: where a search joins what history counted with what state decides.

There may be a million of them, so they come as columns.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import itemgetter

import msgspec
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, ColumnElement, Connection, LargeBinary, and_, select, type_coerce

from tocsin.domain.event.event import GroupingHash
from tocsin.storage.state.issue_conditions import Condition
from tocsin.storage.state.issue_hashes import HashKey
from tocsin.storage.state.rows import portions
from tocsin.storage.state.tables import issue, issue_hash

Integers = NDArray[np.int64]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_SEEN = type_coerce(issue.c.first_seen, BigInteger)
# Made of texts and times by the million, they would take longer than the database takes to find them.
_HASH, _SINCE = type_coerce(issue_hash.c.hash, LargeBinary), type_coerce(issue_hash.c.since, BigInteger)


class OwnedHashes(msgspec.Struct, frozen=True, kw_only=True):
    """Grouping hashes and the issues that they belong to, row by row, in no order."""

    project_ids: Integers
    hashes: Sequence[bytes]
    since: Sequence[int | None]
    """Events digested before this, in microseconds since 1970, belong to an earlier issue that was deleted."""
    issue_ids: Integers
    first_seen: Integers
    """When the issue was first seen, in microseconds since 1970."""

    def hash_of(self, row: int) -> tuple[GroupingHash, datetime | None]:
        """Return the hash of a row, and since when it belongs to its issue if not always."""
        since = self.since[row]
        return GroupingHash(self.hashes[row].hex()), _EPOCH + timedelta(microseconds=since) if since else None


def owned_hashes(
    connection: Connection, conditions: Iterable[Condition], wanted: Collection[HashKey] | None = None
) -> OwnedHashes:
    """Return the hashes of all issues that meet all *conditions*, or those of them among *wanted*."""
    columns = (issue_hash.c.project_id, _HASH, _SINCE, issue.c.id, _FIRST_SEEN)
    met = [one.clause() for one in conditions]
    query = select(*columns).join_from(issue, issue_hash, issue_hash.c.issue_id == issue.c.id).where(*met)
    queries = [query] if wanted is None else [query.where(one) for one in _among(wanted)]
    rows = [tuple(row) for each in queries for row in connection.execute(each)]
    project_ids, hashes, since, issue_ids, first_seen = zip(*rows, strict=True) if rows else ((),) * len(columns)
    return OwnedHashes(
        project_ids=_integers(project_ids),
        hashes=hashes,
        since=since,
        issue_ids=_integers(issue_ids),
        first_seen=_integers(first_seen),
    )


def _among(wanted: Collection[HashKey]) -> Iterator[ColumnElement[bool]]:
    for project_id, keys in groupby(sorted(wanted), key=itemgetter(0)):
        for some in portions(digits for _, digits in keys):
            yield and_(issue_hash.c.project_id == project_id, issue_hash.c.hash.in_(some))


def _integers(values: Sequence[int]) -> Integers:
    return np.array(values, dtype=np.int64)
