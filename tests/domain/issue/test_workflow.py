from datetime import timedelta

import msgspec
import pytest

from tocsin.domain.errors import Malformed
from tocsin.domain.issue.command import Archive, read_command
from tocsin.domain.issue.display import displayed_status, status_details
from tocsin.domain.issue.effects import (
    EnterInbox,
    LeaveInbox,
    LinkCommit,
    SetBookmark,
    SetSeen,
    SetSubscription,
    Subscribe,
    Unsubscribe,
)
from tocsin.domain.issue.issue import (
    ActivityType,
    Assignee,
    InboxReason,
    IssueId,
    Priority,
    ProjectId,
    Resolution,
    ResolutionType,
    Snooze,
    Status,
    SubscriptionReason,
    Substatus,
    TeamId,
    UserId,
)
from tocsin.domain.issue.references import Facts, TeamFacts, UserFacts, resolve_references
from tocsin.domain.issue.workflow import carry_out, carry_out_all
from tocsin.domain.release.commit import CommitId

JANE = UserId(7)
JANE_SHOWN = {"id": "7", "name": "Jane"}
BY_STATUS_CHANGE = Subscribe(frozenset({JANE}), SubscriptionReason.STATUS_CHANGE)
RESOLVED = {"status": Status.RESOLVED, "substatus": None}
IN_COMMIT = {"status": "resolved", "statusDetails": {"inCommit": {"commit": "c", "repository": "r"}}}
FOUND = {"repository_exists": True, "commit_id": CommitId(5)}
NO_TERMS = dict.fromkeys(
    [
        "ignoreCount",
        "ignoreDuration",
        "ignoreUntil",
        "ignoreUserCount",
        "ignoreUserWindow",
        "ignoreWindow",
        "ignoreUntilEscalating",
    ]
)


def archived(substatus=Substatus.ARCHIVED_FOREVER, **fields):
    return {"status": Status.IGNORED, "substatus": substatus, **fields}


def told(change):
    return [(activity.type, activity.data) for activity in change.activities]


@pytest.fixture
def command_of():
    """A command with its references resolved: the release exists, the assignee is whoever is given."""

    def make(body, **facts):
        return resolve_references(read_command(body), Facts(**{"release_exists": True, "newest_release": "a", **facts}))

    return make


@pytest.fixture
def alone(issue_with, here, command_of):
    """What a body does to the only issue it is about, and the delta."""

    def carried_out(body, *, issue=None, facts=None, **circumstances):
        outcome = carry_out_all(command_of(body, **(facts or {})), [issue or issue_with()], here(**circumstances))
        return outcome.changes[0], outcome.delta

    return carried_out


# Resolving


@pytest.mark.parametrize("row", ["mutation-C01"])
def test_resolving_resolves_and_takes_out_of_the_inbox(row, alone, now):
    change, delta = alone({"status": "resolved"})
    issue = change.issue
    assert (issue.status, issue.substatus, issue.resolved_at, issue.resolution) == (Status.RESOLVED, None, now, None)
    assert told(change) == [(ActivityType.SET_RESOLVED, {})]
    assert change.effects == (LeaveInbox(), BY_STATUS_CHANGE)
    assert list(delta.items()) == [("status", "resolved"), ("statusDetails", {}), ("inbox", None)]
    assert status_details(issue, now) == {}


@pytest.mark.parametrize("row", ["mutation-C06"])
def test_resolving_ends_a_snooze(row, alone, issue_with, now):
    snoozed = issue_with(**archived(snooze=Snooze(until=now - timedelta(minutes=1))))
    assert alone({"status": "resolved"}, issue=snoozed)[0].issue.snooze is None


@pytest.mark.parametrize("row", ["mutation-C21"])
def test_resolving_several_subscribes_to_each(row, issue_with, here, command_of):
    issues = [issue_with(id=IssueId(1)), issue_with(id=IssueId(2))]
    outcome = carry_out_all(command_of({"status": "resolved"}), issues, here())
    assert [BY_STATUS_CHANGE in change.effects for change in outcome.changes] == [True, True]
    assert not outcome.shows_activity


def test_resolving_the_same_way_again_changes_nothing(alone, issue_with):
    issue = issue_with(**RESOLVED)
    change, delta = alone({"status": "resolved"}, issue=issue)
    assert change.issue is issue
    assert not change.is_changed
    assert (change.activities, change.effects) == ((), (LeaveInbox(),))
    assert delta == {"status": "resolved", "statusDetails": {}, "inbox": None}


