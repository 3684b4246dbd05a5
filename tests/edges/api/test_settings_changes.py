"""Settings of organizations, of projects and of oneself, changed and shown (spec/README.md, required-keys.md)."""

import pytest

from tocsin.domain.access import Role, Scope
from tocsin.domain.issue.issue import Status

ACME, PUMP = "/organizations/acme/", "/projects/acme/p/"
REQUIRED_OF_ORGANIZATION = {
    bool: "aggregatedDataConsent alertsMemberWrite allowJoinRequests allowMemberInvite allowMemberProjectCreation "
    "allowSharedIssues allowSuperuserAccess autoEnableCodeReview autoOpenPrs dataScrubber dataScrubberDefaults "
    "defaultSeerScannerAutomation enableSeerCoding enhancedPrivacy eventsMemberAdmin hasAuthProvider hideAiFeatures "
    "isDefault isDynamicallySampled isEarlyAdopter issueAlertsThreadFlag metricAlertsThreadFlag openMembership require2FA "
    "requiresSso scrapeJavaScript scrubIPAddresses",
    str: "attachmentsRole dateCreated debugFilesRole defaultAutofixAutomationTuning defaultAutomatedRunStoppingPoint "
    "defaultCodingAgent defaultRole id name slug",
    int: "pendingAccessRequests storeCrashReports",
    list: "defaultCodeReviewTriggers orgRoleList projects safeFields sensitiveFields teamRoleList teams trustedRelays",
    dict: "avatar experiments links status",
    (str, type(None)): "defaultCodingAgentIntegrationId relayDsnEndpoint relayPiiConfig",
}


def test_the_answer_has_every_required_key_of_an_organization(api):
    answer = api.put(ACME, {})
    assert answer.status_code == 200
    shown = answer.json()
    missing = [
        name
        for kind, names in REQUIRED_OF_ORGANIZATION.items()
        for name in names.split()
        if name not in shown or not isinstance(shown[name], kind)
    ]
    assert missing == []
    assert [project["slug"] for project in shown["projects"]] == ["p"]
    assert [team["slug"] for team in shown["teams"]] == ["crew"]


@pytest.mark.parametrize("option", ["allowSharedIssues", "openMembership", "eventsMemberAdmin"])
def test_an_option_of_an_organization_is_changed_and_kept(api, option):
    assert api.get(ACME).json()[option] is True
    assert api.put(ACME, {option: False}).json()[option] is False
    assert api.put(ACME, {"name": "Acme & Sons"}).json()[option] is False
    assert api.get(ACME).json()[option] is False
    assert api.request("PUT", ACME, data={option: "true"}).json()[option] is True


def test_an_organization_without_shared_issues_closes_their_links(api):
    issue_id = api.new_issue()
    share_id = api.put(f"/issues/{issue_id}/", {"isPublic": True}).json()["shareId"]
    api.put(ACME, {"allowSharedIssues": False})
    assert api.get(f"/shared/issues/{share_id}/", token="").status_code == 404


def test_members_delete_and_see_what_the_organization_lets_them(api):
    issue_id = api.new_issue()
    member = api.make_token(api.make_user("mia@acme.io"))
    api.put(ACME, {"eventsMemberAdmin": False})
    assert api.delete(f"/issues/{issue_id}/", token=member).status_code == 403
    assert api.get(f"/issues/{issue_id}/", token=member).status_code == 200
    api.put(ACME, {"openMembership": False})
    assert api.get(f"/issues/{issue_id}/", token=member).status_code == 403


def test_an_organization_is_renamed(api):
    shown = api.put(ACME, {"slug": "acme-2", "name": "Acme Two"}).json()
    assert (shown["slug"], shown["name"], len(shown["projects"])) == ("acme-2", "Acme Two", 1)
    assert api.get("/organizations/acme-2/").status_code == 200
    assert api.get(ACME).status_code == 404


def test_a_project_is_changed_and_kept(api):
    shown = api.put(PUMP, {"name": "Pump", "slug": "pump", "platform": "go", "resolveAge": 2}).json()
    assert (shown["name"], shown["slug"], shown["platform"], shown["resolveAge"]) == ("Pump", "pump", "go", 2)
    again = api.get("/projects/acme/pump/").json()
    assert again == shown
    assert api.put("/projects/acme/pump/", {"platform": None}).json()["platform"] is None


