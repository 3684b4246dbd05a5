"""A command on many issues does to each what it would do to that issue if each were looked at on its own."""

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.flows.conftest import many

from tocsin.domain.access import Scope
from tocsin.domain.issue.command import read_command
from tocsin.domain.issue.issue import (
    Assignee,
    InboxReason,
    Priority,
    Resolution,
    ResolutionType,
    Snooze,
    Status,
    Substatus,
)
from tocsin.domain.issue.workflow import carry_out_all
from tocsin.flows.triage.lookup import circumstances, resolved
from tocsin.storage.state import activity, inbox, issues, releases

BODIES = st.sampled_from(
    [
        {"status": "resolved"},
        {"status": "resolvedInNextRelease"},
        {"status": "resolved", "statusDetails": {"inRelease": "latest"}},
        {"status": "unresolved"},
        {"status": "unresolved", "substatus": "escalating"},
        {"status": "ignored"},
        {"status": "ignored", "ignoreCount": 5},
        {"status": "ignored", "ignoreCount": 5, "ignoreWindow": 60, "ignoreDuration": 10},
        {"status": "ignored", "substatus": "archived_until_escalating"},
        {"priority": "low"},
        {"priority": "high", "status": "resolved", "assignedTo": "jane@acme.io"},
        {"assignedTo": ""},
        {"inbox": False},
        {"inbox": True, "hasSeen": True},
        {"isPublic": False},
    ]
)
VERSIONS = ("", "shop@1.0.0", "shop@2.0.0", "shop@2.1.0")


@st.composite
def populations(draw):
    """Return what is to be set on each of some issues, so that many agree and many differ."""
    return draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "standing": st.sampled_from(["open", "new", "resolved", "resolved in", "archived", "snoozed"]),
                    "priority": st.sampled_from([None, Priority.LOW, Priority.HIGH]),
                    "locked": st.booleans(),
                    "mine": st.booleans(),
                    "waiting": st.booleans(),
                    "times_seen": st.integers(1, 2),
                    "last_release": st.sampled_from(VERSIONS),
                    "resolved_ago": st.integers(0, 2),
                    "shared": st.booleans(),
                }
            ),
            min_size=1,
            max_size=8,
        )
    )


def standing(issue, wanted, user_id, now):
    """Return *issue* as *wanted* describes it."""
    ago = now - timedelta(hours=wanted["resolved_ago"])
    resolution = Resolution(type=ResolutionType.IN_RELEASE, release="shop@1.0.0", actor_id=user_id, created_at=ago)
    plain = {
        "status": Status.UNRESOLVED,
        "substatus": Substatus.NEW,
        "resolved_at": None,
        "resolution": None,
        "snooze": None,
    }
    fields = (
        plain
        | {
            "open": {"substatus": Substatus.ONGOING},
            "new": {},
            "resolved": {"status": Status.RESOLVED, "substatus": None, "resolved_at": ago},
            "resolved in": {"status": Status.RESOLVED, "substatus": None, "resolved_at": ago, "resolution": resolution},
            "archived": {"status": Status.IGNORED, "substatus": Substatus.ARCHIVED_FOREVER},
            "snoozed": {
                "status": Status.IGNORED,
                "substatus": Substatus.ARCHIVED_UNTIL_CONDITION_MET,
                "snooze": Snooze(count=3, times_seen_at_start=wanted["times_seen"]),
            },
        }[wanted["standing"]]
    )
    return replace(
        issue,
        priority=wanted["priority"],
        priority_locked_at=ago if wanted["locked"] else None,
        assignee=Assignee(user_id=user_id) if wanted["mine"] else None,
        times_seen=wanted["times_seen"],
        last_release=wanted["last_release"],
        share_id=f"{issue.id:032x}" if wanted["shared"] else None,
        **fields,
    )


def prepared(shop, population, user_id):
    """Write the population over the same issues each time, and return them."""
    with shop.state.write() as connection:
        ids = [issue.id for issue in shop.issues()][: len(population)]
        fresh = issues.load(connection, ids)
        wanted = [standing(fresh[one], each, user_id, shop.now) for one, each in zip(ids, population, strict=True)]
        issues.save(connection, wanted)
        inbox.take_out(connection, ids)
        waiting = [one for one, each in zip(ids, population, strict=True) if each["waiting"]]
        inbox.put(connection, dict.fromkeys(waiting, InboxReason.NEW), shop.now)
    return wanted


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)
@given(population=populations(), body=BODIES)
def test_many_issues_fare_as_each_would_alone_among_them(shop, triage, by, population, body):
    if not shop.issues():
        many(shop, 8)
        with shop.state.write() as connection:
            at = [releases.Deployed(organization_id=by.reach.organization.id, project_id=shop.project.id, version=one,
                                    at=shop.now - timedelta(days=4 - number))
                  for number, one in enumerate(VERSIONS) if one]  # fmt: skip
            releases.ensure(connection, at)
    chosen = prepared(shop, population, by.user.id)
    shop.later(minutes=1)
    with shop.state.read() as connection:
        reach = replace(by.reach, scopes=frozenset(Scope))
        command = resolved(connection, read_command(body), chosen, reach)
        here = circumstances(connection, command, chosen, by.user, by.shown, shop.now)
    expected = carry_out_all(command, chosen, here)
    outcome = triage.carry_out([one.id for one in chosen], body, by, shop.now)
    assert outcome.delta == expected.delta
    with shop.state.read() as connection:
        stored = issues.load(connection, outcome.issue_ids)
        for change in expected.changes:
            story = activity.page(connection, change.issue.id, limit=9)
            told = [entry for _, entry in story if entry.created_at == shop.now]
            for name in change.issue.__struct_fields__:
                assert name == "version" or getattr(stored[change.issue.id], name) == getattr(change.issue, name), name
            assert [(one.type, one.data) for one in reversed(told)] == [
                (one.type, one.data) for one in change.activities
            ]