def test_resolving_another_way_resolves_anew(alone, issue_with, now):
    issue = issue_with(**RESOLVED, resolved_at=now - timedelta(days=1))
    in_release, _ = alone({"status": "resolved", "statusDetails": {"inRelease": "a"}}, issue=issue)
    assert told(in_release) == [(ActivityType.SET_RESOLVED_IN_RELEASE, {"version": "a"})]
    assert in_release.issue.resolved_at == now
    plain, _ = alone({"status": "resolved"}, issue=in_release.issue)
    assert plain.issue.resolution is None
    assert told(plain) == [(ActivityType.SET_RESOLVED, {})]


@pytest.mark.parametrize("row", ["mutation-C18"])
def test_resolving_takes_the_issue_if_one_wants_that(row, alone, jane, issue_with):
    actor = msgspec.structs.replace(jane, self_assigns=True)
    change, delta = alone({"status": "resolved"}, actor=actor)
    assert change.issue.assignee == Assignee(user_id=JANE)
    assert delta["assignedTo"] == {"type": "user", "id": "7", "name": "Jane", "email": "jane@acme.io"}
    assert BY_STATUS_CHANGE in change.effects
    taken, delta = alone({"status": "resolved"}, actor=actor, issue=issue_with(assignee=Assignee(user_id=UserId(8))))
    assert taken.issue.assignee == Assignee(user_id=UserId(8))
    assert "assignedTo" not in delta


@pytest.mark.parametrize("row", ["mutation-C19"])
def test_resolving_in_the_next_release_takes_the_issue_too(row, alone, jane, line_of):
    actor = msgspec.structs.replace(jane, self_assigns=True)
    change, delta = alone({"status": "resolvedInNextRelease"}, actor=actor, releases=line_of("a"))
    assert (delta["status"], delta["statusDetails"]) == ("resolved", {"inNextRelease": True, "actor": JANE_SHOWN})
    assert delta["assignedTo"]["id"] == "7"
    assert told(change)[-1] == (ActivityType.SET_RESOLVED_IN_RELEASE, {"version": ""})


@pytest.mark.parametrize(
    ("body", "version"),
    [
        pytest.param({"inRelease": "latest"}, "a", id="mutation-F01"),
        pytest.param({"inRelease": "b"}, "b", id="mutation-F02"),
    ],
)
def test_resolving_in_a_release_remembers_it(alone, body, version, now):
    change, delta = alone({"status": "resolved", "statusDetails": body})
    assert change.issue.resolution == Resolution(
        type=ResolutionType.IN_RELEASE, release=version, actor_id=JANE, created_at=now
    )
    assert told(change) == [(ActivityType.SET_RESOLVED_IN_RELEASE, {"version": version})]
    assert delta["statusDetails"] == {"inRelease": version, "actor": JANE_SHOWN}
    assert status_details(change.issue, now, actor=JANE_SHOWN) == delta["statusDetails"]


SEMVER = ("pkg@1.0+0", "pkg@2.0+0", "pkg@1.0+1")
NAMED = ("foobar 1", "foobar 2", "foobar 3")


@pytest.mark.parametrize(
    ("versions", "seen_in", "by_status", "resolution", "data"),
    [
        pytest.param(("abc", "def"), "", True, ("def", True, None), {"version": ""}, id="mutation-F10"),
        pytest.param(
            SEMVER,
            "",
            True,
            ("pkg@2.0+0", False, "pkg@2.0+0"),
            {"version": "", "current_release_version": "pkg@2.0+0"},
            id="mutation-F11",
        ),
        pytest.param(
            SEMVER,
            "",
            False,
            ("pkg@1.0+1", False, "pkg@2.0+0"),
            {"version": "", "current_release_version": "pkg@2.0+0"},
            id="semver-by-details",
        ),
        pytest.param(
            ("21.1.0", "21.1.1", "21.1.2"),
            "21.1.1",
            True,
            ("21.1.2", False, "21.1.2"),
            {"version": "", "current_release_version": "21.1.2"},
            id="mutation-F14",
        ),
        pytest.param(
            NAMED, "foobar 1", True, ("foobar 2", False, "foobar 1"), {"version": "foobar 2"}, id="mutation-F16"
        ),
        pytest.param(
            NAMED, "foobar 2", False, ("foobar 3", False, "foobar 2"), {"version": "foobar 3"}, id="mutation-F17"
        ),
        pytest.param(NAMED, "foobar 3", True, ("foobar 3", True, "foobar 3"), {"version": ""}, id="in-the-newest"),
        pytest.param(NAMED, "gone", True, ("foobar 3", True, None), {"version": ""}, id="in-a-deleted-one"),
        pytest.param((), "", True, None, {"version": ""}, id="mutation-F08"),
    ],
)
def test_the_next_release_is_found(alone, issue_with, line_of, now, versions, seen_in, by_status, resolution, data):
    body = (
        {"status": "resolvedInNextRelease"}
        if by_status
        else {"status": "resolved", "statusDetails": {"inNextRelease": 1}}
    )
    change, delta = alone(body, issue=issue_with(last_release=seen_in), releases=line_of(*versions))
    stored = change.issue.resolution
    found = stored and (stored.release, stored.type is ResolutionType.IN_NEXT_RELEASE, stored.current_release)
    assert found == resolution
    assert told(change) == [(ActivityType.SET_RESOLVED_IN_RELEASE, data)]
    assert delta["statusDetails"] == {"inNextRelease": True, "actor": JANE_SHOWN}


