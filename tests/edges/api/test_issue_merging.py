"""Merging issues, taking them apart, moving hashes and discarding, as the API answers (spec/mutation.md 3.7, 3.12, 8)."""

from datetime import timedelta

import pytest

from tocsin.domain.access import Role, Scope
from tocsin.domain.issue.issue import Activity, ActivityType, Assignee, Status
from tocsin.flows.remove import Remove
from tocsin.storage.state import activity, issue_hashes, issues, marks, tombstones

BULK = "/organizations/acme/issues/"
PROJECT = "/projects/acme/p/issues/"
TOMBSTONES = "/projects/acme/p/tombstones/"


def ids(*issue_ids):
    return "&".join(f"id={issue_id}" for issue_id in issue_ids)


def merge(api, *issue_ids, url=BULK, **options):
    api.later(seconds=1)
    return api.put(f"{url}?{ids(*issue_ids)}", {"merge": True}, **options)


def apart(api, *issue_ids):
    api.later(seconds=1)
    return api.put(f"{BULK}?{ids(*issue_ids)}", {"merge": False})


def hashes_of(api, issue_id):
    with api.state.read() as connection:
        return [one.hash for one in issue_hashes.by_issue(connection, [issue_id])[issue_id]]


def story(api, issue_id):
    """Return the entries of the story as answers tell it, newest first."""
    return api.get(f"/issues/{issue_id}/activities/").json()["activity"]


def note(api, issue_id, text):
    """Have jane write a comment."""
    api.later(seconds=1)
    with api.state.write() as connection:
        said = Activity(
            issue_id=issue_id,
            type=ActivityType.NOTE,
            data={"text": text},
            user_id=api.jane.id,
            created_at=api.now,
        )
        activity.add(connection, [said])
    api.change(issue_id, comment_count=api.issue(issue_id).comment_count + 1)


def three(api):
    """Return issues of one event, of five and of two."""
    made = []
    for events in (1, 5, 2):
        issue_id = api.new_issue(fingerprint=[f"kind-{events}"])
        for _ in range(events - 1):
            api.later(seconds=1)
            api.send(fingerprint=[f"kind-{events}"])
        made.append(issue_id)
    return made


# Merging


@pytest.mark.parametrize("url", [pytest.param(BULK, id="mutation-I01"), pytest.param(PROJECT, id="project")])
def test_the_most_frequent_issue_survives(api, url):
    """mutation-I01, mutation-I04"""
    one, five, two = three(api)
    answer = api.put(f"{url}?{ids(one, five, two)}", {"merge": "1"})
    assert (answer.status_code, answer.json()) == (
        200,
        {"merge": {"parent": str(five), "children": [str(two), str(one)]}},
    )
    [entry] = [entry for entry in story(api, five) if entry["type"] == "merge"]
    assert entry["data"] == {"issues": [{"id": two}, {"id": one}]}
    assert entry["user"]["id"] == str(api.jane.id)
    merged = api.get(f"/issues/{one}/").json()
    assert (merged["id"], merged["count"]) == (str(five), "8")
    assert api.issue(five).first_seen == api.issue(one).first_seen
    assert {api.issue(child).status for child in (one, two)} == {Status.PENDING_MERGE}
    assert [row["id"] for row in api.get(f"{BULK}?query=").json()] == [str(five)]


def test_of_equals_the_latest_issue_survives(api):
    first, second, third = (api.new_issue() for _ in range(3))
    merged = {"parent": str(third), "children": [str(second), str(first)]}
    assert merge(api, first, second, third).json() == {"merge": merged}


def test_the_delta_names_the_merge_where_it_was_asked_for(api):
    one, two = api.new_issue(), api.new_issue()
    delta = api.put(f"{BULK}?{ids(one, two)}", {"merge": 1, "isBookmarked": True}).json()
    assert list(delta) == ["merge", "isBookmarked"]
    assert delta["merge"]["parent"] == str(two)


