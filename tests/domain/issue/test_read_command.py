import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.domain.errors import InvalidFields
from tocsin.domain.issue.assignee_ref import UNREADABLE, TeamById, TeamBySlug, UserById, UserByName
from tocsin.domain.issue.command import (
    Archive,
    CommitRef,
    Needs,
    Reopen,
    ResolveInNextRelease,
    ResolveInRelease,
    ResolveNow,
    Unassign,
    read_command,
)
from tocsin.domain.issue.issue import Priority, Substatus
from tocsin.domain.issue.snooze import SnoozeTerms

BOOLEANS = {
    True: [True, 1, 1.0, "1", "true", "True", "TRUE", "t", "T", "yes", "Yes", "y", "on", "ON"],
    False: [False, 0, "0", "false", "False", "FALSE", "f", "F", "no", "NO", "n", "off", "Off"],
}
INVALID_BOOLEAN = ["Must be a valid boolean."]
INVALID_INTEGER = ["A valid integer is required."]
NULL = ["This field may not be null."]


def invalid_choice(word):
    return [f'"{word}" is not a valid choice.']


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"status": "resolved"}, ResolveNow()),
        ({"status": "resolved", "substatus": None}, ResolveNow()),
        ({"status": "resolvedInNextRelease"}, ResolveInNextRelease(by_status=True)),
        ({"status": "resolved", "statusDetails": {"inNextRelease": True}}, ResolveInNextRelease(by_status=False)),
        ({"status": "resolved", "statusDetails": {"inNextRelease": False}}, ResolveNow()),
        (
            {"status": "resolved", "statusDetails": {"inNextRelease": "1", "inRelease": "a"}},
            ResolveInNextRelease(by_status=False),
        ),
        ({"status": "resolved", "statusDetails": {"inRelease": " 1.0 "}}, ResolveInRelease("1.0")),
        ({"status": "resolved", "statusDetails": {"inUpcomingRelease": False}}, ResolveNow()),
        ({"status": "unresolved"}, Reopen()),
        ({"status": "unresolved", "substatus": "escalating"}, Reopen(Substatus.ESCALATING)),
        ({"status": "unresolved", "substatus": "archived_forever"}, Reopen()),
        ({"status": "ignored"}, Archive()),
        ({"status": "muted"}, Archive()),
        ({"status": "ignored", "substatus": "archived_until_escalating"}, Archive(Substatus.ARCHIVED_UNTIL_ESCALATING)),
        pytest.param({"status": "ignored", "substatus": "ongoing"}, Archive(), id="mutation-C25"),
        ({"statusDetails": {"inNextRelease": True}}, None),
        pytest.param({"substatus": "ongoing"}, None, id="mutation-C24"),
        ({}, None),
    ],
)
def test_a_status_is_read_with_its_details(body, status):
    assert read_command(body).status == status


