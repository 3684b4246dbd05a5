"""Taking events out of history: those of deleted issues, and those past retention."""

from collections.abc import Iterator, Sequence
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
    for doomed in _doomed(project_id, hashes, digested_before):
        with history.undisturbed():
            history.command(f"DELETE FROM event WHERE {doomed.sql}", doomed.parameters)


def count_events(history: History, project_id: int, hashes: Sequence[GroupingHash], digested_before: datetime) -> int:
    """Return how many events :func:`delete_events` would delete."""
    return sum(
        history.rows(f"SELECT count() FROM event WHERE {doomed.sql}", doomed.parameters)[0][0]
        for doomed in _doomed(project_id, hashes, digested_before)
    )


def event_ids(
    history: History, project_id: int, hashes: Sequence[GroupingHash], digested_before: datetime, *, at_a_time: int
) -> Iterator[list[EventId]]:
    """Yield the ids of the events that :func:`delete_events` would delete, *at_a_time* of them."""
    for doomed in _doomed(project_id, hashes, digested_before):
        found: list[EventId] = []
        while True:
            found = _page(history, doomed, found[-1] if found else "", at_a_time)
            if found:
                yield found
            if len(found) < at_a_time:
                break


def delete_project(history: History, project_id: int, digested_before: datetime) -> None:
    """Delete all events of a project that were digested before *digested_before*, and all that was told of sessions."""
    owned = in_projects((project_id,))
    doomed = _digested(owned, digested_before)
    with history.undisturbed():
        history.command(f"DELETE FROM event WHERE {doomed.sql}", doomed.parameters)
    history.command(f"DELETE FROM session WHERE {owned.sql}", owned.parameters)


def expire(history: History, before: datetime) -> int:
    """Drop every week of events and sessions that ended before *before*; return how many weeks of events that were.

    A week is dropped as a whole, so an event lives up to six days longer than retention asks for.
    """
    _drop_weeks(history, "session", before)
    return _drop_weeks(history, "event", before)


def _drop_weeks(history: History, table: str, before: datetime) -> int:
    weeks = history.rows(
        "SELECT DISTINCT partition_id, partition FROM system.parts"
        f" WHERE database = currentDatabase() AND table = '{table}' AND active"
    )
    over = [name for name, monday in weeks if _ends(monday) <= before]
    for name in over:
        with history.undisturbed():
            history.command(f"ALTER TABLE {table} DROP PARTITION ID '{name}'")
    return len(over)


def _doomed(project_id: int, hashes: Sequence[GroupingHash], digested_before: datetime) -> Iterator[Clause]:
    """Yield the conditions that an event is to be deleted: as many as keep each statement small."""
    for start in range(0, len(hashes), _HASHES_PER_STATEMENT_MAX):
        chunk = hashes[start : start + _HASHES_PER_STATEMENT_MAX]
        yield _digested(IssueScope(project_id, tuple((name, None) for name in chunk)).clause(), digested_before)


def _digested(chosen: Clause, before: datetime) -> Clause:
    moment = instant(before)
    return chosen & Clause(f"digested_at < {moment.sql}", moment.parameters)


def _page(history: History, doomed: Clause, after: str, limit: int) -> list[EventId]:
    name = text(after)
    sql = (
        f"SELECT event_id FROM event WHERE {doomed.sql} AND event_id > toFixedString(unhex({name.sql}), 16)"
        " ORDER BY event_id LIMIT {limit:UInt32}"
    )
    rows = history.rows(sql, {**doomed.parameters, **name.parameters, "limit": limit})
    return [EventId(row[0].hex()) for row in rows]


def _ends(monday: str) -> datetime:
    return datetime.fromisoformat(f"{monday}T00:00:00+00:00") + timedelta(weeks=1)