def test_other_parts_of_the_body_come_before_the_merge(api):
    one, two = api.new_issue(), api.new_issue()
    api.put(f"{BULK}?{ids(one, two)}", {"merge": True, "status": "resolved"})
    assert api.issue(two).status is Status.RESOLVED
    apart(api, two)
    assert api.issue(one).status is Status.RESOLVED


@pytest.mark.parametrize("url", [BULK, PROJECT])
def test_issues_that_are_no_errors_are_not_merged(api, url):
    """mutation-I05"""
    error, slow = api.new_issue(), api.new_issue()
    api.change(slow, type="transaction")
    before = api.issues()
    answer = merge(api, error, slow, url=url)
    assert (answer.status_code, answer.json()) == (400, ["Only error issues can be merged."])
    assert api.issues() == before


def test_issues_of_several_projects_are_not_merged(api):
    """mutation-I06"""
    here, there = api.new_issue(), api.new_issue(api.make_project("q"))
    before = api.issues()
    answer = api.put(f"{BULK}?{ids(here, there)}", {"merge": True, "status": "resolved"})
    assert (answer.status_code, answer.json()) == (
        400,
        {"detail": "Merging across multiple projects is not supported"},
    )
    assert api.issues() == before


def test_it_does_not_matter_how_many_projects_the_request_names(api):
    """mutation-I07"""
    other = api.make_project("q")
    one, two = api.new_issue(), api.new_issue()
    answer = api.put(f"{BULK}?project={api.project.id}&project={other.id}&{ids(one, two)}", {"merge": True})
    assert answer.json() == {"merge": {"parent": str(two), "children": [str(one)]}}


@pytest.mark.parametrize("merge_", [pytest.param(True, id="mutation-I08"), pytest.param(False, id="false")])
def test_a_single_issue_without_children_is_left_alone(api, merge_):
    issue_id = api.new_issue()
    before = api.issues()
    answer = api.put(f"{BULK}?id={issue_id}", {"merge": merge_})
    assert (answer.status_code, answer.json()) == (200, {"merge": merge_})
    assert api.put(f"/issues/{issue_id}/", {"merge": merge_}).json()["id"] == str(issue_id)
    assert api.issues() == before


def test_without_ids_all_that_a_search_finds_are_merged(api):
    api.send_groups(120)
    delta = api.put(f"{PROJECT}?query=is:unresolved", {"merge": True}).json()
    assert len(delta["merge"]["children"]) == 119
    [only] = api.get(f"{BULK}?query=").json()
    assert (only["id"], only["lifetime"]["count"]) == (delta["merge"]["parent"], "120")


def test_asking_again_for_the_same_merge_changes_nothing(api):
    one, two = api.new_issue(), api.new_issue()
    merge(api, one, two)
    before = api.issues()
    assert merge(api, one, two).json() == {"merge": True}
    assert api.issues() == before


def test_a_child_is_found_under_its_old_names_as_its_survivor(api):
    """search-E06"""
    one, two, three_ = (api.new_issue() for _ in range(3))
    merge(api, one, two)
    api.change(three_, times_seen=50)
    merge(api, two, three_)
    for reference in (one, two, "P-1", "p-2"):
        assert api.get(f"/organizations/acme/issues/{reference}/").json()["id"] == str(three_)
    assert api.get("/organizations/acme/shortids/P-1/").json()["groupId"] == str(three_)
    for query in ("issue:P-1", f"issue.id:{one}", f"issue.id:[{one},{two}]"):
        assert [row["id"] for row in api.get(BULK, params={"query": query}).json()] == [str(three_)]
    hit = api.get(BULK, params={"query": "P-1", "shortIdLookup": "1"})
    assert ([row["id"] for row in hit.json()], hit.headers["X-Sentry-Direct-Hit"]) == ([str(three_)], "1")
    assert api.put(f"/issues/{one}/", {"status": "resolved"}).json()["id"] == str(three_)
    assert api.issue(one).status is Status.PENDING_MERGE


