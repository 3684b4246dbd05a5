"""Monitors and their environments."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from msgspec import structs
from sqlalchemy import ColumnElement, Connection, Select, and_, delete, func, insert, or_, select, update

from tocsin.domain.issue.issue import ProjectId
from tocsin.domain.monitor.check_in import CheckInStatus, MonitorEnvironmentId
from tocsin.domain.monitor.config import config_object, stored_config
from tocsin.domain.monitor.environment import MonitorEnvironment, MonitorId
from tocsin.domain.monitor.monitor import Monitor
from tocsin.storage.state.rows import all_as, among, insert_into, portions, refusing_duplicates, select_as
from tocsin.storage.state.tables import check_in, monitor, monitor_environment

MonitorKey: TypeAlias = tuple[ProjectId, str]
"""Project and slug."""

_KEY = (monitor.c.project_id, monitor.c.slug)
_SLUG_TAKEN = "A monitor with that slug is there already; choose another slug."


def by_keys(connection: Connection, keys: Iterable[MonitorKey], *, lock: bool = False) -> dict[MonitorKey, Monitor]:
    """Return those of the monitors that exist; locked in the order of their keys, so that nobody waits in a circle."""
    found: dict[MonitorKey, Monitor] = {}
    for some in portions(keys):
        query = select_as(Monitor, monitor).where(among(_KEY, some)).order_by(*_KEY)
        rows = _found(connection, query.with_for_update() if lock else query)
        found |= {(one.project_id, one.slug): one for one in rows}
    return found


def by_id(connection: Connection, monitor_id: MonitorId, *, lock: bool = False) -> Monitor | None:
    """Return the monitor with that id."""
    query = select_as(Monitor, monitor).where(monitor.c.id == monitor_id)
    return next(_found(connection, query.with_for_update() if lock else query), None)


def in_projects(connection: Connection, project_ids: Collection[ProjectId], limit: int) -> list[Monitor]:
    """Return the monitors of projects, by name."""
    query = select_as(Monitor, monitor).where(monitor.c.project_id.in_(list(project_ids)))
    ordered = query.order_by(func.lower(monitor.c.name), monitor.c.id).limit(limit)
    return list(_found(connection, ordered))


def named(connection: Connection, project_ids: Collection[ProjectId], slug: str) -> Monitor | None:
    """Return the first monitor of that slug in the projects."""
    query = select_as(Monitor, monitor).where(monitor.c.project_id.in_(list(project_ids)), monitor.c.slug == slug)
    return next(_found(connection, query.order_by(monitor.c.id).limit(1)), None)


def count(connection: Connection, project_id: ProjectId) -> int:
    """Return how many monitors a project has."""
    query = select(func.count()).select_from(monitor).where(monitor.c.project_id == project_id)
    return int(connection.execute(query).scalar_one())


def create(connection: Connection, new: Monitor) -> Monitor:
    """Store a new monitor and return it with its id. Raises Conflict when the slug is taken."""
    with refusing_duplicates(connection, _SLUG_TAKEN):
        new_id = connection.execute(insert(monitor).values(_values(new)).returning(monitor.c.id)).scalar_one()
    return structs.replace(new, id=new_id)


def create_missing(connection: Connection, new: Monitor) -> None:
    """Store a new monitor unless somebody made one of that slug just now."""
    connection.execute(insert_into(connection, monitor).values(_values(new)).on_conflict_do_nothing())


def save(connection: Connection, changed: Monitor) -> None:
    """Write a stored monitor. Raises Conflict when the slug is taken."""
    with refusing_duplicates(connection, _SLUG_TAKEN):
        connection.execute(update(monitor).where(monitor.c.id == changed.id).values(_values(changed)))


def remove(connection: Connection, monitor_id: MonitorId) -> None:
    """Delete a monitor with all its check-ins."""
    connection.execute(delete(monitor).where(monitor.c.id == monitor_id))


def environments(
    connection: Connection, monitor_ids: Collection[MonitorId]
) -> Mapping[MonitorId, list[MonitorEnvironment]]:
    """Return the environments of monitors, by name; of one without any an empty list."""
    found: dict[MonitorId, list[MonitorEnvironment]] = {one: [] for one in monitor_ids}
    for some in portions(monitor_ids):
        query = select_as(MonitorEnvironment, monitor_environment).where(monitor_environment.c.monitor_id.in_(some))
        for one in all_as(MonitorEnvironment, connection.execute(query.order_by(monitor_environment.c.name))):
            found[one.monitor_id].append(one)
    return found


def add_environment(connection: Connection, new: MonitorEnvironment) -> MonitorEnvironment:
    """Store a new environment of a monitor that is locked, and return it with its id."""
    values = structs.asdict(new)
    del values["id"]
    statement = insert(monitor_environment).values(values).returning(monitor_environment.c.id)
    return structs.replace(new, id=connection.execute(statement).scalar_one())


def save_environment(connection: Connection, changed: MonitorEnvironment) -> None:
    """Write a stored environment."""
    values = structs.asdict(changed)
    del values["id"]
    connection.execute(update(monitor_environment).where(monitor_environment.c.id == changed.id).values(values))


def remove_environment(connection: Connection, environment_id: MonitorEnvironmentId) -> None:
    """Delete an environment with its check-ins."""
    connection.execute(delete(monitor_environment).where(monitor_environment.c.id == environment_id))


def due(connection: Connection, now: datetime, limit: int) -> Sequence[tuple[Monitor, Sequence[MonitorEnvironment]]]:
    """Return active monitors with environments that the clock has something to say of, nobody else's until the end.

    Whoever looks at the same time is given other monitors.
    """
    query = _due(now).order_by(monitor.c.id).limit(limit).with_for_update(of=monitor, skip_locked=True)
    found = list(_found(connection, query))
    of_each = environments(connection, [one.id for one in found])
    return [(one, of_each[one.id]) for one in found]


def _due(now: datetime) -> Select[*tuple[Any, ...]]:
    is_late: ColumnElement[bool] = and_(
        check_in.c.monitor_environment_id == monitor_environment.c.id,
        check_in.c.status == CheckInStatus.IN_PROGRESS,
        check_in.c.timeout_at <= now,
    )
    waiting = (
        select(monitor_environment.c.monitor_id)
        .where(or_(monitor_environment.c.missed_at <= now, select(check_in.c.id).where(is_late).exists()))
        .scalar_subquery()
    )
    return select_as(Monitor, monitor).where(monitor.c.is_active.is_(True), monitor.c.id.in_(waiting))


def _found(connection: Connection, query: Select[*tuple[Any, ...]]) -> Iterator[Monitor]:
    for row in connection.execute(query).mappings():
        yield Monitor(**dict(row) | {"config": stored_config(row["config"])})


def _values(one: Monitor) -> dict[str, Any]:
    values = structs.asdict(one) | {"config": config_object(one.config)}
    del values["id"]
    return values
