import pytest

from tocsin.domain.errors import InvalidFields
from tocsin.domain.issue.assignee_ref import UNREADABLE
from tocsin.domain.issue.command import (
    AssignTeam,
    AssignUser,
    ResolveInCommit,
    ResolveInNextRelease,
    ResolveInRelease,
    ResolveNow,
    read_command,
)
from tocsin.domain.issue.issue import TeamId, UserId
from tocsin.domain.issue.references import Facts, TeamFacts, UserFacts, resolve_references
from tocsin.domain.release.commit import CommitId

NO_BASIS = "No release data present in the system to form a basis for 'Next Release'"


def user(**fields):
    known = {"user_id": UserId(7), "name": "Jane", "email": "jane@acme.io", "is_member": True, "is_on_project": True}
    return UserFacts(**(known | fields))


def team(**fields):
    return TeamFacts(
        **({"team_id": TeamId(3), "slug": "backend", "is_in_organization": True, "is_on_project": True} | fields)
    )


def in_details(**details):
    return {"status": "resolved", "statusDetails": details}


@pytest.mark.parametrize(
    ("body", "facts", "errors"),
    [
        pytest.param(
            in_details(inRelease="latest"), Facts(), {"statusDetails": {"inRelease": [NO_BASIS]}}, id="mutation-F04"
        ),
        pytest.param(
            in_details(inRelease="x"),
            Facts(newest_release="a"),
            {"statusDetails": {"inRelease": ["Unable to find a release with the given version."]}},
            id="mutation-F05",
        ),
        (in_details(inNextRelease=True), Facts(), {"statusDetails": {"inNextRelease": [NO_BASIS]}}),
        pytest.param(
            in_details(inUpcomingRelease=True),
            Facts(newest_release="a"),
            {"statusDetails": {"inUpcomingRelease": ["Your organization does not have access to this feature."]}},
            id="mutation-F32",
        ),
        pytest.param(
            in_details(inCommit={"commit": "c", "repository": "nope"}),
            Facts(),
            {"statusDetails": {"inCommit": {"repository": ["Unable to find the given repository."]}}},
            id="mutation-F29",
        ),
        pytest.param(
            in_details(inCommit={"commit": "c", "repository": "r"}),
            Facts(repository_exists=True),
            {"statusDetails": {"inCommit": {"commit": ["Unable to find the given commit."]}}},
            id="mutation-F28",
        ),
        pytest.param(
            in_details(inCommit={}),
            Facts(),
            {"statusDetails": {"inCommit": {"repository": ["Unable to find the given repository."]}}},
            id="mutation-F30",
        ),
        pytest.param(
            {"discard": True}, Facts(), {"discard": ["You do not have permission to discard events"]}, id="mutation-J03"
        ),
        ({"assignedTo": 7}, Facts(), {"assignedTo": ["User does not exist"]}),
        ({"assignedTo": "team:3"}, Facts(), {"assignedTo": ["Team does not exist"]}),
        pytest.param({"assignedTo": "team:my-slug"}, Facts(), {"assignedTo": [UNREADABLE]}, id="mutation-H10"),
        pytest.param({"assignedTo": "nobody@x"}, Facts(), {"assignedTo": [UNREADABLE]}, id="mutation-H11"),
        (
            {"assignedTo": 7},
            Facts(assignee=user(is_member=False)),
            {"assignedTo": ["User is not a member of this organization"]},
        ),
        (
            {"assignedTo": 7},
            Facts(assignee=user(is_active=False)),
            {"assignedTo": ["Cannot assign to a deactivated member"]},
        ),
        (
            {"assignedTo": 7},
            Facts(assignee=user(is_on_project=False), open_membership=False),
            {"assignedTo": ["Cannot assign to non-team member"]},
        ),
        (
            {"assignedTo": "team:3"},
            Facts(assignee=team(is_in_organization=False)),
            {"assignedTo": ["Team is not a member of this organization"]},
        ),
        pytest.param(
            {"assignedTo": "team:3"},
            Facts(assignee=team(is_on_project=False), open_membership=False),
            {"assignedTo": ["Cannot assign to a team without access to the project"]},
            id="mutation-H08",
        ),
        (
            in_details(inRelease="x") | {"assignedTo": "nobody"},
            Facts(),
            {
                "statusDetails": {"inRelease": ["Unable to find a release with the given version."]},
                "assignedTo": [UNREADABLE],
            },
        ),
    ],
)
def test_what_there_is_not_is_refused(body, facts, errors):
    with pytest.raises(InvalidFields) as refusal:
        resolve_references(read_command(body), facts)
    assert refusal.value.errors == errors


@pytest.mark.parametrize(
    ("facts", "assignment"),
    [
        (Facts(assignee=user()), AssignUser(user_id=UserId(7), name="Jane", email="jane@acme.io")),
        (Facts(assignee=user(is_on_project=False)), AssignUser(user_id=UserId(7), name="Jane", email="jane@acme.io")),
        (Facts(assignee=team(), open_membership=False), AssignTeam(team_id=TeamId(3), slug="backend")),
    ],
)
def test_who_may_be_assigned_is(facts, assignment):
    assert resolve_references(read_command({"assignedTo": "somebody"}), facts).assignment == assignment


def test_latest_becomes_the_newest_release():
    resolved = resolve_references(read_command(in_details(inRelease="latest")), Facts(newest_release="b"))
    assert resolved.status == ResolveInRelease("b")


def test_a_release_that_exists_stays_what_was_asked_for():
    command = read_command(in_details(inRelease="a"))
    assert resolve_references(command, Facts(newest_release="b", release_exists=True)).status == ResolveInRelease("a")


def test_a_command_without_references_is_left_alone():
    command = read_command({"status": "resolvedInNextRelease", "assignedTo": ""})
    assert resolve_references(command, Facts()) == command


def test_whoever_may_discard_is_not_refused():
    command = read_command({"discard": True})
    assert resolve_references(command, Facts(may_discard=True)).discard is True


def test_a_commit_is_resolved_to_its_row_and_the_release_that_has_it():
    body = in_details(inCommit={"commit": "c", "repository": "r"})
    facts = Facts(repository_exists=True, commit_id=CommitId(5), commit_release="b")
    assert resolve_references(read_command(body), facts).status == ResolveInCommit(CommitId(5), "b")


@pytest.mark.parametrize(
    ("details", "way"),
    [
        ({"inNextRelease": True, "inRelease": "a", "inCommit": {}}, ResolveInNextRelease(by_status=False)),
        ({"inNextRelease": False, "inRelease": "a", "inCommit": {}}, ResolveInRelease("a")),
        ({"inCommit": {}}, ResolveInCommit()),
        pytest.param({"inNextRelease": False}, ResolveNow(), id="mutation-F33"),
    ],
)
def test_only_one_way_of_resolving_counts(details, way):
    assert read_command(in_details(**details)).status == way
