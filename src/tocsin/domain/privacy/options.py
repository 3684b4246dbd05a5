"""The privacy options of a project or an organization, as people set them (spec/search.md 5.10, 5.11)."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from tocsin.domain.errors import Malformed
from tocsin.domain.issue.fields import Reader, Rejected, boolean, integer, read_fields
from tocsin.domain.privacy.rule_text import parse_rule_text
from tocsin.domain.privacy.rules import read_rules, rules_json

FIELDS_MAX = 500
FIELD_CHARS_MAX = 200
CRASH_REPORTS_MAX = 100


def privacy_options(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the privacy options among *fields*, checked and in the form in which they are stored; others are left out.

    Raises InvalidFields. Merge the result into the options of the project or the organization.
    """
    return read_fields(fields, PRIVACY_OPTIONS)


def _names(value: object) -> list[str]:
    """Read a list of names, or a text with one on each line."""
    names = value.splitlines() if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Rejected(["Must be a list of names."])
    kept = list(dict.fromkeys(filter(None, (name.strip() for name in names))))
    if len(kept) > FIELDS_MAX or any(len(name) > FIELD_CHARS_MAX for name in kept):
        raise Malformed(f"There may be {FIELDS_MAX} names of {FIELD_CHARS_MAX} characters; delete some.")
    return kept


def _rules(value: object) -> str | None:
    """Read advanced rules, as JSON or as lines of text, and return them as JSON."""
    if isinstance(value, dict):
        value = msgspec.json.encode(value).decode()
    if value is not None and not isinstance(value, str):
        raise Malformed("Must be JSON, or rules such as [Remove] [Credit card numbers] from [$string].")
    if value is None or not value.strip():
        return None
    if value.lstrip().startswith(("[", "#")):
        return rules_json(parse_rule_text(value))
    read_rules(value)
    return value


def _crash_reports(value: object) -> int | None:
    """Read how many crash reports to keep: -1 for all, 0 for none, null for what the organization says."""
    return None if value is None else max(-1, integer(value, at_most=CRASH_REPORTS_MAX))


def _told(read: Reader) -> Reader:
    """Return *read* saying what is wrong with a rule as readers say it."""

    def told(value: Any) -> Any:
        try:
            return read(value)
        except Malformed as refusal:
            raise Rejected([refusal.detail]) from None

    return told


PRIVACY_OPTIONS: Final[Mapping[str, Reader]] = {
    **dict.fromkeys(("dataScrubber", "dataScrubberDefaults", "scrubIPAddresses", "storeAttachments"), boolean),
    **dict.fromkeys(("sensitiveFields", "safeFields"), _told(_names)),
    "relayPiiConfig": _told(_rules),
    "storeCrashReports": _crash_reports,
}
"""How each option is read."""