@pytest.mark.parametrize(
    ("body", "terms"),
    [
        pytest.param({"ignoreDuration": 30}, SnoozeTerms(duration_minutes=30), id="mutation-D02"),
        pytest.param({"ignoreCount": 100}, SnoozeTerms(count=100), id="mutation-D04"),
        pytest.param({"ignoreUserCount": 10}, SnoozeTerms(user_count=10), id="mutation-D05"),
        pytest.param({"statusDetails": {"ignoreCount": 100}}, SnoozeTerms(count=100), id="mutation-D07"),
        pytest.param(
            {"ignoreCount": 10, "ignoreWindow": 60}, SnoozeTerms(count=10, window_minutes=60), id="mutation-D08"
        ),
        pytest.param(
            {"ignoreWindow": 10080, "ignoreCount": 1}, SnoozeTerms(count=1, window_minutes=10080), id="mutation-D10"
        ),
        pytest.param({"snoozeDuration": None}, None, id="mutation-D14"),
        pytest.param({"ignoreWindow": 60}, None, id="mutation-D16"),
        pytest.param({"statusDetails": {}, "ignoreDuration": 30}, None, id="mutation-D17"),
        pytest.param({"ignoreCount": 0}, None, id="mutation-D23"),
        ({"ignoreCount": -3}, None),
        ({"snoozeDuration": "20"}, SnoozeTerms(duration_minutes=20)),
        ({"snoozeDuration": 20, "ignoreDuration": "30.0"}, SnoozeTerms(duration_minutes=30)),
        (
            {"statusDetails": {"ignoreUserCount": 3, "ignoreUserWindow": 5, "ignoreDuration": 7}},
            SnoozeTerms(user_count=3, user_window_minutes=5, duration_minutes=7),
        ),
    ],
)
def test_terms_of_a_snooze_are_read_from_either_level(body, terms):
    status = read_command({"status": "ignored", **body}).status
    assert isinstance(status, Archive)
    assert status.terms == terms


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        pytest.param({"status": "bogus"}, {"status": invalid_choice("bogus")}, id="mutation-C03"),
        pytest.param({"status": "reprocessing"}, {"status": invalid_choice("reprocessing")}, id="mutation-C04"),
        ({"status": "pending_deletion"}, {"status": invalid_choice("pending_deletion")}),
        ({"status": None}, {"status": NULL}),
        ({"status": 5}, {"status": invalid_choice("5")}),
        ({"substatus": "until_escalating"}, {"substatus": invalid_choice("until_escalating")}),
        pytest.param(
            {"ignoreWindow": 10081, "ignoreCount": 1},
            {"ignoreWindow": ["Ensure this value is less than or equal to 10080."]},
            id="mutation-D11",
        ),
        (
            {"statusDetails": {"ignoreUserWindow": "10081"}},
            {"statusDetails": {"ignoreUserWindow": ["Ensure this value is less than or equal to 10080."]}},
        ),
        pytest.param({"ignoreDuration": "abc"}, {"ignoreDuration": INVALID_INTEGER}, id="mutation-D13"),
        ({"ignoreDuration": None}, {"ignoreDuration": NULL}),
        ({"ignoreDuration": True}, {"ignoreDuration": INVALID_INTEGER}),
        ({"ignoreDuration": 1.5}, {"ignoreDuration": INVALID_INTEGER}),
        ({"ignoreDuration": [1]}, {"ignoreDuration": INVALID_INTEGER}),
        ({"ignoreCount": 2**31}, {"ignoreCount": ["Ensure this value is less than or equal to 2147483647."]}),
        ({"ignoreCount": 10**30}, {"ignoreCount": INVALID_INTEGER}),
        pytest.param({"isBookmarked": "maybe"}, {"isBookmarked": INVALID_BOOLEAN}, id="mutation-G16"),
        ({"hasSeen": None}, {"hasSeen": NULL}),
        ({"hasSeen": {}}, {"hasSeen": INVALID_BOOLEAN}),
        ({"hasSeen": ""}, {"hasSeen": INVALID_BOOLEAN}),
        pytest.param({"priority": "urgent"}, {"priority": invalid_choice("urgent")}, id="mutation-G19"),
        ({"priority": None}, {"priority": NULL}),
        (
            {"statusDetails": "x"},
            {"statusDetails": {"non_field_errors": ["Invalid data. Expected a dictionary, but got str."]}},
        ),
        ({"statusDetails": None}, {"statusDetails": NULL}),
        ({"statusDetails": {"inRelease": ""}}, {"statusDetails": {"inRelease": ["This field may not be blank."]}}),
        ({"statusDetails": {"inRelease": []}}, {"statusDetails": {"inRelease": ["Not a valid string."]}}),
        (
            {"statusDetails": {"inCommit": {"commit": None}}},
            {"statusDetails": {"inCommit": {"commit": NULL}}},
        ),
        ({"assignedTo": ["jane"]}, {"assignedTo": [UNREADABLE]}),
        ({"assignedTo": True}, {"assignedTo": [UNREADABLE]}),
        ({"assignedTo": "team:"}, {"assignedTo": [UNREADABLE]}),
        ({"assignedTo": "#"}, {"assignedTo": [UNREADABLE]}),
        ({"assignedTo": "9" * 30}, {"assignedTo": ["User does not exist"]}),
        ({"assignedTo": "team:" + "9" * 19}, {"assignedTo": ["Team does not exist"]}),
        pytest.param(
            {"discard": True, "status": "resolved"},
            {"non_field_errors": ["Other attributes cannot be updated when discarding"]},
            id="mutation-J05",
        ),
        ([], {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}),
        (None, {"non_field_errors": NULL}),
    ],
)
def test_a_mistake_is_answered_field_by_field(body, errors):
    with pytest.raises(InvalidFields) as refusal:
        read_command(body)
    assert refusal.value.errors == errors