@pytest.mark.parametrize(
    ("release", "row"), [pytest.param("", False, id="mutation-F26"), pytest.param("b", True, id="mutation-F27")]
)
def test_resolving_in_a_commit_links_it_and_resolves_in_the_release_that_has_it(alone, now, release, row):
    change, delta = alone(IN_COMMIT, facts=FOUND | {"commit_release": release})
    stored = change.issue.resolution
    assert (change.issue.status, stored is not None and stored.release == "b") == (Status.RESOLVED, row)
    assert LinkCommit(CommitId(5)) in change.effects
    assert told(change) == [(ActivityType.SET_RESOLVED_IN_COMMIT, {"commit": 5})]
    assert delta["statusDetails"] == {"inCommit": 5, "actor": JANE_SHOWN}


def test_only_a_released_commit_shows_what_happened(issue_with, here):
    for release, shows in (("", False), ("b", True)):
        command = resolve_references(read_command(IN_COMMIT), Facts(**FOUND, commit_release=release))
        assert carry_out_all(command, [issue_with()], here()).shows_activity is shows


def test_a_commit_resolves_an_issue_once_and_takes_the_place_of_another_way(alone, issue_with):
    resolved = issue_with(**RESOLVED)
    for fixed_by, anew in (({resolved.id: CommitId(5)}, False), ({resolved.id: CommitId(6)}, True), ({}, True)):
        change, _ = alone(IN_COMMIT, issue=resolved, facts=FOUND, fixed_by=fixed_by)
        assert (bool(told(change)), LinkCommit(CommitId(5)) in change.effects) == (anew, True)
    change, _ = alone({"status": "resolved"}, issue=resolved, fixed_by={resolved.id: CommitId(5)})
    assert told(change) == [(ActivityType.SET_RESOLVED, {})]


def test_an_issue_resolved_by_a_commit_alone_shows_it(issue_with, now):
    commit = {"id": "c0ffee"}
    resolved = issue_with(**RESOLVED)
    assert status_details(resolved, now, actor=JANE_SHOWN, commit=commit) == {"inCommit": commit}
    assert status_details(issue_with(), now, commit=commit) == {}


@pytest.mark.parametrize(
    ("pending", "details"), [(True, {"inNextRelease": True, "actor": None}), (False, {"inRelease": "a", "actor": None})]
)
def test_a_full_issue_shows_how_it_is_resolved(issue_with, now, pending, details):
    type_ = ResolutionType.IN_NEXT_RELEASE if pending else ResolutionType.IN_RELEASE
    issue = issue_with(**RESOLVED, resolution=Resolution(type=type_, release="a", created_at=now))
    assert status_details(issue, now) == details


def test_an_issue_quiet_for_long_shows_as_resolved_by_itself(issue_with, now):
    quiet = issue_with(last_seen=now - timedelta(hours=24, seconds=1))
    assert displayed_status(quiet, now, resolve_age_hours=24) is Status.RESOLVED
    assert status_details(quiet, now, resolve_age_hours=24) == {"autoResolved": True}
    assert displayed_status(quiet, now, resolve_age_hours=25) is Status.UNRESOLVED
    assert displayed_status(quiet, now) is Status.UNRESOLVED


@pytest.mark.parametrize("row", ["mutation-F31"])
@pytest.mark.parametrize(
    "body",
    [
        {"status": "resolvedInNextRelease"},
        {"status": "resolved", "statusDetails": {"inNextRelease": True}},
        {"status": "resolved", "statusDetails": {"inRelease": "a"}},
    ],
)
def test_a_release_cannot_be_meant_for_several_projects(row, issue_with, here, command_of, body):
    issues = [issue_with(), issue_with(id=IssueId(2), project_id=ProjectId(2))]
    with pytest.raises(Malformed, match=r"^Cannot set resolved for multiple projects\.$"):
        carry_out_all(command_of(body), issues, here())
    assert carry_out_all(command_of({"status": "resolved"}), issues, here()).delta["status"] == "resolved"


def test_one_issue_resolved_in_a_release_shows_its_activity(issue_with, here, command_of):
    command = command_of({"status": "resolved", "statusDetails": {"inRelease": "a"}})
    assert carry_out_all(command, [issue_with()], here()).shows_activity
    assert not carry_out_all(command, [issue_with(), issue_with(id=IssueId(2))], here()).shows_activity
    assert not carry_out_all(command_of({"status": "resolved"}), [issue_with()], here()).shows_activity


