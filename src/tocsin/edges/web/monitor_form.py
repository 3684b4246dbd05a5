"""The form of a monitor: what is in its fields, and the body that they make."""

from typing import Any, Self

import msgspec

from tocsin.domain.errors import InvalidFields, Refusal
from tocsin.domain.monitor.monitor import Monitor
from tocsin.domain.monitor.schedule import Interval
from tocsin.edges.web.forms import Form

_NUMBERS = ("checkin_margin", "max_runtime", "failure_issue_threshold", "recovery_threshold")


class MonitorForm(msgspec.Struct, frozen=True, kw_only=True):
    """The fields as texts."""

    project: str = ""
    name: str = ""
    slug: str = ""
    schedule: str = "0 3 * * *"
    """A crontab, or a number and a unit."""
    timezone: str = "UTC"
    checkin_margin: str = ""
    max_runtime: str = ""
    failure_issue_threshold: str = ""
    recovery_threshold: str = ""

    @classmethod
    def sent(cls, form: Form) -> Self:
        """Return the fields as they were sent."""
        return cls(**{name: form.one(name) for name in cls.__struct_fields__})


def filled_with(monitor: Monitor) -> MonitorForm:
    """Return the fields of a monitor."""
    config = monitor.config
    schedule = config.schedule
    numbers = {name: getattr(config, name) for name in _NUMBERS}
    return MonitorForm(
        name=monitor.name,
        slug=monitor.slug,
        schedule=f"{schedule.value} {schedule.unit}" if isinstance(schedule, Interval) else schedule,
        timezone=config.timezone,
        **{name: "" if number is None else str(number) for name, number in numbers.items()},
    )


def body_of(form: Form) -> dict[str, Any]:
    """Return what the API would be sent."""
    config: dict[str, Any] = {"timezone": form.one("timezone"), "schedule": _schedule(form.one("schedule"))}
    config |= {name: form.one(name).strip() or None for name in _NUMBERS}
    slug = form.one("slug").strip()
    return {"name": form.one("name"), "config": config} | ({"slug": slug} if slug else {})


def faults_of(refusal: Refusal) -> dict[str, str]:
    """Return what is wrong, by field; of a refusal as a whole under the slug, which must be the only one."""
    if not isinstance(refusal, InvalidFields):
        return {"slug": refusal.detail}
    config = refusal.errors.get("config")
    faults = {name: value for name, value in refusal.errors.items() if name != "config"}
    faults |= config if isinstance(config, dict) else {}
    return {
        name: " ".join(map(str, value)) if isinstance(value, list) else str(value) for name, value in faults.items()
    }


def _schedule(text: str) -> str | list[str]:
    """Return a crontab, or the number and the unit of an interval: ``2 hours``."""
    words = text.lower().removeprefix("every ").split()
    is_interval = len(words) == 2 and words[0].isdigit() and words[1].isalpha()
    return [words[0], words[1].removesuffix("s")] if is_interval else text
