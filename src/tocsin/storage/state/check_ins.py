"""What jobs said of themselves."""

from collections.abc import Collection, Sequence
from datetime import datetime

from msgspec import structs
from sqlalchemy import Connection, delete, select, update

from tocsin.domain.monitor.check_in import CheckIn, CheckInStatus, MonitorEnvironmentId
from tocsin.storage.state.rows import all_as, insert_into, one_as, portions, select_as
from tocsin.storage.state.tables import check_in


def known(connection: Connection, environment_id: MonitorEnvironmentId, guid: str) -> CheckIn | None:
    """Return the run of that id; without an id the latest in progress."""
    query = select_as(CheckIn, check_in).where(check_in.c.monitor_environment_id == environment_id)
    if guid:
        query = query.where(check_in.c.guid == guid)
    else:
        running = query.where(check_in.c.status == CheckInStatus.IN_PROGRESS)
        query = running.order_by(check_in.c.started_at.desc(), check_in.c.id.desc())
    return one_as(CheckIn, connection.execute(query.limit(1)))


def late(connection: Connection, environment_ids: Collection[MonitorEnvironmentId], now: datetime) -> list[CheckIn]:
    """Return the runs of environments that are in progress and take too long, the earliest first."""
    query = select_as(CheckIn, check_in).where(
        check_in.c.monitor_environment_id.in_(list(environment_ids)),
        check_in.c.status == CheckInStatus.IN_PROGRESS,
        check_in.c.timeout_at <= now,
    )
    return all_as(CheckIn, connection.execute(query.order_by(check_in.c.timeout_at, check_in.c.id)))


def put(connection: Connection, check_ins: Sequence[CheckIn]) -> None:
    """Write runs, new and known ones."""
    for one in check_ins:
        values = structs.asdict(one)
        del values["id"]
        if one.id:
            connection.execute(update(check_in).where(check_in.c.id == one.id).values(values))
        else:
            connection.execute(insert_into(connection, check_in).values(values).on_conflict_do_nothing())


def newest(
    connection: Connection,
    environment_ids: Collection[MonitorEnvironmentId],
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    limit: int,
) -> list[CheckIn]:
    """Return the runs of environments between two times, newest first."""
    query = select_as(CheckIn, check_in).where(check_in.c.monitor_environment_id.in_(list(environment_ids)))
    if start is not None:
        query = query.where(check_in.c.started_at >= start)
    if end is not None:
        query = query.where(check_in.c.started_at < end)
    ordered = query.order_by(check_in.c.started_at.desc(), check_in.c.id.desc()).limit(limit)
    return all_as(CheckIn, connection.execute(ordered))


def prune(connection: Connection, before: datetime, rows_max: int) -> int:
    """Forget runs that began before that time, at most *rows_max*, and return how many."""
    old = select(check_in.c.id).where(check_in.c.started_at < before).order_by(check_in.c.started_at).limit(rows_max)
    ids = connection.execute(old).scalars().all()
    for some in portions(ids):
        connection.execute(delete(check_in).where(check_in.c.id.in_(some)))
    return len(ids)
