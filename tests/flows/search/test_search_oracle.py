"""The flow and a search that looks at every event, one by one, find the same."""

import os
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.flows.search.conftest import NOW, hash_of

from tocsin.domain.issue.issue import Assignee, ProjectId, Status, Substatus
from tocsin.domain.query.evaluate import matches
from tocsin.domain.query.split import split
from tocsin.domain.query.tree import Operator
from tocsin.flows.search import Search
from tocsin.flows.search.counted import Limits
from tocsin.storage.state import issue_hashes, issues, projects

EXAMPLES = int(os.environ.get("ORACLE_EXAMPLES", "15"))
"""Worlds to search on each engine in each way; ``make oracle`` tries thousands."""

GROUPS = "abcdef"
MERGED_INTO = {"f": "a"}
"""Events of the group f belong to the issue of the group a: it has two hashes."""

sendings = st.lists(
    st.fixed_dictionaries(
        {
            "group": st.sampled_from(GROUPS),
            "ago": st.sampled_from([0.2, 0.7, 3, 3600, 4000, 86_000, 90_000, 3 * 86_400, 40 * 86_400]),
            "level": st.sampled_from(["error", "info"]),
            "environment": st.sampled_from(["", "production", "staging"]),
            "user": st.sampled_from(["", "id:1", "id:2", "id:3"]),
            "release": st.sampled_from(["", "app@1.0.0", "app@1.1.0"]),
            "tags": st.dictionaries(st.sampled_from(["browser", "os"]), st.sampled_from(["x", "y"]), max_size=2),
        }
    ),
    min_size=1,
    max_size=14,
)
conditions = st.sampled_from(
    [
        *("is:unresolved", "!is:unresolved", "is:resolved", "is:new", "!is:ongoing", "is:assigned", "!assigned:me"),
        *("status:[resolved, ignored]", "assigned:[me, none]", "firstSeen:-24h", "age:+2d", "firstRelease:app@1.0.0"),
        *("level:error", "!level:error", "browser:x", "!browser:x", "browser:* os:y", "has:os", "!has:os", "a", "B"),
        *("environment:production", "release:[app@1.0.0, app@1.1.0]", "release.version:>1.0.0", "!user:id:1"),
        *("timesSeen:>1", "!timesSeen:[1, 2]", "lastSeen:-24h", "lastSeen:+24h", "timestamp:-24h", "timestamp:+1d"),
    ]
)
searches = st.fixed_dictionaries(
    {
        "query": st.lists(conditions, max_size=3).map(" ".join),
        "stats_period": st.sampled_from([None, None, "24h", "5s"]),
        "environments": st.sampled_from([None, None, ("production",), ("", "staging")]),
        "sort": st.sampled_from(["date", "new", "freq", "user"]),
        "is_over": st.booleans(),
    }
)
marks = st.lists(
    st.sampled_from(
        [
            {},
            {"status": Status.RESOLVED, "substatus": None},
            {"status": Status.IGNORED, "substatus": Substatus.ARCHIVED_FOREVER},
            {"substatus": Substatus.ONGOING},
            {"status": Status.PENDING_DELETION},
            {"assignee": "jane"},
        ]
    ),
    min_size=len(GROUPS),
    max_size=len(GROUPS),
)


@pytest.mark.parametrize(
    "limits",
    [Limits(named_issues_max=0, named_hashes_max=0, events_at_once=1), Limits()],
    ids=["as with many", "as with few"],
)
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
@given(sent=sendings, marked=marks, asked=st.lists(searches, min_size=5, max_size=5))
def test_the_flow_finds_what_looking_at_every_event_finds(each_world, limits, sent, marked, asked):
    known = _stored(each_world, sent, marked)
    flow = Search(each_world.state, each_world.history, limits)
    for search in asked:
        parameters = dict(search)
        is_over, query = parameters.pop("is_over"), parameters.pop("query")
        if "first" in query or "age" in query:
            # What digestion noted of environments is not for the oracle to know, see test_search_cases.
            parameters["environments"] = None
        if is_over:
            parameters |= {"stats_period": None, "start": "2026-11-07T00:00:00", "end": "2026-11-10T11:59:57"}
        wanted = each_world.asked(query, projects=(each_world.pump,), **parameters)
        expected = _naive(known, wanted)
        page = flow.issues(wanted, NOW)
        assert [(row.issue.id, row.count, row.user_count) for row in page.rows] == expected, search
        assert page.hits == flow.count(wanted, NOW) == len(expected)
        assert set(flow.ids(wanted, NOW)) == {one for one, _, _ in expected}


