"""What events say about their issue, joined and taken away again."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tocsin.domain.issue.account import Account, Words, account_of, excluding, including, joined, split_off
from tocsin.domain.issue.issue import UNSAVED, Priority, Status, Substatus

HOUR = timedelta(hours=1)
WORDS = Words(
    level="warning",
    logger="shop",
    platform="node",
    culprit="pay",
    type="default",
    title="Out of stock",
    message="out of stock",
    metadata={"title": "Out of stock"},
)


@pytest.fixture
def account(now):
    """Return an account of events from so many hours ago until so many hours ago."""

    def make(first, last, events=1, **fields):
        return Account(events=events, first_seen=now - first * HOUR, last_seen=now - last * HOUR, **fields)

    return make


def test_nothing_joined_is_nothing(account):
    assert joined([]) is None
    assert joined([None, account(2, 1, events=0)]) is None


def test_joined_accounts_reach_from_the_first_to_the_last(account):
    whole = joined([account(5, 3, 2), None, account(9, 4, 3), account(4, 1)])
    assert (whole.events, whole.first_seen, whole.last_seen) == (6, account(9, 1).first_seen, account(9, 1).last_seen)


@pytest.mark.parametrize(
    ("one", "other", "releases"),
    [
        (("1", "2"), ("3", "4"), ("1", "4")),
        (("", ""), ("3", "4"), ("3", "4")),
        (("1", "2"), ("", ""), ("1", "2")),
        (("", ""), ("", ""), ("", "")),
    ],
)
def test_releases_follow_the_earliest_and_the_latest_that_name_one(account, one, other, releases):
    earlier = account(9, 5, first_release=one[0], last_release=one[1])
    later = account(4, 1, first_release=other[0], last_release=other[1])
    for order in ([earlier, later], [later, earlier]):
        whole = joined(order)
        assert (whole.first_release, whole.last_release) == releases


def test_of_equal_times_the_first_given_counts(account):
    same = [account(2, 1, first_release=release, last_release=release) for release in ("1", "2")]
    assert (joined(same).first_release, joined(same).last_release) == ("1", "1")


def test_words_are_those_of_the_latest_that_has_any(account):
    latest = replace(WORDS, title="Latest")
    whole = joined([account(9, 1), account(8, 3, words=WORDS), account(9, 2, words=latest)])
    assert whole.words == latest


def test_an_issue_including_nothing_is_the_same(issue_with):
    issue = issue_with()
    assert including(issue, None) is issue


def test_an_issue_follows_later_words_and_keeps_the_logger_of_its_first_event(issue_with, account):
    issue = issue_with(times_seen=4, logger="mine")
    grown = including(issue, account(30, 0, 3, last_release="9", first_release="0", words=WORDS))
    assert (grown.times_seen, grown.title, grown.level, grown.logger) == (7, "Out of stock", "warning", "mine")
    assert (grown.first_seen, grown.last_seen) == (account(30, 0).first_seen, account(30, 0).last_seen)
    assert (grown.first_release, grown.last_release) == ("0", "9")


def test_an_issue_does_not_follow_earlier_words(issue_with, account):
    issue = issue_with()
    grown = including(issue, account(3, 2, words=WORDS))
    assert (grown.title, grown.last_seen, grown.times_seen) == (issue.title, issue.last_seen, 2)


def test_an_issue_without_events_takes_the_times_of_those_it_gets(issue_with, account):
    grown = including(issue_with(times_seen=0), account(3, 2))
    assert (grown.times_seen, grown.first_seen, grown.last_seen) == (
        1,
        account(3, 2).first_seen,
        account(3, 2).last_seen,
    )


def test_what_cannot_come_from_those_that_go_stays(issue_with, account):
    issue = issue_with(times_seen=9, first_release="1", last_release="4")
    left = excluding(issue, [account(20, 5, 3, first_release="2", last_release="3")], account(10, 8, 1))
    assert (left.times_seen, left.first_seen, left.last_seen) == (6, issue.first_seen, issue.last_seen)
    assert (left.first_release, left.last_release) == ("1", "4")


def test_what_can_come_from_those_that_go_is_told_by_the_others(issue_with, account):
    gone = [account(24, 5, 3, first_release="1", last_release="2"), account(9, 1, 2, first_release="3", words=WORDS)]
    rest = account(10, 8, 1, first_release="5", last_release="6", words=replace(WORDS, title="Rest"))
    left = excluding(issue_with(times_seen=9, first_release="3", last_release="2", title="Out of stock"), gone, rest)
    assert (left.times_seen, left.first_seen, left.last_seen) == (4, rest.first_seen, rest.last_seen)
    assert (left.first_release, left.last_release, left.title) == ("5", "6", "Rest")


def test_an_issue_is_called_what_the_others_call_it(issue_with, account):
    issue = issue_with(times_seen=3, logger="mine")
    left = excluding(issue, [account(24, 1)], account(3, 2, words=WORDS))
    assert (left.title, left.culprit, left.logger) == ("Out of stock", "pay", "mine")
    left = excluding(issue, [account(24, 1, words=WORDS)], account(3, 2))
    assert (left.title, left.culprit) == (issue.title, issue.culprit)


def test_where_nothing_is_known_of_others_only_the_count_falls(issue_with, account):
    issue = issue_with(times_seen=3)
    assert excluding(issue, [account(24, 1, 2)], None) == replace(issue, times_seen=1)
    assert excluding(issue, [None, account(9, 1, 0)], account(3, 2)) is issue


def test_no_event_is_lost_by_counting_less_than_nothing(issue_with, account):
    issue, late = issue_with(times_seen=3), account(24, 1, 5)
    for rest in (None, account(3, 2)):
        assert excluding(issue, [late], rest).times_seen == -2
        assert including(excluding(issue, [late], rest), late).times_seen == 3


def test_including_and_excluding_the_same_is_nothing(issue_with, account):
    issue = issue_with(times_seen=3, first_release="1", last_release="1")
    child = account(90, 0, 4, first_release="0", last_release="9")
    assert excluding(including(issue, child), [child], account_of(issue)) == issue


def test_an_issue_split_off_looks_like_its_events(issue_with, account, now):
    moved = account(30, 2, 7, first_release="1", last_release="2", words=WORDS)
    new = split_off(issue_with(times_seen=9), moved, number=4, now=now)
    assert (new.id, new.number, new.project_id, new.times_seen) == (UNSAVED, 4, 1, 7)
    assert (new.first_seen, new.active_at, new.last_seen) == (moved.first_seen, moved.first_seen, moved.last_seen)
    assert (new.first_release, new.last_release) == ("1", "2")
    assert (new.title, new.level, new.logger, new.platform, new.type) == (
        "Out of stock",
        "warning",
        "shop",
        "node",
        "default",
    )
    assert (new.status, new.substatus, new.priority) == (Status.UNRESOLVED, Substatus.NEW, Priority.MEDIUM)


def test_an_old_issue_split_off_is_no_news(issue_with, account, now):
    assert split_off(issue_with(), account(24 * 7, 1), number=4, now=now).substatus is Substatus.ONGOING


def test_an_issue_split_off_without_events_looks_like_its_source(issue_with, now):
    source = issue_with(times_seen=9, status=Status.RESOLVED, share_id="5" * 32)
    new = split_off(source, None, number=4, now=now)
    assert (new.times_seen, new.title, new.first_seen, new.last_seen) == (
        0,
        source.title,
        source.first_seen,
        source.last_seen,
    )
    assert (new.status, new.share_id, new.assignee) == (Status.UNRESOLVED, None, None)
