from datetime import timedelta

import msgspec
import pytest

from tocsin.storage.history.filters import is_one_of, tag
from tocsin.storage.history.insert import insert
from tocsin.storage.history.scope import IssueScope, Selection
from tocsin.storage.history.seen import Seen, SeenOrder, seen, seen_hashes, series


@pytest.fixture
def events(history, make_event, noon, project_id, other_project_id):
    events = [
        make_event(minutes=-10, user="id:1", tags={"os": "Linux"}),
        make_event(minutes=-70, user="id:1"),
        make_event(minutes=-80, user="", group="b"),
        make_event(minutes=-5, user="id:2", group="c"),
    ]
    # The same hash in another project belongs to another issue.
    events.append(msgspec.structs.replace(events[0], project_id=other_project_id, user="id:9"))
    insert(history, f"seen-{project_id}", events, noon)
    return events


def issue(project_id, *hashes):
    return IssueScope(project_id, tuple((name, None) for name in hashes))


def test_figures_of_many_issues_come_in_their_order(history, events, hash_of, project_id, other_project_id):
    scopes = [
        issue(project_id, hash_of("none")),
        issue(project_id, hash_of("a"), hash_of("c")),
        issue(other_project_id, hash_of("a")),
        issue(project_id, hash_of("b")),
    ]
    assert seen(history, scopes) == (
        Seen(),
        Seen(events=3, users=2, first=events[1].timestamp, last=events[3].timestamp),
        Seen(events=1, users=1, first=events[0].timestamp, last=events[0].timestamp),
        Seen(events=1, users=0, first=events[2].timestamp, last=events[2].timestamp),
    )


def test_figures_of_two_projects_do_not_mix(history, events, hash_of, project_id, other_project_id):
    scopes = [issue(project_id, hash_of("a")), issue(other_project_id, hash_of("b"))]
    assert [found.events for found in seen(history, scopes)] == [2, 0]


def test_figures_keep_to_the_window_and_the_filter(history, events, hash_of, project_id, noon):
    hour = Selection(start=noon - timedelta(hours=1), end=noon)
    assert seen(history, [issue(project_id, hash_of("a"))], hour)[0].events == 1
    linux = Selection(where=is_one_of(tag("os"), ["Linux"]))
    assert seen(history, [issue(project_id, hash_of("a"))], linux)[0].events == 1


def test_no_issues_have_no_figures(history):
    assert seen(history, []) == ()


def test_a_series_has_every_interval(history, events, hash_of, project_id, other_project_id, noon):
    start = noon.replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
    window = Selection(start=start, end=start + timedelta(hours=3))
    epoch = int(start.timestamp())
    scopes = [issue(project_id, hash_of("a"), hash_of("b")), issue(other_project_id, hash_of("x"))]
    assert series(history, scopes, window, 3600) == (
        ((epoch, 2), (epoch + 3600, 1), (epoch + 7200, 0)),
        ((epoch, 0), (epoch + 3600, 0), (epoch + 7200, 0)),
    )


def test_a_series_without_bounds_or_end_is_our_mistake(history, noon):
    with pytest.raises(ValueError, match="start and an end"):
        series(history, [], Selection(start=noon), 60)
    with pytest.raises(ValueError, match="at most 1000 points"):
        series(history, [], Selection(start=noon, end=noon + timedelta(days=1)), 60)


@pytest.mark.parametrize(
    ("order", "expected"),
    [(SeenOrder.LAST, "cab"), (SeenOrder.EVENTS, "a"), (SeenOrder.FIRST, "cab"), (SeenOrder.USERS, "")],
)
def test_hashes_are_ranked(history, events, hash_of, project_id, order, expected):
    found = seen_hashes(history, [project_id], Selection(), order=order, limit=10)
    assert {row.primary_hash for row in found} == {hash_of(name) for name in "abc"}
    assert [row.primary_hash for row in found][: len(expected)] == [hash_of(name) for name in expected]
    assert sum(row.events for row in found) == 4


def test_hashes_of_a_search_have_a_matching_event(history, events, hash_of, project_id, other_project_id):
    linux = Selection(where=is_one_of(tag("os"), ["Linux"]))
    found = seen_hashes(history, [project_id, other_project_id], linux, limit=10)
    assert [(row.project_id, row.primary_hash, row.users) for row in found] == [
        (project_id, hash_of("a"), 1),
        (other_project_id, hash_of("a"), 1),
    ]
    assert len(seen_hashes(history, [project_id, other_project_id], linux, limit=1)) == 1


def test_what_a_reborn_hash_left_behind_is_not_found(history, events, hash_of, project_id, noon):
    reborn = IssueScope(project_id, ((hash_of("a"), noon + timedelta(seconds=1)),))
    found = seen_hashes(history, [project_id], Selection(), limit=10, reborn=[reborn])
    assert {row.primary_hash for row in found} == {hash_of("b"), hash_of("c")}
