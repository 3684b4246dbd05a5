"""What events say about their issues, from one query for many issues."""

from datetime import timedelta
from uuid import uuid4

import pytest

from tocsin.domain.issue.whereabouts import Met
from tocsin.storage.history.accounts import Telling, accounts
from tocsin.storage.history.events import newest_by_hash
from tocsin.storage.history.filters import digested_before
from tocsin.storage.history.insert import insert
from tocsin.storage.history.scope import IssueScope, Page, Selection


@pytest.fixture
def stored(history, make_event, noon):
    """Store events, each batch a minute after the one before, and return them all."""
    batches = iter(range(100))

    def store(*events):
        number = next(batches)
        insert(history, uuid4().hex, events, noon + timedelta(minutes=number))
        return events

    return store


def scope(project_id, hash_of, *groups, since=None):
    return IssueScope(project_id, tuple((hash_of(group), since) for group in groups))


def test_nothing_says_nothing(history, project_id, hash_of):
    assert accounts(history, []) == []
    assert accounts(history, [scope(project_id, hash_of), scope(project_id, hash_of)]) == [Telling(), Telling()]
    assert accounts(history, [scope(project_id, hash_of, "a")]) == [Telling()]


def test_each_scope_says_its_own(history, stored, make_event, project_id, hash_of, noon):
    first, second, third, other = stored(
        make_event(minutes=1, group="a", environment="production", logger="first"),
        make_event(minutes=2, group="b", environment="staging", release="1.0", culprit="pay", level="info"),
        make_event(minutes=3, group="a", environment="production", release="2.0", title="<untitled>", platform="go"),
        make_event(minutes=4, group="c", title="KeyError: x", metadata={"type": "KeyError"}),
    )
    whole, alone, nobody = accounts(
        history, [scope(project_id, hash_of, *groups) for groups in (("a", "b"), ("c",), ("d",))]
    )
    told = whole.total
    assert (told.events, told.first_seen, told.last_seen) == (3, first.timestamp, third.timestamp)
    assert (told.first_release, told.last_release) == ("1.0", "2.0")
    assert (told.words.platform, told.words.title, told.words.culprit) == ("go", second.title, "")
    assert whole.met == {
        "production": Met(first_seen=first.timestamp, last_seen=third.timestamp, first_release=""),
        "staging": Met(first_seen=second.timestamp, last_seen=second.timestamp, first_release="1.0"),
    }
    assert (alone.total.events, alone.total.words.title, alone.total.words.metadata) == (
        1,
        "KeyError: x",
        {"type": "KeyError"},
    )
    assert list(alone.met) == [other.environment]
    assert nobody == Telling()


def test_only_events_of_their_time_are_asked(history, stored, make_event, project_id, hash_of, noon):
    for _ in range(3):
        stored(make_event(group="a"))
    since = scope(project_id, hash_of, "a", since=noon + timedelta(minutes=1))
    until = Selection(where=digested_before(noon + timedelta(minutes=2)))
    everything = scope(project_id, hash_of, "a")
    assert [accounts(history, [one], chosen)[0].total.events for one, chosen in [
        (everything, Selection()), (since, Selection()), (everything, until), (since, until)
    ]] == [3, 2, 2, 1]  # fmt: skip


def test_more_scopes_than_fit_one_question(history, stored, make_event, project_id, hash_of):
    stored(*(make_event(group=str(number)) for number in range(700)))
    told = accounts(history, [scope(project_id, hash_of, str(number)) for number in range(701)])
    assert [one.total.events for one in told[:700]] == [1] * 700
    assert told[700] == Telling()


def test_the_newest_event_of_each_hash_newest_first(history, stored, make_event, project_id, hash_of):
    a1, b1, a2, c1, b2 = stored(
        *(
            make_event(minutes=minutes, group=group)
            for minutes, group in [(1, "a"), (2, "b"), (3, "a"), (4, "c"), (5, "b")]
        )
    )
    asked = scope(project_id, hash_of, "a", "b", "c", "d")
    pages = [newest_by_hash(history, asked, Page(2, offset)) for offset in (0, 2, 4)]
    assert [[event.event_id for event in page] for page in pages] == [[b2.event_id, c1.event_id], [a2.event_id], []]
    assert [event.hashes for event in pages[0]] == [b1.hashes, c1.hashes]
    assert a1.hashes == a2.hashes
