"""Taking down what somebody says about an event (spec/search.md 5.15)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from tocsin.domain.organization import Project
from tocsin.domain.user_report import UserReport, read_user_report, replacing, require_in_time
from tocsin.storage.history import events
from tocsin.storage.history.scope import ProjectScope
from tocsin.storage.history.store import History
from tocsin.storage.state import user_reports
from tocsin.storage.state.engine import State


class UserReports:
    """Takes down reports. Safe to share among threads."""

    def __init__(self, state: State, history: History) -> None:
        self._state = state
        self._history = history

    def take_down(self, project: Project, body: Mapping[str, Any], now: datetime) -> UserReport:
        """Store what somebody says about an event, which may still be on its way, and return it.

        Raises InvalidFields, and Conflict when something else was said and is settled.
        """
        report = read_user_report(body, project.id, now)
        event = events.event(self._history, ProjectScope((project.id,)), report.event_id)
        if event is not None:
            require_in_time(report, event.received)
            report = replace(report, primary_hash=event.primary_hash, environment=event.environment)
        with self._state.write() as connection:
            previous = user_reports.of_event(connection, project.id, report.event_id)
            return user_reports.save(connection, replacing(previous, report))