def test_credentials_without_a_user_resolve_without_an_actor(alone):
    change, delta = alone({"status": "resolved", "statusDetails": {"inRelease": "a"}}, actor=None)
    assert delta["statusDetails"] == {"inRelease": "a"}
    assert change.effects == (LeaveInbox(),)
    assert change.activities[0].user_id is None


# Reopening


@pytest.mark.parametrize("row", ["mutation-C07"])
def test_reopening_forgets_the_resolution(row, alone, issue_with, now):
    resolution = Resolution(type=ResolutionType.IN_RELEASE, release="a", created_at=now)
    change, delta = alone({"status": "unresolved"}, issue=issue_with(**RESOLVED, resolution=resolution))
    assert (change.issue.status, change.issue.substatus) == (Status.UNRESOLVED, Substatus.REGRESSED)
    assert change.issue.resolution is None
    assert told(change) == [(ActivityType.SET_UNRESOLVED, {})]
    assert change.effects == (BY_STATUS_CHANGE,)
    assert delta == {"status": "unresolved", "statusDetails": {}}


@pytest.mark.parametrize(
    ("before", "age_days", "body", "substatus"),
    [
        pytest.param(archived(), 8, {}, Substatus.ONGOING, id="mutation-C09"),
        pytest.param(archived(), 8, {"substatus": "ongoing"}, Substatus.ONGOING, id="mutation-C10"),
        pytest.param(archived(), 6, {}, Substatus.NEW, id="archived-while-new"),
        pytest.param(archived(), 6, {"substatus": "archived_forever"}, Substatus.NEW, id="mismatch"),
        pytest.param(RESOLVED, 1, {"substatus": "ongoing"}, Substatus.ONGOING, id="mutation-C12"),
        pytest.param(RESOLVED, 1, {}, Substatus.REGRESSED, id="was-resolved"),
    ],
)
def test_a_reopened_issue_is_what_it_was_or_what_one_says(alone, issue_with, now, before, age_days, body, substatus):
    issue = issue_with(**before, first_seen=now - timedelta(days=age_days))
    change, delta = alone({"status": "unresolved", **body}, issue=issue)
    assert change.issue.substatus is substatus
    assert delta == {"status": "unresolved", "statusDetails": {}, **body}


@pytest.mark.parametrize("row", ["mutation-C13"])
def test_reopening_what_is_open_does_nothing(row, alone, issue_with):
    issue = issue_with()
    change, delta = alone({"status": "unresolved"}, issue=issue)
    assert change.issue is issue
    assert (change.activities, change.effects) == ((), ())
    assert delta == {"status": "unresolved", "statusDetails": {}}


@pytest.mark.parametrize("row", ["mutation-C15"])
def test_reopening_one_of_several_is_told_on_every_one(row, issue_with, here, command_of):
    issues = [issue_with(id=IssueId(1), **RESOLVED), issue_with(id=IssueId(2))]
    changes = carry_out_all(command_of({"status": "unresolved"}), issues, here()).changes
    assert [told(change) for change in changes] == [[(ActivityType.SET_UNRESOLVED, {})]] * 2
    assert [change.effects for change in changes] == [(), ()]
    assert [change.issue.substatus for change in changes] == [Substatus.ONGOING, Substatus.NEW]


@pytest.mark.parametrize("row", ["mutation-C16"])
def test_reopening_ends_a_snooze(row, alone, issue_with, now):
    snoozed = issue_with(**archived(snooze=Snooze(until=now - timedelta(days=1))))
    change, delta = alone({"status": "unresolved"}, issue=snoozed)
    assert (change.issue.status, change.issue.snooze) == (Status.UNRESOLVED, None)
    assert delta == {"status": "unresolved", "statusDetails": {}}


@pytest.mark.parametrize("row", ["mutation-C24"])
def test_a_substatus_alone_is_only_echoed(row, alone, issue_with):
    issue = issue_with()
    change, delta = alone({"substatus": "ongoing"}, issue=issue)
    assert change.issue is issue
    assert delta == {"substatus": "ongoing"}


# Archiving


@pytest.mark.parametrize("row", ["mutation-D01"])
def test_archiving_what_was_resolved_forgets_how(row, alone, issue_with, now):
    resolution = Resolution(type=ResolutionType.IN_RELEASE, release="a", created_at=now)
    change, delta = alone({"status": "ignored"}, issue=issue_with(**RESOLVED, resolution=resolution))
    issue = change.issue
    assert (issue.status, issue.substatus) == (Status.IGNORED, Substatus.ARCHIVED_FOREVER)
    assert (issue.resolution, issue.snooze) == (None, None)
    assert delta == {"status": "ignored", "statusDetails": {}, "inbox": None}
    assert change.effects == (LeaveInbox(), BY_STATUS_CHANGE)
    assert told(change) == [(ActivityType.SET_IGNORED, NO_TERMS)]


