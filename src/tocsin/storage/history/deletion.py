"""Taking events out of history: those of deleted issues, and those past retention."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from tocsin.domain.event.event import EventId, GroupingHash
from tocsin.storage.history.filters import Clause, in_projects, instant, text
from tocsin.storage.history.scope import IssueScope
from tocsin.storage.history.store import History

_HASHES_PER_STATEMENT_MAX = 1000


def delete_events(history: History, project_id: int, hashes: Sequence[GroupingHash], digested_before: datetime) -> None:
    """Delete the events of *hashes* that were digested before *digested_before*; they are gone when this returns.

    Their bytes leave the disk when the parts that hold them are next merged.
    """
    for start in range(0, len(hashes), _HASHES_PER_STATEMENT_MAX):
        chunk = hashes[start : start + _HASHES_PER_STATEMENT_MAX]
        scope = IssueScope(project_id, tuple((name, None) for name in chunk))
        _delete(history, scope.clause(), digested_before)


def event_ids(
    history: History,
    project_id: int,
    hashes: Sequence[GroupingHash],
    digested_before: datetime,
    *,
    after: EventId | None = None,
    limit: int,
) -> list[EventId]:
    """Return the ids of the events that :func:`delete_events` would delete, in order, the next *limit* of them."""
    if not hashes:
        return []
    chosen = IssueScope(project_id, tuple((name, None) for name in hashes)).clause()
    moment, name = instant(digested_before), text(after or "")
    sql = (
        f"SELECT event_id FROM event WHERE {chosen.sql} AND digested_at < {moment.sql}"
        f" AND event_id > toFixedString(unhex({name.sql}), 16) ORDER BY event_id LIMIT {{limit:UInt32}}"
    )
    bindings = {**chosen.parameters, **moment.parameters, **name.parameters, "limit": limit}
    return [EventId(row[0].hex()) for row in history.rows(sql, bindings)]


def delete_project(history: History, project_id: int, digested_before: datetime) -> None:
    """Delete all events of a project that were digested before *digested_before*."""
    _delete(history, in_projects((project_id,)), digested_before)


def expire(history: History, before: datetime) -> int:
    """Drop every week that ended before *before*, files and all; return how many weeks that were.

    A week is dropped as a whole, so an event lives up to six days longer than retention asks for.
    """
    weeks = history.rows(
        "SELECT DISTINCT partition_id, partition FROM system.parts"
        " WHERE database = currentDatabase() AND table = 'event' AND active"
    )
    over = [name for name, monday in weeks if _ends(monday) <= before]
    for name in over:
        history.command(f"ALTER TABLE event DROP PARTITION ID '{name}'")
    return len(over)


def _delete(history: History, chosen: Clause, digested_before: datetime) -> None:
    moment = instant(digested_before)
    history.command(
        f"DELETE FROM event WHERE {chosen.sql} AND digested_at < {moment.sql}",
        {**chosen.parameters, **moment.parameters},
    )


def _ends(monday: str) -> datetime:
    return datetime.fromisoformat(f"{monday}T00:00:00+00:00") + timedelta(weeks=1)
