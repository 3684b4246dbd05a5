"""Locking issues together with what belongs to them, so that nobody waits in a circle.

Whoever locks claims hashes before issues, all of them at once and in ascending order. Who had to wait may find that
there is more to lock by now; adding that to what is locked already could close a circle, so it lets go of everything
and begins anew. Only then is what was read true until the transaction ends.
"""

from collections.abc import Callable, Collection, Iterable

from sqlalchemy import Connection

from tocsin.domain.errors import Unavailable
from tocsin.domain.issue.issue import IssueId
from tocsin.storage.state import issue_hashes, issue_merges, issues
from tocsin.storage.state.issue_hashes import HashKey

_TRIES_MAX = 20


def hold(connection: Connection, issue_ids: Collection[IssueId]) -> None:
    """Lock issues with their hashes and with all that were merged into them: for merging, taking apart, discarding.

    Call it first in the transaction. No hash and no issue can leave or join them until it ends. Raises Unavailable
    when others were faster every time.
    """

    def lock() -> bool:
        wanted = _hashes(connection, issue_ids)
        issue_hashes.claim(connection, wanted)
        inside = _inside(connection, issue_ids)
        issues.load(connection, {*issue_ids, *inside}, lock=True)
        return _hashes(connection, issue_ids) <= wanted and _inside(connection, issue_ids) <= inside

    _until_it_holds(connection, lock)


def hold_upwards(connection: Connection, issue_ids: Collection[IssueId]) -> dict[IssueId, list[IssueId]]:
    """Lock issues with all that they are inside of, and return what each is inside of: for changing their counts.

    Those that do not exist are inside of nothing. Raises Unavailable as :func:`hold` does.
    """
    around: dict[IssueId, list[IssueId]] = {}

    def lock() -> bool:
        around.update(_around(connection, issue_ids))
        issues.load(connection, {*issue_ids, *(one for those in around.values() for one in those)}, lock=True)
        return _around(connection, issue_ids) == around

    _until_it_holds(connection, lock)
    return around


def _until_it_holds(connection: Connection, lock: Callable[[], bool]) -> None:
    for _ in range(_TRIES_MAX):
        turn = connection.begin_nested()
        if lock():
            turn.commit()
            return
        turn.rollback()
    raise Unavailable("These issues are being changed all the time. Try again in a moment.")


def _hashes(connection: Connection, issue_ids: Collection[IssueId]) -> set[HashKey]:
    return {(one.project_id, one.hash) for one in issue_hashes.of_issues(connection, issue_ids)}


def _inside(connection: Connection, issue_ids: Collection[IssueId]) -> set[IssueId]:
    return {one for those in issue_merges.inside(connection, issue_ids).values() for one in those}


def _around(connection: Connection, issue_ids: Iterable[IssueId]) -> dict[IssueId, list[IssueId]]:
    return {issue_id: issue_merges.around(connection, issue_id) for issue_id in issue_ids}