@pytest.mark.parametrize(
    ("body", "substatus"),
    [
        pytest.param({"ignoreDuration": 30}, Substatus.ARCHIVED_UNTIL_CONDITION_MET, id="mutation-D02"),
        pytest.param({"statusDetails": {"ignoreCount": 1}}, Substatus.ARCHIVED_UNTIL_CONDITION_MET, id="mutation-D07"),
        pytest.param({"ignoreWindow": 60}, Substatus.ARCHIVED_FOREVER, id="mutation-D16"),
        pytest.param({"ignoreCount": 0}, Substatus.ARCHIVED_FOREVER, id="mutation-D23"),
        pytest.param({"snoozeDuration": None}, Substatus.ARCHIVED_FOREVER, id="mutation-D14"),
        pytest.param({"substatus": "ongoing"}, Substatus.ARCHIVED_FOREVER, id="mutation-C25"),
        pytest.param({"substatus": "archived_forever"}, Substatus.ARCHIVED_FOREVER, id="mutation-C27"),
        ({"substatus": "archived_until_condition_met", "ignoreCount": 1}, Substatus.ARCHIVED_UNTIL_CONDITION_MET),
    ],
)
def test_an_archived_issue_says_until_when(alone, body, substatus):
    change, delta = alone({"status": "ignored", **body})
    assert change.issue.substatus is substatus
    assert delta.get("substatus") == body.get("substatus")


@pytest.mark.parametrize("row", ["mutation-D02", "mutation-D20"])
def test_archiving_for_a_while_is_until_an_instant(row, alone, now):
    change, delta = alone({"status": "ignored", "ignoreDuration": 30})
    until = "2026-01-31T10:30:00.000000Z"
    assert change.issue.snooze == Snooze(until=now + timedelta(minutes=30), actor_id=JANE)
    assert list(delta) == ["status", "statusDetails", "inbox"]
    assert delta["statusDetails"] == {
        "ignoreCount": None,
        "ignoreUntil": until,
        "ignoreUserCount": None,
        "ignoreUserWindow": None,
        "ignoreWindow": None,
        "actor": JANE_SHOWN,
    }
    assert told(change) == [(ActivityType.SET_IGNORED, NO_TERMS | {"ignoreUntil": until})]


@pytest.mark.parametrize("row", ["mutation-D17"])
def test_terms_beside_status_details_are_only_echoed(row, alone):
    change, delta = alone({"status": "ignored", "statusDetails": {}, "ignoreDuration": 30})
    assert change.issue.snooze is None
    assert delta == {"status": "ignored", "ignoreDuration": 30, "statusDetails": {}, "inbox": None}


@pytest.mark.parametrize(
    ("terms", "snooze"),
    [
        pytest.param({"ignoreCount": 100}, Snooze(count=100, times_seen_at_start=1, actor_id=JANE), id="mutation-D04"),
        pytest.param(
            {"ignoreUserCount": 10}, Snooze(user_count=10, users_seen_at_start=10, actor_id=JANE), id="mutation-D05"
        ),
        pytest.param(
            {"ignoreCount": 10, "ignoreWindow": 60},
            Snooze(count=10, window_minutes=60, actor_id=JANE),
            id="mutation-D08",
        ),
        (
            {"ignoreUserCount": 10, "ignoreUserWindow": 60},
            Snooze(user_count=10, user_window_minutes=60, actor_id=JANE),
        ),
    ],
)
def test_counts_without_a_window_start_from_what_was_seen(alone, issue_with, now, terms, snooze):
    change, delta = alone({"status": "ignored", **terms}, users_seen={IssueId(1): 10})
    if snooze.users_seen_at_start is not None:
        snooze = msgspec.structs.replace(snooze, users_counted_from=now)
    assert change.issue.snooze == snooze
    assert {key: value for key, value in delta["statusDetails"].items() if value is not None} == terms | {
        "actor": JANE_SHOWN
    }


@pytest.mark.parametrize("row", ["mutation-D19"])
def test_archiving_what_is_archived_only_replaces_the_terms(row, alone, issue_with):
    snoozed = issue_with(**archived(Substatus.ARCHIVED_UNTIL_CONDITION_MET, snooze=Snooze(count=3)))
    change, _ = alone({"status": "ignored"}, issue=snoozed)
    assert (change.issue.snooze, change.issue.substatus) == (None, Substatus.ARCHIVED_UNTIL_CONDITION_MET)
    assert (change.activities, change.effects) == ((), (LeaveInbox(),))
    forever = issue_with(**archived())
    assert alone({"status": "ignored"}, issue=forever)[0].issue is forever
    counted, _ = alone({"status": "ignored", "ignoreCount": 3}, issue=forever)
    assert (counted.issue.snooze.count, counted.issue.substatus) == (3, Substatus.ARCHIVED_FOREVER)


