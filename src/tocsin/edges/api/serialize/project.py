"""Projects as the API shows them: in lists and in full (spec/search.md 5.10)."""

from collections.abc import Iterable
from typing import Any

from tocsin.domain.access import Scope
from tocsin.domain.filters.options import LINES_OPTIONS
from tocsin.domain.grouping import LATEST
from tocsin.domain.organization import Project, Team
from tocsin.edges.api.serialize.instants import iso
from tocsin.storage.views.projects import ShownProject

_LACKING: dict[str, Any] = {
    "isBookmarked": False,
    "features": [],
    "firstTransactionEvent": False,
    **dict.fromkeys(
        (
            *("hasFeedbacks", "hasFlags", "hasInsightsAgentMonitoring", "hasInsightsAppStart", "hasInsightsAssets"),
            *("hasInsightsCaches", "hasInsightsDb", "hasInsightsHttp", "hasInsightsMCP", "hasInsightsQueues"),
            *("hasInsightsScreenLoad", "hasInsightsVitals", "hasLogs", "hasMinifiedStackTrace", "hasMonitors"),
            *("hasNewFeedbacks", "hasProfiles", "hasReplays", "hasSessions", "hasTraceMetrics", "hasUserReports"),
        ),
        False,
    ),
}
"""What stands for features that Tocsin does not have."""
_LACKING_IN_DETAIL: dict[str, Any] = {
    "autofixAutomationTuning": "off",
    "builtinSymbolSources": [],
    "debugFilesRole": None,
    "defaultEnvironment": None,
    "derivedGroupingEnhancements": "",
    "dynamicSamplingBiases": None,
    "highlightContext": {},
    "highlightPreset": {"tags": [], "context": {}},
    "highlightTags": [],
    "isDynamicallySampled": False,
    "plugins": [],
    "processingIssues": 0,
    "scmSourceContextEnabled": False,
    "seerNightshiftTweaks": None,
    "seerScannerAutomation": False,
    "symbolSources": "[]",
    "tempestFetchScreenshots": False,
}
_DEFAULTS: dict[str, Any] = {
    "allowedDomains": ["*"],
    "dataScrubber": True,
    "dataScrubberDefaults": True,
    "digestsMaxDelay": 1800,
    "digestsMinDelay": 300,
    "enableAutoReleaseCreation": True,
    "eventsPerHourMax": None,
    "eventsPerMonthMax": None,
    "fingerprintingRules": "",
    "groupingConfig": LATEST,
    "groupingEnhancements": "",
    "relayPiiConfig": None,
    "resolveAge": 0,
    "safeFields": [],
    "scrapeJavaScript": True,
    "scrubIPAddresses": False,
    "secondaryGroupingConfig": None,
    "secondaryGroupingExpiry": 0,
    "securityToken": "",
    "securityTokenHeader": None,
    "sensitiveFields": [],
    "storeAttachments": True,
    "storeCrashReports": None,
    "subjectPrefix": "",
    "subjectTemplate": "$shortID - $title",
    "verifySSL": False,
}
"""Settings that nobody has changed."""
_COLORS = ("#3f7fbf", "#bf3f74", "#3fbf7f", "#bf873f", "#743fbf", "#3fb5bf", "#bf503f", "#86bf3f")


def project_object(shown: ShownProject, access: Iterable[Scope]) -> dict[str, Any]:
    """Return a project as lists show it, with what the caller may do in it."""
    one = shown.project
    teams = [_team(team) for team in shown.teams]
    return {
        "id": str(one.id),
        "slug": one.slug,
        "name": one.name,
        "platform": one.platform or None,
        "dateCreated": iso(one.created_at),
        "firstEvent": iso(one.first_event_at) if one.first_event_at else None,
        "isMember": shown.is_member,
        "hasAccess": True,
        "access": sorted(access),
        "team": teams[0] if teams else None,
        "teams": teams,
        "platforms": [one.platform] if one.platform else [],
        "environments": list(shown.environments),
        "latestRelease": {"version": shown.latest_release} if shown.latest_release else None,
        "latestDeploys": None,
        **_LACKING,
    }


def project_with_looks(shown: ShownProject, access: Iterable[Scope]) -> dict[str, Any]:
    """Return a project as it is answered with when its teams change."""
    return {**project_object(shown, access), **_looks(shown.project)}


def project_detail(shown: ShownProject, access: Iterable[Scope], organization: dict[str, Any]) -> dict[str, Any]:
    """Return a project with its settings and its *organization*, as that is shown in lists."""
    one = shown.project
    return {
        **project_object(shown, access),
        **{name: one.options.get(name, default) for name, default in _DEFAULTS.items()},
        **_looks(one),
        "options": {name: _as_sent(name, value) for name, value in one.options.items()},
        "organization": organization,
        **_LACKING_IN_DETAIL,
    }


def _as_sent(name: str, value: Any) -> Any:
    """Return an option as clients send it: those of several lines are one text."""
    return "\n".join(value) if name in LINES_OPTIONS else value


def _looks(one: Project) -> dict[str, Any]:
    return {
        "color": _COLORS[one.id % len(_COLORS)],
        "avatar": {"avatarType": "letter_avatar", "avatarUuid": None, "avatarUrl": None},
        "status": "active",
        "isInternal": False,
        "isPublic": False,
    }


def _team(team: Team) -> dict[str, str]:
    return {"id": str(team.id), "slug": team.slug, "name": team.name}
