"""What an organization and a project want kept out of storage, as one value (spec/ingest.md 3.13)."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

CRASH_REPORTS = frozenset({"event.minidump", "event.applecrashreport", "unreal.context", "unreal.logs"})
"""Types of attachments that are crash reports."""


class Privacy(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The options that hold for the events of one project. Equal values scrub alike."""

    scrubs_data: bool = True
    scrubs_defaults: bool = True
    """With the words and patterns that everybody needs, not only with ``sensitive_fields``."""
    scrubs_addresses: bool = False
    sensitive_fields: tuple[str, ...] = ()
    safe_fields: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    """JSON of advanced rules, the organization's first."""
    stores_attachments: bool = True
    stores_crash_reports: bool = True

    def keeps(self, attachment_type: str) -> bool:
        """Say whether attachments of a type are stored."""
        return self.stores_attachments and (self.stores_crash_reports or attachment_type not in CRASH_REPORTS)


def privacy_of(organization: Mapping[str, Any], project: Mapping[str, Any]) -> Privacy:
    """Return what the options of both amount to.

    What the organization requires holds in every project; names and rules of both add up. A project scrubs unless it
    says otherwise.
    """
    return Privacy(
        scrubs_data=bool(organization.get("dataScrubber", False) or project.get("dataScrubber", True)),
        scrubs_defaults=bool(
            organization.get("dataScrubberDefaults", False) or project.get("dataScrubberDefaults", True)
        ),
        scrubs_addresses=bool(organization.get("scrubIPAddresses") or project.get("scrubIPAddresses")),
        sensitive_fields=_together(organization, project, "sensitiveFields"),
        safe_fields=_together(organization, project, "safeFields"),
        rules=tuple(filter(None, (organization.get("relayPiiConfig"), project.get("relayPiiConfig")))),
        stores_attachments=bool(organization.get("storeAttachments", True) and project.get("storeAttachments", True)),
        stores_crash_reports=_stores_crash_reports(organization, project),
    )


def _together(organization: Mapping[str, Any], project: Mapping[str, Any], name: str) -> tuple[str, ...]:
    every: Iterable[str] = (*organization.get(name, ()), *project.get(name, ()))
    return tuple(dict.fromkeys(every))


def _stores_crash_reports(organization: Mapping[str, Any], project: Mapping[str, Any]) -> bool:
    number = project.get("storeCrashReports")
    if number is None:
        number = organization.get("storeCrashReports")
    return number != 0