@pytest.mark.parametrize("row", ["mutation-D22"])
def test_archiving_several_snoozes_each(row, issue_with, here, command_of):
    issues = [issue_with(id=IssueId(1), times_seen=4), issue_with(id=IssueId(2), times_seen=9)]
    changes = carry_out_all(command_of({"status": "ignored", "ignoreCount": 3}), issues, here()).changes
    assert [change.issue.snooze.times_seen_at_start for change in changes] == [4, 9]
    assert [change.effects for change in changes] == [(LeaveInbox(),)] * 2


@pytest.mark.parametrize("row", ["mutation-C28"])
def test_archiving_until_escalating_has_no_terms(row, alone, issue_with):
    body = {"status": "ignored", "substatus": "archived_until_escalating"}
    change, delta = alone({**body, "ignoreCount": 3}, issue=issue_with())
    assert (change.issue.substatus, change.issue.snooze) == (Substatus.ARCHIVED_UNTIL_ESCALATING, None)
    assert delta == {**body, "statusDetails": {"ignoreUntilEscalating": True}, "inbox": None}
    assert told(change) == [(ActivityType.SET_IGNORED, NO_TERMS | {"ignoreUntilEscalating": True})]


def test_muted_is_archived_and_echoed_as_muted(alone):
    change, delta = alone({"status": "muted"})
    assert change.issue.status is Status.IGNORED
    assert delta == {"status": "muted", "statusDetails": {}, "inbox": None}


@pytest.mark.parametrize("status", [Status.PENDING_DELETION, Status.DELETION_IN_PROGRESS, Status.PENDING_MERGE])
def test_issues_on_their_way_out_stay_as_they_are(alone, issue_with, status):
    leaving = issue_with(status=status, substatus=None)
    body = {"status": "unresolved", "priority": "low", "isBookmarked": True}
    change, _ = alone(body, issue=leaving)
    assert change.issue is leaving
    assert (change.activities, change.effects) == ((), ())


# Marks


@pytest.mark.parametrize(
    ("body", "effects"),
    [
        pytest.param(
            {"isBookmarked": "true"},
            (SetBookmark(JANE, is_set=True), Subscribe(frozenset({JANE}), SubscriptionReason.BOOKMARK)),
            id="mutation-G01",
        ),
        pytest.param(
            {"isBookmarked": "1"},
            (SetBookmark(JANE, is_set=True), Subscribe(frozenset({JANE}), SubscriptionReason.BOOKMARK)),
            id="mutation-G03",
        ),
        ({"isBookmarked": False}, (SetBookmark(JANE, is_set=False), Unsubscribe(frozenset({JANE})))),
        pytest.param({"isSubscribed": "true"}, (SetSubscription(JANE, is_active=True),), id="mutation-G06-on"),
        pytest.param({"isSubscribed": "false"}, (SetSubscription(JANE, is_active=False),), id="mutation-G06-off"),
        pytest.param({"hasSeen": "0"}, (SetSeen(JANE, None),), id="mutation-G09-off"),
        ({"inbox": True}, (EnterInbox(InboxReason.MANUAL),)),
        ({}, ()),
        ({"nonsense": 1}, ()),
    ],
)
def test_marks_are_effects_and_leave_the_issue_alone(alone, issue_with, body, effects):
    issue = issue_with()
    change, delta = alone(body, issue=issue)
    assert change.issue is issue
    assert change.effects == effects
    assert change.activities == ()
    assert all(isinstance(value, bool | dict) for value in delta.values())


@pytest.mark.parametrize("row", ["mutation-G09", "mutation-G10"])
def test_only_people_of_the_project_have_seen_an_issue(row, alone, issue_with, now):
    change, delta = alone({"hasSeen": "1"})
    assert (change.effects, delta) == ((SetSeen(JANE, now),), {"hasSeen": True})
    change, delta = alone({"hasSeen": "1"}, issue=issue_with(project_id=ProjectId(2)))
    assert (change.effects, delta) == ((), {"hasSeen": True})


@pytest.mark.parametrize(
    "body", [{"isBookmarked": True}, {"isBookmarked": False}, {"isSubscribed": True}, {"hasSeen": True}]
)
def test_credentials_without_a_user_leave_no_marks(alone, body):
    assert alone(body, actor=None)[0].effects == ()


def test_the_exact_delta_of_a_subscription(alone):
    assert alone({"isSubscribed": "0"})[1] == {"isSubscribed": False, "subscriptionDetails": {"reason": "unknown"}}


