from datetime import timedelta

import pytest

from tocsin.domain.issue.counts import Counts, CountsQuestion
from tocsin.storage.history.counts import Asked, counts
from tocsin.storage.history.insert import insert
from tocsin.storage.history.scope import IssueScope


def issue(project_id, *hashes):
    return IssueScope(project_id, tuple((name, None) for name in hashes))


@pytest.fixture
def ago(noon):
    return lambda minutes: noon - timedelta(minutes=minutes)


@pytest.fixture
def stored(history, make_event, noon, project_id):
    def store(*events, digested_at=noon):
        made = [make_event(**event) for event in events]
        insert(history, f"counts-{made[0].event_id}-{project_id}", made, digested_at)

    return store


def test_each_issue_is_counted_within_windows_of_its_own(history, stored, ago, hash_of, project_id):
    stored(
        {"minutes": -5, "user": "id:1"},
        {"minutes": -10, "user": "id:1"},
        {"minutes": -50, "user": "id:2"},
        {"minutes": -70, "user": "id:3"},
        {"minutes": -5, "user": "id:9", "group": "b"},
        {"minutes": -90, "user": "", "group": "b"},
    )
    asked = [
        Asked(
            issue(project_id, hash_of("a")),
            CountsQuestion(events_since=ago(60), recent_since=ago(10), users_since=ago(100)),
        ),
        Asked(issue(project_id, hash_of("none")), CountsQuestion(events_since=ago(60))),
        Asked(issue(project_id, hash_of("b")), CountsQuestion(events_since=ago(91), users_since=ago(6))),
    ]
    assert counts(history, asked, ["id:1", "id:2", "id:7"]) == (
        Counts(events=3, recent_events=2, users=3, events_of_user={"id:1": 2, "id:2": 1}),
        Counts(),
        Counts(events=2, users=1),
    )


def test_all_hashes_of_an_issue_count(history, stored, ago, hash_of, project_id):
    stored({"user": "id:1"}, {"user": "id:2", "group": "b"}, {"user": "id:1", "group": "b"}, {"group": "c"})
    asked = Asked(
        issue(project_id, hash_of("a"), hash_of("b")), CountsQuestion(events_since=ago(60), users_since=ago(60))
    )
    assert counts(history, [asked], ["id:1"]) == (Counts(events=3, users=2, events_of_user={"id:1": 2}),)


def test_a_window_has_its_first_instant_and_no_end(history, stored, ago, hash_of, project_id):
    stored({"minutes": -60}, {"minutes": -60.001}, {"minutes": 1})
    asked = Asked(issue(project_id, hash_of("a")), CountsQuestion(events_since=ago(60)))
    assert counts(history, [asked], [])[0].events == 2


def test_users_from_before_are_those_of_what_was_digested_before(history, stored, ago, noon, hash_of, project_id):
    stored({"user": "id:1"}, {"user": "id:2"}, {"user": ""}, digested_at=noon)
    # Late, and yet of the time before.
    stored({"minutes": -600, "user": "id:3"}, {"user": "id:1"}, digested_at=noon + timedelta(seconds=1))
    question = CountsQuestion(users_since=ago(10**6), digested_before=noon + timedelta(seconds=1))
    (found,) = counts(history, [Asked(issue(project_id, hash_of("a")), question)], [])
    assert (found.users, found.users_before) == (3, 2)


def test_events_of_an_issue_that_was_deleted_do_not_count(history, stored, ago, noon, hash_of, project_id):
    stored({"user": "id:1"}, digested_at=noon - timedelta(hours=1))
    stored({"user": "id:2"}, digested_at=noon)
    reborn = IssueScope(project_id, ((hash_of("a"), noon),))
    (found,) = counts(history, [Asked(reborn, CountsQuestion(events_since=ago(60), users_since=ago(60)))], [])
    assert (found.events, found.users) == (1, 1)


def test_the_same_hash_in_another_project_is_another_issue(history, stored, ago, hash_of, project_id, other_project_id):
    stored({}, {"project_id": other_project_id}, {"project_id": other_project_id})
    asked = [
        Asked(issue(one, hash_of("a")), CountsQuestion(events_since=ago(60))) for one in (project_id, other_project_id)
    ]
    assert [found.events for found in counts(history, asked, [])] == [1, 2]


@pytest.mark.parametrize("user", ["id:o'brien", 'name:"x"\\', "email:a\tb\nc", "name:ä€🙂", "id:\0", "id:{x:String}"])
def test_any_text_may_name_a_user(history, stored, ago, hash_of, project_id, user):
    stored({"user": user}, {"user": user}, {"user": "id:1"})
    asked = Asked(issue(project_id, hash_of("a")), CountsQuestion(users_since=ago(60)))
    (found,) = counts(history, [asked], [user])
    assert (found.users, found.events_of_user) == (2, {user: 2})


def test_a_full_batch_of_users_can_be_told_apart(history, stored, ago, hash_of, project_id):
    users = [f"id:{'x' * 190}{number}" for number in range(2000)]
    stored(*({"user": user} for user in users[:1500]))
    asked = Asked(issue(project_id, hash_of("a")), CountsQuestion(users_since=ago(60)))
    (found,) = counts(history, [asked], users)
    assert (found.users, len(found.events_of_user)) == (1500, 1500)
