"""What only Tocsin has: undo, dry runs, revisions and idempotent commands."""

import msgspec
import pytest

from tocsin.domain.issue.issue import Status, Substatus
from tocsin.storage.state import activity, inbox, issue_hashes, marks

BULK = "/organizations/acme/issues/"
RESOLVE = {"status": "resolved"}


def one(issue_id):
    return f"{BULK}{issue_id}/"


def undo(api, mutation_id, **options):
    return api.post(f"/organizations/acme/mutations/{mutation_id}/undo/", **options)


def mutation_of(answer):
    return answer.headers["x-tocsin-mutation"]


def everything(api):
    """Return all that a command on issues can change, less versions."""
    found = {}
    with api.state.read() as connection:
        for issue_id, issue in api.issues().items():
            story = [
                (entry.type, entry.data, entry.user_id) for _, entry in activity.page(connection, issue_id, limit=99)
            ]
            own = marks.of_user(connection, api.jane.id, [issue_id])[issue_id]
            waiting = inbox.waiting(connection, [issue_id]).get(issue_id)
            fields = {name: getattr(issue, name) for name in issue.__struct_fields__ if name != "version"}
            found[issue_id] = (fields, story, own, waiting)
    return found


COMMANDS = [
    {"status": "resolved"},
    {"status": "resolvedInNextRelease"},
    {"status": "ignored", "ignoreCount": 3, "ignoreDuration": 10},
    {"status": "ignored", "substatus": "archived_until_escalating"},
    {"status": "unresolved"},
    {"assignedTo": "jane@acme.io", "priority": "low"},
    {"assignedTo": "team:crew"},
    {"assignedTo": ""},
    {"hasSeen": True, "isBookmarked": True},
    {"hasSeen": False, "isBookmarked": False},
    {"isSubscribed": False},
    {"isSubscribed": True},
    {"isPublic": True},
    {"inbox": False},
    {"inbox": True, "status": "unresolved"},
    {},
]


@pytest.mark.parametrize("body", COMMANDS, ids=str)
@pytest.mark.parametrize(
    "earlier",
    [
        [],
        COMMANDS[:1],
        COMMANDS[2:3],
        [COMMANDS[5], COMMANDS[8], COMMANDS[12]],
        [COMMANDS[0], COMMANDS[4], COMMANDS[10]],
    ],
    ids=["new", "resolved", "archived", "marked", "reopened"],
)
def test_undoing_a_command_brings_back_exactly_what_was_before(api, body, earlier):
    first, second = api.new_issue(), api.new_issue(level="info")
    for number, command in enumerate(earlier):
        api.later(minutes=1)
        assert (
            api.put(f"{BULK}?id={first}" if number % 2 else f"{BULK}?id={first}&id={second}", command).status_code
            == 200
        )
    before = everything(api)
    api.later(minutes=1)
    done = api.put(f"{BULK}?id={first}&id={second}", body)
    assert done.status_code == 200
    api.later(minutes=1)
    answer = undo(api, mutation_of(done))
    assert answer.status_code == 200, answer.text
    assert answer.json()["leftAlone"] == []
    assert everything(api) == before


def test_every_mutation_is_numbered_and_shown_with_who_made_it(api):
    issue = api.new_issue()
    done = api.put(one(issue), RESOLVE)
    shown = api.get(f"/organizations/acme/mutations/{mutation_of(done)}/").json()
    assert shown["user"]["email"] == "jane@acme.io"
    assert (shown["kind"], shown["request"], shown["issueCount"], shown["undoneBy"]) == ("triage", RESOLVE, 1, None)
    assert [row["id"] for row in api.get("/organizations/acme/mutations/").json()] == [mutation_of(done)]


def test_an_issue_changed_since_is_left_alone_and_named(api):
    kept, touched = api.new_issue(), api.new_issue()
    done = api.put(f"{BULK}?id={kept}&id={touched}", RESOLVE)
    api.later(minutes=1)
    api.put(one(touched), {"status": "unresolved"})
    answer = undo(api, mutation_of(done)).json()
    assert (answer["restored"], answer["leftAlone"]) == ([str(kept)], [str(touched)])
    assert answer["restoredCount"] == answer["leftAloneCount"] == 1
    assert api.issue(kept).status is Status.UNRESOLVED
    assert api.issue(touched).substatus is Substatus.REGRESSED


def test_an_issue_resolved_again_since_counts_as_changed(api):
    issue = api.new_issue()
    done = api.put(one(issue), RESOLVE)
    for body in ({"status": "unresolved"}, RESOLVE):
        api.later(minutes=1)
        api.put(one(issue), body)
    assert undo(api, mutation_of(done)).json()["leftAlone"] == [str(issue)]
    assert api.issue(issue).status is Status.RESOLVED


