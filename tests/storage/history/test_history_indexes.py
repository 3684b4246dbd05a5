"""What is asked of few events is found by an index: a list of constants that is none reads ten million rows."""

from datetime import timedelta

import pytest

from tocsin.storage.history.filters import at_one_of, in_projects, is_any_of_events, is_event
from tocsin.storage.history.insert import insert
from tocsin.storage.history.scope import IssueScope, in_issues


@pytest.fixture
def events(history, make_event, noon, project_id):
    events = [make_event(minutes=-nth / 60, group=f"group {nth % 300}") for nth in range(9000)]
    insert(history, f"indexes-{project_id}", events, noon)
    return events


def granules(history, clause):
    """Return how many granules are read at last, and how many there are in the parts that count."""
    lines = history.rows(f"EXPLAIN indexes = 1 SELECT count() FROM event WHERE {clause.sql}", clause.parameters)
    told = [line.split(":")[1].split("/") for (line,) in lines if "Granules:" in line and "/" in line]
    return int(told[-1][0]), int(told[0][1])


@pytest.mark.parametrize("several", [False, True], ids=["one project", "two projects"])
def test_events_of_issues_are_found_by_the_primary_index(history, events, project_id, hash_of, several):
    scopes = [IssueScope(project_id, ((hash_of(f"group {nth}"), None),)) for nth in (7, 8)]
    scopes += [IssueScope(project_id + 1, ((hash_of("group 9"), None),))] * several
    read, whole = granules(history, in_issues(scopes))
    assert read <= 2 * len(scopes) < whole


def test_events_of_issues_at_a_time_are_found_by_it_too(history, events, project_id, hash_of, noon):
    scope = IssueScope(project_id, ((hash_of("group 7"), None),))
    at = at_one_of([noon - timedelta(seconds=7)])
    read, whole = granules(history, in_issues([scope]) & at)
    assert read <= 2 < whole


@pytest.mark.parametrize("condition", [is_event, lambda event_id: is_any_of_events([event_id])], ids=["one", "of some"])
def test_events_are_found_by_their_id(history, events, project_id, condition):
    read, whole = granules(history, in_projects([project_id]) & condition(events[0].event_id))
    assert read <= 2 < whole