@pytest.mark.parametrize("row", ["mutation-G12"])
def test_sharing_gives_each_issue_an_address(row, issue_with, here, command_of):
    issues = [issue_with(id=IssueId(1)), issue_with(id=IssueId(2))]
    share_ids = {IssueId(1): "a" * 32, IssueId(2): "b" * 32}
    outcome = carry_out_all(command_of({"isPublic": "true"}), issues, here(share_ids=share_ids))
    assert [change.issue.share_id for change in outcome.changes] == ["a" * 32, "b" * 32]
    assert [told(change) for change in outcome.changes] == [[(ActivityType.SET_PUBLIC, {})]] * 2
    assert outcome.delta == {"isPublic": True, "shareId": "b" * 32}


@pytest.mark.parametrize("row", ["mutation-G13"])
def test_sharing_ends(row, alone, issue_with):
    change, delta = alone({"isPublic": "false"}, issue=issue_with(share_id="a" * 32))
    assert change.issue.share_id is None
    assert told(change) == [(ActivityType.SET_PRIVATE, {})]
    assert delta == {"isPublic": False, "shareId": None}


@pytest.mark.parametrize("row", ["mutation-G15"])
def test_what_was_not_shared_stays_so(row, alone, issue_with):
    issue = issue_with()
    change, delta = alone({"isPublic": False}, issue=issue)
    assert (change.issue, change.activities, delta["shareId"]) == (issue, (), None)


def test_sharing_again_changes_the_address(alone, issue_with):
    change, delta = alone({"isPublic": True}, issue=issue_with(share_id="a" * 32), share_ids={IssueId(1): "c" * 32})
    assert told(change) == [(ActivityType.SET_PRIVATE, {}), (ActivityType.SET_PUBLIC, {})]
    assert delta["shareId"] == "c" * 32


@pytest.mark.parametrize("row", ["mutation-G18"])
def test_a_priority_is_locked_even_if_it_was_right(row, issue_with, here, command_of, now):
    issues = [issue_with(id=IssueId(1), priority=Priority.HIGH), issue_with(id=IssueId(2), priority=Priority.MEDIUM)]
    outcome = carry_out_all(command_of({"priority": "medium"}), issues, here())
    high, medium = outcome.changes
    assert told(high) == [(ActivityType.SET_PRIORITY, {"priority": "medium", "reason": None})]
    assert told(medium) == []
    assert [change.issue.priority_locked_at for change in outcome.changes] == [now, now]
    assert outcome.delta == {"priority": "medium"}


@pytest.mark.parametrize("row", ["mutation-G21", "mutation-G22"])
def test_reviewing_takes_out_of_the_inbox_and_settles(row, alone, issue_with):
    change, delta = alone({"inbox": "false"}, in_inbox=frozenset({IssueId(1)}))
    assert change.effects == (LeaveInbox(),)
    assert change.issue.substatus is Substatus.ONGOING
    assert told(change) == [
        (ActivityType.MARK_REVIEWED, {}),
        (ActivityType.AUTO_SET_ONGOING, {"manually": True}),
    ]
    assert delta == {"inbox": False}


def test_reviewing_what_nobody_waits_for_does_nothing(alone, issue_with):
    issue = issue_with(substatus=Substatus.ONGOING)
    change, _ = alone({"inbox": False}, issue=issue)
    assert (change.issue, change.activities, change.effects) == (issue, (), ())


def test_resolving_wins_over_the_inbox(alone):
    change, delta = alone({"status": "resolved", "inbox": True})
    assert EnterInbox(InboxReason.MANUAL) not in change.effects
    assert delta["inbox"] is None


# Assigning


def a_user(user_id):
    return UserFacts(
        user_id=UserId(user_id), name=f"user{user_id}", email=f"{user_id}@acme.io", is_member=True, is_on_project=True
    )


TEAM = TeamFacts(team_id=TeamId(3), slug="backend", is_in_organization=True, is_on_project=True)
TEAM_MEMBERS = {TeamId(3): frozenset({UserId(8), UserId(9)})}


def assigned(*user_ids):
    return Subscribe(frozenset(map(UserId, user_ids)), SubscriptionReason.ASSIGNED)


def dropped(*user_ids):
    return Unsubscribe(frozenset(map(UserId, user_ids)), SubscriptionReason.ASSIGNED)


@pytest.mark.parametrize("row", ["mutation-H01"])
def test_assigning_subscribes_and_tells(row, alone):
    change, delta = alone({"assignedTo": "user7", "integration": "slack"}, facts={"assignee": a_user(7)})
    assert change.issue.assignee == Assignee(user_id=UserId(7))
    assert change.effects == (assigned(7),)
    assert told(change) == [
        (
            ActivityType.ASSIGNED,
            {"assignee": "7", "assigneeEmail": "7@acme.io", "assigneeType": "user", "integration": "slack"},
        )
    ]
    assert delta == {"assignedTo": {"type": "user", "id": "7", "name": "user7", "email": "7@acme.io"}}