def test_events_of_a_child_are_events_of_its_survivor(api):
    one = api.new_issue(fingerprint=["one"], user={"id": "1"}, tags={"colour": "red"})
    two = api.new_issue(fingerprint=["two"], user={"id": "1"}, tags={"colour": "blue"})
    merge(api, one, two)
    api.later(seconds=1)
    api.send(fingerprint=["one"], user={"id": "2"})
    detail = api.get(f"/issues/{two}/").json()
    assert (detail["count"], detail["userCount"]) == ("3", 2)
    assert len(api.get(f"/issues/{one}/events/").json()) == 3
    values = api.get(f"/issues/{two}/tags/colour/values/").json()
    assert {value["value"] for value in values} == {"red", "blue"}


def test_the_story_of_all_is_told_in_the_order_of_time(api):
    """mutation-I10"""
    one, two = api.new_issue(), api.new_issue()
    note(api, one, "first")
    note(api, two, "second")
    note(api, one, "third")
    merge(api, one, two)
    note(api, two, "fourth")
    told = [entry["data"].get("text") for entry in story(api, two) if entry["type"] == "note"]
    assert told == ["fourth", "third", "second", "first"]
    assert api.get(f"/issues/{one}/").json()["numComments"] == 4
    apart(api, two)
    assert [api.get(f"/issues/{issue_id}/").json()["numComments"] for issue_id in (one, two)] == [2, 2]
    assert [entry["data"].get("text") for entry in story(api, one) if entry["type"] == "note"] == ["third", "first"]


def test_what_people_keep_of_a_child_moves_or_is_lost(api):
    """The assignee and subscriptions move where there is room; bookmarks and seen marks of a child do not (3.7)."""
    bob = api.make_user("bob@acme.io", teams=[api.team])
    one, two = api.new_issue(), api.new_issue()
    api.put(f"{BULK}?id={one}", {"assignedTo": f"user:{bob.id}", "isBookmarked": True, "hasSeen": True})
    merge(api, one, two)
    assert api.issue(two).assignee == Assignee(user_id=bob.id)
    shown = api.get(f"/issues/{two}/").json()
    assert (shown["isBookmarked"], shown["hasSeen"]) == (False, False)
    with api.state.read() as connection:
        assert set(marks.subscribers(connection, [two])[two]) == {bob.id, api.jane.id}


def test_an_assignee_stays_when_the_parent_has_one(api):
    bob = api.make_user("bob@acme.io", teams=[api.team])
    one, two = api.new_issue(), api.new_issue()
    api.put(f"{BULK}?id={one}", {"assignedTo": f"user:{bob.id}"})
    api.put(f"{BULK}?id={two}", {"assignedTo": f"user:{api.jane.id}"})
    merge(api, one, two)
    assert api.issue(two).assignee == Assignee(user_id=api.jane.id)


# Taking apart


def test_taking_apart_names_the_issues_that_came_out(api):
    one, five, two = three(api)
    merge(api, one, five, two)
    answer = apart(api, five)
    assert (answer.status_code, answer.json()) == (200, {"merge": {"unmerged": [str(two), str(one)]}})
    assert [api.get(f"/issues/{issue_id}/").json()["count"] for issue_id in (one, five, two)] == ["1", "5", "2"]
    assert {api.issue(issue_id).status for issue_id in (one, five, two)} == {Status.UNRESOLVED}
    assert apart(api, five).json() == {"merge": False}


def test_a_single_issue_is_taken_apart_by_its_own_route(api):
    one, two = api.new_issue(), api.new_issue()
    merge(api, one, two)
    api.later(seconds=1)
    answer = api.put(f"/issues/{two}/", {"merge": False})
    assert (answer.status_code, answer.json()["id"], answer.json()["count"]) == (200, str(two), "1")
    assert api.get(f"/issues/{one}/").json()["id"] == str(one)


