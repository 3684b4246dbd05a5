"""Organizations as the API shows them (spec/search.md 5.11)."""

from typing import Any

from tocsin.domain.access import SCOPES_OF, Role
from tocsin.domain.caller import Reach
from tocsin.domain.organization import Organization
from tocsin.edges.api.serialize.instants import iso

_LACKING: dict[str, Any] = {
    "isEarlyAdopter": False,
    "require2FA": False,
    "requireEmailVerification": False,
    "features": [],
    "hasAuthProvider": False,
    "allowSuperuserAccess": False,
}
"""What stands for features that Tocsin does not have."""
_LACKING_IN_DETAIL: dict[str, Any] = {
    "onboardingTasks": [],
    "extraOptions": {},
    "teamRoleList": [],
    "quota": {"maxRate": None, "maxRateInterval": 60, "accountLimit": 0, "projectLimit": 100},
    "isDefault": False,
    "attachmentsRole": "member",
    "debugFilesRole": "admin",
    "enhancedPrivacy": False,
    "alertsMemberWrite": True,
    "trustedRelays": [],
    "pendingAccessRequests": 0,
    "aggregatedDataConsent": False,
    "allowJoinRequests": False,
    "autoEnableCodeReview": False,
    "autoOpenPrs": False,
    "defaultAutofixAutomationTuning": "off",
    "defaultAutomatedRunStoppingPoint": "",
    "defaultCodeReviewTriggers": [],
    "defaultCodingAgent": "",
    "defaultCodingAgentIntegrationId": None,
    "defaultSeerScannerAutomation": False,
    "enableSeerCoding": False,
    "experiments": {},
    "hideAiFeatures": True,
    "isDynamicallySampled": False,
    "issueAlertsThreadFlag": False,
    "metricAlertsThreadFlag": False,
    "relayDsnEndpoint": None,
    "requiresSso": False,
}
_DEFAULTS: dict[str, Any] = {
    "openMembership": True,
    "allowSharedIssues": True,
    "eventsMemberAdmin": True,
    "dataScrubber": False,
    "dataScrubberDefaults": False,
    "sensitiveFields": [],
    "safeFields": [],
    "scrapeJavaScript": True,
    "scrubIPAddresses": False,
    "relayPiiConfig": None,
    "storeAttachments": True,
    "storeCrashReports": -1,
}
"""Settings that nobody has changed."""


def organization_object(one: Organization, public_url: str) -> dict[str, Any]:
    """Return an organization as lists show it."""
    return {
        "id": str(one.id),
        "slug": one.slug,
        "name": one.name,
        "status": {"id": "active", "name": "active"},
        "dateCreated": iso(one.created_at),
        "avatar": {"avatarType": "letter_avatar", "avatarUuid": None, "avatarUrl": None},
        "links": {"organizationUrl": f"{public_url}/organizations/{one.slug}", "regionUrl": public_url},
        "allowMemberInvite": bool(one.options.get("allowMemberInvite", True)),
        "allowMemberProjectCreation": bool(one.options.get("allowMemberProjectCreation", True)),
        **_LACKING,
    }


def organization_detail(reach: Reach, public_url: str) -> dict[str, Any]:
    """Return an organization with its settings and with what the caller may do in it."""
    one = reach.organization
    settings = {name: one.options.get(name, default) for name, default in _DEFAULTS.items()}
    return {
        **organization_object(one, public_url),
        **settings,
        "access": sorted(reach.scopes),
        "role": reach.role,
        "orgRole": reach.role,
        "orgRoleList": [role_object(role) for role in Role],
        "availableRoles": [{"id": role, "name": role.capitalize()} for role in Role],
        "defaultRole": Role.MEMBER,
        **_LACKING_IN_DETAIL,
    }


def role_object(role: Role) -> dict[str, Any]:
    """Return what a role may do."""
    return {
        "id": role,
        "name": role.capitalize(),
        "desc": "",
        "scopes": sorted(SCOPES_OF[role]),
        "allowed": True,
        "isAllowed": True,
        "isRetired": False,
        "isGlobal": role in {Role.MANAGER, Role.OWNER},
        "is_global": role in {Role.MANAGER, Role.OWNER},
        "isTeamRolesAllowed": True,
        "minimumTeamRole": "contributor",
    }
