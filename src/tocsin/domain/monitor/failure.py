"""The event that an incident makes, on its way through the same pipeline as every other event."""

from datetime import datetime
from typing import Any

import msgspec

from tocsin.domain.event.accepted import Accepted
from tocsin.domain.monitor.check_in import CheckIn, CheckInStatus
from tocsin.domain.monitor.config import config_object
from tocsin.domain.monitor.environment import MonitorEnvironment
from tocsin.domain.monitor.monitor import Monitor

ITEM_TYPE = "monitor_failure"
"""Type of an envelope's item that only we send."""
EVENT_TYPE = "generic"
"""Type of an event that no SDK has sent."""
SDK_NAME = "tocsin.monitor"

_REASONS = {
    CheckInStatus.ERROR: "An error was reported",
    CheckInStatus.MISSED: "A check-in was missed",
    CheckInStatus.TIMEOUT: "A check-in took too long",
}


def failure_payload(
    monitor: Monitor, environment: MonitorEnvironment, check_in: CheckIn, event_id: str, at: datetime
) -> dict[str, Any]:
    """Return the event that tells of an incident: one issue for each environment of a monitor."""
    shown = config_object(monitor.config)
    return {
        "event_id": event_id,
        "timestamp": at.timestamp(),
        "level": "error",
        "platform": "other",
        "environment": environment.name,
        "fingerprint": [SDK_NAME, str(environment.id)],
        "logentry": {"formatted": f"Monitor failure: {monitor.name}"},
        "culprit": _REASONS[check_in.status],
        "contexts": {
            "monitor": {
                "id": str(monitor.id),
                "slug": monitor.slug,
                "name": monitor.name,
                "status": check_in.status.value,
                "check_in_id": check_in.guid,
                "consecutive_failures": environment.failures,
                "expected": check_in.expected_at.isoformat() if check_in.expected_at else None,
                "config": {name: value for name, value in shown.items() if value is not None},
            },
            **({"trace": {"trace_id": check_in.trace_id}} if check_in.trace_id else {}),
        },
        **({"release": check_in.release} if check_in.release else {}),
        "sdk": {"name": SDK_NAME, "version": "1"},
    }


def failure_envelope(project_id: int, payload: dict[str, Any], at: datetime) -> Accepted:
    """Return *payload* as a request that we accepted from ourselves: one without a key."""
    event_id = str(payload["event_id"])
    lines = ({"event_id": event_id}, {"type": ITEM_TYPE}, payload)
    return Accepted(
        project_id=project_id,
        public_key="",
        received=at,
        event_id=event_id,
        client=f"{SDK_NAME}/1",
        body=b"".join(msgspec.json.encode(line) + b"\n" for line in lines),
    )
