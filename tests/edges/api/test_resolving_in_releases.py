"""Issues resolved in releases and by commits, from command to regression (spec/mutation.md 3.2.1, 3.4 and 5)."""

import pytest

from tocsin.domain.access import Role, Scope
from tocsin.domain.issue.issue import ActivityType, ResolutionType, Status, Substatus
from tocsin.storage.state import activity, inbox, marks, outbox

BULK = "/organizations/acme/issues/"
RELEASES = "/organizations/acme/releases/"
NEXT = {"status": "resolvedInNextRelease"}
NO_BASIS = "No release data present in the system to form a basis for 'Next Release'"


def change(api, issue_id, body):
    """Command one issue by the bulk route."""
    return api.put(f"{BULK}?id={issue_id}", body)


def resolve(api, issue_id, **details):
    return change(api, issue_id, {"status": "resolved", "statusDetails": details})


def resolve_in_commit(api, issue_id, key="c1", repository="acme/shop"):
    return resolve(api, issue_id, inCommit={"commit": key, "repository": repository})


def announce(api, version, *, projects=("p",), **body):
    """Make a release, a minute after whatever was before."""
    api.later(minutes=1)
    answer = api.post(RELEASES, {"version": version, "projects": list(projects), **body})
    assert answer.status_code in {201, 208}, answer.text


def commit(key="c1", message="", **fields):
    return {"id": key, "repository": "acme/shop", "message": message, **fields}


def know_commit(api, key="c1"):
    """Let a commit be known that no release of the project has."""
    api.make_project("elsewhere")
    announce(api, "elsewhere@1", projects=["elsewhere"], commits=[commit(key)])


def send(api, release, **event):
    """Send the event that regresses, or not, two minutes after whatever was before."""
    api.later(minutes=2)
    api.send(fingerprint=["one"], **({"release": release} if release else {}), **event)


@pytest.fixture
def issue_id(api):
    return api.new_issue(fingerprint=["one"])


def status_of(api, issue_id):
    shown = api.get(f"/issues/{issue_id}/").json()
    return shown["status"], shown["substatus"]


def details_of(api, issue_id):
    return api.get(f"/issues/{issue_id}/").json()["statusDetails"]


def row_of(api, issue_id):
    found = api.issue(issue_id).resolution
    return found and (found.type, found.release, found.current_release)


def story(api, issue_id):
    with api.state.read() as connection:
        return [(entry.type, entry.data) for _, entry in activity.page(connection, issue_id, limit=100)]


REGRESSED = ("unresolved", "regressed")
RESOLVED = ("resolved", None)


# In a release


def test_a_version_nobody_knows_is_refused(api, issue_id):
    """mutation-F03"""
    announce(api, "a")
    answer = resolve(api, issue_id, inRelease="b")
    errors = {"statusDetails": {"inRelease": ["Unable to find a release with the given version."]}}
    assert (answer.status_code, answer.json()) == (400, errors)
    assert status_of(api, issue_id) == ("unresolved", "new")


def test_latest_goes_by_the_date_of_release(api, issue_id):
    announce(api, "a")
    announce(api, "b")
    api.put(f"{RELEASES}a/", {"dateReleased": "2026-11-18T23:00:00Z"})
    assert resolve(api, issue_id, inRelease="latest").json()["statusDetails"]["inRelease"] == "a"


# In the next release


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"status": "resolved", "statusDetails": {"inNextRelease": True}}, id="mutation-F06"),
        pytest.param(NEXT, id="mutation-F07"),
    ],
)
def test_what_is_resolved_in_the_next_release_waits_for_it(api, issue_id, body):
    announce(api, "a")
    delta = change(api, issue_id, body).json()
    assert (delta["status"], delta["statusDetails"]["inNextRelease"]) == ("resolved", True)
    assert delta["statusDetails"]["actor"]["id"] == str(api.jane.id)
    (told,) = delta["activity"]
    assert (told["type"], told["data"]) == ("set_resolved_in_release", {"version": ""})
    assert row_of(api, issue_id) == (ResolutionType.IN_NEXT_RELEASE, "a", None)
    details = details_of(api, issue_id)
    assert (details["inNextRelease"], details["actor"]["id"]) == (True, str(api.jane.id))


