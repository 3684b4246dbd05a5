"""What is expected of a monitor, as SDKs and the API send it (spec/ingest.md 8.2, spec/clients.md)."""

import re
import unicodedata
from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec

from tocsin.domain.errors import InvalidFields
from tocsin.domain.issue.fields import Rejected, integer, nullable, read_fields, text, text_up_to
from tocsin.domain.monitor.crontab import EXPRESSION_CHARS_MAX, UnreadableCrontab, read_crontab
from tocsin.domain.monitor.schedule import INTERVAL_MINUTES_MAX, Interval, Schedule, Unit, zone_of

SLUG_CHARS_MAX = 50
MARGIN_MINUTES_DEFAULT = 1
RUNTIME_MINUTES_DEFAULT = 30
MINUTES_MAX = 40_320
"""Four weeks: the longest margin and the longest runtime."""
THRESHOLD_MAX = 720

_NOT_IN_SLUGS = re.compile(r"[^a-z0-9_]+")
_KINDS = ("crontab", "interval")


class MonitorConfig(msgspec.Struct, frozen=True, kw_only=True):
    """When a job is expected, how late and how long it may be, and how often it may fail."""

    schedule: Schedule
    timezone: str = "UTC"
    checkin_margin: int | None = None
    """Minutes it may be late."""
    max_runtime: int | None = None
    """Minutes it may take."""
    failure_issue_threshold: int | None = None
    """Failures in a row that make an incident."""
    recovery_threshold: int | None = None
    """Successes in a row that end one."""

    @property
    def margin_minutes(self) -> int:
        """How late the job may be."""
        return MARGIN_MINUTES_DEFAULT if self.checkin_margin is None else self.checkin_margin

    @property
    def runtime_minutes(self) -> int:
        """How long the job may take."""
        return self.max_runtime or RUNTIME_MINUTES_DEFAULT

    @property
    def failures(self) -> int:
        """How many failures in a row make an incident."""
        return self.failure_issue_threshold or 1

    @property
    def recoveries(self) -> int:
        """How many successes in a row end an incident."""
        return self.recovery_threshold or 1


def config_object(config: MonitorConfig) -> dict[str, Any]:
    """Return *config* as the API shows it and as it is stored: a crontab, or a number and a unit."""
    interval = config.schedule if isinstance(config.schedule, Interval) else None
    return {
        "schedule_type": "interval" if interval else "crontab",
        "schedule": [interval.value, interval.unit.value] if interval else config.schedule,
        "checkin_margin": config.checkin_margin,
        "max_runtime": config.max_runtime,
        "timezone": config.timezone,
        "failure_issue_threshold": config.failure_issue_threshold,
        "recovery_threshold": config.recovery_threshold,
        "alert_rule_id": None,
    }


def read_config(sent: Any, previous: MonitorConfig | None = None) -> MonitorConfig:
    """Return the config of a body; what is not sent stays as in *previous*. Raises InvalidFields.

    The schedule is an object of ``type`` and ``value``, or a crontab or ``[number, unit]`` beside ``schedule_type``.
    """
    if not isinstance(sent, Mapping):
        raise InvalidFields({"config": ["Expected an object with a schedule."]})
    readers = _READERS | {"schedule": lambda value: _schedule(value, sent.get("schedule_type"))}
    values = read_fields(sent, readers, required=() if previous else ("schedule",))
    known = msgspec.structs.asdict(previous) if previous else {}
    return MonitorConfig(**(known | values))


def stored_config(stored: Mapping[str, Any]) -> MonitorConfig:
    """Return the config that was kept as :func:`config_object` returned it."""
    sent = stored["schedule"]
    schedule = sent if isinstance(sent, str) else Interval(sent[0], Unit(sent[1]))
    kept = {name: stored[name] for name in MonitorConfig.__struct_fields__ if name != "schedule"}
    return MonitorConfig(schedule=schedule, **kept)


def slug_of(name: str) -> str:
    """Return the slug that *name* becomes: lower case letters, digits, ``-`` and ``_``; ``""`` if nothing is left."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return _NOT_IN_SLUGS.sub("-", plain).strip("-")[:SLUG_CHARS_MAX].strip("-")


def _schedule(sent: Any, kind: Any) -> Schedule:
    if isinstance(sent, Mapping):
        kind, unit = sent.get("type"), sent.get("unit")
        sent = [sent.get("value"), unit] if kind == "interval" else sent.get("value")
    if kind is None:
        kind = "crontab" if isinstance(sent, str) else "interval"
    if kind not in _KINDS:
        raise Rejected(['The schedule is of the type "crontab" or "interval".'])
    return _crontab(sent) if kind == "crontab" else _interval(sent)


def _crontab(sent: Any) -> str:
    expression = " ".join(text_up_to(EXPRESSION_CHARS_MAX)(sent).split())
    try:
        read_crontab(expression)
    except UnreadableCrontab as unreadable:
        raise Rejected([str(unreadable)]) from None
    return expression


def _interval(sent: Any) -> Interval:
    if not isinstance(sent, list | tuple) or len(sent) != 2:
        raise Rejected(['An interval is a number and a unit, such as [2, "hour"].'])
    value = integer(sent[0])
    if value < 1:
        raise Rejected(["An interval is 1 or more."])
    try:
        interval = Interval(value, Unit(str(sent[1])))
    except ValueError:
        raise Rejected([f"The unit of an interval is one of {', '.join(Unit)}."]) from None
    if interval.minutes > INTERVAL_MINUTES_MAX:
        raise Rejected(["An interval is ten years at most."])
    return interval


def _within(value: Any, least: int, most: int) -> int:
    number = integer(value, at_most=most)
    if number < least:
        raise Rejected([f"Ensure this value is greater than or equal to {least}."])
    return number


def _timezone(value: Any) -> str:
    name = text(value)
    if zone_of(name) is None:
        raise Rejected([f"{name[:100]} is no time zone; use an IANA name such as Europe/Vienna."])
    return name


_READERS = {
    "checkin_margin": nullable(partial(_within, least=0, most=MINUTES_MAX)),
    "max_runtime": nullable(partial(_within, least=1, most=MINUTES_MAX)),
    "timezone": _timezone,
    "failure_issue_threshold": nullable(partial(_within, least=1, most=THRESHOLD_MAX)),
    "recovery_threshold": nullable(partial(_within, least=1, most=THRESHOLD_MAX)),
}
