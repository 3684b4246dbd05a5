"""Monitors and check-ins as the API shows them (spec/search.md 6, spec/clients.md)."""

from typing import Any
from uuid import UUID

from tocsin.domain.monitor.check_in import CheckIn
from tocsin.domain.monitor.config import config_object
from tocsin.domain.monitor.environment import MonitorEnvironment
from tocsin.domain.organization import Project
from tocsin.edges.api.serialize.instants import iso, iso_or_none
from tocsin.storage.views.monitors import ShownMonitor


def monitor_object(shown: ShownMonitor, project: Project) -> dict[str, Any]:
    """Return a monitor with its environments."""
    monitor = shown.monitor
    return {
        "id": str(monitor.id),
        "slug": monitor.slug,
        "name": monitor.name,
        "status": "active" if monitor.is_active else "disabled",
        "isMuted": monitor.is_muted,
        "isUpserting": False,
        "type": "cron_job",
        "config": config_object(monitor.config),
        "dateCreated": iso(monitor.created_at),
        "owner": None,
        "alertRule": None,
        "project": {
            "id": str(project.id),
            "slug": project.slug,
            "name": project.name,
            "platform": project.platform or None,
        },
        "environments": [_environment_object(one) for one in shown.environments],
    }


def check_in_object(check_in: CheckIn, shown: ShownMonitor) -> dict[str, Any]:
    """Return one run; its duration is in milliseconds."""
    names = {one.id: one.name for one in shown.environments}
    return {
        "id": str(UUID(check_in.guid)),
        "environment": names.get(check_in.monitor_environment_id, ""),
        "status": check_in.status,
        "duration": check_in.duration_ms,
        "dateCreated": iso(check_in.started_at),
        "dateAdded": iso(check_in.started_at),
        "dateUpdated": iso(check_in.updated_at),
        "expectedTime": iso_or_none(check_in.expected_at),
        "monitorConfig": config_object(shown.monitor.config),
        "groups": [],
    }


def _environment_object(environment: MonitorEnvironment) -> dict[str, Any]:
    since = environment.incident_at
    return {
        "name": environment.name,
        "status": environment.health,
        "isMuted": environment.is_muted,
        "dateCreated": iso(environment.created_at),
        "lastCheckIn": iso_or_none(environment.last_check_in_at),
        "nextCheckIn": iso_or_none(environment.next_expected_at),
        "nextCheckInLatest": iso_or_none(environment.missed_at),
        "activeIncident": {"startingTimestamp": iso(since), "resolvingTimestamp": None, "brokenNotice": None}
        if since
        else None,
    }