def test_all_mistakes_are_told_at_once():
    with pytest.raises(InvalidFields) as refusal:
        read_command({"status": "x", "hasSeen": "x", "statusDetails": {"ignoreCount": "x", "inNextRelease": "x"}})
    assert refusal.value.errors == {
        "status": invalid_choice("x"),
        "hasSeen": INVALID_BOOLEAN,
        "statusDetails": {"ignoreCount": INVALID_INTEGER, "inNextRelease": INVALID_BOOLEAN},
    }


@pytest.mark.parametrize(
    ("written", "meant"), [(written, meant) for meant, spellings in BOOLEANS.items() for written in spellings]
)
def test_booleans_are_read_in_their_usual_spellings_and_echoed_as_such(written, meant):
    command = read_command({"isBookmarked": written})
    assert command.is_bookmarked is meant
    assert command.echo["isBookmarked"] is meant


@pytest.mark.parametrize(
    ("written", "ref"),
    [
        (12, UserById(12)),
        ("12", UserById(12)),
        pytest.param("user:12", UserById(12), id="mutation-H04"),
        pytest.param("jane.doe", UserByName("jane.doe"), id="mutation-H01"),
        pytest.param("jane@acme.io", UserByName("jane@acme.io"), id="mutation-H05"),
        ("user:jane.doe", UserByName("jane.doe")),
        ("odd:name", UserByName("odd:name")),
        ("team:34", TeamById(34)),
        ("team:backend", TeamBySlug("backend")),
        ("#backend", TeamBySlug("backend")),
        ("#12", TeamBySlug("12")),
    ],
)
def test_an_assignee_is_read_in_every_documented_form(written, ref):
    command = read_command({"assignedTo": written})
    assert (command.needs.assignee, command.assignment) == (ref, None)


@pytest.mark.parametrize("nobody", ["", None])
def test_nothing_and_null_unassign(nobody):
    command = read_command({"assignedTo": nobody})
    assert (command.needs.assignee, command.assignment) == (None, Unassign())


def test_what_must_be_looked_up_is_listed():
    details = {"inRelease": "latest", "inNextRelease": True, "inCommit": {"commit": "c0ffee"}}
    assert read_command({"statusDetails": details}).needs == Needs(
        release="latest", any_release=True, commit=CommitRef(key="c0ffee")
    )
    assert read_command({"status": "resolvedInNextRelease"}).needs == Needs()


def test_a_user_count_without_a_window_needs_the_users_so_far():
    assert read_command({"status": "ignored", "ignoreUserCount": 3}).needs_users_seen
    assert not read_command({"status": "ignored", "ignoreUserCount": 3, "ignoreUserWindow": 5}).needs_users_seen
    assert not read_command({"status": "ignored", "ignoreCount": 3}).needs_users_seen


def test_plain_fields_are_read():
    command = read_command(
        {"priority": "low", "hasSeen": 1, "isSubscribed": "off", "isPublic": True, "inbox": "false", "merge": "1"}
        | {"integration": "slack", "inboxDetails": {"until": 1}}
    )
    assert (command.priority, command.has_seen, command.is_subscribed) == (Priority.LOW, True, False)
    assert (command.is_public, command.inbox, command.merge) == (True, False, True)
    assert command.integration == "slack"
    assert command.echo["inboxDetails"] == {}
    assert "integration" not in command.echo


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_KEYS = st.sampled_from(
    [
        "status",
        "statusDetails",
        "substatus",
        "priority",
        "assignedTo",
        "hasSeen",
        "isPublic",
        "merge",
        "inbox",
        "discard",
        "inboxDetails",
        "snoozeDuration",
        "ignoreCount",
        "ignoreWindow",
        "inRelease",
        "inNextRelease",
        "inCommit",
        "other",
    ]
)


@given(st.dictionaries(_KEYS, _JSON | st.dictionaries(_KEYS, _JSON, max_size=4), max_size=6) | _JSON)
def test_no_body_makes_reading_fail_in_any_other_way(body):
    try:
        echo = read_command(body).echo
    except InvalidFields:
        return
    assert set(echo) <= set(body)