def test_both_sides_tell_of_it(api):
    one, two = api.new_issue(), api.new_issue()
    [own] = hashes_of(api, one)
    merge(api, one, two)
    apart(api, two)
    left, came = story(api, two)[0], story(api, one)[0]
    assert (left["type"], came["type"]) == ("unmerge_source", "unmerge_destination")
    assert left["data"]["fingerprints"] == came["data"]["fingerprints"] == [own]
    assert left["data"]["destination"] == {"id": str(one), "shortId": "P-1", "title": api.issue(one).title}
    assert came["data"]["source"]["id"] == str(two)


# Hashes


def test_the_hashes_of_an_issue_are_listed_newest_event_first(api):
    """mutation-I14"""
    one = api.new_issue(fingerprint=["one"])
    api.later(minutes=1)
    two = api.new_issue(fingerprint=["two"])
    [older], [newer] = hashes_of(api, one), hashes_of(api, two)
    merge(api, one, two)
    for path in (f"/issues/{two}/hashes/", f"/organizations/acme/groups/{one}/hashes/"):
        listed = api.get(path).json()
        assert [row["id"] for row in listed] == [newer, older]
        assert {(row["mergedBySeer"], row["seerMatchDistance"]) for row in listed} == {(False, None)}
        assert listed[0]["latestEvent"]["groupID"] == str(two)
        assert listed[0]["latestEvent"]["entries"]
    short = api.get(f"/issues/{two}/hashes/?full=false").json()
    assert [row["id"] for row in short] == [newer, older]
    assert not any("entries" in row["latestEvent"] for row in short)


def test_hashes_are_paged(api):
    api.send_groups(3)
    merge(api, *api.issues())
    parent = max(api.issues())
    first = api.get(f"/issues/{parent}/hashes/?per_page=2")
    assert len(first.json()) == 2
    assert 'rel="next"; results="true"; cursor="0:2:0"' in first.headers["Link"]
    second = api.get(f"/issues/{parent}/hashes/?per_page=2&cursor=0:2:0")
    assert len(second.json()) == 1
    assert len({row["id"] for row in first.json() + second.json()}) == 3
    assert len(api.get(f"/issues/{parent}/hashes/?per_page=1000").json()) == 3
    assert api.get(f"/issues/{parent}/hashes/?per_page=x").status_code == 400


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_member_moves_hashes_into_one_new_issue(api, method):
    """mutation-I11"""
    issue_ids = [api.new_issue(fingerprint=[name]) for name in "abc"]
    own = {issue_id: hashes_of(api, issue_id)[0] for issue_id in issue_ids}
    merge(api, *issue_ids)
    parent = max(issue_ids)
    member = api.make_token(api.make_user("bob@acme.io", teams=[api.team]))
    api.later(seconds=1)
    wanted = [own[issue_id] for issue_id in issue_ids if issue_id != parent]
    answer = api.request(method, f"/issues/{parent}/hashes/?{ids(*wanted)}", token=member)
    assert (answer.status_code, answer.content) == (202, b"")
    made = max(api.issues())
    shown = api.get(f"/issues/{made}/").json()
    assert (shown["count"], shown["shortId"], shown["status"]) == ("2", "P-4", "unresolved")
    assert api.get(f"/issues/{parent}/").json()["count"] == "1"
    assert sorted(hashes_of(api, made)) == sorted(wanted)
    left, came = story(api, parent)[0], story(api, made)[0]
    assert (left["type"], left["data"]["destination"]["shortId"]) == ("unmerge_source", "P-4")
    assert (came["type"], came["data"]["source"]["id"]) == ("unmerge_destination", str(parent))
    assert sorted(came["data"]["fingerprints"]) == sorted(wanted)


@pytest.mark.parametrize("wanted", ["f" * 32, "nonsense", "'; --"])
def test_hashes_of_somebody_else_are_not_moved(api, wanted):
    """mutation-I12"""
    issue_id = api.new_issue()
    answer = api.put(f"/issues/{issue_id}/hashes/", params={"id": wanted})
    assert (answer.status_code, answer.json()) == (409, {"detail": "Already being unmerged"})
    assert list(api.issues()) == [issue_id]


