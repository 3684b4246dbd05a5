"""Forecasts of issues archived until they escalate: how many events within an hour are expected at most."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, RowMapping, delete, exists, select

from tocsin.domain.issue.escalation import Forecast
from tocsin.domain.issue.issue import ActivityType, IssueId
from tocsin.storage.state.rows import insert_into, portions
from tocsin.storage.state.tables import activity, forecast


def current(connection: Connection, issue_ids: Iterable[IssueId]) -> dict[IssueId, Forecast]:
    """Return the forecasts of the issues, less those made before the issue was archived last."""
    archived_since = exists().where(
        activity.c.issue_id == forecast.c.issue_id,
        activity.c.created_at > forecast.c.computed_at,
        activity.c.type == ActivityType.SET_IGNORED,
    )
    found: dict[IssueId, Forecast] = {}
    for some in portions(issue_ids):
        query = select(forecast).where(forecast.c.issue_id.in_(some), ~archived_since)
        found |= {row["issue_id"]: _forecast(row) for row in connection.execute(query).mappings()}
    return found


def put(connection: Connection, computed: Mapping[IssueId, Forecast]) -> None:
    """Store forecasts of issues that exist, in place of earlier ones."""
    if not computed:
        return
    rows = [
        {"issue_id": issue_id, "expected": list(one.expected), "computed_at": one.computed_at}
        for issue_id, one in sorted(computed.items())
    ]
    statement = insert_into(connection, forecast)
    fresh = {name: statement.excluded[name] for name in ("expected", "computed_at")}
    connection.execute(statement.on_conflict_do_update(index_elements=["issue_id"], set_=fresh), rows)


def remove(connection: Connection, issue_ids: Iterable[IssueId]) -> None:
    """Forget the forecasts of the issues."""
    for some in portions(issue_ids):
        connection.execute(delete(forecast).where(forecast.c.issue_id.in_(some)))


def made_before(connection: Connection, before: datetime, limit: int) -> list[IssueId]:
    """Return the issues whose forecast was made before that time, the oldest first."""
    query = select(forecast.c.issue_id).where(forecast.c.computed_at < before)
    return list(connection.execute(query.order_by(forecast.c.computed_at, forecast.c.issue_id).limit(limit)).scalars())


def _forecast(row: RowMapping) -> Forecast:
    return Forecast(expected=tuple(row["expected"]), computed_at=row["computed_at"])
