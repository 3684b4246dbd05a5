"""Every key that the official description of the API requires, with its type (spec/required-keys.md)."""

from datetime import datetime

import pytest

from tocsin.domain.organization import ClientKey
from tocsin.storage.state import project_keys

FLAG, NUMBER, TEXT, OBJECT, LIST = bool, int, str, dict, list
TEXT_OR_NONE, OBJECT_OR_NONE = (str, type(None)), (dict, type(None))


def flags(names):
    return dict.fromkeys(names.split(), FLAG)


FEATURES = flags(
    "firstTransactionEvent hasAccess hasFeedbacks hasFlags hasInsightsAgentMonitoring hasInsightsAppStart "
    "hasInsightsAssets hasInsightsCaches hasInsightsDb hasInsightsHttp hasInsightsMCP hasInsightsQueues "
    "hasInsightsScreenLoad hasInsightsVitals hasLogs hasMinifiedStackTrace hasMonitors hasNewFeedbacks hasProfiles "
    "hasReplays hasSessions hasTraceMetrics hasUserReports isBookmarked isMember"
)
ORGANIZATION = flags(
    "allowMemberInvite allowMemberProjectCreation allowSuperuserAccess hasAuthProvider isEarlyAdopter require2FA "
    "requireEmailVerification"
) | {"avatar": OBJECT, "dateCreated": TEXT, "id": TEXT, "links": OBJECT, "name": TEXT, "slug": TEXT, "status": OBJECT}
PROJECT = FEATURES | {
    **dict.fromkeys(("access", "environments", "features", "platforms", "teams"), LIST),
    **dict.fromkeys(("dateCreated", "id", "name", "slug"), TEXT),
    **dict.fromkeys(("latestRelease", "team"), OBJECT_OR_NONE),
    **dict.fromkeys(("firstEvent", "platform"), TEXT_OR_NONE),
}
PROJECT_DETAIL = (
    PROJECT
    | flags(
        "dataScrubber dataScrubberDefaults enableAutoReleaseCreation isDynamicallySampled isInternal isPublic "
        "scmSourceContextEnabled scrapeJavaScript scrubIPAddresses seerScannerAutomation tempestFetchScreenshots verifySSL"
    )
    | dict.fromkeys(("allowedDomains", "builtinSymbolSources", "highlightTags", "safeFields", "sensitiveFields"), LIST)
    | dict.fromkeys(("avatar", "highlightContext", "highlightPreset", "options", "organization"), OBJECT)
    | dict.fromkeys(
        ("digestsMaxDelay", "digestsMinDelay", "processingIssues", "resolveAge", "secondaryGroupingExpiry"), NUMBER
    )
    | dict.fromkeys(
        (
            *("autofixAutomationTuning", "color", "derivedGroupingEnhancements", "fingerprintingRules"),
            *("groupingConfig", "groupingEnhancements", "securityToken", "status", "subjectPrefix"),
            *("subjectTemplate", "symbolSources"),
        ),
        TEXT,
    )
    | dict.fromkeys(
        (
            *("debugFilesRole", "defaultEnvironment", "relayPiiConfig"),
            *("secondaryGroupingConfig", "securityTokenHeader"),
        ),
        TEXT_OR_NONE,
    )
    | {
        "dynamicSamplingBiases": (list, type(None)),
        "seerNightshiftTweaks": object,
        "storeCrashReports": (int, type(None)),
    }
)
USER = flags("has2fa hasPasswordAuth isActive isManaged isStaff isSuperuser isSuspended") | {
    **dict.fromkeys(("avatarUrl", "dateJoined", "email", "id", "name", "username"), TEXT),
    **dict.fromkeys(("lastActive", "lastLogin"), TEXT_OR_NONE),
    "emails": LIST,
    "experiments": OBJECT,
}
MEMBER = flags("expired pending") | {
    **dict.fromkeys(("dateCreated", "email", "id", "inviteStatus", "name", "orgRole"), TEXT),
    "flags": OBJECT,
    "inviterName": TEXT_OR_NONE,
    "user": OBJECT,
}
MEMBER_DETAIL = MEMBER | {
    "invite_link": TEXT_OR_NONE,
    "isOnlyOwner": FLAG,
    **dict.fromkeys(("orgRoleList", "teamRoleList", "teamRoles", "teams"), LIST),
}
TEAM = flags("hasAccess isMember isPending") | {
    "access": LIST,
    **dict.fromkeys(("avatar", "flags"), OBJECT),
    **dict.fromkeys(("dateCreated", "id", "name", "slug"), TEXT),
    "memberCount": NUMBER,
    "teamRole": TEXT_OR_NONE,
}
KEY = {
    **dict.fromkeys(("browserSdk", "dsn", "dynamicSdkLoaderOptions"), OBJECT),
    **dict.fromkeys(("browserSdkVersion", "dateCreated", "id", "label", "name", "public", "secret"), TEXT),
    "isActive": FLAG,
    "projectId": NUMBER,
    "rateLimit": OBJECT_OR_NONE,
}
RELEASE = {
    **dict.fromkeys(("authors", "projects"), LIST),
    **dict.fromkeys(("commitCount", "deployCount", "id", "newGroups"), NUMBER),
    **dict.fromkeys(("data", "versionInfo", "currentProjectMeta"), OBJECT),
    **dict.fromkeys(("shortVersion", "status", "version", "dateCreated"), TEXT),
    **dict.fromkeys(("dateReleased", "firstEvent", "lastEvent", "ref", "url"), TEXT_OR_NONE),
    **dict.fromkeys(("lastCommit", "lastDeploy"), OBJECT_OR_NONE),
}