def test_without_hashes_nothing_is_moved(api):
    """mutation-I13"""
    issue_id = api.new_issue()
    answer = api.put(f"/issues/{issue_id}/hashes/")
    assert (answer.status_code, answer.content) == (200, b"")
    assert list(api.issues()) == [issue_id]


def test_moving_all_hashes_leaves_an_issue_without_events(api):
    issue_id = api.new_issue()
    api.later(seconds=1)
    assert api.put(f"/issues/{issue_id}/hashes/?id={hashes_of(api, issue_id)[0].upper()}").status_code == 202
    assert [(issue.times_seen, issue.status) for issue in api.issues().values()] == [
        (0, Status.UNRESOLVED),
        (1, Status.UNRESOLVED),
    ]
    assert api.get(f"/issues/{issue_id}/hashes/").json() == []


def test_reading_hashes_is_not_moving_them(api):
    issue_id = api.new_issue()
    reader = api.make_token(api.jane, (Scope.EVENT_READ,))
    assert api.get(f"/issues/{issue_id}/hashes/", token=reader).status_code == 200
    assert api.put(f"/issues/{issue_id}/hashes/?id={'f' * 32}", token=reader).status_code == 403
    writer = api.make_token(api.jane, (Scope.EVENT_WRITE,))
    assert api.delete(f"/issues/{issue_id}/hashes/?id={'f' * 32}", token=writer).status_code == 403


# Discarding


def discard(api, issue_id, **options):
    api.later(seconds=1)
    return api.put(f"{BULK}?id={issue_id}", {"discard": True}, **options)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("/organizations/acme/issues/?id={}", id="mutation-J01"),
        pytest.param("/issues/{}/", id="mutation-J02"),
        pytest.param("/projects/acme/p/issues/?id={}", id="project"),
    ],
)
def test_a_discarded_issue_leaves_a_tombstone_and_no_further_event(api, url):
    issue_id = api.new_issue(fingerprint=["one"])
    before = api.issue(issue_id)
    api.later(seconds=1)
    answer = api.put(url.format(issue_id), {"discard": True})
    assert (answer.status_code, answer.content) == (204, b"")
    assert api.get(f"/issues/{issue_id}/").status_code == 404
    assert api.issue(issue_id).status is Status.PENDING_DELETION
    api.later(minutes=1)
    for _ in range(3):
        api.send(fingerprint=["one"])
    assert list(api.issues()) == [issue_id]
    [shown] = api.get(TOMBSTONES).json()
    assert shown["actor"]["id"] == str(api.jane.id)
    assert (shown["title"], shown["message"], shown["culprit"], shown["type"], shown["level"], shown["metadata"]) == (
        before.title,
        before.message,
        before.culprit,
        "error",
        "error",
        before.metadata,
    )
    assert (shown["dateAdded"], shown["timesDiscarded"]) == ("2026-11-18T12:00:01Z", 3)
    Remove(api.state, api.history, api.blobs, api.clock).run(api.now)
    assert api.issues() == {}
    assert api.history.rows("SELECT count() FROM event")[0][0] == 0


@pytest.mark.parametrize("url", ["/organizations/acme/issues/?id={}", "/issues/{}/"])
def test_who_may_not_delete_may_not_discard(api, url):
    """mutation-J03"""
    issue_id = api.new_issue()
    token = api.make_token(api.jane, (Scope.EVENT_WRITE,))
    answer = api.put(url.format(issue_id), {"discard": True}, token=token)
    assert (answer.status_code, answer.json()) == (
        400,
        {"discard": ["You do not have permission to discard events"]},
    )
    assert api.issue(issue_id).status is Status.UNRESOLVED


@pytest.mark.parametrize("discard_", [pytest.param(True, id="mutation-J05"), pytest.param(False, id="false")])
def test_nothing_else_may_be_asked_with_it(api, discard_):
    issue_id = api.new_issue()
    answer = api.put(f"{BULK}?id={issue_id}", {"discard": discard_, "status": "resolved"})
    assert (answer.status_code, answer.json()) == (
        400,
        {"non_field_errors": ["Other attributes cannot be updated when discarding"]},
    )
    assert api.issue(issue_id).status is Status.UNRESOLVED


