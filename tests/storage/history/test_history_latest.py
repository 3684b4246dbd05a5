import pytest

from tocsin.storage.history.insert import insert
from tocsin.storage.history.latest import Latest, latest
from tocsin.storage.history.scope import IssueScope


@pytest.fixture
def events(history, make_event, noon, project_id):
    events = [
        make_event(minutes=-70, handled=False),
        make_event(minutes=-10, handled=True),
        make_event(minutes=-10, handled=False),
        make_event(minutes=-30, handled=False, group="b"),
        make_event(minutes=-10, handled=True, group="c"),
    ]
    insert(history, f"latest-{project_id}", events, noon)
    return events


@pytest.fixture
def scopes(project_id, hash_of):
    return [IssueScope(project_id, ((hash_of(name), None),)) for name in "abc"]


def of(event):
    return Latest(event_id=event.event_id, is_handled=event.handled)


def test_the_latest_event_is_found_and_of_two_at_a_time_the_greater_id(history, events, scopes):
    _, _, last, other, third = events
    assert latest(history, scopes, [one.timestamp for one in (last, other, third)]) == (of(last), of(other), of(third))


@pytest.mark.parametrize("wrong", [0, 3, 4], ids=["an earlier event", "another issue's time", "nobody's time"])
def test_the_latest_event_is_found_when_state_saw_the_issue_at_another_time(history, events, scopes, noon, wrong):
    times = [*(one.timestamp for one in events), noon]
    told = latest(history, scopes, [events[2].timestamp, times[wrong], events[4].timestamp])
    assert told == (of(events[2]), of(events[3]), of(events[4]))


def test_an_issue_without_events_has_no_latest_one(history, events, scopes, hash_of, noon):
    unknown, bare = IssueScope(scopes[0].project_id, ((hash_of("none"), None),)), IssueScope(scopes[0].project_id, ())
    assert latest(history, [unknown, scopes[1], bare], [noon] * 3) == (None, of(events[3]), None)
    assert latest(history, [bare], [noon]) == (None,)


def test_events_before_the_issue_owned_the_hash_are_not_its_latest(history, events, project_id, hash_of, noon):
    later = IssueScope(project_id, ((hash_of("a"), noon.replace(hour=13)),))
    assert latest(history, [later], [events[2].timestamp]) == (None,)