def test_the_next_of_no_release_is_refused_by_details(api, issue_id):
    """mutation-F09"""
    answer = resolve(api, issue_id, inNextRelease=True)
    assert (answer.status_code, answer.json()) == (400, {"statusDetails": {"inNextRelease": [NO_BASIS]}})


def test_not_in_the_next_release_is_just_resolved(api, issue_id):
    """mutation-F33"""
    assert resolve(api, issue_id, inNextRelease=False).json()["statusDetails"] == {}
    assert row_of(api, issue_id) is None


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        pytest.param("pkg@2.0+0", RESOLVED, id="mutation-F12"),
        pytest.param("pkg@3.0+0", REGRESSED, id="mutation-F13"),
        pytest.param("pkg@1.0+1", RESOLVED, id="older"),
        pytest.param("", RESOLVED, id="none"),
    ],
)
def test_by_semver_only_what_is_newer_than_the_greatest_regresses(api, issue_id, release, expected):
    for version in ("pkg@1.0+0", "pkg@2.0+0", "pkg@1.0+1"):
        announce(api, version)
    change(api, issue_id, NEXT)
    assert row_of(api, issue_id) == (ResolutionType.IN_RELEASE, "pkg@2.0+0", "pkg@2.0+0")
    assert details_of(api, issue_id)["inRelease"] == "pkg@2.0+0"
    told = {"version": "", "current_release_version": "pkg@2.0+0"}
    assert story(api, issue_id) == [(ActivityType.SET_RESOLVED_IN_RELEASE, told)]
    send(api, release)
    assert status_of(api, issue_id) == expected


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        pytest.param("21.1.1+1", RESOLVED, id="mutation-F14"),
        pytest.param("21.1.2", RESOLVED, id="mutation-F15-current"),
        pytest.param("21.1.3", REGRESSED, id="mutation-F15-newer"),
    ],
)
def test_the_greatest_release_is_current_wherever_the_issue_was_seen(api, release, expected):
    issue_id = api.new_issue(fingerprint=["one"], release="21.1.0")
    send(api, "21.1.1")
    announce(api, "21.1.2")
    change(api, issue_id, NEXT)
    assert row_of(api, issue_id) == (ResolutionType.IN_RELEASE, "21.1.2", "21.1.2")
    send(api, release)
    assert status_of(api, issue_id) == expected
    if expected == REGRESSED:
        regression, resolved = story(api, issue_id)
        assert regression[1].items() >= {"version": "21.1.3", "follows_semver": True}.items()
        assert resolved[1] == {"version": "21.1.3", "current_release_version": "21.1.2"}


def test_by_date_the_issue_is_current_where_it_was_seen_last(api):
    """mutation-F16, mutation-F17, mutation-F18"""
    issue_id = api.new_issue(fingerprint=["one"], release="foobar 1")
    send(api, "foobar 2")
    announce(api, "foobar 3")
    change(api, issue_id, NEXT)
    assert row_of(api, issue_id) == (ResolutionType.IN_RELEASE, "foobar 3", "foobar 2")
    send(api, "foobar 2")
    assert status_of(api, issue_id) == RESOLVED
    send(api, "foobar 3")
    assert status_of(api, issue_id) == REGRESSED
    change(api, issue_id, NEXT)
    assert row_of(api, issue_id) == (ResolutionType.IN_NEXT_RELEASE, "foobar 3", "foobar 3")


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        pytest.param("foobar 1", RESOLVED, id="mutation-F21"),
        pytest.param("foobar 2", REGRESSED, id="mutation-F20"),
        pytest.param("foobar 3", REGRESSED, id="mutation-F19"),
    ],
)
def test_by_date_what_is_older_than_the_fix_does_not_regress(api, issue_id, release, expected):
    for version in ("foobar 1", "foobar 2", "foobar 3"):
        announce(api, version)
    resolve(api, issue_id, inRelease="foobar 2")
    send(api, release)
    assert status_of(api, issue_id) == expected
    assert (row_of(api, issue_id) is None) is (expected == REGRESSED)


