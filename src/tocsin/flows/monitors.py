"""Making, changing and deleting monitors by hand (spec/search.md 6)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from tocsin.domain.errors import Conflict, NotFound
from tocsin.domain.issue.fields import boolean, read_fields
from tocsin.domain.monitor.environment import MonitorEnvironment, MonitorId, rescheduled
from tocsin.domain.monitor.fields import read_monitor_change, read_new_monitor
from tocsin.domain.monitor.monitor import MONITORS_MAX, Monitor
from tocsin.domain.organization import Project
from tocsin.storage.state import monitors
from tocsin.storage.state.engine import State, Transaction


class Monitors:
    """Makes, changes and deletes monitors. Safe to share among threads."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add(self, body: Mapping[str, Any], project: Project, now: datetime) -> Monitor:
        """Make the monitor that *body* describes. Raises InvalidFields, and Conflict when the slug is taken."""
        fresh = read_new_monitor(body, project.id, now)
        with self._state.write() as connection:
            if monitors.count(connection, project.id) >= MONITORS_MAX:
                raise Conflict(f"A project may have {MONITORS_MAX} monitors; delete one first.")
            return monitors.create(connection, fresh)

    def change(self, monitor_id: MonitorId, body: Mapping[str, Any], now: datetime) -> Monitor:
        """Change a monitor as *body* says. Raises NotFound, InvalidFields and Conflict.

        With another schedule, or taken up again, it expects its next run from now on.
        """
        with self._state.write() as connection:
            known = _required(connection, monitor_id)
            changed = read_monitor_change(body, known)
            monitors.save(connection, changed)
            if changed.config != known.config or changed.is_active > known.is_active:
                for environment in monitors.environments(connection, [known.id])[known.id]:
                    monitors.save_environment(connection, rescheduled(environment, changed.config, now))
            return changed

    def remove(self, monitor_id: MonitorId) -> None:
        """Delete a monitor with its check-ins; its issues stay. Raises NotFound."""
        with self._state.write() as connection:
            monitors.remove(connection, _required(connection, monitor_id).id)

    def change_environment(self, monitor_id: MonitorId, name: str, body: Mapping[str, Any]) -> None:
        """Mute a monitor in one environment, or let it be heard again. Raises NotFound and InvalidFields."""
        with self._state.write() as connection:
            known = _environment(connection, monitor_id, name)
            fields = read_fields(body, {"isMuted": boolean}, required=("isMuted",))
            monitors.save_environment(connection, replace(known, is_muted=fields["isMuted"]))

    def remove_environment(self, monitor_id: MonitorId, name: str) -> None:
        """Forget a monitor in one environment, with its check-ins. Raises NotFound."""
        with self._state.write() as connection:
            monitors.remove_environment(connection, _environment(connection, monitor_id, name).id)


def _required(connection: Transaction, monitor_id: MonitorId) -> Monitor:
    known = monitors.by_id(connection, monitor_id, lock=True)
    if known is None:
        raise NotFound
    return known


def _environment(connection: Transaction, monitor_id: MonitorId, name: str) -> MonitorEnvironment:
    known = _required(connection, monitor_id)
    found = [one for one in monitors.environments(connection, [known.id])[known.id] if one.name == name]
    if not found:
        raise NotFound
    return found[0]
