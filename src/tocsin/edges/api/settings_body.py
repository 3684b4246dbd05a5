"""What may stand in the body of a change of settings, as the OpenAPI document tells it."""

from litestar.openapi.spec import OpenAPIType, Schema

from tocsin.domain.filters.filters import DEFAULTS
from tocsin.domain.filters.options import FILTER_OPTIONS
from tocsin.domain.grouping import CONFIGS
from tocsin.domain.grouping.project import RULES_CHARS_MAX
from tocsin.domain.naming import NAME_CHARS_MAX, SLUG_CHARS_MAX
from tocsin.domain.settings import CAP_EVENTS_MAX, PLATFORM_CHARS_MAX, RESOLVE_AGE_HOURS_MAX


def _text(description: str, chars_max: int) -> Schema:
    return Schema(type=OpenAPIType.STRING, max_length=chars_max, description=description)


def _yes_or_no(description: str) -> Schema:
    return Schema(type=OpenAPIType.BOOLEAN, description=description)


def _texts(description: str) -> Schema:
    return Schema(type=OpenAPIType.ARRAY, items=Schema(type=OpenAPIType.STRING), description=description)


def _cap(window: str) -> Schema:
    return Schema(
        type=OpenAPIType.INTEGER,
        minimum=0,
        maximum=CAP_EVENTS_MAX,
        description=f"Most events within {window}; null for what holds for all projects, 0 for any number.",
    )


_PRIVACY = {
    "dataScrubber": _yes_or_no("Whether anything is scrubbed by default."),
    "dataScrubberDefaults": _yes_or_no("Whether the built-in rules apply."),
    "scrubIPAddresses": _yes_or_no("Whether IP addresses go."),
    "sensitiveFields": _texts("Names of fields to take out."),
    "safeFields": _texts("Names of fields to leave alone."),
    "relayPiiConfig": Schema(type=OpenAPIType.STRING, description="Advanced rules: JSON, or one rule on each line."),
    "storeAttachments": _yes_or_no("Whether attachments are kept."),
    "storeCrashReports": Schema(type=OpenAPIType.INTEGER, description="How many crash reports to keep; 0 for none."),
}
_FILTERS = Schema(
    type=OpenAPIType.OBJECT,
    description="Inbound filters (docs/filters.md).",
    properties={
        **{
            name: _yes_or_no("Whether this filter is on.")
            for name in FILTER_OPTIONS
            if name.removeprefix("filters:") in DEFAULTS
        },
        "filters:legacy-browsers": _texts("Browsers that are too old."),
        "filters:releases": _texts("Globs of releases that are not wanted."),
        "filters:error_messages": _texts("Globs of errors and messages that are not wanted."),
        "filters:blacklisted_ips": _texts("Addresses and networks of senders that are not wanted."),
    },
)
_NAMES = {"name": _text("What people call it.", NAME_CHARS_MAX), "slug": _text("Its name in URLs.", SLUG_CHARS_MAX)}

ORGANIZATION_SETTINGS = Schema(
    type=OpenAPIType.OBJECT,
    properties={
        **_NAMES,
        "allowSharedIssues": _yes_or_no("Whether anybody with the link may read an issue that somebody shared."),
        "eventsMemberAdmin": _yes_or_no("Whether plain members may delete issues."),
        "openMembership": _yes_or_no("Whether members see the projects of all teams."),
        **_PRIVACY,
    },
)
GROUPING_SETTINGS = {
    "fingerprintingRules": _text("Rules that give events a fingerprint, one on each line.", RULES_CHARS_MAX),
    "groupingEnhancements": _text("Rules about the frames of stack traces, one on each line.", RULES_CHARS_MAX),
    "groupingConfig": Schema(
        type=OpenAPIType.STRING,
        enum=list(CONFIGS),
        description="How events become issues. A move to another keeps the one before as the secondary for 90 days.",
    ),
}
PROJECT_SETTINGS = Schema(
    type=OpenAPIType.OBJECT,
    properties={
        **_NAMES,
        "platform": _text("What it is written in.", PLATFORM_CHARS_MAX),
        "allowedDomains": _texts("Domains whose pages may send, such as *.example.com; * for any."),
        "eventsPerHourMax": _cap("an hour"),
        "eventsPerMonthMax": _cap("30 days"),
        "options": _FILTERS,
        **_PRIVACY,
        **GROUPING_SETTINGS,
        "resolveAge": Schema(
            type=OpenAPIType.INTEGER,
            minimum=0,
            maximum=RESOLVE_AGE_HOURS_MAX,
            description="Hours without an event after which an issue resolves itself; 0 for never.",
        ),
        "secondaryGroupingConfig": _text("The configuration whose issues still take events; null for none.", 64),
        "secondaryGroupingExpiry": Schema(
            type=OpenAPIType.INTEGER, minimum=0, description="Seconds since 1970 until which they do."
        ),
    },
)
USER_SETTINGS = Schema(
    type=OpenAPIType.OBJECT,
    properties={
        "name": _text("What to be called.", NAME_CHARS_MAX),
        "options": Schema(
            type=OpenAPIType.OBJECT,
            properties={
                "self_assign_issue": Schema(
                    type=OpenAPIType.STRING,
                    enum=["0", "1"],
                    description="Whether issues that nobody has become yours when you resolve them.",
                )
            },
        ),
    },
)