def test_an_issue_that_is_no_error_is_not_discarded(api):
    """mutation-J06"""
    issue_id = api.new_issue()
    api.change(issue_id, type="transaction")
    answer = discard(api, issue_id)
    assert (answer.status_code, answer.json()) == (400, ["Only error issues can be discarded."])
    assert api.issue(issue_id).status is Status.UNRESOLVED
    assert len(hashes_of(api, issue_id)) == 1
    assert api.get(TOMBSTONES).json() == []


def test_not_discarding_is_echoed(api):
    """mutation-J07"""
    issue_id = api.new_issue()
    answer = api.put(f"{BULK}?id={issue_id}", {"discard": False})
    assert (answer.status_code, answer.json()) == (200, {"discard": False})
    assert api.put(f"/issues/{issue_id}/", {"discard": False}).json()["id"] == str(issue_id)


def test_without_the_tombstone_the_next_event_makes_a_new_issue(api):
    """mutation-J08"""
    issue_id = api.new_issue(fingerprint=["one"])
    discard(api, issue_id)
    [shown] = api.get(TOMBSTONES).json()
    api.later(minutes=1)
    answer = api.delete(f"{TOMBSTONES}{shown['id']}/")
    assert (answer.status_code, answer.content) == (204, b"")
    assert api.delete(f"{TOMBSTONES}{shown['id']}/").status_code == 404
    assert api.get(TOMBSTONES).json() == []
    api.send(fingerprint=["one"])
    [again] = api.get(f"{BULK}?query=").json()
    assert (again["shortId"], again["count"], again["lifetime"]["count"]) == ("P-2", "1", "1")
    assert len(api.get(f"/issues/{again['id']}/events/").json()) == 1


@pytest.mark.parametrize("reference", ["999", "abc", "1" * 40, "0"])
def test_a_tombstone_that_is_not_there_is_not_found(api, reference):
    assert api.delete(f"{TOMBSTONES}{reference}/").status_code == 404


def test_a_tombstone_is_its_projects_alone(api):
    api.make_project("q")
    discard(api, api.new_issue())
    [shown] = api.get(TOMBSTONES).json()
    assert api.get("/projects/acme/q/tombstones/").json() == []
    assert api.delete(f"/projects/acme/q/tombstones/{shown['id']}/").status_code == 404
    member = api.make_token(api.make_user("bob@acme.io", role=Role.MEMBER, teams=[api.team]))
    assert api.delete(f"{TOMBSTONES}{shown['id']}/", token=member).status_code == 403
    assert len(api.get(TOMBSTONES, token=member).json()) == 1


def test_tombstones_are_paged_newest_first(api):
    made = [api.new_issue() for _ in range(3)]
    for issue_id in made:
        discard(api, issue_id)
    first = api.get(f"{TOMBSTONES}?per_page=2")
    second = api.get(f"{TOMBSTONES}?per_page=2&cursor=2:1:0")
    shown = [int(one["id"]) for one in first.json() + second.json()]
    assert shown == sorted(shown, reverse=True)
    assert (len(first.json()), len(second.json())) == (2, 1)


def test_a_parent_is_discarded_and_deleted_with_its_children(api):
    one, two = api.new_issue(fingerprint=["one"]), api.new_issue(fingerprint=["two"])
    merge(api, one, two)
    discard(api, two)
    api.later(minutes=1)
    api.send(fingerprint=["one"])
    for reference in (one, two, "P-1"):
        assert api.get(f"/organizations/acme/issues/{reference}/").status_code == 404
    Remove(api.state, api.history, api.blobs, api.clock).run(api.now + timedelta(seconds=1))
    assert api.issues() == {}
    with api.state.read() as connection:
        [left] = tombstones.of_project(connection, api.project.id, offset=0, limit=10)
        assert (left.previous_issue_id, left.times_discarded) == (two, 1)
        assert issues.survivors(connection, [one]) == {}