def _stored(world, sent, marked):
    """Send the events to a project of their own and return its issues, each with its events."""
    with world.state.write() as connection:
        project_id = projects.create(connection, world.organization_id, f"p{len(world.named)}", "p", NOW)
        world.named[f"project {project_id}"] = 0
        world.pump = projects.by_ids(connection, [project_id])[project_id]
    built = []
    for one in sent:
        fields = dict(one)
        group, ago = fields.pop("group"), timedelta(seconds=fields.pop("ago"))
        title = MERGED_INTO.get(group, group)
        built.append(world.event(group, ago, world.pump, title=title, **fields))
    for event in built:
        world.send(event)
    return _with_marks(world, ProjectId(project_id), built, marked)


def _with_marks(world, project_id, built, marked):
    keys = {group: (project_id, hash_of(group)) for group in GROUPS}
    with world.state.write() as connection:
        owners = issue_hashes.owners(connection, keys.values())
        if {keys["a"], keys["f"]} <= owners.keys():
            issue_hashes.link(connection, {keys["f"]: owners[keys["a"]].issue_id})
            issues.remove(connection, [owners[keys["f"]].issue_id])
            owners = issue_hashes.owners(connection, keys.values())
        events = {}
        for event in built:
            events.setdefault(owners[project_id, event.primary_hash].issue_id, []).append(event)
        loaded = issues.load(connection, events, lock=True)
        issues.save(connection, [_marked(world, one, events[one.id], marked) for one in loaded.values()])
        return [(one, events[one.id]) for one in issues.load(connection, events).values()]


def _marked(world, issue, events, marked):
    fields = dict(marked[GROUPS.index(issue.title)])
    if "assignee" in fields:
        fields["assignee"] = Assignee(user_id=world.jane)
    first = min(events, key=lambda event: event.timestamp)
    # What a merge adds up is the merge's business; here the issue is told.
    times = {"first_seen": first.timestamp, "last_seen": max(event.timestamp for event in events)}
    return replace(issue, times_seen=len(events), **times, **fields)


def _naive(known, wanted):
    parts = split(wanted.query)
    found = []
    for issue, events in known:
        inside = [event for event in events if _is_inside(event, wanted)]
        met = [event for event in inside if all(_event_meets(term, event) for term in parts.event_terms)]
        held = _is_shown(issue) and all(_issue_meets(term, issue) for term in parts.issue_terms)
        if met and held and all(_adds_up(term, met) for term in parts.aggregate_terms):
            narrowed = [event for event in inside if all(_event_meets(term, event) for term in _times(parts))]
            found.append((_score(issue, met, wanted.sort), issue.id, len(narrowed), _users(narrowed)))
    return [tuple(rest) for _, *rest in sorted(found, key=lambda row: row[:2], reverse=True)]


def _times(parts):
    return [term for term in parts.event_terms if term.key.name == "timestamp"]


def _is_inside(event, wanted):
    there = wanted.environments is None or event.environment in wanted.environments
    return there and wanted.window.start <= event.timestamp < wanted.window.end


def _event_meets(term, event):
    return matches(term, event, now=NOW)


def _is_shown(issue):
    return issue.status in {Status.UNRESOLVED, Status.RESOLVED, Status.IGNORED}


def _users(events):
    return len({event.user for event in events} - {""})


def _score(issue, met, sort):
    match sort:
        case "date":
            return max(event.timestamp for event in met).replace(microsecond=0)
        case "new":
            return issue.first_seen.replace(microsecond=issue.first_seen.microsecond // 1000 * 1000)
        case "freq":
            return len(met)
        case "user":
            return _users(met)


def _adds_up(term, met):
    if term.key.name == "last_seen":
        return term.date_range(NOW).contains(max(event.timestamp for event in met).replace(microsecond=0))
    if term.operator is Operator.GREATER:
        return len(met) > term.values[0]
    return (len(met) in term.values) is not term.negated


def _issue_meets(term, issue):
    match term.key.name:
        case "status":
            met = issue.status.value in term.values
        case "substatus":
            met = issue.substatus is not None and issue.substatus.value in term.values
        case "assigned_to" if term.operator is Operator.PRESENT:
            met = issue.assignee is not None
        case "assigned_to":
            met = ("none" if issue.assignee is None else "me") in term.values
        case "first_release":
            met = issue.first_release in term.values
        case "first_seen":
            return term.date_range(NOW).contains(issue.first_seen)
        case name:
            raise AssertionError(name)
    return met is not term.negated