def test_a_project_sets_caps_of_its_own_and_gives_them_up(api):
    shown = api.put(PUMP, {"eventsPerHourMax": 5, "eventsPerMonthMax": "70"}).json()
    assert (shown["eventsPerHourMax"], shown["eventsPerMonthMax"]) == (5, 70)
    shown = api.put(PUMP, {"eventsPerHourMax": 0, "eventsPerMonthMax": None}).json()
    assert (shown["eventsPerHourMax"], shown["eventsPerMonthMax"]) == (0, None)


def test_quiet_issues_of_a_project_resolve_themselves_after_its_resolve_age(api):
    issue_id = api.new_issue()
    api.put(PUMP, {"resolveAge": 1})
    api.later(hours=1, minutes=1)
    shown = api.get(f"/issues/{issue_id}/").json()
    assert (shown["status"], shown["statusDetails"]) == ("resolved", {"autoResolved": True})
    api.put(PUMP, {"resolveAge": 0})
    assert api.get(f"/issues/{issue_id}/").json()["status"] == "unresolved"


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (ACME, {"openMembership": "maybe", "name": "New"}, "openMembership"),
        (ACME, {"slug": "other", "name": "New"}, "slug"),
        (ACME, {"slug": "7", "name": "New"}, "slug"),
        (PUMP, {"resolveAge": -1, "name": "New"}, "resolveAge"),
        (PUMP, {"eventsPerHourMax": -1, "name": "New"}, "eventsPerHourMax"),
        (PUMP, {"eventsPerMonthMax": "many", "name": "New"}, "eventsPerMonthMax"),
        (PUMP, {"slug": "q", "name": "New"}, "slug"),
        (PUMP, {"name": "x" * 201}, "name"),
    ],
)
def test_a_change_that_cannot_be_changes_nothing(api, path, body, field):
    api.organization("other")
    api.make_project("q")
    before = api.get(path).json()
    answer = api.put(path, body)
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert api.get(path).json() == before


@pytest.mark.parametrize(
    ("path", "scope", "status"),
    [
        (ACME, Scope.ORG_READ, 403),
        (ACME, Scope.ORG_WRITE, 200),
        (ACME, Scope.ORG_ADMIN, 200),
        (PUMP, Scope.PROJECT_READ, 403),
        (PUMP, Scope.PROJECT_WRITE, 200),
        (PUMP, Scope.PROJECT_ADMIN, 200),
        ("/users/me/", Scope.EVENT_READ, 403),
        ("/users/me/", Scope.EVENT_WRITE, 200),
    ],
)
def test_a_token_needs_the_scope_to_change_settings(api, path, scope, status):
    assert api.put(path, {}, token=api.make_token(api.jane, [scope])).status_code == status


def test_a_plain_member_changes_neither_organization_nor_project(api):
    member = api.make_token(api.make_user("mia@acme.io", role=Role.MEMBER, teams=[api.team]))
    for path in (ACME, PUMP):
        assert api.put(path, {"name": "Mine"}, token=member).status_code == 403
        assert api.get(path).json()["name"] != "Mine"


def test_people_say_how_they_want_things_done(api):
    """mutation-C18"""
    issue_id = api.new_issue()
    me = api.get("/users/me/").json()
    assert (me["id"], me["options"]) == (str(api.jane.id), {"self_assign_issue": "0"})
    changed = api.put("/users/me/", {"name": "Jane", "options": {"self_assign_issue": "1"}}).json()
    assert (changed["name"], changed["options"]) == ("Jane", {"self_assign_issue": "1"})
    assert api.get("/users/me/").json() == changed
    delta = api.put(f"/organizations/acme/issues/?id={issue_id}", {"status": "resolved"}).json()
    assert (delta["assignedTo"]["id"], api.issue(issue_id).status) == (str(api.jane.id), Status.RESOLVED)


def test_nobody_makes_themselves_more_than_they_are(api):
    before = api.get("/users/me/").json()
    body = {"isSuperuser": True, "is_superuser": True, "email": "eve@other.io", "isActive": False, "id": "7"}
    assert api.put("/users/me/", body).json() == before
    answer = api.put("/users/me/", {"name": "Eve", "options": {"self_assign_issue": "maybe"}})
    assert (answer.status_code, list(answer.json())) == (400, ["options"])
    assert api.get("/users/me/").json() == before