# When the next release comes


def test_the_next_release_is_the_one_that_is_told_of_next(api, issue_id):
    """mutation-F24"""
    announce(api, "a")
    change(api, issue_id, NEXT)
    announce(api, "b")
    assert row_of(api, issue_id) == (ResolutionType.IN_RELEASE, "b", None)
    assert story(api, issue_id) == [(ActivityType.SET_RESOLVED_IN_RELEASE, {"version": "b"})]
    details = details_of(api, issue_id)
    assert (details["inRelease"], details["actor"]["id"]) == ("b", str(api.jane.id))
    announce(api, "c")
    assert row_of(api, issue_id) == (ResolutionType.IN_RELEASE, "b", None)
    send(api, "a")
    assert status_of(api, issue_id) == RESOLVED
    send(api, "b")
    assert status_of(api, issue_id) == REGRESSED
    assert story(api, issue_id)[0][1].items() >= {"version": "b", "resolved_in_version": "b"}.items()


def test_the_next_release_may_first_be_seen_in_an_event_of_another_issue(api):
    """mutation-F24"""
    issue_id = api.new_issue(fingerprint=["one"], release="foobar 1")
    change(api, issue_id, NEXT)
    assert row_of(api, issue_id) == (ResolutionType.IN_NEXT_RELEASE, "foobar 1", "foobar 1")
    api.later(minutes=1)
    api.send(fingerprint=["two"], release="foobar 2")
    assert row_of(api, issue_id) == (ResolutionType.IN_RELEASE, "foobar 2", "foobar 1")
    assert story(api, issue_id) == [(ActivityType.SET_RESOLVED_IN_RELEASE, {"version": "foobar 2"})]


def test_an_event_of_the_next_release_brings_it_and_regresses(api):
    """mutation-F23"""
    issue_id = api.new_issue(fingerprint=["one"], release="foobar 1")
    change(api, issue_id, NEXT)
    send(api, "foobar 1")
    assert status_of(api, issue_id) == RESOLVED
    send(api, "foobar 2")
    assert status_of(api, issue_id) == REGRESSED
    told = {"version": "foobar 2", "resolved_in_version": "foobar 2", "follows_semver": False}
    assert story(api, issue_id)[0][1].items() >= told.items()
    assert story(api, issue_id)[1] == (ActivityType.SET_RESOLVED_IN_RELEASE, {"version": "foobar 2"})


@pytest.mark.parametrize("body", [{"dateReleased": "2020-01-01T00:00:00Z"}, {"projects": ["q"]}])
def test_a_release_that_is_older_or_of_another_project_is_not_the_next(api, issue_id, body):
    api.make_project("q")
    announce(api, "a")
    change(api, issue_id, NEXT)
    announce(api, "b", **body)
    assert row_of(api, issue_id) == (ResolutionType.IN_NEXT_RELEASE, "a", None)
    api.post(RELEASES, {"version": "b", "projects": ["q", "p"], "dateReleased": "2026-11-18T13:00:00Z"})
    comes_late = "projects" in body
    assert (row_of(api, issue_id)[0] is ResolutionType.IN_RELEASE) is comes_late


# By a commit


def test_an_unreleased_commit_is_noted_and_holds_the_issue(api, issue_id):
    """mutation-F26"""
    know_commit(api)
    delta = resolve_in_commit(api, issue_id).json()
    assert delta.keys() == {"status", "statusDetails", "inbox"}
    shown = delta["statusDetails"]["inCommit"]
    assert (shown["id"], shown["repository"]["name"]) == ("c1", "acme/shop")
    assert delta["statusDetails"]["actor"]["id"] == str(api.jane.id)
    assert row_of(api, issue_id) is None
    details = details_of(api, issue_id)
    assert (details.keys(), details["inCommit"]["id"]) == ({"inCommit"}, "c1")
    listed = api.get(f"{BULK}?query=is:resolved").json()
    assert [one["statusDetails"]["inCommit"]["id"] for one in listed] == ["c1"]
    (told, _) = api.get(f"/organizations/acme/issues/{issue_id}/activities/").json()["activity"]
    assert (told["type"], told["data"]["commit"]["id"]) == ("set_resolved_in_commit", "c1")
    for release in ("", "a", "b"):
        send(api, release)
        assert status_of(api, issue_id) == RESOLVED


