from datetime import timedelta

import pytest

from tocsin.domain.issue.aging import resolve_by_age, settle
from tocsin.domain.issue.effects import LeaveInbox
from tocsin.domain.issue.issue import ActivityType, Status, Substatus

WEEK = timedelta(days=7)


@pytest.mark.parametrize("substatus", [Substatus.NEW, Substatus.REGRESSED, Substatus.ESCALATING])
def test_news_is_ongoing_after_a_week(issue_with, now, substatus):
    issue = issue_with(substatus=substatus)
    settled = settle(issue, since=now - WEEK, now=now)
    assert settled.issue.substatus is Substatus.ONGOING
    assert [(activity.type, activity.data) for activity in settled.activities] == [
        (ActivityType.AUTO_SET_ONGOING, {"after_days": 7})
    ]
    assert not settle(issue, since=now - WEEK + timedelta(seconds=1), now=now).is_changed


@pytest.mark.parametrize(
    ("status", "substatus"),
    [
        (Status.UNRESOLVED, Substatus.ONGOING),
        (Status.RESOLVED, None),
        (Status.IGNORED, Substatus.ARCHIVED_FOREVER),
    ],
)
def test_only_news_settles(issue_with, now, status, substatus):
    issue = issue_with(status=status, substatus=substatus)
    assert settle(issue, since=now - 2 * WEEK, now=now).issue is issue


def test_a_quiet_issue_is_resolved_by_age(issue_with, now):
    quiet = issue_with(last_seen=now - timedelta(hours=25))
    resolved = resolve_by_age(quiet, resolve_age_hours=24, now=now)
    assert (resolved.issue.status, resolved.issue.substatus, resolved.issue.resolved_at) == (Status.RESOLVED, None, now)
    assert resolved.effects == (LeaveInbox(),)
    assert [(activity.type, activity.data) for activity in resolved.activities] == [
        (ActivityType.SET_RESOLVED_BY_AGE, {"age": 24})
    ]


def test_an_issue_that_is_seen_or_put_away_is_not_resolved_by_age(issue_with, now):
    seen = issue_with(last_seen=now - timedelta(hours=23))
    archived = issue_with(
        status=Status.IGNORED, substatus=Substatus.ARCHIVED_FOREVER, last_seen=now - timedelta(days=99)
    )
    assert resolve_by_age(seen, resolve_age_hours=24, now=now).issue is seen
    assert resolve_by_age(archived, resolve_age_hours=24, now=now).issue is archived
    assert resolve_by_age(seen, resolve_age_hours=None, now=now).issue is seen