@pytest.fixture(scope="module")
def api(shared_api):
    shared_api.send(release="app@1.0", environment="production")
    key = ClientKey(
        project_id=shared_api.project.id,
        public_key="a" * 32,
        secret_key="b" * 32,
        label="Default",
        rate_limit_count=5,
        rate_limit_window_seconds=60,
        created_at=shared_api.now,
    )
    with shared_api.state.write() as connection:
        project_keys.create(connection, key)
    return shared_api


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("/organizations/", ORGANIZATION),
        ("/organizations/acme/", ORGANIZATION),
        ("/organizations/acme/projects/", PROJECT),
        ("/projects/", PROJECT),
        ("/projects/acme/p/", PROJECT_DETAIL),
        ("/organizations/acme/teams/", TEAM),
        ("/projects/acme/p/teams/", TEAM),
        ("/teams/acme/crew/", TEAM),
        ("/teams/acme/crew/members/", MEMBER | {"teamRole": TEXT_OR_NONE, "teamSlug": TEXT}),
        ("/organizations/acme/members/", MEMBER),
        ("/organizations/acme/users/", MEMBER),
        ("/projects/acme/p/members/", MEMBER),
        ("/organizations/acme/members/me/", MEMBER_DETAIL),
        ("/projects/acme/p/keys/", KEY),
        ("/organizations/acme/project-keys/", KEY),
        ("/organizations/acme/releases/", RELEASE),
        ("/projects/acme/p/releases/app@1.0/", RELEASE),
        ("/organizations/acme/environments/", {"id": TEXT, "name": TEXT}),
        ("/projects/acme/p/environments/", {"id": TEXT, "name": TEXT, "isHidden": FLAG}),
        ("/organizations/acme/tags/", {"key": TEXT, "name": TEXT, "totalValues": NUMBER}),
        ("/users/me/", USER),
    ],
)
def test_an_answer_has_every_required_key_with_its_type(api, path, keys):
    answer = api.get(path)
    assert answer.status_code == 200
    (shown,) = answer.json()[:1] if isinstance(answer.json(), list) else [answer.json()]
    assert [name for name, kind in keys.items() if name not in shown or not isinstance(shown[name], kind)] == []
    assert_times_are_utc(shown)


def assert_times_are_utc(shown):
    for name, value in shown.items():
        if name.startswith("date") and value is not None:
            assert value.endswith("Z")
            assert datetime.fromisoformat(value).utcoffset().total_seconds() == 0


def test_a_member_has_a_whole_user_and_a_key_its_addresses(api):
    (member,) = api.get("/organizations/acme/members/").json()
    assert [name for name, kind in USER.items() if not isinstance(member["user"][name], kind)] == []
    (key,) = api.get("/projects/acme/p/keys/").json()
    assert set(key["dsn"]) == {
        "cdn",
        "crons",
        "csp",
        "integration",
        "minidump",
        "nel",
        "otlp_logs",
        "otlp_traces",
        "playstation",
        "public",
        "secret",
        "security",
        "unreal",
    }
    assert key["rateLimit"] == {"count": 5, "window": 60}
    assert key["dsn"]["secret"].startswith(f"http://{'a' * 32}:{'b' * 32}@tocsin.test/")


def test_links_lead_to_the_public_address(api):
    (organization,) = api.get("/organizations/").json()
    assert organization["links"] == {
        "organizationUrl": "http://tocsin.test/organizations/acme",
        "regionUrl": "http://tocsin.test",
    }