def test_a_released_commit_resolves_in_the_newest_release_that_has_it(api, issue_id):
    """mutation-F27"""
    announce(api, "a", commits=[commit()])
    announce(api, "b", commits=[commit()])
    announce(api, "c")
    delta = resolve_in_commit(api, issue_id).json()
    assert delta["statusDetails"]["inCommit"]["id"] == "c1"
    assert {release["version"] for release in delta["statusDetails"]["inCommit"]["releases"]} == {"a", "b"}
    (told,) = delta["activity"]
    assert (told["type"], told["data"]["commit"]["id"]) == ("set_resolved_in_commit", "c1")
    assert row_of(api, issue_id) == (ResolutionType.IN_RELEASE, "b", None)
    details = details_of(api, issue_id)
    assert (details.keys(), details["inRelease"]) == ({"inRelease", "actor"}, "b")
    send(api, "a")
    assert status_of(api, issue_id) == RESOLVED
    send(api, "b")
    assert status_of(api, issue_id) == REGRESSED


@pytest.mark.parametrize(
    ("named", "errors"),
    [
        pytest.param(
            {"commit": "unknown", "repository": "acme/shop"},
            {"commit": ["Unable to find the given commit."]},
            id="mutation-F28",
        ),
        pytest.param(
            {"commit": "c1", "repository": "unknown"},
            {"repository": ["Unable to find the given repository."]},
            id="mutation-F29",
        ),
        pytest.param({"commit": "c1"}, {"repository": ["Unable to find the given repository."]}, id="mutation-F30"),
        pytest.param({"repository": "acme/shop"}, {"commit": ["Unable to find the given commit."]}, id="no-commit"),
        pytest.param({"commit": "c", "repository": "acme/shop"}, {"commit": ["Unable to find the given commit."]}),
        pytest.param(
            {"commit": "c1", "repository": "ACME/shop"},
            {"repository": ["Unable to find the given repository."]},
            id="another-case",
        ),
    ],
)
def test_a_commit_must_be_known(api, issue_id, named, errors):
    know_commit(api)
    answer = resolve(api, issue_id, inCommit=named)
    assert (answer.status_code, answer.json()) == (400, {"statusDetails": {"inCommit": errors}})
    assert (status_of(api, issue_id), story(api, issue_id)) == (("unresolved", "new"), [])


def test_a_commit_of_another_organization_is_unknown(api, issue_id):
    other = api.organization("other")
    api.make_project("theirs", org=other)
    eve = api.make_token(api.make_user("eve@other.io", role=Role.OWNER, org=other))
    body = {"version": "1", "projects": ["theirs"], "commits": [commit()]}
    assert api.post("/organizations/other/releases/", body, token=eve).status_code == 201
    assert resolve_in_commit(api, issue_id).status_code == 400


def test_issues_of_several_projects_have_no_commit_in_common(api, issue_id):
    """mutation-F31"""
    know_commit(api)
    other = api.new_issue(api.make_project("q"))
    body = {"status": "resolved", "statusDetails": {"inCommit": {"commit": "c1", "repository": "acme/shop"}}}
    answer = api.put(f"{BULK}?id={issue_id}&id={other}", body)
    assert (answer.status_code, answer.json()) == (400, {"detail": "Cannot set resolved for multiple projects."})


