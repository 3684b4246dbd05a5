"""What people may change about organizations, projects and themselves, and how each of it is read (spec/README.md).

An option is a setting kept by its API name. What a body does not name stays as it is.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from msgspec.structs import replace

from tocsin.domain.errors import Malformed
from tocsin.domain.filters.options import FILTER_OPTIONS
from tocsin.domain.grouping import CONFIGS
from tocsin.domain.grouping.project import check_rules, transition
from tocsin.domain.issue.fields import Reader, Rejected, body, boolean, choice, fields, integer, text_up_to
from tocsin.domain.naming import NAME_CHARS_MAX, read_name, read_slug
from tocsin.domain.organization import Organization, Project, User
from tocsin.domain.privacy.options import PRIVACY_OPTIONS

PLATFORM_CHARS_MAX: Final = 64
CAP_EVENTS_MAX: Final = 10**12
RESOLVE_AGE_HOURS_MAX: Final = 87_600
"""Ten years."""
DOMAINS_MAX: Final = 200
DOMAIN_CHARS_MAX: Final = 255


def changed_organization(one: Organization, sent: Mapping[str, Any]) -> Organization:
    """Return the organization with what a body changes. Raises InvalidFields."""
    values = _read_organization(sent)
    options = {name: values.pop(name) for name in ORGANIZATION_OPTIONS if name in values}
    return replace(one, options=one.options | options, **values)


def changed_project(one: Project, sent: Mapping[str, Any], now: datetime) -> Project:
    """Return the project with what a body changes at *now*. Raises InvalidFields.

    Another grouping configuration leaves the one before in force for the issues it made (spec/ingest.md 5.9).
    """
    values = _read_project(sent)
    options = values.pop("options", {}) | {name: values.pop(name) for name in PROJECT_OPTIONS if name in values}
    options |= transition(one.options, options, now)
    return replace(one, options=one.options | options, **values)


def changed_user(one: User, sent: Mapping[str, Any]) -> User:
    """Return the user with what a body changes. Raises InvalidFields."""
    values = _read_user(sent)
    return replace(one, options=one.options | values.pop("options", {}), **values)


def _optional(chars_max: int) -> Reader:
    """Return the reader of a text that null and blank take away."""
    read_text = text_up_to(chars_max)

    def read(value: Any) -> str:
        return "" if value is None or not str(value).strip() else read_text(value)

    return read


def _hours(value: Any) -> int:
    """Read the hours after which quiet issues are resolved; null, blank and 0 all mean never."""
    hours = 0 if value is None or value == "" else integer(value, at_most=RESOLVE_AGE_HOURS_MAX)
    if hours < 0:
        raise Rejected(["Ensure this value is greater than or equal to 0."])
    return hours


def _cap(value: Any) -> int | None:
    """Read the most events within a window: null and blank mean what holds for all projects, 0 means any number."""
    if value is None or value == "":
        return None
    events_max = integer(value, at_most=CAP_EVENTS_MAX)
    if events_max < 0:
        raise Rejected(["Ensure this value is greater than or equal to 0."])
    return events_max


def _domains(value: Any) -> list[str]:
    """Read the domains whose pages may send, as a list or a text with one on each line; nothing means any."""
    sent = value.splitlines() if isinstance(value, str) else (value or [])
    if not isinstance(sent, list) or not all(isinstance(domain, str) for domain in sent):
        raise Rejected(["Must be a list of domains such as *.example.com."])
    kept = list(dict.fromkeys(filter(None, (domain.strip() for domain in sent)))) or ["*"]
    if len(kept) > DOMAINS_MAX or any(len(domain) > DOMAIN_CHARS_MAX for domain in kept):
        raise Rejected([f"There may be {DOMAINS_MAX} domains of {DOMAIN_CHARS_MAX} characters; delete some."])
    return kept


def _rules(check: Callable[[str], None]) -> Reader:
    """Return the reader of rules, which *check* refuses with the number of the line."""

    def read(value: Any) -> str:
        rules = "" if value is None else value
        if not isinstance(rules, str):
            raise Rejected(["Not a valid string."])
        try:
            check(rules)
        except Malformed as refusal:
            raise Rejected([refusal.detail]) from None
        return rules

    return read


def _config_or_none(value: Any) -> str | None:
    """Read a grouping configuration; null and blank mean none."""
    return None if value is None or value == "" else _read_config(value)


def _epoch_seconds(value: Any) -> int:
    """Read seconds since 1970; null means never."""
    seconds = 0 if value is None else integer(value)
    if seconds < 0:
        raise Rejected(["Ensure this value is greater than or equal to 0."])
    return seconds


def _digit(value: Any) -> str:
    """Read a user's option that is on or off, kept as ``"1"`` or ``"0"``."""
    return "1" if boolean(value) else "0"


_read_config = choice(frozenset(CONFIGS))

ORGANIZATION_OPTIONS: Final[Mapping[str, Reader]] = {
    "allowSharedIssues": boolean,
    "eventsMemberAdmin": boolean,
    "openMembership": boolean,
    **PRIVACY_OPTIONS,
}
PROJECT_OPTIONS: Final[Mapping[str, Reader]] = {
    "allowedDomains": _domains,
    "eventsPerHourMax": _cap,
    "eventsPerMonthMax": _cap,
    "fingerprintingRules": _rules(lambda text: check_rules(fingerprinting=text)),
    "groupingConfig": _read_config,
    "groupingEnhancements": _rules(lambda text: check_rules(enhancements=text)),
    "resolveAge": _hours,
    "secondaryGroupingConfig": _config_or_none,
    "secondaryGroupingExpiry": _epoch_seconds,
    **PRIVACY_OPTIONS,
}
NESTED_PROJECT_OPTIONS: Final[Mapping[str, Reader]] = FILTER_OPTIONS
"""Options that stand within ``options`` of a body."""
USER_OPTIONS: Final[Mapping[str, Reader]] = {"self_assign_issue": _digit}

_read_organization = body({"name": read_name, "slug": read_slug, **ORGANIZATION_OPTIONS})
_read_project = body(
    {
        "name": read_name,
        "slug": read_slug,
        "platform": _optional(PLATFORM_CHARS_MAX),
        "options": fields(NESTED_PROJECT_OPTIONS),
        **PROJECT_OPTIONS,
    }
)
_read_user = body({"name": _optional(NAME_CHARS_MAX), "options": fields(USER_OPTIONS)})
