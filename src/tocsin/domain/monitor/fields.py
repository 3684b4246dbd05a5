"""A monitor as the body of a request describes it (spec/search.md 6)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from tocsin.domain.errors import InvalidFields
from tocsin.domain.issue.fields import Rejected, boolean, choice, read_fields, text, text_up_to
from tocsin.domain.issue.issue import ProjectId
from tocsin.domain.monitor.config import MonitorConfig, read_config, slug_of
from tocsin.domain.monitor.monitor import Monitor

NAME_CHARS_MAX = 128
_STATUSES = frozenset({"active", "disabled"})


def _slug(value: Any) -> str:
    sent = text(value)
    if slug_of(sent) != sent or sent.isdigit():
        raise Rejected(["Use up to 50 lower case letters, digits, - and _, and not digits alone."])
    return sent


_READERS = {
    "name": text_up_to(NAME_CHARS_MAX),
    "slug": _slug,
    "status": choice(_STATUSES),
    "isMuted": boolean,
    "is_muted": boolean,
}


def read_new_monitor(sent: Mapping[str, Any], project_id: ProjectId, now: datetime) -> Monitor:
    """Return the monitor that a body describes. Raises InvalidFields."""
    fields, config = _read(sent, None, required=("name", "config"))
    slug = fields.get("slug") or slug_of(fields["name"])
    if not slug or config is None:
        raise InvalidFields({"slug": ["The name makes no slug; choose one of letters and digits."]})
    fresh = Monitor(project_id=project_id, slug=slug, name=fields["name"], config=config, created_at=now)
    return _with(fresh, fields, config)


def read_monitor_change(sent: Mapping[str, Any], known: Monitor) -> Monitor:
    """Return *known* as a body changes it; what is not sent stays. Raises InvalidFields."""
    fields, config = _read(sent, known.config, required=())
    changed = replace(known, name=fields.get("name", known.name), slug=fields.get("slug", known.slug))
    return _with(changed, fields, config or known.config)


def _read(
    sent: Mapping[str, Any], known: MonitorConfig | None, required: tuple[str, ...]
) -> tuple[dict[str, Any], MonitorConfig | None]:
    """Return the fields and the config; a refusal names everything that is wrong with either."""
    faults: dict[str, Any] = {}
    fields: dict[str, Any] = {}
    config = None
    try:
        fields = read_fields(sent, _READERS, required=[name for name in required if name != "config"])
    except InvalidFields as invalid:
        faults |= invalid.errors
    try:
        if "config" in sent or "config" in required:
            config = read_config(sent.get("config"), known)
    except InvalidFields as invalid:
        faults["config"] = invalid.errors.get("config", invalid.errors)
    if faults:
        raise InvalidFields(faults)
    return fields, config


def _with(monitor: Monitor, fields: Mapping[str, Any], config: MonitorConfig) -> Monitor:
    status = fields.get("status")
    return replace(
        monitor,
        config=config,
        is_active=monitor.is_active if status is None else status == "active",
        is_muted=fields.get("isMuted", fields.get("is_muted", monitor.is_muted)),
    )