def test_a_commit_takes_the_place_of_another_resolution_once(api, issue_id):
    know_commit(api)
    change(api, issue_id, {"status": "resolved"})
    for _ in range(2):
        resolve_in_commit(api, issue_id)
    assert [kind for kind, _ in story(api, issue_id)] == [
        ActivityType.SET_RESOLVED_IN_COMMIT,
        ActivityType.SET_RESOLVED,
    ]
    api.later(minutes=1)
    change(api, issue_id, {"status": "resolved"})
    assert details_of(api, issue_id) == {}
    send(api, "a")
    assert status_of(api, issue_id) == REGRESSED


def test_what_a_commit_resolved_is_in_the_release_that_gets_the_commit(api, issue_id):
    know_commit(api)
    resolve_in_commit(api, issue_id)
    announce(api, "a")
    assert row_of(api, issue_id) is None
    api.put(f"{RELEASES}a/", {"commits": [commit("c2"), commit()]})
    assert row_of(api, issue_id) == (ResolutionType.IN_RELEASE, "a", None)
    assert [kind for kind, _ in story(api, issue_id)] == [ActivityType.SET_RESOLVED_IN_COMMIT]
    assert details_of(api, issue_id)["inRelease"] == "a"
    send(api, "a")
    assert status_of(api, issue_id) == REGRESSED


def test_what_a_commit_resolved_is_in_the_release_it_is_the_head_of(api, issue_id):
    know_commit(api)
    resolve_in_commit(api, issue_id)
    announce(api, "a", refs=[{"repository": "acme/shop", "commit": "c1"}])
    assert row_of(api, issue_id) == (ResolutionType.IN_RELEASE, "a", None)


def test_what_a_commit_resolved_is_in_a_release_that_an_event_makes_one_of_the_project(api, issue_id):
    know_commit(api)
    resolve_in_commit(api, issue_id)
    api.later(minutes=1)
    api.send(fingerprint=["two"], release="elsewhere@1")
    assert row_of(api, issue_id) == (ResolutionType.IN_RELEASE, "elsewhere@1", None)


def test_a_regressed_issue_is_not_resolved_by_telling_of_its_old_fix_again(api, issue_id):
    announce(api, "a", commits=[commit()])
    resolve_in_commit(api, issue_id)
    send(api, "a")
    assert status_of(api, issue_id) == REGRESSED
    api.put(f"{RELEASES}a/", {"commits": [commit()]})
    announce(api, "b", commits=[commit("c2"), commit()])
    assert status_of(api, issue_id) == REGRESSED


# By what a commit's message says


def test_a_message_resolves_the_issues_it_names_in_the_release(api, issue_id):
    bob = api.make_user("bob@acme.io", name="Bob")
    second = api.new_issue()
    third = api.new_issue(api.make_project("web-ui"))
    message = "Survive empty carts\n\nFixes p-1, P-2 and WEB-UI-1. See P-3."
    announce(api, "a", commits=[commit(message=message, author_email="BOB@acme.io")])
    for one in (issue_id, second):
        assert row_of(api, one) == (ResolutionType.IN_RELEASE, "a", None)
        (told, _) = api.get(f"/organizations/acme/issues/{one}/activities/").json()["activity"]
        assert (told["type"], told["data"]["commit"]["id"]) == ("set_resolved_in_commit", "c1")
        assert told["user"]["id"] == str(bob.id)
    with api.state.read() as connection:
        assert inbox.waiting(connection, [issue_id, second]) == {}
        assert marks.of_user(connection, bob.id, [issue_id])[issue_id].is_subscribed
    # The release is none of that project's: its issue waits for one that is.
    assert status_of(api, third) == ("unresolved", "new")
    announce(api, "a", projects=["web-ui"])
    assert row_of(api, third) == (ResolutionType.IN_RELEASE, "a", None)


def test_a_fix_by_a_stranger_is_nobodys(api, issue_id):
    announce(api, "a", commits=[commit(message="fixes P-1", author_email="eve@else.io", author_name="Eve")])
    (told, _) = api.get(f"/organizations/acme/issues/{issue_id}/activities/").json()["activity"]
    assert (told["user"], told["data"]["commit"]["author"]) == (None, {"name": "Eve", "email": "eve@else.io"})
    assert details_of(api, issue_id) == {"inRelease": "a", "actor": None}


