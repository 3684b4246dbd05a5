"""Who survives a merge, what becomes of everybody, and that it can be undone (spec/mutation.md 3.7)."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tocsin.domain.errors import InvalidList, Malformed
from tocsin.domain.issue.account import Account
from tocsin.domain.issue.category import Category, category_of
from tocsin.domain.issue.effects import LeaveInbox
from tocsin.domain.issue.issue import ActivityType, Assignee, InboxReason, IssueId, ProjectId, Status, Substatus, UserId
from tocsin.domain.issue.merging import (
    TOLD_MAX,
    Child,
    Kin,
    Waited,
    before_of_child,
    before_of_parent,
    before_without,
    family_of,
    joined_by,
    merged,
    parted,
    returned,
    told_of_other,
)

HOUR = timedelta(hours=1)


def of(user_id):
    return Assignee(user_id=UserId(user_id))


@pytest.fixture
def issue(issue_with, now):
    """Return an issue by its number, from so many hours ago until so many hours ago."""

    def make(number, *, events=1, first=9, last=1, **fields):
        times = {"first_seen": now - first * HOUR, "last_seen": now - last * HOUR}
        return issue_with(id=IssueId(number), number=number, times_seen=events, **times, **fields)

    return make


def kin_of(parent, *children, kept=(), own=None):
    """Return the family as if *children* and *kept* had been merged into *parent* in this order."""
    whole = [Child(issue=one, before=before_of_child(one, None)) for one in (*children, *kept)]
    gone, left = whole[: len(children)], whole[len(children) :]
    return Kin(before=before_of_parent(parent, [], {}), own=own, gone=tuple(gone), kept=tuple(left))


def test_the_most_frequent_issue_survives_and_of_equals_the_latest(issue):
    family = family_of([issue(1, events=2), issue(2, events=50), issue(3, events=2)])
    assert family.parent.id == 2
    assert [child.id for child in family.children] == [3, 1]


@pytest.mark.parametrize("status", [Status.PENDING_MERGE, Status.PENDING_DELETION, Status.DELETION_IN_PROGRESS])
def test_what_is_on_its_way_out_takes_no_part(issue, status):
    leaving = issue(1, events=99, status=status, project_id=ProjectId(2), type="transaction")
    assert family_of([leaving, issue(2)]) is None
    family = family_of([leaving, issue(2), issue(3)])
    assert (family.parent.id, [child.id for child in family.children]) == (3, [2])


def test_issues_of_several_projects_are_no_family(issue):
    with pytest.raises(Malformed, match=r"^Merging across multiple projects is not supported$"):
        family_of([issue(1), issue(2, project_id=ProjectId(2), type="transaction")])


def test_only_errors_are_a_family(issue):
    with pytest.raises(InvalidList) as refused:
        family_of([issue(1), issue(2, type="transaction")])
    assert refused.value.messages == ["Only error issues can be merged."]


@pytest.mark.parametrize("kind", ["error", "default", "csp", "hpkp"])
def test_what_is_not_known_to_be_something_else_is_an_error(issue, kind):
    assert category_of(issue(1, type=kind)) is Category.ERROR
    assert category_of(issue(1, type="transaction")) is Category.PERFORMANCE


def test_a_parent_counts_for_all_and_children_are_hidden(issue, now):
    family = family_of(
        [
            issue(1, events=50, comment_count=1, first_release="2", last_release="2"),
            issue(2, events=2, first=20, comment_count=3, first_release="1"),
            issue(3, events=1, last=0, last_release="3", status=Status.RESOLVED, substatus=None),
        ]
    )
    parent, *children = merged(family, by=UserId(7), now=now)
    seen = parent.issue
    assert (seen.times_seen, seen.comment_count, seen.first_release, seen.last_release) == (53, 4, "1", "3")
    assert (seen.first_seen, seen.last_seen) == (now - 20 * HOUR, now)
    [entry] = parent.activities
    assert (entry.type, entry.data, entry.user_id) == (ActivityType.MERGE, {"issues": [{"id": 2}, {"id": 3}]}, 7)
    assert [(one.issue.status, one.issue.substatus) for one in children] == [
        (Status.PENDING_MERGE, Substatus.NEW),
        (Status.PENDING_MERGE, None),
    ]
    assert all(one.effects == (LeaveInbox(),) and not one.activities for one in children)


def test_a_child_that_was_not_seen_later_leaves_the_words_of_the_parent(issue):
    whole = joined_by(issue(1, last=5), issue(2, last=1, title="Other"))
    assert whole.title == issue(1).title


@pytest.mark.parametrize(("own", "brought", "whose"), [(None, 3, 3), (2, 3, 2), (2, None, 2), (None, None, None)])
def test_a_parent_without_assignee_takes_that_of_the_child(issue, own, brought, whose):
    assignees = [None if one is None else of(one) for one in (own, brought, whose)]
    assert joined_by(issue(1, assignee=assignees[0]), issue(2, assignee=assignees[1])).assignee == assignees[2]


def test_one_entry_names_no_more_than_a_story_can_hold(issue, now):
    family = family_of([issue(number) for number in range(1, TOLD_MAX + 10)])
    parent, *children = merged(family, by=None, now=now)
    assert len(children) == TOLD_MAX + 8
    assert len(parent.activities[0].data["issues"]) == TOLD_MAX
    told = told_of_other(ActivityType.UNMERGE_SOURCE, issue(33), "pump", ["f" * 32] * 2000)
    assert (len(told["fingerprints"]), told["destination"]["shortId"]) == (TOLD_MAX, "PUMP-11")
    assert told_of_other(ActivityType.UNMERGE_DESTINATION, issue(1), "pump", [])["source"]["id"] == "1"


def test_a_child_comes_back_as_it_was_with_what_came_in_since(issue, now):
    child = issue(2, events=3, status=Status.IGNORED, substatus=Substatus.ARCHIVED_FOREVER)
    before = before_of_child(child, Waited(reason=InboxReason.NEW, added_at=now))
    hidden = replace(child, status=Status.PENDING_MERGE)
    assert returned(Child(issue=hidden, before=before)) == child
    since = Account(events=2, first_seen=now - HOUR / 2, last_seen=now, last_release="9")
    grown = returned(Child(issue=hidden, before=before, since=since))
    assert (grown.status, grown.times_seen, grown.last_seen, grown.last_release) == (Status.IGNORED, 5, now, "9")
    assert grown.first_seen == child.first_seen


def test_a_parent_is_as_it_was_when_all_are_gone(issue):
    parent = issue(1, events=50, first=10, last=5, first_release="2", last_release="3")
    children = [
        issue(2, events=7, first=20, last=8, first_release="1", assignee=of(3)),
        issue(3, events=5, first=9, last=1, last_release="4", assignee=of(4)),
    ]
    whole = joined_by(joined_by(parent, children[0]), children[1])
    assert whole.assignee == of(3)
    assert parted(whole, kin_of(parent, *children)) == parent


def test_children_that_stay_are_still_counted(issue, now):
    parent, gone, kept = issue(1, events=50, last=5), issue(2, last=1, assignee=of(3)), issue(3, last=2, assignee=of(4))
    whole = joined_by(joined_by(parent, gone), kept)
    left = parted(whole, kin_of(parent, gone, kept=[kept]))
    assert (left.times_seen, left.last_seen, left.assignee) == (51, now - 2 * HOUR, of(4))


@pytest.mark.parametrize(("before", "now_whose", "left"), [(None, 3, None), (None, 5, 5), (3, 3, 3), (5, None, None)])
def test_an_assignee_that_a_person_chose_stays(issue, before, now_whose, left):
    parent, child = issue(1, events=5, assignee=before and of(before)), issue(2, assignee=of(3))
    whole = replace(joined_by(parent, child), assignee=now_whose and of(now_whose))
    assert parted(whole, kin_of(parent, child)).assignee == (left and of(left))


def test_events_of_the_parent_itself_are_remembered_by_history_alone(issue, now):
    parent, child = issue(1, events=5, last=5), issue(2, last=4)
    whole = replace(joined_by(parent, child), times_seen=9, last_seen=now, last_release="7")
    own = Account(events=8, first_seen=now - 9 * HOUR, last_seen=now, last_release="7")
    left = parted(whole, kin_of(parent, child, own=own))
    assert (left.times_seen, left.last_seen, left.last_release) == (8, now, "7")


def test_a_parent_forgets_of_itself_what_has_moved_on(issue, now):
    before = before_of_parent(issue(1, events=5, first=9, first_release="1"), [], {})
    gone = Account(events=2, first_seen=now - 9 * HOUR, last_seen=now - 8 * HOUR, first_release="1")
    rest = Account(events=3, first_seen=now - 6 * HOUR, last_seen=now - HOUR, first_release="2")
    left = before_without(before, gone, rest, {})
    assert (left.first_seen, left.last_seen, left.first_release) == (now - 6 * HOUR, before.last_seen, "2")
    assert before_without(before, None, rest, {}) is before
    assert before_without(before, gone, None, {}) is before
