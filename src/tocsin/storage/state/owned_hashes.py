"""Which hashes belong to the issues in question: where a search joins what history counted with what state decides.

There may be a million of them, so they come as columns.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, ColumnElement, Connection, LargeBinary, and_, literal, select, type_coerce

from tocsin.domain.event.event import GroupingHash
from tocsin.domain.issue.issue import ProjectId
from tocsin.storage.state import issue_hashes
from tocsin.storage.state.issue_conditions import Condition, Order, clauses_beside, telling_clauses
from tocsin.storage.state.issue_hashes import HashKey
from tocsin.storage.state.rows import portions
from tocsin.storage.state.tables import issue, issue_hash

Integers = NDArray[np.int64]

_FIRST_SEEN, _HASH = type_coerce(issue.c.first_seen, BigInteger), type_coerce(issue_hash.c.hash, LargeBinary)


class OwnedHashes(msgspec.Struct, frozen=True, kw_only=True):
    """Grouping hashes and the issues that they belong to, row by row, in no order."""

    project_ids: Integers
    hashes: Sequence[bytes]
    issue_ids: Integers
    first_seen: Integers
    """When the issue was first seen, in microseconds since 1970, where that was asked for."""
    since: Mapping[HashKey, datetime | None]
    """Events digested before this belong to an earlier issue that was deleted; most hashes are not in here."""

    def hash_of(self, row: int) -> tuple[GroupingHash, datetime | None]:
        """Return the hash of a row, and since when it belongs to its issue if not always."""
        digits = GroupingHash(self.hashes[row].hex())
        return digits, self.since.get((ProjectId(int(self.project_ids[row])), digits))


def owned_hashes(
    connection: Connection,
    conditions: Sequence[Condition],
    wanted: Collection[HashKey] | None = None,
    *,
    with_first_seen: bool = False,
) -> OwnedHashes:
    """Return the hashes of all issues that meet all *conditions*, or those of them among *wanted*.

    An index of issues has when they were seen first, another when they were seen last, and none has both.
    """
    met = clauses_beside(Order.FIRST_SEEN, conditions) if with_first_seen else telling_clauses(conditions)
    columns = (issue_hash.c.project_id, _HASH, issue.c.id, _FIRST_SEEN if with_first_seen else literal(0))
    query = select(*columns).join_from(issue, issue_hash).where(*met)
    queries = [query] if wanted is None else [query.where(one) for one in _among(wanted)]
    # As the driver has them, as plain tuples: made into rows and values they would take twice the time.
    rows: list[tuple[Any, ...]] = []
    for each in queries:
        rows += connection.execute(each).cursor.fetchall()
    project_ids, hashes, issue_ids, first_seen = (list(map(itemgetter(place), rows)) for place in range(len(columns)))
    reborn = issue_hashes.reborn(connection, set(project_ids)).values()
    return OwnedHashes(
        project_ids=_integers(project_ids),
        hashes=hashes,
        issue_ids=_integers(issue_ids),
        first_seen=_integers(first_seen),
        since={(one.project_id, one.hash): one.since for some in reborn for one in some},
    )


def _among(wanted: Collection[HashKey]) -> Iterator[ColumnElement[bool]]:
    for project_id, keys in groupby(sorted(wanted), key=itemgetter(0)):
        for some in portions(digits for _, digits in keys):
            yield and_(issue_hash.c.project_id == project_id, issue_hash.c.hash.in_(some))


def _integers(values: Sequence[int]) -> Integers:
    return np.array(values, dtype=np.int64)