def test_a_fix_is_told_once_however_often_the_commit_is(api, issue_id):
    for version in ("a", "a", "b"):
        announce(api, version, commits=[commit(message="fixes P-1")])
    assert [kind for kind, _ in story(api, issue_id)] == [ActivityType.SET_RESOLVED_IN_COMMIT]
    assert row_of(api, issue_id) == (ResolutionType.IN_RELEASE, "a", None)


def test_a_fix_is_news(api, issue_id):
    announce(api, "a", commits=[commit(message="fixes P-1")])
    with api.state.write() as connection:
        told = outbox.claim(connection, ["issue.set_resolved_in_commit"], api.now, lease=api.now - api.now, limit=9)
    assert [one.payload["issue_id"] for one in told] == [issue_id]


@pytest.mark.parametrize("message", ["fixes P-99", "fixes NOPE-1", "fixes P-ZZZZZZZZZZZZZ", "P-1"])
def test_a_message_that_names_no_issue_resolves_none(api, issue_id, message):
    announce(api, "a", commits=[commit(message=message)])
    assert status_of(api, issue_id) == ("unresolved", "new")


def test_a_message_cannot_reach_further_than_who_tells_of_it(api):
    closed = api.organization("closed", openMembership=False)
    seen, hidden = (api.make_project(slug, org=closed) for slug in ("seen", "hidden"))
    crew = api.make_team("own", projects=[seen], org=closed)
    olga = api.make_token(api.make_user("olga@closed.io", teams=[crew], org=closed), [Scope.PROJECT_RELEASES])
    issue_id = api.new_issue(hidden)
    body = {"version": "1.0", "projects": ["seen"], "commits": [commit(message="fixes HIDDEN-1")]}
    assert api.post("/organizations/closed/releases/", body, token=olga).status_code == 201
    assert api.issue(issue_id).status is Status.UNRESOLVED


def test_an_archived_issue_is_resolved_by_a_fix_and_one_that_is_deleted_is_not(api, issue_id):
    change(api, issue_id, {"status": "ignored", "ignoreCount": 3})
    gone = api.new_issue()
    api.change(gone, status=Status.PENDING_DELETION)
    announce(api, "a", commits=[commit(message="fixes P-1 and P-2")])
    issue = api.issue(issue_id)
    assert (issue.status, issue.substatus, issue.snooze) == (Status.RESOLVED, None, None)
    assert api.issue(gone).status is Status.PENDING_DELETION


def test_whoever_takes_what_they_resolve_gets_what_they_fix(api, issue_id):
    bob = api.make_user("bob@acme.io", options={"self_assign_issue": "1"})
    announce(api, "a", commits=[commit(message="fixes P-1", author_email="bob@acme.io")])
    assert api.issue(issue_id).assignee.user_id == bob.id


def test_a_commit_whose_repository_is_gone_is_told_of_without_it(api, issue_id):
    know_commit(api)
    resolve_in_commit(api, issue_id)
    (repository,) = api.get("/organizations/acme/repos/").json()
    api.delete(f"/organizations/acme/repos/{repository['id']}/")
    (told, _) = api.get(f"/organizations/acme/issues/{issue_id}/activities/").json()["activity"]
    assert (told["type"], told["data"]) == ("set_resolved_in_commit", {"commit": None})
    assert details_of(api, issue_id) == {}


def test_a_reopened_issue_is_open_whatever_resolved_it(api, issue_id):
    know_commit(api)
    resolve_in_commit(api, issue_id)
    api.later(minutes=1)
    assert change(api, issue_id, {"status": "unresolved"}).json() == {"status": "unresolved", "statusDetails": {}}
    assert api.issue(issue_id).substatus is Substatus.REGRESSED
    api.later(minutes=1)
    change(api, issue_id, {"status": "resolved"})
    send(api, "a")
    assert status_of(api, issue_id) == REGRESSED