def test_events_do_not_count_as_changes(api):
    issue = api.new_issue(fingerprint=["steady"])
    done = api.put(one(issue), {"status": "ignored"})
    api.later(minutes=1)
    api.send(fingerprint=["steady"])
    assert undo(api, mutation_of(done)).json()["restored"] == [str(issue)]
    assert (api.issue(issue).status, api.issue(issue).times_seen) == (Status.UNRESOLVED, 2)


def test_what_somebody_said_of_their_subscription_since_stays(api):
    issue = api.new_issue()
    done = api.put(one(issue), {"isBookmarked": True})
    api.later(minutes=1)
    api.put(one(issue), {"isSubscribed": False})
    undo(api, mutation_of(done))
    with api.state.read() as connection:
        own = marks.of_user(connection, api.jane.id, [issue])[issue]
    assert (own.is_bookmarked, own.is_subscribed) == (False, False)


def test_a_mutation_is_undone_once(api):
    done = api.put(one(api.new_issue()), RESOLVE)
    first = undo(api, mutation_of(done))
    again = undo(api, mutation_of(done))
    assert again.status_code == 409
    assert f"by mutation {mutation_of(first)}" in again.json()["detail"]
    assert undo(api, mutation_of(first)).status_code == 409


@pytest.mark.parametrize("number", ["0", "77", "-1", "x", "9" * 30])
def test_an_unknown_mutation_is_not_found(api, number):
    assert undo(api, number).status_code == 404
    assert api.get(f"/organizations/acme/mutations/{number}/").status_code == 404


def test_a_mutation_of_another_organization_is_not_found(api):
    done = api.put(one(api.new_issue()), RESOLVE)
    other = api.organization("other")
    eve = api.make_token(api.make_user("eve@other.io", org=other))
    assert api.post(f"/organizations/other/mutations/{mutation_of(done)}/undo/", token=eve).status_code == 404


def test_undo_leaves_projects_alone_that_the_caller_cannot_see(api):
    api.organization("acme", openMembership=False)
    done = api.put(one(api.new_issue()), RESOLVE)
    outsider = api.make_token(api.make_user("olga@acme.io"))
    answer = undo(api, mutation_of(done), token=outsider)
    assert (answer.status_code, answer.json()["restoredCount"], answer.json()["leftAloneCount"]) == (200, 0, 1)


def test_a_dry_run_says_what_would_change_and_changes_nothing(api):
    issue, done = api.new_issue(), api.new_issue()
    api.put(one(done), RESOLVE)
    before = everything(api)
    answer = api.put(f"{BULK}?query=&dryRun=1", {"status": "resolved", "priority": "low"})
    assert answer.status_code == 200
    assert "x-tocsin-mutation" not in answer.headers
    said = answer.json()
    assert (said["dryRun"], said["issueCount"], said["delta"]["status"]) == (True, 2, "resolved")
    changes = {tuple(one["issues"]): (one["before"], one["after"]) for one in said["changes"]}
    assert changes[str(issue),] == (
        {"status": "unresolved", "substatus": "new", "priority": "high"},
        {"status": "resolved", "substatus": None, "priority": "low"},
    )
    assert changes[str(done),] == ({"priority": "high"}, {"priority": "low"})
    assert everything(api) == before


def test_a_dry_run_of_one_issue_is_validated_like_the_real_thing(api):
    issue = api.new_issue()
    assert api.put(f"{one(issue)}?dryRun=1", {"status": "bogus"}).status_code == 400
    assert api.put(f"{one(issue)}?dryRun=true", {"assignedTo": "team:crew"}).json()["changes"] == [
        {
            "issueCount": 1,
            "issues": [str(issue)],
            "before": {"assignedTo": None},
            "after": {"assignedTo": f"team:{api.team}"},
        }
    ]


def test_a_revision_that_is_out_of_date_is_refused(api):
    issue = api.new_issue(fingerprint=["steady"])
    tag = api.get(one(issue)).headers["etag"]
    api.send(fingerprint=["steady"])
    changed = api.put(one(issue), {"priority": "low"}, headers={"if-match": tag})
    assert changed.status_code == 200, "events do not make another revision"
    assert changed.headers["etag"] == api.get(one(issue)).headers["etag"] != tag
    late = api.put(one(issue), RESOLVE, headers={"if-match": tag})
    assert late.status_code == 412
    assert late.json() == {"detail": "The issue was changed since you read it. Read it again, then decide again."}
    assert api.issue(issue).status is Status.UNRESOLVED
    assert api.put(one(issue), RESOLVE, headers={"if-match": f'"other", {changed.headers["etag"]}'}).status_code == 200
    assert api.put(one(issue), RESOLVE, headers={"if-match": "*"}).status_code == 200