@pytest.mark.parametrize("row", ["mutation-H02"])
def test_unassigning_tells_and_unsubscribes(row, alone, issue_with):
    change, delta = alone({"assignedTo": ""}, issue=issue_with(assignee=Assignee(user_id=UserId(8))))
    assert change.issue.assignee is None
    assert (change.effects, told(change)) == ((dropped(8),), [(ActivityType.UNASSIGNED, {})])
    assert delta == {"assignedTo": None}


@pytest.mark.parametrize("row", ["mutation-H07"])
def test_a_team_comes_and_goes_with_all_its_members(row, alone, issue_with):
    change, delta = alone({"assignedTo": "team:3"}, facts={"assignee": TEAM}, team_members=TEAM_MEMBERS)
    assert change.effects == (assigned(8, 9),)
    assert told(change) == [(ActivityType.ASSIGNED, {"assignee": "3", "assigneeEmail": None, "assigneeType": "team"})]
    assert delta == {"assignedTo": {"type": "team", "id": "3", "name": "backend"}}
    change, _ = alone({"assignedTo": ""}, issue=change.issue, team_members=TEAM_MEMBERS)
    assert (change.effects, told(change)) == ((dropped(8, 9),), [(ActivityType.UNASSIGNED, {})])


@pytest.mark.parametrize("row", ["mutation-H13"])
def test_reassigning_unsubscribes_who_had_it(row, alone, issue_with):
    change, _ = alone(
        {"assignedTo": 8}, facts={"assignee": a_user(8)}, issue=issue_with(assignee=Assignee(user_id=UserId(7)))
    )
    assert change.effects == (dropped(7), assigned(8))


def test_who_is_in_the_new_team_stays_subscribed(alone, issue_with):
    change, _ = alone(
        {"assignedTo": "#backend"},
        facts={"assignee": TEAM},
        issue=issue_with(assignee=Assignee(user_id=UserId(8))),
        team_members=TEAM_MEMBERS,
    )
    assert change.effects == (assigned(8, 9),)


@pytest.mark.parametrize("row", ["mutation-H14"])
def test_assigning_to_who_has_it_is_no_activity(row, alone, issue_with):
    issue = issue_with(assignee=Assignee(user_id=UserId(8)))
    change, _ = alone({"assignedTo": 8}, facts={"assignee": a_user(8)}, issue=issue)
    assert (change.issue, change.activities) == (issue, ())


@pytest.mark.parametrize("row", ["mutation-H16"])
def test_taking_from_nobody_is_nothing(row, alone, issue_with):
    issue = issue_with()
    change, delta = alone({"assignedTo": ""}, issue=issue)
    assert (change.issue, change.activities, change.effects) == (issue, (), ())
    assert delta == {"assignedTo": None}


@pytest.mark.parametrize("row", ["mutation-H17"])
def test_assigning_several_answers_with_one_actor(row, issue_with, here, command_of):
    issues = [issue_with(id=IssueId(1)), issue_with(id=IssueId(2))]
    outcome = carry_out_all(command_of({"assignedTo": 8}, assignee=a_user(8)), issues, here())
    assert [len(change.activities) for change in outcome.changes] == [1, 1]
    assert outcome.delta["assignedTo"]["id"] == "8"


# All together


@pytest.mark.parametrize("row", ["mutation-M06"])
def test_one_body_may_ask_for_several_things(row, alone, now):
    change, delta = alone(
        {"status": "resolved", "assignedTo": "user:8", "hasSeen": True}, facts={"assignee": a_user(8)}
    )
    assert (change.issue.status, change.issue.assignee) == (Status.RESOLVED, Assignee(user_id=UserId(8)))
    assert SetSeen(JANE, now) in change.effects
    assert set(delta) == {"status", "statusDetails", "inbox", "assignedTo", "hasSeen"}


@pytest.mark.parametrize(
    "sent", [{"isPublic": False, "status": "unresolved"}, {"status": "unresolved", "isPublic": False}]
)
def test_the_delta_echoes_in_the_order_sent(alone, sent):
    delta = alone(sent)[1]
    assert list(delta)[:3] == [*sent, "statusDetails"]


@pytest.mark.parametrize("row", ["mutation-I08"])
def test_merging_and_discarding_are_left_to_others(row, alone, issue_with):
    issue = issue_with()
    change, delta = alone({"merge": "1"}, issue=issue)
    assert (change.issue, delta) == (issue, {"merge": True})


def test_carrying_out_for_one_issue_is_carrying_out_for_all_of_one(issue_with, here, command_of):
    command = command_of({"status": "ignored"})
    assert isinstance(command.status, Archive)
    assert carry_out(command, issue_with(), here()) == carry_out_all(command, [issue_with()], here()).changes[0]
