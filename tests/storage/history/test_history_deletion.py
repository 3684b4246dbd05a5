from datetime import timedelta

from tocsin.storage.history.deletion import delete_events, delete_project, expire
from tocsin.storage.history.events import count, page
from tocsin.storage.history.insert import insert
from tocsin.storage.history.scope import EVERYTHING, IssueScope, Page, ProjectScope
from tocsin.storage.history.seen import seen


def test_the_events_of_a_deleted_issue_are_gone_and_others_stay(history, make_event, project_id, hash_of, noon):
    events = [make_event(group="a"), make_event(group="b"), make_event(group="c")]
    insert(history, f"delete-{project_id}", events, noon)

    delete_events(history, project_id, [hash_of("a"), hash_of("b")], noon + timedelta(seconds=1))

    assert [found.event_id for found in page(history, ProjectScope((project_id,)), EVERYTHING, Page(9))] == [
        events[2].event_id
    ]
    scopes = [IssueScope(project_id, ((hash_of(name), None),)) for name in "abc"]
    assert [found.events for found in seen(history, scopes)] == [0, 0, 1]


def test_events_digested_after_the_deletion_stay(history, make_event, project_id, hash_of, noon):
    before, after = make_event(), make_event()
    insert(history, before.event_id, [before], noon)
    insert(history, after.event_id, [after], noon + timedelta(seconds=1))
    delete_events(history, project_id, [hash_of("a")], noon + timedelta(seconds=1))
    found = page(history, ProjectScope((project_id,)), EVERYTHING, Page(9))
    assert [row.event_id for row in found] == [after.event_id]


def test_more_hashes_than_fit_a_statement_are_deleted(history, make_event, project_id, hash_of, noon):
    groups = [str(number) for number in range(1001)]
    insert(history, f"many-{project_id}", [make_event(group=group) for group in groups], noon)
    delete_events(history, project_id, [hash_of(group) for group in groups], noon + timedelta(seconds=1))
    assert count(history, ProjectScope((project_id,))) == 0


def test_another_project_keeps_the_same_hash(history, make_event, project_id, other_project_id, hash_of, noon):
    events = [make_event(), make_event(project_id=other_project_id)]
    insert(history, f"two-{project_id}", events, noon)
    delete_events(history, project_id, [hash_of("a")], noon + timedelta(seconds=1))
    assert count(history, ProjectScope((project_id, other_project_id))) == 1


def test_a_deleted_project_loses_its_events(history, make_event, project_id, noon):
    insert(history, f"project-{project_id}", [make_event()], noon)
    delete_project(history, project_id, noon + timedelta(seconds=1))
    assert count(history, ProjectScope((project_id,))) == 0


def test_weeks_past_retention_are_dropped_whole(history, make_event, project_id, noon):
    # 2026-08-03 is a Monday; no other test goes that far back.
    monday = noon.replace(month=8, day=3, hour=0, minute=0, second=0, microsecond=0)
    last_moment = monday + timedelta(weeks=1, microseconds=-1)
    insert(history, f"old-{project_id}", [make_event(timestamp=last_moment), make_event()], noon)

    assert expire(history, last_moment) == 0
    assert expire(history, monday + timedelta(weeks=1)) == 1
    assert count(history, ProjectScope((project_id,))) == 1