@pytest.mark.parametrize("bulk", [True, False])
def test_a_retry_with_the_same_key_is_answered_alike_and_acts_once(api, bulk):
    issue = api.new_issue()
    path, headers = (BULK if bulk else one(issue)), {"idempotency-key": "k1"}
    first = api.put(path, RESOLVE, headers=headers)
    api.later(minutes=1)
    api.put(one(issue), {"status": "unresolved"})
    newer = api.new_issue()
    again = api.put(path, RESOLVE, headers=headers)
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert mutation_of(again) == mutation_of(first)
    assert again.headers["idempotency-replayed"] == "true"
    assert {api.issue(each).status for each in (issue, newer)} == {Status.UNRESOLVED}


def test_a_retry_of_what_selected_nothing_still_selects_nothing(api):
    headers = {"idempotency-key": "k2"}
    assert api.put(BULK, RESOLVE, headers=headers).status_code == 204
    issue = api.new_issue()
    assert api.put(BULK, RESOLVE, headers=headers).status_code == 204
    assert api.issue(issue).status is Status.UNRESOLVED


def test_a_request_that_was_refused_may_be_sent_again_with_its_key(api):
    issue, headers = api.new_issue(), {"idempotency-key": "k3"}
    assert api.put(one(issue), {"status": "bogus"}, headers=headers).status_code == 400
    assert api.put(one(issue), RESOLVE, headers=headers).status_code == 200


def test_a_key_that_came_with_another_request_is_refused(api):
    issue, headers = api.new_issue(), {"idempotency-key": "k4"}
    api.put(one(issue), RESOLVE, headers=headers)
    answer = api.put(one(issue), {"status": "ignored"}, headers=headers)
    assert (answer.status_code, api.issue(issue).status) == (422, Status.RESOLVED)
    assert api.put(BULK, RESOLVE, headers=headers).status_code == 422


def test_keys_are_each_users_own(api):
    issue, headers = api.new_issue(), {"idempotency-key": "k5"}
    api.put(one(issue), RESOLVE, headers=headers)
    bob = api.make_token(api.make_user("bob@acme.io", teams=[api.team]))
    assert api.put(one(issue), {"status": "ignored"}, headers=headers, token=bob).status_code == 200
    assert api.issue(issue).status is Status.IGNORED


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_of_no_use_is_refused(api, key):
    issue = api.new_issue()
    assert api.put(one(issue), RESOLVE, headers={"idempotency-key": key}).status_code == 400
    assert api.issue(issue).status is Status.UNRESOLVED


def hashes_of(api, *issue_ids):
    with api.state.read() as connection:
        return issue_hashes.by_issue(connection, issue_ids)


def test_undoing_a_merge_takes_apart_what_it_put_together(api):
    first, second, third = (api.new_issue(fingerprint=[name]) for name in ("a", "b", "c"))
    api.put(one(first), {"assignedTo": "jane@acme.io", "isBookmarked": True})
    api.later(minutes=1)
    before, owned = everything(api), hashes_of(api, first, second, third)
    api.later(minutes=1)
    done = api.put(f"{BULK}?id={first}&id={second}&id={third}", {"merge": True, "status": "resolved"})
    parent = int(done.json()["merge"]["parent"])
    assert {api.get(one(each)).json()["id"] for each in (first, second, third)} == {str(parent)}
    api.later(minutes=1)
    answer = undo(api, mutation_of(done))
    assert answer.status_code == 200, answer.text
    assert answer.json()["restored"] == [str(first), str(second), str(third)]
    assert everything(api) == before
    assert hashes_of(api, first, second, third) == {
        issue_id: [msgspec.structs.replace(each, since=mine.since) for each, mine in zip(own, hashes_of(api, issue_id)[issue_id], strict=True)]
        for issue_id, own in owned.items()
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "why"), [({"merge": False}, "Merge them again instead."), ({"discard": True}, "Delete their tombstones")]
)
def test_what_cannot_be_undone_says_what_to_do_instead(api, body, why):
    first, second = api.new_issue(), api.new_issue()
    api.put(f"{BULK}?id={first}&id={second}", {"merge": True})
    done = api.put(f"{BULK}?id={first}&id={second}", body)
    answer = undo(api, mutation_of(done))
    assert answer.status_code == 409
    assert why in answer.json()["detail"]


def test_a_dry_run_of_a_merge_names_the_family_and_merges_nothing(api):
    first, second = api.new_issue(), api.new_issue()
    before = everything(api)
    said = api.put(f"{BULK}?id={first}&id={second}&dryRun=1", {"merge": True}).json()
    assert said["delta"]["merge"] == {"parent": str(second), "children": [str(first)]}
    assert everything(api) == before
